//! What other tools read: annotations, SARIF by the published schema, JUnit, Code Quality.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::project::{find, project, work};
use crate::world::World;

/// A track that conflicts in a file with a name of its own kind, is red, delivers nothing, and is on a branch of another name.
fn bad() -> World {
    let world = project(
        "[track.a]\ndeliverables = [\"docs/x.md\"]\n[track.b]\n[check.unit]\nrun = \"exit 7\"\n[check.fresh]\nrun = \"test ! -e bad\"\n",
        &[("odd, name:%.txt", "1\n")],
    );
    work(&world, "a", &[("odd, name:%.txt", "a\n"), ("bad", "x\n")]);
    work(&world, "b", &[("b", "b\n")]);
    world.commit("main", &[("odd, name:%.txt", "main\n")], "Drift");
    world.tracks(&["mark", "a", "ready"]);
    world
}

fn in_format(world: &World, format: &str, more: &[&str]) -> (i32, String) {
    let ran = world.tracks(&[&["validate", "--yes", "--format", format], more].concat());
    (ran.status, ran.stdout)
}

fn of_json(world: &World, format: &str, more: &[&str]) -> Value {
    let (_, text) = in_format(world, format, more);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The schema that OASIS has published, out of the package of a crate that carries it along; that crate is never built. It is
/// locked as every other package is, and cargo brings it along as such: it is not there only where cargo has never been able
/// to fetch the packages of this repository.
fn schema() -> Value {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo is asked about its own packages"
    )]
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let text = String::from_utf8_lossy(&cargo.stdout);
    let metadata: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&cargo.stderr)));
    let package = find(&metadata["packages"], "name", "serde-sarif");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    let schema = manifest
        .parent()
        .unwrap_or(Path::new(""))
        .join("src/schema.json");
    let text = std::fs::read_to_string(&schema).expect("the schema is in the package");
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[track_caller]
fn holds_by(schema: &Value, document: &Value) -> Result<(), String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("mem:sarif", schema.clone())
        .expect("a schema");
    let index = compiler
        .compile("mem:sarif", &mut schemas)
        .expect("a schema");
    let result = schemas.validate(document, index);
    result.map_err(|error| format!("{error:#}"))
}

#[test]
fn sarif_is_what_the_published_schema_wants() {
    let world = bad();
    let schema = schema();
    for more in [
        &["a"][..],
        &["b"],
        &["--all"],
        &["a", "--no-checks", "--head", "track/b"],
    ] {
        let sarif = of_json(&world, "sarif", more);
        if let Err(error) = holds_by(&schema, &sarif) {
            panic!("{more:?}: {error}\n{sarif:#}");
        }
    }
    // That it can say no at all.
    let mut broken = of_json(&world, "sarif", &["b"]);
    broken["runs"][0]["results"] = json!([{ "message": { "txt": "x" } }]);
    assert!(holds_by(&schema, &broken).is_err());
}

#[test]
fn sarif_has_every_problem_with_its_place() {
    let world = bad();
    let sarif = of_json(&world, "sarif", &["a"]);
    let run = &sarif["runs"][0];
    let results = &run["results"];
    let conflict = find(results, "ruleId", "conflict");
    let place = &conflict["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "odd%2C%20name%3A%25.txt");
    let deliverable = find(results, "ruleId", "deliverable");
    let place = &deliverable["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"], "tracks.toml",
        "every result is somewhere"
    );
    // Red on base too, so it does not count; the other does.
    let checks: Vec<&Value> = results
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["ruleId"] == "check")
        .collect();
    assert_eq!(checks.len(), 2);
    assert_eq!(checks[0]["suppressions"], Value::Null);
    assert!(
        checks[1]["suppressions"][0]["justification"]
            .as_str()
            .unwrap()
            .contains("red on base"),
        "{sarif:#}"
    );
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results.as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let help = &find(&run["tool"]["driver"]["rules"], "id", "NAM01")["help"]["text"];
    assert!(help.as_str().unwrap().contains("Rename the branch"));
}

