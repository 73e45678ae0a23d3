//! OWN12: exceptions, and that they are used.

use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::Severity;
use crate::domain::revision::CommitId;
use crate::domain::rule::{Excuse, Facts, Finding, Rule};
use crate::domain::time::{self, Timestamp};
use crate::domain::trailer;

pub(super) const RULE: Rule = Rule {
    code: "OWN12",
    severity: Severity::Info,
    law: "every exception that is used is told",
    why: "An exception excuses findings of one rule. It is an `[[allow]]` in base's tracks.toml with a code and a reason and, where wanted, \
          a track, paths and the last day (`until`, in UTC) on which it holds; or the trailer `Tracks-Allow: CODE PATH REASON` on one of \
          the track's own commits, where PATH may be a pattern. What is excused is still listed and does not count. One that is past its \
          day excuses nothing, and where it would have, that is an error.",
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
    commit: Option<CommitId>,
}

impl Exception<'_> {
    fn covers(&self, finding: &Finding) -> bool {
        let here = |path: &RepoPath| self.paths.iter().any(|pattern| pattern.matches(path));
        finding.code == self.code
            && (self.paths.is_empty() || finding.path.as_ref().is_some_and(here))
    }
}

/// Excuses what an exception covers; that it was used is a finding of its own.
pub(in crate::domain::rule) fn except(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let said = facts.project.severity.get(RULE.code).copied();
    let mut told = Vec::new();
    for exception in exceptions(facts) {
        let covered: Vec<&mut Finding> = findings
            .iter_mut()
            .filter(|finding| finding.excuse.is_none() && exception.covers(finding))
            .collect();
        let Some(first) = covered.first() else {
            continue;
        };
        let expired = exception.until.filter(|until| is_past(until, facts.now));
        let mut finding = of_use(&exception, first, covered.len(), expired);
        finding.weigh(said);
        told.push(finding);
        if expired.is_none() {
            for finding in covered {
                finding.excuse = Some(Excuse::Allowed(exception.reason.clone()));
            }
        }
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
            Finding::new(
                &RULE,
                format!("{code}{place}{more} is excepted{until}: {reason}"),
                "take the exception out of tracks.toml once it is no longer needed",
            )
        }
    };
    finding.path.clone_from(&first.path);
    finding.commit = exception.commit;
    finding
}

/// Those of the judged track, of base's tracks.toml first.
fn exceptions<'a>(facts: &Facts<'a>) -> Vec<Exception<'a>> {
    let work = facts.work();
    let in_file = facts.project.allow.iter();
    let in_file = in_file.filter(|allow| allow.track.as_ref().is_none_or(|id| *id == work.track));
    let in_file = in_file.map(|allow| Exception {
        code: allow.code.clone(),
        paths: allow.paths.clone(),
        reason: allow.reason.clone(),
        until: allow.until.as_deref(),
        commit: None,
    });
    let in_commits = work.commits.iter().flat_map(|commit| {
        let values = trailer::values(&commit.message, TRAILER);
        values.into_iter().filter_map(|value| {
            let mut words = value.split_whitespace();
            let (code, path) = (words.next()?.to_owned(), words.next()?);
            let reason = words.collect::<Vec<_>>().join(" ");
            let paths = vec![Pattern::new(path).ok()?];
            // Without a reason it is none.
            (!reason.is_empty()).then_some(Exception {
                code,
                paths,
                reason,
                until: None,
                commit: Some(commit.id),
            })
        })
    });
    in_file.chain(in_commits).collect()
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
            ("Edit\n\nTracks-Allow: OWN01 src/a/x\n", 0),
            ("Edit\n\nTracks-Allow: OWN05 src/a/x why\n", 0),
            ("Edit\n\nTracks-Allow: OWN01 ../x why\n", 0),
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
