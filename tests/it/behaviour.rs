//! `tracks conflicts --check`: pairs that merge clean and do not work together, and who is not to blame for it.

use std::fs;

use serde_json::{Value, json};

use crate::project::{
    Alive, Gate, ask, document, find, finish, project, refs, signal, start, texts, wait_for_file,
    work,
};
use crate::world::World;

/// Whatever is called in `call*` must be defined in `lib`.
const CHECK: &str = "[check.build]\nrun = \"\"\"basename $PWD >>ROOT/ran; git rev-parse --verify --quiet HEAD^{tree} >>ROOT/trees; \
     test -z \"$(git status --porcelain)\" || exit 9\n\
     for name in $(cat call*); do grep -qx $name lib || { echo \"nobody defines $name\"; exit 7; }; done\"\"\"\n";

fn config(tracks: &[&str], more: &str) -> String {
    let tracks: String = tracks
        .iter()
        .map(|track| format!("[track.{track}]\n"))
        .collect();
    format!("{tracks}{CHECK}{more}")
}

fn world(tracks: &[&str], more: &str) -> World {
    let files = [("lib", "old\nother\n"), ("call", "other\n")];
    project(&config(tracks, more), &files)
}

/// `api` renames what `ui` calls; `docs` has nothing to do with either.
fn renamed_and_called() -> World {
    let world = world(&["api", "ui", "docs"], "");
    work(&world, "api", &[("lib", "new\nother\n")]);
    work(&world, "ui", &[("call2", "old\n")]);
    work(&world, "docs", &[("docs/readme", "text\n")]);
    world
}

fn runs(world: &World) -> usize {
    let ran = fs::read_to_string(world.root().join("ran"));
    ran.map_or(0, |text| text.lines().count())
}

fn pair<'a>(answer: &'a Value, a: &str, b: &str) -> &'a Value {
    let pairs = answer["pairs"].as_array().expect("pairs");
    let found = pairs.iter().find(|pair| pair["a"] == a && pair["b"] == b);
    found.unwrap_or_else(|| panic!("no {a} and {b} in {answer:#}"))
}

const CONFLICTS: [&str; 4] = ["conflicts", "--check", "build", "--yes"];

/// Loose and packed objects, what git thinks of all of them, and where probe worktrees stand.
fn state(world: &World) -> (String, String) {
    let checked = world.run_in(&world.repo(), "git", &["fsck", "--full", "--strict"]);
    assert_eq!(
        (
            checked.status,
            checked.stderr.as_str(),
            checked.stdout.as_str()
        ),
        (0, "", ""),
        "{}",
        checked.shown()
    );
    (world.git(&["count-objects", "-v"]), refs(world))
}

fn assert_probes_are_home(world: &World) {
    let base = world.git(&["rev-parse", "main"]);
    let list = world.git(&["worktree", "list", "--porcelain"]);
    for entry in list
        .split("\n\n")
        .filter(|entry| entry.contains("/.probe-"))
    {
        assert!(entry.contains(&base), "{list}");
        let dir = entry
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("worktree "));
        let dir = std::path::Path::new(dir.expect("a worktree"));
        assert_eq!(world.git_in(dir, &["status", "--porcelain"]), "");
        world.git_in(dir, &["log", "--oneline"]);
    }
}

