//! `[migrations]`.

use std::time::Duration;

use super::super::raw::{MigrationsTable, UnclaimedKey};
use super::super::read::listed;
use super::{Context, patterns};
use crate::domain::project::{Migrations, Unowned};

const DEFAULT_MAX_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

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
            .map_or(DEFAULT_MAX_AHEAD, |span| span.0),
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
