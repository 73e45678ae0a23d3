//! Worktrees of our own (`.integration`, `.probe-N`): moved from commit to commit, which throws away what is in them. So
//! before each move it is made sure that the worktree is ours and stands where we left it: a mark in its private git
//! directory says so.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::executable::run;
use super::repository::branch_name;
use super::scratch::io;
use super::worktree::{path_of, unfinished};
use super::worktree_add::settled;
use super::{GitError, Merger, Repository};
use crate::domain::change::Unfinished;
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::process::Cmd;

/// The file in the private git directory: the commit on which the worktree stands, and before and during a move the one
/// where it goes, a line each.
const MARK: &str = "tracks-own";

/// Why a worktree is not ours to move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error("it is a symbolic link")]
    Link,
    #[error("it is not a worktree of this repository")]
    Foreign,
    #[error("tracks did not make it")]
    Unmarked,
    #[error("branch {branch} is checked out there")]
    OnBranch { branch: String },
    #[error("its HEAD has been moved to {}", at.short())]
    Elsewhere {
        at: CommitId,
        /// Where we left it.
        left_at: CommitId,
    },
    #[error("a {} is under way there", .0.as_str())]
    Unfinished(Unfinished),
}

#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    #[error("{} is kept for tracks' own use, but {why}", path.display())]
    NotOurs { path: PathBuf, why: NotOurs },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Declares a worktree that was just added to be ours.
    ///
    /// # Errors
    /// When it is no detached worktree of this repository.
    pub fn claim_own_worktree(&self, worktree: &Path) -> Result<(), OwnError> {
        let admin = self.linked(worktree)?;
        match head(&admin)? {
            Ok(commit) => Ok(write_mark(&admin, &[commit])?),
            Err(branch) => Err(not_ours(worktree, NotOurs::OnBranch { branch })),
        }
    }

    /// Makes sure that the worktree is ours, and that nobody has begun to work in it. Edits on the very commit where we left
    /// it are not told from those that checks make.
    ///
    /// # Errors
    /// [`OwnError::NotOurs`] where it is not.
    pub fn assert_own_worktree(&self, worktree: &Path) -> Result<(), OwnError> {
        let admin = self.linked(worktree)?;
        self.standing(worktree, &admin).map(drop)
    }

    /// Whether a worktree bears our mark, wherever it has been led since.
    pub fn is_marked_own(&self, worktree: &Path) -> bool {
        let admin = self.git_dir_of(worktree);
        admin.is_ok_and(|admin| !read_mark(&worktree.join(admin)).is_empty())
    }

    /// When git or we last did something in a worktree, as far as its private git directory tells.
    pub fn last_used(&self, worktree: &Path) -> Option<std::time::SystemTime> {
        let admin = worktree.join(self.git_dir_of(worktree).ok()?);
        let times =
            [MARK, "HEAD", "index"].map(|name| admin.join(name).metadata().ok()?.modified().ok());
        times.into_iter().flatten().max()
    }

    /// Puts a worktree of ours onto `commit`: tracked files as in the commit, untracked ones gone, ignored ones
    /// (installed packages, build output) kept. A stale index lock that a killed run left is removed; the caller holds the
    /// lock of the worktree.
    ///
    /// # Errors
    /// When it is not ours (see [`Repository::assert_own_worktree`]), or git cannot do it.
    pub fn reset_own_worktree(&self, worktree: &Path, commit: CommitId) -> Result<(), OwnError> {
        self.move_own_worktree(worktree, commit, &|cmd| cmd)
    }

    fn move_own_worktree(
        &self,
        worktree: &Path,
        commit: CommitId,
        prepare: &dyn Fn(Cmd) -> Cmd,
    ) -> Result<(), OwnError> {
        let admin = self.linked(worktree)?;
        let now = self.standing(worktree, &admin)?;
        write_mark(&admin, &[now, commit])?;
        self.move_to(worktree, &admin, commit, prepare)?;
        Ok(write_mark(&admin, &[commit])?)
    }

    /// Clears ignored files, too, out of a worktree of ours.
    ///
    /// # Errors
    /// As [`Repository::reset_own_worktree`].
    pub fn clear_own_worktree(&self, worktree: &Path) -> Result<(), OwnError> {
        self.assert_own_worktree(worktree)?;
        let cmd = self.cmd_in(worktree).args(["clean", "-ffdxq"]);
        Ok(run(&cmd, "clean -ffdxq").map(drop)?)
    }

    /// Whether an entry whose directory is gone was ours, and nobody had begun to work in it.
    pub(super) fn was_own(&self, admin: &Path) -> bool {
        matches!(head(admin), Ok(Ok(at)) if read_mark(admin).contains(&at))
            && unfinished(admin).is_none()
    }

    /// The private git directory of a real directory that is a linked worktree of this repository, each naming the other:
    /// in a copy of a repository, entries name the worktrees of the original.
    fn linked(&self, worktree: &Path) -> Result<PathBuf, OwnError> {
        let foreign = || not_ours(worktree, NotOurs::Foreign);
        match worktree.symlink_metadata() {
            Ok(facts) if facts.is_symlink() => return Err(not_ours(worktree, NotOurs::Link)),
            Ok(facts) if facts.is_dir() => {}
            _ => return Err(foreign()),
        }
        if !worktree.join(".git").is_file() {
            return Err(foreign());
        }
        let admin = self.git_dir_of(worktree)?;
        let admin = worktree.join(admin).canonicalize().map_err(|_| foreign())?;
        let ours = self.common_dir().join("worktrees").canonicalize();
        if admin.parent() != ours.ok().as_deref() {
            return Err(foreign());
        }
        let back = std::fs::read(admin.join("gitdir")).map_err(|_| foreign())?;
        let back = admin.join(path_of(back.trim_ascii_end()));
        if back.parent().map(settled) != Some(settled(worktree)) {
            return Err(foreign());
        }
        Ok(admin)
    }

    /// Where it stands, that being where we left it.
    fn standing(&self, worktree: &Path, admin: &Path) -> Result<CommitId, OwnError> {
        let refuse = |why| Err(not_ours(worktree, why));
        let marked = read_mark(admin);
        let Some(&left_at) = marked.first() else {
            return refuse(NotOurs::Unmarked);
        };
        let at = match head(admin)? {
            Ok(at) => at,
            Err(branch) => return refuse(NotOurs::OnBranch { branch }),
        };
        if let Some(what) = unfinished(admin) {
            return refuse(NotOurs::Unfinished(what));
        }
        match marked.contains(&at) {
            true => Ok(at),
            false => refuse(NotOurs::Elsewhere { at, left_at }),
        }
    }

    fn move_to(
        &self,
        worktree: &Path,
        admin: &Path,
        commit: CommitId,
        prepare: &dyn Fn(Cmd) -> Cmd,
    ) -> Result<(), GitError> {
        remove_if_there(&admin.join("index.lock"))?;
        // Where such a worktree stood is nobody's history, and a reflog would name commits that are gone.
        remove_if_there(&admin.join("logs").join("HEAD"))?;
        let cmd = || {
            prepare(self.cmd_in(worktree))
                .args(["-c", "core.hooksPath=/dev/null"])
                .args(["-c", "core.logAllRefUpdates=false"])
        };
        let checkout = cmd()
            .args(["checkout", "--quiet", "--detach", "--force"])
            .arg(commit.to_string());
        run(&checkout, "checkout --detach --force")?;
        // Twice -f: also repositories that a check has made inside.
        run(&cmd().args(["clean", "-ffdq"]), "clean -ffdq")?;
        Ok(())
    }

    /// Whether git knows a file of a worktree: its name has no special characters.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn is_tracked(&self, worktree: &Path, path: &str) -> Result<bool, GitError> {
        let cmd = self.cmd_in(worktree).args(["ls-files", "-z", "--", path]);
        Ok(!run(&cmd, "ls-files")?.is_empty())
    }
}

