//! Which hooks belong where in this repository, and what lies there now; touches nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::domain::hook::Hook;
use crate::domain::hook::manager::{Manager, recognise, takes_place_of};
use crate::domain::hook::placing::{
    ASIDE, CONFIGURED, Facts, Former, GIT_HOOKS, MOVED_BY_OTHERS, Step, There, Way,
    may_pass_on_nothing, step, way,
};
use crate::domain::name::BranchName;
use crate::files::{
    HookFile, Shim, beside, chained_in, is_same_content, is_same_file, look_at_hook, passing_script,
};
use crate::git::{ConfigScope, GitError, Repository};
use crate::process::{environment, find_program};
use crate::store::{HooksPathBefore, Store};

use super::super::{Session, own_worktree};
use super::HooksError;

/// What belongs where.
#[derive(Debug)]
pub(super) struct Plan {
    pub way: Way,
    /// Where people work: worktrees, or else the bare repository itself.
    pub places: Vec<PathBuf>,
    pub scripts: Vec<Script>,
    /// What the repository's own configuration says of `core.hooksPath`.
    pub own_paths: Vec<PathBuf>,
    /// The `core.hooksPath` that is not ours and counts in all worktrees.
    pub shared: Option<PathBuf>,
}

/// One script of ours.
#[derive(Debug)]
pub(super) struct Script {
    pub name: &'static str,
    /// `None`: it only goes on to a hook of somebody else.
    pub hook: Option<Hook>,
    pub path: PathBuf,
    /// What it says, or should.
    pub text: String,
    /// What it runs first.
    pub chained: Option<PathBuf>,
    /// Whose that is; `None`: there is nothing yet.
    pub whose: Option<Manager>,
    pub there: There,
    pub step: Step,
}

impl Plan {
    /// Where our scripts lie, that is.
    pub(super) fn dir<'p>(&'p self, ours: &'p Path) -> &'p Path {
        match &self.way {
            Way::Beside(dir) => dir,
            Way::InFront(_) | Way::Configured => ours,
        }
    }
}

/// Where git looks for hooks where nobody says otherwise.
pub(super) fn usual_dir(repository: &Repository) -> PathBuf {
    repository.common_dir().join("hooks")
}

/// What a configured hook of ours is called.
pub(super) fn configured_name(hook: Hook) -> String {
    format!("{CONFIGURED}{hook}")
}

/// Whether a directory is inside the repository, links followed.
pub(super) fn is_inside(repository: &Repository, dir: &Path) -> bool {
    let there = dir.ancestors().find_map(|dir| dir.canonicalize().ok());
    there.is_some_and(|dir| dir.starts_with(repository.common_dir()))
}

