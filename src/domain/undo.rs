//! What taking an operation back does to one ref or one worktree, and where that would lose what came later.

use super::removal::Refusal;
use super::revision::CommitId;

/// A ref that an operation moved, and where it is now.
#[derive(Debug, Clone, Copy)]
pub struct RefFacts<'a> {
    pub name: &'a str,
    pub before: Option<CommitId>,
    pub after: Option<CommitId>,
    pub now: Option<CommitId>,
    /// What it was at is not in the repository any more.
    pub lost: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is as before the operation.
    Nothing,
    /// To where it was.
    Back,
    Refuse(Refusal),
}

/// The refs of an operation that are the user's own, and what people have resolved: what the tool keeps for itself stays.
pub fn is_taken_back(name: &str) -> bool {
    !name.starts_with("refs/tracks/") || name == "refs/tracks/resolutions"
}

/// Whether an operation has dropped a ref that kept what another one had replaced or removed.
pub fn was_dropped(name: &str, after: Option<CommitId>) -> bool {
    let keeps = ["refs/tracks/replaced/", "refs/tracks/trash/"];
    after.is_none() && keeps.iter().any(|prefix| name.starts_with(prefix))
}

/// Decides about one ref.
pub fn ref_step(facts: &RefFacts<'_>) -> Step {
    let RefFacts {
        before, after, now, ..
    } = *facts;
    if now == before || before == after {
        return Step::Nothing;
    }
    let name = facts.name.strip_prefix("refs/heads/").unwrap_or(facts.name);
    let refuse = |why: String, fix: String| Step::Refuse(Refusal { why, fix });
    if now == after {
        return match facts.before {
            Some(before) if facts.lost => refuse(
                format!(
                    "cannot go back to {}, which is not in this repository any more",
                    before.short()
                ),
                "only a clone that still has it can bring it back".to_owned(),
            ),
            _ => Step::Back,
        };
    }
    match (after, now) {
        (Some(after), Some(now)) => refuse(
            format!(
                "has moved on since, from {} to {}",
                after.short(),
                now.short()
            ),
            format!(
                "take back first what moved it (see `tracks log`); or, if what came after may go, move {name} back to {} yourself",
                after.short()
            ),
        ),
        (None, Some(now)) => refuse(
            format!(
                "was removed, and has been made anew at {} since",
                now.short()
            ),
            format!("rename that: `git branch --move {name} NEW-NAME`"),
        ),
        (_, None) => refuse(
            "has been removed since".to_owned(),
            match before {
                Some(before) => {
                    format!("to have it as it was before: `git branch {name} {before}`")
                }
                None => "nothing is left to be taken back of it".to_owned(),
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: char) -> Option<CommitId> {
        (letter != '-').then(|| CommitId::from_hex(&letter.to_string().repeat(40)).unwrap())
    }

    #[test]
    fn refs() {
        // Before, after, now; `-` is none.
        for (moved, expected) in [
            ("abb", "back"),
            ("-bb", "back"),
            ("a--", "back"),
            ("aba", "nothing"),
            ("-b-", "nothing"),
            ("a-a", "nothing"),
            ("aac", "nothing"),
            ("abc", "has moved on since, from bbbbbbbbbb to cccccccccc"),
            ("-bc", "has moved on since, from bbbbbbbbbb to cccccccccc"),
            (
                "a-c",
                "was removed, and has been made anew at cccccccccc since",
            ),
            ("ab-", "has been removed since"),
        ] {
            let mut letters = moved.chars().map(id);
            let mut next = || letters.next().unwrap();
            let facts = RefFacts {
                name: "refs/heads/x",
                before: next(),
                after: next(),
                now: next(),
                lost: false,
            };
            let said = |facts: &RefFacts<'_>| match ref_step(facts) {
                Step::Nothing => "nothing".to_owned(),
                Step::Back => "back".to_owned(),
                Step::Refuse(refusal) => refusal.why,
            };
            assert_eq!(said(&facts), expected, "{moved}");
            let lost = RefFacts {
                lost: true,
                ..facts
            };
            if expected == "back" && facts.before.is_some() {
                let expected =
                    "cannot go back to aaaaaaaaaa, which is not in this repository any more";
                assert_eq!(said(&lost), expected);
            } else {
                assert_eq!(said(&lost), expected);
            }
        }
    }

    #[test]
    fn whose() {
        assert!(is_taken_back("refs/heads/x") && is_taken_back("refs/tags/x"));
        assert!(!is_taken_back("refs/tracks/replaced/x"));
        assert!(is_taken_back("refs/tracks/resolutions"));
        assert!(was_dropped("refs/tracks/replaced/x", None));
        assert!(!was_dropped("refs/tracks/replaced/x", id('a')));
        assert!(!was_dropped("refs/tracks/candidate", None));
    }
}
