//! What a track still lacks before it may enter the next round, and what people should do next.

use super::name::TrackId;

/// The observed facts about one track.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub track: &'a TrackId,
    pub has_branch: bool,
    pub has_worktree: bool,
    pub ahead: Option<usize>,
    pub behind: Option<usize>,
    pub dirty: bool,
    pub checks_failed: &'a [String],
    pub checks_unknown: &'a [String],
    pub conflicts_with_base: bool,
    pub collisions: &'a [TrackId],
    /// What refuses it by rules, each as a sentence; the worst first.
    pub broken: &'a [String],
    /// Contracts that it consumes and has not taken in as they are on base, each as a sentence.
    pub not_taken_in: &'a [String],
    /// Dependencies that are neither landed nor able to go before it.
    pub waiting_for: &'a [TrackId],
    /// What is declared of it keeps it out, with the reason.
    pub not_admitted: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    Blocked,
    Failing,
    Conflicting,
    Empty,
}

impl Readiness {
    pub fn as_str(self) -> &'static str {
        match self {
            Readiness::Ready => "ready",
            Readiness::Blocked => "blocked",
            Readiness::Failing => "failing",
            Readiness::Conflicting => "conflicting",
            Readiness::Empty => "empty",
        }
    }
}

/// The readiness, and in words what is missing, most pressing first.
///
/// What decides, from first to last: nothing to merge, a collision with anybody, a broken rule, a red check, something to wait for. A
/// track with uncommitted work only, or whose history could not be read, has nothing that a round could take and is
/// blocked. Uncommitted work beside commits and checks that have not run are missing, but keep nobody out.
pub fn judge(facts: &Facts<'_>) -> (Readiness, Vec<String>) {
    let obstacles = if !facts.has_branch || (facts.ahead == Some(0) && !facts.dirty) {
        vec![(Readiness::Empty, nothing_to_merge(facts))]
    } else {
        obstacles(facts)
    };
    let readiness = obstacles
        .first()
        .map_or(Readiness::Ready, |(readiness, _)| *readiness);
    let mut missing: Vec<String> = obstacles.into_iter().map(|(_, text)| text).collect();
    missing.extend(loose_ends(facts));
    (readiness, missing)
}

fn nothing_to_merge(facts: &Facts<'_>) -> String {
    match (facts.has_branch, facts.has_worktree) {
        (false, _) => "no branch yet: `tracks init` makes it".to_owned(),
        (true, false) => {
            "no commits of its own, and no worktree: `tracks init` makes it".to_owned()
        }
        (true, true) => "no commits of its own".to_owned(),
    }
}

/// What keeps a track with work out of the next round.
fn obstacles(facts: &Facts<'_>) -> Vec<(Readiness, String)> {
    let track = facts.track;
    let mut found = Vec::new();
    if facts.conflicts_with_base {
        found.push((
            Readiness::Conflicting,
            format!("conflicts with base: `tracks resolve {track}`"),
        ));
    }
    for other in facts.collisions {
        found.push((
            Readiness::Conflicting,
            format!("collides with {other}: `tracks conflicts {track} {other}`"),
        ));
    }
    if let Some((first, more)) = facts.broken.split_first() {
        let more = match more.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        found.push((
            Readiness::Failing,
            format!("{first}{more}: `tracks validate {track}`"),
        ));
    }
    if !facts.checks_failed.is_empty() {
        let checks = facts.checks_failed.join(", ");
        found.push((Readiness::Failing, format!("checks failed: {checks}")));
    }
    if !facts.waiting_for.is_empty() {
        let names: Vec<&str> = facts.waiting_for.iter().map(TrackId::as_str).collect();
        found.push((
            Readiness::Blocked,
            format!("waits for {}", names.join(", ")),
        ));
    }
    let blocked = |reason: &String| (Readiness::Blocked, reason.clone());
    found.extend(facts.not_admitted.as_ref().map(blocked));
    match facts.ahead {
        Some(0) => found.push((
            Readiness::Blocked,
            "no commits of its own: a round takes commits only".to_owned(),
        )),
        None => found.push((
            Readiness::Blocked,
            "what it has beyond base could not be determined".to_owned(),
        )),
        Some(_) => {}
    }
    found
}

