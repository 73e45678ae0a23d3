//! Who owns a path: the patterns of all tracks, of `[shared]`, of frozen paths and of contracts, asked all at once.
//!
//! `frozen` beats `shared` beats `owns`; among the `owns` of different tracks there is no precedence.

use super::name::{ContractName, TrackId};
use super::path::{Pattern, RepoPath};
use super::project::{Project, SharedPolicy};

/// The patterns of a project, ready to be asked for many paths.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    frozen: Vec<Pattern>,
    shared: Vec<(Pattern, Option<TrackId>, SharedPolicy)>,
    contracts: Vec<(Pattern, ContractName, Option<TrackId>)>,
    owns: Vec<(Pattern, TrackId)>,
}

/// Who may change one path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership {
    /// The pattern that freezes it.
    pub frozen: Option<String>,
    /// By its pattern in `[shared]`, with the owner there.
    pub shared: Option<(String, Option<TrackId>, SharedPolicy)>,
    /// The contract that it is part of, with the owner there.
    pub contract: Option<(ContractName, Option<TrackId>)>,
    /// Each track whose `owns` has it, with the pattern, in the order of the file.
    pub owners: Vec<(TrackId, String)>,
}

impl Owners {
    pub fn new(project: &Project) -> Owners {
        let mut owners = Owners {
            frozen: project.ownership.frozen.clone(),
            ..Owners::default()
        };
        for shared in &project.shared {
            let owner = shared.owner.clone();
            owners
                .shared
                .push((shared.pattern.clone(), owner, shared.policy));
        }
        for contract in &project.contracts {
            for pattern in &contract.paths {
                let owner = contract.owner.clone();
                owners
                    .contracts
                    .push((pattern.clone(), contract.name.clone(), owner));
            }
        }
        for track in &project.tracks {
            for pattern in &track.owns {
                owners.owns.push((pattern.clone(), track.id.clone()));
            }
        }
        owners
    }

    pub fn of(&self, path: &RepoPath) -> Ownership {
        let frozen = self.frozen.iter().find(|pattern| pattern.matches(path));
        let shared = self
            .shared
            .iter()
            .find(|(pattern, _, _)| pattern.matches(path));
        let contract = self
            .contracts
            .iter()
            .find(|(pattern, _, _)| pattern.matches(path));
        let mut owners: Vec<(TrackId, String)> = Vec::new();
        for (pattern, track) in &self.owns {
            if pattern.matches(path) && !owners.iter().any(|(known, _)| known == track) {
                owners.push((track.clone(), pattern.as_str().to_owned()));
            }
        }
        Ownership {
            frozen: frozen.map(|pattern| pattern.as_str().to_owned()),
            shared: shared.map(|(pattern, owner, policy)| {
                (pattern.as_str().to_owned(), owner.clone(), *policy)
            }),
            contract: contract.map(|(_, name, owner)| (name.clone(), owner.clone())),
            owners,
        }
    }
}
