//! What tracks.toml says of profiles: other values of `[run]`, `[check]` and `[integration]`, by hand or by a condition.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChangeSize, Check, Condition, Integration, Project, Run};
use crate::domain::name::ProfileName;
use crate::domain::path::{Pattern, RepoPath};

/// One profile, as the project is with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub name: ProfileName,
    /// `None`: only by hand.
    pub when: Option<Condition>,
    pub run: Run,
    /// All checks of the project, in its order.
    pub checks: Vec<Check>,
    pub integration: Integration,
    /// What it says itself: dotted key → value as written. Everything else above is the project's.
    pub overrides: BTreeMap<String, String>,
}

impl Project {
    /// The project as it is with one of its profiles.
    #[must_use]
    pub fn with_profile(&self, profile: &Profile) -> Project {
        Project {
            run: profile.run.clone(),
            checks: profile.checks.clone(),
            integration: profile.integration.clone(),
            ..self.clone()
        }
    }

    /// The first profile whose condition holds, and why it does.
    pub fn profile_for(&self, size: &ChangeSize) -> Option<(&Profile, String)> {
        self.profiles
            .iter()
            .find_map(|profile| Some((profile, profile.when.as_ref()?.holds(size)?)))
    }

    /// How large a change of several tracks is, from the paths and lines that each of them changes: a path that several
    /// change is one file, and its lines are theirs together.
    pub fn size_of(&self, changes: &[Vec<(RepoPath, u64)>]) -> ChangeSize {
        let changed = || changes.iter().flatten();
        let paths: BTreeSet<&RepoPath> = changed().map(|(path, _)| path).collect();
        let is_changed = |pattern: &Pattern| paths.iter().any(|path| pattern.matches(path));
        let contracts = self.contracts.iter();
        let contracts = contracts.filter(|contract| contract.paths.iter().any(is_changed));
        ChangeSize {
            files: paths.len() as u64,
            lines: changed().map(|(_, lines)| lines).sum(),
            contracts: contracts.count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::ContractName;
    use crate::domain::project::{Contract, fixture};

    fn contract(name: &str, paths: &[&str]) -> Contract {
        Contract {
            name: ContractName::new(name).unwrap(),
            paths: paths
                .iter()
                .map(|path| Pattern::new(path).unwrap())
                .collect(),
            owner: None,
            consumers: Vec::new(),
            compatible: None,
            delivery: Vec::new(),
        }
    }

    #[test]
    fn sizes_of_changes() {
        let mut project = fixture::project(&["a", "b"]);
        project.contracts = vec![
            contract("api", &["api/**", "docs/api.md"]),
            contract("db", &["db"]),
            contract("all", &["**"]),
        ];
        let change = |paths: &[(&str, u64)]| -> Vec<(RepoPath, u64)> {
            let paths = paths.iter();
            paths
                .map(|(path, lines)| (RepoPath::new(path), *lines))
                .collect()
        };
        let cases = [
            (vec![], (0, 0, 0)),
            (vec![change(&[])], (0, 0, 0)),
            (vec![change(&[("src/x", 3), ("binary", 0)])], (2, 3, 1)),
            (
                vec![
                    change(&[("api/x", 3), ("docs/api.md", 4)]),
                    change(&[("api/x", 5), ("db/1.sql", 1)]),
                ],
                (3, 13, 3),
            ),
        ];
        for (changes, (files, lines, contracts)) in cases {
            let expected = ChangeSize {
                files,
                lines,
                contracts,
            };
            assert_eq!(project.size_of(&changes), expected, "{changes:?}");
        }
    }

    #[test]
    fn the_first_that_holds_is_chosen() {
        let mut project = fixture::project(&["a"]);
        let profile = |name: &str, when: Option<&str>| Profile {
            when: when.map(|when| Condition::parse(when).unwrap()),
            ..fixture::profile(name, &project)
        };
        let profiles = vec![
            profile("by-hand", None),
            profile("huge", Some("files > 100")),
            profile("large", Some("files > 10")),
            profile("also", Some("files > 1")),
        ];
        project.profiles = profiles;
        for (files, expected) in [
            (1, None),
            (2, Some(("also", "files 2 > 1"))),
            (50, Some(("large", "files 50 > 10"))),
            (101, Some(("huge", "files 101 > 100"))),
        ] {
            let size = ChangeSize {
                files,
                ..ChangeSize::default()
            };
            let chosen = project.profile_for(&size);
            let chosen = chosen
                .as_ref()
                .map(|(profile, why)| (profile.name.as_str(), why.as_str()));
            assert_eq!(chosen, expected, "{files}");
        }
    }
}