/// What is missing, although it keeps nobody out.
fn loose_ends(facts: &Facts<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if facts.dirty {
        found.push("uncommitted work".to_owned());
    }
    if !facts.checks_unknown.is_empty() {
        let checks = facts.checks_unknown.join(", ");
        found.push(format!("checks not run: {checks}"));
    }
    found.extend(facts.not_taken_in.iter().cloned());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_and_what_is_missing() {
        let track = TrackId::new("a").unwrap();
        let others = [TrackId::new("b").unwrap(), TrackId::new("c").unwrap()];
        let checks = ["unit".to_owned(), "lint".to_owned()];
        let broken = ["OWN01 changes x".to_owned(), "MIG04 twice".to_owned()];
        let ready = Facts {
            track: &track,
            has_branch: true,
            has_worktree: true,
            ahead: Some(2),
            behind: Some(5),
            dirty: false,
            checks_failed: &[],
            checks_unknown: &[],
            conflicts_with_base: false,
            collisions: &[],
            broken: &[],
            not_taken_in: &[],
            waiting_for: &[],
            not_admitted: None,
        };
        let late = ["contract c has changed on base".to_owned()];
        let cases: [(Facts<'_>, Readiness, &[&str]); 17] = [
            (
                Facts {
                    not_taken_in: &late,
                    ..ready.clone()
                },
                Readiness::Ready,
                &["contract c has changed on base"],
            ),
            (ready.clone(), Readiness::Ready, &[]),
            (
                Facts {
                    broken: &broken,
                    checks_failed: &checks,
                    ..ready.clone()
                },
                Readiness::Failing,
                &[
                    "OWN01 changes x and 1 more: `tracks validate a`",
                    "checks failed: unit, lint",
                ],
            ),
            (
                Facts {
                    has_worktree: false,
                    ..ready.clone()
                },
                Readiness::Ready,
                &[],
            ),
            (
                Facts {
                    dirty: true,
                    checks_unknown: &checks,
                    ..ready.clone()
                },
                Readiness::Ready,
                &["uncommitted work", "checks not run: unit, lint"],
            ),
            (
                Facts {
                    has_branch: false,
                    has_worktree: false,
                    ahead: None,
                    ..ready.clone()
                },
                Readiness::Empty,
                &["no branch yet: `tracks init` makes it"],
            ),
            (
                Facts {
                    ahead: Some(0),
                    ..ready.clone()
                },
                Readiness::Empty,
                &["no commits of its own"],
            ),
            (
                Facts {
                    ahead: Some(0),
                    has_worktree: false,
                    ..ready.clone()
                },
                Readiness::Empty,
                &["no commits of its own, and no worktree: `tracks init` makes it"],
            ),
            (
                Facts {
                    ahead: Some(0),
                    collisions: &others,
                    waiting_for: &others,
                    checks_failed: &checks,
                    ..ready.clone()
                },
                Readiness::Empty,
                &["no commits of its own"],
            ),
            (
                Facts {
                    ahead: Some(0),
                    dirty: true,
                    ..ready.clone()
                },
                Readiness::Blocked,
                &[
                    "no commits of its own: a round takes commits only",
                    "uncommitted work",
                ],
            ),
            (
                Facts {
                    ahead: None,
                    ..ready.clone()
                },
                Readiness::Blocked,
                &["what it has beyond base could not be determined"],
            ),
            (
                Facts {
                    waiting_for: &others,
                    ..ready.clone()
                },
                Readiness::Blocked,
                &["waits for b, c"],
            ),
            (
                Facts {
                    checks_failed: &checks[..1],
                    checks_unknown: &checks[1..],
                    waiting_for: &others[..1],
                    ..ready.clone()
                },
                Readiness::Failing,
                &["checks failed: unit", "waits for b", "checks not run: lint"],
            ),
            (
                Facts {
                    not_admitted: Some("dropped".to_owned()),
                    checks_unknown: &checks[..1],
                    ..ready.clone()
                },
                Readiness::Blocked,
                &["dropped", "checks not run: unit"],
            ),
            (
                Facts {
                    collisions: &others[..1],
                    checks_failed: &checks[..1],
                    ..ready.clone()
                },
                Readiness::Conflicting,
                &[
                    "collides with b: `tracks conflicts a b`",
                    "checks failed: unit",
                ],
            ),
            (
                Facts {
                    conflicts_with_base: true,
                    ..ready.clone()
                },
                Readiness::Conflicting,
                &["conflicts with base: `tracks resolve a`"],
            ),
            (
                Facts {
                    conflicts_with_base: true,
                    collisions: &others,
                    dirty: true,
                    ahead: Some(0),
                    ..ready.clone()
                },
                Readiness::Conflicting,
                &[
                    "conflicts with base: `tracks resolve a`",
                    "collides with b: `tracks conflicts a b`",
                    "collides with c: `tracks conflicts a c`",
                    "no commits of its own: a round takes commits only",
                    "uncommitted work",
                ],
            ),
        ];
        for (facts, readiness, missing) in cases {
            let (found, words) = judge(&facts);
            assert_eq!(found, readiness, "{facts:?}");
            assert_eq!(words, missing, "{facts:?}");
        }
    }
}
