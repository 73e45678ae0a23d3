//! CON04: consumers have taken in what a contract says now.

use super::names;
use crate::domain::contract::Behind;
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::{Contract, Severity};
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "CON04",
    severity: Severity::Info,
    law: "consumers have taken in what a contract says now",
    why: "A consumer is behind where base has changed a file of the contract since the consumer's branch last took base in, and \
          its branch does not have the same content by itself. What the contract's owner has changed and not landed yet is \
          announced as well. Whoever changes a contract is told which consumers that concerns. Taking base in (`tracks update`) ends \
          it, and so does `tracks ack`, which says that this very version needs nothing more.",
    example: "`[contract.agents-api]` has `consumers = [\"ui\"]`; a change to it has landed since ui was last brought up to date:\n\
              contract agents-api has changed on base since ui last took it in: api/agents.yaml",
    way_out: "`tracks update ui`, or `tracks ack agents-api` in the worktree of ui.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let track = &facts.track().id;
    for behind in facts.behind {
        findings.push(of_consumer(track, behind));
    }
    for contract in &facts.project.contracts {
        let others: Vec<&TrackId> = contract
            .consumers
            .iter()
            .filter(|it| *it != track)
            .collect();
        let changed: Vec<&RepoPath> = (facts.work().changes.iter())
            .map(|change| &change.path)
            .filter(|path| contract.paths.iter().any(|pattern| pattern.matches(path)))
            .collect();
        if let (Some(first), false) = (changed.first(), others.is_empty()) {
            findings.push(of_changer(contract, first, changed.len(), &others));
        }
    }
}

fn of_consumer(track: &TrackId, behind: &Behind) -> Finding {
    let contract = &behind.contract;
    let files: Vec<_> = behind.files.iter().map(|file| file.lossy()).collect();
    let files = match files.as_slice() {
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
        [] => String::new(),
    };
    let finding = match &behind.coming_from {
        None => Finding::new(
            &RULE,
            format!("contract {contract} has changed on base since {track} last took it in: {files}"),
            format!("take it in with `tracks update {track}`, or, where nothing has to change, `tracks ack {contract} --track {track}`"),
        ),
        Some(owner) => Finding::new(
            &RULE,
            format!("{owner} changes contract {contract}, which {track} consumes, and has not landed it yet: {files}"),
            format!("look at it before it lands; `tracks ack {contract} --track {track}` once {track} is ready for it"),
        )
        .at_most_warning(),
    };
    match behind.files.first() {
        Some(path) => finding.at(path),
        None => finding,
    }
}

fn of_changer(contract: &Contract, path: &RepoPath, count: usize, others: &[&TrackId]) -> Finding {
    let whom = names(others.iter().copied());
    let name = &contract.name;
    let what = match count {
        1 => path.to_string(),
        count => format!("{path} and {} more", count - 1),
    };
    Finding::new(
        &RULE,
        format!("{whom} will have to take in this change to contract {name}: {what}"),
        format!("tell {whom}; `tracks ack` shows who has taken it in"),
    )
    .at(path)
    .at_most_info()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::ContractName;
    use crate::domain::rule::testing::{Given, track_id};

    fn behind(files: &[&str], coming_from: Option<&str>) -> Behind {
        Behind {
            contract: ContractName::new("c").unwrap(),
            files: files.iter().map(RepoPath::new).collect(),
            coming_from: coming_from.map(track_id),
        }
    }

    #[test]
    fn consumers_and_who_changes_are_told() {
        let mut given = Given::tracks("api ui web");
        given.contract("c", "api", "api", "ui web");
        given.work("api", "~api/x ~api/y ~src/z");
        given.work("ui", "~src/ui");
        assert_eq!(
            given.found("api", &RULE),
            [
                "info api/x: ui and web will have to take in this change to contract c: api/x and 1 more"
            ]
        );
        assert_eq!(given.found("ui", &RULE), [""; 0]);
        given.behind = vec![
            behind(&["api/x", "api/y"], None),
            behind(&["api/x"], Some("api")),
        ];
        assert_eq!(
            given.found("ui", &RULE),
            [
                "info api/x: api changes contract c, which ui consumes, and has not landed it yet: api/x",
                "info api/x: contract c has changed on base since ui last took it in: api/x and 1 more",
            ]
        );
        // However severe it is made, nobody is kept out for others' coming changes, or for telling.
        given.project.severity = [("CON04".to_owned(), Severity::Error)].into();
        let severities = |given: &Given, track: &str| -> Vec<Severity> {
            let findings = given.findings(track, &RULE);
            findings.iter().map(|finding| finding.severity).collect()
        };
        assert_eq!(
            severities(&given, "ui"),
            [Severity::Error, Severity::Warning]
        );
        given.behind.clear();
        assert_eq!(severities(&given, "api"), [Severity::Info]);
    }
}
