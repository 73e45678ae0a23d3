//! Fetching and pushing, by git and with the user's own credentials.

use super::executable::{failure, run, run_any};
use super::refs::with_words_of;
use super::{GitError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::{Cmd, environment};

/// So often a fetch is made again that another git has overtaken.
const ATTEMPTS: usize = 3;

impl Repository {
    /// `git fetch --prune REMOTE`, never prompting.
    ///
    /// # Errors
    /// What git says.
    pub fn fetch(&self, remote: &str) -> Result<(), GitError> {
        const COMMAND: &str = "fetch --prune";
        let cmd =
            self.unattended()
                .args(["fetch", "--prune", "--quiet", "--end-of-options", remote]);
        let mut output = run_any(&cmd, COMMAND)?;
        for _ in 0..ATTEMPTS {
            // Another git has moved a remote-tracking branch between our look at it and our lock.
            let overtaken = String::from_utf8_lossy(&output.stderr).contains("cannot lock ref");
            if output.status == Some(0) || !overtaken {
                break;
            }
            output = run_any(&cmd, COMMAND)?;
        }
        match output.status {
            Some(0) => Ok(()),
            _ => Err(failure(&output, COMMAND)),
        }
    }

    /// Brings what a remote has below one prefix here, below another: `refs/x/*` to `refs/y/*`. Nothing there is no error.
    ///
    /// # Errors
    /// What git says.
    pub fn fetch_refs(&self, remote: &str, there: &str, here: &str) -> Result<(), GitError> {
        let cmd = self
            .unattended()
            .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"])
            .args(["--end-of-options", remote])
            .arg(format!("+{there}:{here}"));
        run(&cmd, "fetch").map(drop)
    }

    /// Pushes a commit to a branch, only from the value that our remote-tracking branch has (`--force-with-lease`).
    ///
    /// # Errors
    /// What git says.
    pub fn push(
        &self,
        remote: &str,
        branch: &BranchName,
        commit: CommitId,
    ) -> Result<(), GitError> {
        self.push_all(remote, &[Push::leased(branch.clone(), commit)])
    }

    /// Pushes all of these or none (`--atomic`).
    ///
    /// # Errors
    /// What git says, with the ref that it is about.
    pub fn push_all(&self, remote: &str, pushes: &[Push]) -> Result<(), GitError> {
        const COMMAND: &str = "push";
        let mut cmd = self.unattended().args(["push", "--porcelain"]);
        if pushes.len() > 1 {
            cmd = cmd.arg("--atomic");
        }
        for push in pushes {
            if let How::Leased(branch) = &push.how {
                // An empty value: the branch must not be there yet.
                let expected = self
                    .remote_branch(remote, branch)?
                    .map(|id| id.to_string())
                    .unwrap_or_default();
                cmd = cmd.arg(format!("--force-with-lease={}:{expected}", push.name));
            }
        }
        let refs = pushes
            .iter()
            .map(|push| format!("{}:{}", push.commit, push.name));
        let cmd = cmd.args(["--end-of-options", remote]).args(refs);
        let output = run_any(&cmd, COMMAND)?;
        if output.status == Some(0) {
            return Ok(());
        }
        match (rejection(&output.stdout), failure(&output, COMMAND)) {
            (
                Some(message),
                GitError::Program {
                    command, status, ..
                },
            ) => Err(GitError::Program {
                command,
                status,
                message: with_words_of(&said_there(&output.stderr), message),
            }),
            (_, error) => Err(error),
        }
    }

    /// No question can be answered here: neither git's, nor ssh's, nor one in a window.
    fn unattended(&self) -> Cmd {
        let cmd = self
            .cmd()
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never");
        let chosen = environment::var("GIT_SSH_COMMAND").is_some()
            || environment::var("GIT_SSH").is_some()
            || self
                .local()
                .config_snapshot()
                .string("core.sshCommand")
                .is_some();
        if chosen {
            cmd
        } else {
            cmd.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
        }
    }
}

/// One ref of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The full name, there.
    name: String,
    commit: CommitId,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// Anywhere from where the remote-tracking branch is.
    Leased(BranchName),
    Forward,
}

impl Push {
    /// Also sideways or backwards, but only from the value that our remote-tracking branch has.
    pub fn leased(branch: BranchName, commit: CommitId) -> Self {
        Push {
            name: branch.full(),
            commit,
            how: How::Leased(branch),
        }
    }

    /// Only where nothing there is lost by it; never forced.
    pub fn forward(full_name: String, commit: CommitId) -> Self {
        Push {
            name: full_name,
            commit,
            how: How::Forward,
        }
    }
}