impl Repository {
    /// Whether a worktree of ours stands on this commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn own_worktree_is_on(&self, worktree: &Path, commit: CommitId) -> Result<bool, GitError> {
        Ok(head(&self.git_dir_of(worktree)?)? == Ok(commit))
    }

    /// Gives the tracked files of a worktree of ours, and its index, the contents of the commit on which it stands. Whatever
    /// else is there stays.
    ///
    /// # Errors
    /// When git refuses.
    pub fn restore_tracked_files(&self, worktree: &Path) -> Result<(), GitError> {
        restore_tracked_files(self.cmd_in(worktree))
    }

    /// Whether there are files in a worktree that are neither tracked nor ignored.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn has_untracked_files(&self, worktree: &Path) -> Result<bool, GitError> {
        let args = [
            "ls-files",
            "--others",
            "--exclude-standard",
            "--directory",
            "-z",
        ];
        let cmd = self.cmd_in(worktree).args(args);
        Ok(!run(&cmd, "ls-files")?.is_empty())
    }

    /// The tracked files of a worktree that are other than in the commit on which it stands.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn changed_tracked_files(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        changed_tracked_files(&self.cmd_in(worktree))
    }
}

impl Merger<'_> {
    /// As [`Repository::reset_own_worktree`], also onto or away from a commit that only this merger can read. As long as the
    /// worktree stands on such a commit, other programs' git needs [`Merger::lent_objects`] there.
    ///
    /// # Errors
    /// As [`Repository::reset_own_worktree`].
    pub fn reset_own_worktree(&self, worktree: &Path, commit: CommitId) -> Result<(), OwnError> {
        let with_objects = |cmd| self.with_objects(cmd);
        self.repository()
            .move_own_worktree(worktree, commit, &with_objects)
    }

    /// As [`Repository::restore_tracked_files`].
    ///
    /// # Errors
    /// When git refuses.
    pub fn restore_tracked_files(&self, worktree: &Path) -> Result<(), GitError> {
        restore_tracked_files(self.with_objects(self.repository().cmd_in(worktree)))
    }

    /// As [`Repository::changed_tracked_files`].
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn changed_tracked_files(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        changed_tracked_files(&self.with_objects(self.repository().cmd_in(worktree)))
    }
}

