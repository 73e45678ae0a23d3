//! What may be cleared away for good, and what stays because it is nowhere else, is in use, or is too young.

use std::time::Duration;

use super::time::format_duration;

/// What is known of one thing that could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facts<'a> {
    /// A worktree of a track.
    Worktree {
        landed: bool,
        /// Why it must not be taken away: as a sentence that starts with the thing.
        against: Option<&'a str>,
    },
    /// A worktree of the tool's own.
    Own {
        /// Somebody uses it now, and who.
        used_by: Option<&'a str>,
        /// It has been led elsewhere, or somebody is at work there: a sentence that starts with the thing.
        not_ours: Option<&'a str>,
        unused_for: Duration,
    },
    /// A removed worktree in the trash.
    Trash {
        age: Duration,
        /// It holds the repositories of submodules.
        submodules: bool,
        /// A repository of its own lies in it: where.
        nested: Option<&'a str>,
        /// What the commit that keeps its work lacks.
        incomplete: Option<&'a str>,
        /// A run is in the middle of something with it.
        under_way: bool,
    },
    /// Refs that keep what one operation replaced or removed.
    Refs {
        age: Duration,
        /// How many commits, that no round made, are on no branch, tag or remote-tracking branch.
        nowhere_else: usize,
    },
    /// Refs that hold the sides of a conflict for a worktree that is not there any more.
    Resolving,
    /// The candidate of a round that nobody waits for.
    Candidate {
        /// A round is at work.
        in_use: bool,
        age: Duration,
    },
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub older_than: Duration,
    /// Also what is nowhere else.
    pub unmerged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may go, and why.
    Goes(String),
    /// It stays, and why that is worth a word.
    Stays(String),
    /// It stays, as one would expect.
    Young,
}

