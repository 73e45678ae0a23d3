//! Strings that have to be of a certain form: durations, dates, percentages.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Unexpected, Visitor};

use crate::domain::time::{is_date, parse_duration};

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
    is_date(text).then(|| text.to_owned())
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
