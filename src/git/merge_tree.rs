//! What `git merge-tree --write-tree -z --stdin` prints, read into records.
//!
//! Format: git-merge-tree(1), "OUTPUT" and "INPUT FORMAT". Each record starts with a status (0 = conflict, 1 = clean: the
//! inverse of an exit status) and the tree. After a conflict follow the conflicted files (`mode id stage TAB path`), an
//! empty field, and the messages (number of paths, the paths, git's short string, a message for people). An empty field
//! ends every record.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::ConflictType;
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, TreeId};

/// One answer of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Clean(TreeId),
    /// With git's tree, in which conflicted files have markers.
    Conflicted(TreeId, Vec<Conflicted>),
}

/// One path that git would not merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflicted {
    pub path: RepoPath,
    /// In git's order, without repetition; never empty.
    pub types: Vec<ConflictType>,
    /// Base, ours, theirs.
    pub stages: [Option<Stage>; 3],
    /// The paths that git names together with this one, in its order and with this one, without repetition.
    pub named: Vec<RepoPath>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage {
    /// As in a tree: `0o100644` …
    pub mode: u32,
    pub id: BlobId,
}

impl Stage {
    pub(super) fn is_regular(self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

struct Message<'a> {
    paths: Vec<&'a [u8]>,
    kind: ConflictType,
}

/// The complete records, in order; what a process that died left half-written is not among them. The error is what was not
/// understood.
pub(super) fn parse(output: &[u8]) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    let mut fields = Fields { rest: output };
    while let Some(status) = fields.next() {
        let record = match status {
            b"1" => clean(&mut fields)?,
            b"0" => conflicted(&mut fields)?,
            other => {
                return Err(format!(
                    "unknown merge status {:?}",
                    String::from_utf8_lossy(other)
                ));
            }
        };
        match record {
            Some(record) => records.push(record),
            None => break,
        }
    }
    Ok(records)
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    /// `None` at the end, and where the last field has no terminator.
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let field = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(field)
    }
}

fn clean(fields: &mut Fields<'_>) -> Result<Option<Record>, String> {
    let (Some(tree), Some(end)) = (fields.next(), fields.next()) else {
        return Ok(None);
    };
    if !end.is_empty() {
        return Err("a clean merge with something after its tree".to_owned());
    }
    tree_id(tree).map(|tree| Some(Record::Clean(tree)))
}

fn conflicted(fields: &mut Fields<'_>) -> Result<Option<Record>, String> {
    let Some(tree) = fields.next() else {
        return Ok(None);
    };
    let tree = tree_id(tree)?;
    let mut paths: BTreeMap<RepoPath, Conflicted> = BTreeMap::new();
    loop {
        match fields.next() {
            None => return Ok(None),
            Some(b"") => break,
            Some(field) => add_stage(&mut paths, field)?,
        }
    }
    let mut messages = Vec::new();
    loop {
        match fields.next() {
            None => return Ok(None),
            Some(b"") => break,
            Some(count) => match message(fields, count)? {
                None => return Ok(None),
                Some(message) => messages.extend(message),
            },
        }
    }
    let staged: BTreeSet<RepoPath> = paths.keys().cloned().collect();
    for message in messages {
        add_message(&mut paths, &staged, &message);
    }
    if paths.is_empty() {
        return Err("a conflict that names no path".to_owned());
    }
    Ok(Some(Record::Conflicted(
        tree,
        paths.into_values().map(named).collect(),
    )))
}

fn add_stage(paths: &mut BTreeMap<RepoPath, Conflicted>, field: &[u8]) -> Result<(), String> {
    let (path, stage, number) = stage(field).ok_or_else(|| {
        format!(
            "not a conflicted file: {:?}",
            String::from_utf8_lossy(field)
        )
    })?;
    entry(paths, path).stages[number - 1] = Some(stage);
    Ok(())
}

fn stage(field: &[u8]) -> Option<(RepoPath, Stage, usize)> {
    let tab = field.iter().position(|byte| *byte == b'\t')?;
    let (head, path) = (std::str::from_utf8(&field[..tab]).ok()?, &field[tab + 1..]);
    let mut words = head.split(' ');
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let id = BlobId::from_hex(words.next()?).ok()?;
    let number: usize = words.next()?.parse().ok()?;
    let known = (1..=3).contains(&number) && words.next().is_none();
    known.then(|| (RepoPath::new(path), Stage { mode, id }, number))
}

