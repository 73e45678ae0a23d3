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

    /// What it does with a version that comes late.
    pub fn late(self) -> Late {
        match self {
            Preset::Refinery | Preset::Flyway | Preset::Goose => Late::Refuses,
            Preset::GolangMigrate => Late::Skips,
            Preset::Django | Preset::Alembic => Late::ByLinks,
            Preset::Plain
            | Preset::Sqlx
            | Preset::Diesel
            | Preset::Rails
            | Preset::Prisma
            | Preset::Custom => Late::Runs,
        }
    }

    /// What the version in a name is: "what stands before the first `_`".
    pub fn version_is(self) -> &'static str {
        match self {
            Preset::Plain => "the whole name of the file",
            Preset::Sqlx | Preset::Goose | Preset::GolangMigrate | Preset::Rails => {
                "the number before the first `_`"
            }
            Preset::Diesel => {
                "what stands before the first `_` in the name of the directory, without `-`"
            }
            Preset::Refinery => "the number between `V` and `__`",
            Preset::Flyway => "the numbers between `V` and `__`",
            Preset::Prisma => "the whole name of the directory",
            Preset::Django => "the name of the module",
            Preset::Alembic => "the `revision` in the file",
            Preset::Custom => "what the pattern of `[migrations] version` finds",
        }
    }

    /// What becomes of two files of one version.
    pub fn twice(self) -> &'static str {
        match self {
            Preset::Plain | Preset::Custom => "one of the two may never run",
            Preset::Sqlx => "it runs the first and stops at the second",
            Preset::Diesel => "it runs one of the two and never the other",
            Preset::Refinery
            | Preset::Flyway
            | Preset::Rails
            | Preset::Goose
            | Preset::GolangMigrate => "it refuses the whole directory",
            Preset::Prisma => "they are one directory",
            Preset::Django | Preset::Alembic => "one hides the other",
        }
    }

    /// Whether it compares what has run with what is there now, and stops where that differs.
    pub fn keeps_checksums(self) -> bool {
        matches!(
            self,
            Preset::Sqlx | Preset::Refinery | Preset::Flyway | Preset::Prisma
        )
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
