//! No two alike: branches and worktree directories that are equal or lie in each other.

use std::ops::Range;

use super::super::raw::Placed;
use super::Context;
use super::layout::Name;
use super::project::Identity;
use super::track::Names;
use crate::domain::name::BranchName;
use crate::domain::project::Layout;

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
        .judging
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
