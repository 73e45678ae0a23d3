//! What is asked about merges and what comes back, from either side; and where two answers differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::failure::Failure;

/// The tracks that are asked about together, with the base that all of them are merged into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) base: String,
    pub(crate) tracks: Vec<String>,
    /// Whether each track is also asked against each.
    pub(crate) pairs: bool,
}

impl Group {
    /// Every question in its order: a track against base, or two tracks, by their numbers.
    pub(crate) fn questions(&self) -> Vec<(usize, Option<usize>)> {
        let alone = (0..self.tracks.len()).map(|track| (track, None));
        alone.chain(self.couples()).collect()
    }

    fn couples(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        let count = if self.pairs { self.tracks.len() } else { 0 };
        (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, Some(b))))
    }

    /// The line that asks the tool.
    pub(crate) fn line(&self, (track, other): (usize, Option<usize>)) -> String {
        let other = other.map_or_else(String::new, |other| format!(" {}", self.tracks[other]));
        format!("{} {}{other}", self.base, self.tracks[track])
    }
}

/// Path → types.
pub(crate) type Conflicts = BTreeMap<Vec<u8>, BTreeSet<String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With the merged tree, where it is told.
    Clean(Option<String>),
    Conflict(Conflicts),
    Unavailable(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    Tips,
    BasePlusTrack,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) basis: Basis,
    pub(crate) verdict: Verdict,
}

/// In what an answer of the tool is not git's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// Clean, where git has a conflict: the worst of all.
    FalseClean,
    FalseConflict,
    Unavailable,
    Basis,
    Paths,
    Types,
    Tree,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Difference::FalseClean => "FALSE CLEAN",
            Difference::FalseConflict => "false conflict",
            Difference::Unavailable => "one of them has no verdict",
            Difference::Basis => "other basis",
            Difference::Paths => "other paths",
            Difference::Types => "other types",
            Difference::Tree => "other tree",
        })
    }
}

/// Where the tool is not what git is; `None`: nowhere.
pub(crate) fn difference(git: &Answer, tool: &Answer) -> Option<Difference> {
    let by_verdict = match (&git.verdict, &tool.verdict) {
        (Verdict::Conflict(_), Verdict::Clean(_)) => Some(Difference::FalseClean),
        (Verdict::Clean(_), Verdict::Conflict(_)) => Some(Difference::FalseConflict),
        (Verdict::Unavailable(_), Verdict::Unavailable(_)) => None,
        (Verdict::Unavailable(_), _) | (_, Verdict::Unavailable(_)) => {
            Some(Difference::Unavailable)
        }
        (Verdict::Conflict(git), Verdict::Conflict(tool)) => {
            if !git.keys().eq(tool.keys()) {
                Some(Difference::Paths)
            } else if git == tool {
                None
            } else {
                Some(Difference::Types)
            }
        }
        (Verdict::Clean(git), Verdict::Clean(tool)) => {
            (tool.is_some() && git != tool).then_some(Difference::Tree)
        }
    };
    by_verdict.or_else(|| (git.basis != tool.basis).then_some(Difference::Basis))
}

/// An answer of the tool, and whether it was found without git.
pub(crate) fn read(line: &str) -> Result<(Answer, bool), Failure> {
    let bad = || Failure::new(format!("the tool answers `{line}`"));
    let fields: Vec<&str> = line.split('\t').collect();
    let [verdict, basis, by, tree, more @ ..] = fields.as_slice() else {
        return Err(bad());
    };
    let basis = match *basis {
        "tips" => Basis::Tips,
        "base+track" => Basis::BasePlusTrack,
        _ => return Err(bad()),
    };
    let in_process = match *by {
        "process" => true,
        "git" => false,
        _ => return Err(bad()),
    };
    let verdict = match (*verdict, more) {
        ("clean", []) => Verdict::Clean((*tree != "-").then(|| (*tree).to_owned())),
        ("unavailable", [reason]) => Verdict::Unavailable((*reason).to_owned()),
        ("conflict", [_, ..]) if more.len() % 2 == 0 => {
            let mut conflicts = Conflicts::new();
            for field in more.chunks(2) {
                let path = unquoted(field[0]).ok_or_else(bad)?;
                let types = field[1].split(", ").map(str::to_owned).collect();
                if conflicts.insert(path, types).is_some() {
                    return Err(bad());
                }
            }
            Verdict::Conflict(conflicts)
        }
        _ => return Err(bad()),
    };
    Ok((Answer { basis, verdict }, in_process))
}

