//! What the formats of other tools have in common: everything that was found, each as one problem with a place.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::domain::deliverable::Delivery;
use crate::domain::merge::Verdict;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Excuse, Finding};
use crate::ops::validate::{Judged, Report};

/// The file that a problem is shown in which is in none: other tools want one.
pub(super) const PLACE: &str = "tracks.toml";

/// What is no rule, and what people are told of it.
pub(super) const OTHERS: [(&str, &str); 3] = [
    (
        "conflict",
        "a track merges clean with base and with the integration branch",
    ),
    (
        "deliverable",
        "a track that is declared ready has what it is to deliver",
    ),
    ("check", "the checks of a track pass"),
];

/// One thing that was found.
#[derive(Debug, Clone)]
pub(super) struct Problem<'a> {
    /// The code of a rule, or one of [`OTHERS`].
    pub code: &'a str,
    pub severity: Severity,
    pub track: &'a TrackId,
    pub path: Option<RepoPath>,
    pub line: Option<usize>,
    pub message: String,
    pub fix: Option<String>,
    /// Why it does not count.
    pub excuse: Option<String>,
    /// The same for the same problem, also after lines have moved.
    pub fingerprint: String,
}

impl Problem<'_> {
    fn is_of_rule(&self) -> bool {
        OTHERS.iter().all(|(code, _)| *code != self.code)
    }

    /// What stands in a list: the message, and what to do.
    pub(super) fn with_fix(&self) -> String {
        match &self.fix {
            Some(fix) => format!("{}\nfix: {fix}", self.message),
            None => self.message.clone(),
        }
    }

    /// The path, or that of the file which stands in for one.
    pub(super) fn place(&self) -> RepoPath {
        self.path.clone().unwrap_or_else(|| RepoPath::new(PLACE))
    }
}

/// "allowed: agreed 2026-11-25".
pub(super) fn excuse(finding: &Finding) -> Option<String> {
    Some(match finding.excuse.as_ref()? {
        Excuse::Allowed(reason) => format!("allowed: {reason}"),
        Excuse::OnBase => "base had it before".to_owned(),
    })
}

/// Worst first, what is no rule before the rules; what is excused comes last.
pub(super) fn problems(report: &Report) -> Vec<Problem<'_>> {
    let mut all: Vec<Problem<'_>> = report.tracks.iter().flat_map(of_track).collect();
    all.sort_by_key(|problem| {
        (
            problem.excuse.is_some(),
            problem.severity,
            problem.is_of_rule(),
        )
    });
    let mut twins: HashMap<String, usize> = HashMap::new();
    for problem in &mut all {
        let first = fingerprint(problem, 0);
        let earlier = twins.entry(first.clone()).or_default();
        problem.fingerprint = match *earlier {
            0 => first,
            earlier => fingerprint(problem, earlier),
        };
        *earlier += 1;
    }
    all
}

/// The same so that its first ones are of as many kinds as there are: who shows few of them cuts no kind away for the many
/// of another. What is no rule goes in threes.
pub(super) fn spread<'p, 'a>(problems: &[&'p Problem<'a>]) -> Vec<&'p Problem<'a>> {
    const OF_OTHERS: usize = 3;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<(usize, &'p Problem<'a>)> = Vec::new();
    for problem in problems {
        let earlier = seen.entry(problem.code).or_default();
        let turn = match problem.is_of_rule() {
            true => *earlier,
            false => *earlier / OF_OTHERS,
        };
        *earlier += 1;
        all.push((turn, problem));
    }
    all.sort_by_key(|(turn, _)| *turn);
    all.into_iter().map(|(_, problem)| problem).collect()
}

/// The tracks that could not be judged, as problems, for those formats that have no other word for it.
pub(super) fn unjudged(report: &Report) -> Vec<Problem<'_>> {
    let of_track = |judged: &'_ Judged| {
        let reasons = judged.unjudged();
        (!reasons.is_empty()).then(|| {
            format!(
                "track {} could not be judged: {}",
                judged.track,
                reasons.join("; ")
            )
        })
    };
    let found = report.tracks.iter().filter_map(|judged| {
        let mut problem = plain(judged, "undetermined", of_track(judged)?);
        problem.fingerprint = fingerprint(&problem, 0);
        Some(problem)
    });
    found.collect()
}

