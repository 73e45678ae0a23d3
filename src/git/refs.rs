//! Reading refs, and moving them: all of an operation in one transaction, each from the value it was read at.

use super::checkout::remove_if_there;
use super::executable::{complaint, failure, run_any};
use super::object::{commit_id, object_id, unreadable};
use super::{GitError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::CmdOutput;

/// Name and address on whatever we write, always the same: same inputs give the same ids.
pub(super) const IDENTITY: (&str, &str) = ("tracks", "tracks@localhost");

/// One ref of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// The full name.
    pub name: String,
    /// What it must be now; `None`: it must not exist.
    pub before: Option<CommitId>,
    /// What it becomes; `None`: it is deleted.
    pub after: Option<CommitId>,
}

/// Why a transaction did not happen. Nothing of it did.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    #[error("{name} moved meanwhile")]
    Moved { name: String },
    #[error("{name} is locked by another git process")]
    Locked { name: String },
    /// For example `a` exists and `a/b` is to be made.
    #[error("{name} cannot be {what}: {message}")]
    Refused {
        name: String,
        /// "created", "moved", "deleted".
        what: &'static str,
        message: String,
        /// Whether a hook of the repository said no.
        hook: bool,
    },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Any revision that git would accept, peeled to a commit; `None` where there is no such commit.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn resolve(&self, revision: &str) -> Result<Option<CommitId>, GitError> {
        if let Some(commit) = self.resolve_plainly(revision) {
            return Ok(Some(commit));
        }
        // What gix does not understand or finds ambiguous is git's to judge.
        let cmd = match self.current_worktree() {
            Some(worktree) => self.cmd_in(worktree),
            None => self.cmd(),
        }
        .args(["rev-parse", "--quiet", "--verify", "--end-of-options"])
        .arg(revision);
        let output = run_any(&cmd, "rev-parse --verify")?;
        if output.status != Some(0) {
            return Ok(None);
        }
        // Peeled here: `:/text` would take a `^{commit}` behind it for a part of the text.
        let id = String::from_utf8_lossy(&output.stdout);
        Ok(self.resolve_plainly(id.trim()))
    }

    /// Full ids and full ref names, which mean the same to everybody.
    fn resolve_plainly(&self, revision: &str) -> Option<CommitId> {
        if let Ok(id) = CommitId::from_hex(revision) {
            let gix = self.local();
            let commit = gix
                .try_find_object(object_id(id.as_bytes()))
                .ok()??
                .peel_to_commit()
                .ok()?;
            return commit_id(commit.id).ok();
        }
        if revision.starts_with("refs/") {
            return self.reference(revision).ok().flatten();
        }
        None
    }

    /// The tip of a local branch.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn branch(&self, name: &BranchName) -> Result<Option<CommitId>, GitError> {
        self.reference(&name.full())
    }

    /// The tip of a remote-tracking branch, `refs/remotes/REMOTE/NAME`.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn remote_branch(
        &self,
        remote: &str,
        name: &BranchName,
    ) -> Result<Option<CommitId>, GitError> {
        self.reference(&format!("refs/remotes/{remote}/{name}"))
    }

    /// The branch that `refs/remotes/REMOTE/HEAD` names, without the remote.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn remote_head(&self, remote: &str) -> Result<Option<BranchName>, GitError> {
        let gix = self.local();
        let name = format!("refs/remotes/{remote}/HEAD");
        let Some(head) = find(&gix, &name)? else {
            return Ok(None);
        };
        let prefix = format!("refs/remotes/{remote}/");
        Ok(head.target().try_name().and_then(|target| {
            let short = target.as_bstr().strip_prefix(prefix.as_bytes())?;
            BranchName::new(std::str::from_utf8(short).ok()?).ok()
        }))
    }

    /// Any full ref name, peeled to a commit.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn reference(&self, full_name: &str) -> Result<Option<CommitId>, GitError> {
        let gix = self.local();
        let Some(mut reference) = find(&gix, full_name)? else {
            return Ok(None);
        };
        peel(&gix, &mut reference)
    }

    /// What a symbolic ref points to; `None` for any other ref, and where there is none.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn symbolic_target(&self, full_name: &str) -> Result<Option<String>, GitError> {
        let gix = self.local();
        let reference = find(&gix, full_name)?;
        Ok(reference.and_then(|reference| {
            let target = reference.target();
            target.try_name().map(|name| name.as_bstr().to_string())
        }))
    }

    /// All changes or none (`git update-ref --stdin`, so that the hooks of the repository see it). `message` goes to the
    /// reflogs. The identity of reflog entries is ours.
    ///
    /// # Errors
    /// When a ref is not what `before` says, is locked, or cannot be.
    pub fn update_refs(&self, changes: &[RefChange], message: &str) -> Result<(), RefError> {
        if changes.is_empty() {
            return Ok(());
        }
        let cmd = self
            .cmd()
            .env("GIT_COMMITTER_NAME", IDENTITY.0)
            .env("GIT_COMMITTER_EMAIL", IDENTITY.1)
            // Without it, a symbolic ref would move what it points to.
            .args(["update-ref", "--no-deref", "-m", message, "--stdin", "-z"])
            .stdin(self.transaction(changes));
        let output = run_any(&cmd, "update-ref --stdin")?;
        if output.status == Some(0) {
            return Ok(());
        }
        Err(self.why_refused(changes, &output))
    }

    /// Removes the locks of these refs, of HEAD and of the packed refs that stay as they are for a second: git holds them for
    /// moments, and one that was killed for ever. Only for after a kill.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn clear_stale_ref_locks(&self, names: &[String]) -> Result<(), GitError> {
        use std::os::unix::fs::MetadataExt as _;
        const LOOKS: u32 = 20;
        let path = |name: &str| self.common_dir().join(format!("{name}.lock"));
        let look = |path: &std::path::Path| {
            let facts = path.symlink_metadata().ok()?;
            Some((facts.ino(), facts.modified().ok()))
        };
        let common = ["HEAD", "packed-refs"].into_iter();
        let mut left: Vec<_> = common
            .chain(names.iter().map(String::as_str))
            .map(path)
            .filter_map(|path| Some((look(&path)?, path)))
            .collect();
        for _ in 0..LOOKS {
            left.retain(|(first, path)| look(path).as_ref() == Some(first));
            if left.is_empty() {
                return Ok(());
            }
            std::thread::park_timeout(std::time::Duration::from_secs(1) / LOOKS);
        }
        left.iter().try_for_each(|(_, path)| remove_if_there(path))
    }

    fn transaction(&self, changes: &[RefChange]) -> Vec<u8> {
        let zero = gix::ObjectId::null(self.local().object_hash()).to_string();
        let hex = |id: Option<CommitId>| id.map_or_else(|| zero.clone(), |id| id.to_string());
        let mut input = b"start\0".to_vec();
        for change in changes {
            let (name, before) = (&change.name, hex(change.before));
            let line = match (change.before, change.after) {
                (None, None) => format!("verify {name}\0{before}\0"),
                (Some(_), None) => format!("delete {name}\0{before}\0"),
                (_, Some(after)) => format!("update {name}\0{after}\0{before}\0"),
            };
            input.extend_from_slice(line.as_bytes());
        }
        input.extend_from_slice(b"prepare\0commit\0");
        input
    }

    /// Reads the refs again: messages are not for machines. Only a lock that is gone by now is known by its message.
    fn why_refused(&self, changes: &[RefChange], output: &CmdOutput) -> RefError {
        for change in changes {
            match self.reference(&change.name) {
                Ok(now) if now == change.before => {}
                Ok(_) => {
                    return RefError::Moved {
                        name: change.name.clone(),
                    };
                }
                Err(error) => return RefError::Git(error),
            }
        }
        let complaint = complaint(output);
        let lock = |change: &&RefChange| {
            let lock = self.common_dir().join(format!("{}.lock", change.name));
            lock.exists() || complaint.contains(&format!("{}.lock': File exists", change.name))
        };
        if let Some(change) = changes.iter().find(lock) {
            return RefError::Locked {
                name: change.name.clone(),
            };
        }
        if self.common_dir().join("packed-refs.lock").exists() {
            return RefError::Locked {
                name: "packed-refs".to_owned(),
            };
        }
        let named = |change: &&RefChange| complaint.contains(&format!("'{}'", change.name));
        match changes.iter().find(named).or(changes.first()) {
            Some(change) => RefError::Refused {
                name: change.name.clone(),
                what: match (change.before, change.after) {
                    (None, _) => "created",
                    (Some(_), Some(_)) => "moved",
                    (Some(_), None) => "deleted",
                },
                hook: complaint.contains("aborted by hook"),
                message: with_words_of(&said_by_hooks(output), complaint),
            },
            None => RefError::Git(failure(output, "update-ref --stdin")),
        }
    }
}

