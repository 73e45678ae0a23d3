//! The versions of a conflicted file: what the merge base has, what ours, what theirs.

use std::collections::BTreeMap;

use super::merge_tree::{Conflicted, Record, Stage};
use super::object::{blob, object_id, tree_entries, tree_of};
use super::own_names::Suffixes;
use super::{GitError, Merger, text};
use crate::domain::merge::ConflictType;
use crate::domain::path::RepoPath;
use crate::domain::resolution::Sides;
use crate::domain::revision::{BlobId, CommitId};

/// What git left unmerged at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    pub path: RepoPath,
    /// Base, ours, theirs.
    pub versions: [Option<Version>; 3],
    /// The paths that git names together with this one (the names before and after a rename), in its order.
    pub named: Vec<RepoPath>,
    /// The file's name in ours and in theirs, where it is another one there.
    pub other_names: [Option<RepoPath>; 2],
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As in a tree: `0o100644` …
    pub mode: u32,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text(Vec<u8>),
    /// So many bytes that are no text.
    Binary(usize),
    /// A symbolic link, and where it points.
    Link(Vec<u8>),
    /// The commit of a submodule, as hex.
    Submodule(String),
}

impl Content {
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Content::Text(text) => Some(text),
            Content::Binary(_) | Content::Link(_) | Content::Submodule(_) => None,
        }
    }
}

/// One path that git would not merge, by the ids of what it met there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerged {
    pub path: RepoPath,
    /// Under which names git's tree has what is left of it: the path itself, or names that git has made up.
    pub in_tree: Vec<RepoPath>,
    pub types: Vec<ConflictType>,
    /// All absent where git says nothing but that there is a conflict.
    pub sides: Sides,
    /// The paths that git names together with this one, in its order.
    pub named: Vec<RepoPath>,
}

/// What git made up names for is about the path that it is known by; paths ascending, each with git's names for it.
fn by_own_name(
    conflicted: Vec<Conflicted>,
    suffixes: &Suffixes,
) -> Vec<(Conflicted, Vec<RepoPath>)> {
    let mut by_path: BTreeMap<RepoPath, (Conflicted, Vec<RepoPath>)> = BTreeMap::new();
    for mut conflicted in conflicted {
        let in_tree = conflicted.path.clone();
        conflicted.path = suffixes.own_name(&in_tree);
        match by_path.get_mut(&conflicted.path) {
            Some((known, names)) => {
                let stages = known.stages.iter_mut().zip(conflicted.stages);
                stages.for_each(|(known, more)| *known = known.or(more));
                known.named.extend(conflicted.named);
                for kind in conflicted.types {
                    if !known.types.contains(&kind) {
                        known.types.push(kind);
                    }
                }
                names.push(in_tree);
            }
            None => {
                by_path.insert(conflicted.path.clone(), (conflicted, vec![in_tree]));
            }
        }
    }
    let mut found: Vec<(Conflicted, Vec<RepoPath>)> = by_path.into_values().collect();
    for (conflicted, _) in &mut found {
        let mut named = Vec::new();
        for path in conflicted.named.iter().map(|path| suffixes.own_name(path)) {
            if !named.contains(&path) {
                named.push(path);
            }
        }
        conflicted.named = named;
    }
    found
}

