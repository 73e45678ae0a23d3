//! The operation log: every state-changing run, with the refs it moved, so that it can be shown and taken back.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::journal::{Journal, latest};
use super::naming::compact;
use super::path_text::PathText;
use super::{Store, StoreError};
use crate::domain::revision::{CommitId, IdError};
use crate::domain::time::Timestamp;

/// One ref that an operation moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefMove {
    pub name: String,
    pub before: Option<CommitId>,
    pub after: Option<CommitId>,
}

/// What became of a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorktreeStep {
    Made,
    /// It is in the trash of the operation.
    Removed,
}

/// One worktree that an operation made or took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeChange {
    pub path: PathBuf,
    /// The track whose it is.
    pub track: Option<String>,
    pub step: WorktreeStep,
}

/// One state-changing run of the tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Sortable by time, unique in the repository, usable as a part of a ref name.
    pub id: String,
    pub time: Timestamp,
    /// The verb with its arguments, for people.
    pub command: String,
    pub refs: Vec<RefMove>,
    /// One sentence each on what else it did (worktrees made, setup run).
    pub did: Vec<String>,
    pub worktrees: Vec<WorktreeChange>,
    /// What it pushed, as `REMOTE/BRANCH`: nothing here takes that back.
    pub pushed: Vec<String>,
    /// The operation that this one took back.
    pub undoes: Option<String>,
    pub undone: bool,
    /// Recorded before its refs move, and not yet known to have moved them.
    pub pending: bool,
}

