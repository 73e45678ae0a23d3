//! Everything that could be cleared away, held against what the domain says of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::prune::{Decision, Facts, Limits, decide};
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;
use crate::files::{measure, nested_repository};
use crate::git::{GitError, Worktree};
use crate::process::clock;
use crate::store::{LockName, Store, TrashState, Trashed};

use super::super::landed::has_landed;
use super::super::operation::REPLACED;
use super::super::own_worktree::{self, OwnWorktreeError};
use super::super::remove::{Look, Named, Target};
use super::super::resolve::closing;
use super::super::sync::{CANDIDATE_REF, is_integration_merge};
use super::super::{Session, trash};
use super::{Item, Kind, Options, PruneError};

/// One thing that may go, with what is needed for that.
pub(super) struct Thing {
    pub(super) item: Item,
    pub(super) target: Option<Target>,
    pub(super) trashed: Option<Trashed>,
    pub(super) refs: Vec<(String, CommitId)>,
}

impl Thing {
    /// For the log.
    pub(super) fn said(&self) -> String {
        match (self.item.kind, &self.item.path) {
            (Kind::Trash, Some(path)) => {
                format!("{}, removed by {}", path.display(), self.item.name)
            }
            (_, Some(path)) => path.display().to_string(),
            (Kind::Refs, None) if self.item.name == RESOLVING => {
                "what held the sides of conflicts".to_owned()
            }
            (Kind::Candidate, None) => "the last candidate".to_owned(),
            (_, None) => format!("what {} replaced or removed", self.item.name),
        }
    }
}

/// The name of the refs that no conflict needs any more.
const RESOLVING: &str = "resolving";

/// More of them are not counted.
const MOST_COMMITS: usize = 100;

pub(super) fn find(
    session: &Session,
    limits: &Limits,
    options: &Options,
    stays: &mut Vec<Item>,
) -> Result<Vec<Thing>, PruneError> {
    let mut sieve = Sieve {
        session,
        limits,
        now: clock::now(),
        goes: Vec::new(),
        stays,
    };
    sieve.tracks(options)?;
    sieve.own_worktrees()?;
    sieve.trash()?;
    sieve.refs()?;
    sieve.resolving()?;
    sieve.candidate()?;
    Ok(sieve.goes)
}

struct Sieve<'a> {
    session: &'a Session,
    limits: &'a Limits,
    now: Timestamp,
    goes: Vec<Thing>,
    stays: &'a mut Vec<Item>,
}

