//! The landing order in which the fewest tracks have to be resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::clean_set::{Candidates, largest_clean_set};
use crate::domain::name::{Side, TrackId};

/// What [`fewest_conflicts`] decides about.
#[derive(Debug, Clone)]
pub struct Landing<'a> {
    /// Every track once; in any order.
    pub tracks: &'a [TrackId],
    pub priority: &'a BTreeMap<TrackId, i64>,
    /// Without a cycle, or what is in one comes last.
    pub depends_on: &'a BTreeMap<TrackId, BTreeSet<TrackId>>,
    /// Pairs that are not known to merge clean: two tracks, or a track and base. Others are ignored.
    pub conflicts: &'a [(Side, Side)],
}

/// An order, and what it leaves to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandingOrder {
    pub tracks: Vec<TrackId>,
    /// The tracks that do not land as they are, in landing order; each with what has landed by then that it conflicts with.
    pub to_resolve: Vec<(TrackId, Vec<Side>)>,
    /// Whether no order that keeps to priorities has fewer tracks to resolve. False where it could not be proven.
    pub exact: bool,
}

/// The order in which the fewest tracks have to be resolved.
///
/// Who lands later resolves: every conflicting pair costs its later track something, whatever the order, so the number of
/// pairs is no measure. The number of tracks that cannot land as they are is: one that conflicts with five others is
/// resolved once if it lands after them, and has five others resolved if it lands before them.
///
/// At any time those may land that everything they depend on has landed before, and that share the highest priority among
/// them; what they depend on and is not among the tracks is taken as met. Of these land, and then it is asked again who may:
///
/// 1. all that conflict with nobody, neither base nor any track; if there are none,
/// 2. the largest set (see [`largest_clean_set`]) of those that conflict neither with what has landed nor with each other,
///    first those that conflict with the fewest of those still to land; if there are none,
/// 3. the one that conflicts with the fewest of those landed by then, and among equals with the fewest of those still to
///    land.
///
/// Ties by name. Where nothing that conflicts depends or is depended on, this gives the least possible number of tracks to
/// resolve as long as higher priorities land first, provided that the search for the sets was exhaustive (hundreds of
/// tracks, where conflicts come from files that many change). Otherwise it is greedy, and `exact` is false.
pub fn fewest_conflicts(landing: &Landing<'_>) -> LandingOrder {
    let mut run = Run::new(landing);
    while !run.waiting.is_empty() {
        run.land_some();
    }
    LandingOrder {
        exact: run.exact,
        tracks: run.order.into_iter().cloned().collect(),
        to_resolve: run.to_resolve,
    }
}

/// A landing in progress.
struct Run<'a> {
    landing: &'a Landing<'a>,
    /// Not landed yet, by name.
    waiting: BTreeSet<&'a TrackId>,
    order: Vec<&'a TrackId>,
    /// By track: the tracks it conflicts with.
    rivals: BTreeMap<&'a TrackId, BTreeSet<&'a TrackId>>,
    against_base: BTreeSet<&'a TrackId>,
    to_resolve: Vec<(TrackId, Vec<Side>)>,
    exact: bool,
}

impl<'a> Run<'a> {
    fn new(landing: &'a Landing<'a>) -> Self {
        let waiting: BTreeSet<&TrackId> = landing.tracks.iter().collect();
        let mut rivals: BTreeMap<&TrackId, BTreeSet<&TrackId>> = BTreeMap::new();
        let mut against_base = BTreeSet::new();
        for pair in landing.conflicts {
            match pair {
                (Side::Track(a), Side::Track(b)) if waiting.contains(a) && waiting.contains(b) => {
                    rivals.entry(a).or_default().insert(b);
                    rivals.entry(b).or_default().insert(a);
                }
                (Side::Base, Side::Track(track)) | (Side::Track(track), Side::Base) => {
                    against_base.insert(track);
                }
                _ => {}
            }
        }
        let in_conflict = |id: &TrackId| rivals.contains_key(id);
        // A track that waits for another may take the place in a group that would have been the better one.
        let exact = !landing.depends_on.iter().any(|(track, needs)| {
            waiting.contains(track)
                && needs.iter().any(|need| waiting.contains(need))
                && (in_conflict(track) || needs.iter().any(in_conflict))
        });
        Run {
            landing,
            waiting,
            order: Vec::new(),
            rivals,
            against_base,
            to_resolve: Vec::new(),
            exact,
        }
    }

