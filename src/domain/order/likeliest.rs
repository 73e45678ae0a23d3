//! Which pairs of tracks are looked at first, where looking takes long.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;

/// Those first whose tracks change the most directories in common; otherwise the order stays.
///
/// `directories` are those that a track changes something in or below.
pub fn likeliest_first(
    pairs: &mut [(TrackId, TrackId)],
    directories: &BTreeMap<TrackId, BTreeSet<RepoPath>>,
) {
    let none = BTreeSet::new();
    let of = |track: &TrackId| directories.get(track).unwrap_or(&none);
    pairs.sort_by_cached_key(|(a, b)| Reverse(of(a).intersection(of(b)).count()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_more_directories_comes_first() {
        let id = |name: &str| TrackId::new(name).unwrap();
        let directories = [
            ("a", "src src/x"),
            ("b", "docs"),
            ("c", "src src/y"),
            ("d", "src src/x"),
        ]
        .map(|(track, directories)| {
            let directories = directories.split(' ').map(RepoPath::new).collect();
            (id(track), directories)
        });
        let mut pairs = ["a b", "a c", "a d", "b c", "c d"].map(|pair| {
            let (a, b) = pair.split_once(' ').unwrap();
            (id(a), id(b))
        });
        likeliest_first(&mut pairs, &BTreeMap::from(directories));
        let order = pairs.map(|(a, b)| format!("{a} {b}"));
        assert_eq!(order, ["a d", "a c", "c d", "a b", "b c"]);
    }
}
