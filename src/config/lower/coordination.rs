//! Checkpoints, steps, escalations, reviewers, hand-offs and targets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::raw::{CheckpointTable, EscalationKind, OneOrMany, Placed, StepTable};
use super::super::read::listed;
use super::reference::Kind;
use super::track::contract_level;
use super::{Context, texts, why_not_inside};
use crate::domain::name::nearest;
use crate::domain::path::Pattern;
use crate::domain::project::{Checkpoint, Coordination, Escalation, Step};

pub(super) fn coordination(cx: &mut Context<'_>) -> Coordination {
    let file = cx.file;
    let mut names = Vec::new();
    let checkpoints = file
        .checkpoint
        .iter()
        .filter_map(|table| checkpoint(cx, table, &mut names))
        .collect();
    let mut names = Vec::new();
    let steps = file
        .step
        .iter()
        .filter_map(|table| step(cx, table, &mut names))
        .collect();
    Coordination {
        checkpoints,
        steps,
        escalations: escalations(cx),
        reviewers: reviewers(cx),
        handoff: handoff(cx),
        handoff_required_for: file
            .handoff
            .as_ref()
            .and_then(|table| table.required_for)
            .map(|key| key.as_str().to_owned()),
        metric_targets: file.metrics.as_ref().map_or_else(BTreeMap::new, |metrics| {
            metrics
                .target
                .iter()
                .map(|(name, target)| (name.to_string(), target.0.clone()))
                .collect()
        }),
    }
}

/// The name of a checkpoint or a step, which no other may have.
fn named<'n>(
    cx: &mut Context<'_>,
    name: Option<&'n Placed<super::Text>>,
    table: std::ops::Range<usize>,
    header: &str,
    seen: &mut Vec<&'n str>,
) -> Option<String> {
    let Some(name) = name else {
        cx.missing(table, header, "name", "\"…\"");
        return None;
    };
    if seen.contains(&name.0.as_str()) {
        cx.error(
            name.span(),
            format!("two {header} have the name `{}`", name.0),
        );
    }
    seen.push(&name.0);
    Some(name.0.clone())
}

fn checkpoint<'n>(
    cx: &mut Context<'_>,
    table: &'n Placed<CheckpointTable>,
    seen: &mut Vec<&'n str>,
) -> Option<Checkpoint> {
    let name = named(
        cx,
        table.name.as_ref(),
        table.span(),
        "[[checkpoint]]",
        seen,
    );
    let tracks = table
        .tracks
        .as_ref()
        .map(|list| cx.tracks(Some(list), "[[checkpoint]] tracks"));
    let require = requirements(cx, table.require.as_ref(), "[[checkpoint]] require");
    Some(Checkpoint {
        name: name?,
        due: table.due.as_ref().map(|due| due.0.clone()),
        tracks,
        remind: table.remind.as_ref().map(|span| span.0),
        require,
    })
}

fn step<'n>(
    cx: &mut Context<'_>,
    table: &'n Placed<StepTable>,
    seen: &mut Vec<&'n str>,
) -> Option<Step> {
    let name = named(cx, table.name.as_ref(), table.span(), "[[step]]", seen);
    let required = cx.tracks(table.required.as_ref(), "[[step]] required");
    let entry = requirements(cx, table.entry.as_ref(), "[[step]] entry");
    let exit = requirements(cx, table.exit.as_ref(), "[[step]] exit");
    Some(Step {
        name: name?,
        min_success: table.min_success.map(|share| share.0),
        required,
        entry,
        exit,
    })
}

fn requirements(
    cx: &mut Context<'_>,
    list: Option<&OneOrMany<String>>,
    place: &str,
) -> Vec<String> {
    let requirements = cx.once_each(list, place);
    for requirement in &requirements {
        requirement_holds_together(cx, requirement, place);
    }
    requirements
        .into_iter()
        .map(|text| text.to_string())
        .collect()
}

