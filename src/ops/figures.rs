//! The numbers and tests that one attempt at a check has yielded: taken, compared with base and the last time, and kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::domain::check::{Figure, Run, Tests};
use crate::domain::name::{CheckName, Side};
use crate::domain::project::{Check, Metric, MetricSource};
use crate::domain::revision::TreeId;
use crate::domain::trust::TrustedCommand;
use crate::files::{NoNumber, Output, number_in_file, read_junit};
use crate::git::{GitError, Merger};
use crate::process::clock;
use crate::store::{CachedResult, KeptFigure, LastFigures, ResultKey, StoreError, Yield};

use super::Session;
use super::keys::Keys;

/// One attempt that has ended.
pub(super) struct Attempt<'a> {
    pub check: &'a Check,
    pub side: &'a Side,
    /// The root of the worktree it ran in.
    pub worktree: &'a Path,
    pub log: &'a Path,
    /// From before it started, see [`clock::file_time`].
    pub since: SystemTime,
    /// Its command ended well; what another one has not yielded is not missed.
    pub complete: bool,
}

/// What a check's numbers are compared with, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Before {
    pub base: BTreeMap<String, f64>,
    pub last: BTreeMap<String, f64>,
}

/// What an attempt has yielded.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub figures: Vec<Figure>,
    pub tests: Option<Tests>,
    /// Why it cannot count as passed, one sentence each.
    pub complaints: Vec<String>,
    /// What else there is to say, one sentence each.
    pub notes: Vec<String>,
}

