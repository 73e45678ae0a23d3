//! What people have resolved and decided: `refs/tracks/resolutions`, a chain of commits whose tree has a folder for each
//! record, with the contents that it names. It can be pushed and fetched like any ref.

use crate::domain::path::RepoPath;
use crate::domain::resolution::{Decision, Record, Version};
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, MergeAnswer, Merger, NewCommit, RefChange, RefError, TreeEdit};
use crate::process::clock;
use crate::store::{RefMove, StoreError};

use super::Session;
use super::operation::{self, OperationError, Request};

pub(super) const REF: &str = "refs/tracks/resolutions";

/// `records/ID/meta.json`, and beside it every content by its id.
const RECORDS: &str = "records";
/// `decisions/ID/meta.json`.
const DECISIONS: &str = "decisions";
const META: &str = "meta.json";

/// So often a change is made again that somebody else has overtaken.
const ATTEMPTS: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    #[error("nothing is recorded here as `{0}`")]
    Unknown(String),
    #[error("more than one id begins with `{0}`")]
    Ambiguous(String),
    #[error("{REF} is at {ours} here and at {theirs} on the remote, and the two do not merge")]
    Apart { ours: CommitId, theirs: CommitId },
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// As it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Notebook {
    tip: Option<(CommitId, TreeId)>,
    /// Oldest first.
    pub records: Vec<Record>,
    /// Oldest first.
    pub decisions: Vec<Decision>,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Record(Record),
    Decision(Decision),
    /// A record or a decision, by its whole id.
    Forget(String),
}

impl Notebook {
    /// # Errors
    /// When it is damaged, or a newer version wrote it.
    pub(super) fn read(session: &Session) -> Result<Notebook, NotebookError> {
        let repository = &session.repository;
        let Some(tip) = repository.reference(REF)? else {
            return Ok(Notebook::default());
        };
        let tree = repository.commit(tip)?.tree;
        let mut notebook = Notebook {
            tip: Some((tip, tree)),
            ..Notebook::default()
        };
        for (path, _, _) in repository.tree_entries(tree)? {
            let Some(text) = path.as_str().filter(|text| text.ends_with(META)) else {
                continue;
            };
            let Some(bytes) = repository.file_at(tip, &path)? else {
                continue;
            };
            let name = format!("{REF}:{text}");
            match text.split('/').next() {
                Some(RECORDS) => {
                    let record = session.store.decode_record(&name, &bytes)?;
                    notebook.records.push(record);
                }
                Some(DECISIONS) => {
                    let decision = session.store.decode_decision(&name, &bytes)?;
                    notebook.decisions.push(decision);
                }
                _ => {}
            }
        }
        notebook
            .records
            .sort_by(|a, b| (a.when, &a.id).cmp(&(b.when, &b.id)));
        notebook
            .decisions
            .sort_by(|a, b| (a.when, &a.id).cmp(&(b.when, &b.id)));
        Ok(notebook)
    }

    pub(super) fn record(&self, id: &str) -> Option<Record> {
        self.records.iter().find(|record| record.id == id).cloned()
    }

    /// The whole id of the record that a user named by the beginning of its id.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub(super) fn whole_record(&self, text: &str) -> Result<String, NotebookError> {
        whole(text, self.records.iter().map(|record| &record.id))
    }

    /// As [`Notebook::whole_record`], of decisions.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub(super) fn whole_decision(&self, text: &str) -> Result<String, NotebookError> {
        whole(text, self.decisions.iter().map(|decision| &decision.id))
    }
}

fn whole<'i>(text: &str, ids: impl Iterator<Item = &'i String>) -> Result<String, NotebookError> {
    let found: Vec<&String> = ids.filter(|id| id.starts_with(text)).collect();
    match found.as_slice() {
        [id] if !text.is_empty() => Ok((*id).clone()),
        [] | [_] => Err(NotebookError::Unknown(text.to_owned())),
        _ => Err(NotebookError::Ambiguous(text.to_owned())),
    }
}

/// Writes a change, with everything that a record names; what others write at the same time stays. `command`: what is told of
/// it in the operation log. The result is the operation; `None`: it was there already.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(
    session: &Session,
    command: &str,
    change: &Change,
) -> Result<Option<String>, NotebookError> {
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let mut result = Ok(None);
    for _ in 0..ATTEMPTS {
        let notebook = Notebook::read(session)?;
        result = write_once(session, &merger, &notebook, command, change);
        match &result {
            Err(NotebookError::Operation(OperationError::Ref(
                RefError::Moved { .. } | RefError::Locked { .. },
            ))) => {}
            _ => break,
        }
    }
    result
}