impl Sieve<'_> {
    fn put(&mut self, facts: &Facts<'_>, mut thing: Thing) {
        match decide(facts, self.limits) {
            Decision::Goes(reason) => {
                thing.item.reason = reason;
                self.goes.push(thing);
            }
            Decision::Stays(reason) => {
                thing.item.reason = reason;
                self.stays.push(thing.item);
            }
            Decision::Young => {}
        }
    }

    fn tracks(&mut self, options: &Options) -> Result<(), PruneError> {
        let session = self.session;
        let worktrees = session.repository.worktrees()?;
        let look = Look {
            session,
            worktrees: &worktrees,
            force: false,
            here: &options.here,
        };
        for track in &session.project.tracks {
            let Some(entry) = worktrees
                .iter()
                .find(|entry| entry.branch.as_ref() == Some(&track.branch))
            else {
                continue;
            };
            let tip = session.repository.branch(&track.branch)?;
            let landed = has_landed(session, &track.id, tip);
            if !landed {
                continue;
            }
            let mut thing = thing(Kind::Worktree, track.id.as_str());
            thing.item.path = Some(entry.path.clone());
            thing.item.branch = Some(track.branch.clone());
            thing.item.bytes = measure(&entry.path).bytes;
            let mut against = None;
            match look.judge(Some(track), Some(entry), Some(&track.branch), false)? {
                Named::Goes(target) => {
                    let described = target.described(session)?;
                    thing.item.ignored = described.ignored;
                    thing.item.more_ignored = described.more_ignored;
                    thing.target = Some(target);
                }
                Named::Stays(stays) => against = Some(stays.refusal.why),
                Named::Nothing(_) => continue,
            }
            let against = against.as_deref();
            self.put(&Facts::Worktree { landed, against }, thing);
        }
        Ok(())
    }

    fn own_worktrees(&mut self) -> Result<(), PruneError> {
        let session = self.session;
        for (name, entry) in own_worktree::all(session)? {
            let unused_for = unused_for(session, &entry);
            if unused_for < self.limits.older_than {
                continue;
            }
            let mut thing = thing(Kind::OwnWorktree, &name);
            thing.item.path = Some(entry.path.clone());
            let (mut used_by, mut not_ours) = (None, None);
            match own_worktree::claim(session, &name, &entry.path) {
                Ok(_) if at_work(session, &name, &entry) => {
                    not_ours = Some("has changes that somebody may want to keep".to_owned());
                }
                Ok(_) => thing.item.bytes = measure(&entry.path).bytes,
                Err(OwnWorktreeError::InUse { holder, .. }) => used_by = Some(holder),
                Err(OwnWorktreeError::NotOurs { why, .. }) => not_ours = Some(why.to_string()),
                Err(error) => not_ours = Some(error.to_string()),
            }
            let facts = Facts::Own {
                used_by: used_by.as_deref(),
                not_ours: not_ours.as_deref(),
                unused_for,
            };
            self.put(&facts, thing);
        }
        Ok(())
    }

    fn trash(&mut self) -> Result<(), PruneError> {
        let store = &self.session.store;
        for trashed in store.trashed()? {
            let age = self.now.since(trashed.time);
            let nested = match age < self.limits.older_than {
                true => None,
                false => nested_repository(&store.trashed_worktree(&trashed)),
            };
            let nested = nested.map(|path| path.display().to_string());
            let incomplete = trashed.incomplete.clone();
            let facts = Facts::Trash {
                age,
                submodules: store.trashed_entry(&trashed).join("modules").is_dir(),
                nested: nested.as_deref(),
                incomplete: incomplete.as_deref(),
                under_way: trashed.state != TrashState::Removed,
            };
            let mut thing = thing(Kind::Trash, &trashed.operation);
            thing.item.path.clone_from(&trashed.worktree);
            thing.item.branch.clone_from(&trashed.branch);
            thing.item.bytes = measure(&store.trash_of(&trashed)).bytes;
            thing.trashed = Some(trashed);
            self.put(&facts, thing);
        }
        Ok(())
    }

    /// Those of one operation go together, or stay.
    fn refs(&mut self) -> Result<(), PruneError> {
        let mut of_operation: BTreeMap<String, Vec<(String, CommitId)>> = BTreeMap::new();
        for prefix in [REPLACED, trash::REFS] {
            for (name, commit) in self.session.repository.refs_below(prefix)? {
                let rest = name.strip_prefix(prefix).unwrap_or_default();
                let id = rest.split('/').next().unwrap_or_default().to_owned();
                of_operation.entry(id).or_default().push((name, commit));
            }
        }
        for (id, refs) in of_operation {
            // What is not ours to know is not ours to drop.
            let Some(time) = Store::operation_time(&id) else {
                continue;
            };
            let age = self.now.since(time);
            let nowhere_else = match age < self.limits.older_than {
                true => 0,
                false => self.nowhere_else(&refs)?,
            };
            let mut thing = thing(Kind::Refs, &id);
            thing.item.refs = refs.iter().map(|(name, _)| name.clone()).collect();
            thing.refs = refs;
            self.put(&Facts::Refs { age, nowhere_else }, thing);
        }
        Ok(())
    }

    /// What is opened is written down before its refs are made.
    fn resolving(&mut self) -> Result<(), PruneError> {
        let mut left = self.session.repository.refs_below(closing::REFS)?;
        let openings = self.session.store.openings()?;
        let needed: Vec<String> = openings.iter().flat_map(closing::ref_names).collect();
        left.retain(|(name, _)| !needed.contains(name));
        if !left.is_empty() {
            let mut thing = thing(Kind::Refs, RESOLVING);
            thing.item.refs = left.iter().map(|(name, _)| name.clone()).collect();
            thing.refs = left;
            self.put(&Facts::Resolving, thing);
        }
        Ok(())
    }

    fn nowhere_else(&self, refs: &[(String, CommitId)]) -> Result<usize, GitError> {
        let repository = &self.session.repository;
        let mut found = std::collections::BTreeSet::new();
        for (_, commit) in refs {
            for lost in repository.nowhere_else(*commit, &[], MOST_COMMITS)? {
                if !is_integration_merge(&repository.commit(lost)?) {
                    found.insert(lost);
                }
            }
        }
        Ok(found.len())
    }

    fn candidate(&mut self) -> Result<(), PruneError> {
        let Some(at) = self.session.repository.reference(CANDIDATE_REF)? else {
            return Ok(());
        };
        let rounds = self.session.store.rounds()?;
        let last = rounds
            .iter()
            .rev()
            .find(|round| round.candidate == Some(at));
        let facts = Facts::Candidate {
            in_use: self.session.store.is_locked(&LockName::Round)?,
            // A round that was killed has left no word of it.
            age: last.map_or(Duration::MAX, |round| self.now.since(round.time)),
        };
        let mut thing = thing(Kind::Candidate, "candidate");
        thing.item.refs = vec![CANDIDATE_REF.to_owned()];
        thing.refs = vec![(CANDIDATE_REF.to_owned(), at)];
        self.put(&facts, thing);
        Ok(())
    }
}

fn thing(kind: Kind, name: &str) -> Thing {
    Thing {
        item: Item {
            kind,
            name: name.to_owned(),
            path: None,
            branch: None,
            refs: Vec::new(),
            bytes: 0,
            reason: String::new(),
            ignored: Vec::new(),
            more_ignored: 0,
            problem: None,
        },
        target: None,
        trashed: None,
        refs: Vec::new(),
    }
}

/// By the clocks of files, against the system's or what stands for it.
fn unused_for(session: &Session, entry: &Worktree) -> Duration {
    let used = session.repository.last_used(&entry.path);
    let since = used.and_then(|used| used.duration_since(std::time::UNIX_EPOCH).ok());
    let seconds = since.map_or(0, |since| since.as_secs());
    clock::now().since(Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// Where conflicts are opened to be resolved, what is changed is somebody's work and not a check's.
fn at_work(session: &Session, name: &str, entry: &Worktree) -> bool {
    let changed = || {
        let status = session.repository.worktree_status(&entry.path);
        !status.is_ok_and(|status| status.dirty.is_clean())
    };
    name.starts_with(".resolve-") && changed()
}
