//! Rules for whole files: a header that says what lives there, a readable length, no test file that is never run.

use super::storeys::words;
use super::{Breach, Source};

/// Beyond this a file holds more than one subject.
const MOST_LINES: usize = 600;

const TESTS: &str = "tests/it/";
const TEST_LIST: &str = "tests/it/main.rs";

pub(crate) fn header(source: &Source) -> Option<Breach> {
    let first = source.text.lines().next().unwrap_or_default();
    let sentence = first.strip_prefix("//!").map(str::trim);
    if sentence.is_some_and(|sentence| !sentence.is_empty()) {
        return None;
    }
    Some(source.breach(
        0,
        "a file begins with `//!` and one sentence: what lives here",
    ))
}

pub(crate) fn length(source: &Source) -> Option<Breach> {
    let lines = source.text.lines().count();
    if lines <= MOST_LINES {
        return None;
    }
    Some(Breach {
        path: source.path.clone(),
        line: MOST_LINES + 1,
        message: format!(
            "{lines} lines; a subject has room in {MOST_LINES}: split it by what it is about"
        ),
    })
}

/// Files beside tests/it/main.rs that it does not declare: cargo would neither build nor run them, and nobody would notice.
pub(crate) fn undeclared_tests(sources: &[Source]) -> Vec<Breach> {
    let list = sources.iter().find(|source| source.path == TEST_LIST);
    sources
        .iter()
        .filter_map(|source| Some((source, module(&source.path)?)))
        .filter(|(_, module)| !list.is_some_and(|list| declares(&list.code, module)))
        .map(|(source, module)| {
            let message =
                format!("{TEST_LIST} does not declare `mod {module};`, so its tests never run");
            source.breach(0, message)
        })
        .collect()
}

/// The module that the list has to declare for a file: its own, or that of the folder it is in.
fn module(path: &str) -> Option<&str> {
    if path == TEST_LIST {
        return None;
    }
    let inside = path.strip_prefix(TESTS)?;
    match inside.split_once('/') {
        Some((folder, _)) => Some(folder),
        None => inside.strip_suffix(".rs"),
    }
}

fn declares(code: &str, module: &str) -> bool {
    words(code, module).any(|at| {
        code[..at].trim_end().ends_with("mod")
            && code[at + module.len()..].trim_start().starts_with(';')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_sentence_on_the_first_line() {
        for (text, tidy) in [
            ("//! Orders.\n", true),
            ("//!\n", false),
            ("", false),
            ("use x;\n//! Late.\n", false),
            ("/// Of an item.\n", false),
        ] {
            assert_eq!(
                header(&Source::new("src/x.rs", text)).is_none(),
                tidy,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_file_may_have_six_hundred_lines_and_not_one_more() {
        let of = |lines: usize| length(&Source::new("src/x.rs", "x\n".repeat(lines)));
        assert_eq!(of(600), None);
        assert_eq!(of(601).map(|breach| breach.line), Some(601));
    }

    #[test]
    fn a_test_file_has_to_be_declared() {
        let list = |text: &str| {
            let sources = [
                Source::new(TEST_LIST, text),
                Source::new("tests/it/sync.rs", ""),
                Source::new("tests/it/hooks/mod.rs", ""),
                Source::new("tests/it/hooks/commit.rs", ""),
            ];
            undeclared_tests(&sources)
                .into_iter()
                .map(|breach| breach.path)
                .collect::<Vec<_>>()
        };
        assert!(list("mod sync;\nmod hooks;").is_empty());
        assert_eq!(list("mod hooks;\n// mod sync;\n"), ["tests/it/sync.rs"]);
        assert_eq!(list("mod sync; mod hooks_x;").len(), 2);
    }
}
