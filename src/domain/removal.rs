//! What stands against taking a worktree away, or a branch, or bringing one back.

use super::change::{Dirty, Unfinished};

/// Why something stays as it is, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Continues a sentence that starts with the thing: "has uncommitted work (1 new)".
    pub why: String,
    pub fix: String,
}

fn refusal(why: impl Into<String>, fix: impl Into<String>) -> Option<Refusal> {
    Some(Refusal {
        why: why.into(),
        fix: fix.into(),
    })
}

/// What is known of a worktree that is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorktreeFacts<'a> {
    /// As a shell takes it.
    pub path: &'a str,
    pub is_main: bool,
    /// It is one of the tool's own.
    pub is_own: bool,
    /// Somebody stands in it: whoever gave the command.
    pub is_here: bool,
    /// The reason may be empty.
    pub locked: Option<&'a str>,
    pub half_made: bool,
    /// Its directory is there, and is no worktree of this repository: why.
    pub foreign: Option<&'a str>,
    /// Another worktree lies in it.
    pub holds: Option<&'a str>,
    /// `None`: there is nothing to be read any more.
    pub dirty: Option<Dirty>,
    pub unfinished: Option<Unfinished>,
    /// Work that would be lost with git's entry, where the directory is gone.
    pub in_entry: Option<&'a str>,
    pub force: bool,
}

