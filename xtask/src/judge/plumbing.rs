//! Git's side: the answers of `git merge-tree`, and nothing of the tool. What it writes goes to an object directory of its
//! own that is thrown away now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::answer::{Answer, Basis, Conflicts, Group, Verdict};
use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

/// In 2096: younger than what it merges, as a merge commit is.
const WHEN: &str = "@4000000000 +0000";

/// Git in a repository that is only read.
#[derive(Debug)]
pub(crate) struct Plumbing<'a> {
    sealed: &'a Sealed,
    repository: &'a Path,
    objects: PathBuf,
}

/// What came of one process.
struct Asked {
    stdout: Vec<u8>,
    /// The first line of its stderr.
    complaint: String,
    /// By a signal, such as that of a failed assertion.
    died: bool,
}

/// The end of one merge: the tree, the conflicts, or why there is neither.
type Merged = Verdict;

impl<'a> Plumbing<'a> {
    /// `objects` is made, and removed when the value is dropped.
    pub(crate) fn new(
        sealed: &'a Sealed,
        repository: &'a Path,
        objects: PathBuf,
    ) -> Result<Self, Failure> {
        let info = objects.join("info");
        std::fs::create_dir_all(&info).map_err(Failure::at(&info))?;
        let alternates = info.join("alternates");
        let line = format!("{}\n", repository.join("objects").display());
        std::fs::write(&alternates, line).map_err(Failure::at(&alternates))?;
        Ok(Plumbing {
            sealed,
            repository,
            objects,
        })
    }

    /// The answers to a group's questions, in their order.
    pub(crate) fn answers(&self, group: &Group) -> Result<Vec<Answer>, Failure> {
        let base = &group.base;
        let alone: Vec<(&str, &str)> = group
            .tracks
            .iter()
            .map(|track| (base.as_str(), track.as_str()))
            .collect();
        let mut verdicts = self.merge_all(base, &alone)?;
        let mut bases = vec![Basis::Tips; verdicts.len()];
        if group.pairs {
            let mut on_base = Vec::with_capacity(verdicts.len());
            for (track, verdict) in group.tracks.iter().zip(&verdicts) {
                on_base.push(match verdict {
                    Verdict::Clean(Some(tree)) => Some(self.commit(tree, &[base, track])?),
                    _ => None,
                });
            }
            let mut sides: Vec<(&str, &str)> = Vec::new();
            for (a, b) in group.questions() {
                let Some(b) = b else { continue };
                let (basis, pair) = match (&on_base[a], &on_base[b]) {
                    (Some(a), Some(b)) => (Basis::BasePlusTrack, (a.as_str(), b.as_str())),
                    _ => {
                        let tip = |number: usize| group.tracks[number].as_str();
                        (Basis::Tips, (tip(a), tip(b)))
                    }
                };
                bases.push(basis);
                sides.push(pair);
            }
            verdicts.extend(self.merge_all(base, &sides)?);
        }
        let both = bases.into_iter().zip(verdicts);
        Ok(both
            .map(|(basis, verdict)| Answer { basis, verdict })
            .collect())
    }

    fn commit(&self, tree: &str, parents: &[&str]) -> Result<String, Failure> {
        let mut command = self.git();
        command
            .env("GIT_AUTHOR_DATE", WHEN)
            .env("GIT_COMMITTER_DATE", WHEN)
            .args(["commit-tree", "-m", "base and track"]);
        for parent in parents {
            command.args(["-p", parent]);
        }
        Ok(child::output(command.arg(tree))?.trim_end().to_owned())
    }

    fn git(&self) -> Command {
        let mut command = self.sealed.command("git", self.repository);
        command
            .env("GIT_DIR", self.repository)
            .env("GIT_OBJECT_DIRECTORY", &self.objects);
        command
    }

    /// The first pair that git refuses ends a batch: it is set aside, and the rest is asked anew. A git that dies takes
    /// answers with it that it had not written yet; then which pair it was can only be told one by one.
    fn merge_all(&self, attributes: &str, pairs: &[(&str, &str)]) -> Result<Vec<Merged>, Failure> {
        let mut merged = Vec::with_capacity(pairs.len());
        let mut at_once = pairs.len();
        while merged.len() < pairs.len() {
            let rest = &pairs[merged.len()..];
            let rest = &rest[..at_once.min(rest.len())];
            let known = merged.len();
            let asked = self.merge_tree(attributes, rest)?;
            merged.extend(records(&asked.stdout, rest)?);
            if merged.len() == known + rest.len() {
                continue;
            }
            if asked.died && rest.len() > 1 {
                at_once = 1;
            } else {
                merged.push(Verdict::Unavailable(asked.complaint));
            }
        }
        Ok(merged)
    }

    fn merge_tree(&self, attributes: &str, pairs: &[(&str, &str)]) -> Result<Asked, Failure> {
        let mut command = self.git();
        command
            .arg(format!("--attr-source={attributes}"))
            .args(["merge-tree", "--write-tree", "-z", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| child::could_not_start(&command, &error))?;
        let lines: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Git before 2.49 deadlocks when its answers are awaited before its input ends.
            scope.spawn(move || {
                if let Some(mut stdin) = stdin {
                    // It ends early at a pair that it refuses.
                    let _ = stdin.write_all(lines.as_bytes());
                }
            });
            child.wait_with_output()
        })
        .map_err(|error| child::could_not_start(&command, &error))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint = complaint.lines().next().unwrap_or_default().to_owned();
        Ok(Asked {
            stdout: output.stdout,
            complaint,
            died: output.status.code().is_none(),
        })
    }
}

impl Drop for Plumbing<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.objects);
    }
}

