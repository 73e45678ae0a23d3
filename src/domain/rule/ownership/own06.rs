//! OWN06: a track does not grant itself what it may do.

use super::{deed, or_except};
use crate::domain::codeowners;
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Severity};
use crate::domain::quote;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN06",
    severity: Severity::Error,
    law: "no track changes its own grants",
    why: "tracks.toml says what a track may do, CODEOWNERS who reviews it, and the configuration of git hooks (husky, lefthook, \
          pre-commit, prek, .githooks) what keeps it from committing. A track is judged by base's tracks.toml, so its own edit has no \
          effect on the verdict; once landed it would. Such changes belong on base, where everybody sees them. A tracks.toml where base \
          has none yet is a warning.",
    example: "Track ui adds `src/api` to its own `owns` in tracks.toml, on its branch:\n\
              track ui changes tracks.toml, which says what tracks may do",
    way_out: "Take it out of the track (`git checkout BASE -- tracks.toml`) and make the change on base: by hand, or with `tracks own`. \
              A track whose job is tooling can be excepted with `[[allow]]` on base.",
    judge,
};

/// Files in which a track could give itself more than it has.
pub(super) fn is_grant(project: &Project, path: &RepoPath) -> bool {
    what(project, path).is_some()
}

fn what(project: &Project, path: &RepoPath) -> Option<&'static str> {
    const HOOKS: [&str; 14] = [
        ".pre-commit-config.yaml",
        ".pre-commit-config.yml",
        "prek.toml",
        "lefthook.yml",
        "lefthook.yaml",
        "lefthook.toml",
        "lefthook.json",
        ".lefthook.yml",
        ".lefthook.yaml",
        ".lefthook.toml",
        ".lefthook.json",
        ".huskyrc",
        ".huskyrc.json",
        "captainhook.json",
    ];
    const HOOK_DIRECTORIES: [&str; 4] = [".husky/", ".githooks/", ".lefthook/", ".config/lefthook"];
    let text = path.as_str()?;
    if text == "tracks.toml" {
        return Some("says what tracks may do");
    }
    let named = project.ownership.codeowners.as_deref();
    if named == Some(text) || codeowners::PLACES.contains(&text) {
        return Some("says who reviews what");
    }
    let hooks = HOOKS.contains(&text) || HOOK_DIRECTORIES.iter().any(|dir| text.starts_with(dir));
    hooks.then_some("configures git hooks")
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for change in &facts.work().changes {
        let path = &change.path;
        let Some(what) = what(facts.project, path) else {
            continue;
        };
        let base = match &facts.project.base {
            Some(name) => name.as_str(),
            None => "base",
        };
        let fix = match change.is_new() {
            true => format!("take {path} out of the track and add it on base"),
            false => format!(
                "take it out of the track with `git checkout {base} -- {}` and make the change on base",
                quote::shell_path(path)
            ),
        };
        let finding = Finding::new(
            &RULE,
            format!("{}, which {what}", deed(facts, change)),
            format!("{fix}, or {}", or_except(&RULE, path)),
        );
        let is_first = change.is_new() && path.as_bytes() == b"tracks.toml";
        findings.push(match is_first {
            true => finding.at(path).as_severe_as(Severity::Warning),
            false => finding.at(path),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn grants() {
        let cases: [(&str, &str); 10] = [
            (
                "~src/tracks.toml ~docs/README.md ~.github/workflows/ci.yml",
                "",
            ),
            (
                "~tracks.toml",
                "error tracks.toml: track a changes tracks.toml, which says what tracks may do",
            ),
            (
                "+tracks.toml",
                "warning tracks.toml: track a adds tracks.toml, which says what tracks may do",
            ),
            (
                "-tracks.toml",
                "error tracks.toml: track a deletes tracks.toml, which says what tracks may do",
            ),
            (
                "~.github/CODEOWNERS",
                "error .github/CODEOWNERS: track a changes .github/CODEOWNERS, which says who reviews what",
            ),
            (
                "+owners",
                "error owners: track a adds owners, which says who reviews what",
            ),
            (
                "~.husky/pre-commit",
                "error .husky/pre-commit: track a changes .husky/pre-commit, which configures git hooks",
            ),
            (
                "~lefthook.yml",
                "error lefthook.yml: track a changes lefthook.yml, which configures git hooks",
            ),
            (
                "~.pre-commit-config.yaml",
                "error .pre-commit-config.yaml: track a changes .pre-commit-config.yaml, which configures git hooks",
            ),
            (
                "tracks.toml>old.toml",
                "error tracks.toml: track a moves away tracks.toml (to old.toml), which says what tracks may do",
            ),
        ];
        for (changes, expected) in cases {
            let mut given = Given::tracks("a");
            given.owns("a", "**");
            given.project.ownership.codeowners = Some("owners".to_owned());
            given.work("a", changes);
            assert_eq!(given.found("a", &RULE).join("\n"), expected, "{changes}");
        }
    }
}
