//! OWN07: every pattern of tracks.toml says something.

use std::collections::BTreeMap;

use crate::domain::path::{Pattern, PatternSet};
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

/// One list of patterns.
struct List<'a> {
    /// As in tracks.toml: `[track.ui] owns`.
    place: String,
    patterns: Vec<&'a Pattern>,
    /// How many of the lists before it beat it.
    beaten_by: usize,
    /// Whether it is the judged track's.
    mine: bool,
}

/// What is counted of one pattern.
#[derive(Default)]
struct Count {
    files: usize,
    /// By other patterns of its list: the files that both match.
    with: BTreeMap<usize, usize>,
    /// By the lists that beat it: the files that those take.
    beaten: [usize; 2],
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(files) = facts.files else { return };
    let added = (facts.works.iter())
        .flat_map(|work| work.changes.iter())
        .filter(|change| change.is_new());
    let files = files.iter().chain(added.map(|change| &change.path));
    let lists = lists(facts);
    let all = lists.iter().enumerate();
    let all: Vec<(usize, usize, &Pattern)> = all
        .flat_map(|(list, it)| {
            let patterns = it.patterns.iter().enumerate();
            patterns.map(move |(nth, pattern)| (list, nth, *pattern))
        })
        .collect();
    let set = PatternSet::new(all.iter().map(|(_, _, pattern)| *pattern));
    let mut counts: Vec<Count> = all.iter().map(|_| Count::default()).collect();
    for file in files {
        let hits = set.matches(file);
        for hit in &hits {
            let (list, _, _) = all[*hit];
            let count = &mut counts[*hit];
            count.files += 1;
            for other in hits.iter().filter(|other| *other != hit) {
                let (other_list, nth, _) = all[*other];
                if other_list == list {
                    *count.with.entry(nth).or_default() += 1;
                }
            }
            let beaten = count.beaten.iter_mut().enumerate();
            for (stronger, taken) in beaten.take(lists[list].beaten_by) {
                *taken += usize::from(hits.iter().any(|other| all[*other].0 == stronger));
            }
        }
    }
    let mut rest = counts.as_slice();
    for list in &lists {
        let (of_list, others) = rest.split_at(list.patterns.len());
        tell(list, of_list, &lists, findings);
        rest = others;
    }
}

/// Those that beat others first.
fn lists<'a>(facts: &Facts<'a>) -> Vec<List<'a>> {
    let (project, track) = (facts.project, facts.track());
    let list = |place: String, patterns: &'a [Pattern], beaten_by, mine| List {
        place,
        patterns: patterns.iter().collect(),
        beaten_by,
        mine,
    };
    let shared = project.shared.iter().map(|shared| &shared.pattern);
    let mut lists = vec![
        list(
            "[ownership] frozen".to_owned(),
            &project.ownership.frozen,
            0,
            false,
        ),
        List {
            place: "[shared]".to_owned(),
            patterns: shared.collect(),
            beaten_by: 1,
            mine: false,
        },
        list(format!("[track.{}] owns", track.id), &track.owns, 2, true),
    ];
    let contracts = project.contracts.iter();
    lists.extend(contracts.map(|contract| {
        let place = format!("[contract.{}] paths", contract.name);
        list(place, &contract.paths, 0, false)
    }));
    let allow = project.allow.iter();
    lists.extend(allow.map(|allow| {
        let place = format!("[[allow]] paths of {}", allow.code);
        list(place, &allow.paths, 0, false)
    }));
    lists
}

fn tell(list: &List<'_>, counts: &[Count], lists: &[List<'_>], findings: &mut Vec<Finding>) {
    for (nth, (pattern, count)) in list.patterns.iter().zip(counts).enumerate() {
        let place = &list.place;
        let first = list.patterns.iter().position(|other| other == pattern);
        let covering = count.with.iter().find(|(other, both)| {
            // Of two that match the same files, the first stays.
            **both == count.files && (counts[**other].files > count.files || **other < nth)
        });
        let mut beaten = count.beaten[..list.beaten_by].iter();
        let stronger = beaten.position(|taken| *taken == count.files);
        let message = if first != Some(nth) {
            format!("`{pattern}` stands twice in `{place}`")
        } else if count.files == 0 {
            format!("`{pattern}` in `{place}` matches no file")
        } else if let Some(stronger) = stronger {
            let by = &lists[stronger].place;
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