/// Whether something in the directory is ours.
pub(super) fn has_ours(dir: &Path) -> Result<bool, HooksError> {
    for name in GIT_HOOKS {
        let there = look_at_hook(&dir.join(name)).map_err(HooksError::File)?;
        if matches!(there, HookFile::Ours { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Decides what belongs where.
///
/// # Errors
/// When git cannot tell, or a path cannot be named in a script.
pub(super) fn plan(session: &Session, files_wanted: bool) -> Result<Plan, HooksError> {
    let repository = &session.repository;
    let ours = session.store.hooks_dir();
    let common = repository.common_dir();
    if common.to_str().is_none() {
        return Err(HooksError::NotText {
            path: common.to_owned(),
        });
    }
    let places = places(session)?;
    let own_paths = repository.own_hooks_paths()?;
    let before = session.store.hooks_path_before()?;
    let is_ours = |path: &Path| is_ours(path, &ours, before.as_ref());
    let in_front_already = own_paths.last().is_some_and(|path| is_ours(path));
    let shared = shared(repository, &session.store, before.as_ref())?;
    let former = match &shared {
        Some(path) => Former::of(path),
        None => Former::At(usual_dir(repository)),
    };
    if let Former::At(dir) = &former
        && dir.to_str().is_none()
    {
        return Err(HooksError::NotText { path: dir.clone() });
    }
    let inside = match &former {
        Former::At(dir) => dir.is_absolute() && is_inside(repository, dir),
        Former::Nowhere => false,
    };
    let files_already = match &former {
        Former::At(dir) if inside => has_ours(dir)?,
        _ => false,
    };
    let way = way(Facts {
        former,
        inside,
        in_front_already,
        configurable: repository.git().has_configured_hooks(),
        files_already,
        files_wanted,
    });
    let wanted = wanted_in(session, &places);
    let mut plan = Plan {
        way,
        places,
        scripts: Vec::new(),
        own_paths,
        shared,
    };
    let program = program().map_err(HooksError::Program)?;
    for hook in &wanted {
        let script = script(session, &plan, &ours, *hook, &program)?;
        plan.scripts.push(script);
    }
    let on_server = is_server(session, &plan.places);
    if let Way::InFront(Former::At(former)) = &plan.way {
        let others = GIT_HOOKS
            .into_iter()
            .filter(|name| !wanted.iter().any(|hook| hook.name() == *name));
        for name in others {
            let whose = whose_in(&plan.places, former, name)?;
            // Somebody may add one there, and would not know that git looks here.
            if whose.is_none() && (on_server || !may_pass_on_nothing(name)) {
                continue;
            }
            let chained = former.join(name);
            let text = passing_script(name, &chained);
            let path = ours.join(name);
            let (there, step) = standing(&path, &text)?;
            plan.scripts.push(Script {
                name,
                hook: None,
                path,
                text,
                chained: Some(chained),
                whose,
                there,
                step,
            });
        }
    }
    Ok(plan)
}

/// Whether a `core.hooksPath` is ours, also where the repository was when it was set.
pub(super) fn is_ours(path: &Path, ours: &Path, before: Option<&HooksPathBefore>) -> bool {
    path == ours || before.is_some_and(|before| before.set == path)
}

/// The `core.hooksPath` that counts in all worktrees, ours set aside.
fn shared(
    repository: &Repository,
    store: &Store,
    before: Option<&HooksPathBefore>,
) -> Result<Option<PathBuf>, HooksError> {
    let at = repository
        .main_worktree()
        .unwrap_or(repository.common_dir());
    let ours = store.hooks_dir();
    let all = repository.hooks_paths(at)?;
    let common = all.iter().filter(|path| path.scope <= ConfigScope::Local);
    let common: Vec<_> = common.collect();
    let is_ours = |path: &Path| is_ours(path, &ours, before);
    let last = common.last().filter(|path| !is_ours(&path.value));
    if let Some(last) = last {
        return Ok(Some(last.value.clone()));
    }
    let local = before.and_then(|before| before.last.clone());
    let others = common.iter().rev().find(|path| !is_ours(&path.value));
    Ok(local.or_else(|| others.map(|path| path.value.clone())))
}

/// Where people work. Worktrees of our own are not among them.
fn places(session: &Session) -> Result<Vec<PathBuf>, GitError> {
    let repository = &session.repository;
    let own = own_worktree::all(session)?;
    let mut places: Vec<PathBuf> = repository
        .worktrees()?
        .into_iter()
        .filter(|entry| !entry.is_main && entry.prunable.is_none() && !entry.half_made)
        .filter(|entry| !own.iter().any(|(_, own)| own.path == entry.path))
        .map(|entry| entry.path)
        .collect();
    places.sort();
    let main = repository.main_worktree().map(Path::to_owned);
    if main.is_none() && places.is_empty() {
        return Ok(vec![repository.common_dir().to_owned()]);
    }
    Ok(main.into_iter().chain(places).collect())
}

/// The hooks that have something to do.
///
/// # Errors
/// When git cannot tell.
pub fn wanted(session: &Session) -> Result<BTreeSet<Hook>, GitError> {
    Ok(wanted_in(session, &places(session)?))
}

/// Where nobody works, which is a server's repository, it is what others push.
fn wanted_in(session: &Session, places: &[PathBuf]) -> BTreeSet<Hook> {
    match is_server(session, places) {
        true => BTreeSet::from([Hook::PreReceive]),
        false => session.project.hooks_wanted(),
    }
}

/// Nobody works there.
fn is_server(session: &Session, places: &[PathBuf]) -> bool {
    matches!(places, [only] if only == session.repository.common_dir())
}

fn script(
    session: &Session,
    plan: &Plan,
    ours: &Path,
    hook: Hook,
    program: &Path,
) -> Result<Script, HooksError> {
    let name = hook.name();
    let path = plan.dir(ours).join(name);
    let aside = beside(&path, ASIDE);
    let found = look_at_hook(&path).map_err(HooksError::File)?;
    let set_aside = look_at_hook(&aside).map_err(HooksError::File)?;
    // A hook of somebody else at this very place, or one that was set aside from it …
    let own_place = match (&set_aside, &found) {
        (_, HookFile::Foreign { text }) if moved_by_another(&path).is_some() => {
            Some((aside, Some(whose(text, &path))))
        }
        (HookFile::Foreign { text }, _) | (HookFile::Nothing, HookFile::Foreign { text }) => {
            Some((aside, Some(whose(text, &path))))
        }
        (_, HookFile::Ours { text, .. }) => kept_chain(text).map(|chained| (chained, None)),
        _ => None,
    };
    // … or in the directory that counted before.
    let former = match &plan.way {
        Way::InFront(Former::At(dir)) => {
            let whose = whose_in(&plan.places, dir, name)?;
            // Git starts this one several times for a commit: not without need.
            let needed = whose.is_some() || hook != Hook::ReferenceTransaction;
            needed.then(|| (dir.join(name), whose))
        }
        _ => None,
    };
    let both = own_place.is_some() && former.as_ref().is_some_and(|(_, whose)| whose.is_some());
    let (chained, whose) = match own_place.or(former) {
        Some((chained, whose)) => (Some(chained), whose),
        None => (None, None),
    };
    // Beside ours, its name is enough, and still right when the repository has moved.
    let is_beside = |chained: &&Path| chained.parent() == path.parent();
    let beside_ours = chained.as_deref().filter(is_beside);
    let beside_ours = beside_ours.and_then(Path::file_name).map(Path::new);
    let text = Shim {
        hook,
        chained: beside_ours.or(chained.as_deref()),
        program,
        // The others refuse nothing without the program.
        refusing: &branches(session, |track| {
            matches!(hook, Hook::PreCommit | Hook::PrePush)
                && session.project.missing_binary_refuses(track)
        }),
        guarded: &guarded(session),
    }
    .script();
    let (there, mut step) = standing(&path, &text)?;
    if both && there == There::Foreign {
        // There is room for one only.
        step = Step::Blocked;
    }
    Ok(Script {
        name,
        hook: Some(hook),
        path,
        text,
        chained,
        whose,
        there,
        step,
    })
}

/// What an older one of ours was chained to, unless that was set aside by us and is gone.
fn kept_chain(text: &str) -> Option<PathBuf> {
    let chained = chained_in(text).filter(|chained| !chained.ends_with(ASIDE))?;
    let chained = PathBuf::from(chained);
    chained.symlink_metadata().is_ok().then_some(chained)
}

/// What lies at a place where this text belongs, and what follows.
fn standing(path: &Path, text: &str) -> Result<(There, Step), HooksError> {
    let aside = beside(path, ASIDE);
    let there = there(path, text)?;
    let something_aside = aside.symlink_metadata().is_ok()
        && moved_by_another(path).is_none()
        && !is_same_anew(path)?;
    Ok((there, step(there, something_aside)))
}

/// Whether the hook at this place is what was set aside from it before: the same bytes, or the same tool has generated it
/// anew. Then what was set aside is of no use any more, and must not be run beside it.
pub(super) fn is_same_anew(path: &Path) -> Result<bool, HooksError> {
    let aside = beside(path, ASIDE);
    let look = |path: &Path| look_at_hook(path).map_err(HooksError::File);
    let (HookFile::Foreign { text: now }, HookFile::Foreign { text: before }) =
        (look(path)?, look(&aside)?)
    else {
        return Ok(false);
    };
    // Two names of one file are a run that was killed.
    Ok(!is_same_file(path, &aside)
        && (takes_place_of(&now, &before)
            || is_same_content(path, &aside).map_err(HooksError::File)?))
}

/// Where another tool has moved ours when it took its place. What we had set aside then belongs there.
pub(super) fn moved_by_another(path: &Path) -> Option<PathBuf> {
    let moved = MOVED_BY_OTHERS.iter().map(|ending| beside(path, ending));
    moved
        .into_iter()
        .find(|moved| matches!(look_at_hook(moved), Ok(HookFile::Ours { .. })))
}

/// What lies at a place where this text belongs.
pub(super) fn there(path: &Path, expected: &str) -> Result<There, HooksError> {
    Ok(match look_at_hook(path).map_err(HooksError::File)? {
        HookFile::Nothing => There::Nothing,
        HookFile::Ours { text, executable } => There::Ours {
            current: executable && text == expected,
        },
        HookFile::Foreign { .. } if is_same_file(path, &beside(path, ASIDE)) => There::SetAside,
        HookFile::Foreign { .. } => There::Foreign,
    })
}

/// Whose hook of this name is in a directory, as seen from the worktrees; `None`: nobody's in any.
fn whose_in(places: &[PathBuf], dir: &Path, name: &str) -> Result<Option<Manager>, HooksError> {
    for place in places {
        let path = place.join(dir).join(name);
        match look_at_hook(&path).map_err(HooksError::File)? {
            HookFile::Nothing => {}
            // One of ours that lies there from before is not somebody else's.
            HookFile::Ours { .. } => {}
            HookFile::Foreign { text } => return Ok(Some(whose(&text, &path))),
        }
        if dir.is_absolute() {
            break;
        }
    }
    Ok(None)
}

fn whose(text: &str, path: &Path) -> Manager {
    let dir = path.parent().unwrap_or(path);
    recognise(text, &dir.to_string_lossy())
}

fn branches(
    session: &Session,
    which: impl Fn(&crate::domain::project::Track) -> bool,
) -> Vec<BranchName> {
    let tracks = session.project.tracks.iter().filter(|track| which(track));
    tracks.map(|track| track.branch.clone()).collect()
}

/// The branches whose moves are judged in spite of `--no-verify`.
fn guarded(session: &Session) -> Vec<BranchName> {
    let mut guarded = branches(session, |track| session.project.has_backstop(track));
    if !guarded.is_empty() {
        guarded.push(session.project.integration.branch.clone());
    }
    guarded
}

/// Where this program is: by the name by which it is found, which outlives an update, where that is it.
fn program() -> std::io::Result<PathBuf> {
    let program = environment::program()?;
    let same = |found: &PathBuf| {
        let both = (found.canonicalize(), program.canonicalize());
        matches!(both, (Ok(found), Ok(program)) if found == program)
    };
    Ok(find_program("tracks").filter(same).unwrap_or(program))
}
