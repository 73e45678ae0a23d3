//! The runners that are known, and what is peculiar to each.

use std::fmt;

/// A migration runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Preset {
    /// The whole file name is the version.
    #[default]
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
    /// A pattern of tracks.toml says where in the name the version is.
    Custom,
}

/// What a runner does with a version below one that has run already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It runs it, after those that were to come later.
    Runs,
    /// It stops with an error.
    Refuses,
    /// It passes over it without a word.
    Skips,
    /// It goes by what files say they follow, not by versions.
    ByLinks,
}

pub const PRESETS: [Preset; 12] = [
    Preset::Plain,
    Preset::Sqlx,
    Preset::Diesel,
    Preset::Refinery,
    Preset::Flyway,
    Preset::Rails,
    Preset::Goose,
    Preset::GolangMigrate,
    Preset::Prisma,
    Preset::Django,
    Preset::Alembic,
    Preset::Custom,
];

impl Preset {
    pub fn as_str(self) -> &'static str {
        match self {
            Preset::Plain => "plain",
            Preset::Sqlx => "sqlx",
            Preset::Diesel => "diesel",
            Preset::Refinery => "refinery",
            Preset::Flyway => "flyway",
            Preset::Rails => "rails",
            Preset::Goose => "goose",
            Preset::GolangMigrate => "golang-migrate",
            Preset::Prisma => "prisma",
            Preset::Django => "django",
            Preset::Alembic => "alembic",
            Preset::Custom => "custom",
        }
    }

    pub fn of_name(name: &str) -> Option<Preset> {
        PRESETS.into_iter().find(|preset| preset.as_str() == name)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
