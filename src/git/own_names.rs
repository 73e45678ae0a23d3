//! The paths of conflicts under the names that people know.

use std::collections::BTreeMap;

use crate::domain::merge::{Conflict, ConflictType};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;

/// The names under which git knows the two sides of a merge, at the end of a path that it made up.
pub(super) struct Suffixes([Vec<u8>; 2]);

impl Suffixes {
    pub(super) fn of(sides: [CommitId; 2]) -> Self {
        Suffixes(sides.map(|side| format!("~{side}").into_bytes()))
    }

    pub(super) fn own_name(&self, path: &RepoPath) -> RepoPath {
        own_name(path, &self.0)
    }
}

/// Where a file is in the way of a directory, git moves it to `PATH~SIDE`, and the side is a commit of ours that nobody
/// knows. The conflict is about `PATH`.
pub(super) fn under_their_own_names(
    sides: (CommitId, CommitId),
    conflicts: Vec<Conflict>,
) -> Vec<Conflict> {
    let suffixes = Suffixes::of([sides.0, sides.1]);
    let mut by_path: BTreeMap<RepoPath, Conflict> = BTreeMap::new();
    for mut conflict in conflicts {
        conflict.path = suffixes.own_name(&conflict.path);
        match by_path.get_mut(&conflict.path) {
            None => {
                by_path.insert(conflict.path.clone(), conflict);
            }
            Some(known) => {
                let new = |kind: &ConflictType| !known.types.contains(kind);
                let more: Vec<_> = conflict.types.into_iter().filter(new).collect();
                known.types.extend(more);
                known.regions.extend(conflict.regions);
            }
        }
    }
    by_path.into_values().collect()
}

fn own_name(path: &RepoPath, suffixes: &[Vec<u8>]) -> RepoPath {
    let bytes = path.as_bytes();
    // Where that name is taken too, git appends a number: `PATH~SIDE_0`.
    let number = bytes
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let unnumbered = bytes[..bytes.len() - number].strip_suffix(b"_");
    let stripped = suffixes.iter().find_map(|suffix| {
        bytes
            .strip_suffix(suffix.as_slice())
            .or_else(|| unnumbered?.strip_suffix(suffix.as_slice()))
    });
    stripped.map_or_else(|| path.clone(), RepoPath::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_makes_up_are_taken_back() {
        let id = |digit: &str| CommitId::from_hex(&digit.repeat(40)).unwrap();
        let (ours, theirs) = (id("a"), id("b"));
        let suffixes = [ours, theirs].map(|side| format!("~{side}").into_bytes());
        for (path, expected) in [
            (format!("d/f~{ours}"), "d/f".to_owned()),
            (format!("f~{theirs}_12"), "f".to_owned()),
            (format!("f~{}", id("c")), format!("f~{}", id("c"))),
            (format!("f~{ours}x"), format!("f~{ours}x")),
            ("f_12".to_owned(), "f_12".to_owned()),
        ] {
            assert_eq!(
                own_name(&RepoPath::new(path), &suffixes),
                RepoPath::new(expected)
            );
        }
        let conflict = |path: String, kind: ConflictType| Conflict {
            path: RepoPath::new(path),
            types: vec![kind],
            regions: Vec::new(),
        };
        let merged = under_their_own_names(
            (ours, theirs),
            vec![
                conflict(format!("f~{ours}"), ConflictType::contents()),
                conflict("f".to_owned(), ConflictType::add_add()),
            ],
        );
        assert_eq!(merged.len(), 1);
        assert_eq!(
            merged[0].types,
            [ConflictType::contents(), ConflictType::add_add()]
        );
    }
}
