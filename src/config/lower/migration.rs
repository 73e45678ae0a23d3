//! `[migrations]`.

use std::time::Duration;

use super::super::raw::{MigrationsTable, Placed, PresetKey, UnclaimedKey};
use super::super::read::listed;
use super::{Context, patterns};
use crate::domain::migration::template::{self, Template, TemplateError};
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
        preset: table.preset.and_then(PresetKey::preset),
        version: version_pattern(cx, table),
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
        if let Err(why) = Template::new(template) {
            let fields = match why {
                TemplateError::UnknownField(_) => {
                    format!("; the fields are {}", listed(&template::FIELDS))
                }
                _ => String::new(),
            };
            let diagnostic = cx.error(
                template.span(),
                format!("`[migrations] name` {why}{fields}"),
            );
            diagnostic.label =
                Some("expected a template such as `{date}_{track}_{slug}.sql`".to_owned());
        }
    }
    templates
        .into_iter()
        .map(|template| template.to_string())
        .collect()
}

/// Preset `custom` cannot do without it, and the others do nothing with it.
fn version_pattern(cx: &mut Context<'_>, table: &Placed<MigrationsTable>) -> Option<String> {
    let is_custom = matches!(table.preset, Some(PresetKey::Custom));
    let Some(pattern) = &table.version else {
        if is_custom {
            cx.missing(table.span(), "[migrations]", "version", r"'^(\d+)_'");
        }
        return None;
    };
    if !is_custom {
        cx.error(
            pattern.span(),
            "`[migrations] version` says what a version is for `preset = \"custom\"`, and the preset is another".to_owned(),
        );
    }
    let regex = cx.regex(pattern, "[migrations] version")?;
    if regex.captures_len() != 2 {
        let diagnostic = cx.error(
            pattern.span(),
            "`[migrations] version` must have one group, which is the version".to_owned(),
        );
        diagnostic.label = Some("expected a pattern such as `^(\\d+)_`".to_owned());
    }
    Some(pattern.to_string())
}
