//! How a conflict is resolved without anybody: which side a rule takes, whether a result may count, what somebody has
//! resolved before and by what it is found again.

mod foreseen;
mod key;
mod record;
mod side;
mod sound;

pub use foreseen::{ByRule, foreseen_by_rule};
pub use key::{HunkKey, PathKey, SideDigest, hunk_key, path_key, side_digest};
pub use record::{Decision, Entry, Fixed, Proof, Record, RecordKind, decided, recorded};
pub use side::{Facts, Pick, has_sides, owner_of, pick};
pub use sound::{Loss, lost_lines, stray_marker};

use super::revision::BlobId;

/// One version of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// As in a tree: `0o100644` …
    pub mode: u32,
    /// A submodule's commit where the mode says so.
    pub id: BlobId,
}

impl Version {
    pub fn is_regular(self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

impl From<crate::domain::merge::Entry> for Version {
    fn from(entry: crate::domain::merge::Entry) -> Self {
        use crate::domain::merge::Mode;
        Version {
            mode: match entry.mode {
                Mode::File => 0o100_644,
                Mode::Executable => 0o100_755,
                Mode::Link => 0o120_000,
                Mode::Submodule => 0o160_000,
            },
            id: entry.id,
        }
    }
}

/// What one path is in the merge base, in ours and in theirs; `None`: it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sides {
    pub base: Option<Version>,
    pub ours: Option<Version>,
    pub theirs: Option<Version>,
}

impl Sides {
    /// The mode that a merge of contents gets; `chosen` says where both changed it.
    pub fn merged_mode(&self, chosen: Option<Pick>) -> Option<u32> {
        let mode = |version: Option<Version>| version.map(|version| version.mode);
        let (base, ours, theirs) = (mode(self.base), mode(self.ours), mode(self.theirs));
        match chosen {
            _ if ours == theirs => ours,
            _ if base.is_some() && base == ours => theirs,
            _ if base.is_some() && base == theirs => ours,
            Some(Pick::Ours) => ours,
            Some(Pick::Theirs) => theirs,
            None => None,
        }
    }

    /// Whether all there is are ordinary files, and both sides have one.
    pub fn are_files(&self) -> bool {
        let all = [self.base, self.ours, self.theirs];
        self.ours.is_some()
            && self.theirs.is_some()
            && all.into_iter().flatten().all(Version::is_regular)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_merged_as_contents_are() {
        let version = |mode: u32| {
            (mode > 0).then(|| Version {
                mode,
                id: BlobId::from_hex(&"1".repeat(40)).unwrap(),
            })
        };
        let (plain, exec) = (0o100_644, 0o100_755);
        for (base, ours, theirs, chosen, expected) in [
            (plain, plain, plain, None, Some(plain)),
            (plain, exec, plain, Some(Pick::Theirs), Some(exec)),
            (plain, plain, exec, Some(Pick::Ours), Some(exec)),
            (plain, exec, exec, None, Some(exec)),
            (0, plain, exec, None, None),
            (0, plain, exec, Some(Pick::Theirs), Some(exec)),
            (0, plain, exec, Some(Pick::Ours), Some(plain)),
        ] {
            let sides = Sides {
                base: version(base),
                ours: version(ours),
                theirs: version(theirs),
            };
            assert_eq!(
                sides.merged_mode(chosen),
                expected,
                "{base:o} {ours:o} {theirs:o}"
            );
        }
    }
}
