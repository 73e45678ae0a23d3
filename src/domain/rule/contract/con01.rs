//! CON01: a change to a contract breaks nobody who builds against it.

use super::{TOLD, consumers_but, shown};
use crate::domain::contract::Outcome;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "CON01",
    severity: Severity::Error,
    law: "a change to a contract breaks nobody who builds against it",
    why: "Each changed file of a contract is compared with what base has (and the tracks that this one is built on), as \
          `[contract.NAME] compatible` says. `openapi`: whoever called the old description can go on, by what is sent and what \
          is received: a new required parameter breaks, a new optional one does not; a value that an answer did not have breaks, \
          one that a request may have does not. `json-schema`: nobody says who writes such documents and who reads them, so both \
          count: what was valid must be valid, and nothing may be valid that was not; properties that are new and optional are no \
          break, and so is nothing that only describes. `protobuf`: numbers, names, types and labels stay; a field may go where \
          its number is reserved. `sql-ddl`: tables and columns stay, with their types, defaults and whether they may be null. \
          `text`: any change. A command gets both versions as files: it ends with 0 where they are compatible, with 1 where not, \
          and its output says why. Whatever else happens is no answer: the contract counts as not compared, which keeps the track \
          out, and `tracks validate` ends with 3. A deleted or moved file breaks, a new one does not.",
    example: "`[contract.agents-api]` has `compatible = \"openapi\"` and `consumers = [\"ui\"]`; track api deletes an operation:\n\
              contract agents-api breaks for ui: /paths/~1agents/get: is gone",
    way_out: "Keep the old beside the new until nobody needs it. Where the consumers know and agree: \
              `Tracks-Allow: CON01 PATH REASON` in a commit message, or a dated `[[allow]]`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let track = facts.track();
    let of_base = facts.comparisons.iter().filter(|it| it.other.is_none());
    for comparison in of_base {
        let name = &comparison.contract;
        let Some(contract) = facts.project.contracts.iter().find(|it| it.name == *name) else {
            continue;
        };
        let path = &comparison.path;
        match &comparison.outcome {
            Outcome::Compatible => {}
            Outcome::CouldNotRun(why) => {
                let message = format!("contract {name} could not be compared: {why}");
                let fix = format!(
                    "set that right, so that it can be told what the change to {path} means for {}",
                    consumers_but(contract, &track.id)
                );
                findings.push(Finding::new(&RULE, message, fix).at(path).undetermined());
            }
            Outcome::Breaking(breaks) => {
                let whom = consumers_but(contract, &track.id);
                let fix = format!(
                    "keep what was there beside what is new, or agree with {whom} and write `Tracks-Allow: CON01 {path} REASON` into a commit message"
                );
                for broken in breaks.iter().take(TOLD) {
                    let shown = shown(broken);
                    let message = format!("contract {name} breaks for {whom}: {shown}");
                    let finding = Finding::new(&RULE, message, fix.as_str()).at(path);
                    findings.push(match broken.line {
                        Some(line) => finding.line(line),
                        None => finding,
                    });
                }
                if let Some(more) = breaks.len().checked_sub(TOLD).filter(|more| *more > 0) {
                    let message =
                        format!("contract {name} breaks for {whom} in {more} more places");
                    findings.push(Finding::new(&RULE, message, fix).at(path));
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

    fn broken(at: &str, line: Option<usize>) -> Break {
        Break {
            at: at.to_owned(),
            message: "is gone".to_owned(),
            line,
        }
    }

    #[test]
    fn what_is_told_of_comparisons() {
        let cases: [(Option<&str>, Outcome, &[&str]); 5] = [
            (None, Outcome::Compatible, &[]),
            (
                None,
                Outcome::Breaking(vec![broken("A.b", Some(3)), broken("", None)]),
                &[
                    "error api.x: contract c breaks for ui and web: is gone",
                    "error api.x:3: contract c breaks for ui and web: A.b: is gone",
                ],
            ),
            (
                None,
                Outcome::CouldNotRun("`x` is not approved".to_owned()),
                &["error api.x: contract c could not be compared: `x` is not approved"],
            ),
            (
                None,
                Outcome::Breaking(vec![broken("A", Some(1)); 23]),
                &[
                    "error api.x: contract c breaks for ui and web in 3 more places",
                    "error api.x:1: contract c breaks for ui and web: A: is gone",
                ],
            ),
            // Another rule's.
            (Some("ui"), Outcome::Breaking(vec![broken("A", None)]), &[]),
        ];
        for (other, outcome, expected) in cases {
            let mut given = Given::tracks("api ui web");
            given.contract("c", "api.x", "api", "ui web");
            given.work("api", "~api.x");
            given.comparisons = vec![Comparison {
                contract: ContractName::new("c").unwrap(),
                path: RepoPath::new("api.x"),
                other: other.map(track_id),
                outcome,
            }];
            assert_eq!(given.found("api", &RULE), expected);
            let open = matches!(given.comparisons[0].outcome, Outcome::CouldNotRun(_));
            let findings = given.findings("api", &RULE);
            assert!(
                findings
                    .iter()
                    .all(|it| it.undetermined == open && it.refuses())
            );
        }
    }
}
