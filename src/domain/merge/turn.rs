//! What has turned between two matrices: cells that changed, and the edges from clean to conflict and back.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};

/// A cell that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub a: Side,
    pub b: Side,
    /// `None`: the pair was not there.
    pub before: Option<Verdict>,
    /// `None`: it is there no more.
    pub after: Option<Verdict>,
}

impl Turn {
    /// Whether it is more than other lines or paths of the same conflict.
    pub fn is_of_kind(&self) -> bool {
        let kind = |verdict: &Option<Verdict>| verdict.as_ref().map(std::mem::discriminant);
        kind(&self.before) != kind(&self.after)
    }
}

/// Every cell that differs, in the order of `after`, those that are gone last.
pub fn turns(before: &[Pair], after: &[Pair]) -> Vec<Turn> {
    let mut known: BTreeMap<(&Side, &Side), &Verdict> = BTreeMap::new();
    known.extend(before.iter().map(|pair| (sides(pair), &pair.verdict)));
    let mut turns = Vec::new();
    for pair in after {
        let before = known.remove(&sides(pair));
        if before != Some(&pair.verdict) {
            turns.push(Turn {
                a: pair.a.clone(),
                b: pair.b.clone(),
                before: before.cloned(),
                after: Some(pair.verdict.clone()),
            });
        }
    }
    let gone = before
        .iter()
        .filter(|pair| known.contains_key(&sides(pair)));
    turns.extend(gone.map(|pair| Turn {
        a: pair.a.clone(),
        b: pair.b.clone(),
        before: Some(pair.verdict.clone()),
        after: None,
    }));
    turns
}

fn sides(pair: &Pair) -> (&Side, &Side) {
    (&pair.a, &pair.b)
}

/// A verdict that was had: [`Verdict::Unavailable`] says nothing about what is the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Clean,
    Conflict,
}

impl Settled {
    pub fn of(verdict: &Verdict) -> Option<Settled> {
        match verdict {
            Verdict::Clean => Some(Settled::Clean),
            Verdict::Conflict(_) => Some(Settled::Conflict),
            Verdict::Unavailable(_) => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Settled::Clean => "clean",
            Settled::Conflict => "conflict",
        }
    }
}

/// The last verdict that was had of each pair.
pub type LastVerdicts = BTreeMap<(Side, Side), Settled>;

/// A pair that has turned from clean to conflict, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub a: Side,
    pub b: Side,
    pub after: Settled,
}

