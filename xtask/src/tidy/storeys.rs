//! The storeys of the house: which room may use which, read from `crate::` and `super::` paths.

use super::{Breach, Source};

/// Every room with the rooms that it may use. What is not listed is not allowed; the front door may use everything.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("process", &["domain"]),
    ("config", &["domain", "process"]),
    ("git", &["domain", "process"]),
    ("store", &["domain", "process"]),
    ("files", &["domain", "process"]),
    (
        "ops",
        &["domain", "process", "config", "git", "store", "files"],
    ),
    (
        "ui",
        &[
            "domain", "process", "config", "git", "store", "files", "ops",
        ],
    ),
    (
        "failure",
        &[
            "domain", "process", "config", "git", "store", "files", "ops", "ui",
        ],
    ),
    (
        "commands",
        &[
            "domain", "process", "config", "git", "store", "files", "ops", "ui", "failure",
        ],
    ),
    (
        "cli",
        &[
            "domain", "process", "config", "git", "store", "files", "ops", "ui", "failure",
            "commands",
        ],
    ),
];

/// Paths into rooms that this file's room may not use.
pub(crate) fn check(source: &Source) -> Vec<Breach> {
    let Some((module, may_use)) = place(&source.path) else {
        return Vec::new();
    };
    let own = module[0];
    let allowed = |room: &str| room == own || may_use.contains(&room) || !is_room(room);
    uses(&source.code, &module)
        .into_iter()
        .filter(|(_, room)| !allowed(room))
        .map(|(at, room)| {
            source.breach(
                at,
                format!("{own} may not use {room}: calls go down, never up or sideways"),
            )
        })
        .collect()
}

fn is_room(name: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == name)
}

/// A file's module path below the crate, and what its room may use. `None` for the front door and for other crates.
fn place(path: &str) -> Option<(Vec<&str>, &'static [&'static str])> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut module: Vec<&str> = inside.split('/').collect();
    if module.len() > 1 && module.last() == Some(&"mod") {
        module.pop();
    }
    let (_, may_use) = ROOMS.iter().find(|(room, _)| *room == module[0])?;
    Some((module, may_use))
}

/// Every top-level module that is named, with its place.
fn uses<'a>(code: &'a str, module: &[&'a str]) -> Vec<(usize, &'a str)> {
    let through_crate = words(code, "crate").flat_map(|at| after(code, at + "crate".len()));
    let through_super = words(code, "super").flat_map(|at| {
        let (climbed, end) = climb(code, at);
        // `super::super::git` is the same as `crate::git` when it climbs to the top. Inline modules are not counted: that
        // can only make the rule look one level too high, where no room is found by chance.
        if climbed == module.len() {
            after(code, end)
        } else {
            Vec::new()
        }
    });
    through_crate.chain(through_super).collect()
}

/// How many `super`s follow one another, and where the last ends. Zero if this one is not the first of its chain.
fn climb(code: &str, start: usize) -> (usize, usize) {
    if code[..start].trim_end().ends_with("::") {
        return (0, start);
    }
    let mut climbed = 1;
    let mut end = start + "super".len();
    while let Some(rest) = code[end..].trim_start().strip_prefix("::") {
        let Some(rest) = rest.trim_start().strip_prefix("super") else {
            break;
        };
        climbed += 1;
        end = code.len() - rest.len();
    }
    (climbed, end)
}

/// The names that follow `::` at a place: one, or the first of each branch of a `{…}` group.
fn after(code: &str, at: usize) -> Vec<(usize, &str)> {
    let Some(rest) = code[at..].trim_start().strip_prefix("::") else {
        return Vec::new();
    };
    let rest = rest.trim_start();
    let start = code.len() - rest.len();
    let Some(group) = rest.strip_prefix('{') else {
        return name(code, start).into_iter().collect();
    };
    let mut names = Vec::new();
    let mut depth = 1_usize;
    let mut expecting = true;
    for (offset, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' => expecting = depth == 1,
            c if expecting && (c.is_alphanumeric() || c == '_') => {
                names.extend(name(code, start + 1 + offset));
                expecting = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn name(code: &str, start: usize) -> Option<(usize, &str)> {
    let rest = &code[start..];
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (end > 0).then(|| (start, &rest[..end]))
}

/// Where `word` stands as a word of its own.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            !code[..*at].ends_with(inside) && !code[at + word.len()..].starts_with(inside)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        check(&Source::new(path, text))
            .into_iter()
            .map(|breach| (breach.line, breach.message))
            .collect()
    }

    #[test]
    fn each_room_may_use_what_is_below_it() {
        for (path, room, allowed) in [
            ("src/domain/order.rs", "domain", true),
            ("src/domain/order.rs", "process", false),
            ("src/process/pool.rs", "domain", true),
            ("src/process/pool.rs", "files", false),
            ("src/git/merge.rs", "process", true),
            ("src/git/merge.rs", "store", false),
            ("src/store/mod.rs", "files", false),
            ("src/files/copy.rs", "git", false),
            ("src/config/lower.rs", "ops", false),
            ("src/ops/sync.rs", "git", true),
            ("src/ops/sync.rs", "ui", false),
            ("src/ops/sync.rs", "commands", false),
            ("src/ui/report/sync.rs", "ops", true),
            ("src/ui/report/sync.rs", "commands", false),
            ("src/ui/report/sync.rs", "cli", false),
            ("src/failure.rs", "ui", true),
            ("src/failure.rs", "commands", false),
            ("src/commands/sync.rs", "failure", true),
            ("src/commands/sync.rs", "cli", false),
            ("src/cli.rs", "commands", true),
            ("src/main.rs", "cli", true),
            ("src/lib.rs", "git", true),
            ("tests/it/sync.rs", "git", true),
        ] {
            let text = format!("use crate::{room}::Thing;\n");
            assert_eq!(found(path, &text).is_empty(), allowed, "{path} uses {room}");
        }
    }

    #[test]
    fn every_way_to_write_a_path_is_seen() {
        for (text, lines) in [
            ("let x = crate::git::open();", vec![1]),
            ("use crate::{domain::x, git::{a, store}};", vec![1]),
            (
                "use crate::{\n    domain::{a, b},\n    store,\n    git::c,\n};",
                vec![3, 4],
            ),
            ("use crate :: git;", vec![1]),
            ("use super::super::git::x;", vec![1]),
            ("use super::super::{git, ops};", vec![1, 1]),
            ("use super::git;", vec![]),
            ("use super::super::super::git;", vec![]),
            ("// use crate::git::x;", vec![]),
            ("let x = \"crate::git\";", vec![]),
            ("use crate::github::x; let supercrate::git = 1;", vec![]),
            ("macro_crate::git!(); pub(crate) mod git;", vec![]),
        ] {
            let seen: Vec<usize> = found("src/files/copy.rs", text)
                .into_iter()
                .map(|(line, _)| line)
                .collect();
            assert_eq!(seen, lines, "{text}");
        }
    }

    #[test]
    fn a_mod_file_stands_one_level_higher() {
        assert_eq!(found("src/files/mod.rs", "use super::git;").len(), 1);
        assert_eq!(
            found("src/domain/sync/mod.rs", "use super::super::git;").len(),
            1
        );
        assert_eq!(found("src/failure.rs", "use super::commands::x;").len(), 1);
    }
}