#[test]
fn fingerprints_are_those_of_before_after_more_commits() {
    let world = bad();
    let prints = |answer: &Value| {
        let results = answer["runs"][0]["results"].as_array().unwrap().clone();
        let prints = results
            .iter()
            .map(|it| it["partialFingerprints"].to_string());
        prints.collect::<Vec<String>>()
    };
    let before = prints(&of_json(&world, "sarif", &["a"]));
    work(&world, "a", &[("odd, name:%.txt", "more\nlines\na\n")]);
    let after = prints(&of_json(&world, "sarif", &["a"]));
    assert_eq!(before, after);
    let mut distinct = before.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), before.len());
}

#[test]
fn annotations_of_github_are_escaped_and_errors_come_first() {
    let world = bad();
    let (status, text) = in_format(&world, "github", &["a"]);
    assert_eq!(status, 1);
    insta::assert_snapshot!(text, @r"
    ::error file=odd%2C name%3A%25.txt,line=1,title=conflict a::track a conflicts with base in odd, name:%25.txt (contents)%0Afix: `tracks update a`, or where that conflicts `tracks resolve a`
    ::error title=deliverable a::track a: docs/x.md is missing%0Afix: write it, or mark the track as it is: `tracks mark a in-progress`
    ::error title=check a::check fresh of track a: failed%0Afix: `tracks check a --check fresh` shows it
    track a: refused: a conflict with base, 1 undelivered, 1 red check
    ");
}

#[test]
fn github_shows_ten_of_a_kind_and_counts_the_rest() {
    let world = project("[track.a]\n", &[("f", "1\n")]);
    let names: Vec<String> = (0..15).map(|number| format!("f{number:02}")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a\n")).collect();
    work(&world, "a", &files);
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "main\n")).collect();
    world.commit("main", &files, "Drift");
    let (_, text) = in_format(&world, "github", &["a"]);
    assert_eq!(text.matches("::error ").count(), 10, "{text}");
    assert_eq!(text.matches("::notice ").count(), 1, "{text}");
    assert!(text.contains("5 more of severity error"), "{text}");
}

#[test]
fn github_gets_a_summary_of_the_step() {
    let world = bad();
    let file = world.root().join("summary.md");
    let ran = world
        .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
        .args(["validate", "a", "--no-checks", "--format", "github"])
        .env("GITHUB_STEP_SUMMARY", &file)
        .output()
        .expect("the tool starts");
    assert_eq!(ran.status.code(), Some(1));
    let text = std::fs::read_to_string(&file).expect("a summary");
    assert!(text.contains("- track a: refused: "), "{text}");
    assert!(
        text.contains("| error conflict | a | odd, name:%.txt"),
        "{text}"
    );
}

#[test]
fn code_quality_of_gitlab() {
    let world = bad();
    let issues = of_json(&world, "gitlab", &["a"]);
    let issues = issues.as_array().expect("a list");
    assert!(issues.len() >= 3, "{issues:#?}");
    for issue in issues {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(
                issue[key].as_str().is_some_and(|it| !it.is_empty()),
                "{key}: {issue:#}"
            );
        }
        assert!(issue["location"]["path"].is_string(), "{issue:#}");
        assert!(
            issue["location"]["lines"]["begin"].as_u64() >= Some(1),
            "{issue:#}"
        );
    }
    assert_eq!(issues[0]["severity"], "critical");
    assert_eq!(of_json(&world, "gitlab", &["b", "--no-checks"]), json!([]));
}

#[test]
fn junit_comes_to_the_verdict_of_the_exit_status() {
    let world = bad();
    let (status, text) = in_format(&world, "junit", &["--all"]);
    assert_eq!(status, 1);
    assert!(
        text.starts_with(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tracks validate\""
        ),
        "{text}"
    );
    let suite = |name: &str| {
        let (_, rest) = text
            .split_once(&format!("<testsuite name=\"{name}\""))
            .expect("a suite");
        rest.split_once("</testsuite>")
            .expect("its end")
            .0
            .to_owned()
    };
    let (a, b) = (suite("a"), suite("b"));
    assert_eq!(
        a.matches("<failure ").count(),
        3,
        "a conflict, a check, a deliverable: {a}"
    );
    assert_eq!(b.matches("<failure ").count(), 0, "{b}");
    assert!(b.contains("red on base, too"), "{b}");
    assert!(a.contains("classname=\"a.rule\""), "{a}");
}
