//! Every tracks.toml that this repository shows somebody is one that the tool reads without a complaint.

use tracks::config::parse;

/// Nothing to say about it, not even a warning.
fn assert_flawless(name: &str, text: &str) {
    let parsed = parse(text, "app");
    assert!(
        parsed.project.is_some(),
        "{name}: {:#?}",
        parsed.diagnostics
    );
    assert!(
        parsed.diagnostics.is_empty(),
        "{name}: {:#?}",
        parsed.diagnostics
    );
}

#[test]
fn the_file_of_this_repository() {
    assert_flawless("tracks.toml", include_str!("../../tracks.toml"));
}

#[test]
fn the_file_of_the_demo() {
    let text = include_str!("../../xtask/demo/shop/tracks.toml");
    let parsed = parse(text, "shop");
    assert!(parsed.project.is_some(), "{:#?}", parsed.diagnostics);
}

#[test]
fn the_examples_of_the_readme() {
    let readme = include_str!("../../README.md");
    let examples: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
        .collect();
    assert!(examples.len() >= 2, "{}", examples.len());
    for example in examples {
        assert_flawless("README.md", example);
    }
}
