//! NAM04: new files and directories are named as the project wants.

use std::collections::BTreeSet;

use regex::Regex;

use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "NAM04",
    severity: Severity::Error,
    law: "a new file or directory is named as `[names]` says",
    why: "`[names]` gives a convention, or a regular expression, to a path pattern; of several that match, the first in the file counts. \
          Judged are files that the track adds, also by moving them, and directories that come into being with them, where a pattern \
          matches the directory itself. A convention judges the name up to the first dot, without dots and underscores in front and \
          underscores behind (`.eslintrc.json` is `eslintrc`, `__init__.py` is `init`); a regular expression is looked for in the whole \
          name. What base has keeps its name.",
    example: "tracks.toml has `[names] \"src/**/*.rs\" = \"snake_case\"`; a track adds src/api/userList.rs:\n\
              src/api/userList.rs is not named in snake_case",
    way_out: "Rename it with `git mv`. For names that something else prescribes, a more exact pattern in front, or `[[allow]]`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.project.names.is_empty() {
        return;
    }
    let new: Vec<&RepoPath> = (facts.work().changes.iter())
        .filter(|change| change.is_new())
        .map(|change| &change.path)
        .collect();
    for path in &new {
        findings.extend(misnamed(facts, path, ""));
    }
    for directory in new_directories(facts, &new) {
        findings.extend(misnamed(facts, &directory, "directory "));
    }
}

/// Those above new files in which base has nothing. Where base's files are not known, none.
fn new_directories(facts: &Facts<'_>, new: &[&RepoPath]) -> BTreeSet<RepoPath> {
    let mut above: BTreeSet<RepoPath> = new.iter().flat_map(|path| parents(path)).collect();
    let Some(files) = facts.files else {
        return BTreeSet::new();
    };
    for file in files {
        if above.is_empty() {
            break;
        }
        for parent in parents(file) {
            above.remove(&parent);
        }
    }
    above
}

fn parents(path: &RepoPath) -> impl Iterator<Item = RepoPath> {
    let bytes = path.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    ends.map(|(end, _)| RepoPath::new(&bytes[..end]))
}

fn misnamed(facts: &Facts<'_>, path: &RepoPath, what: &str) -> Option<Finding> {
    let names = facts.project.names.iter();
    let (pattern, convention) = names
        .into_iter()
        .find(|(pattern, _)| pattern.matches(path))?;
    let whole = path.lossy();
    let name = whole.rsplit('/').next().unwrap_or(&whole);
    let (fits, how) = match Convention::new(convention) {
        Some(convention) => (
            convention.fits(stem(name)),
            format!("named in {}", convention.as_str()),
        ),
        // Whoever reads tracks.toml has refused what is none.
        None => (
            Regex::new(convention).ok()?.is_match(name),
            format!("named like `{convention}`"),
        ),
    };
    if fits {
        return None;
    }
    let finding = Finding::new(
        &RULE,
        format!("{what}{path} is not {how}"),
        format!("rename it with `git mv`; `[names] \"{pattern}\"` asks for that"),
    );
    Some(finding.at(path))
}

/// What of a name a convention is about.
fn stem(name: &str) -> &str {
    let name = name.trim_start_matches(['.', '_']);
    let stem = name.split('.').next().unwrap_or(name);
    stem.trim_end_matches('_')
}

#[derive(Clone, Copy)]
enum Convention {
    Snake,
    Kebab,
    Camel,
    Pascal,
    ScreamingSnake,
}

impl Convention {
    const ALL: [Convention; 5] = [
        Convention::Snake,
        Convention::Kebab,
        Convention::Camel,
        Convention::Pascal,
        Convention::ScreamingSnake,
    ];

    fn new(text: &str) -> Option<Convention> {
        Convention::ALL.into_iter().find(|it| it.as_str() == text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Convention::Snake => "snake_case",
            Convention::Kebab => "kebab-case",
            Convention::Camel => "camelCase",
            Convention::Pascal => "PascalCase",
            Convention::ScreamingSnake => "SCREAMING_SNAKE_CASE",
        }
    }

    /// Letters of scripts that have no case fit all of them.
    fn fits(self, stem: &str) -> bool {
        let only = |joint: Option<char>| {
            stem.chars()
                .all(|c| c.is_alphanumeric() || Some(c) == joint)
        };
        let upper = || stem.contains(char::is_uppercase);
        let lower = || stem.contains(char::is_lowercase);
        match self {
            Convention::Snake => only(Some('_')) && !upper(),
            Convention::Kebab => only(Some('-')) && !upper(),
            Convention::ScreamingSnake => only(Some('_')) && !lower(),
            Convention::Camel => only(None) && !stem.starts_with(char::is_uppercase),
            Convention::Pascal => only(None) && !stem.starts_with(char::is_lowercase),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn conventions() {
        let cases = [
            ("snake_case", "user_list.rs", true),
            ("snake_case", "userList.rs", false),
            ("snake_case", "user-list.rs", false),
            ("snake_case", "v2.rs", true),
            ("snake_case", "__init__.py", true),
            ("snake_case", "データ.rs", true),
            ("kebab-case", "user-list.test.ts", true),
            ("kebab-case", "user_list.ts", false),
            ("kebab-case", ".eslintrc.json", true),
            ("kebab-case", "ÜBer.ts", false),
            ("camelCase", "userList.ts", true),
            ("camelCase", "UserList.ts", false),
            ("PascalCase", "UserList.tsx", true),
            ("PascalCase", "userList.tsx", false),
            ("PascalCase", "_App.tsx", true),
            ("SCREAMING_SNAKE_CASE", "README.md", true),
            ("SCREAMING_SNAKE_CASE", "Readme.md", false),
            (r"^\d{4}_\w+\.sql$", "0001_users.sql", true),
            (r"^\d{4}_\w+\.sql$", "users.sql", false),
        ];
        for (convention, name, fits) in cases {
            let mut given = Given::tracks("a");
            given.project.names = vec![(pattern("src/*"), convention.to_owned())];
            given.work(
                "a",
                &format!("+src/{name} ~src/OldName-x.rs -src/Gone_x +other/X_y"),
            );
            assert_eq!(
                given.found("a", &RULE).is_empty(),
                fits,
                "{convention} {name}"
            );
        }
    }

    #[test]
    fn what_is_judged() {
        let mut given = Given::tracks("a");
        given.project.names = vec![
            (pattern("src/generated"), ".".to_owned()),
            (pattern("src"), "snake_case".to_owned()),
        ];
        given.on_base("src/OldDir/x.rs");
        given.work(
            "a",
            "+src/OldDir/y.rs +src/newDir/z.rs +src/generated/aB.rs src/a.rs>src/bC.rs",
        );
        assert_eq!(
            given.found("a", &RULE),
            [
                "error src/bC.rs: src/bC.rs is not named in snake_case",
                "error src/newDir: directory src/newDir is not named in snake_case",
            ]
        );
        given.files = None;
        assert_eq!(
            given.found("a", &RULE).len(),
            1,
            "directories are not known"
        );
    }
}
