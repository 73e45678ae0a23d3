//! The hook shims: the scripts that stand where git looks for a hook, with the facts of one repository filled in.

use std::path::Path;

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::quote::shell_word;

/// The scripts as they lie in `hooks/`, with their places still open.
const SHIM: &str = include_str!("../../hooks/shim.sh");
const AFTER: &str = include_str!("../../hooks/after.sh");
const REFERENCE_TRANSACTION: &str = include_str!("../../hooks/reference-transaction.sh");
const PASSING: &str = include_str!("../../hooks/passing.sh");

/// The line by which a shim is known, up to its version.
const MARK: &str = "# tracks hook shim, version ";

/// What one installed shim knows.
#[derive(Debug, Clone, Copy)]
pub struct Shim<'a> {
    pub hook: Hook,
    /// The hook that was there before, and runs first.
    pub chained: Option<&'a Path>,
    /// Where the program is.
    pub program: &'a Path,
    /// The branches of tracks from which nothing is committed or pushed where the program is gone.
    pub refusing: &'a [BranchName],
    /// The branches whose moves the reference-transaction hook is about.
    pub guarded: &'a [BranchName],
}

impl Shim<'_> {
    /// The text of the script. Paths that are not UTF-8 are filled in lossily: sh would need them in bytes, and a script
    /// that then finds no program says so.
    pub fn script(&self) -> String {
        let template = match self.hook {
            Hook::ReferenceTransaction => REFERENCE_TRANSACTION,
            hook if hook.is_after_the_fact() => AFTER,
            _ => SHIM,
        };
        let branches: Vec<&str> = self.refusing.iter().map(BranchName::as_str).collect();
        let refs = self.guarded.iter().map(|name| format!("refs/heads/{name}"));
        let chained = self.chained.map(Path::to_string_lossy).unwrap_or_default();
        fill(
            template,
            &[
                ("@HOOK@", self.hook.name()),
                ("@CHAINED@", &chained),
                ("@TRACKS@", &self.program.to_string_lossy()),
                ("@BRANCHES@", &branches.join(" ")),
                ("@REFS@", &refs.collect::<Vec<_>>().join("\n")),
            ],
        )
    }

    /// The version of the shims that this program writes.
    pub fn version() -> u32 {
        version(SHIM).expect("our own script bears its version")
    }
}

/// The script for a hook that is none of ours, and only goes on to the one that counted before.
pub fn passing_script(hook: &str, chained: &Path) -> String {
    let chained = chained.to_string_lossy();
    fill(PASSING, &[("@HOOK@", hook), ("@CHAINED@", &chained)])
}

fn fill(template: &str, places: &[(&str, &str)]) -> String {
    places
        .iter()
        .fold(template.to_owned(), |script, (open, value)| {
            script.replace(&format!("={open}\n"), &format!("={}\n", shell_word(value)))
        })
}

/// Where the program is, as one of our scripts says.
pub fn program_in(shim: &str) -> Option<String> {
    value_in(shim, "program=")
}

/// The version that a hook's text bears where it is one of ours.
pub fn shim_version(text: &str) -> Option<u32> {
    version(text)
}

/// What the hook was there before, where the text is one of our shims and knows of one.
pub fn chained_in(shim: &str) -> Option<String> {
    value_in(shim, "chained=")
}

fn value_in(shim: &str, name: &str) -> Option<String> {
    let line = shim.lines().find_map(|line| line.strip_prefix(name))?;
    let quoted = line
        .strip_prefix('\'')
        .and_then(|line| line.strip_suffix('\''));
    let value = quoted.unwrap_or(line).replace(r"'\''", "'");
    (!value.is_empty()).then_some(value)
}

fn version(text: &str) -> Option<u32> {
    let line = text.lines().nth(1)?;
    line.strip_prefix(MARK)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(hook: Hook, chained: Option<&str>) -> String {
        Shim {
            hook,
            chained: chained.map(Path::new),
            program: Path::new("/it's/tracks"),
            refusing: &[
                BranchName::new("track/a").unwrap(),
                BranchName::new("track/b").unwrap(),
            ],
            guarded: &[BranchName::new("integration").unwrap()],
        }
        .script()
    }

    #[test]
    fn no_place_stays_open_and_values_stay_words() {
        for (hook, lines) in [
            (
                Hook::PreCommit,
                &[
                    "hook=pre-commit",
                    "chained=''",
                    r"program='/it'\''s/tracks'",
                    "branches='track/a track/b'",
                ][..],
            ),
            (
                Hook::PostMerge,
                &[
                    "hook=post-merge",
                    "chained=''",
                    r"program='/it'\''s/tracks'",
                ],
            ),
            (
                Hook::ReferenceTransaction,
                &[
                    "refs=refs/heads/integration",
                    "chained=''",
                    r"program='/it'\''s/tracks'",
                ],
            ),
        ] {
            let script = script(hook, None);
            for line in lines {
                assert!(
                    script.lines().any(|found| found == *line),
                    "{line}\n{script}"
                );
            }
            assert!(!script.contains("=@"), "{script}");
            assert_eq!(shim_version(&script), Some(Shim::version()));
        }
    }

    #[test]
    fn what_was_there_before_is_read_back() {
        for hook in Hook::ALL {
            assert_eq!(chained_in(&script(hook, None)), None);
            for before in ["/it's/pre commit", ".husky/_/pre-commit"] {
                let script = script(hook, Some(before));
                assert_eq!(chained_in(&script).as_deref(), Some(before));
            }
        }
        assert_eq!(shim_version("#!/bin/sh\nlefthook run pre-commit\n"), None);
        assert_eq!(shim_version(""), None);
    }
}
