//! What of git's configuration and attributes decides how files merge.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::memo::digest;
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::executable::{fields, run, run_any};
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
    /// Of everything but the commits that a verdict depends on; `None` where that could not be read.
    pub(super) digest: Option<[u8; 32]>,
}

/// Raised whenever the same question may get another answer from this code.
const MEANING: u32 = 2;

/// Any of these and git's rename detection is not its default one.
const RENAMES: [&str; 5] = [
    "merge.renames",
    "diff.renames",
    "merge.renameLimit",
    "diff.renameLimit",
    "merge.directoryRenames",
];

impl Settings {
    pub(super) fn read(repository: &Repository, from: CommitId) -> Settings {
        let gix = repository.local();
        let config = gix.config_snapshot();
        let value = |name: &str| config.string(name).map(|value| value.to_string());
        let renormalize = value("merge.renormalize").is_some();
        Settings {
            texts_are_gits: value("merge.default").is_some()
                // A value that is no boolean is for git to judge.
                || (renormalize && config.boolean("merge.renormalize") != Some(false)),
            strict_style: value("merge.conflictStyle").is_some_and(|style| style != "merge"),
            odd_renames: RENAMES.iter().any(|name| value(name).is_some()),
            digest: Settings::digest(repository, &config, from),
        }
    }

    fn digest(
        repository: &Repository,
        config: &gix::config::Snapshot<'_>,
        from: CommitId,
    ) -> Option<[u8; 32]> {
        let mut parts: Vec<Vec<u8>> = vec![
            MEANING.to_le_bytes().to_vec(),
            format!("{:?}", repository.git().version()).into_bytes(),
            from.as_bytes().to_vec(),
        ];
        for name in ["merge", "diff"] {
            for section in config
                .plumbing()
                .sections_by_name(name)
                .into_iter()
                .flatten()
            {
                parts.push(section.to_bstring().into());
            }
        }
        for file in attribute_files(repository)? {
            parts.push(file.as_os_str().as_encoded_bytes().to_vec());
            // Most of them do not exist.
            parts.push(std::fs::read(&file).unwrap_or_default());
        }
        Some(digest(parts.iter().map(Vec::as_slice)))
    }
}

/// The attribute files outside the tree.
fn attribute_files(repository: &Repository) -> Option<Vec<PathBuf>> {
    let mut files = vec![repository.common_dir().join("info").join("attributes")];
    for variable in ["GIT_ATTR_GLOBAL", "GIT_ATTR_SYSTEM"] {
        let output = run_any(&repository.cmd().args(["var", variable]), "var").ok()?;
        // With status 1 it says that there is no such file to look for.
        let line = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        if output.status == Some(0) && !line.is_empty() {
            files.push(PathBuf::from(OsStr::from_bytes(line)));
        }
    }
    Some(files)
}

/// Which paths have a `merge` attribute: asked of git, once for each path.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    known: Mutex<HashMap<RepoPath, bool>>,
    /// Done once what was likely to be asked for has been asked for.
    ahead: OnceLock<()>,
}

impl Attributes {
    /// One process answers for everything that may be asked for later. Who asks meanwhile waits for it.
    pub(super) fn look_ahead(
        &self,
        repository: &Repository,
        from: CommitId,
        likely: impl FnOnce() -> BTreeSet<RepoPath>,
    ) {
        self.ahead.get_or_init(|| {
            let paths = likely();
            // Where that fails, it fails again for who needs it.
            if !paths.is_empty()
                && let Ok(answers) = ask(repository, from, &paths)
            {
                self.lock().extend(answers);
            }
        });
    }

    /// Those of the paths whose merge is more than that of plain text.
    pub(super) fn special(
        &self,
        repository: &Repository,
        from: CommitId,
        paths: &BTreeSet<&RepoPath>,
    ) -> Result<BTreeSet<RepoPath>, GitError> {
        let unknown: BTreeSet<RepoPath> = {
            let known = self.lock();
            let unknown = paths.iter().filter(|path| !known.contains_key(*path));
            unknown.map(|path| (*path).clone()).collect()
        };
        if !unknown.is_empty() {
            let answers = ask(repository, from, &unknown)?;
            self.lock().extend(answers);
        }
        let known = self.lock();
        Ok(paths
            .iter()
            .filter(|path| known.get(*path).copied().unwrap_or(true))
            .map(|path| (*path).clone())
            .collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RepoPath, bool>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ask(
    repository: &Repository,
    from: CommitId,
    paths: &BTreeSet<RepoPath>,
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