/// What keeps a worktree from being taken away.
pub fn against_removing(facts: &WorktreeFacts<'_>) -> Option<Refusal> {
    let path = facts.path;
    if facts.is_main {
        return refusal(
            "is in the main worktree",
            "switch it to another branch, and what you named has no worktree",
        );
    }
    if facts.is_own {
        return refusal(
            "is a worktree of tracks' own",
            "`tracks prune` takes those away that are not used",
        );
    }
    if let Some(reason) = facts.foreign {
        return refusal(
            format!("is not usable as a worktree here: {reason}"),
            "move it away yourself; `git worktree prune` then forgets it",
        );
    }
    if facts.half_made {
        return refusal(
            "is being made by a `git worktree add`, or one was killed there",
            format!(
                "wait for it to end; if none is running: `git worktree remove --force --force {path}`"
            ),
        );
    }
    if let Some(reason) = facts.locked {
        let because = match reason {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        return refusal(
            format!("is locked{because}"),
            format!("if it may go: `git worktree unlock {path}`"),
        );
    }
    if facts.is_here {
        return refusal(
            "is where you are",
            "go to another directory, then run it again",
        );
    }
    if let Some(inner) = facts.holds {
        return refusal(
            format!("has another worktree in it, {inner}"),
            format!("move that first: `git worktree move {inner} NEW-PATH`"),
        );
    }
    if facts.force {
        return None;
    }
    const FORCE: &str =
        "commit it, or take it away with everything that is in it, restorably: `--force`";
    if let Some(work) = facts.in_entry {
        return refusal(format!("is gone, and {work} would go with it"), FORCE);
    }
    if let Some(unfinished) = facts.unfinished {
        return refusal(
            format!("is in the middle of a {}", unfinished.as_str()),
            "finish or abort it, or take it away with everything that is in it, restorably: `--force`",
        );
    }
    match facts.dirty {
        Some(dirty) if !dirty.is_clean() => {
            refusal(format!("has uncommitted work ({})", counted(&dirty)), FORCE)
        }
        _ => None,
    }
}

/// "2 changed, 1 new".
pub fn counted(dirty: &Dirty) -> String {
    let parts = [
        (dirty.unmerged, "unmerged"),
        (dirty.staged, "staged"),
        (dirty.unstaged, "changed"),
        (dirty.untracked, "new"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    said.join(", ")
}

/// What is known of a branch that is to go.
#[derive(Debug, Clone, Copy, Default)]
pub struct BranchFacts<'a> {
    pub name: &'a str,
    pub is_base: bool,
    pub is_integration: bool,
    /// A worktree that stays has it checked out.
    pub checked_out: Option<&'a str>,
    /// It points to another ref.
    pub symbolic: bool,
}

/// What keeps a branch from being taken away. That its work is not merged does not: it is kept.
pub fn against_removing_branch(facts: &BranchFacts<'_>) -> Option<Refusal> {
    let name = facts.name;
    if facts.is_base {
        return refusal(
            format!("is on {name}, which is base"),
            "leave `--branch` out",
        );
    }
    if facts.is_integration {
        return refusal(
            format!("is on {name}, the integration branch"),
            "leave `--branch` out",
        );
    }
    if facts.symbolic {
        return refusal(
            format!("is on {name}, which only points to another ref"),
            format!("take that away yourself: `git symbolic-ref --delete refs/heads/{name}`"),
        );
    }
    facts.checked_out.and_then(|path| {
        refusal(
            format!("is on {name}, which is checked out in {path}"),
            format!("leave `--branch` out, or switch it away: `git -C {path} switch --detach`"),
        )
    })
}

/// What is known of something in the trash that is to come back.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReturnFacts<'a> {
    /// Where it was.
    pub path: Option<&'a str>,
    /// What is there now, as a sentence.
    pub in_the_way: Option<&'a str>,
    pub branch: Option<&'a str>,
    /// Another worktree has its branch.
    pub checked_out: Option<&'a str>,
    /// A branch beside which git cannot have it.
    pub beside: Option<&'a str>,
    /// The branch has moved since, from and to, as people read ids.
    pub moved: Option<(&'a str, &'a str)>,
    /// The branch's commit is not here any more.
    pub lost: bool,
    /// Where its files are meanwhile.
    pub lies_at: &'a str,
}

/// What keeps it from coming back as it was.
pub fn against_returning(facts: &ReturnFacts<'_>) -> Option<Refusal> {
    let branch = facts.branch.unwrap_or_default();
    if let Some(there) = facts.in_the_way {
        return refusal(
            format!("cannot come back: {there}"),
            "move it away, then run it again",
        );
    }
    if let Some(path) = facts.checked_out {
        return refusal(
            format!("cannot come back: its branch {branch} is checked out in {path}"),
            format!("switch that to another branch: `git -C {path} switch --detach`"),
        );
    }
    if let Some(other) = facts.beside {
        return refusal(
            format!("cannot come back: git cannot have branch {branch} beside branch {other}"),
            format!("rename that: `git branch -m {other} NEW-NAME`"),
        );
    }
    if facts.lost {
        return refusal(
            format!("cannot come back: the commit of {branch} is not in this repository any more"),
            format!("its files are in {}", facts.lies_at),
        );
    }
    facts.moved.and_then(|(from, to)| {
        refusal(
            format!("cannot come back as it was: {branch} has moved since, from {from} to {to}"),
            match facts.path {
                Some(_) => format!(
                    "`tracks init` makes a new worktree; the files as they were are in {}",
                    facts.lies_at
                ),
                None => format!("see what is there: `git log {from}..{branch}`"),
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worktrees() {
        let dirty = Dirty {
            staged: 1,
            unstaged: 2,
            untracked: 3,
            unmerged: 0,
        };
        let fine = WorktreeFacts {
            path: "w/a",
            dirty: Some(Dirty::default()),
            ..WorktreeFacts::default()
        };
        type Facts = WorktreeFacts<'static>;
        type Why = Option<&'static str>;
        // What is so, and the refusal without and with `--force`.
        let always = |why: &'static str| (Some(why), Some(why));
        let cases: [(&str, Facts, (Why, Why)); 13] = [
            ("clean", fine, (None, None)),
            (
                "gone",
                Facts {
                    dirty: None,
                    ..fine
                },
                (None, None),
            ),
            (
                "dirty",
                Facts {
                    dirty: Some(dirty),
                    ..fine
                },
                (
                    Some("has uncommitted work (1 staged, 2 changed, 3 new)"),
                    None,
                ),
            ),
            (
                "only new files",
                Facts {
                    dirty: Some(Dirty {
                        untracked: 1,
                        ..Dirty::default()
                    }),
                    ..fine
                },
                (Some("has uncommitted work (1 new)"), None),
            ),
            (
                "merging",
                Facts {
                    unfinished: Some(Unfinished::Merge),
                    dirty: Some(dirty),
                    ..fine
                },
                (Some("is in the middle of a merge"), None),
            ),
            (
                "gone with work",
                Facts {
                    dirty: None,
                    in_entry: Some("what is staged"),
                    ..fine
                },
                (Some("is gone, and what is staged would go with it"), None),
            ),
            (
                "main",
                Facts {
                    is_main: true,
                    ..fine
                },
                always("is in the main worktree"),
            ),
            (
                "own",
                Facts {
                    is_own: true,
                    ..fine
                },
                always("is a worktree of tracks' own"),
            ),
            (
                "foreign",
                Facts {
                    foreign: Some("it is a repository of its own"),
                    ..fine
                },
                always("is not usable as a worktree here: it is a repository of its own"),
            ),
            (
                "half made",
                Facts {
                    half_made: true,
                    locked: Some("initializing"),
                    ..fine
                },
                always("is being made by a `git worktree add`, or one was killed there"),
            ),
            (
                "locked",
                Facts {
                    locked: Some("on a stick"),
                    ..fine
                },
                always("is locked: on a stick"),
            ),
            (
                "here",
                Facts {
                    is_here: true,
                    ..fine
                },
                always("is where you are"),
            ),
            (
                "around another",
                Facts {
                    holds: Some("w/a/b"),
                    ..fine
                },
                always("has another worktree in it, w/a/b"),
            ),
        ];
        for (what, facts, (without, with)) in cases {
            for (force, expected) in [(false, without), (true, with)] {
                let refusal = against_removing(&Facts { force, ..facts });
                let why = refusal.map(|refusal| refusal.why);
                assert_eq!(why.as_deref(), expected, "{what}, force {force}");
            }
        }
        let locked = against_removing(&Facts {
            locked: Some(""),
            ..fine
        })
        .unwrap();
        assert_eq!(locked.why, "is locked");
        assert!(locked.fix.ends_with("`git worktree unlock w/a`"));
    }

    #[test]
    fn branches() {
        type Facts = BranchFacts<'static>;
        let fine = Facts {
            name: "x",
            ..Facts::default()
        };
        for (facts, expected) in [
            (fine, None),
            (
                Facts {
                    is_base: true,
                    ..fine
                },
                Some("is on x, which is base"),
            ),
            (
                Facts {
                    is_integration: true,
                    ..fine
                },
                Some("is on x, the integration branch"),
            ),
            (
                Facts {
                    symbolic: true,
                    ..fine
                },
                Some("is on x, which only points to another ref"),
            ),
            (
                Facts {
                    checked_out: Some("w/b"),
                    ..fine
                },
                Some("is on x, which is checked out in w/b"),
            ),
        ] {
            let why = against_removing_branch(&facts).map(|refusal| refusal.why);
            assert_eq!(why.as_deref(), expected);
        }
    }

    #[test]
    fn returns() {
        type Facts = ReturnFacts<'static>;
        let fine = Facts {
            path: Some("w/a"),
            branch: Some("x"),
            lies_at: "trash/1",
            ..Facts::default()
        };
        for (facts, expected) in [
            (fine, None),
            (
                Facts {
                    in_the_way: Some("w/a exists and is not empty"),
                    ..fine
                },
                Some("cannot come back: w/a exists and is not empty"),
            ),
            (
                Facts {
                    checked_out: Some("w/b"),
                    ..fine
                },
                Some("cannot come back: its branch x is checked out in w/b"),
            ),
            (
                Facts {
                    beside: Some("x/y"),
                    ..fine
                },
                Some("cannot come back: git cannot have branch x beside branch x/y"),
            ),
            (
                Facts { lost: true, ..fine },
                Some("cannot come back: the commit of x is not in this repository any more"),
            ),
            (
                Facts {
                    moved: Some(("1", "2")),
                    ..fine
                },
                Some("cannot come back as it was: x has moved since, from 1 to 2"),
            ),
        ] {
            let why = against_returning(&facts).map(|refusal| refusal.why);
            assert_eq!(why.as_deref(), expected);
        }
    }
}
