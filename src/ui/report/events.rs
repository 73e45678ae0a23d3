//! Events as JSON lines.

use serde_json::{Value, json};

use crate::ops::{Event, TrackStep};

pub fn json(event: &Event<'_>) -> Value {
    match event {
        Event::Stage(text) => json!({ "event": "stage", "text": text }),
        Event::WaitingForSlot => json!({ "event": "waiting-for-slot" }),
        Event::Track { track, step } => {
            let (step, message) = match step {
                TrackStep::Waiting => ("waiting", None),
                TrackStep::Creating => ("creating", None),
                TrackStep::Copying => ("copying", None),
                TrackStep::Created => ("created", None),
                TrackStep::Kept => ("kept", None),
                TrackStep::Failed(message) => ("failed", Some(message)),
            };
            json!({ "event": "track", "track": track.as_str(), "step": step, "message": message })
        }
        Event::CheckStarted {
            check,
            side,
            attempt,
        } => json!({
            "event": "check-started", "check": check.as_str(), "track": side.to_string(), "attempt": attempt,
        }),
        Event::CheckOutput { check, side, line } => json!({
            "event": "check-output", "check": check.as_str(), "track": side.to_string(), "line": line,
        }),
        Event::CheckEnded { run } => {
            json!({ "event": "check-ended", "run": super::check::run_json(run) })
        }
        Event::SetupEnded { place } => json!({ "event": "setup-ended", "place": place }),
        Event::SetupOutput { place, line } => {
            json!({ "event": "setup-output", "place": place, "line": line })
        }
    }
}
