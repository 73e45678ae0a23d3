//! OWN02: a path has one owner.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN02",
    severity: Severity::Error,
    law: "no path is claimed by two tracks",
    why: "Between the `owns` of two tracks there is no precedence, however exact a pattern is: a path that both match has no owner \
          who could be asked. Judged are all files of base and those that the track adds. Where the track touches such a path, that \
          stops it; where the file was on base and is left alone, it is told and stops nobody. What is frozen or `[shared]` is \
          settled.",
    example: "tracks.toml has `[track.api] owns = [\"src/**\"]` and `[track.ui] owns = [\"src/ui\"]`; track ui changes src/ui/app.ts:\n\
              tracks api (`src/**`) and ui (`src/ui`) both claim src/ui/app.ts",
    way_out: "Narrow one of the patterns on base, or say who answers: `[shared.\"src/ui\"] owner = \"ui\"` with the policy \
              `owner-approves`; `tracks own PATH --track ui` writes that.",
    judge,
};

/// Two claims as the file has them, to be told once.
type Claims<'a> = ((&'a TrackId, &'a str), (&'a TrackId, &'a str));

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let work = facts.work();
    let touched = work.changes.iter().map(|change| (&change.path, true));
    let rest = facts.files.unwrap_or_default().iter();
    let rest = rest.filter(|path| work.change(path).is_none());
    // Those of the track first, so that they are the ones that are shown.
    let mut told: BTreeMap<(bool, Claims<'_>), (&RepoPath, usize)> = BTreeMap::new();
    for (path, mine) in touched.chain(rest.map(|path| (path, false))) {
        let ownership = facts.owners.of(path);
        if ownership.frozen.is_some() || ownership.shared.is_some() {
            continue;
        }
        let [one, two, ..] = ownership.owners.as_slice() else {
            continue;
        };
        let entry = told.entry((!mine, (*one, *two))).or_insert((path, 0));
        entry.1 += 1;
    }
    for ((settled, ((one, first), (two, second))), (path, count)) in told {
        let more = match count {
            1 => String::new(),
            2 => " and one more path".to_owned(),
            _ => format!(" and {} more paths", count - 1),
        };
        let other = if *one == work.track { two } else { one };
        let finding = Finding::new(
            &RULE,
            format!("tracks {one} (`{first}`) and {two} (`{second}`) both claim {path}{more}"),
            format!(
                "narrow one of the patterns in base's tracks.toml, or say who answers with `[shared.\"{path}\"]` and `owner = \"{one}\"` or `\"{two}\"`"
            ),
        );
        let finding = finding.at(path).with(other);
        findings.push(if settled { finding.on_base() } else { finding });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn claims() {
        let cases: [(&str, &str, &str, &[&str]); 6] = [
            ("src/a", "src/b", "+src/b/x", &[]),
            (
                "src/**",
                "src/b",
                "+src/b/x",
                &[
                    "error src/b/x: tracks a (`src/**`) and b (`src/b`) both claim src/b/x",
                    "error src/b/old: tracks a (`src/**`) and b (`src/b`) both claim src/b/old and one more path (OnBase)",
                ],
            ),
            (
                "src/**",
                "src/b",
                "~src/b/old ~src/b/older +src/b/x",
                &[
                    "error src/b/old: tracks a (`src/**`) and b (`src/b`) both claim src/b/old and 2 more paths",
                ],
            ),
            (
                "src/b/old",
                "src/b",
                "~README.md",
                &[
                    "error src/b/old: tracks a (`src/b/old`) and b (`src/b`) both claim src/b/old (OnBase)",
                ],
            ),
            ("src/b/frozen", "src", "+src/b/frozen", &[]),
            // Nothing is there that both could claim.
            ("src/*.rs", "src/x*", "~README.md", &[]),
        ];
        for (of_a, of_b, changes, expected) in cases {
            let mut given = Given::tracks("a b");
            given.owns("a", of_a);
            given.owns("b", of_b);
            given.project.ownership.frozen = vec![pattern("**/frozen")];
            given.on_base("README.md src/b/old src/b/older");
            given.work("b", changes);
            assert_eq!(given.found("b", &RULE), expected, "{of_a} {of_b} {changes}");
        }
    }
}
