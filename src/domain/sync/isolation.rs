//! Who turned a green base into a red candidate, and with whom: a search over sets of tracks, in as few answers as possible.
//!
//! The tracks of a candidate are numbered in the order in which they are merged. A question is a set of them, merged onto base
//! in that order; the answer is whether the checks that failed are red on it. Every set is closed under what its tracks depend
//! on: without it a track cannot be expected to pass.

use std::collections::{BTreeMap, BTreeSet};

/// Tracks by their numbers.
pub type TrackSet = BTreeSet<usize>;

/// The search in a candidate whose base is green and whose whole is red.
///
/// The culprit is the last track of the smallest red prefix. If it is red on base by itself (with what it depends on), it is
/// alone; otherwise its partner is the last track of the smallest prefix that is red together with it, which is confirmed by
/// the two alone; if those are green, the next partner is searched in the same way until the set is red. Each bisection takes
/// about `log2 n` answers, a pair hence about `2 log2 n + 2`. No set is asked for twice.
#[derive(Debug, Clone)]
pub struct Isolation {
    /// By track: all that it depends on, transitively; earlier tracks only.
    needs: Vec<TrackSet>,
    /// So many questions may be asked at once.
    at_once: usize,
    known: BTreeMap<TrackSet, Option<bool>>,
}

/// Where the search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// What to find out next; never empty. The answers to all of them are needed.
    Ask(Vec<TrackSet>),
    Found(Culprits),
    /// An answer without which nobody can be named could not be found out.
    Lost,
}

/// The tracks that are red together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprits {
    /// The track whose merge exposed it.
    pub exposed_by: usize,
    /// With whom, ascending; none: it is red by itself.
    pub with: Vec<usize>,
    /// Whether exactly these, with what they depend on, were seen to be red, and green without any of them that the search
    /// found last. False where an answer could not be found out.
    pub confirmed: bool,
}

/// No answer yet, or none to be had.
enum Stop {
    Ask(Vec<TrackSet>),
    Lost,
}

impl Isolation {
    /// `needs`: by track, in the order merged, the earlier tracks that it depends on; at least one track. `at_once`: how many
    /// sets can be judged side by side.
    pub fn new(needs: &[Vec<usize>], at_once: usize) -> Self {
        let mut closed: Vec<TrackSet> = Vec::with_capacity(needs.len());
        for (track, direct) in needs.iter().enumerate() {
            let mut all = TrackSet::new();
            for &need in direct.iter().filter(|need| **need < track) {
                all.insert(need);
                all.extend(&closed[need]);
            }
            closed.push(all);
        }
        let whole = (0..needs.len()).collect();
        Isolation {
            needs: closed,
            at_once: at_once.max(1),
            known: BTreeMap::from([(TrackSet::new(), Some(false)), (whole, Some(true))]),
        }
    }

    /// Replays the search on what is known: it is cheap, and so there is no state that could disagree with the answers.
    pub fn search(&self) -> Search {
        match self.culprits() {
            Ok(culprits) => Search::Found(culprits),
            Err(Stop::Ask(sets)) => Search::Ask(sets),
            Err(Stop::Lost) => Search::Lost,
        }
    }

    /// Whether a set is red; `None` where that could not be found out (it does not merge, a check could not run).
    pub fn answer(&mut self, set: TrackSet, red: Option<bool>) {
        self.known.insert(set, red);
    }

    fn culprits(&self) -> Result<Culprits, Stop> {
        let nobody = TrackSet::new();
        let exposed_by = self.first_red(self.needs.len(), &nobody)?;
        let mut found = Culprits {
            exposed_by,
            with: Vec::new(),
            confirmed: false,
        };
        let mut together = self.with_needs(exposed_by);
        let mut before = exposed_by;
        loop {
            match self.red(&together) {
                Ok(true) => {
                    found.confirmed = true;
                    return Ok(found);
                }
                Ok(false) => {}
                // Who exposed it is known, and that is worth saying.
                Err(Stop::Lost) => return Ok(found),
                Err(ask) => return Err(ask),
            }
            // A set that is red although nothing is left to add cannot be: answers that contradict each other.
            if before == 0 {
                return Ok(found);
            }
            match self.first_red(before, &together) {
                Ok(partner) => {
                    together.extend(self.with_needs(partner));
                    found.with.insert(0, partner);
                    before = partner;
                }
                Err(Stop::Lost) => return Ok(found),
                Err(ask) => return Err(ask),
            }
        }
    }

    /// The last track of the smallest prefix that is red together with `others`, where the first `len` tracks are red with
    /// them and `others` alone are green.
    fn first_red(&self, len: usize, others: &TrackSet) -> Result<usize, Stop> {
        let (mut green, mut red) = (0, len);
        while red - green > 1 {
            let points = points(green, red, self.at_once);
            let sets: Vec<TrackSet> = points
                .iter()
                .map(|len| (0..*len).chain(others.iter().copied()).collect())
                .collect();
            // Two of them may be the same, where the tracks between are among the others.
            let unknown: BTreeSet<&TrackSet> = sets
                .iter()
                .filter(|set| !self.known.contains_key(*set))
                .collect();
            if !unknown.is_empty() {
                return Err(Stop::Ask(unknown.into_iter().cloned().collect()));
            }
            for (point, set) in points.into_iter().zip(&sets) {
                if self.red(set)? {
                    red = point;
                    break;
                }
                green = point;
            }
        }
        Ok(red - 1)
    }

    fn red(&self, set: &TrackSet) -> Result<bool, Stop> {
        match self.known.get(set) {
            Some(Some(red)) => Ok(*red),
            Some(None) => Err(Stop::Lost),
            None => Err(Stop::Ask(vec![set.clone()])),
        }
    }

