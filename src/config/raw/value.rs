//! The building blocks of the mirror: values that keep their place, tables in the order of the file, and the small
//! languages that strings speak (durations, dates, shares, commands, patterns).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use toml::Spanned;

use crate::domain::path::Pattern;
use crate::domain::project::{self, Command};
use crate::domain::time::parse_duration;

/// A value and the bytes it was written in.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(in crate::config) struct Placed<T>(Spanned<T>);

impl<T> Placed<T> {
    pub(in crate::config) fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.get_ref()
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A table whose keys are names, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct Entries<T>(Vec<(Placed<String>, Placed<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<T> Entries<T> {
    pub(in crate::config) fn iter(&self) -> impl Iterator<Item = (&Placed<String>, &Placed<T>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(in crate::config) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    pub(in crate::config) fn get(&self, name: &str) -> Option<&Placed<T>> {
        self.iter()
            .find(|(key, _)| key.as_str() == name)
            .map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<Placed<String>, Placed<T>>()? {
                    entries.push(entry);
                }
                entries.sort_by_key(|(key, _)| key.span().start);
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}

/// A list; where it has one element that is a string, that string alone will do.
#[derive(Debug)]
pub(in crate::config) struct OneOrMany<T>(Vec<Placed<T>>);

impl<T> Deref for OneOrMany<T> {
    type Target = [Placed<T>];

    fn deref(&self) -> &[Placed<T>] {
        &self.0
    }
}

enum OneOrManyAsWritten<T> {
    One(T),
    Many(Vec<Placed<T>>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrManyAsWritten<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = OneOrManyAsWritten<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(text.into_deserializer()).map(OneOrManyAsWritten::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element()? {
                    elements.push(element);
                }
                Ok(OneOrManyAsWritten::Many(elements))
            }
        }

        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<OneOrManyAsWritten<T>>::deserialize(deserializer)?;
        let span = written.span();
        Ok(OneOrMany(match written.into_inner() {
            OneOrManyAsWritten::One(one) => vec![Placed(Spanned::new(span, one))],
            OneOrManyAsWritten::Many(many) => many,
        }))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let element = generator.subschema_for::<T>();
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": element }],
        })
    }
}

/// A string that has to be of a certain form.
trait Form: Sized {
    /// Completes "must be …".
    const EXPECTED: &'static str;

    fn read(text: &str) -> Option<Self>;
}

struct FormVisitor<T>(PhantomData<T>);

impl<T: Form> Visitor<'_> for FormVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

macro_rules! form {
    ($(#[$doc:meta])* $name:ident($inner:ty), $expected:literal, $schema:tt, $read:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(in crate::config) struct $name(pub(in crate::config) $inner);

        impl Form for $name {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                let read: fn(&str) -> Option<$inner> = $read;
                read(text).map($name)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FormVisitor(PhantomData))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

form!(
    /// `90s`, `10m`, `4h`, `2d`.
    Span(Duration),
    "a duration such as `90s`, `10m`, `4h` or `2d`",
    { "type": "string", "pattern": "^[0-9]+[smhd]$" },
    |text| parse_duration(text).ok()
);

form!(
    /// Two durations, the shorter first.
    Timeline(String),
    "two durations, the shorter first, such as `5d..7d`",
    { "type": "string", "pattern": "^[0-9]+[smhd]\\.\\.[0-9]+[smhd]$" },
    |text| {
        let (from, to) = text.split_once("..")?;
        let in_order = parse_duration(from).ok()? <= parse_duration(to).ok()?;
        in_order.then(|| text.to_owned())
    }
);

form!(
    /// A loss that is still accepted: absolute or in percent.
    Regression(String),
    "a number or a percentage, as a string such as `2%`",
    { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%?$" },
    |text| {
        let number: f64 = text.strip_suffix('%').unwrap_or(text).parse().ok()?;
        (number.is_finite() && number >= 0.0).then(|| text.to_owned())
    }
);

form!(
    /// A text that says something.
    Text(String),
    "a string that is not empty",
    { "type": "string", "minLength": 1 },
    |text| (!text.trim().is_empty()).then(|| text.to_owned())
);

/// An ISO date: a TOML date, or the same as a string.
#[derive(Debug, Clone)]
pub(in crate::config) struct Date(pub(in crate::config) String);

/// `day 6` of the phase, or a date.
#[derive(Debug, Clone)]
pub(in crate::config) struct Due(pub(in crate::config) String);

fn iso_date(text: &str) -> Option<String> {
    // jiff also reads shorter forms; only the one that sorts as text is kept.
    (text.len() == 10)
        .then(|| text.parse::<jiff::civil::Date>().ok())
        .flatten()
        .map(|date| date.to_string())
}

fn phase_day(text: &str) -> Option<String> {
    let number = text.strip_prefix("day ")?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    (plain && number.parse::<u32>().is_ok()).then(|| text.to_owned())
}

struct DateVisitor {
    expected: &'static str,
    read: fn(&str) -> Option<String>,
}

impl<'de> Visitor<'de> for DateVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        let datetime = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| de::Error::invalid_type(Unexpected::Map, &self))?;
        match (datetime.date, datetime.time) {
            (Some(date), None) => Ok(date.to_string()),
            _ => Err(de::Error::invalid_value(
                Unexpected::Other("date with a time"),
                &self,
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = DateVisitor {
            expected: "a date such as 2026-11-23",
            read: iso_date,
        };
        deserializer.deserialize_any(visitor).map(Date)
    }
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = DateVisitor {
            expected: "a date such as 2026-11-23, or a day of the phase such as `day 4`",
            read: |text| phase_day(text).or_else(|| iso_date(text)),
        };
        deserializer.deserialize_any(visitor).map(Due)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

impl JsonSchema for Due {
    fn schema_name() -> Cow<'static, str> {
        "Due".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(day [1-9][0-9]*|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        })
    }
}

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
