//! The landing order: a topological order of `depends_on` with priorities.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use crate::domain::name::TrackId;
use crate::domain::project::Track;

/// A cycle in `depends_on`, as the ids along it; the first is repeated at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<TrackId>);

/// Every track after the tracks it depends on; among those that are free to go, the higher priority first, then the
/// order of the file. A dependency that is not among `tracks` is taken as met.
///
/// # Errors
/// When `depends_on` has a cycle.
pub fn landing_order(tracks: &[Track]) -> Result<Vec<TrackId>, Cycle> {
    let needs = needs(tracks);
    let mut needed_by = vec![Vec::new(); tracks.len()];
    for (track, needs) in needs.iter().enumerate() {
        for &need in needs {
            needed_by[need].push(track);
        }
    }
    let mut unmet: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let rank = |track: usize| (tracks[track].priority, Reverse(track));
    let mut free: BinaryHeap<_> = (0..tracks.len())
        .filter(|&track| unmet[track] == 0)
        .map(rank)
        .collect();
    let mut order = Vec::with_capacity(tracks.len());
    while let Some((_, Reverse(track))) = free.pop() {
        order.push(tracks[track].id.clone());
        for &dependent in &needed_by[track] {
            unmet[dependent] -= 1;
            if unmet[dependent] == 0 {
                free.push(rank(dependent));
            }
        }
    }
    match unmet.iter().position(|&unmet| unmet > 0) {
        None => Ok(order),
        Some(stuck) => Err(cycle(tracks, &needs, &unmet, stuck)),
    }
}

/// By track, the tracks that it depends on, as indices.
fn needs(tracks: &[Track]) -> Vec<BTreeSet<usize>> {
    let index: HashMap<&TrackId, usize> = (tracks.iter().enumerate())
        .map(|(index, track)| (&track.id, index))
        .collect();
    tracks
        .iter()
        .map(|track| {
            track
                .tracks_needed()
                .filter_map(|id| index.get(id).copied())
                .collect()
        })
        .collect()
}

/// Follows unmet needs from a track that never became free; they lead into a cycle.
fn cycle(tracks: &[Track], needs: &[BTreeSet<usize>], unmet: &[usize], stuck: usize) -> Cycle {
    let mut path = vec![stuck];
    let mut at = stuck;
    while let Some(&next) = needs[at].iter().find(|&&need| unmet[need] > 0) {
        if let Some(start) = path.iter().position(|&seen| seen == next) {
            path.drain(..start);
            path.push(next);
            break;
        }
        path.push(next);
        at = next;
    }
    Cycle(
        path.into_iter()
            .map(|track| tracks[track].id.clone())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::project::fixture;

    /// Tracks written as `id`, `id+PRIORITY`, `id<need,need`.
    fn tracks(text: &str) -> Vec<Track> {
        text.split_whitespace()
            .map(|word| {
                let (head, needs) = word.split_once('<').unwrap_or((word, ""));
                let (id, priority) = head.split_once('+').unwrap_or((head, "0"));
                let mut track = fixture::track(id);
                track.priority = priority.parse().unwrap();
                track.depends_on = fixture::depends_on(needs);
                track
            })
            .collect()
    }

    fn words(ids: &[TrackId]) -> String {
        ids.iter()
            .map(TrackId::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn orders() {
        for (given, expected) in [
            ("", ""),
            ("b a c", "b a c"),
            ("a b+5 c+-1 d", "b a d c"),
            ("a<c b c", "b c a"),
            ("a+9<c b+5 c", "b c a"),
            ("a<b b<c c d+1", "d c b a"),
            ("a<b,b,x b", "b a"),
            ("a<c b<c c", "c a b"),
        ] {
            let order = landing_order(&tracks(given)).unwrap();
            assert_eq!(words(&order), expected, "{given}");
        }
    }

    #[test]
    fn cycles() {
        for (given, expected) in [
            ("a<a", "a a"),
            ("a<b b<a", "a b a"),
            ("x<a a<b b<c c<a y", "a b c a"),
            ("x<y,z y z<w w<z", "z w z"),
        ] {
            let Cycle(ids) = landing_order(&tracks(given)).unwrap_err();
            assert_eq!(words(&ids), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn dependencies_go_first_and_everybody_goes(
            given in prop::collection::vec((-2_i64..3, prop::collection::vec(0_usize..10, 0..3)), 0..10)
        ) {
            let count = given.len();
            let tracks: Vec<Track> = (given.into_iter().enumerate())
                .map(|(index, (priority, needs))| {
                    let mut track = fixture::track(&format!("t{index}"));
                    track.priority = priority;
                    // Only on tracks further down, so that there is no cycle.
                    let needs: Vec<String> =
                        needs.iter().map(|need| format!("t{}", index + 1 + need)).collect();
                    track.depends_on = fixture::depends_on(&needs.join(","));
                    track
                })
                .collect();
            let order = landing_order(&tracks).unwrap();
            prop_assert_eq!(order.len(), count);
            let place = |id: &TrackId| order.iter().position(|other| other == id);
            for track in &tracks {
                prop_assert!(place(&track.id).is_some());
                for need in track.tracks_needed().filter(|need| place(need).is_some()) {
                    prop_assert!(place(need) < place(&track.id));
                }
            }
        }
    }
}
