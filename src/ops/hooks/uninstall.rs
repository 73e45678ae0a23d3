//! Taking our hooks away: what was there before is there again, byte for byte, and what somebody has put in our place since stays.

use std::path::{Path, PathBuf};

use crate::domain::hook::placing::{
    ASIDE, CONFIGURED, GIT_HOOKS, MOVED_BY_OTHERS, Undo, change_back, undo,
};
use crate::files::{
    HookFile, beside, change_under_lock, clear_leftovers, clear_unfinished, look_at_hook, put_back,
    remove_hook,
};
use crate::git::Repository;
use crate::store::{LockName, Store};

use super::plan::{self, is_inside, usual_dir};
use super::{HooksError, install};

/// What was done at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub name: String,
    pub path: PathBuf,
    /// What was there before is back.
    pub back: bool,
}

#[derive(Debug, Default)]
pub struct Report {
    pub done: Vec<Done>,
    /// One sentence each without a full stop.
    pub notes: Vec<String>,
}

/// Takes away every hook of ours; works without a tracks.toml, too.
///
/// # Errors
/// When somebody else is at it, git cannot tell, or the file system refuses; then what was done so far holds.
pub fn run(repository: &Repository) -> Result<Report, HooksError> {
    let store = Store::new(repository.common_dir());
    let mut report = Report::default();
    let ours = store.hooks_dir();
    if !is_anything_there(repository, &store)? {
        return Ok(report);
    }
    let _lock = store.lock_patiently(&LockName::Hooks, "tracks hooks uninstall")?;
    clear_leftovers(store.root())
        .and_then(|()| clear_unfinished(store.root()))
        .map_err(HooksError::File)?;
    for name in repository.own_configured_hooks(CONFIGURED)? {
        repository.forget_configured_hook(&name)?;
        report
            .notes
            .push(format!("hook.{name} was taken out of the configuration"));
    }
    // Git is sent back before what it was sent to goes.
    restore_path(repository, &store, &ours, &mut report)?;
    for dir in dirs(repository, &ours)? {
        for name in GIT_HOOKS {
            clear(&dir, name, &mut report)?;
            for ending in MOVED_BY_OTHERS {
                clear_moved(&dir, name, ending, &mut report)?;
            }
        }
    }
    // Not with a hook in it that somebody else has put there.
    if std::fs::remove_dir(&ours).is_err() && ours.is_dir() {
        report.notes.push(format!(
            "{} has hooks in it that are not from tracks, and git does not look there any more",
            ours.display()
        ));
    }
    let names = report.done.iter().map(|done| done.name.clone());
    install::record(&store, "uninstall", names.collect())?;
    Ok(report)
}

