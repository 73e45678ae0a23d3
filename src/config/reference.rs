//! The reference of tracks.toml for people, generated from the types that parse it.

use serde_json::{Map, Value};

use super::pending::is_pending;
use super::schema;

/// Stands where a key, or a whole table, is read and nothing more.
const NOT_YET: &str = "*Does nothing yet.*";

/// Every key with its type, default and meaning, as Markdown; the same text for the same types.
pub fn reference() -> String {
    let root = schema::value();
    let mut pages = Pages {
        definitions: root["$defs"].clone(),
        text: String::new(),
    };
    for (key, property) in entries(&root) {
        pages.top_level(key, property);
    }
    pages.text
}

struct Pages {
    definitions: Value,
    text: String,
}

/// A table that has its own section: its header, and its keys.
struct Section {
    header: String,
    /// As `pending` writes it, `track.*`.
    path: String,
    table: Value,
}

impl Pages {
    fn top_level(&mut self, key: &str, property: &Value) {
        let about = property["description"].as_str().unwrap_or_default();
        let (header, table) = self.header_of(key, property);
        self.section(&header, about);
        let path = if header.contains('.') {
            format!("{key}.*")
        } else {
            key.to_owned()
        };
        if is_pending(&path) {
            self.line(NOT_YET);
            self.line("");
        }
        let mut sections = self.table(&Section {
            header,
            path,
            table,
        });
        while !sections.is_empty() {
            let section = sections.remove(0);
            self.section(&section.header, "");
            sections.extend(self.table(&section));
        }
    }

    fn section(&mut self, header: &str, about: &str) {
        let level = if about.is_empty() { "###" } else { "##" };
        self.line(&format!("{level} `{header}`"));
        self.line("");
        if !about.is_empty() {
            self.line(about);
            self.line("");
        }
    }

    /// Writes the keys of a table, and returns the tables that are too large for a line.
    fn table(&mut self, section: &Section) -> Vec<Section> {
        let mut inner = Vec::new();
        let keys: Vec<(&str, &Value)> = entries(&section.table).collect();
        if keys.is_empty() {
            return inner;
        }
        self.line("| key | type | default | meaning |");
        self.line("|---|---|---|---|");
        for (key, property) in keys {
            let meaning = property["description"].as_str().unwrap_or_default();
            let default = property.get("default").map_or_else(String::new, toml_text);
            let kind = self.kind(property);
            let meaning = meaning.replace('\n', " ").replace('|', "\\|");
            let path = format!("{}.{key}", section.path);
            let news = is_pending(&path) && !is_pending(&section.path);
            let note = if news {
                format!(" {NOT_YET}")
            } else {
                String::new()
            };
            self.line(&format!(
                "| `{key}` | {kind} | {default} | {meaning}{note} |"
            ));
            inner.extend(self.inner_section(&section.header, path, property));
        }
        self.line("");
        inner
    }

    fn inner_section(&self, header: &str, path: String, property: &Value) -> Option<Section> {
        let key = path.rsplit('.').next().unwrap_or_default();
        // These are written like tables that stand in the reference already.
        let overrides = ["profile.*.", "track.*.hooks", "track.*.notify"];
        if overrides.iter().any(|start| path.starts_with(start)) {
            return None;
        }
        let table = self.table_in(property)?;
        let name = header.trim_matches(['[', ']']);
        let header = if property["type"] == "array" {
            format!("[[{name}.{key}]]")
        } else {
            format!("[{name}.{key}]")
        };
        Some(Section {
            header,
            path,
            table,
        })
    }

    fn header_of(&self, key: &str, property: &Value) -> (String, Value) {
        let table = self.table_in(property).unwrap_or(Value::Null);
        let named = property
            .get("additionalProperties")
            .is_some_and(Value::is_object);
        let header = match key {
            "track" => "[track.ID]".to_owned(),
            "shared" => "[shared.\"PATTERN\"]".to_owned(),
            _ if property["type"] == "array" => format!("[[{key}]]"),
            _ if named && !table.is_null() => format!("[{key}.NAME]"),
            _ => format!("[{key}]"),
        };
        (header, table)
    }

    /// The table that a key is, or has as elements or under names.
    fn table_in(&self, property: &Value) -> Option<Value> {
        let resolved = self.resolve(property);
        if resolved.get("properties").is_some() {
            return Some(resolved.clone());
        }
        [&resolved["items"], &resolved["additionalProperties"]]
            .into_iter()
            .find_map(|inner| self.table_in_element(inner))
    }

    fn table_in_element(&self, inner: &Value) -> Option<Value> {
        let inner = self.resolve(inner);
        inner.get("properties").is_some().then(|| inner.clone())
    }

    fn resolve<'v>(&'v self, property: &'v Value) -> &'v Value {
        let name = property["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        name.map_or(property, |name| &self.definitions[name])
    }

    /// What may stand there, in words.
    fn kind(&self, property: &Value) -> String {
        let property = self.resolve(property);
        if let Some(values) = property["enum"].as_array() {
            let values: Vec<String> = values.iter().map(toml_text).collect();
            return values.join(", ");
        }
        if let Some(choices) = property["anyOf"].as_array() {
            let kinds: Vec<String> = choices.iter().map(|choice| self.kind(choice)).collect();
            let list_of_the_same = choices.iter().any(|choice| choice["items"] == choices[0]);
            if list_of_the_same && kinds[0] != "string" {
                return format!("{}, or a list of these", kinds[0]);
            }
            return kinds.join(" or ");
        }
        let is_duration = property["pattern"] == "^[0-9]+[smhd]$";
        match property["type"].as_str().unwrap_or_default() {
            "string" if is_duration => "duration".to_owned(),
            "string" if property["format"] == "date" => "date".to_owned(),
            "integer" => "whole number".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "array" => format!("list of {}", plural(&self.kind(&property["items"]))),
            "object" => "table".to_owned(),
            other => other.to_owned(),
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn entries(table: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties: Option<&Map<String, Value>> = table["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .map(|(key, property)| (key.as_str(), property))
}

fn plural(kind: &str) -> String {
    match kind {
        "string" | "table" | "date" | "duration" => format!("{kind}s"),
        other => format!("({other})"),
    }
}

/// A default as one would write it; JSON's scalars and lists of scalars are TOML's.
fn toml_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(object) if object.is_empty() => String::new(),
        Value::Array(elements) if elements.is_empty() => String::new(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(Value::to_string).collect();
            format!("`[{}]`", elements.join(", "))
        }
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_its_keys() {
        let reference = reference();
        for expected in [
            "## `[project]`",
            "## `[track.ID]`",
            "## `[check.NAME]`",
            "### `[[check.NAME.metric]]`",
            "### `[[integration.resolve]]`",
            "## `[[allow]]`",
            "## `[shared.\"PATTERN\"]`",
            "## `[names]`",
            "| `timeout` | duration | `\"30m\"` | How long one attempt may take. |",
            "| `flaky` | `\"pass\"`, `\"fail\"` | `\"pass\"` |",
            "| `owns` | string or list of strings |  |",
            "instead of those of `[layout]`; an empty list brings none. |",
            "and the files at the root. *Does nothing yet.* |",
            "Exceptions from rules: `[[allow]]`.\n\n|",
            "### `[[contract.NAME.delivery]]`",
        ] {
            assert!(reference.contains(expected), "{expected}\n{reference}");
        }
    }
}