/// The complete records of a batch. Format: git-merge-tree(1), OUTPUT.
fn records(output: &[u8], pairs: &[(&str, &str)]) -> Result<Vec<Merged>, Failure> {
    let mut fields = output.split(|byte| *byte == 0).peekable();
    let mut merged = Vec::new();
    for pair in pairs {
        let (Some(status), Some(tree)) = (fields.next(), fields.next()) else {
            break;
        };
        let tree = String::from_utf8_lossy(tree).into_owned();
        if tree.len() < 40 {
            return Err(not_understood(output));
        }
        match status {
            b"1" => {
                if fields.next() != Some(b"") {
                    return Err(not_understood(output));
                }
                merged.push(Verdict::Clean(Some(tree)));
            }
            b"0" => match conflicts(&mut fields, pair) {
                Some(conflicts) if !conflicts.is_empty() => {
                    merged.push(Verdict::Conflict(conflicts));
                }
                _ => return Err(not_understood(output)),
            },
            _ => return Err(not_understood(output)),
        }
    }
    // The last field is what follows the last NUL: nothing.
    match (fields.next(), fields.next()) {
        (None | Some(b""), None) => Ok(merged),
        _ => Err(not_understood(output)),
    }
}

fn not_understood(output: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(output);
    Failure::new(format!("git merge-tree answers {text:?}"))
}

fn conflicts<'o>(
    fields: &mut impl Iterator<Item = &'o [u8]>,
    pair: &(&str, &str),
) -> Option<Conflicts> {
    let mut stages: BTreeMap<&[u8], BTreeSet<u8>> = BTreeMap::new();
    loop {
        let field = fields.next()?;
        if field.is_empty() {
            break;
        }
        // `100644 ID STAGE<TAB>PATH`
        let tab = field.iter().position(|byte| *byte == b'\t')?;
        let stage = *field[..tab].last()?;
        stages.entry(&field[tab + 1..]).or_default().insert(stage);
    }
    let mut types: BTreeMap<&[u8], BTreeSet<String>> = BTreeMap::new();
    loop {
        let field = fields.next()?;
        if field.is_empty() {
            break;
        }
        let count: usize = std::str::from_utf8(field).ok()?.parse().ok()?;
        let paths: Vec<&[u8]> = fields.by_ref().take(count).collect();
        let kind = String::from_utf8_lossy(fields.next()?).into_owned();
        let _for_people = fields.next()?;
        let Some(kind) = kind.strip_prefix("CONFLICT") else {
            continue;
        };
        let kind = kind.trim_start().strip_prefix('(')?.strip_suffix(')')?;
        let mut about: Vec<&[u8]> = paths.clone();
        about.retain(|path| stages.contains_key(path));
        if about.is_empty() {
            about.extend(paths.first());
        }
        for path in about {
            types.entry(path).or_default().insert(kind.to_owned());
        }
    }
    for path in stages.keys() {
        let kinds = types.entry(path).or_default();
        if kinds.is_empty() {
            kinds.insert("contents".to_owned());
        }
    }
    let mut conflicts = Conflicts::new();
    for (path, mut kinds) in types {
        let both_added = stages.get(path) == Some(&BTreeSet::from([b'2', b'3']));
        if both_added && kinds.remove("contents") {
            kinds.insert("add/add".to_owned());
        }
        conflicts
            .entry(own_name(path, pair))
            .or_default()
            .extend(kinds);
    }
    Some(conflicts)
}

/// A file in the way of a directory stands at `PATH~COMMIT`, or `PATH~COMMIT_0` where that is taken: it counts as `PATH`.
fn own_name(path: &[u8], pair: &(&str, &str)) -> Vec<u8> {
    for side in [pair.0, pair.1] {
        let end = format!("~{side}").into_bytes();
        let Some(at) = (path.len() >= end.len())
            .then(|| path.windows(end.len()).rposition(|window| window == end))
            .flatten()
        else {
            continue;
        };
        let after = &path[at + end.len()..];
        let numbered = after
            .strip_prefix(b"_")
            .is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit));
        if after.is_empty() || numbered {
            return path[..at].to_vec();
        }
    }
    path.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_half_of_one_is_an_error() {
        let id = "1".repeat(40);
        let text = format!(
            "1@{id}@@0@{id}@100644 {id} 2\tn@100644 {id} 3\tn@120000 {id} 1\td~A_0@@1@n@CONFLICT (contents)@text@2@e@d@CONFLICT(directory rename collision)@text@1@n@Auto-merging@text@@"
        );
        let bytes = text.replace('@', "\0").into_bytes();
        let pairs = [("x", "y"), ("A", "B")];
        let found = records(&bytes, &pairs).unwrap();
        let conflicts = [
            ("d", "contents"),
            ("e", "directory rename collision"),
            ("n", "add/add"),
        ];
        let conflicts = conflicts
            .map(|(path, kind)| (path.as_bytes().to_vec(), BTreeSet::from([kind.to_owned()])));
        assert_eq!(
            found,
            [
                Verdict::Clean(Some(id)),
                Verdict::Conflict(Conflicts::from(conflicts))
            ]
        );
        assert!(records(b"", &pairs).unwrap().is_empty());
        assert!(records(&bytes[..bytes.len() - 3], &pairs).is_err());
        assert!(records(&bytes, &pairs[..1]).is_err(), "more than asked");
    }

    #[test]
    fn invented_names_count_as_the_paths_they_stand_for() {
        let pair = ("aa", "bb");
        for (path, expected) in [
            ("d/f~aa", "d/f"),
            ("f~bb_12", "f"),
            ("f~cc", "f~cc"),
            ("f~aax", "f~aax"),
            ("f~aa_", "f~aa_"),
            ("f_1", "f_1"),
        ] {
            assert_eq!(own_name(path.as_bytes(), &pair), expected.as_bytes());
        }
    }
}
