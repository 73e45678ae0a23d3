//! `[integration]`.

use std::time::Duration;

use super::super::raw::{
    AdmitKey, IntegrationTable, OnConflictKey, OnFailureKey, Placed, ResolveTable, ResolveWhenKey,
    StrategyKey,
};
use super::project::Identity;
use super::{Context, patterns};
use crate::domain::layout::{self, Fields};
use crate::domain::name::BranchName;
use crate::domain::project::{
    Admit, Integration, OnConflict, OnFailure, Regenerate, Resolve, Strategy,
};

const DEFAULT_EVERY: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What the branch's template gives.
pub(super) fn branch(cx: &mut Context<'_>, identity: &Identity) -> Option<BranchName> {
    let written = cx
        .judging
        .integration
        .as_ref()
        .and_then(|table| table.branch.as_ref());
    let default = match identity.phase {
        Some(_) => "integration/{phase}",
        None => "integration",
    };
    let fields = Fields {
        phase: identity.phase.as_deref(),
        track: None,
        agent: None,
        project: &identity.name,
    };
    let template = written.map_or(default, |text| text.as_str());
    layout::branch(template, fields)
        .map_err(|error| {
            let span = written.map_or(0..0, Placed::span);
            let message = format!("`[integration] branch` gives no branch: {error}");
            cx.error(span, message).label =
                Some("expected a template such as `integration/{phase}`".to_owned());
        })
        .ok()
}

pub(super) fn integration(cx: &mut Context<'_>, branch: Option<BranchName>) -> Option<Integration> {
    let default = IntegrationTable::default();
    let table = cx.judging.integration.as_ref().unwrap_or(&default);
    let every = table.every.as_ref().map_or(DEFAULT_EVERY, |span| {
        cx.longer_than_zero(span, "[integration] every")
    });
    let max_age = table
        .max_age
        .as_ref()
        .map(|span| cx.longer_than_zero(span, "[integration] max_age"));
    let required = cx.tracks(table.required.as_ref(), "[integration] required");
    let resolve = table
        .resolve
        .iter()
        .filter_map(|table| resolve(cx, table))
        .collect();
    Some(Integration {
        branch: branch?,
        every,
        admit: match table.admit {
            None | Some(AdmitKey::All) => Admit::All,
            Some(AdmitKey::Ready) => Admit::Ready,
            Some(AdmitKey::Green) => Admit::Green,
        },
        quorum: table.quorum.map(|share| share.0),
        required,
        on_conflict: match table.on_conflict {
            None | Some(OnConflictKey::Eject) => OnConflict::Eject,
            Some(OnConflictKey::LastGood) => OnConflict::LastGood,
            Some(OnConflictKey::Stop) => OnConflict::Stop,
        },
        on_failure: match table.on_failure {
            None | Some(OnFailureKey::Isolate) => OnFailure::Isolate,
            Some(OnFailureKey::LastGood) => OnFailure::LastGood,
            Some(OnFailureKey::Stop) => OnFailure::Stop,
        },
        critical: patterns(table.critical.as_ref()),
        max_age,
        resolve,
    })
}

const HEADER: &str = "[[integration.resolve]]";

fn resolve(cx: &mut Context<'_>, table: &Placed<ResolveTable>) -> Option<Resolve> {
    let paths = patterns(table.paths.as_ref());
    if paths.is_empty() {
        cx.missing(table.span(), HEADER, "paths", "[\"CHANGELOG.md\"]");
    }
    let strategies: Vec<StrategyKey> = table
        .strategy
        .iter()
        .flat_map(|list| list.iter())
        .map(|key| **key)
        .collect();
    if strategies.is_empty() {
        cx.missing(table.span(), HEADER, "strategy", "\"union\"");
    } else {
        tools_of_strategies(cx, table, &strategies);
    }
    let when = table
        .when
        .as_ref()
        .map_or(ResolveWhenKey::Conflict, |when| **when);
    let inputs = patterns(table.inputs.as_ref());
    if when == ResolveWhenKey::InputsChanged && inputs.is_empty() {
        cx.missing(table.span(), HEADER, "inputs", "[\"package.json\"]");
    }
    let accept = table
        .accept
        .as_ref()
        .and_then(|check| cx.check(check, &format!("{HEADER} accept")));
    Some(Resolve {
        paths,
        strategies: strategies.iter().map(|key| strategy(*key)).collect(),
        accept,
        driver: table.driver.as_ref().map(|driver| driver.0.clone()),
        command: table.command.as_ref().map(|run| run.0.clone()),
        when: match when {
            ResolveWhenKey::Conflict => Regenerate::OnConflict,
            ResolveWhenKey::InputsChanged => Regenerate::WhenInputsChanged,
            ResolveWhenKey::Always => Regenerate::Always,
        },
        inputs,
    })
}

fn strategy(key: StrategyKey) -> Strategy {
    match key {
        StrategyKey::Union => Strategy::Union,
        StrategyKey::Ours => Strategy::Ours,
        StrategyKey::Theirs => Strategy::Theirs,
        StrategyKey::Owner => Strategy::Owner,
        StrategyKey::Priority => Strategy::Priority,
        StrategyKey::First => Strategy::First,
        StrategyKey::Newest => Strategy::Newest,
        StrategyKey::Driver => Strategy::Driver,
        StrategyKey::Regenerate => Strategy::Regenerate,
    }
}

/// `driver` goes with the strategy `driver`, `command` and `when` with `regenerate`; without it they are harmless.
fn tools_of_strategies(
    cx: &mut Context<'_>,
    table: &Placed<ResolveTable>,
    strategies: &[StrategyKey],
) {
    let regenerates = strategies.contains(&StrategyKey::Regenerate);
    let drives = strategies.contains(&StrategyKey::Driver);
    let only_for = |key: &str, strategy: &str| {
        format!("`{HEADER} {key}` does nothing without the strategy `{strategy}`")
    };
    match (&table.driver, drives) {
        (None, true) => cx.missing(table.span(), HEADER, "driver", "\"mergiraf\""),
        (Some(driver), false) => {
            cx.warning(driver.span(), only_for("driver", "driver"));
        }
        _ => {}
    }
    match (&table.command, regenerates) {
        (None, true) => cx.missing(table.span(), HEADER, "command", "\"…\""),
        (Some(command), false) => {
            cx.warning(command.span(), only_for("command", "regenerate"));
        }
        _ => {}
    }
    if let Some(when) = table.when.as_ref().filter(|_| !regenerates) {
        cx.warning(when.span(), only_for("when", "regenerate"));
    }
}
