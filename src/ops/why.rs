//! Why a track's check runs, or need not; and what has to be kept of a pass so that this can be told the next time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::check::why::{Facts, Last, Why, changed_inputs, why};
use crate::domain::check::{Outcome, Run};
use crate::domain::merge::{Changes, Entry};
use crate::domain::name::Side;
use crate::domain::path::{RepoPath, Selection};
use crate::domain::project::{Check, Flaky};
use crate::domain::revision::TreeId;
use crate::domain::trust::commands_of_setup;
use crate::git::{GitError, Merger};
use crate::store::{Pass, Uncommitted, read_log_name};

use super::Session;
use super::figures;
use super::keys::{Keyed, Keys};
use super::runner::{self, Ground, Task};
use super::trust::Trust;

/// A tree that has more uncommitted changes than this is not told apart from the next one path by path.
const MOST_UNCOMMITTED: usize = 2_000;

/// Explains the runs of tracks' checks; of other sides there is nothing to tell.
pub(super) struct Explainer<'a> {
    pub session: &'a Session,
    pub trust: &'a Trust,
    pub keys: &'a Keys<'a>,
    pub merger: &'a Merger<'a>,
}

impl Explainer<'_> {
    /// Why each of them is going to run, or not, as things are now; needs come before what needs them.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub(super) fn explain(
        &self,
        ground: &Ground<'_>,
        no_cache: bool,
    ) -> Result<Vec<Why>, GitError> {
        let tasks = &ground.tasks;
        let known = if no_cache {
            vec![None; tasks.len()]
        } else {
            runner::known_passes(self.session, ground)
        };
        let mut past = Past::default();
        let mut reasons: Vec<Why> = Vec::with_capacity(tasks.len());
        for (task, known) in tasks.iter().zip(&known) {
            let keyed = self.keyed(ground, task)?;
            let keyed = keyed.as_deref();
            let last = keyed.and_then(|keyed| self.last(task, keyed));
            let last_pass = match (keyed, &last) {
                (Some(_), None) if !no_cache => self.last_pass(ground, task),
                _ => None,
            };
            let inputs = match (keyed, &last_pass, ground.tree) {
                (Some(keyed), Some(pass), Some(tree))
                    if pass.basis.selected != keyed.basis.selected =>
                {
                    self.changed(&mut past, task.check, pass.tree, tree)
                }
                _ => None,
            };
            let needs = task.needs.iter();
            reasons.push(why(&Facts {
                approved: self.trust.allows_check(task.check),
                no_cache,
                now: keyed.map(|keyed| &keyed.basis),
                last,
                reused: known.is_some(),
                last_pass: last_pass.as_ref().map(|pass| &pass.basis),
                inputs,
                needs: needs
                    .filter_map(|need| Some((&tasks[*need].check.name, reasons.get(*need)?)))
                    .collect(),
            }));
        }
        Ok(reasons)
    }

    /// What to tell once they have run: what passed on a twin in the meantime was reused, whatever was to be expected
    /// `before`.
    pub(super) fn told(&self, ground: &Ground<'_>, before: Vec<Why>, runs: &[Run]) -> Vec<Why> {
        let reasons = ground.tasks.iter().zip(before).zip(runs);
        let told = reasons.map(|((task, reason), run)| {
            if !run.cached || matches!(reason, Why::Reused { .. }) {
                return reason;
            }
            let keyed = self.keyed(ground, task).ok().flatten();
            match keyed.and_then(|keyed| self.last(task, &keyed)) {
                Some(last) => Why::Reused {
                    finished: last.finished,
                    side: last.side,
                },
                None => reason,
            }
        });
        told.collect()
    }

    /// Keeps what the next explanation compares with, of the checks that have passed here or are known to pass. It only
    /// explains: that it cannot be kept is no news.
    pub(super) fn remember(&self, ground: &Ground<'_>, runs: &[Run]) {
        let mut kept = None;
        for (task, run) in ground.tasks.iter().zip(runs) {
            if run.outcome != Outcome::Passed {
                continue;
            }
            let Ok(Some(keyed)) = self.keyed(ground, task) else {
                continue;
            };
            let counts = run.cached || self.last(task, &keyed).is_some_and(|it| it.passed);
            let known = self.last_pass(ground, task);
            let same = known.is_some_and(|pass| pass.key == keyed.key.as_str());
            let Some(tree) = ground.tree.filter(|_| counts && !same) else {
                continue;
            };
            if kept.replace(tree) != Some(tree) {
                self.keep_uncommitted(&ground.side, tree);
            }
            let pass = Pass {
                key: keyed.key.as_str().to_owned(),
                tree,
                basis: keyed.basis.clone(),
            };
            let (check, side) = (task.check.name.as_str(), ground.side.to_string());
            let _ = self.session.store.keep_pass(check, &side, &pass);
        }
    }

    fn keyed(&self, ground: &Ground<'_>, task: &Task<'_>) -> Result<Option<Arc<Keyed>>, GitError> {
        let (Side::Track(track), Some(tree), Some(_)) = (&ground.side, ground.tree, &task.key)
        else {
            return Ok(None);
        };
        let project = &self.session.project;
        let setup = commands_of_setup(project, project.track(track));
        self.keys.keyed(self.merger, task.check, &setup, tree)
    }

    fn last(&self, task: &Task<'_>, keyed: &Keyed) -> Option<Last> {
        let result = self.session.store.result(&keyed.key)?;
        let check = task.check;
        let passed = result.outcome == Outcome::Passed;
        let side = |log: &PathBuf| read_log_name(log).map(|(side, _)| side);
        Some(Last {
            passed,
            beyond: passed && !figures::still_pass(check, &result, &task.before),
            unstable: result.flaky && check.settings.flaky == Flaky::Fail,
            finished: result.finished,
            side: result.log.as_ref().and_then(side),
        })
    }

    fn last_pass(&self, ground: &Ground<'_>, task: &Task<'_>) -> Option<Pass> {
        let (check, side) = (task.check.name.as_str(), ground.side.to_string());
        self.session.store.last_pass(check, &side)
    }

    /// A tree of uncommitted work goes with the run that wrote it.
    fn keep_uncommitted(&self, side: &Side, tree: TreeId) -> Option<()> {
        let Side::Track(track) = side else {
            return None;
        };
        let track = self.session.project.track(track)?;
        let tip = self.session.tip(&track.branch).ok()??;
        let on = self.merger.tree_of(tip.commit).ok()?;
        if on == tree {
            return None;
        }
        let changes = self.merger.changes(on, tree).ok()?;
        let differing = changes.list().iter();
        let work = Uncommitted {
            on,
            differing: differing
                .map(|change| (change.path.clone(), change.after))
                .collect(),
        };
        if work.differing.len() > MOST_UNCOMMITTED {
            return None;
        }
        self.session.store.keep_uncommitted(tree, &work).ok()
    }

    /// `None`: it cannot be told any more.
    fn changed(
        &self,
        past: &mut Past,
        check: &Check,
        then: TreeId,
        now: TreeId,
    ) -> Option<Vec<RepoPath>> {
        let since = past.0.entry((then, now)).or_insert_with(|| {
            let work = self.session.store.uncommitted(then);
            let on = work.as_ref().map_or(then, |work| work.on);
            let changes = self.merger.changes(on, now).ok()?;
            Some((work.map(|work| work.differing).unwrap_or_default(), changes))
        });
        let (uncommitted, changes) = since.as_ref()?;
        let selection = (!check.inputs.is_empty()).then(|| Selection::new(&check.inputs));
        Some(changed_inputs(
            uncommitted,
            changes.list(),
            selection.as_ref(),
        ))
    }
}

/// What was uncommitted in a tree, and what is different from what was committed then, by that tree and the one of now:
/// many checks passed on the same.
#[derive(Default)]
struct Past(HashMap<(TreeId, TreeId), Option<Since>>);

type Since = (Vec<(RepoPath, Option<Entry>)>, Changes);
