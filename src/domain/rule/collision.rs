//! Two tracks that git merges and that still cannot both land as they are: by the names and tables of migrations, or by what
//! becomes of a contract.

use std::collections::BTreeMap;

use super::{Finding, Rule, contract, migration};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;

/// What one of two tracks has against the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    pub code: &'static str,
    pub severity: Severity,
    /// Whose finding it is.
    pub track: TrackId,
    pub path: Option<RepoPath>,
    pub message: String,
}

/// The rules by which tracks collide. What is found by others between two tracks, one of them has done alone.
pub fn colliding() -> impl Iterator<Item = &'static Rule> {
    let families = [migration::RULES, contract::BETWEEN_TRACKS];
    families.into_iter().flatten().copied()
}

/// By the two tracks, of which the one that lands first stands first. `findings`: of each track, in landing order. Where
/// both have found the same, it is told of the later one, who has to give way.
pub fn collisions(
    findings: &[(TrackId, Vec<Finding>)],
) -> BTreeMap<(TrackId, TrackId), Vec<Collision>> {
    let place = |track: &TrackId| findings.iter().position(|(id, _)| id == track);
    let mut all: BTreeMap<(TrackId, TrackId), Vec<Collision>> = BTreeMap::new();
    // From the last track on, so that what the later one says is there first.
    for (track, of_track) in findings.iter().rev() {
        for finding in of_track.iter().filter(|finding| finding.excuse.is_none()) {
            let Some(other) = &finding.other else {
                continue;
            };
            let pair = match place(other) < place(track) {
                true => (other.clone(), track.clone()),
                false => (track.clone(), other.clone()),
            };
            let known = all.entry(pair).or_default();
            let same = |it: &Collision| it.code == finding.code && it.track == *other;
            if !known.iter().any(same) {
                known.push(Collision {
                    code: finding.code,
                    severity: finding.severity,
                    track: track.clone(),
                    path: finding.path.clone(),
                    message: finding.message.clone(),
                });
            }
        }
    }
    for of_pair in all.values_mut() {
        of_pair.sort_by_key(|it| (it.severity, it.code, it.path.clone()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule;

    #[test]
    fn both_say_the_same_once() {
        let [a, b, c] = ["a", "b", "c"].map(|id| TrackId::new(id).unwrap());
        let rule = rule::find("NAM01").unwrap();
        let found = |other: &TrackId, path: &str| {
            Finding::new(rule, format!("at {path}"), "fix")
                .with(other)
                .at(&RepoPath::new(path))
        };
        let alone = Finding::new(rule, "alone", "fix");
        let findings = [
            // In landing order, which need not be that of the names.
            (b.clone(), vec![found(&a, "of b"), alone.clone()]),
            (
                a.clone(),
                vec![found(&b, "of a"), found(&b, "more of a"), alone],
            ),
            (c.clone(), vec![found(&a, "of c").on_base()]),
        ];
        let all = collisions(&findings);
        let told: Vec<(String, Vec<&str>)> = all
            .iter()
            .map(|((first, second), of_pair)| {
                let told = of_pair.iter().map(|it| it.message.as_str());
                (format!("{first} {second}"), told.collect())
            })
            .collect();
        assert_eq!(
            told,
            [("b a".to_owned(), vec!["at more of a", "at of a"])],
            "{all:?}"
        );

        // Only the earlier one has something against the other.
        let findings = [(a.clone(), vec![found(&b, "of a")]), (b.clone(), vec![])];
        let all = collisions(&findings);
        assert_eq!(all[&(a.clone(), b)][0].track, a);
    }
}
