//! `[track.ID]` as it is written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::form::{Due, Text, Timeline};
use super::rules::{HooksTable, NotifyTable};
use super::scalar::{Glob, Run};
use super::value::{OneOrMany, Placed};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct TrackTable {
    /// What the track is about, in a few words.
    pub(in crate::config) title: Option<Text>,
    /// Who works here, a person or a program; `{agent}` in templates.
    pub(in crate::config) agent: Option<Placed<Text>>,
    /// How to reach them; `@name`, `@org/team` or an e-mail address also stands in CODEOWNERS.
    pub(in crate::config) contact: Option<Text>,
    /// The branch, where the template of `[layout]` does not fit: adopts a branch that exists. The template's fields may
    /// be used.
    pub(in crate::config) branch: Option<Placed<String>>,
    /// The worktree's directory, where the template of `[layout]` does not fit: below `[layout] worktrees` (it may not
    /// leave it), or absolute to adopt a worktree that exists elsewhere.
    pub(in crate::config) worktree: Option<Placed<String>>,
    /// How the track signs its migrations, such as `trackA`. Default: the track's id.
    pub(in crate::config) code: Option<Placed<String>>,
    /// Tracks with a higher priority go first; it decides among tracks that do not wait for each other.
    #[schemars(extend("default" = 0))]
    pub(in crate::config) priority: Option<i64>,
    /// What must go first: tracks by id, or contracts as `contract:NAME` or `contract:NAME>=LEVEL`.
    pub(in crate::config) depends_on: Option<OneOrMany<String>>,
    /// Path patterns of what this track may change and others may not.
    pub(in crate::config) owns: Option<OneOrMany<Glob>>,
    /// Database tables that only this track's migrations may write: names, `schema.*`, or globs.
    pub(in crate::config) tables: Option<OneOrMany<Text>>,
    /// Other database objects of this track, with their kind, such as `view:analytics_*`.
    pub(in crate::config) objects: Option<OneOrMany<String>>,
    /// What the track is answerable for, in sentences.
    pub(in crate::config) responsibilities: Option<OneOrMany<Text>>,
    /// Points on the way, in sentences.
    pub(in crate::config) milestones: Option<OneOrMany<Text>>,
    /// When the track should be done: `day 4` of the phase, or a date.
    pub(in crate::config) due: Option<Due>,
    /// How long it is expected to take, from shortest to longest, such as `5d..7d`.
    pub(in crate::config) timeline: Option<Timeline>,
    /// Files that must be there when the track is done: paths, or `{ path = "…", sections = ["…"] }`.
    pub(in crate::config) deliverables: Option<OneOrMany<DeliverableKey>>,
    /// Who reviews this track.
    pub(in crate::config) reviewers: Option<OneOrMany<Text>>,
    /// Commands that make this track's tree ready, instead of those of `[layout]`; an empty list runs none.
    pub(in crate::config) setup: Option<OneOrMany<Run>>,
    /// Ignored files to bring along into this track's worktree, instead of those of `[layout]`; an empty list brings none.
    pub(in crate::config) copy: Option<OneOrMany<Glob>>,
    /// Whether the worktree has only owned paths, shared paths and the files at the root.
    #[schemars(extend("default" = false))]
    pub(in crate::config) sparse: Option<bool>,
    /// What git hooks run in this track, instead of what `[hooks]` says.
    pub(in crate::config) hooks: Option<HooksTable>,
    /// Who is told what happened to this track, beside `[notify]`.
    pub(in crate::config) notify: Option<NotifyTable>,
}

/// A path, or a path with what must be in it.
#[derive(Debug)]
pub(in crate::config) struct DeliverableKey {
    pub(in crate::config) path: Option<String>,
    pub(in crate::config) sections: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct DeliverableTable {
    /// The file, from the root of the repository; required.
    path: Option<String>,
    /// Headings that the file must have.
    sections: Vec<String>,
}

impl<'de> Deserialize<'de> for DeliverableKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DeliverableVisitor;

        impl<'de> Visitor<'de> for DeliverableVisitor {
            type Value = DeliverableKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or a table with `path` and `sections`")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Self::Value, E> {
                Ok(DeliverableKey {
                    path: Some(path.to_owned()),
                    sections: Vec::new(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let table = DeliverableTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(DeliverableKey {
                    path: table.path,
                    sections: table.sections,
                })
            }
        }

        deserializer.deserialize_any(DeliverableVisitor)
    }
}

impl JsonSchema for DeliverableKey {
    fn schema_name() -> Cow<'static, str> {
        "Deliverable".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<DeliverableTable>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}
