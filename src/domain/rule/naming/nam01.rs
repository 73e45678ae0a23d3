//! NAM01: a track's work is on the track's branch.

use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "NAM01",
    severity: Severity::Error,
    law: "a track's work is on the track's branch",
    why: "Everything that looks for a track looks for its branch: the name that `[layout] branch` gives, or the track's own \
          `branch`. Work on a branch of another name is found by nobody.",
    example: "tracks.toml has `[track.ui]`, so the branch is `track/ui`; the work is on `ui-rework`:\n\
              HEAD is branch ui-rework, but the branch of track ui is track/ui",
    way_out: "Rename the branch, or set `branch` in the track's table.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let track = facts.track();
    let Some(actual) = facts.branch.filter(|branch| **branch != track.branch) else {
        return;
    };
    let (id, branch) = (&track.id, &track.branch);
    findings.push(Finding::new(
        &RULE,
        format!("the work is on branch {actual}, but the branch of track {id} is {branch}"),
        format!("rename it: `git branch -m {actual} {branch}`, or set `branch = \"{actual}\"` in [track.{id}]"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::BranchName;
    use crate::domain::rule::testing::Given;

    #[test]
    fn branches() {
        let cases: [(Option<&str>, &[&str]); 3] = [
            (None, &[]),
            (Some("track/ui"), &[]),
            (
                Some("ui-rework"),
                &["error: the work is on branch ui-rework, but the branch of track ui is track/ui"],
            ),
        ];
        for (branch, expected) in cases {
            let mut given = Given::tracks("ui");
            given.work("ui", "~a.rs");
            given.branch = branch.map(|name| BranchName::new(name).unwrap());
            assert_eq!(given.found("ui", &RULE), expected, "{branch:?}");
        }
    }
}
