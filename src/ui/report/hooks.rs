//! The answers of `tracks hooks`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::{count, document, with};
use crate::domain::hook::manager::Manager;
use crate::domain::hook::placing::Way;
use crate::ops::hooks::install::{self, Action, Done};
use crate::ops::hooks::status::{Report, Row, Shadow, State};
use crate::ops::hooks::uninstall;
use crate::ui::style::{BAD, DIM, GOOD, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

/// How hooks come to be run, for programs.
fn way(way: &Way) -> &'static str {
    match way {
        Way::Beside(_) => "hooks-directory",
        Way::InFront(_) => "core-hooks-path",
        Way::Configured => "configuration",
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Kept => "kept",
        Action::Installed => "installed",
        Action::Renewed => "renewed",
        Action::Blocked => "blocked",
        Action::Removed => "removed",
    }
}

fn state_after(action: Action) -> State {
    match action {
        Action::Kept | Action::Installed | Action::Renewed => State::Installed,
        Action::Blocked => State::Foreign,
        Action::Removed => State::Missing,
    }
}

pub fn json(report: &Report) -> Value {
    let hooks = report.hooks.iter().map(|row| {
        json!({
            "name": row.hook.name(),
            "worktree": text_of(&row.worktree),
            "path": text_of(&row.path),
            "state": row.state.name(),
            "chained": row.chained.as_deref().map(text_of),
            "runs": row.runs.is_ok(),
            "why": row.runs.as_ref().err(),
        })
    });
    let skipped = report.skipped.iter().map(|skipped| {
        json!({
            "hook": skipped.hook,
            "times": skipped.times,
            "last": skipped.last.to_string(),
            "codes": skipped.codes,
        })
    });
    with(
        document("hooks", report.effective),
        json!({
            "way": way(&report.way),
            "hooks": hooks.collect::<Vec<_>>(),
            "effective": report.effective,
            "shadows": shadows_json(&report.shadows),
            "skipped": skipped.collect::<Vec<_>>(),
        }),
    )
}

fn shadows_json(shadows: &[Shadow]) -> Vec<Value> {
    let shadow = |shadow: &Shadow| {
        json!({
            "worktree": shadow.worktree.as_deref().map(text_of),
            "message": shadow.what,
            "fix": shadow.fix,
        })
    };
    shadows.iter().map(shadow).collect()
}

pub fn installed_json(report: &install::Report, ok: bool) -> Value {
    with(document("hooks", ok), part_json(report))
}

/// The same as a part of another document.
pub(super) fn part_json(report: &install::Report) -> Value {
    let hooks = report.done.iter().map(|done| {
        json!({
            "name": done.name,
            "path": text_of(&done.path),
            "state": state_after(done.action).name(),
            "action": action(done.action),
            "chained": done.chained.as_deref().map(text_of),
            "chained_from": done.whose.map(|whose| whose.to_string()),
            "passes_on": done.hook.is_none(),
        })
    });
    let problems = report
        .problems
        .iter()
        .map(|problem| json!({ "message": problem.message, "fix": problem.fix }));
    json!({
        "way": way(&report.way),
        "hooks": hooks.collect::<Vec<_>>(),
        "effective": report.problems.is_empty() && report.shadows.is_empty(),
        "changed": report.changed,
        "problems": problems.collect::<Vec<_>>(),
        "shadows": shadows_json(&report.shadows),
        "notes": report.notes,
    })
}

pub fn uninstalled_json(report: &uninstall::Report) -> Value {
    let hooks = report.done.iter().map(|done| {
        json!({
            "name": done.name,
            "path": text_of(&done.path),
            "state": if done.back { "foreign" } else { "missing" },
            "chained": null,
        })
    });
    with(
        document("hooks", true),
        json!({
            "hooks": hooks.collect::<Vec<_>>(),
            "effective": false,
            "notes": report.notes,
        }),
    )
}

