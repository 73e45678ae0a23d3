//! Putting hooks in place, beside or in front of those of others. Run again, it does only what is missing, also what a killed
//! run has left.
//!
//! At no moment is a hook of somebody else without effect or without a name: scripts are complete before git is sent to them,
//! and what they replace has its second name before.

use std::path::{Path, PathBuf};

use crate::domain::hook::Hook;
use crate::domain::hook::manager::{Manager, Tool};
use crate::domain::hook::placing::{
    ASIDE, CONFIGURED, Former, GIT_HOOKS, Step, There, Way, changed_lines,
};
use crate::domain::quote::shell_word;
use crate::files::{
    HookFile, beside, clear_leftovers, clear_unfinished, look_at_hook, put_back, put_hook,
    remove_hook, set_aside,
};
use crate::process::clock;
use crate::store::{Event, Fact, HooksPathBefore, LockName, Store, StoreError};

use super::super::Session;
use super::HooksError;
use super::plan::{self, Plan, Script};
use super::status::{self, Shadow};
use super::uninstall;

/// What was done with one hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Kept,
    Installed,
    Renewed,
    /// Nothing of ours is there, since two others would have to share one name.
    Blocked,
    /// It has nothing to do any more, and went; what was there before is back.
    Removed,
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub name: String,
    pub path: PathBuf,
    pub action: Action,
    /// `None`: it is somebody else's, and ours only passes it on.
    pub hook: Option<Hook>,
    pub chained: Option<PathBuf>,
    pub whose: Option<Manager>,
}

impl Done {
    /// There is nothing yet that it would pass on.
    pub fn is_for_later(&self) -> bool {
        self.hook.is_none() && self.whose.is_none()
    }
}

#[derive(Debug)]
pub struct Report {
    pub way: Way,
    pub done: Vec<Done>,
    pub problems: Vec<Problem>,
    /// What keeps git from running them, in some worktree.
    pub shadows: Vec<Shadow>,
    /// One sentence each without a full stop.
    pub notes: Vec<String>,
    /// Whether anything was changed at all.
    pub changed: bool,
}

/// What could not be done, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub fix: String,
}

/// Puts every hook in place that has something to do. `files`: as files, also where git's configuration can name hooks.
///
/// # Errors
/// When somebody else is at it, git cannot tell, or the file system refuses; then what was done so far holds.
pub fn run(session: &Session, files: bool) -> Result<Report, HooksError> {
    let store = &session.store;
    let _lock = store.lock_patiently(&LockName::Hooks, "tracks hooks install")?;
    clear_leftovers(store.root())
        .and_then(|()| clear_unfinished(store.root()))
        .map_err(HooksError::File)?;
    let plan = plan::plan(session, files)?;
    let ours = store.hooks_dir();
    let mut report = Report {
        way: plan.way.clone(),
        done: Vec::new(),
        problems: Vec::new(),
        shadows: Vec::new(),
        notes: Vec::new(),
        changed: false,
    };
    for script in &plan.scripts {
        let done = place(script, store.root())?;
        if done.action == Action::Blocked {
            report.problems.push(blocked(script));
        }
        report.done.push(done);
    }
    report.changed = report.done.iter().any(|done| done.action != Action::Kept);
    match &plan.way {
        Way::InFront(former) => {
            if send_git_to(session, &plan, &ours)? {
                report.changed = true;
                report.notes.extend(about(former, &report.done));
            }
        }
        Way::Configured => report.changed |= configure(session, &plan)?,
        Way::Beside(_) => {}
    }
    let ahead = |done: &&Done| done.action == Action::Installed && done.is_for_later();
    match report.done.iter().filter(ahead).count() {
        0 => {}
        number => report.notes.push(format!(
            "hooks of {number} other names that may be added there later will run, too"
        )),
    }
    retire(session, &plan, &ours, &mut report)?;
    if report.changed {
        let changed = report.done.iter().filter(|it| it.action != Action::Kept);
        record(
            store,
            "install",
            changed.map(|it| it.name.clone()).collect(),
        )?;
    }
    report.shadows = status::shadows(session, &plan)?;
    Ok(report)
}