/// What stands between git's own lines: the words of a hook.
fn said_by_hooks(output: &CmdOutput) -> Vec<String> {
    const OF_GIT: [&str; 4] = ["fatal: ", "error: ", "warning: ", "hint: "];
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !OF_GIT.iter().any(|word| line.starts_with(word)))
        .map(str::to_owned)
        .collect()
}

/// The message with what a hook has said about it.
pub(super) fn with_words_of(hook: &[String], message: String) -> String {
    match hook.is_empty() || hook.concat().contains(&message) {
        true => message,
        false => format!("{message}: {}", hook.join("; ")),
    }
}

fn find<'r>(
    gix: &'r gix::Repository,
    full_name: &str,
) -> Result<Option<gix::Reference<'r>>, GitError> {
    // A name that git would not allow is the name of nothing.
    let Ok(name) = gix::refs::FullName::try_from(full_name) else {
        return Ok(None);
    };
    gix.try_find_reference(name.as_ref())
        .map_err(|error| unreadable(full_name, &error))
}

/// The commit behind a ref; `None` where the ref is about something else, or dangling.
fn peel(
    gix: &gix::Repository,
    reference: &mut gix::Reference<'_>,
) -> Result<Option<CommitId>, GitError> {
    let name = reference.name().as_bstr().to_string();
    let fail = |error: gix::Error| unreadable(name.clone(), &error);
    let mut target = reference.clone();
    while let Some(next) = target.follow() {
        match next {
            Ok(next) => target = next,
            Err(_) => return Ok(None),
        }
    }
    let Some(id) = target.try_id() else {
        return Ok(None);
    };
    let object = gix.find_object(id.detach()).map_err(fail)?;
    match object.peel_tags_to_end().map_err(fail)? {
        end if end.kind == gix::objs::Kind::Commit => commit_id(end.id).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, branch, write_at};

    fn change(name: &str, before: Option<CommitId>, after: Option<CommitId>) -> RefChange {
        RefChange {
            name: name.to_owned(),
            before,
            after,
        }
    }

    fn two_commits() -> (World, CommitId, CommitId) {
        let world = World::new();
        world.write("a", "1\n");
        let one = world.commit("one");
        world.write("a", "2\n");
        let two = world.commit("two");
        (world, one, two)
    }

    #[test]
    fn all_changes_happen_at_once_with_a_reflog() {
        let (world, one, two) = two_commits();
        world.git(&["branch", "old", "HEAD~1"]);
        let repository = world.open();
        let changes = [
            change("refs/heads/new", None, Some(one)),
            change("refs/heads/old", Some(one), Some(two)),
            change("refs/tracks/kept", None, Some(two)),
        ];
        repository.update_refs(&changes, "tracks: test").unwrap();
        assert_eq!(repository.branch(&branch("new")).unwrap(), Some(one));
        assert_eq!(repository.branch(&branch("old")).unwrap(), Some(two));
        assert_eq!(repository.reference("refs/tracks/kept").unwrap(), Some(two));
        let log = world.git(&["reflog", "show", "--format=%gn <%ge> %gs", "old"]);
        assert!(
            log.starts_with("tracks <tracks@localhost> tracks: test"),
            "{log}"
        );

        let gone = [
            change("refs/heads/new", Some(one), None),
            change("refs/heads/never", None, None),
        ];
        repository.update_refs(&gone, "tracks: test").unwrap();
        assert_eq!(repository.branch(&branch("new")).unwrap(), None);
    }

    #[test]
    fn one_refusal_and_nothing_moves() {
        let (world, one, two) = two_commits();
        world.git(&["branch", "a", "HEAD~1"]);
        world.git(&["branch", "dir/leaf", "HEAD~1"]);
        let repository = world.open();
        let free = change("refs/heads/free", None, Some(two));
        type Expect = fn(&RefError) -> bool;
        let cases: [(RefChange, Expect); 5] = [
            (
                change("refs/heads/a", Some(two), Some(one)),
                |error| matches!(error, RefError::Moved { name } if name == "refs/heads/a"),
            ),
            (
                change("refs/heads/a", None, Some(two)),
                |error| matches!(error, RefError::Moved { name } if name == "refs/heads/a"),
            ),
            (
                change("refs/heads/gone", Some(one), None),
                |error| matches!(error, RefError::Moved { name } if name == "refs/heads/gone"),
            ),
            (
                change("refs/heads/dir", None, Some(two)),
                |error| matches!(error, RefError::Refused { name, .. } if name == "refs/heads/dir"),
            ),
            (
                change("refs/heads/a/b", None, Some(two)),
                |error| matches!(error, RefError::Refused { name, .. } if name == "refs/heads/a/b"),
            ),
        ];
        for (bad, expected) in cases {
            let changes = [free.clone(), bad];
            let error = repository.update_refs(&changes, "test").unwrap_err();
            assert!(expected(&error), "{error:?}");
            assert_eq!(repository.branch(&branch("free")).unwrap(), None);
        }
    }

    #[test]
    fn a_locked_ref_is_named() {
        let (world, one, two) = two_commits();
        let repository = world.open();
        write_at(&world.root().join(".git/refs/heads/busy.lock"), b"");
        let changes = [
            change("refs/heads/free", None, Some(one)),
            change("refs/heads/busy", None, Some(two)),
        ];
        let error = repository.update_refs(&changes, "test").unwrap_err();
        assert!(
            matches!(&error, RefError::Locked { name } if name == "refs/heads/busy"),
            "{error:?}"
        );
        assert_eq!(repository.branch(&branch("free")).unwrap(), None);
    }

    #[test]
    fn locks_that_nobody_holds_go() {
        let (world, one, _) = two_commits();
        let repository = world.open();
        let names = ["refs/heads/busy".to_owned(), "refs/heads/free".to_owned()];
        let lock = |name: &str| world.root().join(format!(".git/{name}.lock"));
        for name in ["refs/heads/busy", "HEAD", "packed-refs", "refs/heads/other"] {
            write_at(&lock(name), b"");
        }
        repository.clear_stale_ref_locks(&names).unwrap();
        assert!(lock("refs/heads/other").exists(), "not asked for");
        let changes = [change(&names[0], None, Some(one))];
        repository.update_refs(&changes, "test").unwrap();
        for name in ["refs/heads/busy", "HEAD", "packed-refs"] {
            assert!(!lock(name).exists(), "{name}");
        }
    }

    #[test]
    fn a_hook_of_the_repository_may_refuse() {
        let (world, one, two) = two_commits();
        world.hook(
            "reference-transaction",
            "test \"$1\" != prepared || { echo no >&2; exit 1; }",
        );
        let repository = world.open();
        let changes = [change("refs/heads/new", None, Some(two))];
        let error = repository.update_refs(&changes, "test").unwrap_err();
        assert!(
            matches!(error, RefError::Refused { hook: true, .. }),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(
            text.starts_with("refs/heads/new cannot be created: "),
            "{text}"
        );
        assert!(text.ends_with(": no"), "{text}");
        assert_eq!(repository.branch(&branch("new")).unwrap(), None);
        let main = [change("refs/heads/main", Some(two), Some(one))];
        let text = repository.update_refs(&main, "test").unwrap_err();
        let text = text.to_string();
        assert!(text.contains("refs/heads/main cannot be moved"), "{text}");
    }

    #[test]
    fn what_another_process_packs_or_moves_is_seen() {
        let (world, one, two) = two_commits();
        let repository = world.open();
        let main = branch("main");
        assert_eq!(repository.branch(&main).unwrap(), Some(two));
        world.git(&["pack-refs", "--all"]);
        assert_eq!(repository.branch(&main).unwrap(), Some(two));
        world.git(&["update-ref", "refs/heads/main", &one.to_string()]);
        assert_eq!(repository.branch(&main).unwrap(), Some(one));
        world.git(&["pack-refs", "--all"]);
        world.git(&["update-ref", "-d", "refs/heads/main"]);
        assert_eq!(repository.branch(&main).unwrap(), None);
    }

    #[test]
    fn revisions() {
        let (world, one, two) = two_commits();
        world.git(&["tag", "-a", "-m", "annotated", "v1", "HEAD~1"]);
        world.git(&["tag", "blob", "HEAD:a"]);
        let repository = world.open();
        for (revision, expected) in [
            ("HEAD", Some(two)),
            ("main~1", Some(one)),
            ("v1", Some(one)),
            ("refs/tags/v1", Some(one)),
            (":/one", Some(one)),
            (&two.to_string(), Some(two)),
            (&two.to_string()[..12], Some(two)),
            ("blob", None),
            ("refs/tags/blob", None),
            ("nothing", None),
            ("main..v1", None),
            ("--all", None),
            ("", None),
            (&"1".repeat(40), None),
        ] {
            assert_eq!(
                repository.resolve(revision).unwrap(),
                expected,
                "{revision}"
            );
        }
    }

    #[test]
    fn branches_of_a_remote() {
        let (origin, _, two) = two_commits();
        origin.git(&["branch", "topic"]);
        let url = origin.root().display().to_string();
        let clone = World::with(&["clone", "-q", &url, "repo"]);
        let repository = clone.open();
        assert_eq!(
            repository.remote_head("origin").unwrap(),
            Some(branch("main"))
        );
        assert_eq!(repository.remote_head("other").unwrap(), None);
        let topic = repository.remote_branch("origin", &branch("topic"));
        assert_eq!(topic.unwrap(), Some(two));
        assert_eq!(repository.branch(&branch("topic")).unwrap(), None);
    }
}
