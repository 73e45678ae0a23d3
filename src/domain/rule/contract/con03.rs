//! CON03: a contract is changed by the track that owns it.

use super::consumers_but;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "CON03",
    severity: Severity::Error,
    law: "a contract is changed by the track that owns it",
    why: "Who changes what others build against must be one track, which knows who they are. Where `[contract.NAME]` has an \
          `owner`, every file that its `paths` match is changed, added and deleted by that track only, also where \
          `[shared]` or `owns` would let another one. A contract without an owner is everybody's.",
    example: "`[contract.agents-api]` has `owner = \"api\"`; track ui adds a parameter:\n\
              ui changes api/agents.yaml of contract agents-api, which is api's",
    way_out: "Ask the owner for the change and build on it with `depends_on`, or become the owner. Once it is agreed: \
              `Tracks-Allow: CON03 PATH REASON` in a commit message, or a dated `[[allow]]`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let (work, track) = (facts.work(), &facts.track().id);
    for contract in &facts.project.contracts {
        let Some(owner) = contract.owner.as_ref().filter(|owner| *owner != track) else {
            continue;
        };
        let of_contract = work.changes.iter().filter(|change| {
            let mut paths = contract.paths.iter();
            paths.any(|pattern| pattern.matches(&change.path))
        });
        for change in of_contract {
            let (verb, path, name) = (change.verb(), &change.path, &contract.name);
            let whom = consumers_but(contract, track);
            findings.push(
                Finding::new(
                    &RULE,
                    format!("{track} {verb} {path} of contract {name}, which is {owner}'s"),
                    format!("leave it to {owner}, who answers for it to {whom}, and build on that with `depends_on = [\"{owner}\"]`"),
                )
                .at(path)
                .with(owner),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn who_changes_whose() {
        for (owner, changes, expected) in [
            (
                "api",
                "~api/x.yaml",
                &["error api/x.yaml: ui changes api/x.yaml of contract c, which is api's"][..],
            ),
            (
                "api",
                "+api/new -api/x.yaml ~src/y",
                &[
                    "error api/new: ui adds api/new of contract c, which is api's",
                    "error api/x.yaml: ui deletes api/x.yaml of contract c, which is api's",
                ],
            ),
            ("ui", "~api/x.yaml", &[]),
            ("", "~api/x.yaml", &[]),
            ("api", "~src/y", &[]),
        ] {
            let mut given = Given::tracks("api ui");
            given.contract("c", "api", owner, "");
            given.work("api", "~api/x.yaml");
            given.work("ui", changes);
            assert_eq!(given.found("ui", &RULE), expected, "{owner} {changes}");
        }
    }
}
