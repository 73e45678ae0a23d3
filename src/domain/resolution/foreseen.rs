//! What a rule is going to do about a conflict, as far as that can be told from what tracks.toml says.

use super::{Facts, has_sides, pick};
use crate::domain::merge::{Conflict, ConflictType};
use crate::domain::path::Pattern;
use crate::domain::project::{Integration, Strategy};
use crate::domain::sync::{Resolved, ResolvedBy};

/// What a rule is going to do about one conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByRule {
    /// By the first strategy that can do something about such a conflict. What comes of it is seen in the round.
    Resolves(Resolved),
    /// It depends on more than is known here.
    ToBeTried,
    /// No rule is for it, none may be, or what the rule says is not for such a conflict.
    Nothing,
}

/// `facts`: what is known of the two sides of the path; `None` where that is not known.
pub fn foreseen_by_rule(
    integration: &Integration,
    conflict: &Conflict,
    facts: Option<&Facts<'_>>,
) -> ByRule {
    let covers = |patterns: &[Pattern]| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.matches(&conflict.path))
    };
    if covers(&integration.critical) {
        return ByRule::Nothing;
    }
    let Some(rule) = (integration.resolve.iter()).find(|rule| covers(&rule.paths)) else {
        return ByRule::Nothing;
    };
    let all = |of: &dyn Fn(&ConflictType) -> bool| conflict.types.iter().all(of);
    let of_lines = all(&|kind| ["contents", "add/add"].contains(&kind.as_str()));
    // There git may have left half of a merge, of which nobody has a side.
    let moved = !all(&|kind| !kind.as_str().starts_with("rename"));
    for strategy in &rule.strategies {
        match strategy {
            Strategy::Union | Strategy::Driver if !of_lines => continue,
            Strategy::Union | Strategy::Driver | Strategy::Regenerate => {}
            _ if !all(&has_sides) => continue,
            _ if moved => return ByRule::ToBeTried,
            Strategy::Ours | Strategy::Theirs => {}
            Strategy::Newest => return ByRule::ToBeTried,
            Strategy::Owner | Strategy::Priority | Strategy::First => match facts {
                None => return ByRule::ToBeTried,
                Some(facts) if pick(*strategy, facts).is_err() => continue,
                Some(_) => {}
            },
        }
        return ByRule::Resolves(Resolved {
            path: conflict.path.clone(),
            strategy: strategy.as_str().to_owned(),
            by: ResolvedBy::Rule,
            exact: true,
        });
    }
    ByRule::Nothing
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
            let found = match foreseen_by_rule(&integration, &conflict, None) {
                ByRule::Resolves(resolved) => Some(resolved.strategy),
                ByRule::ToBeTried => Some("?".to_owned()),
                ByRule::Nothing => None,
            };
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_rule_is_believed_only_where_it_can_work() {
        use Strategy::{First, Newest, Ours, Owner, Priority, Union};
        let mut project = fixture::project(&["a", "b", "c"]);
        project.tracks[0].priority = 5;
        let id = |name: &str| crate::domain::name::TrackId::new(name).unwrap();
        let kind = |name: &str| ConflictType::known(name.to_owned());
        // Strategies, the other track (none: it is not known), the type, and what is foreseen.
        for (strategies, other, types, expected) in [
            (vec![Owner], Some("a"), "contents", None),
            (
                vec![Owner, Priority],
                Some("a"),
                "contents",
                Some("priority"),
            ),
            (vec![Priority], Some("c"), "contents", None),
            (vec![Priority], None, "contents", Some("?")),
            (vec![First, Ours], Some("a"), "contents", Some("ours")),
            (vec![Newest], Some("a"), "contents", Some("?")),
            (vec![Ours], Some("a"), "file/directory", None),
            (
                vec![Ours],
                Some("a"),
                "directory rename unclear split",
                None,
            ),
            (vec![Ours], Some("a"), "rename/rename", Some("?")),
            (vec![Union], Some("a"), "rename/rename", None),
            (vec![Ours], Some("a"), "modify/delete", Some("ours")),
        ] {
            let mut integration = project.integration.clone();
            integration.resolve = vec![Resolve {
                paths: vec![Pattern::new("**").unwrap()],
                strategies: strategies.clone(),
                accept: None,
                driver: None,
                command: None,
                when: Regenerate::OnConflict,
                inputs: Vec::new(),
            }];
            let (track, path) = (id("b"), RepoPath::new("f"));
            let earlier: Vec<_> = other.into_iter().map(id).collect();
            let facts = Facts {
                project: &project,
                path: &path,
                track: &track,
                earlier: &earlier,
                green: &[],
                changed: [None, None],
            };
            let conflict = Conflict {
                path: path.clone(),
                types: vec![kind(types)],
                regions: Vec::new(),
            };
            let facts = other.is_some().then_some(&facts);
            let found = match foreseen_by_rule(&integration, &conflict, facts) {
                ByRule::Resolves(resolved) => Some(resolved.strategy),
                ByRule::ToBeTried => Some("?".to_owned()),
                ByRule::Nothing => None,
            };
            assert_eq!(found.as_deref(), expected, "{strategies:?} {types}");
        }
    }
}
