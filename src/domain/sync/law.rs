//! What a broken rule means for a round.

use std::collections::BTreeSet;

use super::{Ejected, Why};
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::rule::{Excuse, Finding};

/// Why a track with these findings stays out; `None`: none of them keeps it out.
pub fn outlawed(track: &TrackId, findings: &[Finding]) -> Option<Ejected> {
    let broken: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.refuses())
        .collect();
    let first = broken.first()?;
    let with: BTreeSet<&TrackId> = broken.iter().filter_map(|it| it.other.as_ref()).collect();
    let paths: BTreeSet<&RepoPath> = broken.iter().filter_map(|it| it.path.as_ref()).collect();
    let more = match broken.len() - 1 {
        0 => String::new(),
        1 => "; 1 more finding refuses it".to_owned(),
        more => format!("; {more} more findings refuse it"),
    };
    let place = match &first.path {
        Some(path) if !first.message.contains(&*path.lossy()) => format!("{path}: "),
        _ => String::new(),
    };
    Some(Ejected {
        track: track.clone(),
        why: Why::Rule,
        with: with.into_iter().cloned().map(Side::Track).collect(),
        paths: paths.into_iter().cloned().collect(),
        check: None,
        reason: format!(
            "{} {place}{}{more}; `tracks validate {track}` says how to set it right",
            first.code, first.message
        ),
    })
}

/// One sentence for each exception that was used.
pub fn exceptions(track: &TrackId, findings: &[Finding]) -> Vec<String> {
    let used = findings.iter().filter_map(|finding| {
        let Some(Excuse::Allowed(reason)) = &finding.excuse else {
            return None;
        };
        let place = finding.path.as_ref();
        let place = place.map_or_else(String::new, |path| format!(" for {path}"));
        let code = finding.code;
        Some(format!(
            "{track} uses an exception from {code}{place}: {reason}"
        ))
    });
    used.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::Severity;
    use crate::domain::rule::{self, Finding};

    fn found(message: &str, path: &str) -> Finding {
        let rule = rule::find("NAM01").unwrap();
        Finding::new(rule, message, "do").at(&RepoPath::new(path))
    }

    #[test]
    fn only_what_refuses_keeps_a_track_out() {
        let ui = TrackId::new("ui").unwrap();
        let warning = found("m", "p").as_severe_as(Severity::Warning);
        let old = found("m", "p").on_base();
        assert_eq!(outlawed(&ui, &[]), None);
        assert_eq!(outlawed(&ui, &[warning.clone(), old.clone()]), None);

        let api = TrackId::new("api").unwrap();
        let one = found("changes src/a, which api owns", "src/a").with(&api);
        let out = outlawed(&ui, &[warning, old, one.clone()]).unwrap();
        assert_eq!(out.why, Why::Rule);
        assert_eq!(out.with, [Side::Track(api)]);
        assert_eq!(out.paths, [RepoPath::new("src/a")]);
        assert_eq!(
            out.reason,
            "NAM01 changes src/a, which api owns; `tracks validate ui` says how to set it right"
        );

        let out = outlawed(&ui, &[found("is wrong", "b"), one.clone(), one]).unwrap();
        assert_eq!(
            out.reason,
            "NAM01 b: is wrong; 2 more findings refuse it; `tracks validate ui` says how to set it right"
        );
    }

    #[test]
    fn exceptions_are_told() {
        let ui = TrackId::new("ui").unwrap();
        let mut excused = found("m", "src/a");
        excused.excuse = Some(Excuse::Allowed("agreed with api".to_owned()));
        assert_eq!(outlawed(&ui, &[excused.clone()]), None);
        assert_eq!(
            exceptions(&ui, &[found("m", "p"), excused]),
            ["ui uses an exception from NAM01 for src/a: agreed with api"]
        );
    }
}
