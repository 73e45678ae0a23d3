//! `[check.NAME]`.

use super::super::raw::{CheckTable, MetricTable, Placed, WhenKey};
use super::cycle::Edge;
use super::project::{flaky, stall};
use super::reference::Kind;
use super::{Context, patterns, texts};
use crate::domain::name::CheckName;
use crate::domain::project::{Check, CheckSettings, Metric, MetricSource, Run, When};

pub(super) fn checks(cx: &mut Context<'_>, run: &Run) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, table) in cx.judging.check.iter() {
        checks.extend(check(cx, name, table, run));
    }
    no_circles(cx);
    checks
}

fn check(
    cx: &mut Context<'_>,
    key: &Placed<String>,
    table: &Placed<CheckTable>,
    run: &Run,
) -> Option<Check> {
    let header = format!("[check.{}]", key.as_str());
    let place = |key: &str| format!("{header} {key}");
    let name = CheckName::new(key).map_err(|error| {
        let diagnostic = cx.error(key.span(), format!("the name of a check {error}"));
        diagnostic.label = Some("expected a name such as `unit`".to_owned());
    });
    if table.run.is_none() {
        cx.missing(table.span(), &header, "run", "\"…\"");
    }
    let tracks = table.tracks.as_ref();
    let needs = cx.once_each(table.needs.as_ref(), &place("needs"));
    let check = Check {
        tracks: tracks.map(|list| cx.tracks(Some(list), &place("tracks"))),
        when: when(cx, table, &header),
        needs: needs
            .into_iter()
            .filter_map(|need| cx.check(need, &place("needs")))
            .collect(),
        inputs: patterns(table.inputs.as_ref()),
        tools: texts(table.tools.as_ref()),
        cwd: table.cwd.as_ref().map_or_else(
            || ".".to_owned(),
            |cwd| cx.inner_path(cwd, cwd.span(), &place("cwd")),
        ),
        settings: settings(cx, table, run, &header),
        weight: weight(cx, table, &header),
        jobs: table.jobs.unwrap_or(0),
        resources: cx.known_names(
            Kind::Resource,
            table.resources.as_ref(),
            &place("resources"),
        ),
        services: cx.known_names(Kind::Service, table.services.as_ref(), &place("services")),
        allow_failure: table.allow_failure.unwrap_or(false),
        retry: table.retry.as_ref().map(|run| run.0.clone()),
        metrics: metrics(cx, table, &header),
        junit: patterns(table.junit.as_ref())
            .iter()
            .map(ToString::to_string)
            .collect(),
        // Last, because it may end here, and everything above has to be looked at.
        name: name.ok()?,
        run: table.run.as_ref()?.0.clone(),
    };
    Some(check)
}

fn when(cx: &mut Context<'_>, table: &CheckTable, header: &str) -> Vec<When> {
    let Some(list) = &table.when else {
        return vec![When::Track, When::Integration];
    };
    if list.is_empty() && !cx.lost.inside(&list.span()) {
        let diagnostic = cx.error(
            list.span(),
            format!("`{header} when` is empty, so the check would never run"),
        );
        diagnostic.help = Some("name some of `track`, `integration` and `land`".to_owned());
    }
    let mut when: Vec<When> = list
        .iter()
        .map(|key| match **key {
            WhenKey::Track => When::Track,
            WhenKey::Integration => When::Integration,
            WhenKey::Land => When::Land,
        })
        .collect();
    when.sort_unstable();
    when.dedup();
    when
}

fn settings(cx: &mut Context<'_>, table: &CheckTable, run: &Run, header: &str) -> CheckSettings {
    let mut env = run.env.clone();
    env.extend(cx.env(&table.env, &format!("{header} env")));
    CheckSettings {
        timeout: table.timeout.as_ref().map_or(run.timeout, |span| {
            cx.longer_than_zero(span, &format!("{header} timeout"))
        }),
        retries: table.retries.unwrap_or(run.retries),
        backoff: (table.backoff.as_ref()).map_or(run.backoff, |span| span.0),
        stall_timeout: table
            .stall_timeout
            .as_ref()
            .map_or(run.stall_timeout, |span| {
                cx.longer_than_zero(span, &format!("{header} stall_timeout"))
            }),
        stall: table.stall.map_or(run.stall, stall),
        flaky: table.flaky.map_or(run.flaky, flaky),
        env,
    }
}

fn weight(cx: &mut Context<'_>, table: &CheckTable, header: &str) -> u32 {
    let Some(weight) = &table.weight else {
        return 1;
    };
    if **weight == 0 {
        cx.error(
            weight.span(),
            format!("`{header} weight` must be at least 1"),
        );
    }
    **weight
}

