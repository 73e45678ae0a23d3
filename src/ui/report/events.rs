//! Events as JSON lines.

use serde_json::{Value, json};

use crate::ops::{Event, ServiceStep, TrackStep};

pub fn json(event: &Event<'_>) -> Value {
    match event {
        Event::Stage(text) => json!({ "event": "stage", "text": text }),
        Event::Planned(plan) => json!({
            "event": "planned",
            "checks": plan.checks,
            "work_seconds": plan.work.as_secs_f64(),
            "at_least_seconds": plan.at_least.as_secs_f64(),
        }),
        Event::Waiting(waits) => {
            let waits = waits.iter().map(|wait| {
                json!({
                    "resource": wait.resource,
                    "holder": wait.holder,
                    "held_seconds": wait.held.as_secs_f64(),
                })
            });
            json!({ "event": "waiting", "for": waits.collect::<Vec<_>>() })
        }
        Event::Service { name, place, step } => {
            let (step, message) = match step {
                ServiceStep::Starting => ("starting", None),
                ServiceStep::Ready => ("ready", None),
                ServiceStep::Stopped => ("stopped", None),
                ServiceStep::Failed(message) => ("failed", Some(*message)),
            };
            json!({ "event": "service", "service": name, "place": place, "step": step, "message": message })
        }
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
            expected,
        } => json!({
            "event": "check-started", "check": check.as_str(), "track": side.to_string(), "attempt": attempt,
            "expected_seconds": expected.map(|expected| expected.as_secs_f64()),
        }),
        Event::CheckStalled {
            check,
            side,
            silent,
        } => json!({
            "event": "check-stalled", "check": check.as_str(), "track": side.to_string(),
            "silent_seconds": silent.as_secs_f64(),
        }),
        Event::CheckRetried {
            check,
            side,
            attempt,
            outcome,
            delay,
        } => json!({
            "event": "check-retried", "check": check.as_str(), "track": side.to_string(), "attempt": attempt,
            "outcome": outcome.as_str(), "delay_seconds": delay.as_secs_f64(),
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
