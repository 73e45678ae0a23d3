//! `[layout]`, and what its templates give: names that git takes, directories that stay below, no two alike.

use std::ops::Range;

use super::super::raw::{LayoutTable, Placed, TrackTable};
use super::project::Identity;
use super::track::Names;
use super::{Context, commands, patterns};
use crate::domain::layout::{self as template, Fields, TemplateError};
use crate::domain::name::BranchName;
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
    fn key(self) -> &'static str {
        match self {
            Name::Branch => "branch",
            Name::Worktree => "worktree",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Name::Branch => "branch",
            Name::Worktree => "worktree directory",
        }
    }

    fn own(self, table: &TrackTable) -> Option<&Placed<String>> {
        match self {
            Name::Branch => table.branch.as_ref(),
            Name::Worktree => table.worktree.as_ref(),
        }
    }

    fn of_layout(self, table: Option<&LayoutTable>) -> Option<&Placed<String>> {
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

/// A name, where it comes from, and whether from the track's own key.
struct Given<'a> {
    what: String,
    name: String,
    span: Range<usize>,
    by_template: bool,
    id: &'a str,
}

/// Two tracks with one branch, a track on the branch of base or integration, worktrees in each other.
pub(super) fn no_two_alike(
    cx: &mut Context<'_>,
    layout: &Layout,
    identity: &Identity,
    names: &[Names],
    integration: Option<&BranchName>,
) {
    let mut branches = given(cx, Name::Branch, names);
    if shares_template(cx, Name::Branch, &layout.branch, &branches) {
        branches.retain(|given| !given.by_template);
    }
    let integration_span = cx
        .file
        .integration
        .as_ref()
        .and_then(|table| table.branch.as_ref());
    let mut others = Vec::new();
    if let Some(integration) = integration {
        others.push(Given {
            what: "the integration branch".to_owned(),
            name: integration.to_string(),
            span: integration_span.map_or(0..0, Placed::span),
            by_template: false,
            id: "",
        });
    }
    if let Some(base) = &identity.base {
        others.push(Given {
            what: "`[project] base`".to_owned(),
            name: base.to_string(),
            span: identity.base_span.clone(),
            by_template: false,
            id: "",
        });
    }
    others.extend(branches);
    clashing(cx, &others, Name::Branch);

    let mut worktrees = given(cx, Name::Worktree, names);
    if shares_template(cx, Name::Worktree, &layout.worktree, &worktrees) {
        worktrees.retain(|given| !given.by_template);
    }
    // Relative and absolute directories can be compared only where the layout itself is absolute.
    if layout.worktrees.starts_with('/') {
        for given in &mut worktrees {
            if !given.name.starts_with('/') {
                given.name = format!("{}/{}", layout.worktrees, given.name);
            }
        }
    }
    clashing(cx, &worktrees, Name::Worktree);
}

fn given<'a>(cx: &Context<'a>, name: Name, names: &[Names]) -> Vec<Given<'a>> {
    let mut all = Vec::new();
    for ((key, table), names) in cx.file.track.iter().zip(names) {
        let value = match name {
            Name::Branch => names.branch.as_ref().map(ToString::to_string),
            Name::Worktree => names.worktree.clone(),
        };
        let Some(value) = value else { continue };
        let own = name.own(table);
        all.push(Given {
            what: format!("[track.{}]", key.as_str()),
            name: value,
            span: own.map_or_else(|| key.span(), Placed::span),
            by_template: own.is_none(),
            id: key,
        });
    }
    all
}

/// A template that says nothing of the track gives several tracks one name: that is one mistake, not one for each pair.
fn shares_template(cx: &mut Context<'_>, name: Name, template: &str, all: &[Given<'_>]) -> bool {
    let Some(written) = name.of_layout(cx.file.layout.as_ref()) else {
        return false;
    };
    let by_template: Vec<&Given<'_>> = all.iter().filter(|given| given.by_template).collect();
    let clash = by_template.iter().enumerate().find_map(|(index, a)| {
        let b = by_template[index + 1..].iter().find(|b| b.name == a.name)?;
        Some((a.id, b.id, a.name.clone()))
    });
    let Some((a, b, shared)) = clash.filter(|_| !template.contains("{track}")) else {
        return false;
    };
    let (key, noun) = (name.key(), name.noun());
    let message = format!("`[layout] {key}` gives `{a}` and `{b}` the same {noun} `{shared}`");
    let diagnostic = cx.error(written.span(), message);
    diagnostic.label = Some("`{track}` is missing".to_owned());
    diagnostic.help = Some("put `{track}` into the template".to_owned());
    true
}

/// Each name against the earlier ones: equal, or one inside the other.
fn clashing(cx: &mut Context<'_>, all: &[Given<'_>], name: Name) {
    for (index, given) in all.iter().enumerate() {
        let clash = all[..index]
            .iter()
            .find(|earlier| earlier.name == given.name || nested(&earlier.name, &given.name));
        let Some(earlier) = clash else { continue };
        let (a, b) = (&earlier.what, &given.what);
        let message = match name {
            _ if earlier.name == given.name => {
                format!("{a} and {b} have the same {} `{}`", name.noun(), given.name)
            }
            Name::Branch => format!(
                "git cannot have both the branch `{}` of {a} and the branch `{}` of {b}",
                earlier.name, given.name
            ),
            Name::Worktree => format!(
                "the worktrees of {a} and {b} lie in each other: `{}` and `{}`",
                earlier.name, given.name
            ),
        };
        let also = (!earlier.span.is_empty()).then(|| (earlier.span.clone(), a.clone()));
        let span = if given.span.is_empty() {
            earlier.span.clone()
        } else {
            given.span.clone()
        };
        let diagnostic = cx.error(span, message);
        diagnostic.label = Some(b.clone());
        diagnostic.also = also;
        diagnostic.help = Some(format!("give one of them its own `{}`", name.key()));
    }
}

fn nested(a: &str, b: &str) -> bool {
    let inside = |outer: &str, inner: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    inside(a, b) || inside(b, a)
}