fn no_circles(cx: &mut Context<'_>) {
    let names: Vec<String> = cx.judging.check.keys().map(str::to_owned).collect();
    let mut edges = Vec::new();
    for (from, (_, table)) in cx.judging.check.iter().enumerate() {
        for need in table.needs.iter().flat_map(|list| list.iter()) {
            if let Some(to) = names.iter().position(|name| name == need.as_str()) {
                let span = need.span();
                edges.push(Edge { from, to, span });
            }
        }
    }
    cx.no_cycles(&names, &edges, "these checks");
}

fn metrics(cx: &mut Context<'_>, table: &CheckTable, header: &str) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    for written in &table.metric {
        let Some(metric) = metric(cx, written, header) else {
            continue;
        };
        if metrics.iter().any(|earlier| earlier.name == metric.name) {
            let span = written
                .name
                .as_ref()
                .map_or_else(|| written.span(), Placed::span);
            cx.error(
                span,
                format!("{header} has two metrics called `{}`", metric.name),
            );
        }
        metrics.push(metric);
    }
    metrics
}

fn metric(cx: &mut Context<'_>, table: &Placed<MetricTable>, header: &str) -> Option<Metric> {
    let what = format!("a metric of {header}");
    if table.name.is_none() {
        cx.missing(table.span(), &what, "name", "\"coverage\"");
    }
    let (min, max) = (table.min.as_ref(), table.max.as_ref());
    if let (Some(min), Some(max)) = (min, max)
        && **min > **max
    {
        let also = Some((max.span(), "`max`".to_owned()));
        let diagnostic = cx.error(min.span(), format!("`min` of {what} is above its `max`"));
        diagnostic.label = Some("`min`".to_owned());
        diagnostic.also = also;
    }
    let weight = table.weight.as_ref();
    if let Some(weight) = weight.filter(|weight| !(weight.is_finite() && ***weight > 0.0)) {
        cx.error(weight.span(), format!("`weight` of {what} must be above 0"));
    }
    let source = source(cx, table, header, &what);
    Some(Metric {
        min: min.map(|min| **min),
        max: max.map(|max| **max),
        max_regression: table.max_regression.as_ref().map(|text| text.0.clone()),
        weight: weight.map_or(1.0, |weight| **weight),
        source: source?,
        name: table.name.as_ref()?.0.clone(),
    })
}

fn source(
    cx: &mut Context<'_>,
    table: &Placed<MetricTable>,
    header: &str,
    what: &str,
) -> Option<MetricSource> {
    match (&table.pattern, &table.file, &table.pointer) {
        (Some(pattern), None, None) => {
            let regex = cx.regex(pattern, &format!("`pattern` of {what}"))?;
            if regex.captures_len() < 2 {
                let diagnostic = cx.error(
                    pattern.span(),
                    format!("`pattern` of {what} has no group around the number"),
                );
                diagnostic.help =
                    Some("put the number into a group, as in `coverage: ([0-9.]+)`".to_owned());
            }
            Some(MetricSource::Pattern(pattern.to_string()))
        }
        (None, Some(file), Some(pointer)) => {
            if !pointer.starts_with('/') {
                cx.error(
                    pointer.span(),
                    format!("`pointer` of {what} must start with `/`"),
                );
            }
            Some(MetricSource::File {
                file: cx.inner_path(file, file.span(), &format!("{header} metric.file")),
                pointer: pointer.to_string(),
            })
        }
        (None, Some(_), None) => {
            cx.missing(table.span(), what, "pointer", "\"/total\"");
            None
        }
        (None, None, Some(_)) => {
            cx.missing(table.span(), what, "file", "\"bench.json\"");
            None
        }
        (None, None, None) => {
            cx.missing(table.span(), what, "pattern", "'…([0-9.]+)'");
            None
        }
        (Some(pattern), _, _) => {
            let message = format!("{what} takes its number from the output and from a file");
            let diagnostic = cx.error(pattern.span(), message);
            diagnostic.help = Some("keep either `pattern`, or `file` and `pointer`".to_owned());
            None
        }
    }
}

impl Context<'_> {
    /// A regular expression that compiles.
    pub(super) fn regex(&mut self, text: &Placed<String>, what: &str) -> Option<regex::Regex> {
        regex::Regex::new(text)
            .map_err(|error| {
                let message = match &error {
                    regex::Error::Syntax(report) => report
                        .lines()
                        .find_map(|line| line.strip_prefix("error: "))
                        .unwrap_or("it cannot be read")
                        .to_owned(),
                    other => other.to_string(),
                };
                let message = format!("{what} is not a regular expression: {message}");
                self.error(text.span(), message);
            })
            .ok()
    }
}
