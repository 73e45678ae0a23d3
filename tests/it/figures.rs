//! Numbers and tests of checks: taken from output and files, held against limits, kept, and shown.

use serde_json::{Value, json};

use crate::project::{ask, find, project, work};
use crate::world::World;

/// One track `a` in its worktree, these lines in `[check.unit]`, and the directory `out` out of git's sight.
fn one(check: &str) -> World {
    let world = project(
        &format!("[track.a]\n[check.unit]\n{check}\n"),
        &[("n", "95.2\n"), (".gitignore", "/out/\n")],
    );
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world
}

fn check(world: &World) -> (i32, Value) {
    let (status, answer) = ask(world, &["check", "--yes"]);
    assert_eq!(
        answer["runs"].as_array().map(Vec::len),
        Some(1),
        "{answer:#}"
    );
    (status, answer)
}

const COVERAGE: &str = "name = \"coverage\", pattern = 'total: ([\\d.]+)%'";

#[test]
fn a_number_below_its_limit_fails_a_check_that_ended_well() {
    let world = one(&format!(
        "run = \"echo total: 10%; echo total: $(cat n)%\"\nmetric = [{{ {COVERAGE}, min = 95 }}]"
    ));
    let (status, answer) = check(&world);
    let run = &answer["runs"][0];
    assert_eq!(
        (status, &run["outcome"], &run["metrics"]),
        (0, &json!("passed"), &json!({ "coverage": 95.2 }))
    );
    assert_eq!(answer["summary"]["score"], json!(1.0));

    world.write_at("a/n", "47.5\n");
    let (status, answer) = check(&world);
    let run = &answer["runs"][0];
    let complaint = "coverage 47.5 is below min 95";
    assert_eq!(
        (status, &run["outcome"], &run["exit_status"], &run["note"]),
        (1, &json!("failed"), &json!(0), &json!(complaint))
    );
    assert_eq!(
        run["figures"],
        json!([{ "name": "coverage", "value": 47.5, "base": 95.2, "last": 95.2, "complaint": complaint }])
    );
    assert_eq!(answer["summary"]["score"], json!(0.5));
    assert_eq!(answer["summary"]["failed"], 1);

    let ran = world.tracks(&["check", "--yes"]);
    for line in [
        "a unit: coverage 47.5 (base 95.2 ↓, last 47.5)\n",
        "1 check: 0 passed, 1 failed, score 0.50\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}{}", ran.shown());
    }
    assert!(
        ran.stdout
            .lines()
            .next()
            .is_some_and(|row| row.ends_with(complaint)),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_number_that_cannot_be_taken_fails_only_where_it_has_a_limit() {
    for (metric, status, note) in [
        (
            format!("{COVERAGE}, min = 1"),
            1,
            "coverage: its pattern matches nothing in the output",
        ),
        (
            COVERAGE.to_owned(),
            0,
            "coverage: its pattern matches nothing in the output",
        ),
        (
            "name = \"p95\", file = \"out/b.json\", pointer = \"/p95\", max = 1".to_owned(),
            1,
            "p95: out/b.json does not exist",
        ),
    ] {
        let world = one(&format!("run = \"true\"\nmetric = [{{ {metric} }}]"));
        let (ended, answer) = check(&world);
        let run = &answer["runs"][0];
        assert_eq!((ended, &run["note"]), (status, &json!(note)), "{metric}");
        assert_eq!(run["metrics"], json!({}));
        assert_eq!(run["figures"][0]["value"], json!(null));
    }
    let world = one(&format!(
        "run = \"exit 7\"\nmetric = [{{ {COVERAGE}, min = 1 }}]"
    ));
    let (_, answer) = check(&world);
    let run = &answer["runs"][0];
    assert_eq!(
        (&run["exit_status"], &run["note"], &run["figures"]),
        (&json!(7), &json!(null), &json!([])),
        "what failed anyway is not asked for more"
    );
}

#[test]
fn a_loss_against_base_fails() {
    let world = project(
        &format!(
            "[track.a]\n[track.b]\n[check.unit]\nrun = \"echo total: $(cat n)%\"\n\
             metric = [{{ {COVERAGE}, max_regression = \"2%\", better = \"higher\" }}]\n"
        ),
        &[("n", "96.1\n")],
    );
    for (track, number) in [("a", "95\n"), ("b", "93\n")] {
        work(&world, track, &[("n", number)]);
    }
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    let note = "coverage is not compared, base's is not known yet";
    assert_eq!(find(&answer["runs"], "track", "b")["note"], note);

    // What stands on base, without work of its own, tells what base's is.
    world.git(&["branch", "-f", "track/a", "main"]);
    let (status, answer) = ask(&world, &["check", "a", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    let (status, answer) = ask(&world, &["check", "b", "--yes"]);
    let run = find(&answer["runs"], "track", "b");
    assert_eq!(
        (status, &run["note"], &run["cached"]),
        (
            1,
            &json!("coverage 93 is more than 2% worse than base's 96.1"),
            &json!(false)
        ),
        "what passed before base was known is no pass any more"
    );
    world.commit("track/b", &[("n", "94.5\n")], "Mend");
    let (status, answer) = ask(&world, &["check", "b", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        find(&answer["runs"], "track", "b")["figures"][0],
        json!({ "name": "coverage", "value": 94.5, "base": 96.1, "last": 93.0, "complaint": null })
    );
}

#[test]
fn a_pass_that_is_known_has_its_numbers_and_tests() {
    let world = one(&format!(
        "run = \"echo total: $(cat n)%; mkdir -p out; echo '<testsuite><testcase name=\\\"t\\\"/></testsuite>' >out/j.xml; echo x >>ROOT/ran\"\n\
         metric = [{{ {COVERAGE}, min = 50 }}]\njunit = \"out/*.xml\""
    ));
    check(&world);
    world.write_at("a/n", "96\n");
    let fresh = check(&world).1["runs"][0].clone();
    let cached = check(&world).1["runs"][0].clone();
    assert_eq!(
        (&fresh["cached"], &cached["cached"]),
        (&json!(false), &json!(true))
    );
    for key in ["metrics", "figures", "tests"] {
        assert_eq!(fresh[key], cached[key], "{key}");
    }
    assert_eq!(cached["figures"][0]["last"], 95.2);
    assert_eq!(cached["tests"]["total"], 1);
    let ran = world.tracks(&["check", "--yes"]);
    insta::assert_snapshot!(ran.stdout, @r"
    passed  a  unit  passed before on the same tree
    a unit: coverage 96 (base 95.2 ↑, last 95.2 ↑)
    a unit: 1 test

    1 check: 1 passed, 1 of them known from before, score 1.00
    ");
}

#[test]
fn limits_that_were_tightened_make_a_known_pass_run_again() {
    let config = |min: u32| {
        format!(
            "[track.a]\n[check.unit]\ninputs = \"n\"\nrun = \"echo total: $(cat n)%\"\n\
             metric = [{{ {COVERAGE}, min = {min} }}]\n"
        )
    };
    let world = project(&config(50), &[("n", "60\n")]);
    work(&world, "a", &[("x", "1\n")]);
    assert_eq!(check(&world).1["runs"][0]["cached"], false);
    assert_eq!(check(&world).1["runs"][0]["cached"], true);
    world.commit("main", &[("tracks.toml", &config(40))], "Loosen");
    assert_eq!(check(&world).1["runs"][0]["cached"], true);
    world.commit("main", &[("tracks.toml", &config(70))], "Tighten");
    let (status, answer) = check(&world);
    assert_eq!(
        (status, &answer["runs"][0]["outcome"]),
        (1, &json!("failed"))
    );
}

#[test]
fn what_an_earlier_run_has_written_does_not_count() {
    let world = one(
        "run = \"test -e skip || { mkdir -p out; echo '{\\\"p95\\\": 7}' >out/b.json; echo '<testsuite/>' >out/j.xml; }\"\n\
         metric = [{ name = \"p95\", file = \"out/b.json\", pointer = \"/p95\", max = 10 }]\njunit = [\"out/j.xml\"]",
    );
    let (status, answer) = check(&world);
    assert_eq!(
        (status, &answer["runs"][0]["metrics"]),
        (0, &json!({ "p95": 7.0 }))
    );
    assert_eq!(answer["runs"][0]["tests"]["total"], 0);
    let out = world.root().join("a/out");
    for file in ["b.json", "j.xml"] {
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        let file = std::fs::File::options()
            .write(true)
            .open(out.join(file))
            .unwrap();
        file.set_modified(old).unwrap();
    }
    world.write_at("a/skip", "");
    let (status, answer) = check(&world);
    let run = &answer["runs"][0];
    assert_eq!((status, &run["tests"]), (1, &Value::Null));
    assert_eq!(
        run["note"],
        "p95: out/b.json was not written by this run; no JUnit file was written (out/j.xml)"
    );
}

#[test]
fn tests_are_counted_and_broken_files_noted() {
    let world = one("run = \"mkdir -p out; cp *.xml out/; exit 1\"\njunit = \"out\"");
    world.write_at(
        "a/good.xml",
        "<testsuites><testsuite name=\"s\"><testcase name=\"a\"/><testcase classname=\"c\" name=\"b\">\
         <failure message=\"1 is not 2\"/></testcase><testcase name=\"d\"><skipped/></testcase></testsuite></testsuites>",
    );
    world.write_at("a/torn.xml", "<testsuite><testcase name=\"e\"/>");
    let (status, answer) = check(&world);
    let run = &answer["runs"][0];
    assert_eq!(status, 1);
    assert_eq!(
        run["tests"],
        json!({
            "total": 4, "failed": 1, "errors": 0, "skipped": 1,
            "failing": [{ "name": "c::b", "message": "1 is not 2" }], "more": 0,
        })
    );
    assert_eq!(run["note"], "out/torn.xml cannot be read: it is cut off");
    let ran = world.tracks(&["check", "--yes"]);
    assert!(
        ran.stdout
            .contains("a unit: 4 tests, 1 failed, 1 skipped: c::b (1 is not 2)\n"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_retry_may_reach_the_limit() {
    let world = one(&format!(
        "retries = 1\nrun = \"echo x >>ROOT/ran; echo total: $(wc -l <ROOT/ran)%\"\nmetric = [{{ {COVERAGE}, min = 2 }}]"
    ));
    let (status, answer) = check(&world);
    let run = &answer["runs"][0];
    assert_eq!(
        (status, &run["outcome"], &run["flaky"], &run["note"]),
        (0, &json!("passed"), &json!(true), &Value::Null)
    );
}

#[test]
fn runs_as_a_junit_document() {
    let world = project(
        &format!(
            "[run]\njobs = 1\n[track.a]\n[track.b]\n[check.unit]\nrun = \"printf '\\\\033[31m<&]]>\\\\001\\\\377\\\\n'; echo total: 7%; test ! -e red\"\n\
             metric = [{{ {COVERAGE} }}]\n[check.absent]\nrun = \"exit 127\"\n\
             [check.after]\nneeds = [\"unit\"]\nrun = \"true\"\n"
        ),
        &[("f", "1\n")],
    );
    work(&world, "a", &[("red", "1\n")]);
    work(&world, "b", &[("x", "1\n")]);
    let ran = world.tracks(&["check", "--yes", "--format", "junit"]);
    let times = regex::Regex::new(r#"time="[0-9.]+""#).unwrap();
    let document = times.replace_all(&ran.stdout, "time=\"[TIME]\"");
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!(document, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="tracks check" tests="6" failures="1" errors="2" skipped="1" time="[TIME]">
      <testsuite name="a" tests="3" failures="1" errors="1" skipped="1" time="[TIME]">
        <testcase name="unit" classname="a" time="[TIME]">
          <properties>
            <property name="coverage" value="7"/>
          </properties>
          <failure message="exit status 1" type="failed">&lt;&amp;]]&gt;�
    total: 7%</failure>
        </testcase>
        <testcase name="absent" classname="a" time="[TIME]">
          <error message="the shell did not find the command (127)" type="could-not-run"/>
        </testcase>
        <testcase name="after" classname="a" time="[TIME]">
          <skipped message="unit, which it needs, did not pass" type="skipped"/>
        </testcase>
      </testsuite>
      <testsuite name="b" tests="3" failures="0" errors="1" skipped="0" time="[TIME]">
        <testcase name="unit" classname="b" time="[TIME]">
          <properties>
            <property name="coverage" value="7"/>
          </properties>
        </testcase>
        <testcase name="absent" classname="b" time="[TIME]">
          <error message="the shell did not find the command (127)" type="could-not-run"/>
        </testcase>
        <testcase name="after" classname="b" time="[TIME]"/>
      </testsuite>
    </testsuites>
    "#);
}