/// Brings in what others have recorded and pushed: both sides' records are kept, and what one side forgot is forgotten.
///
/// # Errors
/// When the remote cannot be asked, or the two do not merge.
pub fn fetch_resolutions(session: &Session) -> Result<(), NotebookError> {
    let (repository, remote) = (&session.repository, &session.project.remote);
    // A pattern, since a ref that is not there would be an error.
    let there = format!("{REF}*");
    let here = format!("refs/tracks/remotes/{remote}/resolutions");
    repository.fetch_refs(remote, &there, &format!("{here}*"))?;
    let Some(theirs) = repository.reference(&here)? else {
        return Ok(());
    };
    for _ in 0..ATTEMPTS {
        let ours = repository.reference(REF)?;
        let joined = match ours {
            Some(ours) => join(session, ours, theirs)?,
            None => theirs,
        };
        if ours == Some(joined) {
            return Ok(());
        }
        let change = RefChange {
            name: REF.to_owned(),
            before: ours,
            after: Some(joined),
        };
        match repository.update_refs(&[change], &format!("tracks: from {remote}")) {
            Err(RefError::Moved { .. } | RefError::Locked { .. }) => {}
            result => return Ok(result.map_err(OperationError::from)?),
        }
    }
    let name = REF.to_owned();
    Err(OperationError::from(RefError::Locked { name }).into())
}

/// A commit that has both.
fn join(session: &Session, ours: CommitId, theirs: CommitId) -> Result<CommitId, NotebookError> {
    let repository = &session.repository;
    if repository.is_ancestor(theirs, ours)? {
        return Ok(ours);
    }
    if repository.is_ancestor(ours, theirs)? {
        return Ok(theirs);
    }
    let merger = Merger::publishing(repository, session.base.commit);
    let tree = match repository.merge_bases(ours, theirs)?.is_empty() {
        // Two people have each begun one.
        true => {
            let entries = merger.tree_entries(merger.tree_of(theirs)?)?;
            let edits: Vec<TreeEdit> = (entries.into_iter())
                .map(|(path, mode, id)| TreeEdit {
                    path,
                    entry: Some((mode, id)),
                })
                .collect();
            merger.edited(merger.tree_of(ours)?, &edits)?
        }
        false => match merger.merge_all(&[(ours, theirs)])?.pop() {
            Some(MergeAnswer::Merged { tree }) => tree,
            _ => return Err(NotebookError::Apart { ours, theirs }),
        },
    };
    Ok(merger.write_commit(&NewCommit {
        tree,
        parents: vec![ours, theirs],
        time: clock::now(),
        message: "records of both\n".to_owned(),
    })?)
}

fn write_once(
    session: &Session,
    merger: &Merger<'_>,
    notebook: &Notebook,
    command: &str,
    change: &Change,
) -> Result<Option<String>, NotebookError> {
    let before = match notebook.tip {
        Some((_, tree)) => tree,
        None => merger.empty_tree()?,
    };
    let (edits, subject) = edits(session, merger, before, change)?;
    let tree = merger.edited(before, &edits)?;
    if tree == before {
        return Ok(None);
    }
    let tip = notebook.tip.map(|(commit, _)| commit);
    let commit = merger.write_commit(&NewCommit {
        tree,
        parents: tip.into_iter().collect(),
        time: clock::now(),
        message: format!("{subject}\n"),
    })?;
    let request = Request {
        command: command.to_owned(),
        moves: vec![RefMove {
            name: REF.to_owned(),
            before: tip,
            after: Some(commit),
        }],
        message: format!("tracks: {subject}"),
        did: vec![subject],
        ..Request::default()
    };
    Ok(Some(operation::carry_out(session, request)?.id))
}

fn edits(
    session: &Session,
    merger: &Merger<'_>,
    before: TreeId,
    change: &Change,
) -> Result<(Vec<TreeEdit>, String), NotebookError> {
    let put = |path: String, bytes: Vec<u8>| -> Result<TreeEdit, GitError> {
        Ok(TreeEdit {
            path: RepoPath::new(path),
            entry: Some((0o100_644, merger.write_blob(&bytes)?)),
        })
    };
    Ok(match change {
        Change::Record(record) => {
            let folder = format!("{RECORDS}/{}", record.id);
            let meta = session.store.encode_record(record)?;
            let mut edits = vec![put(format!("{folder}/{META}"), meta)?];
            for Version { id, .. } in record.versions().filter(|version| has_content(*version)) {
                edits.push(TreeEdit {
                    path: RepoPath::new(format!("{folder}/{id}")),
                    entry: Some((0o100_644, id)),
                });
            }
            let [a, b] = record.tracks.each_ref().map(|(track, _)| track);
            (edits, format!("record {} of {a} and {b}", record.id))
        }
        Change::Decision(decision) => {
            let meta = session.store.encode_decision(decision)?;
            let path = format!("{DECISIONS}/{}/{META}", decision.id);
            let (prefer, over) = (&decision.prefer, &decision.over);
            let subject = format!("decision {}: {prefer} before {over}", decision.id);
            (vec![put(path, meta)?], subject)
        }
        Change::Forget(id) => {
            let folders = [RECORDS, DECISIONS].map(|kind| RepoPath::new(format!("{kind}/{id}")));
            let entries = merger.tree_entries(before)?;
            let edits = entries
                .into_iter()
                .filter(|(path, _, _)| folders.iter().any(|folder| folder.contains(path)))
                .map(|(path, _, _)| TreeEdit { path, entry: None })
                .collect();
            (edits, format!("forget {id}"))
        }
    })
}

/// A submodule's commit is in another repository.
fn has_content(version: Version) -> bool {
    version.mode & 0o170_000 != 0o160_000
}
