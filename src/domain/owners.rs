//! Who owns a path: the patterns of all tracks, of `[shared]`, of frozen paths and of contracts, asked all at once.
//!
//! `frozen` beats `shared` beats `owns`; among the `owns` of different tracks there is no precedence.

use super::name::{ContractName, TrackId};
use super::path::{Pattern, PatternSet, RepoPath};
use super::project::{Project, SharedPolicy};

/// The patterns of a project, ready to be asked for many paths.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    set: PatternSet,
    /// What each pattern of the set says, in the same order.
    claims: Vec<(Pattern, Claim)>,
}

#[derive(Debug, Clone)]
enum Claim {
    Frozen,
    Shared(Option<TrackId>, SharedPolicy),
    Contract(ContractName, Option<TrackId>),
    Owned(TrackId),
}

/// Who may change one path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership<'a> {
    /// The pattern that freezes it.
    pub frozen: Option<&'a str>,
    /// By its pattern in `[shared]`, with the owner there.
    pub shared: Option<(&'a str, Option<&'a TrackId>, SharedPolicy)>,
    /// The contract that it is part of, with the owner there.
    pub contract: Option<(&'a ContractName, Option<&'a TrackId>)>,
    /// Each track whose `owns` has it, with the pattern, in the order of the file.
    pub owners: Vec<(&'a TrackId, &'a str)>,
}

impl Owners {
    pub fn new(project: &Project) -> Owners {
        let frozen = project.ownership.frozen.iter();
        let mut claims: Vec<(Pattern, Claim)> = frozen
            .map(|pattern| (pattern.clone(), Claim::Frozen))
            .collect();
        for shared in &project.shared {
            let claim = Claim::Shared(shared.owner.clone(), shared.policy);
            claims.push((shared.pattern.clone(), claim));
        }
        for contract in &project.contracts {
            for pattern in &contract.paths {
                let claim = Claim::Contract(contract.name.clone(), contract.owner.clone());
                claims.push((pattern.clone(), claim));
            }
        }
        for track in &project.tracks {
            for pattern in &track.owns {
                claims.push((pattern.clone(), Claim::Owned(track.id.clone())));
            }
        }
        Owners {
            set: PatternSet::new(claims.iter().map(|(pattern, _)| pattern)),
            claims,
        }
    }

    /// Of several patterns of one kind, the first counts; only tracks stand side by side.
    pub fn of(&self, path: &RepoPath) -> Ownership<'_> {
        let mut all = Ownership::default();
        for hit in self.set.matches(path) {
            let (pattern, claim) = &self.claims[hit];
            let pattern = pattern.as_str();
            match claim {
                Claim::Frozen => all.frozen = all.frozen.or(Some(pattern)),
                Claim::Shared(owner, policy) => {
                    let shared = (pattern, owner.as_ref(), *policy);
                    all.shared = all.shared.or(Some(shared));
                }
                Claim::Contract(name, owner) => {
                    all.contract = all.contract.or(Some((name, owner.as_ref())));
                }
                Claim::Owned(track) if all.owners.iter().any(|(known, _)| *known == track) => {}
                Claim::Owned(track) => all.owners.push((track, pattern)),
            }
        }
        all
    }
}

impl<'a> Ownership<'a> {
    /// Whether anything in tracks.toml says whose it is.
    pub fn is_claimed(&self) -> bool {
        self.frozen.is_some()
            || self.shared.is_some()
            || self.contract.is_some()
            || !self.owners.is_empty()
    }

    /// The one track that answers for it: the owner in `[shared]`, else the one whose `owns` has it, else the contract's.
    /// `None` where it is frozen, where several claim it, and where there is none.
    pub fn owner(&self) -> Option<&'a TrackId> {
        let of_contract = || self.contract.and_then(|(_, owner)| owner);
        match (self.frozen, self.shared, self.owners.as_slice()) {
            (Some(_), _, _) => None,
            (None, Some((_, owner, _)), _) => owner,
            (None, None, []) => of_contract(),
            (None, None, [(one, _)]) => Some(one),
            (None, None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{Contract, Shared, fixture};

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn frozen_beats_shared_beats_owns() {
        let mut project = fixture::project(&["a", "b"]);
        let [a, b] = [0, 1].map(|at| project.tracks[at].id.clone());
        project.tracks[0].owns = vec![pattern("src"), pattern("src/x"), pattern("api.yaml")];
        project.tracks[1].owns = vec![pattern("src/**/*.rs")];
        project.ownership.frozen = vec![pattern("src/LICENSE")];
        project.shared = vec![Shared {
            pattern: pattern("src/types"),
            owner: Some(b.clone()),
            consumers: Vec::new(),
            policy: SharedPolicy::Free,
        }];
        let name = ContractName::new("api").unwrap();
        project.contracts = vec![Contract {
            name: name.clone(),
            paths: vec![pattern("*.yaml")],
            owner: Some(b.clone()),
            consumers: Vec::new(),
            compatible: None,
            delivery: Vec::new(),
        }];
        let owners = Owners::new(&project);
        let cases: [(&str, Option<&TrackId>, usize); 7] = [
            ("src/a.c", Some(&a), 1),
            ("src/x/a.c", Some(&a), 1),
            ("src/x/a.rs", None, 2),
            ("src/LICENSE", None, 1),
            ("src/types/a.rs", Some(&b), 2),
            ("api.yaml", Some(&a), 1),
            ("other.yaml", Some(&b), 0),
        ];
        for (path, owner, claims) in cases {
            let path = RepoPath::new(path);
            let found = owners.of(&path);
            assert_eq!(
                (found.owner(), found.owners.len()),
                (owner, claims),
                "{path}"
            );
            assert!(found.is_claimed(), "{path}");
        }
        let free = owners.of(&RepoPath::new("README.md"));
        assert_eq!(free, Ownership::default());
        assert!(!free.is_claimed());
        let typed = owners.of(&RepoPath::new("other.yaml"));
        assert_eq!(typed.contract, Some((&name, Some(&b))));
    }
}
