//! The answer of `tracks validate` for people: what refuses first, each with what to do about it.

use super::super::wrap::{in_lines, wrapped};
use super::super::{check, count, failures, foreseen_text, show, types};
use super::problem::{excuse, lacking};
use crate::domain::deliverable::Delivery;
use crate::domain::merge::Verdict;
use crate::domain::name::Side;
use crate::domain::project::Severity;
use crate::domain::rule::Finding;
use crate::domain::sync::Foreseen;
use crate::ops::validate::{Judged, Mending, Report};
use crate::ui::Workflow;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};

/// So many infos are shown of one track.
const INFOS: usize = 10;

/// `width`: columns that lines have; `workflow`: the one whose log the answer goes to.
pub fn text(report: &Report, width: usize, workflow: Option<&Workflow>) -> String {
    let mut text = String::new();
    for (index, judged) in report.tracks.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&track(report, judged, width, workflow));
    }
    for note in &report.notes {
        text.push_str(&note_line(note, width));
    }
    if report.without_checks {
        text.push_str(&note_line("checks were not run", width));
    }
    if report.all {
        text.push_str(&summary_of_all(report));
    } else if let [judged] = report.tracks.as_slice() {
        text.push_str(&in_lines(2, &summary(judged), width));
        text.push('\n');
    }
    text
}

fn track(report: &Report, judged: &Judged, width: usize, workflow: Option<&Workflow>) -> String {
    let colon = if report.all { ":" } else { "" };
    let mut head = vec![
        format!("track {}", paint(STRONG, judged.track.as_str())),
        format!("at {}", paint(DIM, &judged.head.short())),
        format!(
            "against {} {}{colon}",
            report.base.name,
            paint(DIM, &report.base.commit.short())
        ),
    ];
    if report.all {
        head.extend(summary(judged));
    }
    let mut text = in_lines(2, &head, width);
    text.push('\n');
    text.push_str(&findings(&judged.findings, width));
    match &judged.mending {
        Some(mending) => text.push_str(&mended(judged, mending, width)),
        None => text.push_str(&fixable(judged)),
    }
    let foreseen = |side| judged.foreseen.get(&side);
    text.push_str(&merge(
        "base",
        &judged.with_base,
        foreseen(Side::Base),
        width,
    ));
    if let Some(verdict) = &judged.with_integration {
        let foreseen = foreseen(Side::Integration);
        text.push_str(&merge("integration", verdict, foreseen, width));
    }
    if let Some(reason) = &judged.open {
        let reason = wrapped(15, reason, width);
        text.push_str(&format!("  {} {reason}\n", paint(WARN, "undetermined")));
    }
    for delivery in &judged.deliverables {
        text.push_str(&delivered(judged, delivery, width));
    }
    if !judged.runs.is_empty() {
        text.push_str(&check::runs(&judged.runs));
        text.push_str(&failures::text(&judged.runs, workflow));
        for run in judged
            .runs
            .iter()
            .filter(|run| run.outcome.is_red() && !run.allow_failure)
        {
            if judged.is_red_on_base(run) {
                let note = format!(
                    "check {} is red on base, too: that is not the track's fault",
                    run.check
                );
                text.push_str(&note_line(&note, width));
            } else if !judged.is_green_on_base(run) {
                let note = format!(
                    "whether check {} is red on base, too, could not be found out",
                    run.check
                );
                text.push_str(&note_line(&note, width));
            }
        }
    }
    for note in &judged.notes {
        text.push_str(&note_line(note, width));
    }
    text
}

fn note_line(note: &str, width: usize) -> String {
    format!("  {} {}\n", paint(WARN, "note"), wrapped(7, note, width))
}

/// They come sorted; infos are cut short.
fn findings(findings: &[Finding], width: usize) -> String {
    let mut text = String::new();
    let is_info =
        |finding: &&Finding| finding.excuse.is_none() && finding.severity == Severity::Info;
    let infos = findings.iter().filter(is_info).count();
    let mut shown = 0;
    for it in findings {
        if is_info(&it) {
            shown += 1;
            if shown > INFOS {
                continue;
            }
        }
        text.push_str(&finding(it, width));
    }
    if infos > INFOS {
        let more = format!(
            "and {} of severity info",
            count(infos - INFOS, "more finding")
        );
        text.push_str(&format!("  {}\n", paint(DIM, &more)));
    }
    text
}