/// The outer `None`: it ends too early; the inner: it does not announce a conflict.
fn message<'a>(
    fields: &mut Fields<'a>,
    count: &[u8],
) -> Result<Option<Option<Message<'a>>>, String> {
    let count: usize = std::str::from_utf8(count)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            format!(
                "not a number of paths: {:?}",
                String::from_utf8_lossy(count)
            )
        })?;
    let paths: Vec<&[u8]> = fields.by_ref().take(count).collect();
    let (Some(kind), Some(_)) = (fields.next(), fields.next()) else {
        return Ok(None);
    };
    let kind = ConflictType::from_git(&String::from_utf8_lossy(kind));
    Ok(Some(kind.map(|kind| Message { paths, kind })))
}

/// A message belongs to those of its paths that have stages; where none has (directory renames), to the path that it is
/// about, which git names first.
fn add_message(
    paths: &mut BTreeMap<RepoPath, Conflicted>,
    staged: &BTreeSet<RepoPath>,
    message: &Message<'_>,
) {
    let all = || message.paths.iter().map(|path| RepoPath::new(*path));
    let mut about: Vec<RepoPath> = all().filter(|path| staged.contains(path)).collect();
    if about.is_empty() {
        about.extend(all().next());
    }
    for path in about {
        let entry = entry(paths, path);
        if !entry.types.contains(&message.kind) {
            entry.types.push(message.kind.clone());
        }
        for path in all() {
            if !entry.named.contains(&path) {
                entry.named.push(path);
            }
        }
    }
}

fn entry(paths: &mut BTreeMap<RepoPath, Conflicted>, path: RepoPath) -> &mut Conflicted {
    paths.entry(path.clone()).or_insert_with(|| Conflicted {
        path,
        types: Vec::new(),
        stages: [None; 3],
        named: Vec::new(),
    })
}

/// Git says `contents` of add/add too; and a path may have stages and no message.
fn named(mut conflict: Conflicted) -> Conflicted {
    let both_added = matches!(conflict.stages, [None, Some(_), Some(_)]);
    let contents = ConflictType::contents();
    if conflict.types.is_empty() {
        conflict.types.push(contents.clone());
    }
    if both_added {
        for kind in &mut conflict.types {
            if *kind == contents {
                *kind = ConflictType::add_add();
            }
        }
    }
    conflict
}

fn tree_id(field: &[u8]) -> Result<TreeId, String> {
    TreeId::from_hex(&String::from_utf8_lossy(field)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1111111111111111111111111111111111111111";

    fn bytes(text: &str) -> Vec<u8> {
        text.replace('@', "\0").replace('#', ID).into_bytes()
    }

    fn summary(text: &str) -> Vec<String> {
        let records = parse(&bytes(text)).unwrap();
        records
            .iter()
            .map(|record| match record {
                Record::Clean(_) => "clean".to_owned(),
                Record::Conflicted(_, paths) => paths
                    .iter()
                    .map(|conflict| {
                        let types: Vec<&str> =
                            conflict.types.iter().map(ConflictType::as_str).collect();
                        format!("{} {}", conflict.path, types.join("+"))
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            })
            .collect()
    }

    #[test]
    fn records() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[]),
            ("1@#@@", &["clean"]),
            (
                "0@#@100644 # 1\tf@100644 # 2\tf@100644 # 3\tf@@1@f@Auto-merging@Auto-merging f\n@1@f@CONFLICT (contents)@text\n@@1@#@@",
                &["f contents", "clean"],
            ),
            (
                "0@#@100644 # 2\tn@100644 # 3\tn@@1@n@CONFLICT (contents)@text\n@@",
                &["n add/add"],
            ),
            (
                "0@#@@2@e/x@d/x@CONFLICT(directory rename collision)@text\n@@",
                &["e/x directory rename collision"],
            ),
            ("0@#@100644 # 1\tf@100644 # 2\tf@@@", &["f contents"]),
            (
                "0@#@100644 # 1\tg@100644 # 2\tg1@100644 # 3\tg2@@3@g@g1@g2@CONFLICT (rename/rename)@t@@",
                &["g rename/rename; g1 rename/rename; g2 rename/rename"],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(summary(text), expected, "{text}");
        }
    }

    #[test]
    fn cut_off_records_do_not_count() {
        let whole = "1@#@@0@#@100644 # 2\tn@100644 # 3\tn@@1@n@CONFLICT (contents)@text\n@@";
        let all = bytes(whole);
        let first = bytes("1@#@@").len();
        for end in 0..all.len() {
            let expected = usize::from(end >= first);
            assert_eq!(parse(&all[..end]).unwrap().len(), expected, "cut at {end}");
        }
    }

    #[test]
    fn nonsense_is_an_error_and_never_clean() {
        for text in [
            "2@#@@",
            "1@xyz@@",
            "1@#@more@",
            "0@#@what@@@",
            "0@#@@@",
            "0@#@@x@y@z@@",
            "0@#@100644 # 4\tf@@@",
        ] {
            assert!(parse(&bytes(text)).is_err(), "{text}");
        }
    }
}