impl Taken {
    /// Complaints and notes in one; `None` where there is nothing to say.
    pub(super) fn note(&self) -> Option<String> {
        let all: Vec<&str> = self
            .complaints
            .iter()
            .chain(&self.notes)
            .map(String::as_str)
            .collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// Reads the output and the files of an attempt, and holds every number against its limits.
pub(super) fn take(attempt: &Attempt<'_>, before: &Before) -> Taken {
    let mut taken = Taken::default();
    let mut output: Option<Result<Output, NoNumber>> = None;
    for metric in &attempt.check.metrics {
        let number = match &metric.source {
            MetricSource::Pattern(pattern) => output
                .get_or_insert_with(|| Output::read(attempt.log))
                .as_ref()
                .map_err(NoNumber::clone)
                .and_then(|output| output.number(pattern)),
            MetricSource::File { file, pointer } => {
                number_in_file(attempt.worktree, file, pointer, attempt.since)
            }
        };
        if number.is_err() && !attempt.complete {
            continue;
        }
        let compares = metric.max_regression.is_some() && *attempt.side != Side::Base;
        if compares && number.is_ok() && !before.base.contains_key(&metric.name) {
            let name = &metric.name;
            let note = format!("{name} is not compared, base's is not known yet");
            taken.notes.push(note);
        }
        let figure = judge(metric, number.map_err(|error| error.to_string()), before);
        if let Some(complaint) = &figure.complaint {
            if figure.fails() {
                taken.complaints.push(complaint.clone());
            } else {
                taken.notes.push(complaint.clone());
            }
        }
        taken.figures.push(figure);
    }
    if !attempt.check.junit.is_empty() {
        let junit = read_junit(attempt.worktree, &attempt.check.junit, attempt.since);
        if attempt.complete || junit.tests.is_some() {
            taken.notes.extend(junit.notes);
        }
        taken.tests = junit.tests;
    }
    taken
}

/// The numbers of a result that was kept, held against the limits of today.
pub(super) fn recalled(check: &Check, result: &CachedResult, before: &Before) -> Vec<Figure> {
    let figures = check.metrics.iter().filter_map(|metric| {
        let kept = (result.figures.iter()).find(|kept| kept.name == metric.name)?;
        let base = before.base.get(&metric.name).copied();
        Some(Figure::judge(metric, Ok(kept.value), base, kept.last))
    });
    figures.collect()
}

/// Whether a pass that was kept still is one: it has every number that has a limit, within that.
pub(super) fn still_pass(check: &Check, result: &CachedResult, before: &Before) -> bool {
    let figures = recalled(check, result, before);
    check
        .metrics
        .iter()
        .filter(|metric| metric.is_limited())
        .all(|metric| {
            let found = figures.iter().find(|figure| figure.name == metric.name);
            found.is_some_and(|figure| !figure.fails())
        })
}

/// What is kept with the result.
pub(super) fn to_keep(figures: &[Figure]) -> Vec<KeptFigure> {
    let kept = figures.iter().filter_map(|figure| {
        Some(KeptFigure {
            name: figure.name.clone(),
            value: figure.value?,
            last: figure.last,
        })
    });
    kept.collect()
}

/// Puts the numbers of a run down, to be compared with the next time.
///
/// # Errors
/// When they cannot be written.
pub(super) fn remember(session: &Session, run: &Run) -> Result<(), StoreError> {
    let values: BTreeMap<String, f64> = run
        .figures
        .iter()
        .filter_map(|figure| Some((figure.name.clone(), figure.value?)))
        .collect();
    // Some tracks merged together are not seen again.
    if values.is_empty() || matches!(run.side, Side::Both(..) | Side::Part(_)) {
        return Ok(());
    }
    session.store.keep_figures(&Yield {
        time: clock::now(),
        check: run.check.to_string(),
        side: run.side.clone(),
        tree: run.tree,
        values,
    })
}

fn judge(metric: &Metric, taken: Result<f64, String>, before: &Before) -> Figure {
    let of = |values: &BTreeMap<String, f64>| values.get(&metric.name).copied();
    Figure::judge(metric, taken, of(&before.base), of(&before.last))
}

/// A check, and the setup of the worktree.
type OnBase = (CheckName, Vec<TrustedCommand>);

/// What is known of earlier numbers; read once for all checks of an operation.
#[derive(Debug)]
pub(super) struct Earlier {
    base: TreeId,
    last: LastFigures,
    /// Of each check on base, in a worktree with this setup: many tracks ask for the same.
    keys: Mutex<BTreeMap<OnBase, Option<ResultKey>>>,
}

impl Earlier {
    /// # Errors
    /// When base cannot be read.
    pub(super) fn read(session: &Session) -> Result<Self, GitError> {
        let has_metrics = |check: &Check| !check.metrics.is_empty();
        Ok(Earlier {
            base: session.repository.commit(session.base.commit)?.tree,
            last: match session.project.checks.iter().any(has_metrics) {
                true => session.store.last_figures(),
                false => LastFigures::default(),
            },
            keys: Mutex::default(),
        })
    }

    /// What the numbers of `check` on `side` are compared with. On base they are those of the result that is kept for base's
    /// tree, in a worktree with one of these setups; else those that base, or else integration, yielded last.
    ///
    /// # Errors
    /// When base's tree cannot be read.
    pub(super) fn before(
        &self,
        session: &Session,
        merger: &Merger<'_>,
        keys: &Keys<'_>,
        (check, side): (&Check, &Side),
        setups: &[&[TrustedCommand]],
    ) -> Result<Before, GitError> {
        if check.metrics.is_empty() {
            return Ok(Before::default());
        }
        let name = check.name.as_str();
        let last = self.last.of(name, side);
        if *side == Side::Base {
            return Ok(Before {
                base: BTreeMap::new(),
                last,
            });
        }
        let mut base = self.last.of(name, &Side::Integration);
        base.extend(self.last.of(name, &Side::Base));
        for setup in setups {
            let key = self.key_on_base(merger, keys, check, setup)?;
            if let Some(result) = key.and_then(|key| session.store.result(&key))
                && !result.figures.is_empty()
            {
                let kept = result.figures.into_iter();
                base.extend(kept.map(|figure| (figure.name, figure.value)));
                break;
            }
        }
        Ok(Before { base, last })
    }

    fn key_on_base(
        &self,
        merger: &Merger<'_>,
        keys: &Keys<'_>,
        check: &Check,
        setup: &[TrustedCommand],
    ) -> Result<Option<ResultKey>, GitError> {
        let what = (check.name.clone(), setup.to_vec());
        let known = || self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&what) {
            return Ok(known.clone());
        }
        let key = keys.key(merger, check, setup, self.base)?;
        known().insert(what, key.clone());
        Ok(key)
    }
}
