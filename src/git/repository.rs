//! Opening a repository, and what kind it is.

use std::path::{Path, PathBuf};

use super::object::{commit_id, one_line, unreadable};
use super::quarantine::Quarantine;
use super::views::{View, Views};
use super::{Git, GitError};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::{Cmd, environment};

/// Why there is no repository to work on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is not inside a git repository", dir.display())]
    NotARepository { dir: PathBuf },
    /// The variable names something that is no repository.
    #[error("GIT_DIR is {}, which is not a git repository", dir.display())]
    NoGitDir { dir: PathBuf },
    #[error("there is no `git` on the PATH")]
    NoGit,
    /// What is called git cannot be run, or is something else.
    #[error("{} does not work: {message}", program.display())]
    BadGit { program: PathBuf, message: String },
    #[error("git {found} is too old; tracks needs {}.{} or newer", super::MINIMUM_VERSION.0, super::MINIMUM_VERSION.1)]
    GitTooOld { found: String },
    #[error("{} stores its refs as a reftable, which tracks cannot read", dir.display())]
    Reftable { dir: PathBuf },
    /// git refuses a repository of another user (`safe.directory`). `dir` is what git would have allowed: the worktree, or
    /// the repository itself where there is none.
    #[error("{} belongs to another user", dir.display())]
    Untrusted { dir: PathBuf },
    #[error("cannot open the repository at {}: {message}", dir.display())]
    Broken { dir: PathBuf, message: String },
}

/// Where HEAD of a worktree points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    Branch {
        name: BranchName,
        commit: CommitId,
    },
    /// A branch without a commit yet.
    Unborn {
        name: String,
    },
    Detached {
        commit: CommitId,
    },
}

/// One repository with all its worktrees. Cheap to share between threads.
#[derive(Debug)]
pub struct Repository {
    views: Views,
    git: Git,
    common_dir: PathBuf,
    main_worktree: Option<PathBuf>,
    current_worktree: Option<PathBuf>,
    /// Where a push has put what it brings, in the hooks of a server.
    quarantine: Option<Quarantine>,
}

