//! The answer of `tracks hooks install --agent` and `tracks hooks uninstall --agent`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::{document, names, with};
use crate::ops::hooks::agent::{Outcome, Place, Report};
use crate::ui::style::{DIM, GOOD, HINT, WARN, paint, tame};

pub fn json(report: &Report) -> Value {
    let places = report.places.iter().map(|place| {
        let mut value = json!({
            "track": place.track.as_ref().map(ToString::to_string),
            "file": place.file.to_string_lossy(),
            "state": state(&place.outcome),
        });
        if let Outcome::LeftAlone(why) = &place.outcome {
            value["reason"] = json!(why);
            value["fix"] = json!(place.fix);
        }
        value
    });
    with(
        document("hooks-agent", !report.is_incomplete()),
        json!({
            "agent": report.agent.name(),
            "places": places.collect::<Vec<_>>(),
            "without_worktree": names(&report.without_worktree),
            "left_to_do": report.left_to_do,
        }),
    )
}

fn state(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Installed => "installed",
        Outcome::Removed => "removed",
        Outcome::Unchanged => "unchanged",
        Outcome::LeftAlone(_) => "left-alone",
    }
}

/// `main`: paths in there are shown from its top.
pub fn text(report: &Report, main: Option<&Path>) -> String {
    let agent = report.agent.name();
    let mut text = String::new();
    for place in &report.places {
        text.push_str(&line(place, main));
    }
    let mut note = |said: String| {
        text.push_str(&format!("{} {said}\n", paint(HINT, "note:")));
    };
    if !report.without_worktree.is_empty() {
        let tracks = names(&report.without_worktree).join(", ");
        note(format!(
            "no worktree yet: {tracks}; after `tracks init`, `tracks hooks install --agent {agent}` again"
        ));
    }
    if let Some(left) = report.left_to_do {
        note(left.to_owned());
    }
    if report.places.is_empty() {
        text.push_str(&format!("nothing to do for {agent}\n"));
    }
    text
}

fn line(place: &Place, main: Option<&Path>) -> String {
    let whose = match &place.track {
        Some(track) => format!(" for track {track}"),
        None => String::new(),
    };
    let file = short(&place.file, main);
    let style = match place.outcome {
        Outcome::Installed | Outcome::Removed => GOOD,
        Outcome::Unchanged => DIM,
        Outcome::LeftAlone(_) => WARN,
    };
    let state = paint(style, &format!("{:<10}", state(&place.outcome)));
    let why = match &place.outcome {
        Outcome::LeftAlone(why) => format!(": {}", tame(why)),
        _ => String::new(),
    };
    let fix = match &place.fix {
        Some(fix) => format!("  {} {}\n", paint(HINT, "fix:"), tame(fix)),
        None => String::new(),
    };
    format!("{state} {file}{whose}{why}\n{fix}")
}
