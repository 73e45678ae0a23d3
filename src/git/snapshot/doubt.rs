//! When the short way to the tree is not taken, or its result thrown away.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::checkout::head;
use super::super::executable::run_any;
use super::super::object::{object_id, unreadable};
use super::super::repository::branch_name;
use super::super::worktree::path_of;
use super::super::{GitError, Merger, Repository};
use super::changes::Changes;
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};

/// Why only `git add -A` can tell.
#[derive(Debug, thiserror::Error)]
pub(super) enum Doubt {
    #[error("submodules, or repositories inside the worktree")]
    NotFiles,
    /// `git add` refuses paths outside of it.
    #[error("a sparse checkout")]
    Sparse,
    /// git would read the attributes from an index that we do not show it.
    #[error("attributes that are in the index and not in the worktree")]
    Attributes,
    /// Where `core.ignoreCase` is set, `git add` may take one for the other.
    #[error("names that differ in case only")]
    Case,
    #[error("a staged file whose content is not here")]
    Missing,
    #[error("HEAD, the index or a file has been changed meanwhile")]
    Moved,
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What must be the same before and after.
#[derive(Debug)]
pub(super) struct Moment<'d> {
    git_dir: &'d Path,
    index: Option<(u64, u64, SystemTime)>,
}

impl<'d> Moment<'d> {
    pub(super) fn of(git_dir: &'d Path) -> Moment<'d> {
        let index = index_stamp(git_dir);
        Moment { git_dir, index }
    }

    pub(super) fn still(&self, repository: &Repository, tip: CommitId) -> Result<(), Doubt> {
        let at = match head(self.git_dir)? {
            Ok(commit) => Some(commit),
            Err(branch) => match branch_name(format!("refs/heads/{branch}").as_str().into()) {
                Some(branch) => repository.branch(&branch)?,
                None => None,
            },
        };
        match at == Some(tip) && self.index == index_stamp(self.git_dir) {
            true => Ok(()),
            false => Err(Doubt::Moved),
        }
    }
}

/// git never writes into an index, it puts another in its place.
fn index_stamp(git_dir: &Path) -> Option<(u64, u64, SystemTime)> {
    use std::os::unix::fs::MetadataExt as _;
    let facts = git_dir.join("index").metadata().ok()?;
    Some((facts.ino(), facts.len(), facts.modified().ok()?))
}

/// What can be told before anything is read.
pub(super) fn look(
    merger: &Merger<'_>,
    worktree: &Path,
    tree: TreeId,
    changes: &Changes,
) -> Result<(), Doubt> {
    if changes.others {
        return Err(Doubt::NotFiles);
    }
    if is_sparse(merger.repository(), worktree)? {
        return Err(Doubt::Sparse);
    }
    let gix = merger.local();
    let here = |id| gix.has_object(object_id(id));
    if !changes.staged.iter().all(|entry| here(entry.id.as_bytes())) {
        return Err(Doubt::Missing);
    }
    let root = gix
        .find_tree(object_id(tree.as_bytes()))
        .map_err(|error| unreadable(format!("tree {tree}"), &error))?;
    let folders = Folders::of(changes);
    if folders.lack_attributes(worktree, &root, changes)? {
        return Err(Doubt::Attributes);
    }
    let ignores_case = gix.config_snapshot().boolean("core.ignoreCase");
    if ignores_case == Some(true) && folders.have_twins(&root)? {
        return Err(Doubt::Case);
    }
    Ok(())
}

/// The file with the patterns stays when a checkout is made whole again.
fn is_sparse(repository: &Repository, worktree: &Path) -> Result<bool, GitError> {
    let patterns = repository
        .git_dir_of(worktree)?
        .join("info/sparse-checkout");
    if !patterns.exists() {
        return Ok(false);
    }
    let cmd = repository
        .cmd_in(worktree)
        .args(["config", "--type=bool", "core.sparseCheckout"]);
    // Status 1 is "not set".
    let said = run_any(&cmd, "config core.sparseCheckout")?;
    Ok(said.status != Some(1) && said.stdout != b"false\n")
}

/// Every folder on the way to a path that stays, and the names there that lead on to such a path.
struct Folders<'c>(BTreeMap<&'c [u8], BTreeSet<&'c [u8]>>);

const ATTRIBUTES: &[u8] = b".gitattributes";

impl<'c> Folders<'c> {
    fn of(changes: &'c Changes) -> Folders<'c> {
        let mut folders: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
        let staged = changes.staged.iter().map(|entry| &entry.path);
        let edited = changes.edited.iter().map(|file| &file.path);
        for path in staged.chain(edited) {
            let mut rest = path.as_bytes();
            loop {
                let (folder, name) = split(rest);
                let new = folders.entry(folder).or_default().insert(name);
                if folder.is_empty() || !new {
                    break;
                }
                rest = folder;
            }
        }
        Folders(folders)
    }

    /// git looks into the worktree for attributes, and for files that are not there, into the index.
    fn lack_attributes(
        &self,
        worktree: &Path,
        root: &gix::Tree<'_>,
        changes: &Changes,
    ) -> Result<bool, GitError> {
        let is_attributes = |path: &&RepoPath| split(path.as_bytes()).1 == ATTRIBUTES;
        if changes.removed.iter().any(|path| is_attributes(&path)) {
            return Ok(true);
        }
        let absent = |path: PathBuf| path.symlink_metadata().is_err();
        let mut staged = changes.staged.iter().map(|entry| &entry.path);
        if staged
            .any(|path| is_attributes(&path) && absent(worktree.join(path_of(path.as_bytes()))))
        {
            return Ok(true);
        }
        for folder in self.0.keys() {
            let path = worktree.join(path_of(folder)).join(path_of(ATTRIBUTES));
            if absent(path) && lookup(root, folder, Some(ATTRIBUTES))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn have_twins(&self, root: &gix::Tree<'_>) -> Result<bool, GitError> {
        for (folder, names) in &self.0 {
            let mut known: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
            let mut is_twin = |name: &[u8]| {
                let exact = known.entry(name.to_ascii_lowercase());
                *exact.or_insert_with(|| name.to_vec()) != *name
            };
            if names.iter().any(|name| is_twin(name)) {
                return Ok(true);
            }
            let Some(entry) = lookup(root, folder, None)? else {
                continue;
            };
            let tree = root.repo.find_tree(entry);
            let tree = tree.map_err(|error| unreadable(format!("tree {entry}"), &error))?;
            for entry in tree.iter() {
                let entry = entry.map_err(|error| unreadable("a tree", &error))?;
                if is_twin(entry.filename()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Folder and name; the folder of the root is empty.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// What is at `folder`, or at `name` in it: for a folder, only if it is a tree.
fn lookup(
    root: &gix::Tree<'_>,
    folder: &[u8],
    name: Option<&[u8]>,
) -> Result<Option<gix::ObjectId>, GitError> {
    let segments = folder
        .split(|byte| *byte == b'/')
        .filter(|segment| !segment.is_empty())
        .chain(name);
    if folder.is_empty() && name.is_none() {
        return Ok(Some(root.id));
    }
    let entry = root
        .lookup_entry(segments)
        .map_err(|error| unreadable("a tree", &error))?;
    Ok(entry
        .filter(|entry| name.is_some() || entry.mode().is_tree())
        .map(|entry| entry.object_id()))
}