impl Repository {
    /// Looks in `dir` and above, as git does, `GIT_DIR` included.
    ///
    /// # Errors
    /// When there is none, or it is one that cannot be worked on.
    pub fn discover(dir: &Path, git: Git) -> Result<Repository, OpenError> {
        let options = gix::discover::upwards::Options {
            // Git takes a ceiling that is not above `dir` for no ceiling at all.
            match_ceiling_dir_or_error: false,
            ..Default::default()
        };
        let gix = gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
            dir,
            options,
            gix::sec::trust::Mapping::default(),
        )
        .map_err(|error| why_not(dir, &error))?;
        let local = gix.to_thread_local();
        let git_dir = absolute(local.git_dir());
        let common_dir = absolute(local.common_dir());
        if is_reftable(&local) {
            return Err(OpenError::Reftable { dir: common_dir });
        }
        // Git asks whose it is only where it found the repository by itself.
        if local.git_dir_trust() != gix::sec::Trust::Full && environment::var("GIT_DIR").is_none() {
            return Err(OpenError::Untrusted {
                dir: local.workdir().map_or(git_dir, absolute),
            });
        }
        let here = absolute(dir);
        let current_worktree = local
            .workdir()
            .map(absolute)
            .filter(|worktree| here.starts_with(worktree) && !here.starts_with(&git_dir));
        let quarantine = Quarantine::here(&common_dir.join("objects"));
        let quarantine = quarantine.map_err(|error| OpenError::Broken {
            dir: common_dir.clone(),
            message: error.to_string(),
        })?;
        let objects = quarantine.as_ref().map(|it| it.objects().to_owned());
        Ok(Repository {
            main_worktree: main_worktree(&local, &common_dir)?,
            views: Views::new(gix, objects),
            quarantine,
            git,
            common_dir,
            current_worktree,
        })
    }

    pub fn git(&self) -> &Git {
        &self.git
    }

    /// The directory that all worktrees share; absolute and canonical.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// `None` for a bare repository. Absolute and canonical.
    pub fn main_worktree(&self) -> Option<&Path> {
        self.main_worktree.as_deref()
    }

    /// The worktree that `dir` of [`Repository::discover`] lies in.
    pub fn current_worktree(&self) -> Option<&Path> {
        self.current_worktree.as_deref()
    }

    pub fn is_shallow(&self) -> bool {
        self.local().is_shallow().unwrap_or(false)
    }

    /// HEAD of the current worktree (of the bare repository itself, where there is none).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<Head, GitError> {
        let gix = self.local();
        let fail = |error: gix::Error| unreadable("HEAD", &error);
        let mut head = gix.head().map_err(fail)?;
        if let gix::head::Kind::Unborn(name) = &head.kind {
            return Ok(Head::Unborn {
                name: name.shorten().to_string(),
            });
        }
        let name = head
            .referent_name()
            .and_then(|name| branch_name(name.as_bstr()));
        let commit = commit_id(head.peel_to_commit().map_err(fail)?.id)?;
        Ok(match name {
            Some(name) => Head::Branch { name, commit },
            None => Head::Detached { commit },
        })
    }

    /// What `core.pager` says; an empty text where it says that there is to be none.
    pub fn configured_pager(&self) -> Option<String> {
        let config = self.local();
        let value = config.config_snapshot().string("core.pager")?;
        Some(value.to_string())
    }

    /// This thread's view of the repository.
    pub(super) fn local(&self) -> View<'_> {
        self.views.borrow()
    }

    /// A view to be changed and kept.
    pub(super) fn fresh_view(&self) -> gix::Repository {
        self.views.fresh()
    }

    /// git on the repository as a whole. It runs at the top of the main worktree, where relative hook directories, merge
    /// drivers and submodules are looked for.
    pub(super) fn cmd(&self) -> Cmd {
        let home = self.main_worktree.as_deref().unwrap_or(&self.common_dir);
        let cmd = self.git.cmd().cwd(home).env("GIT_DIR", &self.common_dir);
        match &self.quarantine {
            Some(quarantine) => cmd.env("GIT_OBJECT_DIRECTORY", quarantine.objects()),
            None => cmd,
        }
    }

    /// git in one worktree.
    pub(super) fn cmd_in(&self, worktree: &Path) -> Cmd {
        let cmd = self.git.cmd().cwd(worktree);
        if self.main_worktree.as_deref() == Some(worktree) {
            // The main worktree may have no `.git` of its own (`GIT_DIR` with `GIT_WORK_TREE`).
            cmd.env("GIT_DIR", &self.common_dir)
                .env("GIT_WORK_TREE", worktree)
        } else {
            cmd
        }
    }

    /// Where the objects of the repository are.
    pub(super) fn objects_dir(&self) -> PathBuf {
        match &self.quarantine {
            Some(quarantine) => quarantine.objects().to_owned(),
            None => self.common_dir.join("objects"),
        }
    }

    /// The private git directory of a worktree: where its HEAD and index are.
    ///
    /// # Errors
    /// When it is no worktree.
    pub fn git_dir_of(&self, worktree: &Path) -> Result<PathBuf, GitError> {
        if self.main_worktree.as_deref() == Some(worktree) {
            return Ok(self.common_dir.clone());
        }
        let dot_git = worktree.join(".git");
        if dot_git.is_dir() {
            return Ok(dot_git);
        }
        gix::discover::path::from_gitdir_file(&dot_git)
            .map_err(|error| unreadable(dot_git.display().to_string(), &error))
    }
}

/// The branch that a full ref name stands for.
pub(super) fn branch_name(full: &gix::bstr::BStr) -> Option<BranchName> {
    let short = full.strip_prefix(b"refs/heads/")?;
    BranchName::new(std::str::from_utf8(short).ok()?).ok()
}

fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    std::fs::canonicalize(&path).unwrap_or(path)
}

fn main_worktree(local: &gix::Repository, common: &Path) -> Result<Option<PathBuf>, OpenError> {
    let main = local.main_repo().map_err(|error| OpenError::Broken {
        dir: common.to_owned(),
        message: one_line(&error),
    })?;
    Ok(main.workdir().map(absolute).filter(|dir| dir.is_dir()))
}

fn is_reftable(local: &gix::Repository) -> bool {
    local
        .config_snapshot()
        .string("extensions.refStorage")
        .is_some_and(|value| value.eq_ignore_ascii_case(b"reftable"))
}

