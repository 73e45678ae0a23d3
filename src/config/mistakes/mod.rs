//! Tests: what is said about a wrong tracks.toml, and where the caret stands.

mod meaning;
mod profiles;

use super::{Diagnostic, Level, Parsed, parse};

/// (text, marked, message)
type Case = (&'static str, &'static str, &'static str);

fn errors(text: &str) -> Vec<Diagnostic> {
    let Parsed {
        project,
        diagnostics,
    } = parse(text, "app");
    let errors: Vec<Diagnostic> = diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .collect();
    assert_eq!(project.is_none(), !errors.is_empty(), "{text}\n{errors:#?}");
    errors
}

fn said(text: &str) -> Vec<(String, String)> {
    errors(text)
        .into_iter()
        .map(|error| (text[error.span].to_owned(), error.message))
        .collect()
}

fn check(cases: &[Case]) {
    for (text, marked, message) in cases {
        assert_eq!(
            said(text),
            [((*marked).to_owned(), (*message).to_owned())],
            "{text}"
        );
    }
}

fn help(text: &str) -> Option<String> {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors[0].help.clone()
}

#[test]
fn valid_files() {
    for text in [
        "",
        "[track.api]\n[track.ui]\n",
        include_str!("../every_key.toml"),
        "track.api.title = 'dotted'\n",
        "[track]\napi = {}\n",
        "[integration]\nquorum = 1.0\n",
        "[track.a]\nworktree = '/elsewhere'\n[layout]\nworktrees = '/abs'\n",
        "[track.a]\nbranch = 'own/{track}'\n",
        "[[integration.resolve]]\npaths = 'x'\nstrategy = 'union'\ndriver = 'mergiraf'\n",
        "[run]\nbackoff = '0s'\ngrace = '0s'\n[check.u]\nrun = 'x'\nbackoff = '0s'\njobs = 0\n",
    ] {
        assert_eq!(said(text), [], "{text}");
    }
}

#[test]
fn an_empty_file_is_only_warned_about() {
    let parsed = parse("", "app");
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].level, Level::Warning);
    assert_eq!(parsed.diagnostics[0].message, "this file has no track");
    assert_eq!(parsed.project.unwrap().name, "app");
}

#[test]
fn syntax() {
    check(&[
        ("[track.a]\n[run]\njobs = \n", "=", "a value is missing"),
        (
            "[track.a]\ntitle = hello\n",
            "hello",
            "`hello` is neither a number, nor `true` or `false`, nor a string in quotes",
        ),
        ("[track.a]\n[track.b\n[track.c]\n", "b", "unclosed table"),
        (
            "[track.a]\nowns = ['x', 'y'\n[track.b]\ntitle = 'b'\n",
            "'",
            "missing comma between array elements",
        ),
        (
            "[track.a]\ntitle = 'a\n[track.b]\n",
            "a",
            "invalid literal string",
        ),
        (
            "[track.a]\ntitle = 'a'\ntitle = 'b'\n",
            "title",
            "`title` is given twice",
        ),
        (
            "[track.a]\n[track.b]\n[track.a]\n",
            "a",
            "`[track.a]` is given twice",
        ),
    ]);
}

