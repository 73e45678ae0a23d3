//! OWN12: exceptions, and that they are used.

use std::collections::BTreeSet;

use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::Severity;
use crate::domain::rule::{Commit, Excuse, Facts, Finding, Rule};
use crate::domain::time::{self, Timestamp};
use crate::domain::trailer;

pub(super) const RULE: Rule = Rule {
    code: "OWN12",
    severity: Severity::Info,
    law: "every exception that is used is told",
    why: "An exception excuses findings of one rule. It is an `[[allow]]` in base's tracks.toml with a code and a reason and, where wanted, \
          a track, paths and the last day (`until`, in UTC) on which it holds; or the trailer `Tracks-Allow: CODE PATH REASON` on one of \
          the track's own commits, where PATH may be a pattern, and is in double quotes where it has blanks. What is excused is still \
          listed and does not count. One that is past its day excuses nothing, and where nothing else does, that is an error. A \
          trailer that excuses nothing, because of what it says or because there is nothing to excuse, is told, too.",
    example: "tracks.toml has an `[[allow]]` for OWN01, track ui, `until = 2026-12-01`; on December 2nd:\n\
              the exception of OWN01 for src/api/users.rs expired on 2026-12-01: agreed with api",
    way_out: "Nothing is to be done about one that holds. One that has expired: take the change back, or prolong it on base.",
    // What there is to say is known once all rules have spoken.
    judge: |_, _| {},
};

/// What a trailer begins with.
const TRAILER: &str = "Tracks-Allow";

/// One exception, wherever it is written.
struct Exception<'a> {
    code: String,
    /// Empty: everywhere.
    paths: Vec<Pattern>,
    reason: String,
    until: Option<&'a str>,
    /// The one with the trailer.
    commit: Option<&'a Commit>,
}

impl Exception<'_> {
    fn covers(&self, finding: &Finding) -> bool {
        let here = |path: &RepoPath| self.paths.iter().any(|pattern| pattern.matches(path));
        finding.code == self.code
            && (self.paths.is_empty() || finding.path.as_ref().is_some_and(here))
    }

    /// Its last day, where that is over.
    fn expired(&self, now: Timestamp) -> Option<&str> {
        self.until.filter(|until| is_past(until, now))
    }
}

/// Excuses what an exception covers; that it was used is a finding of its own, as is a trailer that was not. `asked`: the codes
/// of the rules that have judged.
pub(in crate::domain::rule) fn except(
    facts: &Facts<'_>,
    asked: &BTreeSet<&str>,
    findings: &mut Vec<Finding>,
) {
    let said = facts.project.severity.get(RULE.code).copied();
    let (mut exceptions, mut told) = in_trailers(facts, asked);
    for exception in exceptions.iter().filter(|it| asked.contains(&*it.code)) {
        if !findings.iter().any(|finding| exception.covers(finding)) {
            let code = &exception.code;
            let why = format!("{code} finds nothing there");
            let fix = format!("name what {code} is to leave alone, or do without the trailer");
            told.extend(exception.commit.map(|id| useless(id, code, &why, &fix)));
        }
    }
    exceptions.splice(0..0, in_file(facts));
    // One that has expired matters only where no other one holds.
    exceptions.sort_by_key(|exception| exception.expired(facts.now).is_some());
    for exception in exceptions {
        let covered: Vec<&mut Finding> = findings
            .iter_mut()
            .filter(|finding| finding.excuse.is_none() && exception.covers(finding))
            .collect();
        let Some(first) = covered.first() else {
            continue;
        };
        let expired = exception.expired(facts.now);
        told.push(of_use(&exception, first, covered.len(), expired));
        if expired.is_none() {
            for finding in covered {
                finding.excuse = Some(Excuse::Allowed(exception.reason.clone()));
            }
        }
    }
    for finding in &mut told {
        finding.weigh(said);
    }
    if said != Some(Severity::Off) {
        findings.extend(told);
    }
}

fn of_use(
    exception: &Exception<'_>,
    first: &Finding,
    count: usize,
    expired: Option<&str>,
) -> Finding {
    let (code, reason) = (&exception.code, &exception.reason);
    let place = match &first.path {
        Some(path) => format!(" for {path}"),
        None => String::new(),
    };
    let more = match count {
        1 => String::new(),
        _ => format!(" and {} more", count - 1),
    };
    let mut finding = match expired {
        Some(until) => Finding::new(
            &RULE,
            format!("the exception of {code}{place}{more} expired on {until}: {reason}"),
            "take the change back, or prolong the exception in base's tracks.toml",
        )
        .as_severe_as(Severity::Error),
        None => {
            let until = match exception.until {
                Some(until) => format!(" until {until}"),
                None => String::new(),
            };
            let fix = match exception.commit {
                Some(_) => {
                    "nothing is to be done: the trailer holds for this track's work, and is done with when that lands"
                }
                None => "take the exception out of tracks.toml once it is no longer needed",
            };
            let message = format!("{code}{place}{more} is excepted{until}: {reason}");
            Finding::new(&RULE, message, fix)
        }
    };
    finding.path.clone_from(&first.path);
    finding.commit = exception.commit.and_then(|commit| commit.id);
    finding
}