impl Merger<'_> {
    /// Merges the two once more, to see what git left unmerged, paths ascending; empty where they merge clean or git
    /// cannot tell. Where git makes a path up for what is in the way, it is taken back.
    ///
    /// # Errors
    /// When git cannot be run, or an object cannot be read.
    pub fn staged(&self, ours: CommitId, theirs: CommitId) -> Result<Vec<Staged>, GitError> {
        let (records, _) = self.merge_tree(&[(ours, theirs)])?;
        let Some(Record::Conflicted(_, conflicted)) = records.into_iter().next() else {
            return Ok(Vec::new());
        };
        let by_path = by_own_name(conflicted, &Suffixes::of([ours, theirs]));
        by_path
            .into_iter()
            .map(|(conflicted, _)| self.read_stages(conflicted, [ours, theirs]))
            .collect()
    }

    /// As [`Merger::staged`], by ids: every path of that merge that git would not merge.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn unmerged(&self, ours: CommitId, theirs: CommitId) -> Result<Vec<Unmerged>, GitError> {
        let (records, _) = self.merge_tree(&[(ours, theirs)])?;
        let Some(Record::Conflicted(_, conflicted)) = records.into_iter().next() else {
            return Ok(Vec::new());
        };
        let by_path = by_own_name(conflicted, &Suffixes::of([ours, theirs]));
        let version = |stage: Stage| crate::domain::resolution::Version {
            mode: stage.mode,
            id: stage.id,
        };
        let unmerged = by_path.into_iter().map(|(conflicted, in_tree)| {
            let [base, ours, theirs] = conflicted.stages.map(|stage| stage.map(version));
            Unmerged {
                path: conflicted.path,
                in_tree,
                types: conflicted.types,
                sides: Sides { base, ours, theirs },
                named: conflicted.named,
            }
        });
        Ok(unmerged.collect())
    }

    /// The names of the file in ours and in theirs, where it is called otherwise there.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn other_names(
        &self,
        unmerged: &Unmerged,
        sides: [CommitId; 2],
    ) -> Result<Vec<RepoPath>, GitError> {
        let mut names = Vec::new();
        if unmerged.sides.base.is_some() {
            let versions = [unmerged.sides.ours, unmerged.sides.theirs];
            for (side, version) in sides.into_iter().zip(versions) {
                if let Some(version) = version {
                    names.extend(self.other_name(side, &unmerged.path, version.id)?);
                }
            }
        }
        Ok(names)
    }

    fn read_stages(
        &self,
        conflicted: Conflicted,
        sides: [CommitId; 2],
    ) -> Result<Staged, GitError> {
        let [base, ours, theirs] = conflicted.stages;
        let name = |side: CommitId, stage: Option<Stage>| match stage {
            // Without a version in base nothing was renamed to get here.
            Some(stage) if base.is_some() => self.other_name(side, &conflicted.path, stage.id),
            _ => Ok(None),
        };
        Ok(Staged {
            other_names: [name(sides[0], ours)?, name(sides[1], theirs)?],
            versions: [
                self.version(base)?,
                self.version(ours)?,
                self.version(theirs)?,
            ],
            path: conflicted.path,
            named: conflicted.named,
        })
    }

    fn version(&self, stage: Option<Stage>) -> Result<Option<Version>, GitError> {
        let Some(Stage { mode, id }) = stage else {
            return Ok(None);
        };
        let content = match mode & 0o170_000 {
            0o160_000 => Content::Submodule(id.to_string()),
            0o120_000 => Content::Link(blob(&self.local(), id)?),
            _ => match blob(&self.local(), id)? {
                bytes if text::is_binary(&bytes) => Content::Binary(bytes.len()),
                bytes => Content::Text(bytes),
            },
        };
        Ok(Some(Version { mode, content }))
    }

    /// Where a side has this version, if not at `path`. Git says that a rename was followed only where the rename itself
    /// is the conflict.
    fn other_name(
        &self,
        side: CommitId,
        path: &RepoPath,
        version: BlobId,
    ) -> Result<Option<RepoPath>, GitError> {
        let gix = self.local();
        let there = gix
            .find_commit(object_id(side.as_bytes()))
            .and_then(|commit| commit.tree())
            .and_then(|tree| tree.lookup_entry(path.as_bytes().split(|byte| *byte == b'/')));
        if there.is_ok_and(|entry| entry.is_some()) {
            return Ok(None);
        }
        let mut same = tree_entries(&gix, tree_of(&gix, side)?)?
            .into_iter()
            .filter(|(_, _, id)| *id == version)
            .map(|(path, _, _)| path);
        // Two files with this content: nothing tells which of them it was.
        Ok(same.next().filter(|_| same.next().is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    const LINES: &str = "one line\nanother line\nthird line\nfourth line\nfifth line\n";

    fn staged(base: &[(&str, &str)], ours: &[Edit<'_>], theirs: &[Edit<'_>]) -> Vec<String> {
        let world = World::new();
        for (path, content) in base {
            world.write(path, content);
        }
        world.commit("base");
        world.topic("a", "main", ours);
        world.topic("b", "main", theirs);
        let repository = world.open();
        let scratch = world.outside().join("scratch");
        let merger = Merger::scratch(&repository, world.tip("main"), &scratch).unwrap();
        let staged = merger.staged(world.tip("a"), world.tip("b")).unwrap();
        staged.iter().map(shown).collect()
    }

    type Edit<'a> = (&'a str, Option<&'a str>);

    fn shown(staged: &Staged) -> String {
        let versions = staged.versions.iter().map(|version| match version {
            None => "-".to_owned(),
            Some(version) => match &version.content {
                Content::Text(text) => format!("{}", text.len()),
                other => format!("{other:?}"),
            },
        });
        let names = |names: &mut dyn Iterator<Item = String>| names.collect::<Vec<_>>().join(" ");
        format!(
            "{}: {} | {} | {}",
            staged.path,
            names(&mut versions.into_iter()),
            names(&mut staged.named.iter().map(ToString::to_string)),
            names(&mut staged.other_names.iter().flatten().map(ToString::to_string)),
        )
    }

    #[test]
    fn unmerged_by_ids_under_their_own_names() {
        let world = World::new();
        world.write("f", "1\n");
        world.write("gone", LINES);
        world.commit("base");
        world.topic("a", "main", &[("f", Some("2\n")), ("d", Some("a file\n"))]);
        world.topic("b", "main", &[("f", None), ("d/in", Some("x\n"))]);
        let repository = world.open();
        let scratch = world.outside().join("scratch");
        let merger = Merger::scratch(&repository, world.tip("main"), &scratch).unwrap();
        let (a, b) = (world.tip("a"), world.tip("b"));
        let unmerged = merger.unmerged(a, b).unwrap();
        let shown: Vec<String> = unmerged
            .iter()
            .map(|one| {
                let Sides { base, ours, theirs } = one.sides;
                let there = [base, ours, theirs].map(|side| match side {
                    Some(version) => format!("{:o}", version.mode),
                    None => "-".to_owned(),
                });
                let types: Vec<&str> = one.types.iter().map(ConflictType::as_str).collect();
                format!("{} {} {}", one.path, there.join(" "), types.join(","))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "d - 100644 - file/directory",
                "f 100644 100644 - modify/delete"
            ]
        );
        assert_eq!(unmerged[0].in_tree, [RepoPath::new(format!("d~{a}"))]);
        assert_eq!(unmerged[1].in_tree, [RepoPath::new("f")]);
        let blob = world.git(&["rev-parse", "a:f"]);
        assert_eq!(unmerged[1].sides.ours.unwrap().id.to_string(), blob);
        assert_eq!(merger.unmerged(a, world.tip("main")).unwrap(), []);
    }

    #[test]
    fn versions_and_names() {
        let edited = LINES.replace("third", "3rd");
        let other = LINES.replace("third", "dritte");
        assert_eq!(
            staged(&[("f", LINES)], &[("f", Some(&edited))], &[("f", None)]),
            ["f: 56 54 - | f | "]
        );
        assert_eq!(
            staged(
                &[("d/f", LINES)],
                &[("d/f", None), ("e/f", Some(&edited))],
                &[("d/f", Some(&other))]
            ),
            ["e/f: 56 54 57 | e/f | d/f"]
        );
        assert_eq!(
            staged(
                &[("f", LINES)],
                &[("f", None), ("g", Some(LINES))],
                &[("f", None), ("h", Some(LINES))]
            ),
            [
                "f: 56 - - | f g h | ",
                "g: - 56 - | f g h | ",
                "h: - - 56 | f g h | "
            ]
        );
        assert_eq!(
            staged(&[("x", "1")], &[("d", Some("1"))], &[("d/f", Some("1"))]),
            ["d: - 1 - | d | "]
        );
        assert_eq!(
            staged(
                &[("f", "\0a")],
                &[("f", Some("\0bb"))],
                &[("f", Some("\0ccc"))]
            ),
            ["f: Binary(2) Binary(3) Binary(4) | f | "]
        );
        assert_eq!(
            staged(&[("f", "a")], &[("f", Some("b"))], &[("g", Some("b"))]),
            [""; 0]
        );
    }
}
