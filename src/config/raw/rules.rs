//! The tables behind the rules, hooks and landing as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Date, Due, Span, Text};
use super::scalar::{Glob, Run};
use super::value::{OneOrMany, Placed};
use crate::domain::migration::Preset;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct OwnershipTable {
    /// What happens with a change to a path that nobody owns: `allow`, `warn`, `deny`, or `claim` it for the track. Silent
    /// while no track declares `owns`.
    #[schemars(extend("default" = "warn"))]
    pub(in crate::config) unowned: Option<UnownedKey>,
    /// Path patterns that no track may change.
    pub(in crate::config) frozen: Option<OneOrMany<Glob>>,
    /// The CODEOWNERS file that `tracks own --codeowners` writes and OWN08 checks, such as `.github/CODEOWNERS`. Whom it names is
    /// the `contact`, else the `agent`, of a track, where that is `@name`, `@org/team` or an e-mail address. Default: none.
    pub(in crate::config) codeowners: Option<Placed<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum UnownedKey {
    Allow,
    Warn,
    Deny,
    Claim,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct SharedTable {
    /// The track that answers for these paths.
    pub(in crate::config) owner: Option<Placed<String>>,
    /// The tracks that build on them.
    pub(in crate::config) consumers: Option<OneOrMany<String>>,
    /// Who may change them: anybody (`free`), one track at a time (`serialize`), anybody by adding lines (`append-only`), nobody
    /// because they are generated (`regenerate`), only the integration (`integration-only`), or the owner, and others with
    /// its approval (`owner-approves`): the trailer `Tracks-Approve: TRACK PATH` on a commit of the owner's branch.
    #[schemars(extend("default" = "free"))]
    pub(in crate::config) policy: Option<Placed<PolicyKey>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum PolicyKey {
    Free,
    Serialize,
    AppendOnly,
    Regenerate,
    IntegrationOnly,
    OwnerApproves,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct AllowTable {
    /// The code of the rule, such as `OWN01`; required.
    pub(in crate::config) code: Option<Placed<String>>,
    /// The track that is excepted. Default: every track.
    pub(in crate::config) track: Option<Placed<String>>,
    /// Where the exception holds. Default: everywhere.
    pub(in crate::config) paths: Option<OneOrMany<Glob>>,
    /// Why; required.
    pub(in crate::config) reason: Option<Text>,
    /// The last day on which it holds, such as `2026-12-01`. Default: for ever.
    pub(in crate::config) until: Option<Date>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct MigrationsTable {
    /// Path patterns of the migration files; required.
    pub(in crate::config) paths: Option<OneOrMany<Glob>>,
    /// Templates of their names, any of which will do, such as `{date}_{track}_{slug}.sql`; the fields are `{date}`,
    /// `{time}`, `{timestamp}`, `{serial:4}`, `{track}` (the track's code) and `{slug}`. Default: any name.
    pub(in crate::config) name: Option<OneOrMany<String>>,
    /// The migration tool, which decides what a version is; `auto` looks at the project.
    #[schemars(extend("default" = "auto"))]
    pub(in crate::config) preset: Option<PresetKey>,
    /// With `preset = "custom"`: a regular expression for the names of files, whose one group is the version.
    pub(in crate::config) version: Option<Placed<String>>,
    /// The SQL dialect. Default: the preset's, else what the project uses.
    pub(in crate::config) dialect: Option<DialectKey>,
    /// How far ahead of today a date in a name may be.
    #[schemars(extend("default" = "1d"))]
    pub(in crate::config) max_ahead: Option<Span>,
    /// Whether `sync` may renumber a migration that comes too late, where the preset allows it.
    #[schemars(extend("default" = false))]
    pub(in crate::config) renumber: Option<bool>,
    /// What happens with a new table that no track claims: `warn`, `deny`, or `claim` it for the track.
    #[schemars(extend("default" = "warn"))]
    pub(in crate::config) unclaimed: Option<UnclaimedKey>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum PresetKey {
    Auto,
    Plain,
    Sqlx,
    Diesel,
    Refinery,
    Flyway,
    Rails,
    Goose,
    GolangMigrate,
    Prisma,
    Django,
    Alembic,
    Custom,
}

impl PresetKey {
    /// `None`: whatever the project shows.
    pub(in crate::config) fn preset(self) -> Option<Preset> {
        Some(match self {
            PresetKey::Auto => return None,
            PresetKey::Plain => Preset::Plain,
            PresetKey::Sqlx => Preset::Sqlx,
            PresetKey::Diesel => Preset::Diesel,
            PresetKey::Refinery => Preset::Refinery,
            PresetKey::Flyway => Preset::Flyway,
            PresetKey::Rails => Preset::Rails,
            PresetKey::Goose => Preset::Goose,
            PresetKey::GolangMigrate => Preset::GolangMigrate,
            PresetKey::Prisma => Preset::Prisma,
            PresetKey::Django => Preset::Django,
            PresetKey::Alembic => Preset::Alembic,
            PresetKey::Custom => Preset::Custom,
        })
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum DialectKey {
    Postgres,
    Mysql,
    Sqlite,
}

impl DialectKey {
    pub(in crate::config) fn as_str(self) -> &'static str {
        match self {
            DialectKey::Postgres => "postgres",
            DialectKey::Mysql => "mysql",
            DialectKey::Sqlite => "sqlite",
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum UnclaimedKey {
    Warn,
    Deny,
    Claim,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ContractTable {
    /// Path patterns of the files that are the contract; required.
    pub(in crate::config) paths: Option<OneOrMany<Glob>>,
    /// The track that provides it, and alone changes it (CON03). Default: any may.
    pub(in crate::config) owner: Option<Placed<String>>,
    /// The tracks that build against it; they are told of changes until they have taken them in (CON04).
    pub(in crate::config) consumers: Option<OneOrMany<String>>,
    /// How to tell whether a change breaks it: `json-schema`, `openapi`, `protobuf`, `sql-ddl`, `text`, or a command with
    /// `{old}` and `{new}`, which ends with 0 where the new version is compatible and with 1 where it breaks; anything else is no
    /// answer. Default: not judged.
    pub(in crate::config) compatible: Option<Placed<Run>>,
    /// In which levels it is delivered, from least to most, such as `{ level = "mock", due = "day 1" }`.
    pub(in crate::config) delivery: Vec<Placed<DeliveryTable>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct DeliveryTable {
    /// What the level is called, such as `mock` or `full`; required.
    pub(in crate::config) level: Option<Placed<Text>>,
    /// When it is due: `day 4` of the phase, or a date.
    pub(in crate::config) due: Option<Due>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct CommitTable {
    /// What the subject of a commit looks like: `conventional` (`feat(api): add users`), or a regular expression that is looked
    /// for in it. Default: anything.
    pub(in crate::config) pattern: Option<Placed<String>>,
    /// Whether every commit says whose it is, as `Track: ID`.
    #[schemars(extend("default" = false))]
    pub(in crate::config) trailer: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum SeverityKey {
    Error,
    Warning,
    Info,
    Off,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct HooksTable {
    /// Before a commit: what judges the staged paths.
    #[schemars(extend("default" = ["ownership", "migrations", "names"]))]
    pub(in crate::config) pre_commit: Option<OneOrMany<String>>,
    /// On a commit message: what judges it.
    #[schemars(extend("default" = ["names"]))]
    pub(in crate::config) commit_msg: Option<OneOrMany<String>>,
    /// While a commit message is prepared: `names` adds the trailer.
    #[schemars(extend("default" = ["names"]))]
    pub(in crate::config) prepare_commit_msg: Option<OneOrMany<String>>,
    /// Before a merge commit: what judges its own changes.
    #[schemars(extend("default" = ["ownership", "migrations", "names"]))]
    pub(in crate::config) pre_merge_commit: Option<OneOrMany<String>>,
    /// Before a push: what judges the whole range.
    #[schemars(extend("default" = ["ownership", "migrations", "contracts", "names"]))]
    pub(in crate::config) pre_push: Option<OneOrMany<String>>,
    /// Whether a backstop watches every move of the branches of tracks and integration.
    #[schemars(extend("default" = false))]
    pub(in crate::config) reference_transaction: Option<bool>,
    /// What pre-commit and pre-push do in a track's worktree when the program is missing: `refuse` or `warn`.
    #[schemars(extend("default" = "refuse"))]
    pub(in crate::config) missing_binary: Option<MissingBinaryKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum MissingBinaryKey {
    Refuse,
    Warn,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct NotifyTable {
    /// Runs in the main worktree when a pair turns from clean to conflict, or back, with the facts as JSON on stdin; seen by
    /// `tracks conflicts`, also between two runs.
    pub(in crate::config) on_conflict: Option<Run>,
    /// Runs in the main worktree when a round changes something, with the facts as JSON on stdin: integration has moved
    /// (`[notify]` only), a track was merged and is ejected now, or the other way round, its reason is another, or base has
    /// turned red or is no longer. A round that finds what the last one found tells nothing.
    pub(in crate::config) on_sync: Option<Run>,
    /// Runs in the main worktree after a landing, with the facts as JSON on stdin; for the tracks that have landed.
    pub(in crate::config) on_land: Option<Run>,
    /// Runs when a track is blocked.
    pub(in crate::config) on_blocker: Option<Run>,
    /// Runs when a checkpoint is near, met or missed.
    pub(in crate::config) on_checkpoint: Option<Run>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct LandTable {
    /// Who must approve a landing. Default: nobody.
    pub(in crate::config) approve: Option<OneOrMany<Text>>,
    /// Commands that run after a landing, on what landed.
    pub(in crate::config) after: Option<OneOrMany<Run>>,
    /// What a failing `after` does: `offer` to revert the landing, or revert it by itself (`auto`).
    #[schemars(extend("default" = "offer"))]
    pub(in crate::config) rollback: Option<RollbackKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RollbackKey {
    Offer,
    Auto,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ReportTable {
    /// The directory of your own report templates. Default: the built-in ones.
    pub(in crate::config) templates: Option<Placed<String>>,
}
