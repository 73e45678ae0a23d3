//! Where hooks are put, and what is done at each place, decided from what lies there.

use std::path::{Path, PathBuf};

/// Every hook that git looks for in the directory of hooks, whoever has a use for it; githooks(5).
pub const GIT_HOOKS: [&str; 27] = [
    "applypatch-msg",
    "commit-msg",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Whether a script may stand at a hook's name that only goes on to somebody else's, should there be one some day. Not where
/// git starts it so often that it would cost, and not those of a server, of which some change what git does by being there.
pub fn may_pass_on_nothing(name: &str) -> bool {
    !matches!(
        name,
        "reference-transaction"
            | "post-index-change"
            | "fsmonitor-watchman"
            | "post-receive"
            | "post-update"
            | "pre-receive"
            | "proc-receive"
            | "push-to-checkout"
            | "update"
    )
}

/// What the hook that was there before is called beside ours.
pub const ASIDE: &str = ".before-tracks";

/// What other tools call a hook that they found and moved away; ours may be one.
pub const MOVED_BY_OTHERS: [&str; 2] = [".legacy", ".old"];

/// The hooks of the configuration that are ours begin so.
pub const CONFIGURED: &str = "tracks-";

/// How hooks come to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Beside those that are there, in the directory where git looks for them anyway, which is the repository's own.
    Beside(PathBuf),
    /// In a directory of ours that the repository's `core.hooksPath` names, in front of the one that counted before.
    InFront(Former),
    /// By the configuration, which needs no directory of hooks.
    Configured,
}

/// Where git would look for hooks if we were not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Former {
    /// Nowhere: an empty `core.hooksPath`.
    Nowhere,
    /// A relative path counts from the top of each worktree.
    At(PathBuf),
}

/// What the way depends on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The `core.hooksPath` that all worktrees share and that is not ours, or else where git looks without any.
    pub former: Former,
    /// It is a directory inside the repository, links followed.
    pub inside: bool,
    /// The repository's `core.hooksPath` is ours already.
    pub in_front_already: bool,
    /// This git can.
    pub configurable: bool,
    /// Hooks of ours lie in a directory already.
    pub files_already: bool,
    /// Files are asked for.
    pub files_wanted: bool,
}

impl Former {
    /// What a `core.hooksPath` says.
    pub fn of(value: &Path) -> Former {
        match value.as_os_str().is_empty() {
            true => Former::Nowhere,
            false => Former::At(value.to_owned()),
        }
    }
}

/// Nothing is ever written outside the repository, and what is installed one way stays so unless it cannot work.
pub fn way(facts: Facts) -> Way {
    let files = facts.files_wanted || facts.files_already || facts.in_front_already;
    match facts.former {
        _ if facts.configurable && !files => Way::Configured,
        // A relative one is another in each worktree, and `.git` of a linked one is a file.
        Former::At(dir) if dir.is_absolute() && facts.inside && !facts.in_front_already => {
            Way::Beside(dir)
        }
        former => Way::InFront(former),
    }
}

/// What lies where git looks for a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    Nothing,
    /// Ours; whether it says what it would say now.
    Ours {
        current: bool,
    },
    /// Somebody else's.
    Foreign,
    /// Somebody else's, which a killed run has set aside already, too.
    SetAside,
}

/// What is to be done at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Keep,
    Write,
    /// An older one of ours is replaced.
    Renew,
    /// What is there is set aside first.
    SetAside,
    /// Another one has been set aside before, and neither may be lost.
    Blocked,
}

pub fn step(there: There, something_aside: bool) -> Step {
    match there {
        There::Nothing => Step::Write,
        There::Ours { current: true } => Step::Keep,
        There::Ours { current: false } => Step::Renew,
        There::SetAside => Step::SetAside,
        There::Foreign if something_aside => Step::Blocked,
        There::Foreign => Step::SetAside,
    }
}

/// What is to be done at one place to take ours away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    Nothing,
    /// Ours goes, and nothing was there before.
    Remove,
    /// What was there before comes back.
    PutBack,
    /// Somebody has put another one in our place: it stays, and so does what was there before.
    Leave,
}

pub fn undo(there: There, something_aside: bool) -> Undo {
    match (there, something_aside) {
        (There::Ours { .. }, false) => Undo::Remove,
        (There::Ours { .. } | There::Nothing | There::SetAside, true) => Undo::PutBack,
        (There::Foreign, true) => Undo::Leave,
        (There::Nothing | There::Foreign | There::SetAside, false) => Undo::Nothing,
    }
}

/// The part of a text in which another differs from it, in whole lines: what was, and what became of it.
pub fn changed_lines(before: &str, after: &str) -> (String, String) {
    let lines =
        |text: &str| -> Vec<String> { text.split_inclusive('\n').map(str::to_owned).collect() };
    let (before, after) = (lines(before), lines(after));
    let same = |(a, b): &(&String, &String)| a == b;
    let head = before.iter().zip(&after).take_while(same).count();
    let most = before.len().min(after.len()) - head;
    let tails = before.iter().rev().zip(after.iter().rev());
    let tail = tails.take(most).take_while(same).count();
    let middle = |lines: &[String]| lines[head..lines.len() - tail].concat();
    (middle(&before), middle(&after))
}

