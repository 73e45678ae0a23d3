//! `[profile.NAME]`: what the project is with its values on top.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::super::diagnostic::Diagnostic;
use super::super::overlay::{Own, overlay};
use super::super::raw::{Placed, Text};
use super::super::tree::{self, Step};
use super::project::Identity;
use super::reference::Kind;
use super::track::Names;
use super::{Context, check, collision, integration, project};
use crate::domain::name::{BranchName, ProfileName};
use crate::domain::project::{Check, Condition, Integration, Layout, Profile, Run};

/// What no profile changes, and what its values have to go with.
pub(super) struct Around<'a> {
    pub(super) identity: &'a Identity,
    pub(super) layout: &'a Layout,
    pub(super) names: &'a [Names],
    /// The integration branch without a profile.
    pub(super) branch: Option<BranchName>,
}

/// The profiles that have everything. The rest of what they are laid over has been looked at before.
pub(super) fn profiles(
    cx: &mut Context<'_>,
    text: &str,
    tree: &DeTable<'_>,
    around: &Around<'_>,
) -> Vec<Profile> {
    let mut profiles = Vec::new();
    for (key, table) in cx.file.profile.iter() {
        let name = ProfileName::new(key).map_err(|error| {
            let diagnostic = cx.error(key.span(), format!("the name of a profile {error}"));
            diagnostic.label = Some("expected a name such as `large`".to_owned());
        });
        let place = format!("[profile.{}.check]", key.as_str());
        for (check, _) in table.check.iter() {
            cx.is_known(Kind::Check, check, check.span(), &place);
        }
        let when = table.when.as_ref();
        let when = when.and_then(|when| condition(cx, text, when, key));
        let (run, checks, integration) = with_profile(cx, text, tree, key, around);
        if let (Ok(name), Some(integration)) = (name, integration) {
            profiles.push(Profile {
                name,
                when,
                run,
                checks,
                integration,
                overrides: overrides(text, tree, key),
            });
        }
    }
    profiles
}

/// What the profile makes of the three tables; complains about nothing that has been complained about without it.
fn with_profile(
    cx: &mut Context<'_>,
    text: &str,
    tree: &DeTable<'_>,
    key: &Placed<String>,
    around: &Around<'_>,
) -> (Run, Vec<Check>, Option<Integration>) {
    let laid = overlay(text, tree, key, cx.lost);
    let mut said = Vec::new();
    let mut over = Context {
        file: cx.file,
        judging: &laid.file,
        lost: &laid.lost,
        own: Some(&laid.own),
        out: &mut said,
    };
    let run = project::run(&mut over);
    let checks = check::checks(&mut over, &run);
    let branch = integration::branch(&mut over, around.identity);
    if branch != around.branch {
        collision::no_two_alike(
            &mut over,
            around.layout,
            around.identity,
            around.names,
            branch.as_ref(),
        );
    }
    let integration = integration::integration(&mut over, branch);
    said.retain(|diagnostic| !cx.out.contains(diagnostic));
    let said = said.into_iter();
    cx.out
        .extend(said.map(|diagnostic| of_profile(diagnostic, key, &laid.own)));
    (run, checks, integration)
}

/// Names the profile's own table where a value of it is wrong, and the profile where its values do not go with the others.
fn of_profile(mut diagnostic: Diagnostic, key: &Placed<String>, own: &Own) -> Diagnostic {
    let profile = key.as_str();
    if own.has(&diagnostic.span) {
        let named = diagnostic
            .message
            .replace("[run]", &format!("[profile.{profile}]"))
            .replace("[check.", &format!("[profile.{profile}.check."))
            .replace("[integration", &format!("[profile.{profile}.integration"));
        if named != diagnostic.message {
            diagnostic.message = named;
            return diagnostic;
        }
    } else {
        // The place to mend it is in the profile.
        let there = diagnostic.span.clone();
        let label = diagnostic.label.take();
        let (here, here_label) = match diagnostic.also.take() {
            Some((span, label)) if own.has(&span) => (span, Some(label)),
            _ => (key.span(), None),
        };
        diagnostic.span = here;
        diagnostic.label = here_label;
        diagnostic.also = Some((there, label.unwrap_or_else(|| "here".to_owned())));
    }
    diagnostic.message = format!("with [profile.{profile}], {}", diagnostic.message);
    diagnostic
}

fn condition(
    cx: &mut Context<'_>,
    text: &str,
    when: &Placed<Text>,
    profile: &str,
) -> Option<Condition> {
    let error = match Condition::parse(&when.0) {
        Ok(condition) => return Some(condition),
        Err(error) => error,
    };
    let span = inside(text, when, &error.at);
    let message = format!("`[profile.{profile}] when` is no condition: {error}");
    let diagnostic = cx.error(span, message);
    diagnostic.label = error
        .expected
        .map(|expected| format!("expected {expected}"));
    diagnostic.help = error
        .instead
        .map(|instead| format!("did you mean `{instead}`?"));
    None
}

/// Where in the file a part of a string stands: the whole of it where escapes make that hard to tell, its closing quote
/// where the part is its end.
fn inside(text: &str, string: &Placed<Text>, part: &Range<usize>) -> Range<usize> {
    let whole = string.span();
    let Some(start) = text[whole.clone()].find(string.0.as_str()) else {
        return whole;
    };
    let start = whole.start + start;
    let end = start + part.end;
    start + part.start..end.max(start + part.start + 1).min(whole.end)
}

/// What the profile says itself: dotted key → value as written.
fn overrides(text: &str, tree: &DeTable<'_>, profile: &str) -> BTreeMap<String, String> {
    let above = [
        Step::Key("profile".to_owned()),
        Step::Key(profile.to_owned()),
    ];
    let mut overrides = BTreeMap::new();
    tree::walk(tree, &mut |found| {
        let inside = found.path.starts_with(&above);
        let is_table = matches!(found.value, DeValue::Table(_));
        if !inside || is_table {
            return inside || above.starts_with(&found.path);
        }
        let keys: Vec<&str> = found.path[above.len()..]
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        if keys != ["when"] {
            overrides.insert(keys.join("."), text[found.span.clone()].to_owned());
        }
        false
    });
    overrides
}