/// `KIND:WHAT`, and what it names exists.
fn requirement_holds_together(cx: &mut Context<'_>, written: &Placed<String>, place: &str) {
    const KINDS: [&str; 7] = [
        "check", "contract", "path", "metric", "track", "approve", "manual",
    ];
    const STATES: [&str; 6] = ["draft", "in-progress", "ready", "done", "dropped", "landed"];
    let (kind, what) = written.split_once(':').unwrap_or((written, ""));
    let problem = match kind {
        _ if !KINDS.contains(&kind) => Some(match nearest(kind, KINDS) {
            Some(near) => format!("did you mean `{near}:`?"),
            None => format!("the kinds are {}", listed(&KINDS)),
        }),
        _ if what.trim().is_empty() => Some(format!("say what after `{kind}:`")),
        "check" => {
            cx.is_known(Kind::Check, what, written.span(), place);
            None
        }
        "contract" => {
            contract_level(cx, what, written, place);
            None
        }
        "path" => why_not_inside(what).map(|why| format!("the path {why}")),
        "metric" => {
            (!is_comparison(what)).then(|| "write it as in `metric:coverage>=95`".to_owned())
        }
        "track" => match what.split_once('=') {
            Some((track, state)) if STATES.contains(&state) => {
                cx.is_known(Kind::Track, track, written.span(), place);
                None
            }
            _ => Some(format!(
                "write it as in `track:a=ready`; the states are {}",
                listed(&STATES)
            )),
        },
        _ => None,
    };
    if let Some(help) = problem {
        let message = format!(
            "`{}` in `{place}` is not something that can be required",
            written.as_str()
        );
        cx.error(written.span(), message).help = Some(help);
    }
}

/// `NAME>=NUMBER`, or with `<=`.
fn is_comparison(text: &str) -> bool {
    let sides = text.split_once(">=").or_else(|| text.split_once("<="));
    sides.is_some_and(|(name, number)| {
        !name.trim().is_empty() && number.trim().parse::<f64>().is_ok_and(f64::is_finite)
    })
}

fn escalations(cx: &mut Context<'_>) -> Vec<Escalation> {
    let mut escalations = Vec::new();
    for table in &cx.file.escalation {
        if table.on.is_none() {
            cx.missing(table.span(), "[[escalation]]", "on", "\"blocker\"");
        }
        if table.notify.is_none() {
            cx.missing(table.span(), "[[escalation]]", "notify", "\"lead\"");
        }
        let (Some(on), Some(notify)) = (table.on, &table.notify) else {
            continue;
        };
        let (on, hours) = match on {
            EscalationKind::Blocker => ("blocker", 1),
            EscalationKind::Conflict => ("conflict", 2),
            EscalationKind::RedIntegration => ("red-integration", 1),
            EscalationKind::SilentTrack => ("silent-track", 4),
        };
        escalations.push(Escalation {
            on: on.to_owned(),
            after: table
                .after
                .as_ref()
                .map_or(Duration::from_secs(hours * 60 * 60), |span| span.0),
            notify: notify.0.clone(),
        });
    }
    escalations
}

fn reviewers(cx: &mut Context<'_>) -> Vec<(Pattern, Vec<String>)> {
    let mut reviewers = Vec::new();
    for (key, people) in cx.file.reviewers.iter() {
        if let Some(pattern) = cx.key_pattern(key) {
            reviewers.push((pattern, texts(Some(people))));
        }
    }
    reviewers
}

fn handoff(cx: &mut Context<'_>) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let Some(table) = &cx.file.handoff else {
        return fields;
    };
    for (field, value) in table.fields.iter() {
        let fine = match value.strip_prefix("path:") {
            Some(path) => why_not_inside(path).is_none(),
            None => matches!(value.as_str(), "required" | "optional"),
        };
        if !fine {
            let message = format!(
                "`[handoff] fields.{}` must be `required`, `optional`, or `path:` and a file",
                field.as_str()
            );
            cx.error(value.span(), message);
        }
        fields.insert(field.to_string(), value.to_string());
    }
    fields
}
