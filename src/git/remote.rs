//! Fetching and pushing, by git and with the user's own credentials.

use super::executable::{failure, run, run_any};
use super::{GitError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::{Cmd, environment};

impl Repository {
    /// `git fetch --prune REMOTE`, never prompting.
    ///
    /// # Errors
    /// What git says.
    pub fn fetch(&self, remote: &str) -> Result<(), GitError> {
        let cmd =
            self.unattended()
                .args(["fetch", "--prune", "--quiet", "--end-of-options", remote]);
        run(&cmd, "fetch --prune").map(drop)
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
        let full = branch.full();
        // An empty value: the branch must not be there yet.
        let expected = self
            .remote_branch(remote, branch)?
            .map(|id| id.to_string())
            .unwrap_or_default();
        let cmd = self
            .unattended()
            .args(["push", "--porcelain"])
            .arg(format!("--force-with-lease={full}:{expected}"))
            .args(["--end-of-options", remote])
            .arg(format!("{commit}:{full}"));
        let output = run_any(&cmd, "push --force-with-lease")?;
        if output.status == Some(0) {
            return Ok(());
        }
        match (
            rejection(&output.stdout),
            failure(&output, "push --force-with-lease"),
        ) {
            (
                Some(message),
                GitError::Program {
                    command, status, ..
                },
            ) => Err(GitError::Program {
                command,
                status,
                message,
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

/// The summary of the first ref that was not pushed. Format: git-push(1), "OUTPUT", `--porcelain`.
fn rejection(stdout: &[u8]) -> Option<String> {
    String::from_utf8_lossy(stdout)
        .lines()
        .find_map(|line| line.strip_prefix("!\t")?.split_once('\t'))
        .map(|(_, summary)| summary.to_owned())
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
}
