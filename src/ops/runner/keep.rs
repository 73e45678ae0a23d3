//! Keeping what came out, where the tree is still the one that was to be judged; and finding out who changed it, where it is
//! not.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::domain::check::{Outcome, Window, suspects};
use crate::domain::path::RepoPath;
use crate::ops::Session;
use crate::ops::figures;
use crate::ops::site::{Look, Site};
use crate::process::clock;
use crate::store::{CachedResult, StoreError};

use super::ground::Unproven;
use super::{Ground, is_needed};

/// What a look at the tree has told.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) batch: Vec<Unproven>,
    pub(super) look: Look,
    pub(super) cost: Duration,
    pub(super) kept: Result<(), StoreError>,
}

/// Looks, and keeps what is proven by it. Takes long: for a thread of its own.
pub(super) fn look_and_keep(
    session: &Session,
    ground: &Ground<'_>,
    dir: &Path,
    batch: Vec<Unproven>,
) -> Looked {
    let start = Instant::now();
    let look = match batch.iter().any(|one| ground.tasks[one.task].key.is_some()) {
        true => ground.site.look(dir),
        false => Look::Unknown,
    };
    let cost = start.elapsed();
    let mut kept = Ok(());
    for one in &batch {
        kept = kept.and(keep(
            session,
            ground,
            dir,
            one,
            look == Look::Same && one.sound,
        ));
    }
    Looked {
        batch,
        look,
        cost,
        kept,
    }
}

fn keep(
    session: &Session,
    ground: &Ground<'_>,
    dir: &Path,
    one: &Unproven,
    proven: bool,
) -> Result<(), StoreError> {
    let (task, run, store) = (&ground.tasks[one.task], &one.run, &session.store);
    let name = task.check.name.as_str();
    store.keep_duration(name, &ground.side.to_string(), run.wall)?;
    if run.exit_status == Some(0) {
        figures::remember(session, run)?;
    }
    let Some(key) = task.key.as_ref().filter(|_| proven) else {
        return Ok(());
    };
    if run.outcome == Outcome::Passed && is_needed(&session.project, task.check) {
        store.note_built(dir, name, Some(key))?;
    }
    let result = CachedResult {
        outcome: run.outcome,
        flaky: run.flaky,
        exit_status: run.exit_status,
        attempts: run.attempts,
        wall: run.wall,
        cpu: run.cpu,
        peak_memory: run.peak_memory,
        log: run.log.clone(),
        finished: clock::now(),
        figures: figures::to_keep(&run.figures),
        tests: run.tests.clone(),
    };
    store.keep_result(key, &result)
}

/// What is to be said of each run of a batch, where the tree has changed. `beside` ran at the same time and goes on: the
/// names of these checks, and since when.
pub(super) fn remarks(
    site: &dyn Site,
    dir: &Path,
    paths: &[RepoPath],
    batch: &[Unproven],
    beside: &[(String, SystemTime)],
    now: SystemTime,
) -> Vec<String> {
    let ended = batch.iter().map(|one| Window {
        from: one.from,
        to: one.to,
    });
    let going_on = beside.iter().map(|(_, from)| Window {
        from: *from,
        to: now,
    });
    let windows: Vec<Window> = ended.chain(going_on).collect();
    let names: Vec<String> = (batch.iter().map(|one| one.run.check.to_string()))
        .chain(beside.iter().map(|(name, _)| name.clone()))
        .collect();
    let written: Vec<Option<SystemTime>> = paths.iter().map(|path| written(dir, path)).collect();
    let suspects = suspects(&windows, &written);
    let of = |index: usize| {
        let own: Vec<(&RepoPath, &Vec<usize>)> = paths
            .iter()
            .zip(&suspects)
            .filter(|(_, suspects)| suspects.contains(&index))
            .collect();
        let files = listed(own.iter().map(|(path, _)| *path));
        let others: Vec<&str> = (0..names.len())
            .filter(|other| *other != index && own.iter().any(|(_, all)| all.contains(other)))
            .map(|other| names[other].as_str())
            .collect();
        match (site.is_ours(), own.is_empty(), others.is_empty()) {
            (false, true, _) => {
                "its worktree changed meanwhile, so the result is not kept".to_owned()
            }
            (false, false, _) => format!("{files} changed meanwhile, so the result is not kept"),
            (true, true, _) if paths.is_empty() => {
                "its worktree was led elsewhere meanwhile, so the result is not kept".to_owned()
            }
            (true, true, _) => {
                "another check changed tracked files meanwhile, so the result is not kept"
                    .to_owned()
            }
            (true, false, true) => {
                format!("it changed tracked files: {files}; the result is not kept")
            }
            (true, false, false) => format!(
                "it or {} changed tracked files: {files}; the result is not kept",
                others.join(" or ")
            ),
        }
    };
    (0..batch.len()).map(of).collect()
}

fn written(dir: &Path, path: &RepoPath) -> Option<SystemTime> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = dir.join(std::ffi::OsStr::from_bytes(path.as_bytes()));
    path.symlink_metadata().ok()?.modified().ok()
}

/// The first three, and how many more.
fn listed<'a>(paths: impl Iterator<Item = &'a RepoPath>) -> String {
    let names: Vec<String> = paths.map(|path| path.lossy().into_owned()).collect();
    match names.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}
