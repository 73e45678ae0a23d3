//! What a hook says, on stderr: nothing where nothing is found.

use std::path::Path;

use super::super::wrap::wrapped;
use super::super::{check, count, failures};
use super::text::finding;
use crate::domain::hook::Hook;
use crate::domain::project::Severity;
use crate::domain::rule::Finding;
use crate::ops::hooks::run::{Judged, Report};
use crate::ui::style::{BAD, HINT, WARN, paint};

/// So many findings of one track are shown; `tracks validate` has them all.
const SHOWN: usize = 10;

pub fn text(hook: Hook, report: &Report, width: usize) -> String {
    let mut text = String::new();
    for judged in &report.judged {
        text.push_str(&of_track(hook, judged, width));
    }
    if report.is_empty_message {
        text.push_str(&format!(
            "{} it has no message beside its trailers\n",
            paint(BAD, "tracks: this commit is refused:")
        ));
    } else if let Some(message) = report.message.as_deref().filter(|_| report.refuses()) {
        text.push_str(&hint(&kept(message), width));
    }
    for note in &report.notes {
        let note = wrapped(8, note, width);
        text.push_str(&format!("{} {note}\n", paint(WARN, "tracks:")));
    }
    text
}

fn of_track(hook: Hook, judged: &Judged, width: usize) -> String {
    // What is only to be known is for `validate`, but for the one place where a trailer that says nothing can still be mended.
    let least = match hook {
        Hook::CommitMsg => Severity::Info,
        _ => Severity::Warning,
    };
    let tells = |it: &&Finding| it.excuse.is_none() && it.severity <= least;
    let told: Vec<&Finding> = judged.findings.iter().filter(tells).collect();
    let mut text = String::new();
    if judged.refuses() {
        let whose = match &judged.track {
            Some(track) => format!(" (track {track})"),
            None => String::new(),
        };
        let title = format!("tracks: {} is refused{whose}", judged.what);
        text.push_str(&format!("{}\n", paint(BAD, &title)));
    }
    for it in told.iter().take(SHOWN) {
        text.push_str(&finding(it, width));
    }
    if told.len() > SHOWN {
        let track = judged.track.as_ref();
        let all = track.map_or_else(String::new, |track| format!(": `tracks validate {track}`"));
        let more = count(told.len() - SHOWN, "more finding");
        text.push_str(&format!("  and {more}{all}\n"));
    }
    if !judged.runs.is_empty() {
        text.push_str(&check::runs(&judged.runs));
        text.push_str(&failures::text(&judged.runs, None));
    }
    if judged.refuses() {
        text.push_str(&hint(&way_past(hook, &told), width));
    }
    text
}

/// How to go on all the same, which is recorded.
fn way_past(hook: Hook, told: &[&Finding]) -> String {
    let refusing = told.iter().filter(|it| it.severity == Severity::Error);
    let mut codes: Vec<&str> = refusing.map(|it| it.code).collect();
    codes.sort_unstable();
    codes.dedup();
    match (hook, codes.as_slice()) {
        // The environment of whoever pushes is not that of the server.
        (Hook::PreReceive | Hook::Update, _) => {
            "`tracks validate` tells the same before the push".to_owned()
        }
        (_, []) => {
            "past it this once: TRACKS_HOOKS=0 in the environment, which is recorded".to_owned()
        }
        (hook, codes) => {
            let excepted = codes.iter().any(|code| code.starts_with("OWN"));
            let trailer = match hook == Hook::PreCommit && excepted {
                // Git shows this hook no message.
                true => ", for instance with the exception in this commit's own message",
                false => "",
            };
            format!(
                "past it this once{trailer}: TRACKS_SKIP={} in the environment, which is recorded; `tracks validate` and rounds judge it all the same",
                codes.join(",")
            )
        }
    }
}

fn kept(message: &Path) -> String {
    format!(
        "the message is kept: `git commit -e -F {}`",
        crate::domain::quote::shell_word(&message.to_string_lossy())
    )
}

fn hint(text: &str, width: usize) -> String {
    format!("  {} {}\n", paint(HINT, "hint:"), wrapped(8, text, width))
}