/// Asked first, so that nothing is written where there is nothing to do.
fn is_anything_there(repository: &Repository, store: &Store) -> Result<bool, HooksError> {
    let ours = store.hooks_dir();
    if ours.is_dir()
        || store.hooks_path_before()?.is_some()
        || repository.own_hooks_paths()?.contains(&ours)
        || !repository.own_configured_hooks(CONFIGURED)?.is_empty()
    {
        return Ok(true);
    }
    for dir in dirs(repository, &ours)? {
        let endings = [ASIDE].into_iter().chain(MOVED_BY_OTHERS);
        let moved = |name: &str| -> Result<bool, HooksError> {
            for ending in endings.clone() {
                let path = beside(&dir.join(name), ending);
                let there = look_at_hook(&path).map_err(HooksError::File)?;
                if ending == ASIDE && there != HookFile::Nothing
                    || matches!(there, HookFile::Ours { .. })
                {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if plan::has_ours(&dir)? {
            return Ok(true);
        }
        for name in GIT_HOOKS {
            if moved(name)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Where hooks of ours may lie: never outside the repository.
fn dirs(repository: &Repository, ours: &Path) -> Result<Vec<PathBuf>, HooksError> {
    let at = repository
        .main_worktree()
        .unwrap_or(repository.common_dir());
    let named = repository
        .hooks_paths(at)?
        .into_iter()
        .map(|path| path.value);
    let mut dirs = vec![ours.to_owned(), usual_dir(repository)];
    dirs.extend(named.filter(|dir| dir.is_absolute()));
    dirs.retain(|dir| is_inside(repository, dir));
    let mut seen = std::collections::BTreeSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()));
    Ok(dirs)
}

/// Brings the former `core.hooksPath` back, unless somebody has set another one since.
fn restore_path(
    repository: &Repository,
    store: &Store,
    ours: &Path,
    report: &mut Report,
) -> Result<(), HooksError> {
    let before = store.hooks_path_before()?;
    let own = repository.own_hooks_paths()?;
    let is_ours = |path: &Path| plan::is_ours(path, ours, before.as_ref());
    if !own.last().is_some_and(|path| is_ours(path)) {
        if before.is_some() {
            if let Some(path) = own.last() {
                let path = path.display();
                report.notes.push(format!(
                    "core.hooksPath has been set to {path} since, and stays"
                ));
            }
            store.forget_hooks_path()?;
        }
        return Ok(());
    }
    let lines = before.as_ref().and_then(|before| before.lines.as_ref());
    let by_hand = match lines {
        Some((was, became)) => swap_lines(repository, was, became)?,
        None => false,
    };
    let values = before.map(|before| before.values).unwrap_or_default();
    if !by_hand {
        repository.restore_hooks_path(&values)?;
    }
    report.notes.push(match values.last() {
        None => "core.hooksPath is not set any more, as before".to_owned(),
        Some(value) if value.as_os_str().is_empty() => {
            "core.hooksPath is empty again, as before".to_owned()
        }
        Some(value) => format!("core.hooksPath is {} again, as before", value.display()),
    });
    store.forget_hooks_path()?;
    Ok(())
}

/// Puts back the very lines of the configuration file that were changed, comments and all. `false`: they are not as we left
/// them.
fn swap_lines(repository: &Repository, was: &str, became: &str) -> Result<bool, HooksError> {
    // With what git itself takes for a lock, so that neither writes over the other.
    let change = |text: &str| change_back(text, was, became);
    change_under_lock(&repository.config_file(), change).map_err(HooksError::File)
}

/// Takes ours away from one place, and tells what that took.
pub(super) fn undo_at(path: &Path) -> Result<Undo, HooksError> {
    let aside = beside(path, ASIDE);
    let undo = undo(plan::there(path, "")?, aside.symlink_metadata().is_ok());
    match undo {
        Undo::Nothing | Undo::Leave => Ok(()),
        Undo::Remove => remove_hook(path),
        Undo::PutBack => put_back(&aside, path),
    }
    .map_err(HooksError::File)?;
    Ok(undo)
}

fn clear(dir: &Path, name: &str, report: &mut Report) -> Result<(), HooksError> {
    let path = dir.join(name);
    let aside = beside(&path, ASIDE);
    let back = match undo_at(&path)? {
        Undo::Nothing => return Ok(()),
        Undo::Leave => {
            if plan::is_same_anew(&path)? {
                remove_hook(&aside).map_err(HooksError::File)?;
                report.notes.push(format!(
                    "{} has been generated anew since, and stays",
                    path.display()
                ));
                return Ok(());
            }
            // Unless what stands there now calls ours, and that what was there before.
            if plan::moved_by_another(&path).is_none() {
                report.notes.push(format!(
                    "{} has been replaced since, and stays; what was there before tracks is {}",
                    path.display(),
                    aside.display()
                ));
            }
            return Ok(());
        }
        Undo::Remove => false,
        Undo::PutBack => true,
    };
    report.done.push(Done {
        name: name.to_owned(),
        path,
        back,
    });
    Ok(())
}

/// Another tool has found ours and moved it away, to run it first: what was there before tracks takes its place in that.
fn clear_moved(
    dir: &Path,
    name: &str,
    ending: &str,
    report: &mut Report,
) -> Result<(), HooksError> {
    let path = dir.join(name);
    let moved = beside(&path, ending);
    let HookFile::Ours { .. } = look_at_hook(&moved).map_err(HooksError::File)? else {
        return Ok(());
    };
    let aside = beside(&path, ASIDE);
    let back = aside.symlink_metadata().is_ok();
    match back {
        true => put_back(&aside, &moved),
        false => remove_hook(&moved),
    }
    .map_err(HooksError::File)?;
    report.done.push(Done {
        name: format!("{name}{ending}"),
        path: moved,
        back,
    });
    Ok(())
}