#[test]
fn tracks_that_merge_and_do_not_work_together_collide() {
    let world = renamed_and_called();
    let before = state(&world);
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1, "{answer:#}");
    let both = pair(&answer, "api", "ui");
    assert_eq!(both["verdict"], "clean");
    let collision = &both["collisions"][0];
    assert_eq!(
        (
            &collision["code"],
            &collision["check"],
            &collision["outcome"]
        ),
        (&json!("BEH01"), &json!("build"), &json!("failed"))
    );
    assert_eq!(collision["paths"], json!([]));
    let log = fs::read_to_string(collision["log"].as_str().unwrap()).unwrap();
    assert_eq!(log, "nobody defines old\n");
    for (a, b) in [("api", "docs"), ("ui", "docs"), ("base", "ui")] {
        assert_eq!(pair(&answer, a, b)["collisions"], json!([]), "{a} {b}");
    }
    assert_eq!(
        answer["stats"]["behaviour"],
        json!({ "candidates": 3, "judged": 3, "passed": 2, "cached": 0, "collisions": 1,
                "could_not_run": 0, "not_judged": 0, "red_alone": [] })
    );
    assert_eq!(runs(&world), 7, "base, three alone, three pairs");
    assert_eq!(state(&world), before);
    assert_probes_are_home(&world);
    let scratch = world.repo().join(".git/tracks/scratch");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0);
    assert_eq!(world.leftovers(), Vec::<String>::new());
    // Now that its objects are all there is, git still cleans up.
    world.git(&["gc", "--quiet", "--prune=now"]);
}

#[test]
fn what_is_checked_is_the_merge_git_would_make() {
    let world = renamed_and_called();
    ask(&world, &CONFLICTS);
    let trees = fs::read_to_string(world.root().join("trees")).unwrap();
    let merged = world.git(&["merge-tree", "--write-tree", "track/api", "track/ui"]);
    assert!(trees.lines().any(|tree| tree == merged), "{trees} {merged}");
}

#[test]
fn what_people_see() {
    let world = renamed_and_called();
    let ran = world.tracks(&CONFLICTS);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    for part in [
        "ui    ·     !\n",
        "! merges clean, but check build fails\n",
        "\ncollision api × ui: merges clean, but check build fails (exit status 7)\n  │ nobody defines old\n  log: ",
        "/api+ui@build.log\n",
        "check build on 3 clean pairs: 2 passed, 1 failed\n",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.shown());
    }
}

#[test]
fn passes_are_known_the_second_time_and_failures_are_not() {
    let world = renamed_and_called();
    ask(&world, &CONFLICTS);
    let first = runs(&world);
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!((status, runs(&world) - first), (1, 1), "{answer:#}");
    assert_eq!(answer["stats"]["behaviour"]["cached"], 2);
    world.commit("track/api", &[("lib", "new\nold\nother\n")], "Keep it");
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!((status, runs(&world) - first), (0, 4), "{answer:#}");
}

#[test]
fn a_pass_on_the_same_inputs_is_a_pass() {
    let world = world(&["a", "b", "c"], "inputs = [\"lib\", \"call*\"]\n");
    for track in ["a", "b", "c"] {
        work(&world, track, &[(&format!("docs/{track}"), "text\n")]);
    }
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!((status, runs(&world)), (0, 1), "only base: {answer:#}");
    assert_eq!(answer["stats"]["behaviour"]["cached"], 3);
    work(&world, "a", &[("call2", "other\n")]);
    assert_eq!(ask(&world, &CONFLICTS).0, 0);
    assert_eq!(
        runs(&world),
        2,
        "a alone; what else has its call reads the same"
    );
}

#[test]
fn a_tree_is_judged_once() {
    let world = world(&["a", "b", "c"], "");
    for track in ["a", "b"] {
        work(&world, track, &[("call2", "other\n")]);
    }
    world.git(&["branch", "track/c", "main"]);
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!((status, runs(&world)), (0, 2), "base, and a's: {answer:#}");
}

#[test]
fn a_track_that_is_red_alone_is_told_once_and_its_pairs_are_not_judged() {
    let world = renamed_and_called();
    world.commit("track/docs", &[("call3", "nothing\n")], "Break it");
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1);
    let alone = find(&answer["behaviour"]["alone"], "track", "docs");
    assert_eq!(alone["outcome"], "failed");
    assert_eq!(
        pair(&answer, "base", "docs")["collisions"][0]["code"],
        "BEH02"
    );
    assert_eq!(pair(&answer, "api", "docs")["collisions"], json!([]));
    assert_eq!(texts(&answer["behaviour"]["pairs"], "b"), ["ui"]);
    assert_eq!(
        (&answer["stats"]["behaviour"]["not_judged"], runs(&world)),
        (&json!(2), 5)
    );
    let ran = world.tracks(&CONFLICTS);
    let told = "already red alone docs: check build fails on base with this track alone";
    assert_eq!(ran.stdout.matches(told).count(), 1, "{}", ran.shown());
}