/// One line for the event log.
pub(super) fn record(store: &Store, action: &str, hooks: Vec<String>) -> Result<(), StoreError> {
    let facts = [
        ("action", Fact::Text(action.to_owned())),
        ("hooks", Fact::List(hooks)),
    ];
    store.append_event(&Event {
        time: clock::now(),
        kind: "hooks".to_owned(),
        track: None,
        facts: facts.map(|(key, fact)| (key.to_owned(), fact)).into(),
    })
}

/// Puts one script where it belongs.
fn place(script: &Script, state: &Path) -> Result<Done, HooksError> {
    let action = match script.step {
        Step::Keep => Action::Kept,
        Step::Blocked => Action::Blocked,
        Step::Write | Step::Renew | Step::SetAside => {
            if script.step == Step::SetAside {
                make_room(script)?;
                set_aside(&script.path, &beside(&script.path, ASIDE)).map_err(HooksError::File)?;
            }
            put_hook(&script.path, &script.text, state).map_err(HooksError::File)?;
            match script.step {
                Step::Renew => Action::Renewed,
                _ => Action::Installed,
            }
        }
    };
    Ok(Done {
        name: script.name.to_owned(),
        path: script.path.clone(),
        action,
        hook: script.hook,
        chained: script.chained.clone(),
        whose: script.whose,
    })
}

/// What another tool's hook has left around it when it took our place, before that is set aside.
fn make_room(script: &Script) -> Result<(), HooksError> {
    let aside = beside(&script.path, ASIDE);
    let moved = plan::moved_by_another(&script.path);
    let something_aside = aside.symlink_metadata().is_ok();
    if plan::is_same_anew(&script.path)? {
        // It would run itself once more from there.
        moved
            .iter()
            .try_for_each(|moved| remove_hook(moved))
            .and_then(|()| remove_hook(&aside))
    } else if let Some(moved) = moved
        && script.there != There::SetAside
    {
        match something_aside {
            // The other tool's, which is set aside next, runs what is there; so that is what was there before us.
            true => put_back(&aside, &moved),
            false => remove_hook(&moved),
        }
    } else {
        return Ok(());
    }
    .map_err(HooksError::File)
}

pub(super) fn blocked(script: &Script) -> Problem {
    let aside = beside(&script.path, ASIDE);
    let shown = script.path.display();
    match aside.symlink_metadata().is_ok() {
        true => Problem {
            message: format!(
                "{shown} was replaced after tracks had set another one aside as {}",
                aside.display()
            ),
            fix: format!(
                "keep what you need of the two in the first, move the other away (`mv {} ELSEWHERE`), and run `tracks hooks install` again",
                shell_word(&aside.to_string_lossy())
            ),
        },
        false => Problem {
            message: format!("{shown} is not from tracks, and {} would be next to run", script.name),
            fix: "move it into the directory of hooks that counted before, and run `tracks hooks install` again".to_owned(),
        },
    }
}

/// Makes our directory the one where git looks, and remembers what was there. Tells whether something changed.
fn send_git_to(session: &Session, plan: &Plan, ours: &Path) -> Result<bool, HooksError> {
    if plan.own_paths.last().is_some_and(|path| path == ours) {
        return Ok(false);
    }
    let repository = &session.repository;
    let known = session.store.hooks_path_before()?;
    // The repository has moved since: what was there before is known.
    let known = known.filter(|known| plan.own_paths.last() == Some(&known.set));
    let mut before = match &known {
        Some(known) => HooksPathBefore {
            set: ours.to_owned(),
            lines: None,
            ..known.clone()
        },
        None => HooksPathBefore {
            last: plan.shared.clone().filter(|_| !plan.own_paths.is_empty()),
            values: plan.own_paths.clone(),
            set: ours.to_owned(),
            lines: None,
        },
    };
    if known.is_none() {
        session.store.note_hooks_path(&before)?;
    }
    let read = || std::fs::read_to_string(repository.config_file()).ok();
    let text = read();
    repository.set_hooks_path(ours)?;
    if let (Some(was), Some(is)) = (text, read()) {
        let (was, is) = changed_lines(&was, &is);
        before.lines = match known.map(|known| known.lines) {
            None => Some((was, is)),
            Some(Some((first, became))) if became == was => Some((first, is)),
            Some(_) => None,
        };
    }
    session.store.note_hooks_path(&before)?;
    Ok(true)
}