/// The edges from what was last known to these pairs, and what is known then. Where nothing was known at all, nothing has
/// turned; a pair that appears later was clean before, since a track that has nothing yet merges with everything. Pairs
/// that are not there now, or not to be had, keep their last verdict as long as their tracks exist.
pub fn edges(
    last: Option<&LastVerdicts>,
    pairs: &[Pair],
    tracks: &BTreeSet<TrackId>,
) -> (Vec<Edge>, LastVerdicts) {
    let exists = |side: &Side| match side {
        Side::Track(track) => tracks.contains(track),
        Side::Both(a, b) => tracks.contains(a) && tracks.contains(b),
        Side::Base | Side::Integration => true,
        Side::Part(_) => false,
    };
    let mut now = last.cloned().unwrap_or_default();
    now.retain(|(a, b), _| exists(a) && exists(b));
    let mut edges = Vec::new();
    for pair in pairs {
        let Some(after) = Settled::of(&pair.verdict) else {
            continue;
        };
        let key = (pair.a.clone(), pair.b.clone());
        let before = now.insert(key, after).unwrap_or(Settled::Clean);
        if last.is_some() && before != after {
            edges.push(Edge {
                a: pair.a.clone(),
                b: pair.b.clone(),
                after,
            });
        }
    }
    (edges, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::{Basis, Conflict, ConflictType};
    use crate::domain::path::RepoPath;

    fn conflict(path: &str) -> Verdict {
        Verdict::Conflict(vec![Conflict {
            path: RepoPath::new(path),
            types: vec![ConflictType::contents()],
            regions: Vec::new(),
        }])
    }

    fn unavailable() -> Verdict {
        Verdict::Unavailable("no".to_owned())
    }

    fn track(id: &str) -> Side {
        match id {
            "base" => Side::Base,
            id => Side::Track(TrackId::new(id).unwrap()),
        }
    }

    fn pair(a: &str, b: &str, verdict: Verdict) -> Pair {
        Pair {
            a: track(a),
            b: track(b),
            basis: Basis::Tips,
            verdict,
            merged: None,
        }
    }

    #[test]
    fn cells_that_changed() {
        let before = [
            pair("a", "b", Verdict::Clean),
            pair("a", "c", conflict("x")),
            pair("a", "d", conflict("x")),
            pair("b", "c", conflict("x")),
            pair("b", "d", Verdict::Clean),
        ];
        let after = [
            pair("base", "a", unavailable()),
            pair("a", "b", conflict("x")),
            pair("a", "c", Verdict::Clean),
            pair("a", "d", conflict("y")),
            pair("b", "c", conflict("x")),
        ];
        let turned: Vec<(String, bool)> = turns(&before, &after)
            .iter()
            .map(|turn| {
                let name = |verdict: &Option<Verdict>| verdict.as_ref().map(Settled::of);
                let shown = format!(
                    "{} {} {:?} {:?}",
                    turn.a,
                    turn.b,
                    name(&turn.before),
                    name(&turn.after)
                );
                (shown, turn.is_of_kind())
            })
            .collect();
        let expected = [
            ("base a None Some(None)", true),
            ("a b Some(Some(Clean)) Some(Some(Conflict))", true),
            ("a c Some(Some(Conflict)) Some(Some(Clean))", true),
            ("a d Some(Some(Conflict)) Some(Some(Conflict))", false),
            ("b d Some(Some(Clean)) None", true),
        ];
        assert_eq!(turned, expected.map(|(text, kind)| (text.to_owned(), kind)));
        assert!(turns(&after, &after).is_empty());
    }

    #[test]
    fn edges_only() {
        let tracks: BTreeSet<TrackId> = ["a", "b", "c"].map(|id| TrackId::new(id).unwrap()).into();
        let step = |last: &mut Option<LastVerdicts>, pairs: &[Pair]| -> Vec<String> {
            let (edges, now) = edges(last.as_ref(), pairs, &tracks);
            *last = Some(now);
            let show = |edge: &Edge| format!("{} {} {}", edge.a, edge.b, edge.after.as_str());
            edges.iter().map(show).collect()
        };
        let mut last = None;
        let ab = |verdict| [pair("a", "b", verdict)];
        let nothing: [&str; 0] = [];
        assert_eq!(
            step(&mut last, &ab(conflict("x"))),
            nothing,
            "the first look"
        );
        assert_eq!(step(&mut last, &ab(conflict("y"))), nothing);
        assert_eq!(step(&mut last, &ab(unavailable())), nothing);
        assert_eq!(step(&mut last, &ab(conflict("x"))), nothing);
        assert_eq!(step(&mut last, &[]), nothing);
        assert_eq!(step(&mut last, &ab(Verdict::Clean)), ["a b clean"]);
        assert_eq!(step(&mut last, &ab(Verdict::Clean)), nothing);
        assert_eq!(step(&mut last, &ab(conflict("x"))), ["a b conflict"]);
        let new = [
            pair("base", "c", Verdict::Clean),
            pair("a", "c", conflict("x")),
        ];
        assert_eq!(
            step(&mut last, &new),
            ["a c conflict"],
            "a pair that is new"
        );

        let only_a = BTreeSet::from([TrackId::new("a").unwrap()]);
        let (_, kept) = super::edges(last.as_ref(), &[], &only_a);
        assert_eq!(kept, LastVerdicts::new(), "of tracks that are gone");
    }
}