    fn land_some(&mut self) {
        let may_land = self.may_land();
        let free = |id: &&&TrackId| self.has_no_conflict(id);
        let mut next: Vec<&TrackId> = may_land.iter().filter(free).copied().collect();
        if next.is_empty() {
            next = self.largest_clean(&may_land);
            next.sort_by_key(|id| (self.still_to_land(id), *id));
        }
        if next.is_empty() {
            let cost = |id: &'a TrackId| (self.met(id).len(), self.still_to_land(id), id);
            next.extend(may_land.into_iter().min_by_key(|id| cost(id)));
        }
        for track in next {
            self.land(track);
        }
    }

    /// By name.
    fn may_land(&self) -> Vec<&'a TrackId> {
        let needs = |id: &TrackId| self.landing.depends_on.get(id).into_iter().flatten();
        let is_free = |id: &&&TrackId| !needs(id).any(|need| self.waiting.contains(need));
        let priority = |id: &TrackId| self.landing.priority.get(id).copied().unwrap_or(0);
        let free: Vec<&TrackId> = self.waiting.iter().filter(is_free).copied().collect();
        match free.iter().map(|id| priority(id)).max() {
            Some(highest) => (free.into_iter())
                .filter(|id| priority(id) == highest)
                .collect(),
            None => self.waiting.iter().copied().collect(),
        }
    }

    /// The most of these that conflict neither with what has landed nor with each other.
    fn largest_clean(&mut self, of: &[&'a TrackId]) -> Vec<&'a TrackId> {
        let fits: Vec<TrackId> = of
            .iter()
            .filter(|id| self.met(id).is_empty())
            .map(|id| (*id).clone())
            .collect();
        let pairs: Vec<BTreeSet<TrackId>> = fits
            .iter()
            .flat_map(|a| {
                let later = self.rivals.get(a).into_iter().flatten();
                let later = later.filter(move |b| a < **b);
                later.map(|b| BTreeSet::from([a.clone(), (*b).clone()]))
            })
            .collect();
        let set = largest_clean_set(&Candidates {
            tracks: &fits,
            priority: &BTreeMap::new(),
            depends_on: &BTreeMap::new(),
            conflicts: &pairs,
        });
        self.exact &= set.exact;
        let chosen = |id: &&&TrackId| set.tracks.contains(id);
        of.iter().filter(chosen).copied().collect()
    }

    fn land(&mut self, track: &'a TrackId) {
        let met = self.met(track);
        if !met.is_empty() {
            self.to_resolve.push((track.clone(), met));
        }
        self.waiting.remove(track);
        self.order.push(track);
    }

    fn has_no_conflict(&self, track: &TrackId) -> bool {
        !self.rivals.contains_key(track) && !self.against_base.contains(track)
    }

    /// What has landed that the track conflicts with.
    fn met(&self, track: &TrackId) -> Vec<Side> {
        let base = self.against_base.contains(track).then_some(Side::Base);
        let rivals = self.rivals.get(track).into_iter().flatten();
        let landed = rivals.filter(|rival| !self.waiting.contains(*rival));
        (base.into_iter())
            .chain(landed.map(|rival| Side::Track((*rival).clone())))
            .collect()
    }

    /// How many the track conflicts with that have not landed.
    fn still_to_land(&self, track: &TrackId) -> usize {
        let rivals = self.rivals.get(track).into_iter().flatten();
        rivals.filter(|rival| self.waiting.contains(*rival)).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(name: &str) -> TrackId {
        TrackId::new(name).unwrap()
    }

    /// `a+2<b,c` is a track with a priority and what it depends on, `a-b` a conflict, `a-base` one with base.
    fn order_of(text: &str) -> LandingOrder {
        let mut tracks = Vec::new();
        let mut priority = BTreeMap::new();
        let mut depends_on = BTreeMap::new();
        let mut conflicts = Vec::new();
        for word in text.split_whitespace() {
            if let Some((a, b)) = word.split_once('-') {
                let b = match b {
                    "base" => Side::Base,
                    b => Side::Track(id(b)),
                };
                conflicts.push((Side::Track(id(a)), b));
                continue;
            }
            let (head, needs) = word.split_once('<').unwrap_or((word, ""));
            let (name, rank) = head.split_once('+').unwrap_or((head, "0"));
            tracks.push(id(name));
            priority.insert(id(name), rank.parse().unwrap());
            let needs = needs.split(',').filter(|need| !need.is_empty());
            depends_on.insert(id(name), needs.map(id).collect());
        }
        fewest_conflicts(&Landing {
            tracks: &tracks,
            priority: &priority,
            depends_on: &depends_on,
            conflicts: &conflicts,
        })
    }

    /// The order, with what each has to be resolved with: `a b(a)`; a last `~` where it is not proven.
    fn shown(order: &LandingOrder) -> String {
        let mut words: Vec<String> = order
            .tracks
            .iter()
            .map(|track| {
                let met = order.to_resolve.iter().find(|(of, _)| of == track);
                let met = met.map(|(_, sides)| {
                    let sides: Vec<String> = sides.iter().map(Side::to_string).collect();
                    format!("({})", sides.join(","))
                });
                format!("{track}{}", met.unwrap_or_default())
            })
            .collect();
        if !order.exact {
            words.push("~".to_owned());
        }
        words.join(" ")
    }

    #[test]
    fn orders() {
        for (given, expected) in [
            ("", ""),
            ("b c a", "a b c"),
            ("a b a-b", "a b(a)"),
            ("c b a b-a", "c a b(a)"),
            // Whom many conflict with goes last: one resolution for three.
            ("a x y z a-x a-y a-z", "x y z a(x,y,z)"),
            // By priority it does not, and three have to be resolved.
            ("a+1 x y z a-x a-y a-z", "a x(a) y(a) z(a)"),
            ("x y+1 z x-y", "y z x(y)"),
            ("a<b b c", "b c a"),
            // What is depended on goes first, and the proof is given up where that is in conflict.
            ("x<a a y z a-x a-y a-z", "y z a(y,z) x(a) ~"),
            ("a<b b c d a-c", "b d a c(a) ~"),
            ("a<b b c d c-d", "b a c d(c)"),
            ("a b a-base", "b a(base)"),
            ("a b c a-base a-b a-c", "b c a(base,b,c)"),
            // Of a chain every second one.
            ("a b c d e a-b b-c c-d d-e", "a e c b(a,c) d(c,e)"),
            ("a b c a-b b-c a-c", "a b(a) c(a,b)"),
            // Nobody here is missed, and a cycle is not waited for.
            ("a<x b a-q", "a b"),
            ("a<b b<a c", "c a b"),
            ("a+1<b b c", "b c a"),
            ("a+1<b b c+1", "c b a"),
        ] {
            assert_eq!(shown(&order_of(given)), expected, "{given}");
        }
    }

    #[test]
    fn a_pair_that_is_not_between_these_is_ignored() {
        let (a, b) = (id("a"), id("b"));
        let order = fewest_conflicts(&Landing {
            tracks: &[a.clone(), b.clone()],
            priority: &BTreeMap::new(),
            depends_on: &BTreeMap::new(),
            conflicts: &[
                (Side::Integration, Side::Track(a.clone())),
                (Side::Track(b.clone()), Side::Track(id("gone"))),
            ],
        });
        assert_eq!(shown(&order), "a b");
    }

    fn resolved(order: &[usize], conflicts: &BTreeSet<(usize, usize)>) -> usize {
        let meets = |a: &usize, b: &usize| conflicts.contains(&(*a.min(b), *a.max(b)));
        (0..order.len())
            .filter(|&at| order[..at].iter().any(|earlier| meets(earlier, &order[at])))
            .count()
    }

    fn permutations(of: usize) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for next in 0..of {
            all = (all.iter())
                .flat_map(|order: &Vec<usize>| {
                    (0..=order.len()).map(move |at| {
                        let mut order = order.clone();
                        order.insert(at, next);
                        order
                    })
                })
                .collect();
        }
        all
    }

    proptest! {
        #[test]
        fn no_order_has_fewer_to_resolve(
            count in 0_usize..7,
            ranks in prop::collection::vec(0_i64..2, 7),
            pairs in prop::collection::btree_set((0_usize..7, 0_usize..7), 0..12),
        ) {
            let pairs: BTreeSet<(usize, usize)> = (pairs.into_iter())
                .filter(|(a, b)| a < b && *b < count)
                .collect();
            let name = |track: usize| id(&format!("t{track}"));
            let side = |track: usize| Side::Track(name(track));
            let tracks: Vec<TrackId> = (0..count).map(name).collect();
            let order = fewest_conflicts(&Landing {
                tracks: &tracks,
                priority: &(0..count).map(|track| (name(track), ranks[track])).collect(),
                depends_on: &BTreeMap::new(),
                conflicts: &pairs.iter().map(|(a, b)| (side(*a), side(*b))).collect::<Vec<_>>(),
            });
            prop_assert!(order.exact);
            let falls = |order: &&Vec<usize>| order.is_sorted_by_key(|track| -ranks[*track]);
            let least = permutations(count)
                .iter()
                .filter(falls)
                .map(|order| resolved(order, &pairs))
                .min();
            prop_assert_eq!(Some(order.to_resolve.len()), least);
            let places: Vec<usize> = (order.tracks.iter())
                .filter_map(|id| tracks.iter().position(|other| other == id))
                .collect();
            prop_assert!(falls(&&places));
            prop_assert_eq!(resolved(&places, &pairs), order.to_resolve.len());
        }
    }
}
