//! What tracks.toml says of one track.

use std::collections::BTreeMap;

use super::Command;
use crate::domain::hook::Hooks;
use crate::domain::name::{BranchName, ContractName, TrackId};
use crate::domain::path::Pattern;

#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    pub id: TrackId,
    pub title: Option<String>,
    pub agent: Option<String>,
    pub contact: Option<String>,
    /// What the template or the override gives.
    pub branch: BranchName,
    /// What the template or the override gives: relative to `[layout] worktrees`, or (an override only) absolute.
    pub worktree: String,
    /// How it signs migrations; the id unless given.
    pub code: String,
    pub priority: i64,
    pub depends_on: Vec<Dependency>,
    pub owns: Vec<Pattern>,
    pub tables: Vec<String>,
    pub objects: Vec<String>,
    pub responsibilities: Vec<String>,
    pub milestones: Vec<String>,
    pub due: Option<String>,
    pub timeline: Option<String>,
    pub deliverables: Vec<Deliverable>,
    pub reviewers: Vec<String>,
    /// Overrides `[layout] setup`.
    pub setup: Option<Vec<Command>>,
    /// Overrides `[layout] copy`.
    pub copy: Option<Vec<Pattern>>,
    pub sparse: bool,
    pub hooks: Option<Hooks>,
    pub notify: BTreeMap<String, Command>,
}

impl Track {
    /// A track of which nothing else is said.
    pub fn bare(id: TrackId, branch: BranchName, worktree: String) -> Self {
        Track {
            title: None,
            agent: None,
            contact: None,
            branch,
            worktree,
            code: id.to_string(),
            priority: 0,
            depends_on: Vec::new(),
            owns: Vec::new(),
            tables: Vec::new(),
            objects: Vec::new(),
            responsibilities: Vec::new(),
            milestones: Vec::new(),
            due: None,
            timeline: None,
            deliverables: Vec::new(),
            reviewers: Vec::new(),
            setup: None,
            copy: None,
            sparse: false,
            hooks: None,
            notify: BTreeMap::new(),
            id,
        }
    }

    /// The tracks that this one waits for (contract dependencies say who once contracts have levels).
    pub fn tracks_needed(&self) -> impl Iterator<Item = &TrackId> {
        self.depends_on
            .iter()
            .filter_map(|dependency| match dependency {
                Dependency::Track(id) => Some(id),
                Dependency::Contract { .. } => None,
            })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependency {
    Track(TrackId),
    /// `contract:NAME` or `contract:NAME>=LEVEL`.
    Contract {
        name: ContractName,
        level: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliverable {
    pub path: String,
    pub sections: Vec<String>,
}