/// Those for the judged track in base's tracks.toml.
fn in_file<'a>(facts: &Facts<'a>) -> Vec<Exception<'a>> {
    let track = &facts.work().track;
    let all = facts.project.allow.iter();
    all.filter(|allow| allow.track.as_ref().is_none_or(|id| id == track))
        .map(|allow| Exception {
            code: allow.code.clone(),
            paths: allow.paths.clone(),
            reason: allow.reason.clone(),
            until: allow.until.as_deref(),
            commit: None,
        })
        .collect()
}

/// Those in the judged track's commits, and what is to be told of trailers that are none.
fn in_trailers<'a>(
    facts: &Facts<'a>,
    asked: &BTreeSet<&str>,
) -> (Vec<Exception<'a>>, Vec<Finding>) {
    let (mut found, mut useless_ones) = (Vec::new(), Vec::new());
    for commit in &facts.work().commits {
        for value in trailer::values(&commit.message, TRAILER) {
            match read(&value) {
                Ok((code, paths, reason)) => found.push(Exception {
                    code,
                    paths,
                    reason,
                    until: None,
                    commit: Some(commit),
                }),
                // Told once, by whoever asks all rules for whose code it is.
                Err((code, why)) => {
                    if asked.contains(&*code) || super::super::find(&code).is_none() {
                        let fix = format!("write `{TRAILER}: CODE PATH REASON`");
                        useless_ones.push(useless(commit, &code, why, &fix));
                    }
                }
            }
        }
    }
    (found, useless_ones)
}

/// Code, paths and reason; `Err`: its code, and what is wrong.
fn read(value: &str) -> Result<(String, Vec<Pattern>, String), (String, &'static str)> {
    let (code, rest) = trailer::first_word(value).unwrap_or_default();
    if super::super::find(&code).is_none() {
        return Err((code, "there is no rule of that code"));
    }
    let Some((path, reason)) = trailer::first_word(rest) else {
        return Err((code, "it names no path"));
    };
    let paths = trailer::paths(&path);
    if paths.is_empty() {
        return Err((code, "what it names is no path or pattern"));
    }
    match reason.is_empty() {
        true => Err((code, "it gives no reason")),
        false => {
            let words: Vec<&str> = reason.split_whitespace().collect();
            Ok((code, paths, words.join(" ")))
        }
    }
}

fn useless(commit: &Commit, code: &str, why: &str, fix: &str) -> Finding {
    let what = format!("{TRAILER}: {code}");
    let message = format!(
        "the trailer `{}` of {} excuses nothing: {why}",
        what.trim_end(),
        commit.called()
    );
    Finding::new(&RULE, message, fix).of_commit(commit.id)
}

/// Whether a last day is over, in UTC.
fn is_past(until: &str, now: Timestamp) -> bool {
    time::date(now).as_str() > until
}

#[cfg(test)]
mod tests {
    use super::super::{own01, own05};
    use super::*;
    use crate::domain::project::Allow;
    use crate::domain::rule::testing::{Given, pattern, track_id};

    fn given(allow: Option<Allow>) -> Given {
        let mut given = Given::tracks("a b");
        given.owns("a", "src/a");
        given.project.allow.extend(allow);
        given.work("b", "~src/a/x ~src/a/y");
        given
    }

    fn allow(code: &str, track: Option<&str>, paths: &[&str], until: Option<&str>) -> Allow {
        Allow {
            code: code.to_owned(),
            track: track.map(track_id),
            paths: paths.iter().map(|path| pattern(path)).collect(),
            reason: "agreed".to_owned(),
            until: until.map(str::to_owned),
        }
    }

    #[test]
    fn what_the_file_allows() {
        let told = |text: &str| vec![format!("info src/a/x: OWN01 for src/a/x{text}")];
        let cases = [
            (allow("OWN01", None, &[], None), 2, told(" and 1 more is excepted: agreed")),
            (allow("OWN01", Some("b"), &["src"], None), 2, told(" and 1 more is excepted: agreed")),
            (allow("OWN01", None, &["src/a/x"], None), 1, told(" is excepted: agreed")),
            (
                allow("OWN01", None, &["src/a/x"], Some("2026-11-25")),
                1,
                told(" is excepted until 2026-11-25: agreed"),
            ),
            (allow("OWN01", Some("a"), &[], None), 0, vec![]),
            (allow("OWN02", None, &[], None), 0, vec![]),
            (allow("OWN01", None, &["src/b"], None), 0, vec![]),
            (
                allow("OWN01", None, &["src/a/x"], Some("2026-11-24")),
                0,
                vec![
                    "error src/a/x: the exception of OWN01 for src/a/x expired on 2026-11-24: agreed"
                        .to_owned(),
                ],
            ),
        ];
        for (allow, excused, expected) in cases {
            let shown = format!("{allow:?}");
            let given = given(Some(allow));
            let found = given.findings("b", &own01::RULE);
            let excuses = found.iter().filter(|it| it.excuse.is_some()).count();
            assert_eq!(excuses, excused, "{shown}");
            let found = given.found("b", &own01::RULE);
            let of_use: Vec<&String> = found
                .iter()
                .filter(|line| line.contains("except"))
                .collect();
            assert_eq!(of_use, expected.iter().collect::<Vec<_>>(), "{shown}");
        }
    }

