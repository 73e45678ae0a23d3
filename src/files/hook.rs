//! The hook shim: the script that stands where git looks for a hook, with the facts of one repository filled in.

use std::path::Path;

use crate::domain::name::BranchName;

/// The script as it lies in `hooks/`, with its places still open.
const SHIM: &str = include_str!("../../hooks/shim.sh");

/// What one installed shim knows.
#[derive(Debug, Clone, Copy)]
pub struct Shim<'a> {
    /// `pre-commit`, `commit-msg` …
    pub hook: &'a str,
    /// The hook that was there before, and runs first.
    pub chained: Option<&'a Path>,
    /// Where the program is, for when it is not on the PATH.
    pub program: &'a Path,
    /// The branches of the tracks.
    pub branches: &'a [BranchName],
    /// Whether a commit or a push from a track's branch is refused where the program is gone.
    pub missing_refuses: bool,
}

impl Shim<'_> {
    /// The text of the script. Paths that are not UTF-8 are filled in lossily: sh would need them in bytes, and a script
    /// that then finds no program says so.
    pub fn script(&self) -> String {
        let branches: Vec<&str> = self.branches.iter().map(BranchName::as_str).collect();
        let chained = self.chained.map(Path::to_string_lossy).unwrap_or_default();
        let missing = if self.missing_refuses {
            "refuse"
        } else {
            "warn"
        };
        [
            ("hook=@HOOK@", "hook", self.hook),
            ("chained=@CHAINED@", "chained", &chained),
            (
                "recorded=@TRACKS@",
                "recorded",
                &self.program.to_string_lossy(),
            ),
            ("branches=@BRANCHES@", "branches", &branches.join(" ")),
            ("missing=@MISSING@", "missing", missing),
        ]
        .iter()
        .fold(SHIM.to_owned(), |script, (open, name, value)| {
            script.replace(open, &format!("{name}={}", word(value)))
        })
    }
}

/// One single-quoted word of sh.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_stays_open_and_values_stay_words() {
        let script = Shim {
            hook: "pre-commit",
            chained: None,
            program: Path::new("/it's/tracks"),
            branches: &[
                BranchName::new("track/a").unwrap(),
                BranchName::new("track/b").unwrap(),
            ],
            missing_refuses: true,
        }
        .script();
        for line in [
            "hook='pre-commit'",
            "chained=''",
            r"recorded='/it'\''s/tracks'",
            "branches='track/a track/b'",
            "missing='refuse'",
        ] {
            assert!(
                script.lines().any(|found| found == line),
                "{line}\n{script}"
            );
        }
    }
}
