//! `[layout]`, and what its templates give: names that git takes, directories that stay below.

use super::super::raw::{LayoutTable, Placed, TrackTable};
use super::project::Identity;
use super::{Context, commands, patterns};
use crate::domain::layout::{self as template, Fields, TemplateError};
use crate::domain::project::Layout;

pub(super) fn layout(cx: &mut Context<'_>, identity: &Identity) -> Layout {
    let default = LayoutTable::default();
    let table = cx.file.layout.as_ref().unwrap_or(&default);
    let has_phase = identity.phase.is_some();
    let template = |key: &Option<Placed<String>>, with_phase: &str, without: &str| {
        let default = if has_phase { with_phase } else { without };
        key.as_ref()
            .map_or(default, |text| text.as_str())
            .to_owned()
    };
    Layout {
        worktrees: table
            .worktrees
            .as_ref()
            .map_or_else(|| "worktrees".to_owned(), |path| worktrees(cx, path)),
        worktree: template(&table.worktree, "{phase}-{track}", "{track}"),
        branch: template(&table.branch, "feature/{phase}-{track}", "track/{track}"),
        setup: commands(table.setup.as_ref()),
        setup_inputs: patterns(table.setup_inputs.as_ref()),
        copy: patterns(table.copy.as_ref()),
    }
}

fn worktrees(cx: &mut Context<'_>, path: &Placed<String>) -> String {
    let trimmed = path.trim_end_matches('/');
    let why = if path.is_empty() {
        Some("is empty")
    } else if path.chars().any(char::is_control) {
        Some("has a control character")
    } else if path.starts_with('~') {
        Some("starts with `~`, which is not expanded here")
    } else if path.contains(['{', '}']) {
        Some("is no template; the fields belong in `worktree`")
    } else if trimmed.is_empty() || normal(trimmed).is_empty() {
        Some("would put worktrees straight into the root")
    } else if normal(trimmed).first() == Some(&".git") {
        Some("is inside `.git`, where tools skip what they find")
    } else {
        None
    };
    if let Some(why) = why {
        let diagnostic = cx.error(path.span(), format!("`[layout] worktrees` {why}"));
        diagnostic.label =
            Some("expected a directory such as `worktrees` or `../app.tracks`".to_owned());
    }
    trimmed.to_owned()
}

/// The parts of a path with `.` and, where possible, `..` worked out.
fn normal(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts
}

/// What a track's branch and worktree come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Branch,
    Worktree,
}

impl Name {
    pub(super) fn key(self) -> &'static str {
        match self {
            Name::Branch => "branch",
            Name::Worktree => "worktree",
        }
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Name::Branch => "branch",
            Name::Worktree => "worktree directory",
        }
    }

    pub(super) fn own(self, table: &TrackTable) -> Option<&Placed<String>> {
        match self {
            Name::Branch => table.branch.as_ref(),
            Name::Worktree => table.worktree.as_ref(),
        }
    }

    pub(super) fn of_layout(self, table: Option<&LayoutTable>) -> Option<&Placed<String>> {
        match self {
            Name::Branch => table?.branch.as_ref(),
            Name::Worktree => table?.worktree.as_ref(),
        }
    }

    fn expand(self, text: &str, fields: Fields<'_>) -> Result<String, TemplateError> {
        match self {
            Name::Branch => template::branch(text, fields).map(|name| name.to_string()),
            Name::Worktree => template::worktree(text, fields),
        }
    }
}

/// What a track's own key or, without one, the template of the layout gives. A template that is wrong for any track is
/// reported once, before: see [`check_template`].
pub(super) fn name_of_track(
    cx: &mut Context<'_>,
    name: Name,
    id: &Placed<String>,
    table: &TrackTable,
    template: &str,
    fields: Fields<'_>,
) -> Option<String> {
    if let Some(own) = name.own(table) {
        let place = format!("[track.{}] {}", id.as_str(), name.key());
        if name == Name::Worktree && own.starts_with('/') {
            return absolute(cx, own, &place);
        }
        let expanded = name.expand(own, fields);
        return expanded
            .map_err(|error| {
                let diagnostic = cx.error(own.span(), format!("`{place}` cannot be used: {error}"));
                diagnostic.label = Some(format!("expected a {}", name.noun()));
            })
            .ok();
    }
    let written = name.of_layout(cx.file.layout.as_ref());
    if name.expand(template, harmless(fields)).is_err() {
        return None;
    }
    name.expand(template, fields)
        .map_err(|error| {
            let message = format!(
                "[track.{}] gets no {} from `{template}`: {error}",
                id.as_str(),
                name.noun()
            );
            let also = written.map(|written| (written.span(), "from this template".to_owned()));
            let diagnostic = cx.error(id.span(), message);
            diagnostic.also = also;
            diagnostic.help = Some(format!(
                "choose another id, or give the track its own `{}`",
                name.key()
            ));
        })
        .ok()
}

/// Whether a template of the layout can give a name at all.
pub(super) fn check_template(cx: &mut Context<'_>, name: Name, template: &str, fields: Fields<'_>) {
    let Some(written) = name.of_layout(cx.file.layout.as_ref()) else {
        return;
    };
    if let Err(error) = name.expand(template, harmless(fields)) {
        let message = format!(
            "`[layout] {}` gives no {}: {error}",
            name.key(),
            name.noun()
        );
        cx.error(written.span(), message).label =
            Some(format!("expected a template such as `{}`", example(name)));
    }
}

fn example(name: Name) -> &'static str {
    match name {
        Name::Branch => "track/{track}",
        Name::Worktree => "{track}",
    }
}

/// The same fields with values that no name could be refused for.
fn harmless(fields: Fields<'_>) -> Fields<'_> {
    Fields {
        phase: fields.phase.map(|_| "phase"),
        track: Some("track"),
        agent: Some("agent"),
        project: "project",
    }
}

/// A worktree that exists elsewhere.
fn absolute(cx: &mut Context<'_>, path: &Placed<String>, place: &str) -> Option<String> {
    let climbs = path.split('/').any(|part| part == "." || part == "..");
    let why = if path.chars().any(char::is_control) {
        "has a control character"
    } else if climbs {
        "is absolute and must not have `.` or `..`"
    } else if normal(path).is_empty() {
        "is the root of the file system"
    } else {
        return Some(path.trim_end_matches('/').to_owned());
    };
    cx.error(path.span(), format!("`{place}` {why}"));
    None
}
