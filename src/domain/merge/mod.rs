//! What a three-way merge answers: a verdict, conflicts with their types, and where they are.

mod delta;
mod hot;
mod kind;
mod known;
mod plan;
mod region;
mod turn;

pub use delta::{Change, Changes, Delta, Entry, Mode, Step, directories_of};
pub use hot::{Advice, HotFile, hot_files};
pub use kind::ConflictType;
pub use known::{Known, KnownResult, KnownVerdict, MergedText, VerdictKey};
pub use plan::{Meeting, Plan, Reason, Which, plan};
pub use region::{Edit, Region, Taken, ThreeWay, three_way};
pub use turn::{Edge, LastVerdicts, Settled, Turn, edges, turns};

use super::name::Side;
use super::path::RepoPath;
use super::revision::CommitId;

/// Whether two sides merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    /// At least one conflict.
    Conflict(Vec<Conflict>),
    /// It could not be found out; the reason is one sentence. Never to be read as clean.
    Unavailable(String),
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        matches!(self, Verdict::Clean)
    }

    pub fn conflicts(&self) -> &[Conflict] {
        match self {
            Verdict::Conflict(conflicts) => conflicts,
            Verdict::Clean | Verdict::Unavailable(_) => &[],
        }
    }
}

/// One path that git would not merge by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub path: RepoPath,
    /// Never empty; the first is the one to show where there is room for one.
    pub types: Vec<ConflictType>,
    /// Empty where the conflict is not about lines.
    pub regions: Vec<Region>,
}

/// What a pair was compared on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Each track merged into base first, then commit against commit.
    BasePlusTrack,
    /// Tip against tip, because one of them does not merge into base.
    Tips,
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub a: Side,
    pub b: Side,
    pub basis: Basis,
    pub verdict: Verdict,
    /// What was merged: the commits whose files the regions number. `None` where nothing could be.
    pub merged: Option<(CommitId, CommitId)>,
}
