//! What checks share: slots, resources, services, prepared trees, numbers to derive ports from, over all processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::project::{
    Alive, Gate, ask, document, find, finish, project, signal, start, wait_for, wait_for_file,
};
use crate::world::World;

/// These tracks, each in its worktree.
fn with_tracks(tracks: &[&str], config: &str) -> World {
    let mut all = config.to_owned();
    for track in tracks {
        all.push_str(&format!("\n[track.{track}]\n"));
    }
    let world = project(&all, &[("f", "1\n")]);
    for track in tracks {
        let (branch, place) = (format!("track/{track}"), format!("../{track}"));
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    world
}

fn note(run: &Value) -> &str {
    run["note"].as_str().unwrap_or_default()
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Until somebody waits for what somebody else holds.
fn wait_for_a_queue(world: &World) {
    let queue = world.repo().join(".git/tracks/claims/queue");
    wait_for("somebody in the queue", || {
        fs::read_dir(&queue).ok()?.next().map(|_| ())
    });
}

#[test]
fn a_resource_is_shared_by_two_processes() {
    let world = with_tracks(
        &["a", "b"],
        "[run]\njobs = 8\n[resource]\ndb = 1\n[check.unit]\nresources = [\"db\"]\n\
         run = \"mkdir ROOT/busy && echo >ROOT/here.$TRACKS_TRACK && read go <ROOT/gate && rmdir ROOT/busy && test $TRACKS_RESOURCE_DB = 0\"\n",
    );
    let gate = Gate::new(&world, "gate");
    let first = start(&world, &["check", "a", "--yes"]);
    wait_for_file(&world.root().join("here.a"));
    let second = start(&world, &["check", "b", "--yes"]);
    wait_for_a_queue(&world);
    assert!(!world.root().join("here.b").exists());
    gate.open();
    wait_for_file(&world.root().join("here.b"));
    gate.open();
    for child in [first, second] {
        let ran = finish(&world, child);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
}

#[test]
fn a_check_may_limit_how_often_it_runs_at_once() {
    let tracks = ["a", "b", "c", "d"];
    let world = with_tracks(
        &tracks,
        "[run]\njobs = 8\n[check.few]\njobs = 1\nrun = \"mkdir ROOT/busy && echo >>ROOT/here && read go <ROOT/gate && rmdir ROOT/busy\"\n\
         [check.many]\nrun = \"echo >ROOT/many.$TRACKS_TRACK\"\n",
    );
    let gate = Gate::new(&world, "gate");
    let check = start(&world, &["check", "--yes", "--no-cache"]);
    // By then the others would have been started, too.
    for track in tracks {
        wait_for_file(&world.root().join(format!("many.{track}")));
    }
    let here = world.root().join("here");
    for number in 1..=tracks.len() {
        wait_for("the next one", || {
            (lines(&here).len() == number).then_some(())
        });
        gate.open();
    }
    let ran = finish(&world, check);
    assert_eq!(ran.status, 0, "no two at once: {}", ran.shown());
}

#[test]
fn a_limit_for_each_track_lets_others_go_on() {
    let world = with_tracks(
        &["a", "b"],
        "[run]\njobs = 8\nper_track = 1\n\
         [check.x]\nrun = \"COMMAND\"\n[check.y]\nrun = \"COMMAND\"\n"
            .replace(
                "COMMAND",
                "mkdir ROOT/busy.$TRACKS_TRACK && { test $TRACKS_TRACK = b || { echo >>ROOT/here; read go <ROOT/gate; }; } && \
                 rmdir ROOT/busy.$TRACKS_TRACK && echo >ROOT/done.$TRACKS_TRACK.$TRACKS_CHECK",
            )
            .as_str(),
    );
    let gate = Gate::new(&world, "gate");
    let check = start(&world, &["check", "--yes", "--no-cache"]);
    for done in ["done.b.x", "done.b.y"] {
        wait_for_file(&world.root().join(done));
    }
    let here = world.root().join("here");
    for number in 1..=2 {
        wait_for("the next one", || {
            (lines(&here).len() == number).then_some(())
        });
        gate.open();
    }
    let ran = finish(&world, check);
    assert_eq!(ran.status, 0, "no two of a at once: {}", ran.shown());
}

const SERVICE: &str = "[service.s]\nready = \"test -e ROOT/up.$TRACKS_TRACK\"\n\
     start = \"exec 9>ROOT/alive; echo $TRACKS_TRACK >>ROOT/started; sleep 0.2; echo >ROOT/up.$TRACKS_TRACK; exec sleep 600\"\n";

#[test]
fn a_service_starts_once_in_each_place_and_is_waited_for_and_stopped() {
    let world = with_tracks(
        &["a", "b"],
        &format!(
            "{SERVICE}[check.x]\nservices = [\"s\"]\nrun = \"test -e ROOT/up.$TRACKS_TRACK\"\n\
             [check.y]\nservices = [\"s\"]\nneeds = [\"x\"]\nrun = \"test -e ROOT/up.$TRACKS_TRACK\"\n\
             [check.none]\nrun = \"true\"\n"
        ),
    );
    let mut alive = Alive::new(&world, "alive");
    let (status, answer) = ask(&world, &["check", "--yes", "--no-cache"]);
    assert_eq!((status, &answer["summary"]["passed"]), (0, &json!(6)));
    let mut started = lines(&world.root().join("started"));
    started.sort();
    assert_eq!(started, ["a", "b"]);
    alive.wait_until_gone();
    let (_, answer) = ask(&world, &["check", "--yes", "--no-cache", "--check", "none"]);
    assert_eq!(answer["summary"]["passed"], 2);
    let started = lines(&world.root().join("started"));
    assert_eq!(started.len(), 2, "nobody needed it");
}

#[test]
fn a_service_is_stopped_by_an_interrupt_too() {
    let world = with_tracks(
        &["a"],
        &format!(
            "{SERVICE}stop = \"echo >ROOT/stopped\"\n[check.x]\nservices = [\"s\"]\nrun = \"echo >ROOT/here; sleep 600\"\n"
        ),
    );
    let mut alive = Alive::new(&world, "alive");
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "INT");
    let ran = finish(&world, check);
    assert_eq!(
        (ran.status, &document(&ran)["runs"][0]["outcome"]),
        (130, &json!("cancelled"))
    );
    assert!(world.root().join("stopped").exists());
    alive.wait_until_gone();
}

#[test]
fn a_service_of_the_repository_is_shared_by_processes_and_stopped_by_the_last() {
    let world = with_tracks(
        &["a", "b"],
        "[run]\njobs = 8\n[service.s]\nper = \"repository\"\nready = \"test -e ROOT/up\"\n\
         start = \"exec 9>ROOT/alive; echo >>ROOT/started; echo >ROOT/up; exec sleep 600\"\nstop = \"rm ROOT/up; echo >>ROOT/stopped\"\n\
         [check.x]\nservices = [\"s\"]\nrun = \"echo $TRACKS_SERVICE_S_PORT >ROOT/here.$TRACKS_TRACK; read go <ROOT/gate.$TRACKS_TRACK; test -e ROOT/up\"\n",
    );
    let mut alive = Alive::new(&world, "alive");
    let gates = ["gate.a", "gate.b"].map(|name| Gate::new(&world, name));
    let checks = ["a", "b"].map(|track| start(&world, &["check", track, "--yes", "--no-cache"]));
    let ports = ["here.a", "here.b"].map(|here| wait_for_file(&world.root().join(here)));
    assert!(ports[0] == ports[1] && ports[0].trim().parse::<u16>().is_ok());
    let count = |name: &str| lines(&world.root().join(name)).len();
    for (nth, (check, gate)) in checks.into_iter().zip(gates).enumerate() {
        assert_eq!((count("started"), count("stopped")), (1, 0), "before {nth}");
        gate.open();
        let ran = finish(&world, check);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
    assert_eq!((count("started"), count("stopped")), (1, 1));
    alive.wait_until_gone();
}

#[test]
fn checks_whose_service_does_not_start_could_not_run() {
    let world = with_tracks(
        &["a"],
        "[run]\nretries = 2\n[service.s]\nstart = \"echo no licence; exit 3\"\nready = \"false\"\n\
         [check.x]\nservices = [\"s\"]\nrun = \"touch ROOT/ran\"\n[check.y]\nrun = \"true\"\n",
    );
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 3, "{answer:#}");
    let run = find(&answer["runs"], "check", "x");
    assert_eq!(
        (&run["outcome"], &run["attempts"]),
        (&json!("could-not-run"), &json!(0))
    );
    let told = "service s is not ready: its `start` ended with status 3; see ";
    let (before, log) = note(run).split_at(told.len().min(note(run).len()));
    assert_eq!(before, told);
    assert_eq!(fs::read_to_string(log).unwrap(), "no licence\n");
    assert_eq!(find(&answer["runs"], "check", "y")["outcome"], "passed");
    assert!(!world.root().join("ran").exists());
}

#[test]
fn a_service_that_dies_says_nothing_of_the_tree() {
    let world = with_tracks(
        &["a"],
        "[service.s]\nstart = \"echo >ROOT/up; read go <ROOT/gate; exit 1\"\nready = \"test -e ROOT/up\"\n\
         [check.x]\nservices = [\"s\"]\nrun = \"echo go >ROOT/gate; while kill -0 $(cat ROOT/pid) 2>/dev/null; do sleep 0.01; done; exit 1\"\n"
            .replace("echo >ROOT/up;", "echo $$ >ROOT/pid; echo >ROOT/up;")
            // A zombie can still be signalled.
            .replace("kill -0 $(cat ROOT/pid) 2>/dev/null", "grep -q '^State:.[^Z]' /proc/$(cat ROOT/pid)/status 2>/dev/null")
            .as_str(),
    );
    let _gate = Gate::new(&world, "gate");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let run = &answer["runs"][0];
    assert_eq!((status, &run["outcome"]), (3, &json!("could-not-run")));
    assert!(
        note(run).contains("service s ended while it ran"),
        "{run:#}"
    );
}

#[test]
fn a_setup_that_fails_is_no_red_check() {
    let world = with_tracks(
        &["a"],
        "[run]\nretries = 2\n[layout]\nsetup = [\"exit 4\"]\n[check.x]\nrun = \"touch ROOT/ran\"\n",
    );
    for _ in 0..2 {
        let (status, answer) = ask(&world, &["check", "--yes"]);
        let run = &answer["runs"][0];
        assert_eq!(
            (status, &run["outcome"], &run["attempts"]),
            (3, &json!("could-not-run"), &json!(0))
        );
        assert!(note(run).contains("exited with 4"), "{run:#}");
    }
    assert!(!world.root().join("ran").exists());
}

#[test]
fn what_cannot_run_anyway_is_not_started_again_and_again() {
    let world = with_tracks(
        &["a", "b", "c", "d", "e"],
        "[run]\njobs = 1\nbreaker = 2\n[check.x]\nrun = \"echo >>ROOT/tried; no-such-program-here\"\n[check.y]\nrun = \"true\"\n",
    );
    let (status, answer) = ask(&world, &["check", "--yes", "--no-cache"]);
    assert_eq!(status, 3);
    assert_eq!(
        (
            &answer["summary"]["could_not_run"],
            &answer["summary"]["passed"]
        ),
        (&json!(5), &json!(5)),
        "{answer:#}"
    );
    assert_eq!(lines(&world.root().join("tried")).len(), 2);
    let runs = answer["runs"].as_array().unwrap();
    let broken = runs
        .iter()
        .filter(|run| note(run).starts_with("not started again after 2 in a row: "));
    assert_eq!(broken.count(), 3, "{answer:#}");
}

#[test]
fn a_further_attempt_comes_after_a_pause_and_what_it_is_worth_is_settled() {
    for (flaky, outcome, status) in [("pass", "passed", 0), ("fail", "failed", 1)] {
        let world = with_tracks(
            &["a"],
            &format!(
                "[run]\nretries = 2\nbackoff = \"1s\"\nflaky = \"{flaky}\"\n\
                 [check.x]\nrun = \"date +%s%N >>ROOT/tried; test $TRACKS_ATTEMPT = 2\"\nretry = \"date +%s%N >>ROOT/tried; echo narrower\"\n"
            ),
        );
        let (ended, answer) = ask(&world, &["check", "--yes"]);
        let run = &answer["runs"][0];
        assert_eq!(
            (ended, &run["outcome"], &run["flaky"], &run["attempts"]),
            (status, &json!(outcome), &json!(true), &json!(2)),
            "{run:#}"
        );
        let log = fs::read_to_string(run["log"].as_str().unwrap()).unwrap();
        assert_eq!(log, "narrower\n");
        let tried: Vec<u64> = lines(&world.root().join("tried"))
            .iter()
            .map(|time| time.parse().unwrap())
            .collect();
        assert_eq!(tried.len(), 2);
        assert!(tried[1] - tried[0] >= 1_000_000_000, "{tried:?}");
        // A pass that does not count is no pass the next time either.
        let (_, answer) = ask(&world, &["check", "--yes"]);
        assert_eq!(answer["runs"][0]["cached"], flaky == "pass");
    }
}

#[test]
fn numbers_of_a_track_stay_and_differ_from_those_of_others() {
    let world = with_tracks(
        &["a", "b", "c"],
        "[run]\njobs = 1\n[check.x]\nrun = \"echo $TRACKS_TRACK $TRACKS_SLOT $TRACKS_PORT >>ROOT/numbers\"\n",
    );
    for tracks in [["a", "b", "c"].as_slice(), &["c", "b"], &["b", "a", "c"]] {
        let arguments = [&["check", "--yes", "--no-cache"], tracks].concat();
        assert_eq!(ask(&world, &arguments).0, 0);
    }
    let numbers = lines(&world.root().join("numbers"));
    assert_eq!(numbers.len(), 8);
    let distinct = |column: usize| {
        let words = numbers.iter().map(|line| line.split(' ').nth(column));
        words.collect::<BTreeSet<_>>().len()
    };
    let all: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(
        (all.len(), distinct(1), distinct(2)),
        (3, 3, 3),
        "{numbers:?}"
    );
    assert!(
        !numbers.iter().any(|line| line.contains("  ")),
        "{numbers:?}"
    );
}
