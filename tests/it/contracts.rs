//! Contracts end to end: each comparer, programs with their three outcomes, two tracks at once, and who owns a contract.

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts, work};
use crate::world::World;

/// A contract of these, owned by a and consumed by b.
fn contract(compatible: &str, path: &str, content: &str) -> World {
    let config = format!(
        "[track.a]\n[track.b]\n[track.c]\n[contract.x]\npaths = \"{path}\"\nowner = 'a'\nconsumers = ['b']\ncompatible = {compatible}\n"
    );
    project(&config, &[(path, content), ("f", "1\n")])
}

/// Exit status, verdict, and what CON01 and CON02 say.
fn validate(world: &World, track: &str) -> (i32, Value, Vec<String>) {
    let (status, answer) = ask(world, &["validate", track]);
    let findings = answer["findings"].as_array().expect("a list");
    let compared = findings
        .iter()
        .filter(|finding| ["CON01", "CON02"].contains(&finding["code"].as_str().expect("a code")));
    let messages =
        compared.map(|finding| finding["message"].as_str().expect("a message").to_owned());
    (status, answer["verdict"].clone(), messages.collect())
}

#[test]
fn each_comparer_tells_what_breaks_and_lets_pass_what_does_not() {
    let proto = "syntax = \"proto3\";\nmessage A {\n  int32 a = 1;\n}\n";
    let openapi = "openapi: 3.0.0\npaths:\n  /a:\n    get: {}\n";
    let sql = "CREATE TABLE a (\n  id int,\n  name text\n);\n";
    for (comparer, path, old, good, bad, expected) in [
        (
            "protobuf",
            "a.proto",
            proto,
            proto.replace("}", "  string b = 2;\n}"),
            proto.replace("int32", "string"),
            "contract x breaks for b: A.a: type changes from int32 to string",
        ),
        (
            "openapi",
            "a.yaml",
            openapi,
            openapi.replace("get: {}", "get: {}\n    put: {}"),
            openapi.replace("/a", "/b"),
            "contract x breaks for b: /paths/~1a: is gone",
        ),
        (
            "json-schema",
            "a.json",
            "{\"type\": \"object\"}\n",
            "{\"type\": \"object\", \"properties\": {\"a\": {}}}\n".to_owned(),
            "{\"type\": \"object\", \"required\": [\"a\"]}\n".to_owned(),
            "contract x breaks for b: /properties/a: is required now",
        ),
        (
            "sql-ddl",
            "schema.sql",
            sql,
            sql.replace("text", "text,\n  more text"),
            sql.replace(",\n  name text", ""),
            "contract x breaks for b: a.name: the column is gone",
        ),
        (
            "text",
            "notes.txt",
            "one\n",
            "one\n".to_owned(),
            "two\n".to_owned(),
            "contract x breaks for b: the text has changed",
        ),
    ] {
        let world = contract(&format!("'{comparer}'"), path, old);
        work(&world, "a", &[(path, &good), ("g", "1\n")]);
        assert_eq!(
            validate(&world, "a"),
            (0, json!("pass"), vec![]),
            "{comparer}"
        );
        work(&world, "a", &[(path, &bad)]);
        let found = validate(&world, "a");
        assert_eq!(found, (1, json!("refuse"), vec![expected.to_owned()]));
        if comparer != "text" {
            work(&world, "a", &[(path, "{ nonsense")]);
            let (status, verdict, messages) = validate(&world, "a");
            assert_eq!((status, verdict), (3, Value::Null), "{comparer}");
            let why = format!(
                "contract x could not be compared: the new version cannot be read as {comparer}: "
            );
            assert!(messages[0].starts_with(&why), "{messages:?}");
        }
    }
}

#[test]
fn a_deleted_file_breaks_and_a_new_one_does_not() {
    let world = contract("'json-schema'", "api/x.json", "{}\n");
    work(&world, "a", &[("api/y.json", "true\n")]);
    assert_eq!(validate(&world, "a"), (0, json!("pass"), vec![]));
    world.git(&["checkout", "--quiet", "track/a"]);
    world.git(&["rm", "--quiet", "api/x.json"]);
    world.git(&["commit", "--quiet", "-m", "Delete"]);
    world.git(&["checkout", "--quiet", "main"]);
    let expected = "contract x breaks for b: the file is deleted".to_owned();
    assert_eq!(validate(&world, "a"), (1, json!("refuse"), vec![expected]));
}

/// Lines of the new version that the old has not are fine; of those that are gone it says the first; `?` is no answer.
const SCRIPT: &str = "#!/bin/sh\ncase \"$(cat \"$2\")\" in *'?'*) echo 'no idea'; exit 7;; esac\ngone=$(grep -vxF -f \"$2\" \"$1\") && { echo \"gone: $gone\"; exit 1; }\nexit 0\n";

