//! Finding one's way in a parsed tracks.toml: which entry a place belongs to, and how people call it.

use std::ops::Range;

use toml::de::{DeArray, DeTable, DeValue};

/// One step from a table or list to what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// An entry of a table or an element of a list.
pub(super) struct Found<'t, 'i> {
    pub(super) path: Vec<Step>,
    /// `None` for an element of a list.
    pub(super) key: Option<Range<usize>>,
    pub(super) value: &'t DeValue<'i>,
    pub(super) span: Range<usize>,
}

/// Calls `visit` for every entry and element, outer before inner; `false` skips what is inside.
pub(super) fn walk<'t, 'i>(table: &'t DeTable<'i>, visit: &mut dyn FnMut(&Found<'t, 'i>) -> bool) {
    walk_table(table, &mut Vec::new(), visit);
}

fn walk_table<'t, 'i>(
    table: &'t DeTable<'i>,
    path: &mut Vec<Step>,
    visit: &mut dyn FnMut(&Found<'t, 'i>) -> bool,
) {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        path.push(Step::Key(key.get_ref().to_string()));
        let found = Found {
            path: path.clone(),
            key: Some(key.span()),
            value: value.get_ref(),
            span: value.span(),
        };
        walk_value(&found, path, visit);
        path.pop();
    }
}

fn walk_value<'t, 'i>(
    found: &Found<'t, 'i>,
    path: &mut Vec<Step>,
    visit: &mut dyn FnMut(&Found<'t, 'i>) -> bool,
) {
    if !visit(found) {
        return;
    }
    match found.value {
        DeValue::Table(table) => walk_table(table, path, visit),
        DeValue::Array(array) => {
            for (index, element) in array.iter().enumerate() {
                path.push(Step::Index(index));
                let found = Found {
                    path: path.clone(),
                    key: None,
                    value: element.get_ref(),
                    span: element.span(),
                };
                walk_value(&found, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The entry whose key, or the innermost whose value, is at `span`.
pub(super) fn find<'t, 'i>(
    root: &'t DeTable<'i>,
    span: &Range<usize>,
    is_key: bool,
) -> Option<Found<'t, 'i>> {
    let mut best: Option<Found<'t, 'i>> = None;
    walk(root, &mut |found| {
        let place = if is_key {
            found.key.clone()
        } else {
            Some(found.span.clone())
        };
        let Some(place) = place else { return true };
        let fits = if is_key {
            place == *span
        } else {
            place.start <= span.start && span.end <= place.end
        };
        // A list of tables and its first element stand at one place: the list is meant.
        let settled = best
            .as_ref()
            .is_some_and(|best| is_key || best.span == *span);
        if fits && !settled {
            best = Some(Found {
                path: found.path.clone(),
                key: found.key.clone(),
                value: found.value,
                span: found.span.clone(),
            });
        }
        true
    });
    best
}

/// The last key of that name before `at`.
pub(super) fn last_key_before(root: &DeTable<'_>, name: &str, at: usize) -> Option<Range<usize>> {
    let mut last: Option<Range<usize>> = None;
    walk(root, &mut |found| {
        if let (Some(Step::Key(key)), Some(span)) = (found.path.last(), &found.key)
            && key == name
            && span.start < at
            && last.as_ref().is_none_or(|last| last.start < span.start)
        {
            last = Some(span.clone());
        }
        true
    });
    last
}

/// The spans of the tables and lists that lead to `path`, without the entry itself.
pub(super) fn ancestors(root: &DeTable<'_>, path: &[Step]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    walk(root, &mut |found| {
        let above = found.path.len() < path.len() && path.starts_with(&found.path);
        if above {
            spans.push(found.span.clone());
        }
        above
    });
    spans
}

/// Takes the entry at `path` out; whether there was one.
pub(super) fn remove(root: &mut DeTable<'_>, path: &[Step]) -> bool {
    let [Step::Key(key), rest @ ..] = path else {
        return false;
    };
    if rest.is_empty() {
        return root.remove(key.as_str()).is_some();
    }
    root.get_mut(key.as_str())
        .is_some_and(|value| remove_inside(value.get_mut(), rest))
}

fn remove_inside(value: &mut DeValue<'_>, path: &[Step]) -> bool {
    match (value, path) {
        (DeValue::Table(table), _) => remove(table, path),
        (DeValue::Array(array), [Step::Index(index)]) => {
            let there = *index < array.len();
            let kept = std::mem::replace(array, DeArray::new())
                .into_iter()
                .enumerate();
            *array = kept
                .filter(|(at, _)| at != index)
                .map(|(_, element)| element)
                .collect();
            there
        }
        (DeValue::Array(array), [Step::Index(index), rest @ ..]) => array
            .get_mut(*index)
            .is_some_and(|element| remove_inside(element.get_mut(), rest)),
        _ => false,
    }
}

/// How people write where something is: the header that stands above it, and its keys below that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `[track.api]`, `[[allow]]`, or nothing at the top of the file.
    pub(super) header: String,
    /// Dotted; empty for the header itself.
    pub(super) key: String,
}

impl Place {
    pub(super) fn of(root: &DeTable<'_>, text: &str, path: &[Step]) -> Place {
        let mut header = String::new();
        let mut depth = 0;
        walk(root, &mut |found| {
            let leads = path.starts_with(&found.path);
            let written = &text[found.span.clone()];
            let is_table = matches!(found.value, DeValue::Table(_));
            if leads && is_table && written.starts_with('[') {
                written.clone_into(&mut header);
                depth = found.path.len();
            }
            leads
        });
        let keys: Vec<&str> = path[depth..]
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        Place {
            header,
            key: keys.join("."),
        }
    }

    /// `[track.api] sparse`, in backquotes.
    pub(super) fn quoted(&self) -> String {
        match (self.header.as_str(), self.key.as_str()) {
            ("", key) => format!("`{key}`"),
            (header, "") => format!("`{header}`"),
            (header, key) => format!("`{header} {key}`"),
        }
    }
}
