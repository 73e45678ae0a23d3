//! OWN07: every pattern of tracks.toml says something.

use std::collections::BTreeMap;

use crate::domain::path::{Pattern, PatternSet, RepoPath};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN07",
    severity: Severity::Warning,
    law: "every pattern of tracks.toml matches something, once",
    why: "A pattern that matches no file protects nothing, most often because it is misspelt or the files have moved. Judged against the \
          files of base and those that any track adds: patterns that match nothing (dead), that stand twice in one list (duplicate), \
          and all of whose files another pattern takes: one of the same list, or a `[shared]` or frozen one, which beat `owns` \
          (shadowed). A pattern that is no pattern, and a track that there is not, are errors of tracks.toml. The judged track's own `owns` \
          are a warning; `[shared]`, frozen, contracts and exceptions were there before.",
    example: "tracks.toml has `[track.ui] owns = [\"src/ui\", \"src/iu/**\"]`:\n\
              `src/iu/**` in `[track.ui] owns` matches no file",
    way_out: "Correct the pattern in tracks.toml on base, or take it out.",
    judge,
};

struct List<'a> {
    /// As in tracks.toml: `[track.ui] owns`.
    place: String,
    patterns: Vec<&'a Pattern>,
    /// What beats it, with its name.
    beaten_by: Vec<(&'static str, &'a PatternSet)>,
    /// Whether it is the judged track's.
    mine: bool,
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(files) = facts.files else { return };
    let project = facts.project;
    let added = (facts.works.iter())
        .flat_map(|work| work.changes.iter())
        .filter(|change| change.is_new());
    let files: Vec<&RepoPath> = files
        .iter()
        .chain(added.map(|change| &change.path))
        .collect();
    let frozen = PatternSet::new(&project.ownership.frozen);
    let shared = PatternSet::new(project.shared.iter().map(|shared| &shared.pattern));
    let mut lists = vec![
        List {
            place: "[ownership] frozen".to_owned(),
            patterns: project.ownership.frozen.iter().collect(),
            beaten_by: Vec::new(),
            mine: false,
        },
        List {
            place: "[shared]".to_owned(),
            patterns: project
                .shared
                .iter()
                .map(|shared| &shared.pattern)
                .collect(),
            beaten_by: vec![("[ownership] frozen", &frozen)],
            mine: false,
        },
    ];
    let track = facts.track();
    lists.push(List {
        place: format!("[track.{}] owns", track.id),
        patterns: track.owns.iter().collect(),
        beaten_by: vec![("[ownership] frozen", &frozen), ("[shared]", &shared)],
        mine: true,
    });
    for contract in &project.contracts {
        lists.push(List {
            place: format!("[contract.{}] paths", contract.name),
            patterns: contract.paths.iter().collect(),
            beaten_by: Vec::new(),
            mine: false,
        });
    }
    for allow in &project.allow {
        lists.push(List {
            place: format!("[[allow]] paths of {}", allow.code),
            patterns: allow.paths.iter().collect(),
            beaten_by: Vec::new(),
            mine: false,
        });
    }
    for list in &lists {
        lint(list, &files, findings);
    }
}

fn lint(list: &List<'_>, files: &[&RepoPath], findings: &mut Vec<Finding>) {
    if list.patterns.is_empty() {
        return;
    }
    let set = PatternSet::new(list.patterns.iter().copied());
    // Of each pattern: how many files, and by what alone others of the list or what beats it take them.
    let mut count = vec![0_usize; list.patterns.len()];
    let mut with: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); list.patterns.len()];
    let mut beaten = vec![vec![0_usize; list.beaten_by.len()]; list.patterns.len()];
    for file in files {
        let hits = set.matches(file);
        for hit in &hits {
            count[*hit] += 1;
            for other in hits.iter().filter(|other| *other != hit) {
                *with[*hit].entry(*other).or_default() += 1;
            }
            for (nth, (_, stronger)) in list.beaten_by.iter().enumerate() {
                beaten[*hit][nth] += usize::from(!stronger.matches(file).is_empty());
            }
        }
    }
    for (nth, pattern) in list.patterns.iter().enumerate() {
        let place = &list.place;
        let first = list.patterns.iter().position(|other| other == pattern);
        let covering = with[nth].iter().find(|(other, shared)| {
            let all = **shared == count[nth];
            // Of two that match the same files, the first stays.
            all && (count[**other] > count[nth] || **other < nth)
        });
        let stronger = beaten[nth].iter().position(|beaten| *beaten == count[nth]);
        let message = if first != Some(nth) {
            format!("`{pattern}` stands twice in `{place}`")
        } else if count[nth] == 0 {
            format!("`{pattern}` in `{place}` matches no file")
        } else if let Some(stronger) = stronger {
            let by = list.beaten_by[stronger].0;
            format!(
                "`{pattern}` in `{place}` says nothing: `{by}` takes every file that it matches"
            )
        } else if let Some((other, _)) = covering {
            let other = list.patterns[*other];
            format!(
                "`{pattern}` in `{place}` says nothing: `{other}` has every file that it matches"
            )
        } else {
            continue;
        };
        let fix = "correct it in tracks.toml on base, or take it out";
        let finding = Finding::new(&RULE, message, fix);
        findings.push(if list.mine {
            finding
        } else {
            finding.on_base()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{Shared, SharedPolicy};
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn patterns_that_say_nothing() {
        let cases: [(&str, &[&str]); 7] = [
            ("src docs", &[]),
            ("new", &[]),
            (
                "src/iu",
                &["warning: `src/iu` in `[track.a] owns` matches no file"],
            ),
            (
                "src src",
                &["warning: `src` stands twice in `[track.a] owns`"],
            ),
            (
                "src src/ui/*",
                &[
                    "warning: `src/ui/*` in `[track.a] owns` says nothing: `src` has every file that it matches",
                ],
            ),
            (
                "docs docs/**",
                &[
                    "warning: `docs/**` in `[track.a] owns` says nothing: `docs` has every file that it matches",
                ],
            ),
            (
                "types src",
                &[
                    "warning: `types` in `[track.a] owns` says nothing: `[shared]` takes every file that it matches",
                ],
            ),
        ];
        for (owns, expected) in cases {
            let mut given = Given::tracks("a b");
            given.owns("a", owns);
            given.owns("b", "nothing");
            given.project.shared = vec![Shared {
                pattern: pattern("types"),
                owner: None,
                consumers: Vec::new(),
                policy: SharedPolicy::Free,
            }];
            given.on_base("src/ui/app.ts src/main.ts docs/x.md types/y");
            given.work("b", "+new/x");
            given.work("a", "~src/main.ts");
            assert_eq!(given.found("a", &RULE), expected, "{owns}");
            given.project.ownership.frozen = vec![pattern("gone")];
            let found = given.found("a", &RULE);
            assert_eq!(
                found.last().map(String::as_str),
                Some("warning: `gone` in `[ownership] frozen` matches no file (OnBase)")
            );
            given.files = None;
            assert_eq!(given.found("a", &RULE), [""; 0]);
        }
    }
}
