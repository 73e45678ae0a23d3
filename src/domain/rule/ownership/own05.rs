//! OWN05: what is frozen stays as it is.

use super::{deed, or_except};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN05",
    severity: Severity::Error,
    law: "no track changes what is frozen",
    why: "`[ownership] frozen` names what is settled for everybody; no owner, no share and no approval changes that. Deletions, modes \
          and both ends of a move count.",
    example: "tracks.toml has `[ownership] frozen = [\"LICENSE\"]`; a track edits LICENSE:\n\
              track ui changes LICENSE, which is frozen (`LICENSE`)",
    way_out: "Take the change back, or take the path out of `frozen` on base first. For once, an `[[allow]]` in base's tracks.toml, or \
              the trailer `Tracks-Allow: OWN05 PATH REASON`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for change in &facts.work().changes {
        let path = &change.path;
        let Some(pattern) = facts.owners.of(path).frozen else {
            continue;
        };
        let finding = Finding::new(
            &RULE,
            format!("{}, which is frozen (`{pattern}`)", deed(facts, change)),
            format!("take the change back, or {}", or_except(&RULE, path)),
        );
        findings.push(finding.at(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn frozen_paths() {
        let cases: [(&str, &[&str]); 4] = [
            ("~src/a.rs", &[]),
            (
                "~LICENSE",
                &["error LICENSE: track a changes LICENSE, which is frozen (`LICENSE`)"],
            ),
            (
                "+vendor/x",
                &["error vendor/x: track a adds vendor/x, which is frozen (`vendor`)"],
            ),
            (
                "vendor/x>src/x",
                &[
                    "error vendor/x: track a moves away vendor/x (to src/x), which is frozen (`vendor`)",
                ],
            ),
        ];
        for (changes, expected) in cases {
            let mut given = Given::tracks("a");
            given.owns("a", "**");
            given.project.ownership.frozen = vec![pattern("LICENSE"), pattern("vendor")];
            given.work("a", changes);
            assert_eq!(given.found("a", &RULE), expected, "{changes}");
        }
    }
}
