//! Which checks a change concerns.

use std::collections::BTreeSet;

use crate::domain::name::CheckName;
use crate::domain::path::{RepoPath, Selection};
use crate::domain::project::{Check, Project};

/// Those of `checks` that read any of the changed paths, and what these need, in the same order. A check reads what its
/// `inputs` name (everything, where it has none) and what the checks read that it needs.
pub fn affected<'a>(
    project: &Project,
    checks: &[&'a Check],
    changed: &[RepoPath],
) -> Vec<&'a Check> {
    let touched: BTreeSet<&CheckName> = project
        .checks
        .iter()
        .filter(|check| touches(check, changed))
        .map(|check| &check.name)
        .collect();
    let wanted: BTreeSet<&CheckName> = checks
        .iter()
        .map(|check| with_all_needs(project, &check.name))
        .filter(|read| read.iter().any(|check| touched.contains(check)))
        .flatten()
        .collect();
    let wanted = |check: &&&Check| wanted.contains(&check.name);
    checks.iter().filter(wanted).copied().collect()
}

fn touches(check: &Check, changed: &[RepoPath]) -> bool {
    if check.inputs.is_empty() {
        return !changed.is_empty();
    }
    let selection = Selection::new(&check.inputs);
    changed.iter().any(|path| selection.matches(path))
}

/// The check and all that it needs, and what that needs.
fn with_all_needs<'a>(project: &'a Project, check: &'a CheckName) -> BTreeSet<&'a CheckName> {
    let mut all = BTreeSet::new();
    let mut open = vec![check];
    while let Some(name) = open.pop() {
        if all.insert(name) {
            let needs = project.check(name).into_iter();
            open.extend(needs.flat_map(|check| &check.needs));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::Pattern;
    use crate::domain::project::{Command, fixture};

    fn check(name: &str, inputs: &[&str], needs: &[&str]) -> Check {
        let mut check = fixture::check(name, Command::Shell("true".to_owned()));
        let pattern = |text: &&str| Pattern::new(text).unwrap();
        check.inputs = inputs.iter().map(pattern).collect();
        let name = |text: &&str| CheckName::new(text).unwrap();
        check.needs = needs.iter().map(name).collect();
        check
    }

    #[test]
    fn what_reads_a_changed_path_and_what_that_needs() {
        let mut project = fixture::project(&["a"]);
        project.checks = vec![
            check("test", &["tests"], &["build"]),
            check("build", &["src/**", "Cargo.lock"], &["fetch"]),
            check("fetch", &["Cargo.lock"], &[]),
            check("docs", &["docs", "**/*.md"], &[]),
            check("whole", &[], &[]),
        ];
        for (changed, expected) in [
            (&[][..], &[][..]),
            (&["other"], &["whole"]),
            (&["tests/a"], &["test", "build", "fetch", "whole"]),
            (&["src/a.rs"], &["test", "build", "fetch", "whole"]),
            (&["Cargo.lock"], &["test", "build", "fetch", "whole"]),
            (
                &["src/README.md"],
                &["test", "build", "fetch", "docs", "whole"],
            ),
            (&["docs/a", "b"], &["docs", "whole"]),
        ] {
            let changed: Vec<RepoPath> = changed.iter().map(RepoPath::new).collect();
            let checks: Vec<&Check> = project.checks.iter().collect();
            let found: Vec<&str> = affected(&project, &checks, &changed)
                .iter()
                .map(|check| check.name.as_str())
                .collect();
            assert_eq!(found, expected, "{changed:?}");
        }
    }

    #[test]
    fn only_among_those_that_are_asked_for() {
        let mut project = fixture::project(&["a"]);
        project.checks = vec![
            check("test", &["tests"], &["build"]),
            check("build", &["src"], &[]),
            check("lint", &["src"], &[]),
        ];
        let changed = [RepoPath::new("src/a")];
        let asked = [&project.checks[0]];
        let found = affected(&project, &asked, &changed);
        assert_eq!(found, asked, "what it needs reads it");
    }
}
