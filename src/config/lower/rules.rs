//! Ownership, exceptions, and what commits and names look like.

use std::collections::BTreeMap;

use super::super::raw::{AllowTable, Placed, PolicyKey, SeverityKey, Text, UnownedKey};
use super::super::read::listed;
use super::{Context, patterns};
use crate::domain::name::nearest;
use crate::domain::path::Pattern;
use crate::domain::project::{
    Allow, CommitRules, Ownership, Severity, Shared, SharedPolicy, Unowned,
};
use crate::domain::rule;

impl Context<'_> {
    fn rule(&mut self, code: &Placed<String>, place: &str) {
        if rule::find(code.as_str()).is_some() {
            return;
        }
        let upper = code.to_uppercase();
        let near = nearest(&upper, rule::all().map(|rule| rule.code));
        let diagnostic = self.error(
            code.span(),
            format!("unknown rule `{}` in `{place}`", code.as_str()),
        );
        diagnostic.label = Some("expected the code of a rule, such as `OWN01`".to_owned());
        diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
    }

    /// A key that is a path pattern.
    pub(super) fn key_pattern(&mut self, key: &Placed<String>) -> Option<Pattern> {
        Pattern::new(key)
            .map_err(|error| {
                self.error(key.span(), error.to_string());
            })
            .ok()
    }
}

pub(super) fn ownership(cx: &mut Context<'_>) -> Ownership {
    let default = Default::default();
    let table = cx.file.ownership.as_ref().unwrap_or(&default);
    Ownership {
        unowned: match table.unowned {
            Some(UnownedKey::Allow) => Unowned::Allow,
            None | Some(UnownedKey::Warn) => Unowned::Warn,
            Some(UnownedKey::Deny) => Unowned::Deny,
            Some(UnownedKey::Claim) => Unowned::Claim,
        },
        frozen: patterns(table.frozen.as_ref()),
        codeowners: table
            .codeowners
            .as_ref()
            .map(|path| cx.inner_path(path, path.span(), "[ownership] codeowners")),
    }
}

pub(super) fn shared(cx: &mut Context<'_>) -> Vec<Shared> {
    let mut all = Vec::new();
    for (key, table) in cx.file.shared.iter() {
        let header = format!("[shared.{:?}]", key.as_str());
        let pattern = cx.key_pattern(key);
        let policy = table.policy.as_ref();
        if let Some(policy) = policy
            && **policy == PolicyKey::OwnerApproves
            && table.owner.is_none()
            && !cx.lost.inside(&table.span())
        {
            let message = format!("{header} has no `owner` who could approve");
            let diagnostic = cx.error(policy.span(), message);
            diagnostic.label = Some("needs an `owner`".to_owned());
        }
        let owner = table
            .owner
            .as_ref()
            .and_then(|owner| cx.track(owner, &format!("{header} owner")));
        let consumers = cx.tracks(table.consumers.as_ref(), &format!("{header} consumers"));
        let Some(pattern) = pattern else { continue };
        all.push(Shared {
            pattern,
            owner,
            consumers,
            policy: match policy.map(|policy| **policy) {
                None | Some(PolicyKey::Free) => SharedPolicy::Free,
                Some(PolicyKey::Serialize) => SharedPolicy::Serialize,
                Some(PolicyKey::AppendOnly) => SharedPolicy::AppendOnly,
                Some(PolicyKey::Regenerate) => SharedPolicy::Regenerate,
                Some(PolicyKey::IntegrationOnly) => SharedPolicy::IntegrationOnly,
                Some(PolicyKey::OwnerApproves) => SharedPolicy::OwnerApproves,
            },
        });
    }
    all
}

pub(super) fn allow(cx: &mut Context<'_>) -> Vec<Allow> {
    let file = cx.file;
    file.allow
        .iter()
        .filter_map(|table| exception(cx, table))
        .collect()
}

fn exception(cx: &mut Context<'_>, table: &Placed<AllowTable>) -> Option<Allow> {
    match &table.code {
        Some(code) => cx.rule(code, "[[allow]] code"),
        None => cx.missing(table.span(), "[[allow]]", "code", "\"OWN01\""),
    }
    if table.reason.is_none() {
        cx.missing(table.span(), "[[allow]]", "reason", "\"…\"");
    }
    let track = table
        .track
        .as_ref()
        .and_then(|track| cx.track(track, "[[allow]] track"));
    Some(Allow {
        code: table.code.as_ref()?.to_string(),
        track,
        paths: patterns(table.paths.as_ref()),
        reason: table.reason.as_ref()?.0.clone(),
        until: table.until.as_ref().map(|date| date.0.clone()),
    })
}

pub(super) fn commit(cx: &mut Context<'_>) -> CommitRules {
    let Some(table) = &cx.file.commit else {
        return CommitRules::default();
    };
    if let Some(pattern) = &table.pattern
        && pattern.as_str() != "conventional"
    {
        cx.regex(pattern, "`[commit] pattern`");
    }
    CommitRules {
        pattern: table.pattern.as_ref().map(|pattern| pattern.to_string()),
        trailer: table.trailer.unwrap_or(false),
    }
}

pub(super) fn names(cx: &mut Context<'_>) -> Vec<(Pattern, String)> {
    let mut names = Vec::new();
    for (key, convention) in cx.file.names.iter() {
        naming(cx, convention);
        if let Some(pattern) = cx.key_pattern(key) {
            names.push((pattern, convention.0.clone()));
        }
    }
    names
}

fn naming(cx: &mut Context<'_>, convention: &Placed<Text>) {
    const CONVENTIONS: [&str; 5] = [
        "snake_case",
        "kebab-case",
        "camelCase",
        "PascalCase",
        "SCREAMING_SNAKE_CASE",
    ];
    let text = convention.0.as_str();
    if CONVENTIONS.contains(&text) {
        return;
    }
    // Every misspelt convention is also a regular expression, one that hardly any name matches.
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if is_word {
        let near = nearest(text, CONVENTIONS);
        let diagnostic = cx.error(
            convention.span(),
            format!("unknown naming convention `{text}` in `[names]`"),
        );
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "the conventions are {}, or a regular expression",
                listed(&CONVENTIONS)
            ),
        });
    } else if let Err(error) = regex::Regex::new(text) {
        let message = format!(
            "`{text}` in `[names]` is neither a naming convention nor a regular expression"
        );
        cx.error(convention.span(), message).label =
            error.to_string().lines().last().map(str::to_owned);
    }
}

pub(super) fn severity(cx: &mut Context<'_>) -> BTreeMap<String, Severity> {
    let mut all = BTreeMap::new();
    for (code, severity) in cx.file.severity.iter() {
        cx.rule(code, "[severity]");
        let severity = match **severity {
            SeverityKey::Error => Severity::Error,
            SeverityKey::Warning => Severity::Warning,
            SeverityKey::Info => Severity::Info,
            SeverityKey::Off => Severity::Off,
        };
        all.insert(code.to_string(), severity);
    }
    all
}