fn plain<'a>(judged: &'a Judged, code: &'a str, message: String) -> Problem<'a> {
    Problem {
        code,
        severity: Severity::Error,
        track: &judged.track,
        path: None,
        line: None,
        message,
        fix: None,
        excuse: None,
        fingerprint: String::new(),
    }
}

fn of_track(judged: &Judged) -> Vec<Problem<'_>> {
    let plain = |code, message| plain(judged, code, message);
    let mut all: Vec<Problem<'_>> = judged
        .findings
        .iter()
        .map(|finding| Problem {
            severity: finding.severity,
            path: finding.path.clone(),
            line: finding.line,
            fix: Some(finding.fix.clone()),
            excuse: excuse(finding),
            ..plain(finding.code, finding.message.clone())
        })
        .collect();
    let track = &judged.track;
    for (side, verdict) in judged.sides() {
        let Verdict::Conflict(conflicts) = verdict else {
            continue;
        };
        let foreseen = judged.foreseen.contains_key(&side);
        for conflict in conflicts {
            let types = super::super::types(conflict);
            all.push(Problem {
                path: Some(conflict.path.clone()),
                line: conflict.regions.first().map(|region| region.theirs.start + 1),
                fix: Some(match side {
                    Side::Base => format!("`tracks update {track}`, or where that conflicts `tracks resolve {track}`"),
                    _ => "`tracks conflicts` says with whom, `tracks resolve` solves it once for every later round".to_owned(),
                }),
                excuse: foreseen.then(|| "a round resolves it".to_owned()),
                ..plain(
                    "conflict",
                    format!("track {track} conflicts with {side} in {} ({types})", conflict.path),
                )
            });
        }
    }
    for delivery in judged.undelivered() {
        all.push(Problem {
            path: delivery.present.then(|| RepoPath::new(&delivery.path)),
            fix: Some(format!(
                "write it, or mark the track as it is: `tracks mark {track} in-progress`"
            )),
            ..plain(
                "deliverable",
                format!("track {track}: {}", lacking(delivery)),
            )
        });
    }
    for run in judged.runs.iter().filter(|run| run.outcome.is_red()) {
        let excuse = match (run.allow_failure, judged.is_red_on_base(run)) {
            (true, _) => Some("it may fail".to_owned()),
            (_, true) => Some("it is red on base, too".to_owned()),
            (false, false) => None,
        };
        all.push(Problem {
            fix: Some(format!(
                "`tracks check {track} --check {}` shows it",
                run.check
            )),
            excuse,
            ..plain(
                "check",
                format!(
                    "check {} of track {track}: {}",
                    run.check,
                    run.outcome.as_str()
                ),
            )
        });
    }
    all
}

/// "docs/api.md is missing", "docs/api.md lacks the section Errors".
pub(super) fn lacking(delivery: &Delivery) -> String {
    match (delivery.present, delivery.missing_sections.as_slice()) {
        (false, _) => format!("{} is missing", delivery.path),
        (true, [one]) => format!("{} lacks the section {one}", delivery.path),
        (true, more) => format!("{} lacks the sections {}", delivery.path, more.join(", ")),
    }
}

/// What makes a problem this one: neither its line, nor how it is excused.
fn raw<'a>(problem: &'a Problem<'_>) -> (&'a str, &'a TrackId, Option<&'a RepoPath>, &'a str) {
    (
        problem.code,
        problem.track,
        problem.path.as_ref(),
        &problem.message,
    )
}

fn fingerprint(problem: &Problem<'_>, twins: usize) -> String {
    let (code, track, path, message) = raw(problem);
    let mut hash = Sha256::new();
    for part in [
        code.as_bytes(),
        track.as_str().as_bytes(),
        path.map_or(b"".as_slice(), RepoPath::as_bytes),
        message.as_bytes(),
        twins.to_string().as_bytes(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
