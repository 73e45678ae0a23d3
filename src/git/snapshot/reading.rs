//! Reads files of a worktree into objects, as `git add` would, through an index of those files alone.
//!
//! `git hash-object` would not do: without an index, git converts line ends that it leaves alone where the indexed file has
//! them already, and knows no mode to keep where the file system has none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::index::entry::stat::Time;
use gix::index::entry::{Flags, Mode, Stat};

use super::super::executable::{failure, run_any};
use super::super::object::{blob_id, object_id, unreadable};
use super::super::scratch::io;
use super::super::worktree::path_of;
use super::super::{GitError, Merger};
use super::changes::{Edited, Entry};
use super::doubt::Doubt;
use super::index_copy::{directory, on_index};
use crate::domain::path::RepoPath;

/// All of the files, or nothing: one that is gone meanwhile, is none, or was written to while it was read.
pub(super) fn read(
    merger: &Merger<'_>,
    worktree: &Path,
    edited: &[Edited],
) -> Result<Vec<Entry>, Doubt> {
    if edited.is_empty() {
        return Ok(Vec::new());
    }
    let hash = merger.local().object_hash();
    let dir = directory(merger)?;
    let path = dir.path().join("index");
    write_index(&path, hash, edited)?;
    update(merger, worktree, &path, edited)?;
    let index = gix::index::File::at(&path, hash, false, gix::index::decode::Options::default())
        .map_err(|error| unreadable("an index of ours", &error))?;
    let mut expected: BTreeMap<&RepoPath, &Edited> =
        edited.iter().map(|file| (&file.path, file)).collect();
    let mut read = Vec::with_capacity(edited.len());
    for entry in index.entries() {
        let path = RepoPath::new(entry.path(&index).as_bytes());
        let file = expected.remove(&path).ok_or(Doubt::Moved)?;
        let mode = entry.mode.bits();
        if entry.stage_raw() != 0 || file.mode.is_some_and(|told| told != mode) {
            return Err(Doubt::Moved);
        }
        if !is_still(&worktree.join(path_of(path.as_bytes())), &entry.stat) {
            return Err(Doubt::Moved);
        }
        let id = blob_id(entry.id)?;
        read.push(Entry { path, mode, id });
    }
    match expected.is_empty() {
        true => Ok(read),
        false => Err(Doubt::Moved),
    }
}

/// What the index of the worktree has of these files, without the times by which git would take them for read.
fn write_index(path: &Path, hash: gix::hash::Kind, edited: &[Edited]) -> Result<(), Doubt> {
    let mut state = gix::index::State::new(hash);
    for file in edited {
        if let Some((mode, id)) = file.staged {
            let mode = Mode::from_bits(mode).ok_or(Doubt::NotFiles)?;
            let (stat, id) = (Stat::default(), object_id(id.as_bytes()));
            let name = file.path.as_bytes().as_bstr();
            state.dangerously_push_entry(stat, id, Flags::empty(), mode, name);
        }
    }
    state.sort_entries();
    let mut bytes = Vec::new();
    gix::index::File::from_state(state, path)
        .write_to(&mut bytes, gix::index::write::Options::default())
        .map_err(|error| unreadable("an index of ours", &error))?;
    let mut file = File::create_new(path).map_err(io(path))?;
    Ok(file.write_all(&bytes).map_err(io(path))?)
}

fn update(
    merger: &Merger<'_>,
    worktree: &Path,
    index: &Path,
    edited: &[Edited],
) -> Result<(), GitError> {
    let mut paths = Vec::new();
    for file in edited {
        paths.extend_from_slice(file.path.as_bytes());
        paths.push(0);
    }
    let cmd = on_index(merger, worktree, index)
        // Nothing that stands for the whole worktree belongs into this index.
        .args(["-c", "core.untrackedCache=false"])
        .args(["-c", "core.fsmonitor=false"])
        .args(["-c", "index.skipHash=false"])
        .args(["update-index", "--add", "-z", "--stdin"])
        .stdin(paths);
    let updated = run_any(&cmd, "update-index")?;
    match updated.status {
        Some(0) => Ok(()),
        _ => Err(failure(&updated, "update-index")),
    }
}

/// Whether the file is as it was right before git read it.
fn is_still(path: &Path, before: &Stat) -> bool {
    let Ok(now) = gix::index::fs::Metadata::from_path_no_follow(path) else {
        return false;
    };
    let Ok(now) = Stat::from_fs(&now) else {
        return false;
    };
    // A git that was built without them writes no fractions of seconds.
    let whole = Time {
        nsecs: 0,
        ..now.mtime
    };
    (now.size, now.ino) == (before.size, before.ino)
        && (now.mtime == before.mtime || whole == before.mtime)
}