#[test]
fn where_base_is_red_nobody_is_blamed() {
    let world = renamed_and_called();
    world.commit("main", &[("call", "nothing\n")], "Break it");
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!((status, runs(&world)), (3, 1), "{answer:#}");
    assert_eq!(answer["behaviour"]["base"]["outcome"], "failed");
    assert_eq!(answer["behaviour"]["pairs"], json!([]));
    let ran = world.tracks(&CONFLICTS);
    let told = "base red check build fails on base, so no pair was judged by it\n  │ nobody defines nothing\n";
    assert!(ran.stdout.contains(told), "{}", ran.shown());
    assert_probes_are_home(&world);

    work(&world, "api", &[("call2", "a\n")]);
    let (status, _) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1, "a conflict is found all the same");
}

#[test]
fn nothing_runs_before_it_is_approved() {
    let world = renamed_and_called();
    let (status, answer) = ask(&world, &["conflicts", "--check", "build"]);
    assert_eq!((status, runs(&world)), (3, 0));
    let why = answer["behaviour"]["base"]["reason"].as_str().unwrap();
    assert!(why.contains("tracks trust"), "{answer:#}");
    assert!(!world.git(&["worktree", "list"]).contains(".probe-"));
    assert_eq!(world.tracks(&["trust", "--yes"]).status, 0);
    assert_eq!(ask(&world, &["conflicts", "--check", "build"]).0, 1);
}

#[test]
fn names_and_places_without_such_a_check() {
    let world = world(&["a"], "[check.lint]\nrun = \"true\"\n");
    let ran = world.tracks(&["conflicts", "--check", "biuld"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    for part in [
        "there is no check `biuld`",
        "did you mean `build`?",
        "the checks are: build, lint",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.shown());
    }
    let ran = world.tracks(&["conflicts", "--check", "build", "--branches", "x"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("`--branches` reads no tracks.toml"));
}

#[test]
fn one_pair_can_be_asked_for() {
    let world = renamed_and_called();
    let (status, answer) = ask(
        &world,
        &[&["conflicts", "api", "ui"], &CONFLICTS[1..]].concat(),
    );
    assert_eq!((status, runs(&world)), (1, 4), "{answer:#}");
    assert_eq!(pair(&answer, "api", "ui")["collisions"][0]["code"], "BEH01");
    let (status, _) = ask(
        &world,
        &[&["conflicts", "api", "docs"], &CONFLICTS[1..]].concat(),
    );
    assert_eq!((status, runs(&world)), (0, 6), "docs alone, and the two");
    let ran = world.tracks(&[&["conflicts", "ui", "api"], &CONFLICTS[1..]].concat());
    assert!(ran.stdout.contains("collision ui × api"), "{}", ran.shown());
}

#[test]
fn uncommitted_work_counts_unless_only_commits_do() {
    let world = world(&["api", "ui"], "");
    work(&world, "api", &[("lib", "new\nother\n")]);
    work(&world, "ui", &[("docs", "x\n")]);
    world.git(&["worktree", "add", "--quiet", "../ui", "track/ui"]);
    world.write_at("ui/call2", "old\n");
    let before = state(&world);
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(pair(&answer, "api", "ui")["collisions"][0]["code"], "BEH01");
    assert_eq!(state(&world), before);
    assert_eq!(
        world.git_in(&world.root().join("ui"), &["status", "--porcelain"]),
        "?? call2"
    );
    assert_eq!(
        ask(&world, &[&CONFLICTS[..], &["--committed"]].concat()).0,
        0
    );
}

#[test]
fn pairs_that_conflict_are_not_run_and_probes_are_used_again() {
    let tracks = ["a", "b", "c", "d"];
    let world = world(&tracks, "[run]\njobs = 2\n");
    for track in tracks {
        work(&world, track, &[(&format!("call{track}"), "other\n")]);
    }
    for track in ["a", "b"] {
        work(&world, track, &[("same", &format!("{track}\n"))]);
    }
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1);
    assert_eq!(answer["stats"]["behaviour"]["judged"], 5);
    assert_eq!(runs(&world), 10);
    let places = fs::read_to_string(world.root().join("ran")).unwrap();
    let mut places: Vec<&str> = places.lines().collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places, [".probe-0", ".probe-1"]);
    assert_probes_are_home(&world);
}

