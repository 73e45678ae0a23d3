//! Whether git would really run our hooks in every worktree, proven by letting it, and what keeps it from doing so.

use std::path::{Path, PathBuf};

use crate::domain::hook::Hook;
use crate::domain::hook::placing::{Step, There, Way};
use crate::domain::quote::shell_word;
use crate::files::{HookFile, look_at_hook, program_in};
use crate::git::{ConfigScope, ConfiguredHook};
use crate::process::{clock, cores, environment, in_parallel};

use super::super::Session;
use super::plan::{self, Plan, Script};
use super::skipped::{self, Skipped};
use super::{HooksError, install};

/// How one hook stands in one worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Installed,
    Missing,
    /// It is ours, and not what it would be if it were installed now.
    Outdated,
    /// Another one stands in its place.
    Foreign,
    /// It is there, and git looks somewhere else.
    Shadowed,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Installed => "installed",
            State::Missing => "missing",
            State::Outdated => "outdated",
            State::Foreign => "foreign",
            State::Shadowed => "shadowed",
        }
    }
}

/// One hook in one worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub hook: Hook,
    /// Of a server's repository: the repository itself.
    pub worktree: PathBuf,
    /// Where git looks for it.
    pub path: PathBuf,
    pub state: State,
    /// The hook of somebody else that ours runs first, where there is one.
    pub chained: Option<PathBuf>,
    /// Whether git got as far as the program, when it was made to; or what happened instead.
    pub runs: Result<(), String>,
}

/// Something that keeps git from running our hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// `None`: in all of them.
    pub worktree: Option<PathBuf>,
    /// A sentence without a full stop.
    pub what: String,
    pub fix: String,
}

#[derive(Debug, Clone)]
pub struct Report {
    pub way: Way,
    pub hooks: Vec<Row>,
    pub shadows: Vec<Shadow>,
    pub skipped: Vec<Skipped>,
    /// Every wanted hook really runs, everywhere.
    pub effective: bool,
}

/// Looks at every wanted hook in every worktree, and lets git start each.
///
/// # Errors
/// When git cannot tell.
pub fn look(session: &Session) -> Result<Report, HooksError> {
    let plan = plan::plan(session, false)?;
    let places = look_at_places(session, &plan)?;
    let mut asked = Vec::new();
    for place in &places {
        for script in plan.scripts.iter() {
            if let Some(hook) = script.hook {
                asked.push((
                    place,
                    script,
                    hook,
                    row(session, &plan, place, script, hook)?,
                ));
            }
        }
    }
    let token = format!(
        "tracks-hooks-probe-{}-{}",
        std::process::id(),
        clock::now().0
    );
    let runs = in_parallel(&asked, cores().get(), |(place, script, hook, row)| {
        match row.state {
            State::Installed | State::Outdated => {}
            // What stands there is not ours to start.
            _ => return Err(row.state.name().to_owned()),
        }
        let (mine, others): (Vec<_>, Vec<_>) = place
            .configured
            .iter()
            .partition(|configured| configured.name == plan::configured_name(*hook));
        let others: Vec<String> = others.into_iter().map(|it| it.name.clone()).collect();
        let probe =
            session
                .repository
                .probe_hook(&place.at, script.name, &token, mine.is_empty(), &others);
        probe.unwrap_or_else(|error| Err(error.to_string()))
    });
    let mut hooks = Vec::new();
    for ((_, _, _, row), runs) in asked.into_iter().zip(runs) {
        hooks.push(Row { runs, ..row });
    }
    let mut shadows = shadows_of(session, &plan, &places)?;
    shadows.extend(blocked(&plan));
    let passed_over = passed_over(&plan, &session.store.hooks_dir());
    let nobody_passed_over = passed_over.is_empty();
    shadows.extend(passed_over);
    Ok(Report {
        effective: hooks.iter().all(|row| row.runs.is_ok())
            && nobody_passed_over
            && !environment::hooks_are_off(),
        way: plan.way,
        hooks,
        shadows,
        skipped: skipped::all(session)?,
    })
}

/// One worktree, as git sees it.
struct Place {
    at: PathBuf,
    dir: PathBuf,
    configured: Vec<ConfiguredHook>,
}