    fn with_needs(&self, track: usize) -> TrackSet {
        let mut set = self.needs[track].clone();
        set.insert(track);
        set
    }
}

/// Up to `count` lengths strictly between, ascending, that split what lies between evenly.
fn points(green: usize, red: usize, count: usize) -> Vec<usize> {
    let between = red - green - 1;
    let count = count.min(between);
    (1..=count)
        .map(|number| green + (red - green) * number / (count + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ceil_log2(n: usize) -> usize {
        n.next_power_of_two().ilog2() as usize
    }

    /// Searches in a world where exactly these tracks together are red; what was found, and how many sets were asked for.
    fn run(needs: &[Vec<usize>], guilty: &TrackSet, at_once: usize) -> (Culprits, usize, usize) {
        let mut search = Isolation::new(needs, at_once);
        let (mut asked, mut rounds) = (BTreeSet::new(), 0);
        loop {
            match search.search() {
                Search::Ask(sets) => {
                    rounds += 1;
                    assert!(!sets.is_empty() && sets.len() <= at_once);
                    for set in sets {
                        for track in &set {
                            assert!(needs[*track].iter().all(|need| set.contains(need)));
                        }
                        assert!(asked.insert(set.clone()), "asked twice: {set:?}");
                        let red = guilty.is_subset(&set);
                        search.answer(set, Some(red));
                    }
                }
                Search::Found(culprits) => return (culprits, asked.len(), rounds),
                Search::Lost => panic!("every question was answered"),
            }
        }
    }

    fn worlds() -> impl Strategy<Value = (usize, TrackSet, usize)> {
        (1_usize..100).prop_flat_map(|n| {
            let guilty = prop::collection::btree_set(0..n, 1..=n.min(4));
            (Just(n), guilty, 1_usize..5)
        })
    }

    proptest! {
        #[test]
        fn finds_exactly_who_it_was((n, guilty, at_once) in worlds()) {
            let (found, asked, _) = run(&vec![Vec::new(); n], &guilty, at_once);
            let mut named: TrackSet = found.with.iter().copied().collect();
            named.insert(found.exposed_by);
            prop_assert_eq!(&named, &guilty);
            prop_assert!(found.confirmed);
            if at_once == 1 {
                let limit = guilty.len() * (ceil_log2(n + 1) + 1);
                prop_assert!(asked <= limit, "{} answers for {}", asked, n);
            }
        }

        #[test]
        fn what_tracks_depend_on_is_always_there(
            (n, guilty, at_once) in worlds(),
            seeds in prop::collection::vec(prop::option::of(0_usize..1000), 100)
        ) {
            let needs: Vec<Vec<usize>> = (0..n)
                .map(|track| seeds[track].filter(|_| track > 0).map(|seed| seed % track).into_iter().collect())
                .collect();
            let (found, ..) = run(&needs, &guilty, at_once);
            let search = Isolation::new(&needs, 1);
            let mut named = search.with_needs(found.exposed_by);
            for track in &found.with {
                named.extend(search.with_needs(*track));
            }
            prop_assert!(found.confirmed && guilty.is_subset(&named));
        }

        #[test]
        fn without_an_answer_nobody_is_made_up((n, guilty, at_once) in worlds(), lost in 0_usize..12) {
            let mut search = Isolation::new(&vec![Vec::new(); n], at_once);
            let mut count = 0;
            while let Search::Ask(sets) = search.search() {
                for set in sets {
                    let red = (count != lost).then(|| guilty.is_subset(&set));
                    search.answer(set, red);
                    count += 1;
                }
            }
            if let Search::Found(found) = search.search() {
                prop_assert_eq!(Some(&found.exposed_by), guilty.last());
                prop_assert!(found.with.iter().all(|track| guilty.contains(track)));
                prop_assert!(!found.confirmed || found.with.len() + 1 == guilty.len());
            }
        }
    }

    #[test]
    fn a_single_track_asks_nothing() {
        let (found, asked, _) = run(&[vec![]], &TrackSet::from([0]), 1);
        assert_eq!((found.exposed_by, found.with.len(), asked), (0, 0, 0));
    }

    #[test]
    fn a_pair_takes_two_bisections_and_is_confirmed() {
        for (n, limit) in [(8, 8), (16, 10), (32, 12)] {
            for a in 0..n {
                for b in a + 1..n {
                    let (found, asked, _) = run(&vec![Vec::new(); n], &TrackSet::from([a, b]), 1);
                    assert_eq!((found.exposed_by, &found.with[..]), (b, &[a][..]));
                    assert!(asked <= limit, "{asked} answers for {a} and {b} of {n}");
                }
            }
        }
    }

    #[test]
    fn side_by_side_it_takes_fewer_steps() {
        let guilty = TrackSet::from([11, 23]);
        let needs = vec![Vec::new(); 32];
        let (_, alone, steps_alone) = run(&needs, &guilty, 1);
        let (_, _, steps) = run(&needs, &guilty, 3);
        assert_eq!(alone, steps_alone);
        assert!(steps < steps_alone, "{steps} and {steps_alone}");
    }

    #[test]
    fn contradicting_answers_end_without_a_confirmation() {
        let mut search = Isolation::new(&[vec![], vec![]], 1);
        // The first track is green, both are red, and then the second is green with nothing before it that could matter.
        while let Search::Ask(sets) = search.search() {
            for set in sets {
                search.answer(set, Some(false));
            }
        }
        let Search::Found(found) = search.search() else {
            panic!("{search:?}");
        };
        assert_eq!(found.exposed_by, 1);
        assert_eq!(found.with, [0]);
        assert!(found.confirmed, "both together are the whole, which is red");
    }
}
