//! Whether two tracks' versions of one file fit together.

use std::collections::BTreeSet;

use super::{Break, Outcome};

/// What is compared: two sides, what each began with, and what a merge makes of them where that is clean.
#[derive(Debug, Clone, Copy)]
pub struct Version<'v> {
    pub before: &'v [u8],
    pub after: &'v [u8],
}

/// What breaks between two sides, beyond what each has changed by itself.
///
/// Side by side, whatever only one of them has added or broken differs as well. So what counts of `theirs` against `ours` is what neither
/// shows against what it began with: both have added the same thing, or changed it, differently. Beyond that the merge must
/// break neither side, except by what the other breaks by itself.
pub fn between(
    ours: Version<'_>,
    theirs: Version<'_>,
    merged: Option<&[u8]>,
    compare: impl Fn(&[u8], &[u8]) -> Outcome,
) -> Outcome {
    let mut found: Vec<Break> = Vec::new();
    for (from, to) in [(theirs, ours), (ours, theirs)] {
        let known = match (
            compare(from.after, from.before),
            compare(to.before, to.after),
        ) {
            // That it cannot be read is told where it is compared with base.
            (Outcome::CouldNotRun(_), _) | (_, Outcome::CouldNotRun(_)) => {
                return Outcome::Compatible;
            }
            (a, b) => Known::of([a, b]),
        };
        let mut add = |outcome: Outcome, known: &Known| match outcome {
            Outcome::Breaking(breaks) => {
                for it in breaks.into_iter().filter(|it| !known.has(it)) {
                    if !found.iter().any(|earlier| earlier.at == it.at) {
                        found.push(it);
                    }
                }
                None
            }
            Outcome::Compatible => None,
            Outcome::CouldNotRun(why) => Some(why),
        };
        add(compare(from.after, to.after), &known);
        let Some(merged) = merged else { continue };
        let by_the_other = Known::of([compare(to.before, to.after)]);
        if add(compare(from.after, merged), &by_the_other).is_some() {
            let message = "each can be read, but not what a merge makes of both".to_owned();
            return Outcome::Breaking(vec![Break {
                at: String::new(),
                message,
                line: None,
            }]);
        }
    }
    Outcome::of(found)
}

struct Known(BTreeSet<(String, String)>);

impl Known {
    fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Known {
        let breaks = outcomes.into_iter().flat_map(|outcome| match outcome {
            Outcome::Breaking(breaks) => breaks,
            Outcome::Compatible | Outcome::CouldNotRun(_) => Vec::new(),
        });
        Known(breaks.map(|it| (it.at, it.message)).collect())
    }

    fn has(&self, it: &Break) -> bool {
        self.0.contains(&(it.at.clone(), it.message.clone()))
    }
}