impl Operation {
    /// One that has done nothing yet.
    pub fn new(id: String, time: Timestamp, command: impl Into<String>) -> Self {
        Operation {
            id,
            time,
            command: command.into(),
            refs: Vec::new(),
            did: Vec::new(),
            worktrees: Vec::new(),
            pushed: Vec::new(),
            undoes: None,
            undone: false,
            pending: false,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    id: String,
    time: i64,
    command: String,
    refs: Vec<RefRecord>,
    did: Vec<String>,
    undone: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    worktrees: Vec<WorktreeRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pushed: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

#[derive(Serialize, Deserialize)]
struct WorktreeRecord {
    path: PathText,
    track: Option<String>,
    step: WorktreeStep,
}

#[derive(Serialize, Deserialize)]
struct RefRecord {
    name: String,
    before: Option<String>,
    after: Option<String>,
}

impl Store {
    /// A fresh id: the time and random digits. No process id: containers that share a repository share those too.
    pub fn new_operation_id(&self, now: Timestamp) -> String {
        let random = RandomState::new().hash_one(self.root()) & 0x00ff_ffff;
        format!("{}-{random:06x}", compact(now))
    }

    /// When the operation with this id was run.
    pub fn operation_time(id: &str) -> Option<Timestamp> {
        let (time, random) = id.split_once('-')?;
        let is_ours = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
        Timestamp::from_compact(time).filter(|_| is_ours)
    }

    /// Recording an id again replaces what was said of it, for example that it has been undone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_operation(&self, operation: &Operation) -> Result<(), StoreError> {
        let hex = |id: &Option<CommitId>| id.map(|id| id.to_string());
        self.operation_log().append_durably(&Record {
            id: operation.id.clone(),
            time: operation.time.0,
            command: operation.command.clone(),
            refs: operation
                .refs
                .iter()
                .map(|moved| RefRecord {
                    name: moved.name.clone(),
                    before: hex(&moved.before),
                    after: hex(&moved.after),
                })
                .collect(),
            did: operation.did.clone(),
            undone: operation.undone,
            worktrees: (operation.worktrees.iter())
                .map(|change| WorktreeRecord {
                    path: PathText(change.path.clone()),
                    track: change.track.clone(),
                    step: change.step,
                })
                .collect(),
            pushed: operation.pushed.clone(),
            undoes: operation.undoes.clone(),
            pending: operation.pending,
        })
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        let path = self.operations_path();
        let records: Vec<Record> = self.operation_log().read()?;
        let mut operations = latest(records, |record| record.id.clone())
            .into_iter()
            .map(|record| operation(record).map_err(|error| StoreError::format(&path, &error)))
            .collect::<Result<Vec<_>, _>>()?;
        mark_undone(&mut operations);
        Ok(operations)
    }

    fn operation_log(&self) -> Journal {
        Journal::new(self.operations_path())
    }

    fn operations_path(&self) -> std::path::PathBuf {
        self.root.join("operations.jsonl")
    }
}

/// Undone is what a later operation has taken back that counts itself: one write that says so for both. A pending one is to
/// be settled first.
fn mark_undone(operations: &mut [Operation]) {
    for later in (0..operations.len()).rev() {
        let counts = !operations[later].undone && !operations[later].pending;
        let Some(id) = operations[later].undoes.clone().filter(|_| counts) else {
            continue;
        };
        if let Some(earlier) = operations[..later]
            .iter_mut()
            .find(|earlier| earlier.id == id)
        {
            earlier.undone = true;
        }
    }
}

fn operation(record: Record) -> Result<Operation, IdError> {
    let id = |hex: Option<String>| hex.map(|hex| CommitId::from_hex(&hex)).transpose();
    let refs = record.refs.into_iter().map(|moved| {
        Ok(RefMove {
            name: moved.name,
            before: id(moved.before)?,
            after: id(moved.after)?,
        })
    });
    Ok(Operation {
        id: record.id,
        time: Timestamp(record.time),
        command: record.command,
        refs: refs.collect::<Result<_, IdError>>()?,
        did: record.did,
        worktrees: (record.worktrees.into_iter())
            .map(|change| WorktreeChange {
                path: change.path.0,
                track: change.track,
                step: change.step,
            })
            .collect(),
        pushed: record.pushed,
        undoes: record.undoes,
        undone: record.undone,
        pending: record.pending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_and_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.operations().unwrap(), []);
        let mut first = Operation {
            id: store.new_operation_id(Timestamp(0)),
            time: Timestamp(0),
            command: "sync --only track-a".to_owned(),
            refs: vec![RefMove {
                name: "refs/heads/integration".to_owned(),
                before: None,
                after: Some(CommitId::from_hex(&"ab".repeat(20)).unwrap()),
            }],
            did: vec!["made worktree a".to_owned()],
            worktrees: vec![WorktreeChange {
                path: PathBuf::from("/w/a"),
                track: Some("a".to_owned()),
                step: WorktreeStep::Made,
            }],
            pushed: vec!["origin/integration".to_owned()],
            undoes: Some("x".to_owned()),
            undone: false,
            pending: true,
        };
        let id = store.new_operation_id(Timestamp(1));
        let second = Operation::new(id, Timestamp(1), "init");
        store.record_operation(&first).unwrap();
        store.record_operation(&second).unwrap();
        assert_eq!(store.operations().unwrap(), [first.clone(), second.clone()]);
        first.undone = true;
        first.pending = false;
        store.record_operation(&first).unwrap();
        assert_eq!(store.operations().unwrap(), [first, second]);
    }

    #[test]
    fn what_is_undone_and_done_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let record = |id: &str, undoes: Option<&str>, pending: bool| {
            let operation = Operation {
                undoes: undoes.map(str::to_owned),
                pending,
                ..Operation::new(id.to_owned(), Timestamp(0), id)
            };
            store.record_operation(&operation).unwrap();
            let all = store.operations().unwrap().into_iter();
            let undone: Vec<String> = all.filter(|one| one.undone).map(|one| one.id).collect();
            undone.join(" ")
        };
        assert_eq!(record("a", None, false), "");
        assert_eq!(record("b", Some("a"), true), "");
        assert_eq!(record("b", Some("a"), false), "a");
        assert_eq!(record("c", Some("b"), false), "b");
        assert_eq!(record("d", Some("c"), false), "a c");
    }

    #[test]
    fn a_record_of_an_older_version() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let line = "{\"v\":1,\"id\":\"x\",\"time\":7,\"command\":\"init\",\"refs\":[],\"did\":[],\"undone\":true}\n";
        std::fs::create_dir(dir.path().join("tracks")).unwrap();
        std::fs::File::create(store.operations_path())
            .and_then(|mut file| std::io::Write::write_all(&mut file, line.as_bytes()))
            .unwrap();
        let expected = Operation {
            undone: true,
            ..Operation::new("x".to_owned(), Timestamp(7), "init")
        };
        assert_eq!(store.operations().unwrap(), [expected]);
    }

    #[test]
    fn ids_sort_by_time_and_differ() {
        let store = Store::new("x".as_ref());
        let ids: Vec<String> = (0..50)
            .map(|n| store.new_operation_id(Timestamp(n / 25)))
            .collect();
        assert!(ids[0].starts_with("19700101T000000Z-") && ids[0].len() == 23);
        assert_eq!(Store::operation_time(&ids[30]), Some(Timestamp(1)));
        for bad in ["", "19700101T000000Z", "19700101T000000Z-x", "1-aaaaaa"] {
            assert_eq!(Store::operation_time(bad), None, "{bad}");
        }
        assert!(
            ids[..25]
                .iter()
                .all(|early| ids[25..].iter().all(|late| early < late))
        );
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
    }

    #[test]
    fn a_damaged_id_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let record = Record {
            id: "x".to_owned(),
            time: 0,
            command: String::new(),
            refs: vec![RefRecord {
                name: "refs/heads/a".to_owned(),
                before: Some("zz".to_owned()),
                after: None,
            }],
            did: Vec::new(),
            undone: false,
            worktrees: Vec::new(),
            pushed: Vec::new(),
            undoes: None,
            pending: false,
        };
        store.operation_log().append(&record).unwrap();
        assert!(matches!(
            store.operations(),
            Err(StoreError::Format { message, .. }) if message.contains("`zz`")
        ));
    }
}
