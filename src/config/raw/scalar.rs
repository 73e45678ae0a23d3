//! Values that may be written in more than one type: shares, targets, commands; and path patterns.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, SeqAccess, Unexpected, Visitor};

use crate::domain::path::Pattern;
use crate::domain::project::{self, Command};
use crate::domain::time::parse_duration;

/// A share of a whole or a count.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Share(pub(in crate::config) project::Share);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShareVisitor;

        impl Visitor<'_> for ShareVisitor {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share above 0 and up to 1.0, such as `0.75`, or a count of at least 1, such as `3`")
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Share, E> {
                u32::try_from(count)
                    .ok()
                    .filter(|count| *count > 0)
                    .map(|count| Share(project::Share::Count(count)))
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(count), &self))
            }

            fn visit_f64<E: de::Error>(self, share: f64) -> Result<Share, E> {
                if share > 0.0 && share <= 1.0 {
                    Ok(Share(project::Share::Fraction(share)))
                } else {
                    Err(E::invalid_value(Unexpected::Float(share), &self))
                }
            }
        }

        deserializer.deserialize_any(ShareVisitor)
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
                { "type": "integer", "minimum": 1 },
            ],
        })
    }
}

/// A number, or a duration as a string: what a metric is held against.
#[derive(Debug, Clone)]
pub(in crate::config) struct Target(pub(in crate::config) String);

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TargetVisitor;

        impl Visitor<'_> for TargetVisitor {
            type Value = Target;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number such as `0.95`, or a duration such as `24h`")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Target, E> {
                Ok(Target(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Target, E> {
                Ok(Target(number.to_string()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Target, E> {
                match parse_duration(text) {
                    Ok(_) => Ok(Target(text.to_owned())),
                    Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(TargetVisitor)
    }
}

impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "number" }, { "type": "string", "pattern": "^[0-9]+[smhd]$" }],
        })
    }
}

/// A string for `sh -c`, or a program and its arguments.
#[derive(Debug, Clone)]
pub(in crate::config) struct Run(pub(in crate::config) Command);

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RunVisitor;

        impl<'de> Visitor<'de> for RunVisitor {
            type Value = Run;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a command: a string for the shell, or a list of a program and its arguments",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Run, E> {
                if text.trim().is_empty() || text.contains('\0') {
                    return Err(E::invalid_value(Unexpected::Str(text), &self));
                }
                Ok(Run(Command::Shell(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Run, A::Error> {
                let words = Vec::<String>::deserialize(SeqAccessDeserializer::new(seq))?;
                let program = words.first().is_some_and(|word| !word.trim().is_empty());
                if !program || words.iter().any(|word| word.contains('\0')) {
                    return Err(de::Error::invalid_value(
                        Unexpected::Other("list without a program"),
                        &self,
                    ));
                }
                Ok(Run(Command::Argv(words)))
            }
        }

        deserializer.deserialize_any(RunVisitor)
    }
}

impl JsonSchema for Run {
    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        })
    }
}

/// A path pattern.
#[derive(Debug, Clone)]
pub(in crate::config) struct Glob(pub(in crate::config) Pattern);

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Pattern::new(&text).map(Glob).map_err(de::Error::custom)
    }
}

impl JsonSchema for Glob {
    fn schema_name() -> Cow<'static, str> {
        "PathPattern".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}
