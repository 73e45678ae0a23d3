//! The tables behind the rules, hooks and landing.

use std::collections::BTreeMap;

use super::super::raw::{
    AllowTable, ContractTable, HooksTable, MigrationsTable, MissingBinaryKey, NotifyTable,
    OneOrMany, Placed, PolicyKey, RollbackKey, Run, SeverityKey, Text, UnclaimedKey, UnownedKey,
};
use super::super::read::listed;
use super::reference::Kind;
use super::{Context, commands, patterns, texts};
use crate::domain::name::{ContractName, nearest};
use crate::domain::path::Pattern;
use crate::domain::project::{
    Allow, Command, CommitRules, Contract, Delivery, Hooks, Land, Migrations, Ownership, Severity,
    Shared, SharedPolicy, Unowned,
};

/// Every rule that has a code.
const CODES: [&str; 40] = [
    "OWN01", "OWN02", "OWN03", "OWN04", "OWN05", "OWN06", "OWN07", "OWN08", "OWN10", "OWN12",
    "OWN13", "MIG01", "MIG02", "MIG03", "MIG04", "MIG05", "MIG06", "MIG07", "MIG08", "MIG09",
    "MIG10", "MIG11", "MIG12", "MIG13", "MIG15", "MIG16", "MIG17", "MIG18", "MIG20", "MIG21",
    "MIG22", "MIG23", "CON01", "CON02", "CON03", "CON04", "NAM01", "NAM02", "NAM03", "NAM04",
];

impl Context<'_> {
    fn rule(&mut self, code: &Placed<String>, place: &str) {
        if CODES.contains(&code.as_str()) {
            return;
        }
        let upper = code.to_uppercase();
        let near = nearest(&upper, CODES);
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

pub(super) fn migrations(cx: &mut Context<'_>) -> Option<Migrations> {
    let table = cx.file.migrations.as_ref()?;
    let paths = patterns(table.paths.as_ref());
    if paths.is_empty() {
        cx.missing(
            table.span(),
            "[migrations]",
            "paths",
            "[\"db/migrations/*.sql\"]",
        );
    }
    Some(Migrations {
        paths,
        names: migration_names(cx, table),
        preset: table
            .preset
            .map_or("auto", |preset| preset.as_str())
            .to_owned(),
        dialect: table.dialect.map(|dialect| dialect.as_str().to_owned()),
        max_ahead: table
            .max_ahead
            .as_ref()
            .map_or(std::time::Duration::from_secs(24 * 60 * 60), |span| span.0),
        renumber: table.renumber.unwrap_or(false),
        unclaimed: match table.unclaimed {
            None | Some(UnclaimedKey::Warn) => Unowned::Warn,
            Some(UnclaimedKey::Deny) => Unowned::Deny,
            Some(UnclaimedKey::Claim) => Unowned::Claim,
        },
    })
}

fn migration_names(cx: &mut Context<'_>, table: &MigrationsTable) -> Vec<String> {
    let templates = cx.once_each(table.name.as_ref(), "[migrations] name");
    for template in &templates {
        if let Err(why) = read_name_template(template) {
            let diagnostic = cx.error(template.span(), format!("`[migrations] name` {why}"));
            diagnostic.label =
                Some("expected a template such as `{date}_{track}_{slug}.sql`".to_owned());
        }
    }
    templates
        .into_iter()
        .map(|template| template.to_string())
        .collect()
}

/// `Err` continues "the template …".
fn read_name_template(template: &str) -> Result<(), String> {
    const FIELDS: [&str; 6] = ["date", "time", "timestamp", "serial", "track", "slug"];
    if template.is_empty() || template.contains('/') {
        return Err("must be the name of a file".to_owned());
    }
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..]
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        let Some((field, after)) = inside.filter(|(field, _)| !field.contains('{')) else {
            return Err("has a `{` or `}` without a partner".to_owned());
        };
        let (name, width) = match field.split_once(':') {
            Some((name, width)) => (name, Some(width)),
            None => (field, None),
        };
        let is_width = |width: &str| matches!(width.parse::<u8>(), Ok(1..=20));
        if !FIELDS.contains(&name) {
            return Err(format!(
                "has the unknown field `{{{field}}}`; the fields are {}",
                listed(&FIELDS)
            ));
        }
        if width.is_some_and(|width| name != "serial" || !is_width(width)) {
            return Err(format!(
                "has `{{{field}}}`; only `serial` has a width, as in `{{serial:4}}`"
            ));
        }
        rest = after;
    }
    Ok(())
}

pub(super) fn contracts(cx: &mut Context<'_>) -> Vec<Contract> {
    let mut all = Vec::new();
    for (name, table) in cx.file.contract.iter() {
        all.extend(contract(cx, name, table));
    }
    all
}

fn contract(
    cx: &mut Context<'_>,
    key: &Placed<String>,
    table: &Placed<ContractTable>,
) -> Option<Contract> {
    let header = format!("[contract.{}]", key.as_str());
    let name = ContractName::new(key).map_err(|error| {
        cx.error(key.span(), format!("the name of a contract {error}"));
    });
    let paths = patterns(table.paths.as_ref());
    if paths.is_empty() {
        cx.missing(table.span(), &header, "paths", "[\"api/openapi.yaml\"]");
    }
    let owner = table
        .owner
        .as_ref()
        .and_then(|owner| cx.track(owner, &format!("{header} owner")));
    let consumers = cx.tracks(table.consumers.as_ref(), &format!("{header} consumers"));
    if let (Some(owner), Some(written)) = (&owner, &table.owner)
        && consumers.contains(owner)
    {
        let message = format!("`{owner}` is both the owner and a consumer of {header}");
        cx.error(written.span(), message);
    }
    let compatible = table
        .compatible
        .as_ref()
        .map(|run| comparer(cx, run, &header));
    let delivery = delivery(cx, table, &header);
    Some(Contract {
        name: name.ok()?,
        paths,
        owner,
        consumers,
        compatible,
        delivery,
    })
}

