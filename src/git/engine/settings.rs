//! What of git's configuration and attributes decides how files merge.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::executable::{fields, run};
use crate::git::{GitError, Repository};

/// Settings that change what a merge gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// Every text may merge differently: `merge.renormalize`, `merge.default`.
    pub(super) texts_are_gits: bool,
    /// `merge.conflictStyle` is one in which hunks that add up to the same lines conflict.
    pub(super) strict_style: bool,
    /// Rename detection is not git's default one.
    pub(super) odd_renames: bool,
    /// All of them, for telling whether they changed.
    pub(super) digest: String,
}

const NAMES: [&str; 8] = [
    "merge.renormalize",
    "merge.default",
    "merge.conflictStyle",
    "merge.renames",
    "diff.renames",
    "merge.renameLimit",
    "diff.renameLimit",
    "merge.directoryRenames",
];

impl Settings {
    pub(super) fn read(gix: &gix::Repository) -> Settings {
        let config = gix.config_snapshot();
        let value = |name: &str| config.string(name).map(|value| value.to_string());
        let style = value("merge.conflictStyle");
        Settings {
            texts_are_gits: value("merge.default").is_some()
                || config.boolean("merge.renormalize").unwrap_or(false)
                // A value that is no boolean is for git to judge.
                || (value("merge.renormalize").is_some() && config.boolean("merge.renormalize").is_none()),
            strict_style: style.is_some_and(|style| style != "merge"),
            odd_renames: NAMES[3..].iter().any(|name| value(name).is_some()),
            digest: NAMES
                .iter()
                .filter_map(|name| Some(format!("{name}={}\n", value(name)?)))
                .collect(),
        }
    }
}

/// Which paths have a `merge` attribute: asked of git, once for each path.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    known: Mutex<HashMap<RepoPath, bool>>,
}

impl Attributes {
    /// Those of the paths whose merge is more than that of plain text.
    pub(super) fn special(
        &self,
        repository: &Repository,
        from: CommitId,
        paths: &BTreeSet<&RepoPath>,
    ) -> Result<BTreeSet<RepoPath>, GitError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown: Vec<&RepoPath> = {
            let known = lock();
            paths
                .iter()
                .filter(|path| !known.contains_key(*path))
                .copied()
                .collect()
        };
        if !unknown.is_empty() {
            let answers = ask(repository, from, &unknown)?;
            lock().extend(answers);
        }
        let known = lock();
        Ok(paths
            .iter()
            .filter(|path| known.get(*path).copied().unwrap_or(true))
            .map(|path| (*path).clone())
            .collect())
    }
}

fn ask(
    repository: &Repository,
    from: CommitId,
    paths: &[&RepoPath],
) -> Result<Vec<(RepoPath, bool)>, GitError> {
    let mut input = Vec::new();
    for path in paths {
        input.extend_from_slice(path.as_bytes());
        input.push(0);
    }
    let cmd = repository
        .cmd()
        .arg(format!("--attr-source={from}"))
        .args(["check-attr", "-z", "--stdin", "merge"])
        .stdin(input);
    let output = run(&cmd, "check-attr")?;
    let fields: Vec<&[u8]> = fields(&output).collect();
    Ok(fields
        .chunks_exact(3)
        .map(|answer| (RepoPath::new(answer[0]), answer[2] != b"unspecified"))
        .collect())
}