#[test]
fn unknown_keys_and_values() {
    check(&[
        (
            "[track.api]\nbrnch = 'x'\n",
            "brnch",
            "unknown key `brnch` in [track.api]",
        ),
        ("[trak.api]\n", "trak", "unknown table `trak`"),
        ("jobs = 3\n", "jobs", "unknown key `jobs`"),
        (
            "[track.a]\n[check.u]\nrun = 'x'\nmetric = [{ name = 'a', pattern = '(a)', mn = 1 }]\n",
            "mn",
            "unknown key `mn` in `metric` of [check.u]",
        ),
        (
            "[track.a]\n[[allow]]\ncode = 'OWN01'\nreason = 'x'\nunitl = 2026-01-01\n",
            "unitl",
            "unknown key `unitl` in [[allow]]",
        ),
        (
            "[run]\nflaky = 'pas'\n",
            "'pas'",
            "unknown value `pas` for `[run] flaky`",
        ),
        (
            "[check.u]\nrun = 'x'\nwhen = ['track', 'integation']\n",
            "'integation'",
            "unknown value `integation` for `[check.u] when`",
        ),
    ]);
    for (text, expected) in [
        ("[track.api]\nbrnch = 'x'\n", "did you mean `branch`?"),
        ("[trak.api]\n", "did you mean `track`?"),
        ("[run]\nflaky = 'pas'\n", "did you mean `pass`?"),
        (
            "[run]\nflaky = 'never'\n",
            "the values are `pass` and `fail`",
        ),
        (
            "[commit]\nzzz = 1\n",
            "the keys here are `pattern` and `trailer`",
        ),
    ] {
        assert_eq!(help(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn wrong_types() {
    check(&[
        (
            "[run]\ntimeout = 30\n",
            "30",
            "`[run] timeout` must be a duration such as `90s`, `10m`, `4h` or `2d`",
        ),
        (
            "[run]\ntimeout = '30'\n",
            "'30'",
            "`[run] timeout` must be a duration such as `90s`, `10m`, `4h` or `2d`",
        ),
        (
            "[run]\njobs = -1\n",
            "-1",
            "`[run] jobs` must be a whole number, 0 or more",
        ),
        (
            "[run]\nfail_fast = 'yes'\n",
            "'yes'",
            "`[run] fail_fast` must be `true` or `false`",
        ),
        (
            "[track.a]\nowns = ['x', 5]\n",
            "5",
            "`[track.a] owns` must be a string",
        ),
        (
            "[track.a]\nowns = 5\n",
            "5",
            "`[track.a] owns` must be a string or a list of strings",
        ),
        ("[track]\na = 1\n", "1", "`[track] a` must be a table"),
        ("[[track]]\n", "[[track]]", "`track` must be a table"),
        (
            "[allow]\ncode = 'OWN01'\n",
            "[allow]",
            "`[allow]` must be a list",
        ),
        (
            "[check.u]\nrun = []\n",
            "[]",
            "`[check.u] run` must be a command: a string for the shell, or a list of a program and its arguments",
        ),
        (
            "[project]\nstart = '2026-02-30'\n",
            "'2026-02-30'",
            "`[project] start` must be a date such as 2026-11-23",
        ),
        (
            "[track.a]\ndue = 'day 0'\n",
            "'day 0'",
            "`[track.a] due` must be a date such as 2026-11-23, or a day of the phase such as `day 4`",
        ),
        (
            "[integration]\nquorum = 0\n",
            "0",
            "`[integration] quorum` must be a share above 0 and up to 1.0, such as `0.75`, or a count of at least 1, such as `3`",
        ),
        (
            "[integration]\nquorum = 1.5\n",
            "1.5",
            "`[integration] quorum` must be a share above 0 and up to 1.0, such as `0.75`, or a count of at least 1, such as `3`",
        ),
        (
            "[track.a]\ntimeline = '7d..5d'\n",
            "'7d..5d'",
            "`[track.a] timeline` must be two durations, the shorter first, such as `5d..7d`",
        ),
        (
            "[track.a]\nowns = '../x'\n",
            "'../x'",
            "`../x` is not a usable path pattern: `..` would leave the repository",
        ),
    ]);
    assert_eq!(
        help("[allow]\ncode = 'OWN01'\n").as_deref(),
        Some("write `[[allow]]`")
    );
}

#[test]
fn all_at_once_in_the_order_of_the_file() {
    let text = "\
[project]
name = 5
[run]
jobs = many
timout = '5m'
[track.api]
depends_on = ['ui', 'gost']
[track.ui]
worktree = '../ui'
[check.unit]
rnu = 'make'
flaky = 'no'
[track.api]
owns = '/abs'
";
    let said = said(text);
    let marked: Vec<&str> = said.iter().map(|(marked, _)| marked.as_str()).collect();
    assert_eq!(
        marked,
        [
            "5", "many", "timout", "'gost'", "'../ui'", "rnu", "'no'", "api", "'/abs'"
        ],
        "{said:#?}"
    );
}

#[test]
fn one_mistake_is_not_reported_twice() {
    for text in [
        // The command is there, only wrong.
        "[check.u]\nrun = 5\n",
        "[check.u]\nrnu = 'x'\n",
        // The track is there, only unreadable.
        "[track]\nui = 1\n[integration]\nrequired = ['ui']\n",
        "[track.api]\ndepends_on = 'ui'\n[track.ui\ntitle = 'x'\n",
        "[track.a]\n[track.B]\n[integration]\nrequired = ['B']\n",
        "[trak.ui]\n",
        "[check.u]\nrun = 'x'\nwhen = ['nver']\n",
    ] {
        let errors = errors(text);
        assert_eq!(errors.len(), 1, "{text}\n{errors:#?}");
    }
}

#[test]
fn nothing_panics_and_every_span_lies_inside() {
    let text = include_str!("../every_key.toml");
    let cuts = (0..text.len())
        .step_by(311)
        .filter(|at| text.is_char_boundary(*at));
    for cut in cuts {
        let broken = [
            text[..cut].to_owned(),
            text[cut..].to_owned(),
            format!("{}[[{}", &text[..cut], &text[cut..]),
            format!("{}ü = \"{}", &text[..cut], &text[cut..]),
        ];
        for text in broken {
            for diagnostic in parse(&text, "app").diagnostics {
                assert!(
                    text.get(diagnostic.span.clone()).is_some(),
                    "{diagnostic:?}"
                );
                assert!(!diagnostic.message.is_empty());
            }
        }
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_of_the_code() {
    use std::fmt::Write as _;

    let schema = super::schema::value();
    let of_empty = parse("[track.a]\n[check.u]\nrun = 'x'\n", "app")
        .project
        .unwrap();
    let mut text = String::new();
    let mut count = 0;
    for section in [
        "project",
        "layout",
        "run",
        "integration",
        "ownership",
        "commit",
        "land",
        "track.a",
        "check.u",
    ] {
        writeln!(text, "[{section}]").unwrap();
        if section == "check.u" {
            writeln!(text, "run = 'x'").unwrap();
        }
        let key = section.split('.').next().unwrap();
        let property = &schema["properties"][key];
        let reference = [property, &property["additionalProperties"]]
            .into_iter()
            .find_map(|place| place["$ref"].as_str())
            .unwrap();
        let table = &schema["$defs"][reference.rsplit('/').next().unwrap()];
        for (key, property) in table["properties"].as_object().unwrap() {
            let default = &property["default"];
            if !default.is_null() && !default.is_object() && *default != serde_json::json!([]) {
                writeln!(text, "{key} = {default}").unwrap();
                count += 1;
            }
        }
    }
    assert!(count >= 20, "{text}");
    assert_eq!(parse(&text, "app").project.unwrap(), of_empty, "{text}");
}

#[test]
fn the_file_of_every_key_has_every_key() {
    let schema = super::schema::value();
    let text = include_str!("../every_key.toml");
    let mut missing = Vec::new();
    let tables = schema["$defs"]
        .as_object()
        .unwrap()
        .values()
        .chain([&schema]);
    for table in tables {
        for key in table["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let mut words = text.split(|c| !word(c));
            if !words.any(|found| found == key) {
                missing.push(key);
            }
        }
    }
    assert_eq!(missing, Vec::<&String>::new());
}
