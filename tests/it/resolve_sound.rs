//! What must never come of an automatic resolution: conflict markers, half of what somebody recorded, and what nobody asked for.

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts, work};
use crate::resolve_verb::{clash, opened, sh};
use crate::world::World;

const TEXT: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";

/// A track at main, changed by a script that is run in a worktree.
fn scripted(world: &World, track: &str, script: &str) {
    world.git(&["branch", "--no-track", &format!("track/{track}"), "main"]);
    again(world, track, script);
}

fn again(world: &World, track: &str, script: &str) {
    world.git(&["worktree", "add", "-q", "../x", &format!("track/{track}")]);
    let x = world.root().join("x");
    sh(
        world,
        &x,
        &format!("{script}; git add -A; git commit -q -m Change"),
    );
    world.git(&["worktree", "remove", "--force", "../x"]);
}

#[track_caller]
fn reason(answer: &Value, track: &str) -> String {
    let ejected = find(&answer["ejected"], "track", track);
    ejected["reason"].as_str().expect("a reason").to_owned()
}

#[test]
fn what_git_merged_half_is_no_side() {
    for (a, b) in [
        // Renamed on both sides, and changed in the same line.
        (
            "git mv f fa; sed -i 's/^5$/a/' fa",
            "git mv f fb; sed -i 's/^5$/b/' fb",
        ),
        // Renamed here onto what is new there.
        (
            "git mv f g; sed -i 's/^5$/a/' g",
            "sed -i 's/^5$/b/' f; echo other >g",
        ),
    ] {
        for strategy in ["ours", "theirs", "union"] {
            let rules =
                format!("[[integration.resolve]]\npaths = ['**']\nstrategy = '{strategy}'\n");
            let world = project(&format!("[track.a]\n[track.b]\n{rules}"), &[("f", TEXT)]);
            scripted(&world, "a", a);
            scripted(&world, "b", b);
            let (status, answer) = ask(&world, &["sync"]);
            assert_eq!(status, 1, "{strategy}: {answer:#}");
            assert_eq!(texts(&answer["merged"], "track"), ["a"]);
            let why = reason(&answer, "b");
            assert!(strategy == "union" || why.contains("half merged"), "{why}");
            let (status, _) = ask(&world, &["conflicts"]);
            assert_eq!(status, 1, "nobody believes the rule, either");
        }
        let world = project("[track.a]\n[track.b]\n", &[("f", TEXT)]);
        scripted(&world, "a", a);
        scripted(&world, "b", b);
        ask(
            &world,
            &["decide", "a", "b", "--prefer", "b", "--because", "so"],
        );
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 1, "{answer:#}");
        assert!(reason(&answer, "b").contains("half merged"), "{answer:#}");
    }
}

/// Opens what is between a and b, runs a script there, and records.
#[track_caller]
fn solve(world: &World, more: &[&str], script: &str) {
    ask(world, &[&["resolve", "a", "b"], more].concat());
    sh(world, &opened(world), script);
    let (status, answer) = ask(world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
}

fn show(world: &World, path: &str) -> String {
    world.git(&["show", &format!("integration:{path}")])
}

#[test]
fn half_of_what_was_recorded_is_not_used() {
    let world = clash("");
    solve(
        &world,
        &[],
        "sed -i '/^<<</,/^>>>/d' f; echo moved >>g; git add f g",
    );
    assert_eq!(ask(&world, &["sync"]).0, 0);
    assert_eq!(show(&world, "g"), "1\nmoved");
    // What was moved there has no place any more.
    again(&world, "a", "printf 'other\\n' >g");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "{answer:#}");
    let left_out = &answer["ejected"][0];
    assert_eq!(left_out["paths"], json!(["f"]), "{answer:#}");
    let why = left_out["reason"].as_str().unwrap();
    assert!(why.contains("does not fit g any more"), "{why}");
}

#[test]
fn a_repair_is_over_once_both_have_landed() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("a", "x=1\n")]);
    work(&world, "b", &[("b", "b\n")]);
    solve(&world, &["--fix"], "echo x=2 >a; echo shim >shim");
    assert_eq!(ask(&world, &["sync"]).0, 0);
    assert_eq!(show(&world, "a"), "x=2");
    assert_eq!(world.tracks(&["land"]).status, 0);
    // Taken back on purpose.
    world.git(&["branch", "-f", "track/a", "main"]);
    again(&world, "a", "echo x=1 >a; git rm -q shim");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "a"), "x=1");
    assert_eq!(answer["merged"][0]["resolved"], json!([]));
}

