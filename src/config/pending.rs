//! The keys that this version reads and does nothing with: one table, from which each later issue takes its lines.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Level};
use super::tree::{self, Found, Place, Step};

/// When a key does nothing yet.
enum Which {
    /// Always.
    Any,
    /// With a value that starts like this, or a list that has one.
    Prefix(&'static str),
}

use Which::{Any, Prefix};

/// Keys from the top of the file; `*` stands for any name, and elements of a list are not counted.
const PENDING: &[(&str, Which)] = &[
    ("project.start", Any),
    ("project.calendar", Any),
    ("track.*.depends_on", Prefix("contract:")),
    ("track.*.reviewers", Any),
    ("track.*.sparse", Any),
    ("track.*.notify.on_blocker", Any),
    ("track.*.notify.on_checkpoint", Any),
    ("contract.*.delivery", Any),
    ("notify.on_blocker", Any),
    ("notify.on_checkpoint", Any),
    ("checkpoint", Any),
    ("step", Any),
    ("escalation", Any),
    ("reviewers", Any),
    ("handoff", Any),
    ("metrics.target", Any),
    ("land.approve", Any),
    ("report", Any),
];

/// One warning for each line of the table that is used: at the first place, with the number of the others.
pub(super) fn warnings(text: &str, tree: &DeTable<'_>) -> Vec<Diagnostic> {
    let mut places: BTreeMap<usize, (Diagnostic, usize)> = BTreeMap::new();
    tree::walk(tree, &mut |found| {
        let hit = PENDING
            .iter()
            .enumerate()
            .find_map(|(line, (keys, which))| Some((line, which.hit(keys, found)?)));
        let Some((line, value)) = hit else {
            return true;
        };
        places
            .entry(line)
            .and_modify(|(_, more)| *more += 1)
            .or_insert_with(|| (warning(text, tree, found, value), 0));
        false
    });
    places
        .into_values()
        .map(|(mut diagnostic, more)| {
            if more > 0 {
                let places = if more == 1 { "place" } else { "places" };
                diagnostic.message =
                    format!("{} (and in {more} more {places})", diagnostic.message);
            }
            diagnostic
        })
        .collect()
}

/// Whether a key, written like the keys of the table, does nothing yet whatever its value.
pub(super) fn is_pending(key: &str) -> bool {
    PENDING.iter().any(|(pending, which)| {
        let rest = key.strip_prefix(pending);
        let inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        matches!(which, Any) && inside
    })
}

/// What was hit: the whole key, or one value of it.
enum Hit {
    Key,
    Value {
        text: String,
        span: std::ops::Range<usize>,
    },
}

impl Which {
    fn hit(&self, keys: &str, found: &Found<'_, '_>) -> Option<Hit> {
        let is_list_element = matches!(found.path.last(), Some(Step::Index(_)));
        if !path_matches(keys, &found.path) {
            return None;
        }
        let concerns = |text: &str| match self {
            Any => true,
            Prefix(prefix) => text.starts_with(prefix),
        };
        match (self, found.value) {
            (Any, _) if !is_list_element => Some(Hit::Key),
            (Prefix(_), DeValue::String(text)) if concerns(text) => Some(Hit::Value {
                text: text.to_string(),
                span: found.span.clone(),
            }),
            _ => None,
        }
    }
}

fn path_matches(keys: &str, path: &[Step]) -> bool {
    let path = match path {
        // What a profile overrides does no more than where it stands without one.
        [Step::Key(top), Step::Key(_), Step::Key(table), ..]
            if top == "profile" && ["check", "integration"].contains(&table.as_str()) =>
        {
            &path[2..]
        }
        all => all,
    };
    let mut steps = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let all = keys
        .split('.')
        .all(|key| steps.next().is_some_and(|step| key == "*" || key == step));
    all && steps.next().is_none()
}

fn warning(text: &str, tree: &DeTable<'_>, found: &Found<'_, '_>, hit: Hit) -> Diagnostic {
    let place = Place::of(tree, text, &found.path);
    let (message, span) = match hit {
        Hit::Key => {
            let span = found.key.clone().unwrap_or_else(|| found.span.clone());
            (
                format!("{} does nothing yet", key_of(found, text, &place)),
                span,
            )
        }
        Hit::Value { text, span } => (
            format!("`{text}` for {} does nothing yet", place.quoted()),
            span,
        ),
    };
    Diagnostic {
        level: Level::Warning,
        message,
        span,
        label: None,
        also: None,
        help: None,
    }
}

/// `[[allow]]` where a list has headers of its own: the place of a list is that of its first element then.
fn key_of(found: &Found<'_, '_>, text: &str, place: &Place) -> String {
    let written = &text[found.span.clone()];
    if written.starts_with("[[") && matches!(found.value, DeValue::Array(_)) {
        format!("`{written}`")
    } else {
        place.quoted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<(String, String)> {
        let (tree, errors) = DeTable::parse_recoverable(text);
        assert!(errors.is_empty(), "{errors:?}");
        warnings(text, tree.get_ref())
            .into_iter()
            .map(|warning| (warning.message, text[warning.span].to_owned()))
            .collect()
    }

    #[test]
    fn each_line_warns_once() {
        let cases: [(&str, &[(&str, &str)]); 8] = [
            ("[track.a]\nowns = ['x']\n[run]\njobs = 2\n", &[]),
            (
                "[track.a]\nsparse = true\n[track.b]\nsparse = false\n[track.c]\nsparse = false\n",
                &[(
                    "`[track.a] sparse` does nothing yet (and in 2 more places)",
                    "sparse",
                )],
            ),
            ("[shared.x]\npolicy = 'free'\n", &[]),
            (
                "[[checkpoint]]\nname = 'a'\n[[checkpoint]]\nname = 'b'\n",
                &[("`[[checkpoint]]` does nothing yet", "checkpoint")],
            ),
            ("[[integration.resolve]]\npaths = 'x'\n", &[]),
            (
                "[land]\napprove = 'lead'\nafter = './smoke.sh'\n[check.v]\nwhen = 'land'\n",
                &[("`[land] approve` does nothing yet", "approve")],
            ),
            (
                "[track.a]\ndepends_on = ['b', 'contract:x']\n",
                &[(
                    "`contract:x` for `[track.a] depends_on` does nothing yet",
                    "'contract:x'",
                )],
            ),
            (
                "[profile.p]\njobs = 1\n[profile.p.check.u]\nweight = 2\nwhen = 'land'\n",
                &[],
            ),
        ];
        for (text, expected) in cases {
            let found = messages(text);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(a, b)| (a.as_str(), b.as_str()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
