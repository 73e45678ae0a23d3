//! Worktrees that are registered and gone, that tracks do not have, and directories among them that are nobody's.

use std::path::{Path, PathBuf};

use crate::git::{GitError, OF_ANOTHER, Repository, Worktree};
use crate::ops::Session;
use crate::ops::own_worktree::{self, quoted, worktrees_dir};

use super::Report;

const CODE: &str = "DOC-WORKTREE";

pub(super) fn of_repository(report: &mut Report, repository: &Repository) -> Result<(), GitError> {
    let list = repository.worktrees()?;
    report.looked_at(match list.len() {
        1 => "1 worktree".to_owned(),
        more => format!("{more} worktrees"),
    });
    for entry in &list {
        broken(report, entry, false);
    }
    Ok(())
}

/// Whether nobody can work there; then it is told.
fn broken(report: &mut Report, entry: &Worktree, of_track: bool) -> bool {
    let path = entry.path.display();
    let again = match of_track {
        true => "`tracks init` makes it anew",
        false => {
            "`git worktree prune` forgets it, or `git worktree repair` finds it where it was moved to"
        }
    };
    match &entry.prunable {
        _ if entry.half_made => report.warning(
            CODE,
            format!(
                "worktree {path} was never finished: a `git worktree add` is at work, or was killed"
            ),
            match of_track {
                true => again.to_owned(),
                false => format!(
                    "if none is running: `git worktree remove --force --force {}`",
                    quoted(&entry.path)
                ),
            },
        ),
        Some(why) => {
            let why = match why.as_str() {
                _ if !entry.path.exists() => "its directory is gone",
                _ if !entry.path.join(".git").exists() => "its `.git` file is gone",
                "" => "git cannot use it",
                why => why,
            };
            // What is in it is there still, and git knows where. Of what is another repository's, it would make ours.
            let is_ours = entry.path.exists() && !entry.path.join(".git").is_dir();
            let fix = match is_ours && why != OF_ANOTHER {
                true => "`git worktree repair` writes its `.git` file anew",
                false => again,
            };
            report.warning(CODE, format!("worktree {path} is of no use: {why}"), fix);
        }
        None => return false,
    }
    true
}

pub(super) fn of_session(report: &mut Report, session: &Session) -> Result<(), GitError> {
    let list = session.repository.worktrees()?;
    report.looked_at(match list.len() {
        1 => "1 worktree".to_owned(),
        more => format!("{more} worktrees"),
    });
    let own: Vec<PathBuf> = own_worktree::all(session)?
        .into_iter()
        .map(|(_, entry)| entry.path)
        .collect();
    let root = worktrees_dir(session);
    let mut without = Vec::new();
    for track in &session.project.tracks {
        if !list
            .iter()
            .any(|entry| entry.branch.as_ref() == Some(&track.branch))
        {
            without.push(track.id.as_str());
        }
    }
    for entry in list.iter().filter(|entry| !entry.is_main) {
        let track = entry.branch.as_ref();
        let track = track.and_then(|branch| session.project.track_on(branch));
        if broken(report, entry, track.is_some()) || track.is_some() || own.contains(&entry.path) {
            continue;
        }
        if root
            .as_ref()
            .is_some_and(|root| entry.path.starts_with(root))
        {
            let branch = match &entry.branch {
                Some(branch) => format!("branch {branch}"),
                None => "no branch".to_owned(),
            };
            report.warning(
                CODE,
                format!("worktree {} is on {branch}, which is no track's", entry.path.display()),
                "bring it back to its branch, add the track to tracks.toml, or `git worktree remove` it",
            );
        }
    }
    // In a bare repository, `tracks init` has no place to make them.
    if !without.is_empty() && root.is_some() {
        report.info(
            CODE,
            format!("no worktree: {}", without.join(", ")),
            "`tracks init` makes what is missing",
        );
    }
    if let Some(root) = root.filter(|_| !Path::new(&session.project.layout.worktrees).is_absolute())
    {
        for dir in strangers(&root, &list) {
            if is_lost(&session.repository, &dir) {
                report.warning(
                    CODE,
                    format!(
                        "worktree {} is one that git looks for in another place",
                        dir.display()
                    ),
                    format!("`git worktree repair {}`", quoted(&dir)),
                );
                continue;
            }
            report.warning(
                CODE,
                format!("{} is no worktree of this repository", dir.display()),
                "look at what is in it, and move it away: nothing here looks after it",
            );
        }
    }
    Ok(())
}

/// Whether a directory says that it is a worktree of this repository.
fn is_lost(repository: &Repository, dir: &Path) -> bool {
    let ours = repository.common_dir().join("worktrees").canonicalize();
    let git_dir = repository.git_dir_of(dir).ok();
    let git_dir = git_dir.and_then(|it| it.canonicalize().ok());
    match (git_dir, ours) {
        (Some(git_dir), Ok(ours)) => git_dir.parent() == Some(ours.as_path()),
        _ => false,
    }
}

/// Directories below the one of the worktrees in which no worktree is.
fn strangers(root: &Path, list: &[Worktree]) -> Vec<PathBuf> {
    let mut strangers = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = path.canonicalize().unwrap_or(path);
        let in_use = list.iter().any(|it| it.path.starts_with(&path));
        if is_dir && !in_use {
            strangers.push(path);
        }
    }
    strangers.sort();
    strangers
}