    #[test]
    fn what_a_trailer_allows() {
        for (message, excused) in [
            ("Edit\n\nTracks-Allow: OWN01 src/a/x agreed with a\n", 1),
            ("Edit\n\nTracks-Allow: OWN01 src/** agreed with a\n", 2),
            (
                "Edit\n\ntracks-allow: OWN01 src/a/x agreed\nTracks-Allow: OWN01 src/a/y agreed\n",
                2,
            ),
            ("Edit\n\nTracks-Allow: OWN01 \"src/a/x\" why\n", 1),
            // Of a rule that has not judged.
            ("Edit\n\nTracks-Allow: OWN05 src/a/x why\n", 0),
        ] {
            let mut given = given(None);
            given.works[0].commit(message);
            let found = given.findings("b", &own01::RULE);
            let excuses = found.iter().filter(|it| it.excuse.is_some()).count();
            assert_eq!(excuses, excused, "{message}");
            assert_eq!(
                found.len() - 2,
                usize::from(excused > 0) * message.matches("OWN01").count()
            );
        }
    }

    #[test]
    fn a_trailer_that_excuses_nothing_is_told() {
        let said = |what: &str| {
            let what = what.replace("` of", "` of commit 0000000");
            vec![format!("info: the trailer `Tracks-Allow: {what}")]
        };
        for (value, expected) in [
            ("OWN01", said("OWN01` of excuses nothing: it names no path")),
            (
                "OWN01 src/a/x",
                said("OWN01` of excuses nothing: it gives no reason"),
            ),
            (
                "OWN01 ../x why",
                said("OWN01` of excuses nothing: what it names is no path or pattern"),
            ),
            (
                "OWN01 src/b/x why",
                said("OWN01` of excuses nothing: OWN01 finds nothing there"),
            ),
            (
                "OWN1 src/a/x why",
                said("OWN1` of excuses nothing: there is no rule of that code"),
            ),
            ("OWN05 src/b/x why", vec![]),
            ("OWN05 src/b/x", vec![]),
        ] {
            let mut given = given(None);
            given.works[0].commit(&format!("Edit\n\nTracks-Allow: {value}\n"));
            let found = given.found("b", &own01::RULE);
            let told = found.into_iter().filter(|line| line.starts_with("info"));
            let told: Vec<String> = told.collect();
            assert_eq!(told, expected, "{value}");
        }
    }

    #[test]
    fn names_that_look_like_patterns_and_names_with_blanks() {
        for path in [
            "src/a/[id]/p.tsx",
            "src/a/[user-id]/x",
            "src/a/we ird",
            "src/a/\"q\" {x}",
            "src/a/it's",
        ] {
            let mut given = Given::tracks("a b");
            given.owns("a", "src/a");
            let mut change = given.work("b", "~src/a/x").changes[0].clone();
            change.path = RepoPath::new(path);
            given.works[0].changes = vec![change];
            // What the fix says, as it says it.
            let fix = given.findings("b", &own01::RULE)[0].fix.clone();
            let trailer = fix
                .split("the trailer `")
                .nth(1)
                .unwrap()
                .trim_end_matches('`');
            given.works[0].commit(&format!("Edit\n\n{trailer}\n"));
            let found = given.findings("b", &own01::RULE);
            let excuses = found.iter().filter(|it| it.excuse.is_some()).count();
            assert_eq!((found.len(), excuses), (2, 1), "{trailer}");
            assert!(
                found
                    .iter()
                    .all(|it| !it.fix.contains("out of tracks.toml"))
            );
        }
    }

    #[test]
    fn an_expired_one_is_told_only_where_no_other_holds() {
        let expired = || allow("OWN01", None, &[], Some("2026-11-24"));
        let mut given = given(Some(expired()));
        given
            .project
            .allow
            .push(allow("OWN01", None, &["src/a/x"], None));
        let refusing = |given: &Given| {
            let found = given.findings("b", &own01::RULE);
            let refusing = found.iter().filter(|it| it.refuses());
            refusing
                .map(|it| format!("{} {:?}", it.code, it.path))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            refusing(&given),
            ["OWN01 Some(\"src/a/y\")", "OWN12 Some(\"src/a/y\")"]
        );
        given.works[0].commit("Edit\n\nTracks-Allow: OWN01 src/a/y agreed\n");
        assert_eq!(refusing(&given), [""; 0]);
    }

    #[test]
    fn it_can_be_silenced() {
        let mut given = given(Some(allow("OWN01", None, &[], None)));
        given
            .project
            .severity
            .insert("OWN12".to_owned(), Severity::Off);
        assert_eq!(given.found("b", &own01::RULE).len(), 2);
        assert_eq!(
            given.found("b", &own05::RULE),
            [""; 0],
            "nothing was excused"
        );
    }
}
