//! Changing tracks.toml as a person would: one line here and there, everything else as it stands.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

use crate::domain::handover::Edit;

/// Why a text could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it is no TOML: {0}")]
    Syntax(String),
    #[error("there is no table `[{0}]` to change")]
    NoTable(String),
}

/// The text with these edits.
///
/// # Errors
/// When it is no TOML, or has not what is to be changed.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let syntax = |error: toml_edit::TomlError| EditError::Syntax(error.message().to_owned());
    let mut document: DocumentMut = text.parse().map_err(syntax)?;
    for edit in edits {
        match edit {
            Edit::Add { track, pattern } => {
                let owns = owns(&mut document, track.as_str())?;
                push(owns, pattern);
            }
            Edit::Remove { track, pattern } => {
                let owns = owns(&mut document, track.as_str())?;
                take_out(owns, pattern);
            }
            Edit::Share { pattern, owner } => share(&mut document, pattern, owner.as_str())?,
        }
    }
    Ok(document.to_string())
}

fn table<'t>(
    document: &'t mut DocumentMut,
    path: [&str; 2],
) -> Result<&'t mut dyn TableLike, EditError> {
    let [top, name] = path;
    let item = document.get_mut(top).and_then(Item::as_table_like_mut);
    let item = item.and_then(|table| table.get_mut(name));
    item.and_then(Item::as_table_like_mut)
        .ok_or_else(|| EditError::NoTable(format!("{top}.{name}")))
}

/// The list of a track; one string is accepted in the file, and becomes a list here.
fn owns<'t>(document: &'t mut DocumentMut, track: &str) -> Result<&'t mut Array, EditError> {
    let table = table(document, ["track", track])?;
    let item = table.entry("owns").or_insert_with(|| value(Array::new()));
    if let Some(Value::String(one)) = item.as_value() {
        let mut list = Array::new();
        list.push(one.value().clone());
        let decor = one.decor().clone();
        let mut list = Value::Array(list);
        *list.decor_mut() = decor;
        *item = Item::Value(list);
    }
    let place = || EditError::NoTable(format!("track.{track}"));
    item.as_array_mut().ok_or_else(place)
}

/// At the end, laid out as what stands before it.
fn push(list: &mut Array, pattern: &str) {
    let mut new = Value::from(pattern);
    match list.iter().last().map(|last| last.decor().clone()) {
        None => list.push(new),
        Some(last) => {
            let prefix = last.prefix().and_then(|prefix| prefix.as_str());
            let prefix = match prefix {
                // The only one of a list on one line has no blank in front.
                None | Some("") => " ".to_owned(),
                // A comment is about what it stands before.
                Some(prefix) if prefix.contains('#') => {
                    let indent = prefix.rsplit('\n').next().unwrap_or_default();
                    format!("\n{indent}")
                }
                Some(prefix) => prefix.to_owned(),
            };
            // What stands behind the last one, before the bracket, is to stay there.
            let behind = last.suffix().and_then(|suffix| suffix.as_str());
            let behind = behind.unwrap_or_default().to_owned();
            if let Some(last) = list.len().checked_sub(1).and_then(|at| list.get_mut(at)) {
                last.decor_mut().set_suffix("");
            }
            new.decor_mut().set_prefix(prefix);
            new.decor_mut().set_suffix(behind);
            list.push_formatted(new);
        }
    }
}

fn take_out(list: &mut Array, pattern: &str) {
    let at = list.iter().position(|it| it.as_str() == Some(pattern));
    let Some(at) = at else { return };
    let gone = list.remove(at);
    if at == 0
        && let Some(first) = list.get_mut(0)
    {
        let prefix = gone.decor().prefix().and_then(|prefix| prefix.as_str());
        let prefix = prefix.unwrap_or_default().to_owned();
        first.decor_mut().set_prefix(prefix);
    }
    if list.is_empty() {
        list.set_trailing("");
        list.set_trailing_comma(false);
    }
}

fn share(document: &mut DocumentMut, pattern: &str, owner: &str) -> Result<(), EditError> {
    if let Ok(table) = table(document, ["shared", pattern]) {
        table.insert("owner", value(owner));
        return Ok(());
    }
    let shared = document.entry("shared").or_insert_with(|| {
        let mut shared = Table::new();
        shared.set_implicit(true);
        Item::Table(shared)
    });
    let mut new = Table::new();
    new.insert("owner", value(owner));
    new.insert("policy", value("owner-approves"));
    let place = || EditError::NoTable("shared".to_owned());
    let shared = shared.as_table_like_mut().ok_or_else(place)?;
    shared.insert(pattern, Item::Table(new));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::TrackId;

    fn add(track: &str, pattern: &str) -> Edit {
        Edit::Add {
            track: TrackId::new(track).unwrap(),
            pattern: pattern.to_owned(),
        }
    }

    fn remove(track: &str, pattern: &str) -> Edit {
        Edit::Remove {
            track: TrackId::new(track).unwrap(),
            pattern: pattern.to_owned(),
        }
    }

    fn share(pattern: &str, owner: &str) -> Edit {
        Edit::Share {
            pattern: pattern.to_owned(),
            owner: TrackId::new(owner).unwrap(),
        }
    }

    #[test]
    fn one_line_changes_and_the_rest_stands() {
        let cases = [
            ("[track.a]\n", add("a", "x"), "[track.a]\nowns = [\"x\"]\n"),
            (
                "[track.a] # me\nowns = \"x\" # mine\npriority = 1\n",
                add("a", "y"),
                "[track.a] # me\nowns = [\"x\", \"y\"] # mine\npriority = 1\n",
            ),
            (
                "[track.a]\nowns = ['x', 'y']\n",
                add("a", "z"),
                "[track.a]\nowns = ['x', 'y', \"z\"]\n",
            ),
            (
                "[track.a]\nowns = [\n  # the x\n  'x',\n]\n# end\n",
                add("a", "y"),
                "[track.a]\nowns = [\n  # the x\n  'x',\n  \"y\",\n]\n# end\n",
            ),
            (
                "[track.a]\nowns = ['x', 'y']\n",
                remove("a", "x"),
                "[track.a]\nowns = ['y']\n",
            ),
            (
                "[track.a]\nowns = ['x']\n",
                remove("a", "x"),
                "[track.a]\nowns = []\n",
            ),
            (
                "[track]\na = { owns = ['x'] }\n",
                add("a", "y"),
                "[track]\na = { owns = ['x', \"y\"] }\n",
            ),
            (
                "[track.a]\n",
                share("src/x", "a"),
                "[track.a]\n\n[shared.\"src/x\"]\nowner = \"a\"\npolicy = \"owner-approves\"\n",
            ),
            (
                "[shared.\"x\"] # both\nowner = \"b\"\npolicy = \"free\"\n",
                share("x", "a"),
                "[shared.\"x\"] # both\nowner = \"a\"\npolicy = \"free\"\n",
            ),
        ];
        for (text, change, expected) in cases {
            assert_eq!(edit(text, &[change]).unwrap(), expected, "{text}");
        }
        let missing = edit("[project]\n", &[add("a", "x")]).unwrap_err();
        assert_eq!(missing, EditError::NoTable("track.a".to_owned()));
        assert!(edit("[track", &[]).is_err());
    }
}
