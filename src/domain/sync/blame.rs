//! Which of several tracks stays out where they are red only together.

use crate::domain::name::{CheckName, TrackId};
use crate::domain::project::Project;

use super::Plan;

/// Tracks whose work, together, turned a candidate red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// The check that fails, or the first of several.
    pub check: CheckName,
    /// In the order merged. One: it is red by itself.
    pub tracks: Vec<TrackId>,
    /// Which of them stays out, wholly or with its newest commits.
    pub loser: TrackId,
    /// Whether exactly these were seen to be red together.
    pub confirmed: bool,
    /// So many sets of tracks were judged to find it out.
    pub judged: usize,
}

/// The one of `tracks` that is cheapest to lose: not required, then of the lowest priority, then with the fewest tracks among
/// `remaining` that depend on it, then the last. `tracks` is in the order merged; `None` where it is empty.
pub fn cheapest<'t>(
    project: &Project,
    tracks: &'t [TrackId],
    remaining: &[TrackId],
) -> Option<&'t TrackId> {
    let cost = |track: &TrackId| {
        let required = project.integration.required.contains(track);
        let priority = project.track(track).map_or(0, |track| track.priority);
        let dependents = Plan::dependents(project, track, remaining).len();
        (required, priority, dependents)
    };
    tracks.iter().rev().min_by_key(|track| cost(track))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;

    #[test]
    fn who_goes() {
        // Tracks as `id+PRIORITY<need`, `!` for required; the tracks that are red together; who goes.
        for (tracks, red, loser) in [
            ("a b", "a b", "b"),
            ("a b+1", "a b", "a"),
            ("a+1 b", "a b", "b"),
            ("a b c<b", "a b", "a"),
            ("a b c<b d<c e<a", "a b", "a"),
            ("a b+-1 c<b", "a b", "b"),
            ("a b!", "a b", "a"),
            ("a+9 b+5!", "a b", "a"),
            ("a b c", "a b c", "c"),
            ("a", "a", "a"),
        ] {
            let mut project = fixture::project(&[]);
            for word in tracks.split_whitespace() {
                let (word, required) = match word.strip_suffix('!') {
                    Some(word) => (word, true),
                    None => (word, false),
                };
                let (head, needs) = word.split_once('<').unwrap_or((word, ""));
                let (id, priority) = head.split_once('+').unwrap_or((head, "0"));
                let mut track = fixture::track(id);
                track.priority = priority.parse().unwrap();
                track.depends_on = fixture::depends_on(needs);
                if required {
                    project.integration.required.push(track.id.clone());
                }
                project.tracks.push(track);
            }
            let ids = |text: &str| -> Vec<TrackId> {
                let ids = text.split_whitespace();
                ids.map(|id| TrackId::new(id).unwrap()).collect()
            };
            let all: Vec<TrackId> = project.tracks.iter().map(|t| t.id.clone()).collect();
            let red = ids(red);
            let found = cheapest(&project, &red, &all).map(TrackId::as_str);
            assert_eq!(found, Some(loser), "{tracks}");
        }
        assert_eq!(cheapest(&fixture::project(&[]), &[], &[]), None);
    }
}
