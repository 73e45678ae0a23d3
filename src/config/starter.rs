//! The commented starters that `tracks init --template NAME` writes.

use crate::domain::codeowners;
use crate::domain::name::TrackId;

/// A starter by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    pub name: &'static str,
    /// One line on whom it is for.
    pub about: &'static str,
    pub text: &'static str,
}

/// All of them; the first is the default.
pub fn starters() -> &'static [Starter] {
    &[
        Starter {
            name: "small",
            about: "two tracks and one check: the least that is useful",
            text: include_str!("starter/small.toml"),
        },
        Starter {
            name: "parallel",
            about: "three agents in parallel, integrated every two days",
            text: include_str!("starter/parallel.toml"),
        },
        Starter {
            name: "convergence",
            about: "many tracks that share code: owners, order, and what must not be missing",
            text: include_str!("starter/convergence.toml"),
        },
        Starter {
            name: "deployment",
            about: "tracks that end in a deployment: checks in stages, and a strict integration",
            text: include_str!("starter/deployment.toml"),
        },
    ]
}

/// A comment for the end of a starter: what a CODEOWNERS file says, as tables to be taken over.
pub fn of_codeowners(place: &str, text: &str) -> String {
    let owners = codeowners::read(text);
    if owners.is_empty() {
        return String::new();
    }
    let mut comment = format!(
        "\n# {place} says who owns what. Take out the `# ` of what is to count; the names are for you to choose.\n"
    );
    for (owner, patterns) in owners {
        let quoted: Vec<String> = patterns.iter().map(|it| string(it)).collect();
        comment.push_str(&format!(
            "#\n# [track.{}]\n# contact = {}\n# owns = [{}]\n",
            name_of(&owner),
            string(&owner),
            quoted.join(", ")
        ));
    }
    comment.push_str(&format!(
        "#\n# [ownership]\n# codeowners = {}   # written from this file by `tracks own --codeowners`, and checked\n",
        string(place)
    ));
    comment
}

/// `ui` for `@org/ui`, `alice` for `alice@example.org`.
fn name_of(owner: &str) -> String {
    let owner = match owner.strip_prefix('@') {
        Some(handle) => handle.rsplit('/').next().unwrap_or(handle),
        None => owner.split('@').next().unwrap_or(owner),
    };
    let lower = owner.to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let name: String = lower
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    let name = name.trim_matches(['-', '_']);
    match TrackId::new(name) {
        Ok(id) => id.to_string(),
        Err(_) => "name".to_owned(),
    }
}

/// As TOML has it, on one line.
fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Level, parse};
    use super::*;
    use crate::domain::project::Share;

    #[test]
    fn every_starter_is_valid_and_warns_of_nothing() {
        for starter in starters() {
            let parsed = parse(starter.text, "app");
            let expected: &[&str] = &[];
            let found: Vec<&str> = parsed
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.message.as_str())
                .collect();
            assert_eq!(found, expected, "{}", starter.name);
            assert!(
                parsed.diagnostics.iter().all(|d| d.level == Level::Warning),
                "{}",
                starter.name
            );
            assert!(parsed.project.is_some(), "{}", starter.name);
            let comments = starter.text.lines().filter(|line| line.starts_with('#'));
            assert!(comments.count() > 5, "{} explains too little", starter.name);
        }
    }

    #[test]
    fn what_codeowners_says_is_a_comment_that_can_be_taken_over() {
        assert_eq!(of_codeowners("CODEOWNERS", "# nothing\n"), "");
        let comment = of_codeowners("CODEOWNERS", "/src/ @org/My.Team\n*.md docs@x.org\n");
        let taken = comment
            .replace("\n# ", "\n")
            .replace("\nCODEOWNERS says", "\n# ");
        let project = parse(&taken, "app").project.unwrap();
        let owns: Vec<(&str, String)> = (project.tracks.iter())
            .map(|track| (track.id.as_str(), format!("{:?}", track.owns)))
            .collect();
        assert_eq!(
            owns,
            [
                ("my-team", "[Pattern(\"src/\")]".to_owned()),
                ("docs", "[Pattern(\"**/*.md\")]".to_owned()),
            ]
        );
        for starter in starters() {
            let text = format!("{}{comment}", starter.text);
            assert!(parse(&text, "app").project.is_some(), "{}", starter.name);
        }
    }

    #[test]
    fn the_parallel_starter_is_the_layout_of_three_agents() {
        let starter = starters().iter().find(|starter| starter.name == "parallel");
        let project = parse(starter.unwrap().text, "app").project.unwrap();
        let tracks: Vec<(&str, &str, &str, &str)> = project
            .tracks
            .iter()
            .map(|track| {
                let names = (track.id.as_str(), track.branch.as_str());
                (
                    names.0,
                    names.1,
                    track.worktree.as_str(),
                    track.code.as_str(),
                )
            })
            .collect();
        assert_eq!(
            tracks,
            [
                ("a", "feature/phase-1-track-a", "phase-1-track-a", "trackA"),
                ("b", "feature/phase-1-track-b", "phase-1-track-b", "trackB"),
                ("c", "feature/phase-1-track-c", "phase-1-track-c", "trackC"),
            ]
        );
        assert_eq!(project.layout.worktrees, "worktrees");
        assert_eq!((project.run.jobs, project.run.retries), (3, 2));
        assert_eq!(project.integration.every, Duration::from_secs(2 * 86400));
        assert_eq!(project.integration.quorum, Some(Share::Fraction(0.75)));
    }
}