#[test]
fn a_program_has_three_outcomes_and_runs_only_where_it_is_approved() {
    let world = contract("'sh compare.sh {old} {new}'", "it's.txt", "one\ntwo\n");
    world.write("compare.sh", SCRIPT);
    work(&world, "a", &[("it's.txt", "one\ntwo\nthree\n")]);
    let (status, verdict, messages) = validate(&world, "a");
    assert_eq!((status, verdict), (3, Value::Null));
    assert_eq!(
        messages,
        [
            "contract x could not be compared: `sh compare.sh {old} {new}` is not approved; `tracks trust` shows what would run"
        ]
    );
    let (_, trust) = ask(&world, &["trust", "--list"]);
    let command = find(&trust["commands"], "place", "[contract.x] compatible");
    assert_eq!(command["run"], "sh compare.sh {old} {new}");
    // A round does not take for compatible what it could not find out.
    let (_, round) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!(texts(&round["ejected"], "track"), ["a"], "{round:#}");

    assert_eq!(world.tracks(&["trust", "--yes"]).status, 0);
    assert_eq!(validate(&world, "a"), (0, json!("pass"), vec![]));
    work(&world, "a", &[("it's.txt", "one\n")]);
    let expected = "contract x breaks for b: gone: two".to_owned();
    assert_eq!(validate(&world, "a"), (1, json!("refuse"), vec![expected]));
    work(&world, "a", &[("it's.txt", "one\n?\n")]);
    let expected =
        "contract x could not be compared: `sh compare.sh {old} {new}` exited with 7: no idea";
    assert_eq!(
        validate(&world, "a"),
        (3, Value::Null, vec![expected.to_owned()])
    );
}

#[test]
fn a_program_that_is_not_there_is_no_answer() {
    let world = contract("['no-such-program-here', '{old}', '{new}']", "x", "1\n");
    assert_eq!(world.tracks(&["trust", "--yes"]).status, 0);
    work(&world, "a", &[("x", "2\n")]);
    let (status, _, messages) = validate(&world, "a");
    assert_eq!(status, 3);
    assert_eq!(
        messages,
        [
            "contract x could not be compared: `no-such-program-here {old} {new}`: there is no program no-such-program-here"
        ]
    );
}

#[test]
fn two_tracks_that_git_merges_and_that_do_not_fit_together() {
    let proto = |first: &str, last: &str| {
        format!(
            "syntax = \"proto3\";\nmessage A {{\n{first}  int32 a = 1;\n  int32 b = 2;\n  int32 c = 3;\n{last}}}\n"
        )
    };
    let config = "[track.a]\n[track.b]\n[track.c]\n[contract.x]\npaths = 'a.proto'\ncompatible = 'protobuf'\n";
    let world = project(config, &[("a.proto", &proto("", ""))]);
    work(
        &world,
        "a",
        &[("a.proto", &proto("  string email = 4;\n", ""))],
    );
    work(
        &world,
        "b",
        &[("a.proto", &proto("", "  string phone = 4;\n"))],
    );
    work(
        &world,
        "c",
        &[("a.proto", &proto("", "  string other = 5;\n"))],
    );
    let of = |track: &str| {
        let (status, answer) = ask(&world, &["validate", track]);
        let found = answer["findings"].as_array().expect("a list").iter();
        let found: Vec<String> = found
            .filter(|it| it["code"] == "CON02")
            .map(|it| {
                let text = |key: &str| it[key].as_str().expect("a text");
                format!(
                    "{} {} {}",
                    text("severity"),
                    text("other_track"),
                    text("message")
                )
            })
            .collect();
        (status, found)
    };
    let name = |other: &str, at: &str, now: &str| {
        format!(
            "contract x does not fit together with {other}: A.{at}: is called {now} now: JSON and generated code change"
        )
    };
    let expected = format!("warning b {}", name("b", "phone", "email"));
    assert_eq!(of("a"), (0, vec![expected]));
    let expected = format!("error a {}", name("a", "email", "phone"));
    assert_eq!(of("b"), (1, vec![expected]));
    assert_eq!(of("c"), (0, vec![]));
    let (_, round) = ask(&world, &["sync", "--dry-run"]);
    let out = find(&round["ejected"], "track", "b");
    assert_eq!((&out["why"], &out["with"]), (&json!("rule"), &json!(["a"])));
}

#[test]
fn only_the_owner_changes_a_contract() {
    let world = contract("'json-schema'", "x.json", "{}\n");
    work(&world, "b", &[("x.json", "{\"title\": \"x\"}\n")]);
    let (status, answer) = ask(&world, &["validate", "b"]);
    assert_eq!(status, 1);
    let finding = find(&answer["findings"], "code", "CON03");
    assert_eq!(
        finding["message"],
        "b changes x.json of contract x, which is a's"
    );
    assert_eq!(finding["other_track"], "a");
}