/// What to add to the configuration of another tool.
pub fn printed_json(tool: &str, text: &str) -> Value {
    with(
        document("hooks", true),
        json!({ "tool": tool, "text": text }),
    )
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    let mut table = Table::default();
    let worktrees = worktrees(report);
    for row in &report.hooks {
        let alike = |other: &&Row| {
            other.hook == row.hook && other.state == row.state && other.runs == row.runs
        };
        let alike: Vec<&Row> = report.hooks.iter().filter(alike).collect();
        if alike[0] != row {
            continue;
        }
        let style = match (&row.runs, row.state) {
            (Err(_), _) => BAD,
            (Ok(()), State::Installed) => GOOD,
            (Ok(()), _) => WARN,
        };
        let path = match alike.iter().any(|other| other.path != row.path) {
            true => String::new(),
            false => short(&row.path, main),
        };
        let chained = row.chained.as_deref().map(|chained| {
            // Each worktree may have its own.
            let within = chained.strip_prefix(&row.worktree).unwrap_or(chained);
            short(within, main)
        });
        let what = match (&row.runs, chained) {
            (Err(why), _) if why != row.state.name() => format!("does not run: {why}"),
            (_, Some(chained)) => format!("after {chained}"),
            _ => String::new(),
        };
        table.row(vec![
            styled(style, row.state.name()),
            styled(STRONG, row.hook.name()),
            styled(PLAIN, places(&alike, worktrees, main)),
            styled(DIM, path),
            styled(DIM, what),
        ]);
    }
    let mut text = table.render(0);
    text.push_str(&shadows(&report.shadows, main));
    for skipped in &report.skipped {
        let what = match skipped.codes.is_empty() {
            true => String::new(),
            false => format!(" ({})", skipped.codes.join(", ")),
        };
        text.push_str(&format!(
            "{} {}{} was skipped {}, last {}\n",
            paint(HINT, "note:"),
            tame(&skipped.hook),
            tame(&what),
            count(skipped.times, "time"),
            skipped.last
        ));
    }
    let outdated = report.hooks.iter().any(|row| row.state != State::Installed);
    text.push_str(
        &match (report.hooks.is_empty(), report.effective, outdated) {
            (true, _, _) => "no hook has anything to do\n".to_owned(),
            (_, true, false) => "git runs them all\n".to_owned(),
            (_, true, true) => format!(
                "git runs them all; bring them up to date: {}\n",
                paint(HINT, "tracks hooks install")
            ),
            (_, false, _) if report.shadows.is_empty() => format!(
                "git does not run them all: {}\n",
                paint(HINT, "tracks hooks install")
            ),
            (_, false, _) => "git does not run them all\n".to_owned(),
        },
    );
    text
}

fn worktrees(report: &Report) -> usize {
    let first = report.hooks.first().map(|row| row.hook);
    let of_first = report.hooks.iter().filter(|row| Some(row.hook) == first);
    of_first.count()
}

/// In which worktrees something is so.
fn places(alike: &[&Row], worktrees: usize, main: Option<&Path>) -> String {
    match alike {
        _ if alike.len() == worktrees && worktrees == 1 => String::new(),
        _ if alike.len() == worktrees => format!("in all {}", count(worktrees, "worktree")),
        [only] => format!("in {}", short_or_here(&only.worktree, main)),
        _ => format!("in {} of {}", alike.len(), count(worktrees, "worktree")),
    }
}

/// The main worktree relative to itself is nothing.
fn short_or_here(path: &Path, main: Option<&Path>) -> String {
    match main == Some(path) {
        true => "the main worktree".to_owned(),
        false => short(path, main),
    }
}

fn shadows(shadows: &[Shadow], main: Option<&Path>) -> String {
    let mut text = String::new();
    for shadow in shadows {
        let place = match &shadow.worktree {
            Some(worktree) => format!("{}: ", short_or_here(worktree, main)),
            None => String::new(),
        };
        text.push_str(&format!(
            "{} {}{}\n        {} {}\n",
            paint(WARN, "shadowed"),
            tame(&place),
            tame(&shadow.what),
            paint(HINT, "fix:"),
            tame(&shadow.fix)
        ));
    }
    text
}