fn look_at_places(session: &Session, plan: &Plan) -> Result<Vec<Place>, HooksError> {
    let repository = &session.repository;
    let places = in_parallel(&plan.places, cores().get(), |at| {
        Ok(Place {
            at: at.clone(),
            dir: repository.hook_directory(at)?,
            configured: repository.configured_hooks(at)?,
        })
    });
    places.into_iter().collect()
}

fn row(
    session: &Session,
    plan: &Plan,
    place: &Place,
    script: &Script,
    hook: Hook,
) -> Result<Row, HooksError> {
    let ours = session.store.hooks_dir();
    let home = plan.dir(&ours);
    let is_home = is_same_dir(&place.dir, home);
    let configured =
        (place.configured.iter()).find(|configured| configured.name == plan::configured_name(hook));
    let (path, state) = match (&plan.way, configured) {
        (Way::Configured, None) => (script.path.clone(), State::Missing),
        (Way::Configured, Some(configured)) => {
            let enabled = configured.enabled && configured.events == [script.name];
            let by_event =
                (place.configured.iter()).any(|other| other.name == script.name && !other.enabled);
            let state = match state_of(script)? {
                State::Installed | State::Outdated if !enabled || by_event => State::Shadowed,
                state => state,
            };
            (script.path.clone(), state)
        }
        _ if is_home => (place.dir.join(script.name), state_of(script)?),
        _ => {
            let path = place.dir.join(script.name);
            // Here, or where it was put before somebody sent git elsewhere.
            let usual = plan::usual_dir(&session.repository).join(script.name);
            let usual = look_at_hook(&usual).map_err(HooksError::File)?;
            let mine = matches!(script.there, There::Ours { .. })
                || matches!(usual, HookFile::Ours { .. });
            let other = look_at_hook(&path).map_err(HooksError::File)?;
            let state = match (mine, other) {
                (true, _) => State::Shadowed,
                (false, HookFile::Nothing) => State::Missing,
                (false, HookFile::Ours { .. }) => State::Outdated,
                (false, HookFile::Foreign { .. }) => State::Foreign,
            };
            (path, state)
        }
    };
    let chained = script
        .chained
        .as_ref()
        .map(|chained| place.at.join(chained));
    let chained = chained.filter(|chained| chained.symlink_metadata().is_ok());
    Ok(Row {
        hook,
        worktree: place.at.clone(),
        path,
        state,
        chained: chained.filter(|_| matches!(state, State::Installed | State::Outdated)),
        runs: Ok(()),
    })
}

/// Two that are not there are not the same.
fn is_same_dir(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn state_of(script: &Script) -> Result<State, HooksError> {
    Ok(match script.there {
        There::Nothing => State::Missing,
        There::Foreign | There::SetAside => State::Foreign,
        There::Ours { current: true } => State::Installed,
        There::Ours { current: false } => {
            let found = look_at_hook(&script.path).map_err(HooksError::File)?;
            match found {
                HookFile::Ours { text, executable }
                    if executable && is_ours_elsewhere(&text, &script.text) =>
                {
                    State::Installed
                }
                _ => State::Outdated,
            }
        }
    })
}

/// Whether a script differs from ours only in which of several programs it starts.
fn is_ours_elsewhere(found: &str, expected: &str) -> bool {
    let without = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("program="));
        lines.map(str::to_owned).collect()
    };
    let there = program_in(found).is_some_and(|program| Path::new(&program).is_file());
    there && without(found) == without(expected)
}

/// What keeps git from running our hooks, without letting it try.
pub(super) fn shadows(session: &Session, plan: &Plan) -> Result<Vec<Shadow>, HooksError> {
    let places = look_at_places(session, plan)?;
    shadows_of(session, plan, &places)
}

fn shadows_of(session: &Session, plan: &Plan, places: &[Place]) -> Result<Vec<Shadow>, HooksError> {
    let ours = session.store.hooks_dir();
    let home = plan.dir(&ours);
    let mut shadows = Vec::new();
    if environment::hooks_are_off() {
        shadows.push(Shadow {
            worktree: None,
            what: "TRACKS_HOOKS=0 is set here, so hooks that are started from here judge nothing"
                .to_owned(),
            fix: "unset TRACKS_HOOKS".to_owned(),
        });
    }
    for place in places {
        if plan.way == Way::Configured {
            shadows.extend(switched_off(plan, place));
        } else if !is_same_dir(&place.dir, home) {
            shadows.extend(elsewhere(session, place)?);
        }
    }
    Ok(said_once(&shadows, places.len()))
}

