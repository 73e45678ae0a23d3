//! Merges decided in this process where that can be proven to be git's answer, and by git where not.
//!
//! Everything is measured from one tree, that of base: a commit is what it has beyond base's history, and the steps that
//! lead from base's tree to its own. A merge of two commits needs their merge base (`history`), the differences of both to
//! it (`trees`, and `domain::merge::Delta` over them), a plan (`domain::merge::plan`), and the answers to the few questions
//! the plan leaves (`texts`, `renames`). Commits that merging makes exist as steps only, until git has to see them.

mod ancestry;
mod answer;
mod commit;
mod history;
mod judge;
mod look;
mod memo;
mod renames;
mod settings;
mod table;
mod texts;
mod trees;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::once;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use self::answer::Made;
pub use self::answer::{Answer, Combined, DecidedBy, Outcome, Want};
pub use self::commit::VirtualCommit;
use self::commit::{Beyond, Inner, Stretch, delta};
pub(in crate::git) use self::history::own_commits;
use self::history::{History, Onto, Past, union};
use self::judge::{Judge, Tried};
pub use self::memo::Memo;
use self::memo::digest;
use self::settings::{Attributes, Settings};
use self::table::Table;
pub(in crate::git) use self::trees::changes as tree_changes;
use super::{GitError, MergeAnswer, Merger, NewCommit};
use crate::domain::merge::{
    Changes, Conflict, Delta, KnownResult, KnownVerdict, Reason, VerdictKey, Which, plan,
};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;
use crate::process::{cores, in_parallel};

/// A branch's newest commit, or the uncommitted work on top of it.
#[derive(Debug, Clone, Copy)]
pub struct Tip {
    /// What is merged.
    pub commit: CommitId,
    /// The newest commit below it that is no throw-away one.
    pub history: CommitId,
    pub tree: TreeId,
}

/// Merges around one base.
#[derive(Debug)]
pub struct Engine<'m, 'r> {
    merger: &'m Merger<'r>,
    memo: &'m Memo,
    attributes: Arc<Attributes>,
    settings: Settings,
    base_commit: CommitId,
    base_tree: TreeId,
    /// Those of base.
    directories: trees::Directories,
    base: VirtualCommit,
    tips: Vec<VirtualCommit>,
    history: Option<History>,
    /// Merge bases of which there were several, as one.
    several: Mutex<HashMap<Vec<CommitId>, Option<Vec<Stretch>>>>,
    /// What tips have beyond merge bases that lie apart from them, as one step.
    beyond: Beyond,
    clock: Clock,
}

