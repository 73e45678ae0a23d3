//! `cargo xtask tidy`: the house rules that no compiler knows, checked on the text of the sources; also a test.

mod files;
mod lexer;
mod rooms;
mod storeys;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::child;
use crate::failure::{Failure, no_arguments};

/// One Rust file as the rules see it.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the top of the repository, with `/`.
    path: String,
    text: String,
    /// The text with comments and the contents of literals blanked out; places are the same.
    code: String,
}

impl Source {
    fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Source {
            path: path.into(),
            code: lexer::code_only(&text),
            text,
        }
    }

    fn breach(&self, offset: usize, message: impl Into<String>) -> Breach {
        let before = &self.code[..offset];
        Breach {
            path: self.path.clone(),
            line: before.matches('\n').count() + 1,
            message: message.into(),
        }
    }
}

/// One place where the house is not as it says it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    no_arguments("tidy", arguments)?;
    let sources = read(&child::root())?;
    let breaches = check(&sources);
    for breach in &breaches {
        crate::say(&breach.to_string());
    }
    if breaches.is_empty() {
        crate::say(&format!("    {} files are tidy", sources.len()));
        return Ok(());
    }
    Err(Failure::new(format!(
        "tidy found {} breaches of the house rules",
        breaches.len()
    )))
}

/// Every breach, in the order of the files.
fn check(sources: &[Source]) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = sources
        .iter()
        .flat_map(|source| {
            [files::header(source), files::length(source)]
                .into_iter()
                .flatten()
                .chain(storeys::check(source))
                .chain(rooms::check(source))
        })
        .chain(files::undeclared_tests(sources))
        .collect();
    breaches.sort();
    breaches.dedup();
    breaches
}

fn read(root: &Path) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for folder in ["src", "tests", "xtask/src"] {
        let mut waiting = vec![root.join(folder)];
        while let Some(dir) = waiting.pop() {
            if !dir.is_dir() {
                continue;
            }
            for path in entries(&dir)? {
                if path.is_dir() {
                    waiting.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).map_err(Failure::at(&path))?;
                    sources.push(Source::new(relative(root, &path), text));
                }
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    std::fs::read_dir(dir)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(Failure::at(dir))
}

fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let sources = read(&child::root()).unwrap();
        assert!(
            sources.len() > 50,
            "only {} files were found",
            sources.len()
        );
        let breaches: Vec<String> = check(&sources).iter().map(Breach::to_string).collect();
        assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
    }

    #[test]
    fn every_rule_reaches_the_report_with_its_place() {
        let sources = [
            Source::new(
                "src/domain/order.rs",
                "//! Orders.\nuse crate::git::Repository;\n",
            ),
            Source::new(
                "src/ops/sync.rs",
                "//! A round.\n\nfn f() { gix::open(\".\"); }\n",
            ),
            Source::new("src/ui/table.rs", "// no header\n"),
            Source::new("tests/it/main.rs", "//! Tests.\nmod world;\n"),
            Source::new("tests/it/forgotten.rs", "//! Never run.\n"),
        ];
        let shown: Vec<String> = check(&sources).iter().map(Breach::to_string).collect();
        assert_eq!(
            shown,
            [
                "src/domain/order.rs:2: domain may not use git: calls go down, never up or sideways",
                "src/ops/sync.rs:3: gix is named only in src/git",
                "src/ui/table.rs:1: a file begins with `//!` and one sentence: what lives here",
                "tests/it/forgotten.rs:1: tests/it/main.rs does not declare `mod forgotten;`, so its tests never run",
            ]
        );
    }
}
