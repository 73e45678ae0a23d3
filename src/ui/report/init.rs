//! The answer of `tracks init`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::remove::finished;
use super::{count, document, hooks, with};
use crate::git::Start;
use crate::ops::init::{Action, Made, Plan, Problem, Report};
use crate::ui::style::{BAD, DIM, GOOD, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    let mut value = json!({
        "base": report.base.to_string(),
        "created": report.created.iter().map(made_json).collect::<Vec<_>>(),
        "kept": report.kept.iter().map(made_json).collect::<Vec<_>>(),
        "problems": report.problems.iter().map(problem_json).collect::<Vec<_>>(),
        "operation": report.operation,
        "finished": report.settled,
    });
    if let Some(plan) = &report.plan {
        value["plan"] = plan_json(plan);
    }
    if let Some(hooks) = &report.hooks {
        value["hooks"] = hooks::part_json(hooks);
    }
    if let Some(why) = &report.no_hooks {
        value["no_hooks"] = json!(why);
    }
    with(document("init", ok), value)
}

fn problem_json(problem: &Problem) -> Value {
    let mut value = json!({ "message": problem.message, "fix": problem.fix });
    if let Some(track) = &problem.track {
        value["track"] = json!(track.as_str());
    }
    value
}

fn made_json(made: &Made) -> Value {
    json!({
        "track": made.track.as_str(),
        "branch": made.branch.as_str(),
        "worktree": made.worktree.display().to_string(),
    })
}

fn plan_json(plan: &Plan) -> Value {
    let steps = plan.steps.iter().map(|step| {
        let (action, at) = match &step.action {
            Action::Keep => ("keep", None),
            Action::Create {
                start: Start::NewBranch { at, .. },
                ..
            } => ("create-branch", Some(at)),
            Action::Create {
                start: Start::Branch(_),
                ..
            } => ("create-worktree", None),
            Action::Create {
                start: Start::Detached(at),
                ..
            } => ("create-worktree", Some(at)),
            Action::Refuse { .. } => ("refuse", None),
        };
        json!({
            "track": step.track.as_str(),
            "branch": step.branch.as_str(),
            "worktree": step.worktree.display().to_string(),
            "action": action,
            "at": at.map(std::string::ToString::to_string),
            "setup": step.setup,
        })
    });
    json!(steps.collect::<Vec<_>>())
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    if let Some(plan) = &report.plan {
        return plan_text(plan, report, main);
    }
    let mut table = Table::default();
    let mut rows = |made: &[Made], style, word: &str| {
        for made in made {
            table.row(vec![
                styled(style, word),
                styled(STRONG, made.track.as_str()),
                cell(short(&made.worktree, main)),
                styled(DIM, format!("on {}", made.branch)),
                styled(DIM, made.note.clone().unwrap_or_default()),
            ]);
        }
    };
    rows(&report.created, GOOD, "created");
    rows(&report.kept, PLAIN, "kept");
    let mut text = finished(&report.settled);
    text.push_str(&table.render(0));
    if let Some(hooks) = report.hooks.as_ref().and_then(hooks::in_short) {
        text.push_str(&format!("{hooks}\n"));
    }
    let shadows = report.hooks.iter().flat_map(|hooks| &hooks.shadows);
    for shadow in shadows {
        let note = format!(
            "git does not run the hooks everywhere: {}; {}",
            shadow.what, shadow.fix
        );
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(&note)));
    }
    if let Some(why) = &report.no_hooks {
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(why)));
    }
    text.push_str(&problems(report));
    if report.problems.is_empty() && !report.created.is_empty() {
        text.push_str(&format!(
            "\n{} ready; see where they stand: {}\n",
            count(report.created.len() + report.kept.len(), "track"),
            paint(HINT, "tracks status")
        ));
    }
    text
}

fn problems(report: &Report) -> String {
    let mut text = String::new();
    for problem in &report.problems {
        text.push_str(&format!(
            "{} {}: {}\n        {} {}\n",
            paint(BAD, "problem"),
            paint(
                STRONG,
                problem
                    .track
                    .as_ref()
                    .map_or("hooks", |track| track.as_str())
            ),
            tame(&problem.message),
            paint(HINT, "fix:"),
            tame(&problem.fix)
        ));
    }
    text
}

fn plan_text(plan: &Plan, report: &Report, main: Option<&Path>) -> String {
    let mut text = format!(
        "plan, from base {}; nothing has been changed\n",
        plan.base.short()
    );
    let mut table = Table::default();
    for step in &plan.steps {
        let (style, what) = match &step.action {
            Action::Keep => (PLAIN, "keep".to_owned()),
            Action::Create {
                start: Start::NewBranch { at, .. },
                ..
            } => (GOOD, format!("new branch at {}", at.short())),
            Action::Create { .. } => (GOOD, "new worktree".to_owned()),
            Action::Refuse { .. } => (WARN, "cannot".to_owned()),
        };
        table.row(vec![
            styled(style, what),
            styled(STRONG, step.track.as_str()),
            cell(short(&step.worktree, main)),
            styled(DIM, format!("on {}", step.branch)),
            styled(DIM, step.note.clone().unwrap_or_default()),
        ]);
        for command in &step.setup {
            table.row(vec![
                styled(DIM, "  then run"),
                cell(""),
                cell(command.clone()),
            ]);
        }
    }
    text.push_str(&table.render(0));
    text.push_str(&problems(report));
    text
}

/// A directory relative to the main worktree where it lies in it.
pub(super) fn short(path: &Path, main: Option<&Path>) -> String {
    let inside = main.and_then(|main| path.strip_prefix(main).ok().map(PathBuf::from));
    inside
        .unwrap_or_else(|| path.to_owned())
        .display()
        .to_string()
}

/// A starter was written; there were no tracks to make yet.
pub fn wrote_json(path: &Path, template: &str) -> Value {
    with(
        document("init", true),
        json!({
            "created": [],
            "finished": [],
            "kept": [],
            "problems": [],
            "operation": null,
            "wrote": path.display().to_string(),
            "template": template,
        }),
    )
}

/// A dry run where there is no tracks.toml yet: what would be written.
pub fn starter_json(template: &str, text: &str) -> Value {
    with(
        document("init", true),
        json!({
            "created": [],
            "finished": [],
            "kept": [],
            "problems": [],
            "operation": null,
            "template": template,
            "would_write": text,
        }),
    )
}