/// Decides about one thing.
pub fn decide(facts: &Facts<'_>, limits: &Limits) -> Decision {
    let old = |age: Duration| age >= limits.older_than;
    let since = format_duration(limits.older_than);
    let goes = |why: &str| Decision::Goes(why.to_owned());
    let stays = |why: String| Decision::Stays(why);
    match *facts {
        Facts::Worktree { landed: false, .. } => Decision::Young,
        Facts::Worktree {
            against: Some(why), ..
        } => stays(format!("all of its work is in base, but it {why}")),
        Facts::Worktree { against: None, .. } => goes("all of its work is in base"),
        Facts::Own {
            not_ours: Some(why),
            ..
        } => stays(why.to_owned()),
        Facts::Own {
            used_by: Some(who), ..
        } => stays(format!("is in use by {who}")),
        Facts::Own { unused_for, .. } if old(unused_for) => {
            Decision::Goes(format!("not used for {since}"))
        }
        Facts::Own { .. } => Decision::Young,
        Facts::Trash {
            under_way: true, ..
        } => stays("a killed run has left it on its way; `tracks init` goes on with it".to_owned()),
        Facts::Trash { age, .. } if !old(age) => Decision::Young,
        Facts::Trash {
            submodules: true, ..
        } => stays(
            "has repositories of submodules, which may hold what is nowhere else; delete it yourself"
                .to_owned(),
        ),
        Facts::Trash {
            nested: Some(path), ..
        } if !limits.unmerged => stays(format!(
            "has a repository of its own in it, {path}, which may hold what is nowhere else; `--unmerged` deletes it too"
        )),
        Facts::Trash {
            incomplete: Some(what),
            ..
        } if !limits.unmerged => stays(format!(
            "has work that is nowhere else: {what}; `--unmerged` deletes it too"
        )),
        Facts::Trash { .. } => Decision::Goes(format!("removed more than {since} ago")),
        Facts::Refs { age, .. } if !old(age) => Decision::Young,
        Facts::Refs { nowhere_else, .. } if nowhere_else > 0 && !limits.unmerged => stays(format!(
            "{nowhere_else} commit{} {} nowhere else; `--unmerged` drops {} too",
            if nowhere_else == 1 { "" } else { "s" },
            if nowhere_else == 1 { "is" } else { "are" },
            if nowhere_else == 1 { "it" } else { "them" },
        )),
        Facts::Refs { nowhere_else, .. } if nowhere_else > 0 => Decision::Goes(format!(
            "kept for more than {since}; {nowhere_else} of its commits {} nowhere else",
            if nowhere_else == 1 { "is" } else { "are" },
        )),
        Facts::Refs { .. } => Decision::Goes(format!("kept for more than {since}, and all of it is elsewhere")),
        Facts::Resolving => goes("nobody is resolving that conflict any more"),
        Facts::Candidate { in_use: true, .. } => stays("a round is at work".to_owned()),
        Facts::Candidate { age, .. } if old(age) => goes("no round waits for it"),
        Facts::Candidate { .. } => Decision::Young,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind() {
        const DAY: Duration = Duration::from_secs(86_400);
        let limits = Limits {
            older_than: 14 * DAY,
            unmerged: false,
        };
        let old = 14 * DAY;
        let young = 13 * DAY;
        let own = |used_by, not_ours, unused_for| Facts::Own {
            used_by,
            not_ours,
            unused_for,
        };
        let trash = |age, submodules, under_way| Facts::Trash {
            age,
            submodules,
            nested: None,
            incomplete: None,
            under_way,
        };
        let holds = |nested, incomplete| Facts::Trash {
            age: old,
            submodules: false,
            nested,
            incomplete,
            under_way: false,
        };
        let refs = |age, nowhere_else| Facts::Refs { age, nowhere_else };
        for (facts, expected) in [
            (
                Facts::Worktree {
                    landed: false,
                    against: None,
                },
                "young",
            ),
            (
                Facts::Worktree {
                    landed: true,
                    against: None,
                },
                "goes: all of its work is in base",
            ),
            (
                Facts::Worktree {
                    landed: true,
                    against: Some("has uncommitted work (1 new)"),
                },
                "stays: all of its work is in base, but it has uncommitted work (1 new)",
            ),
            (own(None, None, old), "goes: not used for 14d"),
            (own(None, None, young), "young"),
            (
                own(Some("tracks, process 7"), None, old),
                "stays: is in use by tracks, process 7",
            ),
            (
                own(None, Some("has been moved"), old),
                "stays: has been moved",
            ),
            (trash(old, false, false), "goes: removed more than 14d ago"),
            (trash(young, false, false), "young"),
            (trash(young, true, false), "young"),
            (
                trash(old, true, false),
                "stays: has repositories of submodules, which may hold what is nowhere else; delete it yourself",
            ),
            (
                trash(old, false, true),
                "stays: a killed run has left it on its way; `tracks init` goes on with it",
            ),
            (
                holds(Some("lib/own"), None),
                "stays: has a repository of its own in it, lib/own, which may hold what is nowhere else; `--unmerged` deletes it too",
            ),
            (
                holds(None, Some("x cannot be read")),
                "stays: has work that is nowhere else: x cannot be read; `--unmerged` deletes it too",
            ),
            (refs(young, 0), "young"),
            (
                refs(old, 0),
                "goes: kept for more than 14d, and all of it is elsewhere",
            ),
            (
                refs(old, 1),
                "stays: 1 commit is nowhere else; `--unmerged` drops it too",
            ),
            (
                refs(old, 3),
                "stays: 3 commits are nowhere else; `--unmerged` drops them too",
            ),
            (
                Facts::Candidate {
                    in_use: true,
                    age: old,
                },
                "stays: a round is at work",
            ),
            (
                Facts::Candidate {
                    in_use: false,
                    age: old,
                },
                "goes: no round waits for it",
            ),
            (
                Facts::Candidate {
                    in_use: false,
                    age: young,
                },
                "young",
            ),
        ] {
            let said = match decide(&facts, &limits) {
                Decision::Goes(why) => format!("goes: {why}"),
                Decision::Stays(why) => format!("stays: {why}"),
                Decision::Young => "young".to_owned(),
            };
            assert_eq!(said, expected, "{facts:?}");
        }
        let unmerged = Limits {
            unmerged: true,
            ..limits
        };
        let expected = "kept for more than 14d; 3 of its commits are nowhere else".to_owned();
        assert_eq!(decide(&refs(old, 3), &unmerged), Decision::Goes(expected));
        assert_eq!(decide(&refs(young, 3), &unmerged), Decision::Young);
        for facts in [holds(Some("own"), None), holds(None, Some("x"))] {
            assert!(matches!(decide(&facts, &unmerged), Decision::Goes(_)));
        }
    }
}
