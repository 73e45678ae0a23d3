//! The JSON Schema of tracks.toml, generated from the types that parse it.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::File;

/// The schema as pretty-printed JSON.
pub fn schema() -> String {
    // Printing a value that is built from strings and numbers cannot fail, and `{:#}` does not pretend that it can.
    format!("{:#}", value())
}

/// The schema as data.
pub(super) fn value() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut value = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut value);
    value
}

/// What is optional in Rust may be `null` in JSON; TOML has no such thing.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(without_null),
        Value::Object(object) => {
            object.values_mut().for_each(without_null);
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            let is_null =
                |value: &Value| *value == "null" || value["type"] == "null" || value.is_null();
            for key in ["type", "enum", "anyOf"] {
                let Some(Value::Array(choices)) = object.get_mut(key) else {
                    continue;
                };
                choices.retain(|choice| !is_null(choice));
                let only = (choices.len() == 1 && key != "enum").then(|| choices.remove(0));
                match only {
                    Some(Value::Object(inner)) => {
                        object.remove(key);
                        object.extend(inner);
                    }
                    Some(inner) => {
                        object.insert(key.to_owned(), inner);
                    }
                    None => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(value: &Value, visit: &mut dyn FnMut(&Value)) {
        match value {
            Value::Object(object) => {
                if object.contains_key("properties") {
                    visit(value);
                }
                object.values().for_each(|inner| tables(inner, visit));
            }
            Value::Array(elements) => elements.iter().for_each(|inner| tables(inner, visit)),
            _ => {}
        }
    }

    #[test]
    fn every_table_is_closed_and_every_key_is_described() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut keys = 0;
        tables(&schema, &mut |table| {
            assert_eq!(table["additionalProperties"], false, "{table:#}");
            for (key, property) in table["properties"].as_object().unwrap() {
                keys += 1;
                let description = property["description"].as_str().unwrap_or_default();
                assert!(description.ends_with('.'), "{key}: {description:?}");
            }
        });
        assert!(keys > 150, "only {keys} keys");
    }

    #[test]
    fn nothing_may_be_null() {
        let schema = schema();
        assert!(!schema.contains("null"), "{schema}");
    }
}
