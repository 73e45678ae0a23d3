//! The commented starters that `tracks init --template NAME` writes.

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