#[test]
fn whatever_its_when_says_and_with_what_it_needs() {
    let needs = "when = [\"land\"]\nneeds = [\"gen\"]\n[check.gen]\nrun = \"cp lib gen; git cat-file -p HEAD:lib >/dev/null\"\n";
    let world = world(&["api", "ui"], needs);
    work(
        &world,
        "api",
        &[("lib", "new\nother\n"), (".gitignore", "gen\n")],
    );
    work(&world, "ui", &[("call2", "old\n"), (".gitignore", "gen\n")]);
    world.commit("main", &[(".gitignore", "gen\n")], "Ignore what is made");
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(
        pair(&answer, "api", "ui")["collisions"][0]["check"],
        "build"
    );
}

#[test]
fn setup_sees_the_merge_and_one_that_fails_is_nobodys_fault() {
    let setup = "[layout]\nsetup = [\"git cat-file -p HEAD:lib >/dev/null && test ! -e stop\"]\n";
    let world = world(&["api", "ui"], setup);
    work(&world, "api", &[("lib", "new\nother\n")]);
    work(&world, "ui", &[("call2", "old\n")]);
    assert_eq!(ask(&world, &CONFLICTS).0, 1);
    world.commit("track/ui", &[("stop", "")], "Stop");
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 3, "{answer:#}");
    let alone = find(&answer["behaviour"]["alone"], "track", "ui");
    assert!(
        alone["reason"].as_str().unwrap().contains("setup"),
        "{answer:#}"
    );
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let world = project(
        "[track.a]\n[track.b]\n[check.build]\n\
         run = \"test ! -e one || test ! -e two || { (exec 9>ROOT/alive; echo >ROOT/here; sleep 60) & wait; }\"\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("one", "1\n")]);
    work(&world, "b", &[("two", "2\n")]);
    let before = state(&world);
    let mut alive = Alive::new(&world, "alive");
    let child = start(&world, &[&CONFLICTS[..], &["--format", "json"]].concat());
    wait_for_file(&world.root().join("here"));
    signal(&world, &child, "INT");
    let ran = finish(&world, child);
    assert_eq!(ran.status, 130, "{}", ran.shown());
    assert_eq!(
        document(&ran)["behaviour"]["pairs"][0]["outcome"],
        "could-not-run"
    );
    alive.wait_until_gone();
    assert_eq!(state(&world), before);
    assert_probes_are_home(&world);
}

#[test]
fn a_kill_is_mended_by_the_next_run() {
    let world = project(
        "[track.a]\n[track.b]\n[check.build]\nrun = \"test ! -e one || test ! -e two || test -e ROOT/again || \
         { echo >ROOT/here; read go <ROOT/gate; }\"\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("one", "1\n")]);
    work(&world, "b", &[("two", "2\n")]);
    let before = state(&world);
    // Nobody opens it: the check that waits there has to die with who started it.
    let _gate = Gate::new(&world, "gate");
    let child = start(&world, &CONFLICTS);
    wait_for_file(&world.root().join("here"));
    signal(&world, &child, "KILL");
    finish(&world, child);
    world.write_at("again", "");
    let list = world.git(&["worktree", "list", "--porcelain"]);
    assert!(
        !list.contains(&format!(
            "HEAD {}\ndetached",
            world.git(&["rev-parse", "main"])
        )),
        "it stands on the merge: {list}"
    );
    let (status, answer) = ask(&world, &CONFLICTS);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(state(&world), before);
    assert_probes_are_home(&world);
}