fn restore_tracked_files(git: Cmd) -> Result<(), GitError> {
    run(&git.args(["reset", "--hard", "--quiet"]), "reset").map(drop)
}

/// `git`: in the worktree.
fn changed_tracked_files(git: &Cmd) -> Result<Vec<RepoPath>, GitError> {
    let cmd = git.clone().args([
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=no",
        "--no-renames",
    ]);
    let printed = run(&cmd, "status")?;
    // Two letters and a blank.
    let paths = printed.split(|byte| *byte == 0);
    Ok(paths
        .filter_map(|field| field.get(3..))
        .map(RepoPath::new)
        .collect())
}

fn not_ours(worktree: &Path, why: NotOurs) -> OwnError {
    OwnError::NotOurs {
        path: worktree.to_owned(),
        why,
    }
}

/// The commit, or else the branch.
pub(super) fn head(admin: &Path) -> Result<Result<CommitId, String>, GitError> {
    let path = admin.join("HEAD");
    let text = std::fs::read_to_string(&path).map_err(io(&path))?;
    let text = text.trim_end();
    Ok(
        match (CommitId::from_hex(text), text.strip_prefix("ref: ")) {
            (Ok(commit), _) => Ok(commit),
            (Err(_), name) => {
                let name = name.unwrap_or(text).trim_start();
                let branch = branch_name(name.into());
                Err(branch.map_or_else(|| name.to_owned(), |branch| branch.to_string()))
            }
        },
    )
}

/// Empty where there is none.
fn read_mark(admin: &Path) -> Vec<CommitId> {
    let text = std::fs::read_to_string(admin.join(MARK)).unwrap_or_default();
    text.lines()
        .filter_map(|line| CommitId::from_hex(line).ok())
        .collect()
}

