//! What a rule is going to do about a conflict, as far as that can be told from what tracks.toml says.

use crate::domain::merge::Conflict;
use crate::domain::path::Pattern;
use crate::domain::project::{Integration, Strategy};
use crate::domain::sync::{Resolved, ResolvedBy};

/// The rule that a round follows for this conflict, by its first strategy; `None`: no rule is for it, none may be, or it is
/// about more than lines and the rule is about lines only. What comes of it is seen in the round.
pub fn foreseen_by_rule(integration: &Integration, conflict: &Conflict) -> Option<Resolved> {
    let covers = |patterns: &[Pattern]| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.matches(&conflict.path))
    };
    if covers(&integration.critical) {
        return None;
    }
    let rule = integration
        .resolve
        .iter()
        .find(|rule| covers(&rule.paths))?;
    let of_lines =
        (conflict.types.iter()).all(|kind| ["contents", "add/add"].contains(&kind.as_str()));
    let fits =
        |strategy: &&Strategy| of_lines || !matches!(strategy, Strategy::Union | Strategy::Driver);
    let strategy = rule.strategies.iter().find(fits)?;
    Some(Resolved {
        path: conflict.path.clone(),
        strategy: strategy.as_str().to_owned(),
        by: ResolvedBy::Rule,
        exact: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::ConflictType;
    use crate::domain::path::RepoPath;
    use crate::domain::project::{Regenerate, Resolve, fixture};

    #[test]
    fn the_first_rule_that_fits() {
        let mut integration = fixture::project(&[]).integration;
        let patterns = |text: &str| vec![Pattern::new(text).unwrap()];
        let rule = |paths: &str, strategies: &[Strategy]| Resolve {
            paths: patterns(paths),
            strategies: strategies.to_vec(),
            accept: None,
            driver: None,
            command: None,
            when: Regenerate::OnConflict,
            inputs: Vec::new(),
        };
        integration.critical = patterns("db/**");
        integration.resolve = vec![
            rule("*.md", &[Strategy::Union, Strategy::Ours]),
            rule("log", &[Strategy::Union]),
            rule("**", &[Strategy::Theirs]),
        ];
        for (path, kind, expected) in [
            ("a.md", ConflictType::contents(), Some("union")),
            ("a.md", ConflictType::add_add(), Some("union")),
            ("a.md", ConflictType::modify_delete(), Some("ours")),
            ("log", ConflictType::contents(), Some("union")),
            ("log", ConflictType::modify_delete(), None),
            (
                "src/x",
                ConflictType::known("binary".to_owned()),
                Some("theirs"),
            ),
            ("db/x", ConflictType::contents(), None),
        ] {
            let conflict = Conflict {
                path: RepoPath::new(path),
                types: vec![kind],
                regions: Vec::new(),
            };
            let found = foreseen_by_rule(&integration, &conflict);
            let found = found.map(|resolved| resolved.strategy);
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }
}
