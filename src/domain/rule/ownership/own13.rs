//! OWN13: no path leads out of the repository.

use super::{deed, or_except};
use crate::domain::merge::Mode;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::quote;
use crate::domain::rule::{Facts, FileChange, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN13",
    severity: Severity::Error,
    law: "no path leads out of the repository",
    why: "Ownership is a matter of paths, and a link that leads elsewhere gets around it: with it a track writes where nobody looks. \
          Refused are new or changed links with an absolute target, with one that climbs out of the repository or leads into `.git`, \
          submodules that `.gitmodules` does not name (a repository inside the repository, added by accident), and paths with a part \
          `.git`.",
    example: "A track adds the link data that leads to ../../shared:\n\
              track ui adds data, a link to ../../shared, which is outside the repository",
    way_out: "Make the link relative and keep it inside, or leave it to the setup of the worktree (`[layout] copy`). A nested repository: \
              `git rm --cached PATH`, or `git submodule add URL PATH`. For once, `[[allow]]` or the trailer `Tracks-Allow: OWN13 PATH \
              REASON`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let changes = facts.work().changes.iter();
    for change in changes.filter(|change| !change.is_gone()) {
        let Some((what, way)) = escape(facts, change) else {
            continue;
        };
        let path = &change.path;
        let finding = Finding::new(
            &RULE,
            format!("{}, {what}", deed(facts, change)),
            format!("{way}, or {}", or_except(&RULE, path)),
        );
        findings.push(finding.at(path));
    }
}

/// What is wrong, to stand behind what the track does, and what to do about it.
fn escape(facts: &Facts<'_>, change: &FileChange) -> Option<(String, String)> {
    let path = &change.path;
    if has_git_part(path.as_bytes()) {
        let what = "a path with a part that git keeps for itself".to_owned();
        return Some((what, "take it out".to_owned()));
    }
    let after = change.after?;
    match after.mode {
        Mode::File | Mode::Executable => None,
        Mode::Link => {
            let target = facts.work().contents.get(path)?.after.as_deref()?;
            let why = outside(path, target)?;
            let target = String::from_utf8_lossy(target);
            let what = format!("a link to {target}, which {why}");
            Some((
                what,
                "let it lead to a place inside, by a relative path".to_owned(),
            ))
        }
        Mode::Submodule
            if change
                .before
                .is_some_and(|before| before.mode == Mode::Submodule) =>
        {
            None
        }
        Mode::Submodule if is_declared(facts, path) => None,
        Mode::Submodule => Some((
            "a repository inside the repository that .gitmodules does not name".to_owned(),
            format!(
                "take it out with `git rm --cached {path}`, or make it a submodule with `git submodule add URL {path}`",
                path = quote::shell_path(path)
            ),
        )),
    }
}

fn has_git_part(path: &[u8]) -> bool {
    let mut parts = path.split(|byte| *byte == b'/');
    parts.any(|part| part.eq_ignore_ascii_case(b".git") || part.eq_ignore_ascii_case(b"git~1"))
}

/// Why a link's target is no place inside.
fn outside(link: &RepoPath, target: &[u8]) -> Option<&'static str> {
    let drive = target.len() > 1 && target[0].is_ascii_alphabetic() && target[1] == b':';
    if target.starts_with(b"/") || target.starts_with(b"\\") || drive {
        return Some("is an absolute path");
    }
    let separator = |byte: &u8| *byte == b'/' || *byte == b'\\';
    let mut at: Vec<&[u8]> = link.as_bytes().split(|byte| *byte == b'/').collect();
    at.pop();
    for part in target.split(separator) {
        match part {
            b"" | b"." => {}
            b".." => {
                if at.pop().is_none() {
                    return Some("is outside the repository");
                }
            }
            part if part.eq_ignore_ascii_case(b".git") => return Some("leads into .git"),
            part => at.push(part),
        }
    }
    None
}

/// Whether `.gitmodules`, as the track has it, names the path.
fn is_declared(facts: &Facts<'_>, path: &RepoPath) -> bool {
    let file = RepoPath::new(".gitmodules");
    let of_track = facts.work().contents.get(&file);
    let text = match of_track {
        Some(contents) => contents.after.as_deref(),
        None => facts.texts.get(&file).map(|text| &**text),
    };
    let text = String::from_utf8_lossy(text.unwrap_or_default());
    text.lines().any(|line| {
        let Some((key, value)) = line.split_once('=') else {
            return false;
        };
        let value = value.trim().trim_matches('"').trim_end_matches('/');
        key.trim().eq_ignore_ascii_case("path") && value.as_bytes() == path.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn links() {
        let cases = [
            ("data", "src/x", None),
            ("a/data", "../b", None),
            ("a/data", "./x/../../b", None),
            ("data", "/etc/passwd", Some("is an absolute path")),
            ("data", "C:\\x", Some("is an absolute path")),
            ("data", "..", Some("is outside the repository")),
            ("a/data", "../..", Some("is outside the repository")),
            ("a/data", "b/../../../c", Some("is outside the repository")),
            ("a/data", "../.git/hooks", Some("leads into .git")),
        ];
        for (path, target, why) in cases {
            let mut given = Given::tracks("a");
            given
                .work("a", &format!("+{path}@"))
                .content(path, "", target);
            let expected: Vec<String> = why
                .iter()
                .map(|why| {
                    format!("error {path}: track a adds {path}, a link to {target}, which {why}")
                })
                .collect();
            assert_eq!(given.found("a", &RULE), expected, "{path} {target}");
        }
    }

    #[test]
    fn nested_repositories() {
        let nested = "error lib/x: track a adds lib/x, a repository inside the repository that .gitmodules does not name";
        let named = "[submodule \"x\"]\n\tpath = lib/x\n\turl = ../x\n";
        for (changes, of_track, of_base, expected) in [
            ("+lib/x&", "", "", nested),
            ("+lib/x& ~.gitmodules", named, "", ""),
            ("+lib/x&", "", named, ""),
            (
                "+lib/x& ~.gitmodules",
                "[submodule \"x\"]\n\tpath = lib/y\n",
                named,
                nested,
            ),
            ("-lib/x&", "", "", ""),
            (
                "+lib/.git/config",
                "",
                "",
                "error lib/.git/config: track a adds lib/.git/config, a path with a part that git keeps for itself",
            ),
        ] {
            let mut given = Given::tracks("a");
            let work = given.work("a", changes);
            if changes.contains(".gitmodules") {
                work.content(".gitmodules", "", of_track);
            }
            let bytes = of_base.as_bytes().into();
            given.texts.insert(RepoPath::new(".gitmodules"), bytes);
            assert_eq!(
                given.found("a", &RULE).join("\n"),
                expected,
                "{changes} {of_track} {of_base}"
            );
        }
    }
}