/// One finding: code, place and other track; then what is so, and what to do.
pub(super) fn finding(finding: &Finding, width: usize) -> String {
    let excuse = excuse(finding);
    let style = match finding.severity {
        _ if excuse.is_some() => DIM,
        Severity::Error => BAD,
        Severity::Warning => WARN,
        Severity::Info | Severity::Off => DIM,
    };
    let mut head = vec![format!(
        "  {} {}",
        paint(style, finding.severity.as_str()),
        paint(style, finding.code)
    )];
    if let Some(path) = &finding.path {
        let line = finding
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        head.push(format!(" {}{line}", show(path)));
    } else if let Some(commit) = &finding.commit {
        head.push(format!(" commit {}", commit.short()));
    }
    if let Some(other) = &finding.other {
        let with = format!("(with track {other})");
        head.push(format!(" {}", paint(DIM, &with)));
    }
    let head = in_lines(4, &head, width);
    let message = wrapped(4, &finding.message, width);
    if let Some(excuse) = excuse {
        let excuse = wrapped(4, &excuse, width);
        return format!(
            "{head}\n    {}\n    {}\n",
            paint(DIM, &message),
            paint(DIM, &excuse)
        );
    }
    let fix = wrapped(9, &finding.fix, width);
    format!("{head}\n    {message}\n    {} {fix}\n", paint(HINT, "fix:"))
}

/// How much of what was found needs nobody to think.
fn fixable(judged: &Judged) -> String {
    let is = |it: &&Finding| it.excuse.is_none() && it.mend.is_some();
    match judged.findings.iter().filter(is).count() {
        0 => String::new(),
        number => format!(
            "  {} {number} of these: `tracks validate {} --fix`\n",
            paint(HINT, "fixable"),
            judged.track
        ),
    }
}

fn mended(judged: &Judged, mending: &Mending, width: usize) -> String {
    let mut text = String::new();
    for mended in &mending.done {
        text.push_str(&format!(
            "  {} {} {}\n    {} `{}`\n",
            paint(GOOD, "fixed"),
            mended.code,
            wrapped(14, &mended.what, width),
            paint(DIM, "undo:"),
            tame(&mended.undo),
        ));
    }
    for left in &mending.left {
        text.push_str(&format!(
            "  {} {}\n",
            paint(WARN, "not fixed"),
            wrapped(12, left, width)
        ));
    }
    if mending.done.is_empty() && mending.left.is_empty() {
        text.push_str(&note_line(
            "there is nothing here that `--fix` can set right",
            width,
        ));
    } else if !mending.done.is_empty() {
        let track = &judged.track;
        let note = format!(
            "what was fixed is staged in the worktree of track {track} and not committed; `git diff --cached` shows it"
        );
        text.push_str(&note_line(&note, width));
    }
    text
}

fn merge(with: &str, verdict: &Verdict, foreseen: Option<&Foreseen>, width: usize) -> String {
    match verdict {
        Verdict::Clean => format!("  {} merges clean with {with}\n", paint(GOOD, "ok")),
        Verdict::Unavailable(reason) => {
            format!(
                "  {} {}\n",
                paint(WARN, "unavailable"),
                wrapped(14, &format!("merge with {with}: {reason}"), width)
            )
        }
        Verdict::Conflict(conflicts) => {
            let style = if foreseen.is_some() { WARN } else { BAD };
            let mut text = format!(
                "  {} with {with} in {}\n",
                paint(style, "conflict"),
                count(conflicts.len(), "path")
            );
            for conflict in conflicts {
                text.push_str(&format!(
                    "    {}  {}\n",
                    show(&conflict.path),
                    paint(DIM, &types(conflict))
                ));
            }
            if let Some(foreseen) = foreseen {
                let how = format!("a round resolves it: {}", foreseen_text(foreseen));
                text.push_str(&format!("    {}\n", wrapped(4, &how, width)));
            }
            text
        }
    }
}

