//! Removed worktrees: what each was, and how far its removal or return has come. Their directories lie beside the records,
//! below `trash/`, until they are brought back or pruned.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::path_text::PathText;
use super::{Store, StoreError, record};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

/// What is under way with a removed worktree. A run that is killed leaves one of these, and the next one goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrashState {
    /// It is on its way into the trash.
    Removing,
    /// It is there.
    Removed,
    /// It is on its way back.
    Restoring,
    /// It is being deleted for good.
    Deleting,
}

/// One removed worktree, or a branch that was removed without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// The operation that removed it.
    pub operation: String,
    /// From 0, within the operation.
    pub number: u32,
    pub time: Timestamp,
    pub state: TrashState,
    pub track: Option<String>,
    /// `None`: the branch had no worktree.
    pub worktree: Option<PathBuf>,
    /// The name of git's entry for it.
    pub entry: Option<String>,
    /// What was checked out there.
    pub branch: Option<BranchName>,
    pub head: Option<CommitId>,
    /// The branch was removed too, from this commit.
    pub removed_branch: bool,
    /// The ref that keeps its uncommitted work, or commits that are on no branch.
    pub kept_as: Option<String>,
    /// What the commit behind that ref lacks; the directory has it.
    pub incomplete: Option<String>,
    pub bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Record {
    operation: String,
    number: u32,
    time: i64,
    state: TrashState,
    track: Option<String>,
    worktree: Option<PathText>,
    entry: Option<String>,
    branch: Option<String>,
    head: Option<String>,
    removed_branch: bool,
    kept_as: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
    bytes: u64,
}

const RECORD: &str = "record.json";

impl Trashed {
    /// The namespace of the refs that keep what is in the trash of one operation.
    pub fn refs_of(operation: &str) -> String {
        format!("refs/tracks/trash/{operation}/")
    }

    /// The ref that keeps a removed branch.
    pub fn ref_of_branch(operation: &str, branch: &BranchName) -> String {
        format!("{}heads/{branch}", Trashed::refs_of(operation))
    }

    /// The ref that keeps the uncommitted work of a worktree.
    pub fn ref_of_work(operation: &str, number: u32) -> String {
        format!("{}work/{number}", Trashed::refs_of(operation))
    }
}

impl Store {
    /// Where the worktree itself lies while it is in the trash.
    pub fn trashed_worktree(&self, trashed: &Trashed) -> PathBuf {
        self.trash_of(trashed).join("worktree")
    }

    /// Where git's entry for it lies meanwhile.
    pub fn trashed_entry(&self, trashed: &Trashed) -> PathBuf {
        self.trash_of(trashed).join("entry")
    }

    /// Everything that is kept of it.
    pub fn trash_of(&self, trashed: &Trashed) -> PathBuf {
        self.trash_root()
            .join(&trashed.operation)
            .join(trashed.number.to_string())
    }

    fn trash_root(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// Writes down what it is and how far it has come.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_trashed(&self, trashed: &Trashed) -> Result<(), StoreError> {
        let path = self.trash_of(trashed).join(RECORD);
        record::write(&path, &as_record(trashed))
    }

    /// All there is, oldest first. What a run was killed in the middle of, too, and last what cannot be read.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn trashed(&self) -> Result<Vec<Trashed>, StoreError> {
        let mut all = Vec::new();
        for operation in directories(&self.trash_root())? {
            for dir in directories(&operation)? {
                let path = dir.join(RECORD);
                // Without one, a run was killed before it had begun, or when it was almost done: nothing else is there.
                if let Some(read) = record::read::<Record>(&path)? {
                    all.push(trashed(read).map_err(|error| StoreError::format(&path, &error))?);
                }
            }
        }
        all.sort_by(|a, b| (&a.operation, a.number).cmp(&(&b.operation, b.number)));
        Ok(all)
    }

    /// It is back, or deleted: the record goes, and its directories where they are empty.
    ///
    /// # Errors
    /// When the record cannot be removed.
    pub fn forget_trashed(&self, trashed: &Trashed) -> Result<(), StoreError> {
        let dir = self.trash_of(trashed);
        record::remove(&dir.join(RECORD))?;
        for empty in [dir.as_path(), dir.parent().unwrap_or(&dir)] {
            let _ = fs::remove_dir(empty);
        }
        Ok(())
    }
}

fn directories(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::io(dir))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(StoreError::io(dir))?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

fn as_record(trashed: &Trashed) -> Record {
    Record {
        operation: trashed.operation.clone(),
        number: trashed.number,
        time: trashed.time.0,
        state: trashed.state,
        track: trashed.track.clone(),
        worktree: trashed.worktree.clone().map(PathText),
        entry: trashed.entry.clone(),
        branch: trashed.branch.as_ref().map(BranchName::to_string),
        head: trashed.head.map(|head| head.to_string()),
        removed_branch: trashed.removed_branch,
        kept_as: trashed.kept_as.clone(),
        incomplete: trashed.incomplete.clone(),
        bytes: trashed.bytes,
    }
}

fn trashed(record: Record) -> Result<Trashed, String> {
    let text = |error: &dyn ToString| error.to_string();
    let branch = record.branch.as_deref().map(BranchName::new).transpose();
    let head = record.head.as_deref().map(CommitId::from_hex).transpose();
    Ok(Trashed {
        operation: record.operation,
        number: record.number,
        time: Timestamp(record.time),
        state: record.state,
        track: record.track,
        worktree: record.worktree.map(|path| path.0),
        entry: record.entry,
        branch: branch.map_err(|error| text(&error))?,
        head: head.map_err(|error| text(&error))?,
        removed_branch: record.removed_branch,
        kept_as: record.kept_as,
        incomplete: record.incomplete,
        bytes: record.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noted_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.trashed().unwrap(), []);
        let mut first = Trashed {
            operation: "20261127T120000Z-aaaaaa".to_owned(),
            number: 0,
            time: Timestamp(7),
            state: TrashState::Removing,
            track: Some("api".to_owned()),
            worktree: Some(PathBuf::from("/w/api")),
            entry: Some("api".to_owned()),
            branch: Some(BranchName::new("track/api").unwrap()),
            head: Some(CommitId::from_hex(&"ab".repeat(20)).unwrap()),
            removed_branch: true,
            kept_as: None,
            incomplete: Some("x is missing".to_owned()),
            bytes: 12,
        };
        let second = Trashed {
            number: 10,
            track: None,
            worktree: None,
            entry: None,
            head: None,
            ..first.clone()
        };
        for trashed in [&second, &first] {
            store.note_trashed(trashed).unwrap();
        }
        first.state = TrashState::Removed;
        store.note_trashed(&first).unwrap();
        assert_eq!(store.trashed().unwrap(), [first.clone(), second.clone()]);
        fs::create_dir(store.trashed_worktree(&first)).unwrap();
        store.forget_trashed(&first).unwrap();
        assert!(store.trash_of(&first).is_dir(), "not with something in it");
        assert_eq!(store.trashed().unwrap(), std::slice::from_ref(&second));
        fs::remove_dir(store.trashed_worktree(&first)).unwrap();
        store.forget_trashed(&first).unwrap();
        store.forget_trashed(&second).unwrap();
        assert_eq!(fs::read_dir(store.trash_root()).unwrap().count(), 0);
    }
}
