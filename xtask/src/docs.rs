//! `cargo xtask docs`: the reference of commands, keys and rules, written by the tool itself so that it cannot drift.

use std::path::Path;
use std::process::Command;

use crate::child::{self, Profile};
use crate::failure::Failure;

/// What `tracks reference WHAT` prints, and the page that shows it.
const PAGES: &[(&str, &str)] = &[
    ("commands", "docs/commands.md"),
    ("keys", "docs/keys.md"),
    ("rules", "docs/rules.md"),
];

const NOTICE: &str =
    "<!-- Written by `cargo xtask docs` from the tool itself: edit the code, not this page. -->\n";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let check = match arguments {
        [] => false,
        [word] if word == "--check" => true,
        _ => return Err(Failure::usage("use: cargo xtask docs [--check]")),
    };
    let tracks = child::build_tracks(Profile::Tested)?;
    let mut stale = Vec::new();
    for (what, page) in PAGES {
        let text = page_text(&reference(&tracks, what)?);
        let path = child::root().join(page);
        // A page that is missing is as stale as one that is old.
        let current = std::fs::read_to_string(&path).unwrap_or_default();
        if current == text {
            continue;
        }
        if check {
            stale.push(describe(page, &current, &text));
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Failure::at(folder))?;
        }
        std::fs::write(&path, &text).map_err(Failure::at(&path))?;
        crate::say(&format!("{page} is written anew"));
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{}\nwrite them anew with: cargo xtask docs",
        stale.join("\n")
    )))
}

fn reference(tracks: &Path, what: &str) -> Result<String, Failure> {
    let mut command = Command::new(tracks);
    // The width of a terminal and its colours have no business in a page.
    command
        .args(["reference", what])
        .current_dir(child::root())
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
    let text = child::output(&mut command)?;
    if text.trim().is_empty() {
        return Err(Failure::new(format!(
            "`tracks reference {what}` printed nothing"
        )));
    }
    Ok(text)
}

fn page_text(reference: &str) -> String {
    format!("{NOTICE}\n{}\n", reference.trim())
}

fn describe(page: &str, current: &str, expected: &str) -> String {
    let same = current
        .lines()
        .zip(expected.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let line = expected.lines().nth(same).unwrap_or("(nothing more)");
    format!("{page}:{}: stale; the tool now says: {line}", same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_page_is_named_with_its_first_different_line() {
        let page = page_text("# Commands\n\n## init\n");
        assert!(page.starts_with(NOTICE));
        assert_eq!(
            describe("docs/commands.md", &page.replace("init", "int"), &page),
            "docs/commands.md:5: stale; the tool now says: ## init"
        );
        assert!(describe("p", "", &page).starts_with("p:1: stale"));
    }
}
