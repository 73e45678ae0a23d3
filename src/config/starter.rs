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

/// A comment for the end of a starter: what a CODEOWNERS file says, as tables to be taken over as they are.
pub fn of_codeowners(place: &str, text: &str, starter: &str) -> String {
    let lines = codeowners::lines(text);
    if lines.iter().all(|line| line.owners.is_empty()) {
        return String::new();
    }
    let mut taken: Vec<String> = (super::parse(starter, "app").project.into_iter())
        .flat_map(|project| project.tracks)
        .map(|track| track.id.to_string())
        .collect();
    let mut owned: Vec<(&str, String, Vec<&str>)> = Vec::new();
    // Of what lines say about one path, the last one counts: it goes to `[shared]`, later ones first, which beats `owns`.
    let (mut shared, mut remarks) = (Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let pattern = line.pattern.as_str();
        let Some((owner, others)) = line.owners.split_first() else {
            remarks.push(format!("{pattern}: nobody is asked"));
            continue;
        };
        if !others.is_empty() {
            remarks.push(format!("{pattern}: also {}", others.join(", ")));
        }
        if pattern == "**" {
            remarks.push(format!("{pattern}: {owner}, for all that is not said"));
            continue;
        }
        let known = owned.iter().position(|(known, _, _)| known == owner);
        let known = known.unwrap_or_else(|| {
            owned.push((owner, free_name(&mut taken, owner), Vec::new()));
            owned.len() - 1
        });
        let earlier = lines[..at].iter().filter(|it| it.pattern != "**");
        let meets = earlier
            .filter(|it| it.owners.first() != Some(owner))
            .any(|it| codeowners::may_meet(&it.pattern, pattern));
        match meets {
            true => shared.insert(0, (pattern, owned[known].1.clone())),
            false => owned[known].2.push(pattern),
        }
    }
    let mut comment = format!(
        "\n# {place} says who owns what. Take out the `# ` of what is to count; the names are for you to choose.\n"
    );
    for remark in remarks {
        comment.push_str(&format!("# - {remark}\n"));
    }
    for (owner, name, patterns) in owned {
        let quoted: Vec<String> = patterns.iter().map(|it| string(it)).collect();
        comment.push_str(&format!(
            "#\n# [track.{name}]\n# contact = {}\n# owns = [{}]\n",
            string(owner),
            quoted.join(", ")
        ));
    }
    for (pattern, name) in shared {
        comment.push_str(&format!(
            "#\n# [shared.{}]\n# owner = {}\n# policy = \"owner-approves\"\n",
            string(pattern),
            string(&name)
        ));
    }
    comment
}

/// A name that neither the starter nor another owner has.
fn free_name(taken: &mut Vec<String>, owner: &str) -> String {
    let name = name_of(owner);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let free = names.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.push(free.clone());
    free
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
        assert_eq!(of_codeowners("CODEOWNERS", "# nothing\n/x\n", ""), "");
        let file = "* @all\n/src/ @org/My.Team @lead\n*.md docs@x.org\n/src/a/b/ @a\n/src/a/ @org/My.Team\n/gone\n";
        for starter in starters() {
            let comment = of_codeowners("CODEOWNERS", file, starter.text);
            for remark in ["- **: @all", "- src/: also @lead", "- gone: nobody"] {
                assert!(comment.contains(remark), "{comment}");
            }
            let whole = parse(&format!("{}{comment}", starter.text), "app");
            assert!(whole.project.is_some(), "{}", starter.name);
            let taken: String = (comment.lines().skip_while(|line| *line != "#"))
                .map(|line| format!("{}\n", line.trim_start_matches('#').trim_start()))
                .collect();
            let text = format!("{}\n{taken}", starter.text);
            let parsed = parse(&text, "app");
            let errors = parsed
                .diagnostics
                .iter()
                .filter(|it| it.level == Level::Error);
            let errors: Vec<&str> = errors.map(|it| it.message.as_str()).collect();
            assert_eq!(errors, [""; 0], "{text}");
            let project = parsed.project.unwrap();
            let owners = crate::domain::owners::Owners::new(&project);
            let contact = |path: &str| {
                let path = crate::domain::path::RepoPath::new(path);
                let owner = owners.of(&path).owner().cloned().unwrap();
                project.track(&owner).unwrap().contact.clone().unwrap()
            };
            // The last line that matches counts.
            assert_eq!(contact("src/zz/x"), "@org/My.Team");
            assert_eq!(contact("src/a/b/x"), "@org/My.Team");
            assert_eq!(contact("src/zz/x.md"), "docs@x.org");
        }
        // The starters have a track `a`.
        let small = of_codeowners("CODEOWNERS", "/x @a\n/y @a.\n", "[track.a]\n");
        assert!(
            small.contains("[track.a-2]") && small.contains("[track.a-3]"),
            "{small}"
        );
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
