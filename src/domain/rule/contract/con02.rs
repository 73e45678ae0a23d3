//! CON02: two tracks' versions of a contract fit together.

use super::{TOLD, shown};
use crate::domain::contract::Outcome;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "CON02",
    severity: Severity::Error,
    law: "two tracks change a contract in ways that fit together",
    why: "Each of two versions may be compatible with base and the two still break each other: both give a field the same \
          number, or add the same operation with other types, and git merges them without a word. Where two tracks change one file \
          of a contract, what a merge makes of both must break neither side, beyond what the other breaks by itself (CON01); and \
          what both have added or changed at one place must be the same. What only one of them has added is no difference. Where the \
          merge conflicts, only the latter is compared; with a command as the comparer, nothing. The track that lands \
          later is stopped, the earlier one warned.",
    example: "`[contract.events]` has `compatible = \"protobuf\"`; track api adds `string email = 4`, track billing `int64 phone = 4`:\n\
              contract events does not fit together with api: Event.email: its number 4 belongs to phone now",
    way_out: "Agree on one form, or build one track on the other with `depends_on` and take up what that has.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for peer in facts.peers() {
        let with_peer = |other: &crate::domain::name::TrackId| *other == peer.work.track;
        let comparisons = facts.comparisons.iter();
        for comparison in comparisons.filter(|it| it.other.as_ref().is_some_and(with_peer)) {
            let (name, path, other) = (&comparison.contract, &comparison.path, &peer.work.track);
            let mut say = |message: String, fix: String, line: Option<usize>, open: bool| {
                let mut finding = Finding::new(&RULE, message, fix).at(path).with(other);
                finding.line = line;
                if !peer.earlier {
                    finding = finding.as_severe_as(Severity::Warning).at_most_warning();
                }
                findings.push(if open {
                    finding.undetermined()
                } else {
                    finding
                });
            };
            match &comparison.outcome {
                Outcome::Compatible => {}
                Outcome::CouldNotRun(why) => {
                    let message =
                        format!("contract {name} could not be compared with {other}: {why}");
                    let fix = format!(
                        "set that right, so that it can be told whether {path} fits together with {other}"
                    );
                    say(message, fix, None, true);
                }
                Outcome::Breaking(breaks) => {
                    let fix = format!(
                        "agree with {other} on one form of {path}, or take up what {other} has (`depends_on`)"
                    );
                    for broken in breaks.iter().take(TOLD) {
                        let shown = shown(broken);
                        let message =
                            format!("contract {name} does not fit together with {other}: {shown}");
                        say(message, fix.clone(), broken.line, false);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contract::{Break, Comparison};
    use crate::domain::name::ContractName;
    use crate::domain::path::RepoPath;
    use crate::domain::rule::testing::{Given, track_id};

    #[test]
    fn the_later_one_is_stopped_and_the_earlier_one_warned() {
        let breaking = Outcome::Breaking(vec![Break {
            at: "A.b".to_owned(),
            message: "is gone".to_owned(),
            line: Some(2),
        }]);
        let open = Outcome::CouldNotRun("`x` was not found".to_owned());
        for (judged, other, outcome, expected) in [
            (
                "b",
                "a",
                &breaking,
                &["error x:2: contract c does not fit together with a: A.b: is gone"][..],
            ),
            (
                "a",
                "b",
                &breaking,
                &["warning x:2: contract c does not fit together with b: A.b: is gone"],
            ),
            (
                "b",
                "a",
                &open,
                &["error x: contract c could not be compared with a: `x` was not found"],
            ),
            ("b", "a", &Outcome::Compatible, &[]),
            // One that a round has left out.
            ("b", "c", &breaking, &[]),
        ] {
            let mut given = Given::tracks("a b c");
            given.contract("c", "x", "a", "");
            for track in ["a", "b", "c"] {
                given.work(track, "~x");
            }
            given.without.insert(track_id("c"));
            given.comparisons = vec![Comparison {
                contract: ContractName::new("c").unwrap(),
                path: RepoPath::new("x"),
                other: Some(track_id(other)),
                outcome: outcome.clone(),
            }];
            assert_eq!(given.found(judged, &RULE), expected);
        }
    }
}