/// Takes such a change back, wherever the lines are now; `None` where they are not there exactly once.
pub fn change_back(text: &str, was: &str, became: &str) -> Option<String> {
    let mut places = text
        .match_indices(became)
        .filter(|(at, _)| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    let (at, _) = places.next().filter(|_| !became.is_empty())?;
    match places.next() {
        Some(_) => None,
        None => Some([&text[..at], was, &text[at + became.len()..]].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_ours_are_among_them() {
        assert!(GIT_HOOKS.is_sorted());
        for hook in super::super::Hook::ALL {
            assert!(GIT_HOOKS.contains(&hook.name()), "{hook}");
        }
    }

    #[test]
    fn what_passes_on_hooks_that_are_still_to_come() {
        let not: Vec<&str> = (GIT_HOOKS.into_iter())
            .filter(|name| !may_pass_on_nothing(name))
            .collect();
        let costly = ["post-index-change", "reference-transaction"];
        assert!(costly.iter().all(|name| not.contains(name)));
        assert_eq!(not.len(), 8, "and those of a server: {not:?}");
        assert!(may_pass_on_nothing("commit-msg"));
    }

    #[test]
    fn ways() {
        let beside = |dir: &str| Way::Beside(dir.into());
        let front = |dir: &str| Way::InFront(Former::At(dir.into()));
        for (value, expected) in [
            ("/r/.git/hooks", beside("/r/.git/hooks")),
            ("/home/ada/hooks", front("/home/ada/hooks")),
            (".husky/_", front(".husky/_")),
            (".git/hooks", front(".git/hooks")),
            ("", Way::InFront(Former::Nowhere)),
        ] {
            let facts = |configurable, files_already, files_wanted| Facts {
                former: Former::of(Path::new(value)),
                inside: value.contains(".git/"),
                in_front_already: false,
                configurable,
                files_already,
                files_wanted,
            };
            assert_eq!(way(facts(false, false, false)), expected);
            assert_eq!(way(facts(true, false, false)), Way::Configured);
            assert_eq!(way(facts(true, true, false)), expected);
            assert_eq!(way(facts(true, false, true)), expected);
        }
        // What ours was put in front of is unset now.
        let already = Facts {
            former: Former::of(Path::new("/r/.git/hooks")),
            inside: true,
            in_front_already: true,
            configurable: true,
            files_already: false,
            files_wanted: false,
        };
        assert_eq!(way(already), front("/r/.git/hooks"));
    }

    #[test]
    fn what_is_there_decides() {
        use super::{Step, There, Undo};
        let ours = |current| There::Ours { current };
        for (there, aside, expected, back) in [
            (There::Nothing, false, Step::Write, Undo::Nothing),
            // Killed in the middle of putting it back, or ours was deleted by hand.
            (There::Nothing, true, Step::Write, Undo::PutBack),
            (ours(true), false, Step::Keep, Undo::Remove),
            (ours(true), true, Step::Keep, Undo::PutBack),
            (ours(false), false, Step::Renew, Undo::Remove),
            (ours(false), true, Step::Renew, Undo::PutBack),
            (There::Foreign, false, Step::SetAside, Undo::Nothing),
            (There::Foreign, true, Step::Blocked, Undo::Leave),
            (There::SetAside, true, Step::SetAside, Undo::PutBack),
        ] {
            assert_eq!(step(there, aside), expected, "{there:?} {aside}");
            assert_eq!(undo(there, aside), back, "{there:?} {aside}");
        }
    }

    #[test]
    fn lines_there_and_back() {
        for (before, after, was, became) in [
            ("a\nb\n", "a\nx\nb\n", "", "x\n"),
            ("a\n#  y\nb\n", "a\nx\nb\n", "#  y\n", "x\n"),
            ("a\n", "a\nx\ny\n", "", "x\ny\n"),
            ("x\nx\n", "x\nx\nx\n", "", "x\n"),
            ("a", "a\nb", "a", "a\nb"),
            ("", "x\n", "", "x\n"),
        ] {
            let change = changed_lines(before, after);
            assert_eq!((change.0.as_str(), change.1.as_str()), (was, became));
            if before != "x\nx\n" {
                assert_eq!(change_back(after, was, became).as_deref(), Some(before));
            }
        }
        assert_eq!(change_back("a\nx\nx\n", "", "x\n"), None, "twice");
        assert_eq!(change_back("a\n", "", "x\n"), None, "gone");
        assert_eq!(change_back("ax\n", "", "x\n"), None, "another line");
        assert_eq!(changed_lines("a\n", "a\n"), Default::default());
        assert_eq!(change_back("a\n", "", ""), None);
    }
}