/// What the hooks of the remote have said.
fn said_there(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines = text.lines().filter_map(|line| line.strip_prefix("remote:"));
    let lines = lines.map(|line| line.trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// The summary of the ref that kept the others, too, from being pushed. Format: git-push(1), "OUTPUT", `--porcelain`.
fn rejection(stdout: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stdout);
    let refused: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("!\t")?.split_once('\t'))
        .collect();
    let along = |summary: &str| summary.contains("atomic push failed");
    let first = refused.iter().find(|(_, summary)| !along(summary));
    first.or(refused.first()).map(|(refs, summary)| {
        let name = refs.split_once(':').map_or(*refs, |(_, there)| there);
        format!("{name} {summary}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, branch};

    fn clone_of(origin: &World) -> World {
        let url = origin.root().display().to_string();
        World::with(&["clone", "-q", &url, "repo"])
    }

    #[test]
    fn fetching_prunes() {
        let origin = World::new();
        origin.commit("one");
        origin.git(&["branch", "old"]);
        let clone = clone_of(&origin);
        origin.git(&["branch", "-D", "old"]);
        origin.git(&["branch", "new"]);
        let repository = clone.open();
        repository.fetch("origin").unwrap();
        let has = |name| {
            repository
                .remote_branch("origin", &branch(name))
                .unwrap()
                .is_some()
        };
        assert!(has("new") && !has("old"));
        assert!(matches!(
            repository.fetch("nowhere"),
            Err(GitError::Program { .. })
        ));
    }

    #[test]
    fn the_words_of_a_hook_there() {
        let origin = World::new();
        let one = origin.commit("one");
        let clone = clone_of(&origin);
        origin.hook("pre-receive", "echo not on Fridays >&2; exit 1");
        let error = clone.open().push("origin", &branch("new"), one);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("declined): not on Fridays"), "{error}");
    }

    #[test]
    fn pushing_needs_the_value_that_was_fetched() {
        let origin = World::new();
        let one = origin.commit("one");
        let clone = clone_of(&origin);
        clone.write("a", "1\n");
        let two = clone.commit("two");
        let repository = clone.open();
        let target = branch("integration");
        repository.push("origin", &target, two).unwrap();
        assert_eq!(origin.tip("integration"), two);
        repository.push("origin", &target, one).unwrap();
        assert_eq!(origin.tip("integration"), one, "also backwards");

        origin.git(&["branch", "-f", "integration", &two.to_string()]);
        let error = repository.push("origin", &target, one).unwrap_err();
        assert!(error.to_string().contains("stale info"), "{error}");
        assert_eq!(origin.tip("integration"), two);

        origin.git(&["branch", "unseen", &two.to_string()]);
        let error = repository
            .push("origin", &branch("unseen"), one)
            .unwrap_err();
        assert!(matches!(error, GitError::Program { .. }), "{error}");
        assert_eq!(origin.tip("unseen"), two);
    }

    #[test]
    fn forward_only_and_all_or_none() {
        let origin = World::new();
        origin.write("a", "1\n");
        origin.commit("one");
        origin.git(&["checkout", "-q", "--detach"]);
        let clone = clone_of(&origin);
        clone.write("a", "2\n");
        let two = clone.commit("two");
        let repository = clone.open();
        let kept = "refs/tracks/kept".to_owned();
        let forward = |name: &str, commit| Push::forward(name.to_owned(), commit);
        let both = |commit| {
            [
                Push::leased(branch("integration"), commit),
                forward(&kept, commit),
            ]
        };
        repository.push_all("origin", &both(two)).unwrap();
        assert_eq!(origin.tip(&kept), two);
        assert_eq!(origin.tip("integration"), two);

        let theirs = origin.topic("theirs", "main", &[("b", Some("1\n"))]);
        origin.git(&["update-ref", "refs/heads/main", &theirs.to_string()]);
        origin.git(&["update-ref", &kept, &theirs.to_string()]);
        let main = [forward("refs/heads/main", two)];
        let error = repository.push_all("origin", &main).unwrap_err();
        assert!(error.to_string().contains("refs/heads/main"), "{error}");
        assert_eq!(origin.tip("main"), theirs);
        clone.write("a", "3\n");
        let three = clone.commit("three");
        let error = repository.push_all("origin", &both(three)).unwrap_err();
        assert!(error.to_string().contains(&kept), "{error}");
        assert_eq!(origin.tip("integration"), two);
        assert_eq!(origin.tip(&kept), theirs);
    }
}
