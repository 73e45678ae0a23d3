//! Selections by tables, and against the patterns themselves, path by path.

use proptest::prelude::*;

use super::*;

fn selection(patterns: &[&str]) -> Selection {
    let patterns: Vec<Pattern> = patterns
        .iter()
        .map(|text| Pattern::new(text).unwrap())
        .collect();
    Selection::new(&patterns)
}

/// What a walk to the directory `path` comes to.
fn reach_at(selection: &Selection, path: &str) -> Reach {
    path.split('/').filter(|name| !name.is_empty()).fold(
        selection.root(),
        |reach, name| match reach {
            Reach::Some(stage) => selection.below(&stage, name.as_bytes()),
            decided => decided,
        },
    )
}

/// What a walk says of the file `path`.
fn takes(selection: &Selection, path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    match reach_at(selection, directory) {
        Reach::Nothing => false,
        Reach::Everything => true,
        Reach::Some(stage) => selection.takes(&stage, name.as_bytes(), path.as_bytes()),
    }
}

#[test]
fn what_is_below_a_directory() {
    for (patterns, directory, expected) in [
        (&["src/**"][..], "", "some"),
        (&["src/**"], "src", "all"),
        (&["src/**"], "src/a/b", "all"),
        (&["src/**"], "srcx", "nothing"),
        (&["src"], "src", "all"),
        (&["src/"], "src", "all"),
        (&["src/a.rs"], "src", "some"),
        (&["src/a.rs"], "src/b", "nothing"),
        (&["src/*.rs"], "src", "some"),
        (&["src/*.rs"], "src/a.rs", "nothing"),
        (&["src/*/"], "src/a", "all"),
        (&["crates/*/src"], "crates", "some"),
        (&["crates/*/src"], "crates/x", "some"),
        (&["crates/*/src"], "crates/x/src", "all"),
        (&["crates/*/src"], "crates/x/test", "nothing"),
        (&["crates/a-*/**"], "crates/b", "nothing"),
        (&["crates/a-*/**"], "crates/a-b", "all"),
        (&["**"], "", "all"),
        (&["**/*.rs"], "", "some"),
        (&["**/*.rs"], "any/where", "some"),
        (&["src/**/*.rs"], "docs", "nothing"),
        (&["src/**/*.rs"], "src/a", "some"),
        (&["**/target"], "a/target", "all"),
        (&["{src,tests}/**"], "tests", "all"),
        (&["{src,tests}/**"], "docs", "nothing"),
        (&["docs/[ab]*"], "src", "nothing"),
        (&["docs/[ab]*"], "docs", "some"),
        (&["Cargo.lock", "src/a/**"], "src", "some"),
        (&["Cargo.lock", "src/a/**"], "src/a", "all"),
        (&["Cargo.lock", "src/a/**"], "src/b", "nothing"),
        (&[], "", "nothing"),
    ] {
        let said = match reach_at(&selection(patterns), directory) {
            Reach::Nothing => "nothing",
            Reach::Everything => "all",
            Reach::Some(_) => "some",
        };
        assert_eq!(said, expected, "{patterns:?} {directory}");
    }
}

#[test]
fn which_look_everywhere() {
    for (patterns, expected) in [
        (&["*{*}"][..], true),
        (
            &["src/**", "Cargo.lock", "docs/*.md", "crates/*/src"],
            false,
        ),
        (&["{a,b}/**"], false),
        (&["**"], false),
        (&["src", "**/*.rs"], true),
        (&["src/**/*.rs"], true),
        (&["src/[ab]"], true),
    ] {
        assert_eq!(
            selection(patterns).looks_everywhere(),
            expected,
            "{patterns:?}"
        );
    }
}

/// Names and patterns over so small an alphabet that they meet.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{1,3}", Just("a.r".to_owned()), Just("**".to_owned())]
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..5).prop_map(|names| names.join("/"))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let segment = prop_oneof![
        4 => "[ab]{1,2}",
        2 => Just("**".to_owned()),
        2 => "[ab*?.]{1,4}",
        1 => Just("*.r".to_owned()),
        1 => Just("{a,b*}".to_owned()),
        1 => Just("{a/b,b}".to_owned()),
        1 => Just("{**/a,b}".to_owned()),
        1 => Just("a{,b}".to_owned()),
        1 => Just("{a,{b,aa}}".to_owned()),
        1 => Just("*{*}".to_owned()),
        1 => "[ab]?\\[[!a/]{1,2}\\][ab]?",
        1 => Just("\\*".to_owned()),
        1 => "[*{},ab]{1,5}",
    ];
    let text = (prop::collection::vec(segment, 1..5), any::<bool>())
        .prop_map(|(segments, bare)| segments.join("/") + if bare { "/" } else { "" });
    text.prop_filter_map("no pattern", |text| Pattern::new(&text).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_walk_says_what_the_patterns_say(
        patterns in prop::collection::vec(pattern(), 0..3),
        paths in prop::collection::vec(path(), 1..20),
    ) {
        let selection = Selection::new(&patterns);
        for path in paths {
            let expected = selection.matches(&RepoPath::new(&path));
            prop_assert_eq!(takes(&selection, &path), expected, "{:?} {}", patterns, path);
        }
    }

    #[test]
    fn wild_segments(wild in "[ab*?]{0,6}", name in "[ab]{0,6}") {
        let expected = Pattern::new(&format!("x{wild}")).unwrap().exact.is_match(format!("x{name}"));
        prop_assert_eq!(wild_matches(wild.as_bytes(), name.as_bytes()), expected);
    }
}