/// A built-in comparer by its name, or a command that is given both versions.
fn comparer(cx: &mut Context<'_>, run: &Placed<Run>, header: &str) -> Command {
    const BUILT_IN: [&str; 5] = ["json-schema", "openapi", "protobuf", "sql-ddl", "text"];
    let words: Vec<&str> = match &run.0 {
        Command::Shell(text) => vec![text.as_str()],
        Command::Argv(words) => words.iter().map(String::as_str).collect(),
    };
    let has = |field: &str| words.iter().any(|word| word.contains(field));
    let built_in = words.len() == 1 && BUILT_IN.contains(&words[0]);
    if !built_in && !(has("{old}") && has("{new}")) {
        let near = nearest(words[0], BUILT_IN);
        let message = format!(
            "`{header} compatible` is neither a built-in comparer nor a command with `{{old}}` and `{{new}}`"
        );
        let diagnostic = cx.error(run.span(), message);
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the built-in ones are {}", listed(&BUILT_IN)),
        });
    }
    run.0.clone()
}

fn delivery(cx: &mut Context<'_>, table: &ContractTable, header: &str) -> Vec<Delivery> {
    let mut levels: Vec<Delivery> = Vec::new();
    for written in &table.delivery {
        let Some(level) = &written.level else {
            cx.missing(
                written.span(),
                &format!("a delivery of {header}"),
                "level",
                "\"full\"",
            );
            continue;
        };
        if levels.iter().any(|earlier| earlier.level == level.0) {
            cx.error(
                level.span(),
                format!("{header} has the level `{}` twice", level.0),
            );
        }
        levels.push(Delivery {
            level: level.0.clone(),
            due: written.due.as_ref().map(|due| due.0.clone()),
        });
    }
    levels
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

/// The rules that a hook can run, beside checks.
const HOOK_RULES: [&str; 4] = ["ownership", "migrations", "contracts", "names"];

pub(super) fn hooks(
    cx: &mut Context<'_>,
    table: Option<&HooksTable>,
    header: &str,
) -> Option<Hooks> {
    let table = table?;
    let mut entries = |key: &str, list: &Option<OneOrMany<String>>| {
        let list = list.as_ref()?;
        let place = format!("{header} {key}");
        for entry in cx.once_each(Some(list), &place) {
            let near_rule = nearest(entry, HOOK_RULES);
            if HOOK_RULES.contains(&entry.as_str()) {
                continue;
            }
            match near_rule.filter(|_| cx.file.check.get(entry).is_none()) {
                Some(near) => {
                    let message = format!("unknown entry `{}` in `{place}`", entry.as_str());
                    cx.error(entry.span(), message).help = Some(format!("did you mean `{near}`?"));
                }
                None => {
                    cx.is_known(Kind::Check, entry, entry.span(), &place);
                }
            }
        }
        Some(list.iter().map(|entry| entry.to_string()).collect())
    };
    Some(Hooks {
        pre_commit: entries("pre_commit", &table.pre_commit),
        commit_msg: entries("commit_msg", &table.commit_msg),
        prepare_commit_msg: entries("prepare_commit_msg", &table.prepare_commit_msg),
        pre_merge_commit: entries("pre_merge_commit", &table.pre_merge_commit),
        pre_push: entries("pre_push", &table.pre_push),
        reference_transaction: table.reference_transaction.unwrap_or(false),
        missing_binary_refuses: table
            .missing_binary
            .map(|key| key == MissingBinaryKey::Refuse),
    })
}

pub(super) fn notify(table: Option<&NotifyTable>) -> BTreeMap<String, Command> {
    let Some(table) = table else {
        return BTreeMap::new();
    };
    [
        ("on_conflict", &table.on_conflict),
        ("on_sync", &table.on_sync),
        ("on_land", &table.on_land),
        ("on_blocker", &table.on_blocker),
        ("on_checkpoint", &table.on_checkpoint),
    ]
    .into_iter()
    .filter_map(|(event, run)| Some((event.to_owned(), run.as_ref()?.0.clone())))
    .collect()
}

pub(super) fn land(cx: &mut Context<'_>) -> Land {
    let default = Default::default();
    let table = cx.file.land.as_ref().unwrap_or(&default);
    Land {
        approve: texts(table.approve.as_ref()),
        after: commands(table.after.as_ref()),
        rollback_auto: table.rollback == Some(RollbackKey::Auto),
    }
}

pub(super) fn report_templates(cx: &mut Context<'_>) -> Option<String> {
    let templates = cx.file.report.as_ref()?.templates.as_ref()?;
    Some(cx.inner_path(templates, templates.span(), "[report] templates"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migration_name_templates() {
        for good in [
            "{date}_{track}_{slug}.sql",
            "{timestamp}_{slug}.sql",
            "{serial:4}_{slug}.sql",
            "V{date}__{slug}.sql",
        ] {
            assert_eq!(read_name_template(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a/{slug}",
            "{slug",
            "slug}",
            "{sulg}",
            "{slug:4}",
            "{serial:x}",
            "{a{b}}",
        ] {
            assert!(read_name_template(bad).is_err(), "{bad}");
        }
    }
}
