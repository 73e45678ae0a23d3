//! What git's settings say of the messages of commits.

use super::Repository;
use super::executable::run_any;
use crate::domain::message::Comments;
use crate::process::environment;

/// Where git hands on what was given to it with `-c`.
const GIVEN: &str = "GIT_CONFIG_PARAMETERS";

impl Repository {
    /// What git leaves out of a message that somebody was to edit, or (`edited` is false) that came as it is. What was said with
    /// `--cleanup` on the command line, git does not tell.
    pub fn comments(&self, edited: bool) -> Comments {
        let mark = self.comment_mark();
        let cleanup = self.setting("commit.cleanup");
        let strips = match cleanup.as_deref() {
            Some("strip") => true,
            Some("verbatim" | "whitespace" | "scissors") => false,
            _ => edited,
        };
        Comments {
            scissors: edited.then(|| mark.clone()),
            mark: strips.then_some(mark),
        }
    }

    /// How comments begin. Where git looks for a mark that is in no message (`auto`), the usual one.
    fn comment_mark(&self) -> String {
        let named = ["core.commentString", "core.commentChar"]
            .into_iter()
            .find_map(|key| self.setting(key));
        match named {
            Some(mark) if !mark.is_empty() && mark != "auto" => mark,
            _ => "#".to_owned(),
        }
    }

    /// As git itself would read it here, in the middle of what it does.
    fn setting(&self, key: &str) -> Option<String> {
        let given = environment::var(GIVEN).unwrap_or_default();
        if given.to_lowercase().contains(&key.to_lowercase()) {
            let cmd = self.cmd().env(GIVEN, given).args(["config", "--get", key]);
            let said = run_any(&cmd, "config --get").ok()?;
            let said = String::from_utf8_lossy(&said.stdout).trim_end().to_owned();
            return Some(said).filter(|said| !said.is_empty());
        }
        let gix = self.local();
        let value = gix.config_snapshot().string(key)?;
        Some(value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::World;

    #[test]
    fn marks_of_comments() {
        let world = World::new();
        let mark = || world.open().comments(true).mark;
        assert_eq!(mark().as_deref(), Some("#"));
        assert_eq!(world.open().comments(false).mark, None);
        world.git(&["config", "core.commentChar", ";"]);
        assert_eq!(mark().as_deref(), Some(";"));
        world.git(&["config", "core.commentChar", "auto"]);
        assert_eq!(mark().as_deref(), Some("#"));
        world.git(&["config", "commit.cleanup", "scissors"]);
        let comments = world.open().comments(true);
        assert_eq!(
            (comments.mark, comments.scissors.as_deref()),
            (None, Some("#"))
        );
        world.git(&["config", "commit.cleanup", "strip"]);
        assert_eq!(world.open().comments(false).mark.as_deref(), Some("#"));
    }
}
