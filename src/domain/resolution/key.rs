//! By what a recorded resolution is found again: by the contents that conflicted, whichever side they came from.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{Sides, Version};
use crate::domain::merge::Region;

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

digest_type!(
    /// Of the three versions of a path, the two sides in either order.
    PathKey
);
digest_type!(
    /// Of the conflicting lines of a path, the two sides in either order: a file that has changed elsewhere still has it.
    HunkKey
);
digest_type!(
    /// Of the conflicting lines of one side, with those of the base that they stand for.
    SideDigest
);

pub fn path_key(sides: &Sides) -> PathKey {
    let version = |version: Option<Version>| match version {
        Some(version) => format!("{:o} {}", version.mode, version.id),
        None => "absent".to_owned(),
    };
    let mut both = [version(sides.ours), version(sides.theirs)];
    both.sort();
    let [one, other] = both;
    let parts = [version(sides.base), one, other];
    PathKey(digest(parts.iter().map(String::as_bytes)))
}

/// `regions` are those of these three texts; `None` where there are none.
pub fn hunk_key(regions: &[Region], base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<HunkKey> {
    let [ours, theirs] =
        [Which::Ours(ours), Which::Theirs(theirs)].map(|side| side_digest_of(regions, base, &side));
    let mut both = [ours?, theirs?];
    both.sort();
    let [one, other] = both;
    Some(HunkKey(digest([one.0.as_bytes(), other.0.as_bytes()])))
}

/// By which the sides of two conflicts with the same [`HunkKey`] are told apart.
pub fn side_digest(
    regions: &[Region],
    base: &[u8],
    side: &[u8],
    is_ours: bool,
) -> Option<SideDigest> {
    let side = match is_ours {
        true => Which::Ours(side),
        false => Which::Theirs(side),
    };
    side_digest_of(regions, base, &side)
}

enum Which<'t> {
    Ours(&'t [u8]),
    Theirs(&'t [u8]),
}

fn side_digest_of(regions: &[Region], base: &[u8], side: &Which<'_>) -> Option<SideDigest> {
    if regions.is_empty() {
        return None;
    }
    let base: Vec<&[u8]> = lines(base).collect();
    let text = match side {
        Which::Ours(text) | Which::Theirs(text) => lines(text).collect::<Vec<_>>(),
    };
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for region in regions {
        let range = match side {
            Which::Ours(_) => &region.ours,
            Which::Theirs(_) => &region.theirs,
        };
        parts.push(part(&base, &region.base)?);
        parts.push(part(&text, range)?);
    }
    Some(SideDigest(digest(parts.iter().map(Vec::as_slice))))
}

fn part(lines: &[&[u8]], range: &Range<usize>) -> Option<Vec<u8>> {
    Some(lines.get(range.clone())?.concat())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// Each part after its length.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::revision::BlobId;

    fn version(mode: u32, digit: &str) -> Option<Version> {
        Some(Version {
            mode,
            id: BlobId::from_hex(&digit.repeat(40)).unwrap(),
        })
    }

    #[test]
    fn a_path_is_known_by_its_versions_in_either_order() {
        let (plain, exec) = (0o100_644, 0o100_755);
        let sides = |base, ours, theirs| Sides { base, ours, theirs };
        let (one, two, three) = (
            version(plain, "1"),
            version(plain, "2"),
            version(plain, "3"),
        );
        let key = path_key(&sides(one, two, three));
        assert_eq!(key, path_key(&sides(one, three, two)));
        for other in [
            sides(two, one, three),
            sides(None, two, three),
            sides(one, None, three),
            sides(one, two, None),
            sides(one, version(exec, "2"), three),
            sides(one, two, two),
        ] {
            assert_ne!(key, path_key(&other), "{other:?}");
        }
        assert_eq!(
            path_key(&sides(one, None, three)),
            path_key(&sides(one, three, None))
        );
    }

    #[test]
    fn hunks_are_known_wherever_they_stand() {
        let region = |at: usize| Region {
            ours: at..at + 1,
            theirs: at..at + 2,
            base: at..at + 1,
            at_end: false,
        };
        let (base, ours, theirs) = (b"1\n2\n3\n", b"1\na\n3\n", b"1\nb\nc\n3\n");
        let key = hunk_key(&[region(1)], base, ours, theirs).unwrap();
        let turned = Region {
            ours: 1..3,
            theirs: 1..2,
            ..region(1)
        };
        assert_eq!(hunk_key(&[turned], base, theirs, ours), Some(key.clone()));
        let elsewhere = hunk_key(
            &[region(2)],
            b"0\n1\n2\n3\n",
            b"0\n1\na\n3\n",
            b"0\n1\nb\nc\n3\n",
        );
        assert_eq!(elsewhere, Some(key.clone()));
        assert_ne!(
            hunk_key(&[region(1)], base, b"1\nx\n3\n", theirs),
            Some(key)
        );
        assert_eq!(hunk_key(&[], base, ours, theirs), None);
        assert_eq!(
            hunk_key(&[region(7)], base, ours, theirs),
            None,
            "not of these texts"
        );
        let [a, b] = [(ours.as_slice(), true), (theirs, false)]
            .map(|(text, is_ours)| side_digest(&[region(1)], base, text, is_ours).unwrap());
        assert_ne!(a, b);
    }
}
