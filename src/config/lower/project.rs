//! `[project]`, `[run]`, `[resource]` and `[service]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::super::raw::{CalendarKey, Entries, FlakyKey, PerKey, Placed, Span, StallKey};
use super::Context;
use crate::domain::name::BranchName;
use crate::domain::project::{Calendar, Flaky, Run, Service, Stall};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const DEFAULT_BACKOFF: Duration = Duration::from_secs(1);
const DEFAULT_GRACE: Duration = Duration::from_secs(5);
const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// `[project]`.
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) phase: Option<String>,
    pub(super) base: Option<BranchName>,
    pub(super) base_span: Range<usize>,
    pub(super) remote: String,
    pub(super) calendar: Calendar,
    pub(super) start: Option<String>,
}

pub(super) fn identity(cx: &mut Context<'_>, directory_name: &str) -> Identity {
    let default = Default::default();
    let table = cx.file.project.as_ref().unwrap_or(&default);
    Identity {
        name: table
            .name
            .as_ref()
            .map_or_else(|| directory_name.to_owned(), |name| name.0.clone()),
        phase: table.phase.as_ref().map(|phase| self::phase(cx, phase)),
        base: table
            .base
            .as_ref()
            .and_then(|base| cx.branch(base, "[project] base")),
        base_span: table.base.as_ref().map_or(0..0, Placed::span),
        remote: table
            .remote
            .as_ref()
            .map_or_else(|| "origin".to_owned(), |remote| self::remote(cx, remote)),
        calendar: match table.calendar {
            Some(CalendarKey::All) => Calendar::All,
            Some(CalendarKey::Weekdays) | None => Calendar::Weekdays,
        },
        start: table.start.as_ref().map(|date| date.0.clone()),
    }
}

/// A phase becomes a part of branch names and directories.
fn phase(cx: &mut Context<'_>, phase: &Placed<String>) -> String {
    match BranchName::new(phase) {
        Ok(_) => phase.to_string(),
        Err(error) => {
            let message = format!("`[project] phase` cannot be part of a branch name: {error}");
            cx.error(phase.span(), message);
            "phase".to_owned()
        }
    }
}

fn remote(cx: &mut Context<'_>, remote: &Placed<String>) -> String {
    // A remote's name is the first part of its remote-tracking branches.
    if let Err(error) = BranchName::new(remote) {
        cx.error(
            remote.span(),
            format!("`[project] remote` is not the name of a remote: {error}"),
        )
        .label = Some("expected a name such as `origin`".to_owned());
    }
    remote.to_string()
}

impl Context<'_> {
    /// The name of a branch that is written out.
    pub(super) fn branch(&mut self, name: &Placed<String>, place: &str) -> Option<BranchName> {
        BranchName::new(name)
            .map_err(|error| {
                self.error(
                    name.span(),
                    format!("`{place}` is not the name of a branch: {error}"),
                );
            })
            .ok()
    }

    /// A duration that has to pass.
    pub(super) fn longer_than_zero(&mut self, span: &Placed<Span>, place: &str) -> Duration {
        if span.0.is_zero() {
            self.error(
                span.span(),
                format!("`{place}` must be longer than nothing"),
            );
        }
        span.0
    }

    pub(super) fn env(&mut self, env: &Entries<String>, place: &str) -> BTreeMap<String, String> {
        for (key, value) in env.iter() {
            if key.is_empty() || key.contains(['=', '\0']) {
                let message = format!(
                    "`{place}` has {:?}, which cannot be the name of a variable",
                    key.as_str()
                );
                self.error(key.span(), message);
            }
            if value.contains('\0') {
                let message = format!("`{place}.{}` has a NUL character", key.as_str());
                self.error(value.span(), message);
            }
        }
        env.iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }
}

pub(super) fn flaky(key: FlakyKey) -> Flaky {
    match key {
        FlakyKey::Pass => Flaky::Pass,
        FlakyKey::Fail => Flaky::Fail,
    }
}

pub(super) fn stall(key: StallKey) -> Stall {
    match key {
        StallKey::Report => Stall::Report,
        StallKey::Kill => Stall::Kill,
    }
}

pub(super) fn run(cx: &mut Context<'_>) -> Run {
    let default = Default::default();
    let table = cx.judging.run.as_ref().unwrap_or(&default);
    let mut duration = |key: &Option<Placed<Span>>, place: &str, default: Duration| {
        key.as_ref()
            .map_or(default, |span| cx.longer_than_zero(span, place))
    };
    Run {
        jobs: table.jobs.unwrap_or(3),
        per_track: table.per_track.unwrap_or(0),
        retries: table.retries.unwrap_or(0),
        backoff: (table.backoff.as_ref()).map_or(DEFAULT_BACKOFF, |span| span.0),
        timeout: duration(&table.timeout, "[run] timeout", DEFAULT_TIMEOUT),
        stall_timeout: duration(
            &table.stall_timeout,
            "[run] stall_timeout",
            DEFAULT_STALL_TIMEOUT,
        ),
        grace: table.grace.as_ref().map_or(DEFAULT_GRACE, |span| span.0),
        stall: table.stall.map_or(Stall::Report, stall),
        fail_fast: table.fail_fast.unwrap_or(false),
        flaky: table.flaky.map_or(Flaky::Pass, flaky),
        breaker: table.breaker.unwrap_or(3),
        env: cx.env(&table.env, "[run] env"),
    }
}

pub(super) fn resources(cx: &mut Context<'_>) -> BTreeMap<String, u32> {
    let mut resources = BTreeMap::new();
    for (name, count) in cx.file.resource.iter() {
        if **count == 0 {
            let message = format!("`[resource] {}` must be at least 1", name.as_str());
            cx.error(count.span(), message).label = Some("nobody could ever hold it".to_owned());
        }
        resources.insert(name.to_string(), **count);
    }
    resources
}

pub(super) fn services(cx: &mut Context<'_>) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    for (name, table) in cx.file.service.iter() {
        let header = format!("[service.{}]", name.as_str());
        let Some(start) = &table.start else {
            cx.missing(table.span(), &header, "start", "\"…\"");
            continue;
        };
        let service = Service {
            start: start.0.clone(),
            ready: table.ready.as_ref().map(|run| run.0.clone()),
            stop: table.stop.as_ref().map(|run| run.0.clone()),
            per_repository: table.per == Some(PerKey::Repository),
        };
        services.insert(name.to_string(), service);
    }
    services
}