pub fn installed_text(report: &install::Report, main: Option<&Path>) -> String {
    let mut text = String::new();
    if !report.changed && report.problems.is_empty() {
        let number = report.done.iter().filter(|done| done.hook.is_some());
        text.push_str(&format!(
            "nothing to do: {} in place\n",
            match number.count() {
                0 => "no hook has to be".to_owned(),
                1 => "1 hook is".to_owned(),
                number => format!("{} are", count(number, "hook")),
            }
        ));
    }
    let mut table = Table::default();
    for done in report
        .done
        .iter()
        .filter(|done| done.action != Action::Kept && !done.is_for_later())
    {
        let style = match done.action {
            Action::Blocked => BAD,
            Action::Removed => DIM,
            _ => GOOD,
        };
        table.row(vec![
            styled(style, action(done.action)),
            styled(STRONG, done.name.clone()),
            cell(short(&done.path, main)),
            styled(DIM, about(done)),
        ]);
    }
    text.push_str(&table.render(0));
    for problem in &report.problems {
        text.push_str(&format!(
            "{} {}\n        {} {}\n",
            paint(BAD, "problem"),
            tame(&problem.message),
            paint(HINT, "fix:"),
            tame(&problem.fix)
        ));
    }
    text.push_str(&shadows(&report.shadows, main));
    for note in &report.notes {
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(note)));
    }
    text
}

/// What one hook has to do with those of others.
fn about(done: &Done) -> String {
    let whose = match done.whose {
        Some(Manager::Script) => "the script that was there".to_owned(),
        Some(manager) => format!("{manager}'s"),
        None => return String::new(),
    };
    match (done.action, done.hook) {
        (Action::Blocked | Action::Removed, _) => String::new(),
        (_, None) => format!("passed on to {whose}"),
        (_, Some(_)) => format!("chained behind {whose}"),
    }
}

/// The same in one line, for a command of which it is only a part; `None`: nothing was done.
pub(super) fn in_short(report: &install::Report) -> Option<String> {
    let installed = |done: &&Done| {
        matches!(done.action, Action::Installed | Action::Renewed) && !done.is_for_later()
    };
    let done: Vec<&Done> = report.done.iter().filter(installed).collect();
    let mut chained: Vec<Manager> = done.iter().filter_map(|done| done.whose).collect();
    chained.sort();
    chained.dedup();
    let names: Vec<&str> = done.iter().map(|done| done.name.as_str()).collect();
    let behind = match chained.as_slice() {
        [] => String::new(),
        [Manager::Script] => " (behind the scripts that were there)".to_owned(),
        managers => {
            let managers = managers.iter().map(|manager| match manager {
                Manager::Script => "scripts".to_owned(),
                Manager::Tool(tool) => tool.name().to_owned(),
            });
            format!(" (behind {})", managers.collect::<Vec<_>>().join(", "))
        }
    };
    (!names.is_empty()).then(|| format!("hooks: {}{behind}", names.join(", ")))
}

pub fn uninstalled_text(report: &uninstall::Report, main: Option<&Path>) -> String {
    let mut table = Table::default();
    for done in &report.done {
        table.row(vec![
            styled(GOOD, "removed"),
            styled(STRONG, done.name.clone()),
            cell(short(&done.path, main)),
            styled(
                DIM,
                match done.back {
                    true => "what was there before is back",
                    false => "",
                },
            ),
        ]);
    }
    let mut text = table.render(0);
    if report.done.is_empty() && report.notes.is_empty() {
        text.push_str("nothing to do: there are no hooks of tracks\n");
    }
    for note in &report.notes {
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(note)));
    }
    text
}

fn text_of(path: &Path) -> String {
    path.display().to_string()
}