/// What to know about hooks that ours stand in front of.
fn about(former: &Former, done: &[Done]) -> Option<String> {
    match former {
        Former::Nowhere => {
            Some("core.hooksPath was empty, so that no hook ran; now those of tracks do".to_owned())
        }
        Former::At(dir) => {
            let husky = done
                .iter()
                .any(|done| done.whose == Some(Manager::Tool(Tool::Husky)));
            let dir = dir.display();
            Some(match husky {
                true => format!(
                    "core.hooksPath was {dir}, and the hooks there still run; husky sets it again whenever it is installed: then run `tracks hooks install` again, or let husky start tracks (`tracks hooks install --print husky`)"
                ),
                false => format!("core.hooksPath was {dir}, and the hooks there still run"),
            })
        }
    }
}

/// Names our scripts in the repository's configuration. Tells whether something changed.
fn configure(session: &Session, plan: &Plan) -> Result<bool, HooksError> {
    let at = session.repository.main_worktree();
    let at = at.unwrap_or(session.repository.common_dir());
    let known = session.repository.configured_hooks(at)?;
    let mut changed = false;
    for script in &plan.scripts {
        let Some(hook) = script.hook else { continue };
        let name = plan::configured_name(hook);
        let command = shell_word(&script.path.to_string_lossy());
        let right = known.iter().any(|known| {
            known.name == name
                && known.command.as_ref() == Some(&command)
                && known.events == [script.name]
        });
        if !right {
            session
                .repository
                .configure_hook(&name, script.name, &command)?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Takes away what is ours and has nothing to do any more: hooks that are not wanted, and what another way has left.
fn retire(
    session: &Session,
    plan: &Plan,
    ours: &Path,
    report: &mut Report,
) -> Result<(), HooksError> {
    let repository = &session.repository;
    let is_wanted = |name: &str| plan.scripts.iter().any(|script| script.name == name);
    for name in repository.own_configured_hooks(CONFIGURED)? {
        let hook = name.strip_prefix(CONFIGURED).unwrap_or_default();
        if plan.way != Way::Configured || !is_wanted(hook) {
            repository.forget_configured_hook(&name)?;
            report.changed = true;
        }
    }
    let usual = plan::usual_dir(repository);
    let mut dirs = vec![ours];
    if plan::is_inside(repository, &usual) {
        dirs.push(&usual);
    }
    if let Way::Beside(dir) = &plan.way {
        dirs.push(dir);
    }
    dirs.dedup();
    for dir in dirs {
        for name in GIT_HOOKS {
            if dir == plan.dir(ours) && is_wanted(name) {
                continue;
            }
            if let Some(done) = take_away(dir, name)? {
                report.changed = true;
                report.done.push(done);
            }
        }
    }
    if !matches!(plan.way, Way::InFront(_)) {
        session.store.forget_hooks_path()?;
    }
    Ok(())
}

/// Takes one of ours away, and brings back what was there before.
fn take_away(dir: &Path, name: &str) -> Result<Option<Done>, HooksError> {
    let path = dir.join(name);
    let HookFile::Ours { .. } = look_at_hook(&path).map_err(HooksError::File)? else {
        return Ok(None);
    };
    uninstall::undo_at(&path)?;
    Ok(Some(Done {
        name: name.to_owned(),
        path,
        action: Action::Removed,
        hook: Hook::named(name),
        chained: None,
        whose: None,
    }))
}
