//! The tree of HEAD with uncommitted work put in.

use gix::objs::tree::{Editor, EntryKind};
use gix::prelude::FindExt as _;

use super::super::Merger;
use super::super::object::{object_id, tree_id, unreadable};
use super::super::tree_edit::{kind, segments};
use super::changes::{Changes, Entry};
use super::doubt::Doubt;
use crate::domain::revision::TreeId;

/// What was read from the worktree comes last: where it is in the way of entries that git does not look at in the
/// worktree (`assume-unchanged`), it takes their place.
pub(super) fn edit(
    merger: &Merger<'_>,
    tree: TreeId,
    changes: &Changes,
    read: &[Entry],
) -> Result<TreeId, Doubt> {
    let gix = merger.local();
    let failed = |error: &dyn std::fmt::Display| unreadable(format!("tree {tree}"), &error);
    let mut buffer = Vec::new();
    let root = gix
        .objects
        .find_tree(&object_id(tree.as_bytes()), &mut buffer)
        .map_err(|error| failed(&error))?
        .into();
    let mut editor = Editor::new(root, &gix.objects, gix.object_hash());
    for path in &changes.removed {
        // What is a folder by now keeps the files that have no record of their own.
        editor
            .remove_if_leaf(segments(path))
            .map_err(|error| failed(&error))?;
    }
    for entry in changes.staged.iter().chain(read) {
        let kind = kind(entry.mode)
            .filter(|kind| *kind != EntryKind::Commit)
            .ok_or(Doubt::NotFiles)?;
        editor
            .upsert(segments(&entry.path), kind, object_id(entry.id.as_bytes()))
            .map_err(|error| failed(&error))?;
    }
    let written = editor
        .write(|tree| gix.write_object(as_git_writes(tree)).map(gix::Id::detach))
        .map_err(|error| failed(&error))?;
    Ok(tree_id(written)?)
}

/// Trees of old have modes like 100664, or empty folders; an index does not, nor what git writes from it.
fn as_git_writes(tree: &gix::objs::Tree) -> gix::objs::Tree {
    let mut tree = tree.clone();
    tree.entries
        .retain(|entry| !(entry.mode.is_tree() && entry.oid.is_empty_tree()));
    for entry in &mut tree.entries {
        entry.mode = entry.mode.kind().into();
    }
    tree
}