/// Where the time goes: seconds of wall clock by the name of a phase.
#[derive(Debug, Default)]
struct Clock(Mutex<BTreeMap<&'static str, Duration>>);

impl Clock {
    fn time<T>(&self, phase: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        let mut phases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *phases.entry(phase).or_default() += started.elapsed();
        done
    }
}

impl<'m, 'r> Engine<'m, 'r> {
    /// # Errors
    /// When base cannot be read.
    pub fn new(
        merger: &'m Merger<'r>,
        base: CommitId,
        tips: &[Tip],
        memo: &'m Memo,
    ) -> Result<Self, GitError> {
        let repository = merger.repository();
        let base_tree = merger.tree_of(base)?;
        let clock = Clock::default();
        let walked = clock.time("history", || {
            let gix = repository.local();
            let commits: Vec<CommitId> = tips.iter().map(|tip| tip.history).collect();
            // What a shallow clone, a replaced or a missing commit hides, git has its own words for.
            let plain = !repository.is_shallow() && !is_rewritten(repository, &gix);
            plain
                .then(|| History::walk(&gix, base, &commits).ok())
                .flatten()
        });
        let (history, pasts) = walked.map_or((None, None), |(history, pasts)| {
            (Some(history), Some(pasts))
        });
        let unclear = Past {
            onto: Onto::Unclear,
            own: Arc::default(),
        };
        let whole = Past {
            onto: if history.is_some() {
                Onto::Base
            } else {
                Onto::Unclear
            },
            own: Arc::default(),
        };
        let settings = clock.time("settings", || {
            Settings::read(repository, merger.attributes())
        });
        let mut engine = Engine {
            merger,
            memo,
            attributes: memo.attributes(&settings),
            settings,
            base_commit: base,
            base_tree,
            directories: trees::Directories::of(base_tree),
            base: VirtualCommit::real(base, base_tree, Some(Vec::new()), whole),
            tips: Vec::new(),
            history,
            several: Mutex::default(),
            beyond: Beyond::default(),
            clock,
        };
        let with_past: Vec<(Tip, Past)> = tips
            .iter()
            .copied()
            .zip(pasts.unwrap_or_else(|| vec![unclear; tips.len()]))
            .collect();
        engine.tips = engine.clock.time("differences", || {
            in_parallel(&with_past, cores().get(), |(tip, past)| {
                let steps = engine.steps_to(past, tip.tree).ok();
                VirtualCommit::real(tip.commit, tip.tree, steps, past.clone())
            })
        });
        Ok(engine)
    }

    pub fn base(&self) -> &VirtualCommit {
        &self.base
    }

    /// Wall clock so far, by the name of what was done.
    pub fn phases(&self) -> BTreeMap<&'static str, Duration> {
        let phases = self.clock.0.lock();
        phases.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tips, in the order in which they were given.
    pub fn tips(&self) -> &[VirtualCommit] {
        &self.tips
    }

    /// Merges each pair (ours, theirs); answers in the same order.
    ///
    /// # Errors
    /// When git cannot be run, or an object not be written.
    pub fn merge_all(
        &self,
        pairs: &[(&VirtualCommit, &VirtualCommit)],
        want: Want,
    ) -> Result<Vec<Answer>, GitError> {
        let (tell, told) = mpsc::channel();
        let (here, by_git) = std::thread::scope(|scope| {
            // Git takes its time while the rest is merged here.
            let git = scope.spawn(move || self.ask_git(pairs, &told));
            let here = self.merge_here(pairs, want, &tell);
            // Nobody is left who could tell.
            drop(tell);
            (
                here,
                git.join().unwrap_or_else(|panic| resume_unwind(panic)),
            )
        });
        let mut answers = here?;
        for (index, answer) in by_git? {
            answers[index] = Some(answer);
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// The answers that are found in this process; of every other pair `to_git` is told, at once.
    fn merge_here(
        &self,
        pairs: &[(&VirtualCommit, &VirtualCommit)],
        want: Want,
        to_git: &Sender<(usize, Reason)>,
    ) -> Result<Vec<Option<Answer>>, GitError> {
        let known = self.clock.time("remembering", || {
            in_parallel(pairs, cores().get(), |(ours, theirs)| {
                self.known(ours, theirs, want)
            })
        });
        let is_new = |index: &usize| known[*index].is_none();
        let new: Vec<usize> = (0..pairs.len()).filter(is_new).collect();
        let merge = |index: &usize| {
            let (ours, theirs) = pairs[*index];
            match self.try_merge(ours, theirs, want) {
                Ok(tried) => Some(tried),
                Err(reason) => {
                    // Who no longer listens has failed, and says so.
                    let _ = to_git.send((*index, reason));
                    None
                }
            }
        };
        let tried = std::thread::scope(|scope| {
            if new.len() > 1 {
                scope.spawn(|| self.look_ahead());
            }
            let merging = || in_parallel(&new, cores().get(), merge);
            self.clock.time("merging", merging)
        });
        let special = self.clock.time("attributes", || {
            let texts = tried.iter().flatten().flat_map(|tried| &tried.texts);
            self.special(&texts.collect())
        })?;
        let answer = |outcome, by| Answer { outcome, by };
        let mut answers: Vec<Option<Answer>> = known
            .into_iter()
            .map(|known| known.map(|outcome| answer(outcome, DecidedBy::Memory)))
            .collect();
        for (index, tried) in new.into_iter().zip(tried) {
            let Some(tried) = tried else { continue };
            if tried.texts.iter().any(|path| special.contains(path)) {
                let _ = to_git.send((index, Reason::Driver));
                continue;
            }
            self.keep(pairs[index], &tried.outcome, None);
            answers[index] = Some(answer(tried.outcome, DecidedBy::Process));
        }
        Ok(answers)
    }

    /// Git's answers about the pairs that it is told of, until nobody is left who could tell: what has come in while it
    /// was busy goes to it together.
    fn ask_git(
        &self,
        pairs: &[(&VirtualCommit, &VirtualCommit)],
        told: &Receiver<(usize, Reason)>,
    ) -> Result<Vec<(usize, Answer)>, GitError> {
        let mut answers = Vec::new();
        while let Ok(first) = told.recv() {
            let asked: Vec<(usize, Reason)> = once(first).chain(told.try_iter()).collect();
            let requests = self.clock.time("writing for git", || {
                let both = |(index, _): &(usize, Reason)| {
                    let (ours, theirs) = pairs[*index];
                    Ok((self.commit(ours)?, self.commit(theirs)?))
                };
                asked.iter().map(both).collect::<Result<Vec<_>, GitError>>()
            })?;
            let git = self
                .clock
                .time("git", || self.merger.merge_all(&requests))?;
            for ((index, reason), answer) in asked.into_iter().zip(git) {
                let outcome = match answer {
                    MergeAnswer::Merged { tree } => Outcome::Clean(Combined(Made::Tree(tree))),
                    MergeAnswer::Conflicted { conflicts, .. } => Outcome::Conflicted(conflicts),
                    MergeAnswer::Unavailable(reason) => Outcome::Unavailable(reason),
                };
                self.keep(pairs[index], &outcome, Some(reason));
                let by = DecidedBy::Git(reason);
                answers.push((index, Answer { outcome, by }));
            }
        }
        Ok(answers)
    }

    fn key(&self, ours: &VirtualCommit, theirs: &VirtualCommit) -> Option<VerdictKey> {
        let settings = self.settings.digest.as_ref()?;
        let parts = [settings.as_slice(), &ours.0.name, &theirs.0.name];
        Some(VerdictKey(digest(parts)))
    }

    /// What an earlier merge of the same two gave.
    fn known(&self, ours: &VirtualCommit, theirs: &VirtualCommit, want: Want) -> Option<Outcome> {
        let known = self.memo.verdict(&self.key(ours, theirs)?)?;
        Some(match known.conflicts.as_ref() {
            [] => Outcome::Clean(Combined(match want {
                Want::Verdicts => Made::Nothing,
                Want::Results | Want::MergeBase => self.recall(known.result.as_deref()?),
            })),
            conflicts => Outcome::Conflicted(conflicts.to_vec()),
        })
    }

    fn recall(&self, result: &KnownResult) -> Made {
        for text in &result.texts {
            self.memo.texts.learn(text);
        }
        match result.changes.as_slice() {
            [] => Made::AsIs(result.smaller.other()),
            changes => Made::Changes {
                smaller: result.smaller,
                changes: changes.to_vec(),
            },
        }
    }

    /// `None`: nobody asked for it, or only git's object store has it.
    fn result(&self, made: &Made) -> Option<KnownResult> {
        let (smaller, changes) = match made {
            Made::AsIs(which) => (which.other(), Vec::new()),
            Made::Changes { smaller, changes } => (*smaller, changes.clone()),
            Made::Tree(_) | Made::Nothing => return None,
        };
        let after = changes.iter().filter_map(|change| change.after);
        let texts = after.filter_map(|entry| self.memo.texts.recipe(entry.id));
        Some(KnownResult {
            texts: texts.collect(),
            smaller,
            changes,
        })
    }

    fn keep(
        &self,
        (ours, theirs): (&VirtualCommit, &VirtualCommit),
        outcome: &Outcome,
        asked: Option<Reason>,
    ) {
        let (conflicts, result): (&[Conflict], _) = match outcome {
            // A driver is a program, which nobody sees change.
            _ if asked == Some(Reason::Driver) => return,
            Outcome::Unavailable(_) => return,
            Outcome::Clean(Combined(made)) => (&[], self.result(made)),
            Outcome::Conflicted(conflicts) => (conflicts, None),
        };
        if let Some(key) = self.key(ours, theirs) {
            let verdict = KnownVerdict {
                conflicts: conflicts.into(),
                by_git: asked.is_some(),
                result: result.map(Arc::new),
            };
            self.memo.keep_verdict(key, verdict);
        }
    }

    /// The merge of the two as a commit with both as parents.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn merged(
        &self,
        ours: &VirtualCommit,
        theirs: &VirtualCommit,
        combined: &Combined,
        message: &str,
    ) -> Result<VirtualCommit, GitError> {
        let side = |which| match which {
            Which::Ours => ours,
            Which::Theirs => theirs,
        };
        let tree = OnceLock::new();
        let steps = match &combined.0 {
            Made::AsIs(which) => {
                if let Some(known) = side(*which).0.tree.get() {
                    let _ = tree.set(*known);
                }
                side(*which).0.steps.clone()
            }
            Made::Changes { smaller, changes } => {
                let larger = side(smaller.other()).0.steps.as_deref().unwrap_or_default();
                let gix = self.merger.local();
                let on_top = |so_far: &Changes, more: &[_]| {
                    trees::on_top(&gix, &self.directories, so_far, more)
                };
                let changes = match larger {
                    [one] if !one.backwards => on_top(&one.changes, changes)?,
                    steps => {
                        let all = Delta::new(steps.iter().map(Stretch::step).collect()).each();
                        on_top(&on_top(&Changes::default(), &all)?, changes)?
                    }
                };
                Some(vec![Stretch::forward(Arc::new(changes))])
            }
            Made::Tree(made) => {
                let _ = tree.set(*made);
                Some(self.stretch(self.base_tree, *made)?)
            }
            Made::Nothing => None,
        };
        let (a, b) = (&ours.0.past, &theirs.0.past);
        let onto = match (a.onto, b.onto) {
            // With all of base in it, it no longer matters where the other side left base.
            (Onto::Base, _) | (_, Onto::Base) => Onto::Base,
            (Onto::Unclear, _) | (_, Onto::Unclear) => Onto::Unclear,
            (Onto::Fork(a), Onto::Fork(b)) if a == b => Onto::Fork(a),
            (Onto::Fork(_), Onto::Fork(_)) => Onto::Unclear,
        };
        Ok(VirtualCommit(Arc::new(Inner {
            steps,
            past: Past {
                onto,
                own: union(&a.own, &b.own),
            },
            name: digest([ours.0.name.as_slice(), &theirs.0.name]),
            merge: Some((ours.clone(), theirs.clone(), message.to_owned())),
            commit: OnceLock::new(),
            tree,
        })))
    }

    /// The same where something has been done to what the merge made: `tree` is what became of it.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn merged_into(
        &self,
        ours: &VirtualCommit,
        theirs: &VirtualCommit,
        tree: TreeId,
        message: &str,
    ) -> Result<VirtualCommit, GitError> {
        let made = Combined(Made::Tree(tree));
        let merged = self.merged(ours, theirs, &made, message)?;
        let mut inner = Arc::into_inner(merged.0);
        if let Some(inner) = &mut inner {
            inner.name = digest([inner.name.as_slice(), tree.as_bytes()]);
        }
        inner
            .map(|inner| VirtualCommit(Arc::new(inner)))
            .ok_or_else(|| GitError::Protocol {
                command: "merge".to_owned(),
                message: "somebody else has hold of a merge that was just made".to_owned(),
            })
    }

    /// The commit as git sees it; one that existed in memory only is written to the scratch objects.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn commit(&self, commit: &VirtualCommit) -> Result<CommitId, GitError> {
        if let Some(known) = commit.0.commit.get() {
            return Ok(*known);
        }
        let tree = self.tree(commit)?;
        let (parents, message) = (commit.real_parents(), commit.message());
        let mut time = Timestamp(0);
        for parent in &parents {
            time = time.max(self.merger.commit(*parent)?.committed);
        }
        let id = self.merger.write_commit(&NewCommit {
            tree,
            parents,
            time,
            message,
        })?;
        let _ = commit.0.commit.set(id);
        Ok(id)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn tree(&self, commit: &VirtualCommit) -> Result<TreeId, GitError> {
        if let Some(known) = commit.0.tree.get() {
            return Ok(*known);
        }
        let steps = commit.0.steps.as_deref().unwrap_or_default();
        let changes = Delta::new(steps.iter().map(Stretch::step).collect()).each();
        let gix = self.merger.local();
        for entry in changes.iter().filter_map(|change| change.after) {
            let texts = &self.memo.texts;
            if texts.recipe(entry.id).is_some() {
                let made = texts.text(self.merger.views(), entry.id);
                let made = made.ok_or_else(|| GitError::Read {
                    what: "a merged file".to_owned(),
                    message: "what it was merged from is no longer here".to_owned(),
                })?;
                gix.write_blob(&made.bytes)
                    .map_err(|error| super::object::unreadable("a merged file", &error))?;
            }
        }
        let tree = trees::write(&gix, self.base_tree, &changes)?;
        let _ = commit.0.tree.set(tree);
        Ok(tree)
    }

    /// Which of these commits can conflict with each other at all: all other pairs merge clean. Each must have all of base
    /// in its history.
    pub fn meeting(&self, commits: &[&VirtualCommit]) -> BTreeSet<(usize, usize)> {
        self.clock.time("index", || {
            let mut table = Table::default();
            for (index, commit) in commits.iter().enumerate() {
                table.add(index, commit);
            }
            table.pairs()
        })
    }

    /// Those of the paths whose merge is more than that of plain text.
    fn special(&self, paths: &BTreeSet<&RepoPath>) -> Result<BTreeSet<RepoPath>, GitError> {
        if paths.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.look_ahead();
        let (repository, from) = (self.merger.repository(), self.merger.attributes());
        self.attributes.special(repository, from, paths)
    }

    fn look_ahead(&self) {
        let (repository, from) = (self.merger.repository(), self.merger.attributes());
        self.attributes
            .look_ahead(repository, from, || self.changed_twice());
    }

    /// The paths that more than one tip changed, or a tip and base since it was left.
    fn changed_twice(&self) -> BTreeSet<RepoPath> {
        let stretches = self.tips.iter().filter_map(|tip| tip.0.steps.as_deref());
        let lists: HashMap<*const Changes, &Changes> = stretches
            .flatten()
            .map(|stretch| (Arc::as_ptr(&stretch.changes), &*stretch.changes))
            .collect();
        let mut times: HashMap<&RepoPath, usize> = HashMap::new();
        for change in lists.values().flat_map(|changes| changes.list()) {
            *times.entry(&change.path).or_default() += 1;
        }
        let twice = times.into_iter().filter(|(_, times)| *times > 1);
        twice.map(|(path, _)| path.clone()).collect()
    }

    fn try_merge(
        &self,
        ours: &VirtualCommit,
        theirs: &VirtualCommit,
        want: Want,
    ) -> Result<Tried, Reason> {
        let base = self.merge_base(ours, theirs)?;
        let flat = [ours, theirs].map(|tip| self.beyond.base(&base, tip));
        let ours = delta(&base, ours, flat[0].as_deref())?;
        let theirs = delta(&base, theirs, flat[1].as_deref())?;
        for (empty, other) in [(&ours, Which::Theirs), (&theirs, Which::Ours)] {
            if empty.size() == 0 {
                return Ok(Tried {
                    outcome: Outcome::Clean(Combined(Made::AsIs(other))),
                    texts: Vec::new(),
                });
            }
        }
        let plan = plan(&ours, &theirs)?;
        let views = self.merger.views();
        Judge::new(self.memo, &self.settings, views, (&ours, &theirs), want).judge(plan)
    }
}

/// Replaced and grafted commits have other parents and trees than their ids say.
fn is_rewritten(repository: &super::Repository, gix: &gix::Repository) -> bool {
    let grafts = repository.common_dir().join("info").join("grafts");
    gix.objects.store_ref().replacements().next().is_some() || grafts.exists()
}

#[cfg(test)]
mod tests;