/// All or nothing: after a kill, the mark names the commit that HEAD names.
fn write_mark(admin: &Path, commits: &[CommitId]) -> Result<(), GitError> {
    let text: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(admin)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        file.persist(admin.join(MARK)).map_err(|error| error.error)
    };
    write().map(drop).map_err(io(&admin.join(MARK)))
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), GitError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, write_at};

    #[test]
    fn our_worktree_goes_where_it_is_sent() {
        let world = World::new();
        world.write(".gitignore", "target/\n");
        world.write("a", "1\n");
        let one = world.commit("one");
        world.write("a", "2\n");
        world.write("b", "2\n");
        let two = world.commit("two");
        world.git(&[
            "worktree",
            "add",
            "-q",
            "--detach",
            "../probe",
            &one.to_string(),
        ]);
        world.hook("post-checkout", "exit 1");
        let repository = world.open();
        let probe = world.outside().join("probe");
        write_at(&probe.join("a"), b"dirty\n");
        write_at(&probe.join("untracked/file"), b"x\n");
        write_at(&probe.join("target/built"), b"x\n");
        world.git_in(&probe, &["init", "-q", "nested"]);
        write_at(&world.root().join(".git/worktrees/probe/index.lock"), b"");

        repository.claim_own_worktree(&probe).unwrap();
        repository.reset_own_worktree(&probe, two).unwrap();
        assert_eq!(
            world.git_in(&probe, &["rev-parse", "HEAD"]),
            two.to_string()
        );
        assert_eq!(world.git_in(&probe, &["status", "--porcelain"]), "");
        assert!(probe.join("b").exists() && probe.join("target/built").exists());
        assert!(!probe.join("untracked").exists() && !probe.join("nested").exists());

        repository.reset_own_worktree(&probe, one).unwrap();
        assert!(!probe.join("b").exists());
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        let error = repository.reset_own_worktree(&probe, nowhere).unwrap_err();
        assert!(
            matches!(error, OwnError::Git(GitError::Program { .. })),
            "{error:?}"
        );
        repository.assert_own_worktree(&probe).unwrap();
        repository.reset_own_worktree(&probe, two).unwrap();
    }

    #[test]
    fn what_is_not_ours_is_not_moved() {
        let world = World::new();
        world.write("a", "1\n");
        let one = world.commit("one");
        world.write("a", "2\n");
        let two = world.commit("two");
        let probe = world.outside().join("probe");
        world.git(&["worktree", "add", "-q", "--detach", "../probe"]);
        let repository = world.open();
        let why = |path: &Path| match repository.reset_own_worktree(path, one) {
            Err(OwnError::NotOurs { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(&probe), NotOurs::Unmarked);
        repository.claim_own_worktree(&probe).unwrap();
        world.git_in(&probe, &["switch", "-q", "-c", "fix/it"]);
        let branch = "fix/it".to_owned();
        assert_eq!(why(&probe), NotOurs::OnBranch { branch });
        world.git_in(&probe, &["switch", "-q", "--detach", "HEAD~"]);
        let (at, left_at) = (one, two);
        assert_eq!(why(&probe), NotOurs::Elsewhere { at, left_at });
        world.git_in(&probe, &["switch", "-q", "--detach", "main"]);
        world.git_in(&probe, &["bisect", "start"]);
        assert_eq!(why(&probe), NotOurs::Unfinished(Unfinished::Bisect));
        world.git_in(&probe, &["bisect", "reset"]);
        repository.assert_own_worktree(&probe).unwrap();

        let link = world.outside().join("link");
        std::os::unix::fs::symlink(&probe, &link).unwrap();
        assert_eq!(why(&link), NotOurs::Link);
        assert_eq!(why(&world.root()), NotOurs::Foreign);
        assert_eq!(why(&world.outside()), NotOurs::Foreign);
        let copy = world.outside().join("copy");
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(probe.join(".git"), copy.join(".git")).unwrap();
        assert_eq!(why(&copy), NotOurs::Foreign);
        world.git_in(&world.outside(), &["clone", "-q", "repo", "clone"]);
        let clone = world.open_at(&world.outside().join("clone"));
        let error = clone.assert_own_worktree(&probe).unwrap_err();
        assert!(matches!(
            error,
            OwnError::NotOurs {
                why: NotOurs::Foreign,
                ..
            }
        ));
        repository.reset_own_worktree(&probe, one).unwrap();
    }

    #[test]
    fn a_killed_move_is_carried_on() {
        let world = World::new();
        let one = world.commit("one");
        let two = world.commit("two");
        let probe = world.outside().join("probe");
        world.git(&["worktree", "add", "-q", "--detach", "../probe"]);
        let repository = world.open();
        repository.claim_own_worktree(&probe).unwrap();
        let mark = world.root().join(".git/worktrees/probe").join(MARK);
        assert_eq!(std::fs::read_to_string(&mark).unwrap(), format!("{two}\n"));
        // Before and after git has moved HEAD.
        for at in [two, one] {
            write_at(&mark, format!("{two}\n{one}\n").as_bytes());
            world.git_in(&probe, &["checkout", "-q", "--detach", &at.to_string()]);
            repository.reset_own_worktree(&probe, two).unwrap();
        }
    }
}