/// The bytes that C quotes stand for; text without them stands for itself.
fn unquoted(text: &str) -> Option<Vec<u8>> {
    let Some(inner) = text.strip_prefix('"') else {
        return Some(text.as_bytes().to_vec());
    };
    let mut bytes = inner.strip_suffix('"')?.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        plain.push(match bytes.next()? {
            b't' => b'\t',
            b'n' => b'\n',
            high @ b'0'..=b'3' => {
                let digits = [high, bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()?
            }
            other => other,
        });
    }
    Some(plain)
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.basis {
            Basis::Tips => f.write_str("tips: ")?,
            Basis::BasePlusTrack => f.write_str("base+track: ")?,
        }
        match &self.verdict {
            Verdict::Clean(Some(tree)) => write!(f, "clean, tree {tree}"),
            Verdict::Clean(None) => f.write_str("clean"),
            Verdict::Unavailable(reason) => write!(f, "unavailable: {reason}"),
            Verdict::Conflict(conflicts) => {
                f.write_str("conflict")?;
                for (path, types) in conflicts {
                    let types: Vec<&str> = types.iter().map(String::as_str).collect();
                    let path = String::from_utf8_lossy(path);
                    write!(f, "\n            {path:?}: {}", types.join(", "))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(paths: &[(&str, &str)]) -> Verdict {
        let types = |text: &str| text.split(", ").map(str::to_owned).collect();
        Verdict::Conflict(
            paths
                .iter()
                .map(|(path, kinds)| (path.as_bytes().to_vec(), types(kinds)))
                .collect(),
        )
    }

    #[test]
    fn lines_of_the_tool_are_read() {
        for (line, expected, in_process) in [
            (
                "clean\ttips\tprocess\tabc",
                Verdict::Clean(Some("abc".into())),
                true,
            ),
            ("clean\ttips\tgit\t-", Verdict::Clean(None), false),
            (
                "unavailable\ttips\tgit\t-\twhy not",
                Verdict::Unavailable("why not".into()),
                false,
            ),
            (
                "conflict\ttips\tgit\t-\t\"a\\t\\303\\251\\\"\"\tcontents, binary\tb c\tadd/add",
                conflict(&[("a\té\"", "binary, contents"), ("b c", "add/add")]),
                false,
            ),
        ] {
            let (answer, by) = read(line).unwrap();
            assert_eq!((answer.verdict, by), (expected, in_process), "{line}");
        }
        for line in [
            "",
            "clean\ttips\tgit",
            "clean\ttips\tgit\t-\tmore",
            "conflict\ttips\tgit\t-",
            "conflict\ttips\tgit\t-\tf",
            "conflict\ttips\tgit\t-\tf\tcontents\tf\tbinary",
            "clean\tbase\tgit\t-",
            "clean\ttips\tme\t-",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_difference_is_seen() {
        let clean = |tree: &str| Verdict::Clean(Some(tree.to_owned()));
        let one = conflict(&[("f", "contents")]);
        let gone = || Verdict::Unavailable("why".to_owned());
        for (git, tool, expected) in [
            (clean("a"), clean("a"), None),
            (clean("a"), Verdict::Clean(None), None),
            (clean("a"), clean("b"), Some(Difference::Tree)),
            (clean("a"), one.clone(), Some(Difference::FalseConflict)),
            (one.clone(), clean("a"), Some(Difference::FalseClean)),
            (one.clone(), one.clone(), None),
            (
                one.clone(),
                conflict(&[("g", "contents")]),
                Some(Difference::Paths),
            ),
            (
                one.clone(),
                conflict(&[("f", "contents"), ("g", "contents")]),
                Some(Difference::Paths),
            ),
            (
                one.clone(),
                conflict(&[("f", "binary")]),
                Some(Difference::Types),
            ),
            (one, gone(), Some(Difference::Unavailable)),
            (gone(), clean("a"), Some(Difference::Unavailable)),
            (gone(), gone(), None),
        ] {
            let answer = |verdict| Answer {
                basis: Basis::Tips,
                verdict,
            };
            let (git, tool) = (answer(git), answer(tool));
            assert_eq!(difference(&git, &tool), expected, "{git} {tool}");
            let other = Answer {
                basis: Basis::BasePlusTrack,
                ..tool
            };
            let expected = expected.or(Some(Difference::Basis));
            assert_eq!(difference(&git, &other), expected, "{git} {other}");
        }
    }

    #[test]
    fn a_group_asks_each_track_and_each_pair_once() {
        let group = Group {
            base: "o".to_owned(),
            tracks: ["a", "b", "c"].map(str::to_owned).to_vec(),
            pairs: true,
        };
        let lines = |group: &Group| -> Vec<String> {
            let questions = group.questions();
            questions
                .into_iter()
                .map(|question| group.line(question))
                .collect()
        };
        assert_eq!(
            lines(&group),
            ["o a", "o b", "o c", "o a b", "o a c", "o b c"]
        );
        let alone = Group {
            pairs: false,
            ..group
        };
        assert_eq!(lines(&alone), ["o a", "o b", "o c"]);
    }
}