#[test]
fn a_partner_that_was_taken_back_is_not_in() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("a", "x=1\n")]);
    work(&world, "b", &[("b", "b\n")]);
    solve(&world, &["--fix"], "echo shim >shim");
    ask(&world, &["sync", "--only", "a"]);
    assert_eq!(world.tracks(&["land"]).status, 0);
    let (_, answer) = ask(&world, &["sync", "--only", "b", "--dry-run"]);
    assert_eq!(answer["merged"][0]["resolved"][0]["strategy"], "fix");
    assert_eq!(world.tracks(&["rollback"]).status, 0);
    let (_, answer) = ask(&world, &["sync", "--only", "b", "--dry-run"]);
    assert_eq!(answer["merged"][0]["resolved"], json!([]), "{answer:#}");
}

#[test]
fn what_is_made_anew_leaves_alone_what_people_settled() {
    for critical in ["nothing", "lock3"] {
        let world = project(
            &format!(
                "[track.a]\n[track.b]\n[integration]\ncritical = '{critical}'\n[[integration.resolve]]\npaths = ['lock*']\nstrategy = 'regenerate'\ncommand = 'echo made >lock; echo made >lock2; echo made >lock3'\n"
            ),
            &[("lock", "1\n"), ("lock2", "1\n"), ("lock3", "1\n")],
        );
        work(&world, "a", &[("lock", "a\n"), ("lock2", "a\n")]);
        work(&world, "b", &[("lock", "b\n"), ("lock2", "b\n")]);
        solve(
            &world,
            &[],
            "echo 'by hand' >lock; echo both >lock2; git add -A",
        );
        // There is no record for what conflicts there now.
        again(&world, "b", "echo c >lock2");
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(show(&world, "lock"), "by hand");
        assert_eq!(show(&world, "lock2"), "made");
        let lock3 = if critical == "lock3" { "1" } else { "made" };
        assert_eq!(show(&world, "lock3"), lock3);
    }
}

#[test]
fn a_program_that_is_not_there_is_no_reason_for_the_next_strategy() {
    for (rest, config) in [
        (
            "driver = 'no-such-program'\nstrategy = ['driver', 'theirs']",
            "",
        ),
        (
            "strategy = ['regenerate', 'theirs']\ncommand = 'echo x >f'",
            "setup = 'exit 3'\n",
        ),
        (
            "strategy = ['regenerate', 'theirs']\ncommand = 'no-such-program'",
            "",
        ),
    ] {
        let world = project(
            &format!(
                "[track.a]\n[track.b]\n{config}[[integration.resolve]]\npaths = ['f']\n{rest}\n"
            ),
            &[("f", "1\n")],
        );
        work(&world, "a", &[("f", "a\n")]);
        work(&world, "b", &[("f", "b\n")]);
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(
            (status, &answer["moved"]),
            (3, &json!(false)),
            "{rest}: {answer:#}"
        );
        let why = answer["undetermined"][0].as_str().unwrap();
        assert!(why.starts_with("b could not be merged: f: "), "{why}");
    }
}

#[test]
fn the_check_of_a_rule_sees_what_was_recorded_beside() {
    let world = project(
        "[track.a]\n[track.b]\n[check.c]\nrun = 'test \"$(wc -l <f)\" -lt 2 || test -e shim'\n[[integration.resolve]]\npaths = ['f']\nstrategy = 'union'\naccept = 'c'\n",
        &[("f", "1\n"), ("g", "1\n")],
    );
    work(&world, "a", &[("f", "a\n"), ("g", "a\n")]);
    work(&world, "b", &[("f", "b\n"), ("g", "b\n")]);
    solve(
        &world,
        &[],
        "echo both >f; echo both >g; echo shim >shim; git add -A",
    );
    // Other lines: of f there is no record any more.
    again(&world, "b", "echo c >f");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "shim"), "shim");
}

#[test]
fn a_record_is_about_its_paths_and_no_others() {
    let config = "[track.a]\n[track.b]\n[track.c]\n[track.d]\n";
    let world = project(config, &[("p", "1.0\n"), ("q", "1.0\n")]);
    work(&world, "a", &[("p", "1.1\n")]);
    work(&world, "b", &[("p", "2.0\n")]);
    work(&world, "c", &[("q", "1.1\n")]);
    work(&world, "d", &[("q", "2.0\n")]);
    solve(&world, &[], "echo 3.0 >p; git add p");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(answer["merged"].as_array().unwrap().len(), 3);

    // Under the name that the file got meanwhile, it is.
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("f", TEXT)]);
    scripted(&world, "c", "git mv f g");
    scripted(&world, "a", "sed -i 's/^5$/a/' f");
    scripted(&world, "b", "sed -i 's/^5$/b/' f");
    solve(&world, &[], "sed -i '/^[<=>]\\{7\\}/d' f; git add f");
    world.merge("main", "track/c", "Land c");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "g"), TEXT.replace("5\n", "a\nb\n").trim_end());
}
