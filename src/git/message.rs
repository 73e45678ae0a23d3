//! The files of commit messages that git keeps while it makes a commit.

use std::path::Path;

use super::executable::run;
use super::{GitError, Repository};

impl Repository {
    /// How lines begin that are no part of a message. Where git looks for a mark that is in no message (`auto`), the usual one.
    pub fn comment_prefix(&self) -> String {
        let gix = self.local();
        let config = gix.config_snapshot();
        let named = ["core.commentString", "core.commentChar"]
            .into_iter()
            .find_map(|key| config.string(key));
        match named.map(|value| value.to_string()) {
            Some(mark) if !mark.is_empty() && mark != "auto" => mark,
            _ => "#".to_owned(),
        }
    }

    /// Gives a message the trailer `KEY: VALUE`, in place of one with that key.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn set_trailer(&self, file: &Path, trailer: &str) -> Result<(), GitError> {
        let cmd = self
            .cmd()
            .args(["interpret-trailers", "--in-place", "--where", "end"])
            .args(["--if-exists", "replace", "--if-missing", "add"])
            .args(["--trailer", trailer])
            .arg(file);
        run(&cmd, "interpret-trailers").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::World;

    #[test]
    fn a_trailer_is_there_once() {
        let world = World::new();
        let repository = world.open();
        let file = world.root().join("MESSAGE");
        for (before, after) in [
            ("Add x\n", "Add x\n\nTrack: a\n"),
            ("Add x\n\nTrack: b\n", "Add x\n\nTrack: a\n"),
            ("Add x\n\nTrack: a\n", "Add x\n\nTrack: a\n"),
            (
                "Add x\n\nSigned-off-by: B <b@example.com>\n",
                "Add x\n\nSigned-off-by: B <b@example.com>\nTrack: a\n",
            ),
            (
                "Add x\n\n# Please enter\n",
                "Add x\n\nTrack: a\n\n# Please enter\n",
            ),
        ] {
            world.write("MESSAGE", before);
            repository.set_trailer(&file, "Track: a").unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), after, "{before:?}");
        }
    }

    #[test]
    fn marks_of_comments() {
        let world = World::new();
        assert_eq!(world.open().comment_prefix(), "#");
        world.git(&["config", "core.commentChar", ";"]);
        assert_eq!(world.open().comment_prefix(), ";");
        world.git(&["config", "core.commentChar", "auto"]);
        assert_eq!(world.open().comment_prefix(), "#");
    }
}