/// Where `tracks hooks install` would not know what to do either.
fn blocked(plan: &Plan) -> Vec<Shadow> {
    let blocked = plan
        .scripts
        .iter()
        .filter(|script| script.step == Step::Blocked);
    let shadows = blocked.map(|script| {
        let problem = install::blocked(script);
        Shadow {
            worktree: None,
            what: problem.message,
            fix: problem.fix,
        }
    });
    shadows.collect()
}

/// Hooks of others in the directory that counted before, which nothing in ours goes on to.
fn passed_over(plan: &Plan, ours: &Path) -> Vec<Shadow> {
    let is_in_front = plan.own_paths.last().is_some_and(|path| path == ours);
    let passed_over = plan.scripts.iter().filter(|script| {
        let is_there = matches!(script.there, There::Ours { .. });
        is_in_front && script.hook.is_none() && script.whose.is_some() && !is_there
    });
    let shadows = passed_over.filter_map(|script| {
        let hook = script.chained.as_ref()?.display();
        Some(Shadow {
            worktree: None,
            what: format!("{hook} does not run, since git looks in {}", ours.display()),
            fix: "run `tracks hooks install`".to_owned(),
        })
    });
    shadows.collect()
}

/// What is the same in all worktrees is said once.
fn said_once(shadows: &[Shadow], places: usize) -> Vec<Shadow> {
    let mut said: Vec<Shadow> = Vec::new();
    for shadow in shadows {
        let same = |other: &&Shadow| other.what == shadow.what && other.fix == shadow.fix;
        let everywhere = places > 1 && shadows.iter().filter(same).count() == places;
        let worktree = shadow.worktree.clone().filter(|_| !everywhere);
        let once = Shadow {
            worktree,
            ..shadow.clone()
        };
        if !said.contains(&once) {
            said.push(once);
        }
    }
    said
}

/// Who sends git somewhere else.
fn elsewhere(session: &Session, place: &Place) -> Result<Option<Shadow>, HooksError> {
    let paths = session.repository.hooks_paths(&place.at)?;
    let Some(last) = paths.last() else {
        return Ok(None);
    };
    let at = shell_word(&place.at.to_string_lossy());
    let value = match last.value.as_os_str().is_empty() {
        true => "empty".to_owned(),
        false => last.value.display().to_string(),
    };
    let place_of_setting = last.origin.strip_prefix("file:").unwrap_or(&last.origin);
    let (what, fix) = match last.scope {
        ConfigScope::Worktree => (
            format!("core.hooksPath of this worktree is {value}"),
            format!("`git -C {at} config --worktree --unset-all core.hooksPath`"),
        ),
        ConfigScope::Command => (
            format!("core.hooksPath is {value} in the environment"),
            "take it out of GIT_CONFIG_PARAMETERS or GIT_CONFIG_COUNT".to_owned(),
        ),
        // Ours is set, and a file that is included later says something else.
        _ if paths
            .iter()
            .any(|path| path.value == session.store.hooks_dir()) =>
        {
            (
                format!("core.hooksPath is {value}, as {place_of_setting} says"),
                "take it out there".to_owned(),
            )
        }
        ConfigScope::System | ConfigScope::Global | ConfigScope::Local => (
            format!("core.hooksPath is {value}, as {place_of_setting} says"),
            "run `tracks hooks install`".to_owned(),
        ),
    };
    Ok(Some(Shadow {
        worktree: Some(place.at.clone()),
        what,
        fix,
    }))
}

/// Hooks of ours that the configuration switches off.
fn switched_off(plan: &Plan, place: &Place) -> Vec<Shadow> {
    let off = |name: &str| {
        place
            .configured
            .iter()
            .any(|it| it.name == name && !it.enabled)
    };
    let scripts = plan
        .scripts
        .iter()
        .filter_map(|script| Some((script, script.hook?)));
    scripts
        .filter_map(|(script, hook)| {
            let mine = plan::configured_name(hook);
            let name = [mine.as_str(), script.name]
                .into_iter()
                .find(|name| off(name))?;
            Some(Shadow {
                worktree: Some(place.at.clone()),
                what: format!("hook.{name}.enabled is false"),
                fix: format!(
                    "`git config --show-origin hook.{name}.enabled` says where; take it out there"
                ),
            })
        })
        .collect()
}