/// Which of the known reasons it was that gix could not open what is around `dir`.
fn why_not(dir: &Path, error: &gix::Error) -> OpenError {
    let git_dir = match environment::var("GIT_DIR") {
        Some(named) if gix::discover::is_git(Path::new(&named)).is_err() => {
            return OpenError::NoGitDir {
                dir: absolute(Path::new(&named)),
            };
        }
        Some(named) => PathBuf::from(named),
        None => match gix::discover::upwards(dir) {
            Ok((found, _)) => found.into_repository_and_work_tree_directories().0,
            Err(_) => return OpenError::NotARepository { dir: absolute(dir) },
        },
    };
    let common = gix::discover::path::from_plain_file(&git_dir.join("commondir"))
        .and_then(Result::ok)
        .map_or_else(|| git_dir.clone(), |path| git_dir.join(path));
    if config_file_says_reftable(&common) {
        return OpenError::Reftable {
            dir: absolute(&common),
        };
    }
    OpenError::Broken {
        dir: absolute(&git_dir),
        message: one_line(error),
    }
}

fn config_file_says_reftable(common_dir: &Path) -> bool {
    gix::config::File::from_path_no_includes(common_dir.join("config"), gix::config::Source::Local)
        .ok()
        .and_then(|config| config.string("extensions.refStorage"))
        .is_some_and(|value| value.eq_ignore_ascii_case(b"reftable"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, branch};

    fn discover(dir: &Path) -> Result<Repository, OpenError> {
        Repository::discover(dir, Git::find().unwrap())
    }

    #[test]
    fn it_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Repository>();
        shared::<crate::git::Merger<'static>>();
    }

    #[test]
    fn a_main_worktree_and_its_linked_ones() {
        let world = World::new();
        world.write("sub/file", "1\n");
        let tip = world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        world.git(&["worktree", "add", "-q", "--detach", "../detached"]);
        let common = world.root().join(".git");
        let at = |dir: PathBuf| discover(&dir).unwrap();

        let main = at(world.root().join("sub"));
        assert_eq!(main.common_dir(), common);
        assert_eq!(main.main_worktree(), Some(world.root().as_path()));
        assert_eq!(main.current_worktree(), Some(world.root().as_path()));
        let (name, commit) = (branch("main"), tip);
        assert_eq!(main.head().unwrap(), Head::Branch { name, commit });

        let linked = at(world.outside().join("linked/sub"));
        assert_eq!(linked.common_dir(), common);
        assert_eq!(linked.main_worktree(), Some(world.root().as_path()));
        let here = world.outside().join("linked");
        assert_eq!(linked.current_worktree(), Some(here.as_path()));
        let (name, commit) = (branch("linked"), tip);
        assert_eq!(linked.head().unwrap(), Head::Branch { name, commit });

        let detached = at(world.outside().join("detached"));
        assert_eq!(detached.head().unwrap(), Head::Detached { commit: tip });

        let inside = at(common.clone());
        assert_eq!(inside.common_dir(), common);
        assert_eq!(inside.current_worktree(), None);
    }

    #[test]
    fn bare_with_a_linked_worktree() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        let bare = world.outside().join("bare.git");
        world.git_in(
            &world.outside(),
            &["clone", "-q", "--bare", "repo", "bare.git"],
        );
        world.git_in(&bare, &["worktree", "add", "-q", "-b", "x", "../x"]);
        let repository = discover(&bare).unwrap();
        assert_eq!(repository.common_dir(), bare);
        assert_eq!(repository.main_worktree(), None);
        assert_eq!(repository.current_worktree(), None);
        assert!(matches!(repository.head().unwrap(), Head::Branch { .. }));
        assert_eq!(repository.resolve("x").unwrap(), Some(world.tip("main")));
        let linked = discover(&world.outside().join("x")).unwrap();
        assert_eq!(linked.common_dir(), bare);
        assert_eq!(linked.main_worktree(), None);
        assert!(linked.current_worktree().is_some());
    }

    #[test]
    fn unborn() {
        let world = World::new();
        let name = "main".to_owned();
        assert_eq!(world.open().head().unwrap(), Head::Unborn { name });
    }

    #[test]
    fn a_submodule_is_a_repository_of_its_own() {
        let inner = World::new();
        inner.write("a", "1\n");
        inner.commit("inner");
        let world = World::new();
        let url = inner.root().display().to_string();
        world.git(&["submodule", "--quiet", "add", &url, "sub"]);
        let repository = discover(&world.root().join("sub")).unwrap();
        assert_eq!(
            repository.common_dir(),
            world.root().join(".git/modules/sub")
        );
        assert_eq!(
            repository.main_worktree(),
            Some(world.root().join("sub").as_path())
        );
        let status = repository
            .worktree_status(&world.root().join("sub"))
            .unwrap();
        assert!(status.dirty.is_clean());
    }

    #[test]
    fn sha256() {
        let world = World::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
        world.write("a", "1\n");
        let one = world.commit("one");
        assert_eq!(one.to_string().len(), 64);
        let two = world.topic("topic", "main", &[("a", Some("2\n"))]);
        let repository = world.open();
        assert_eq!(repository.resolve("topic").unwrap(), Some(two));
        assert!(repository.is_ancestor(one, two).unwrap());
    }

    #[test]
    fn reasons_not_to_work_on_it() {
        let outside = tempfile::tempdir().unwrap();
        assert!(matches!(
            discover(outside.path()),
            Err(OpenError::NotARepository { .. })
        ));
        assert!(matches!(
            discover(&outside.path().join("missing")),
            Err(OpenError::NotARepository { .. })
        ));
        let broken = World::new();
        broken.write(".git/config", "[core\n");
        assert!(matches!(
            discover(&broken.root()),
            Err(OpenError::Broken { .. })
        ));
    }

    #[test]
    fn reftable_is_named() {
        let world = if Git::find().unwrap().version() >= (2, 45, 0) {
            World::with(&["init", "-q", "--ref-format=reftable", "repo"])
        } else {
            let world = World::new();
            world.git(&["config", "core.repositoryformatversion", "1"]);
            world.git(&["config", "extensions.refStorage", "reftable"]);
            world
        };
        let answer = discover(&world.root());
        assert!(
            matches!(answer, Err(OpenError::Reftable { .. })),
            "{answer:?}"
        );
    }

    #[test]
    fn a_repository_of_another_user_is_refused_as_git_refuses_it() {
        let world = World::new();
        world.commit("one");
        for path in [world.root().join(".git"), world.root()] {
            // Only root can give a directory away; elsewhere it stays ours, and opens.
            let _ = std::os::unix::fs::chown(path, Some(12345), Some(12345));
        }
        let trusted = world.git_try(&["rev-parse", "HEAD"]);
        match discover(&world.root()) {
            Ok(_) => assert!(trusted),
            Err(OpenError::Untrusted { .. }) => assert!(!trusted),
            Err(other) => panic!("{other:?}"),
        }
    }

    const DIR: &str = "TRACKS_TEST_DISCOVER_IN";

    /// Run by the test below, in a process that has the variables which git gives to hooks.
    #[test]
    fn child_of_a_hook() {
        let Some(dir) = environment::var(DIR) else {
            return;
        };
        let repository = discover(Path::new(&dir)).unwrap();
        let worktree = repository.current_worktree().map(Path::to_owned);
        let status = worktree
            .as_deref()
            .map(|worktree| repository.worktree_status(worktree).unwrap().dirty);
        let head = repository.head().unwrap();
        let main = repository.main_worktree().map(Path::to_owned);
        panic!("{main:?} {worktree:?} {head:?} {status:?}");
    }

    #[test]
    fn inside_a_hook() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        let linked = world.outside().join("linked");
        world.git_in(&world.outside(), &["clone", "-q", "--bare", "repo", "bare"]);
        let bare = world.outside().join("bare");
        let common = world.root().join(".git");
        let private = common.join("worktrees/linked");
        type Case<'a> = (
            &'a Path,
            &'a [(&'a str, &'a Path)],
            Option<&'a Path>,
            &'a str,
        );
        let cases: [Case<'_>; 4] = [
            (
                &world.root(),
                &[("GIT_INDEX_FILE", Path::new(".git/index"))],
                Some(&world.root()),
                "main",
            ),
            (
                &linked,
                &[
                    ("GIT_DIR", &private),
                    ("GIT_INDEX_FILE", &private.join("index")),
                ],
                Some(&linked),
                "linked",
            ),
            (&bare, &[("GIT_DIR", Path::new("."))], None, "main"),
            (
                &world.root(),
                &[("GIT_DIR", &bare), ("GIT_WORK_TREE", &world.root())],
                Some(&world.root()),
                "main",
            ),
        ];
        for (dir, variables, worktree, branch) in cases {
            let said = world.run_test(
                "git::repository::tests::child_of_a_hook",
                dir,
                variables,
                DIR,
            );
            assert!(
                said.contains(&format!(" {worktree:?} ")),
                "{dir:?} {variables:?}: {said}"
            );
            assert!(said.contains(&format!("BranchName({branch:?})")), "{said}");
        }
    }
}