fn delivered(judged: &Judged, delivery: &Delivery, width: usize) -> String {
    if delivery.is_complete() {
        return format!(
            "  {} {} is there\n",
            paint(GOOD, "ok"),
            tame(&delivery.path)
        );
    }
    let style = if judged.delivers { BAD } else { DIM };
    format!(
        "  {} {}\n",
        paint(style, "undelivered"),
        wrapped(14, &lacking(delivery), width)
    )
}

/// "refused: 2 errors, 1 warning, 1 allowed", in pieces.
fn summary(judged: &Judged) -> Vec<String> {
    let word = match (judged.refused(), judged.undetermined()) {
        (true, _) => paint(BAD, "refused"),
        (false, true) => paint(WARN, "could not be determined"),
        (false, false) => paint(GOOD, "passed"),
    };
    let counts = counts(judged);
    let last = counts.len().saturating_sub(1);
    let word = match counts.is_empty() {
        true => word,
        false => format!("{word}:"),
    };
    let counts = counts.into_iter().enumerate();
    let counts = counts.map(|(at, count)| match at == last {
        true => count,
        false => format!("{count},"),
    });
    std::iter::once(word).chain(counts).collect()
}

pub(super) fn counts(judged: &Judged) -> Vec<String> {
    let of = |severity: Severity| {
        let counts = |it: &&Finding| it.excuse.is_none() && it.severity == severity;
        judged.findings.iter().filter(counts).count()
    };
    let excused = |allowed: bool| {
        let is = |it: &&Finding| {
            let excuse = it.excuse.as_ref();
            excuse
                .is_some_and(|it| matches!(it, crate::domain::rule::Excuse::Allowed(_)) == allowed)
        };
        judged.findings.iter().filter(is).count()
    };
    let red = judged.runs.iter().filter(|run| judged.speaks_against(run));
    let conflicts = judged.conflicts();
    let mut parts = Vec::new();
    let mut part = |number: usize, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    let (errors, warnings, infos) = (
        of(Severity::Error),
        of(Severity::Warning),
        of(Severity::Info),
    );
    part(errors, count(errors, "error"));
    for side in &conflicts {
        part(1, format!("a conflict with {side}"));
    }
    let undelivered = judged.undelivered().len();
    part(undelivered, format!("{undelivered} undelivered"));
    let red = red.count();
    part(red, count(red, "red check"));
    let reasons = judged.reasons().len();
    part(reasons, format!("{reasons} undetermined"));
    part(warnings, count(warnings, "warning"));
    part(infos, count(infos, "info"));
    let (allowed, on_base) = (excused(true), excused(false));
    part(allowed, format!("{allowed} allowed"));
    part(on_base, format!("{on_base} on base before"));
    parts
}

fn summary_of_all(report: &Report) -> String {
    let refused = report.tracks.iter().filter(|it| it.refused()).count();
    let open = |it: &&Judged| !it.refused() && it.undetermined();
    let open = report.tracks.iter().filter(open).count();
    let mut text = match report.tracks.len() {
        0 => return "no track has work yet\n".to_owned(),
        number => format!("{}: ", count(number, "track")),
    };
    let passed = report.tracks.len() - refused - open;
    let mut parts = vec![paint(GOOD, &format!("{passed} passed"))];
    if refused > 0 {
        parts.insert(0, paint(BAD, &format!("{refused} refused")));
    }
    if open > 0 {
        parts.push(paint(WARN, &format!("{open} could not be determined")));
    }
    text.push_str(&parts.join(", "));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finding, judged, report};
    use super::*;
    use crate::domain::path::RepoPath;
    use crate::domain::rule::Mend;

    #[test]
    fn what_can_be_fixed_is_told() {
        let mend = Mend::Rename {
            from: RepoPath::new("m/x.sql"),
            to: RepoPath::new("m/1_x.sql"),
        };
        let found = finding("MIG01", "it is not named so").mended_by(mend);
        let told = text(&report(judged(vec![found])), 80, None);
        let told = anstream::adapter::strip_str(&told).to_string();
        assert!(
            told.contains("\n  fixable 1 of these: `tracks validate a --fix`\n"),
            "{told}"
        );
        let told = text(&report(judged(vec![finding("OWN01", "x")])), 80, None);
        assert!(!told.contains("--fix"), "{told}");
    }
}
