//! Which consumers are behind which contracts: what base, and the owner's branch, have that they have neither taken in nor
//! acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::contract::Behind;
use crate::domain::merge::Change;
use crate::domain::name::{ContractName, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::Contract;
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, Merger};
use crate::store::{Event, Fact, StoreError};

use super::Session;

/// The kind of the events that acknowledge.
pub(super) const KIND: &str = "ack";

/// A version of a file as an event keeps it: its content and its path.
fn version(change: &Change) -> String {
    let path = &change.path;
    match change.after {
        Some(entry) => format!("{} {path}", entry.id),
        None => format!("- {path}"),
    }
}

/// What consumers have acknowledged, ever.
#[derive(Debug, Default)]
pub(super) struct Acknowledged(BTreeMap<(TrackId, ContractName), BTreeSet<String>>);

impl Acknowledged {
    /// # Errors
    /// When the event log cannot be read.
    pub(super) fn read(session: &Session) -> Result<Acknowledged, StoreError> {
        let mut all = Acknowledged::default();
        for event in session.store.events()? {
            if let Some((key, versions)) = acknowledged(&event) {
                all.0.entry(key).or_default().extend(versions);
            }
        }
        Ok(all)
    }

    fn has(&self, track: &TrackId, contract: &ContractName, change: &Change) -> bool {
        let key = (track.clone(), contract.clone());
        let versions = self.0.get(&key);
        versions.is_some_and(|versions| versions.contains(&version(change)))
    }
}

/// `None` for other events, and for what a newer version knows and we do not.
fn acknowledged(event: &Event) -> Option<((TrackId, ContractName), Vec<String>)> {
    if event.kind != KIND {
        return None;
    }
    let track = TrackId::new(event.track.as_deref()?).ok()?;
    let (Fact::Text(contract), Fact::List(versions)) =
        (event.facts.get("contract")?, event.facts.get("versions")?)
    else {
        return None;
    };
    let contract = ContractName::new(contract).ok()?;
    Some(((track, contract), versions.clone()))
}

/// What a consumer is behind, with the versions that an acknowledgement has to name.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) behind: Behind,
    pub(super) versions: Vec<String>,
}

/// Contracts as they are on base and on their owners' branches.
#[derive(Debug)]
pub(super) struct Looker<'l> {
    session: &'l Session,
    merger: &'l Merger<'l>,
    acknowledged: Acknowledged,
    base: TreeId,
}

impl<'l> Looker<'l> {
    /// # Errors
    /// When base cannot be read.
    pub(super) fn new(
        session: &'l Session,
        merger: &'l Merger<'l>,
        acknowledged: Acknowledged,
    ) -> Result<Looker<'l>, GitError> {
        Ok(Looker {
            session,
            merger,
            acknowledged,
            base: session.repository.commit(session.base.commit)?.tree,
        })
    }

    /// Of a track whose branch stands there, in the order of tracks.toml: what is on base first. Nothing where there is not
    /// history enough to tell.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(super) fn of(&self, track: &TrackId, tip: CommitId) -> Result<Vec<Open>, GitError> {
        let consumed = |contract: &&Contract| contract.consumers.contains(track);
        let contracts: Vec<&Contract> = (self.session.project.contracts.iter())
            .filter(consumed)
            .collect();
        if contracts.is_empty() {
            return Ok(Vec::new());
        }
        let tree = self.session.repository.commit(tip)?.tree;
        let on_base = self.since_meeting(tip, self.session.base.commit, self.base)?;
        let differing = paths(self.merger.changes(tree, self.base)?.list());
        let mut found = Vec::new();
        for contract in contracts {
            let missing = on_base
                .iter()
                .filter(|change| differing.contains(&change.path));
            found.extend(self.open(track, contract, missing, None));
            let owner = (contract.owner.as_ref()).and_then(|it| self.session.project.track(it));
            let Some(owner) = owner else { continue };
            let Some(theirs) = self.session.tip(&owner.branch)? else {
                continue;
            };
            let coming = self.coming(theirs.commit, tip, tree)?;
            let owner = Some(owner.id.clone());
            found.extend(self.open(track, contract, coming.iter(), owner));
        }
        Ok(found)
    }

    /// What the branch of an owner has beyond base that a consumer does not have.
    fn coming(
        &self,
        theirs: CommitId,
        tip: CommitId,
        tree: TreeId,
    ) -> Result<Vec<Change>, GitError> {
        let repository = &self.session.repository;
        let contains = match repository.is_ancestor(theirs, tip) {
            Err(GitError::Shallow) => return Ok(Vec::new()),
            answer => answer?,
        };
        if contains {
            return Ok(Vec::new());
        }
        let their_tree = repository.commit(theirs)?.tree;
        let mut changes = self.since_meeting(self.session.base.commit, theirs, their_tree)?;
        let not_on_base = paths(self.merger.changes(self.base, their_tree)?.list());
        let not_here = paths(self.merger.changes(tree, their_tree)?.list());
        changes.retain(|it| not_on_base.contains(&it.path) && not_here.contains(&it.path));
        Ok(changes)
    }

    /// What `theirs` (whose tree that is) has changed since the two last had the same.
    fn since_meeting(
        &self,
        ours: CommitId,
        theirs: CommitId,
        tree: TreeId,
    ) -> Result<Vec<Change>, GitError> {
        let met = match self.session.repository.merge_bases(ours, theirs) {
            Err(GitError::Shallow) => return Ok(Vec::new()),
            met => met?,
        };
        let Some(met) = met.first() else {
            return Ok(Vec::new());
        };
        let from = self.session.repository.commit(*met)?.tree;
        Ok(self.merger.changes(from, tree)?.list().to_vec())
    }

    fn open<'c>(
        &self,
        track: &TrackId,
        contract: &Contract,
        changes: impl Iterator<Item = &'c Change>,
        coming_from: Option<TrackId>,
    ) -> Option<Open> {
        let changes: Vec<&Change> = changes
            .filter(|change| contract.paths.iter().any(|it| it.matches(&change.path)))
            .filter(|change| !self.acknowledged.has(track, &contract.name, change))
            .collect();
        (!changes.is_empty()).then(|| Open {
            behind: Behind {
                contract: contract.name.clone(),
                files: changes.iter().map(|change| change.path.clone()).collect(),
                coming_from,
            },
            versions: changes.into_iter().map(version).collect(),
        })
    }
}

fn paths(changes: &[Change]) -> BTreeSet<RepoPath> {
    changes.iter().map(|change| change.path.clone()).collect()
}
