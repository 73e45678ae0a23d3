//! `tracks sync --watch`: a round when one is due or something has moved and rested, and nothing that happens meanwhile ends it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::project::{Gate, ask, project, signal, start, texts, wait_for, wait_for_file, work};
use crate::world::{FRIDAY_NOON, World};

/// No test waits longer for a line; it only matters to a test that fails.
const DEADLINE: Duration = Duration::from_secs(60);

const DAY: u64 = 24 * 60 * 60;
const TWO: &str = "[track.a]\n[track.b]\n";
const ON_CHANGE: [&str; 3] = ["--on-change", "--rest", "1s"];

fn two(more: &str) -> World {
    let world = project(&format!("{TWO}{more}"), &[("x", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    world
}

/// A run that watches, and what it has printed.
struct Watch<'w> {
    world: &'w World,
    child: Child,
    lines: Receiver<String>,
}

impl<'w> Watch<'w> {
    fn start(world: &'w World, arguments: &[&str]) -> Self {
        Watch::start_with(
            world,
            &[arguments, &["--yes", "--format", "json-lines"]].concat(),
        )
    }

    fn start_with(world: &'w World, arguments: &[&str]) -> Self {
        let mut child = world
            .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
            .args(["sync", "--watch"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Watch {
            world,
            child,
            lines,
        }
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("another line")
    }

    /// The next line that is such an event, or a round's document for `document`.
    #[track_caller]
    fn next(&self, event: &str) -> Value {
        loop {
            let line = self.line();
            let value: Value =
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let found = match event {
                "document" => value.get("schema").is_some(),
                event => value["event"] == event,
            };
            if found {
                return value;
            }
            assert!(value.get("schema").is_none(), "a round too many: {value:#}");
        }
    }

    /// Why the next round is, and its document.
    #[track_caller]
    fn round(&self) -> (Value, Value) {
        let because = self.next("round-begins")["because"].clone();
        (because, self.next("document"))
    }

    /// Interrupts it; the lines that it still printed, and its stderr.
    #[track_caller]
    fn end(mut self) -> (Vec<String>, String) {
        signal(self.world, &self.child, "INT");
        let rest = std::iter::from_fn(|| self.lines.recv_timeout(DEADLINE).ok()).collect();
        let status = self.child.wait().expect("it ends");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("text");
        assert_eq!(status.code(), Some(130), "{stderr}");
        (rest, stderr)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn rounds_that_are_due() {
    let world = two("");
    let watch = Watch::start(&world, &["--every", "1s"]);
    let (because, first) = watch.round();
    assert_eq!((because, &first["round"]), (json!("first"), &json!(1)));
    assert_eq!(watch.next("next-round")["due"], "2026-11-27T12:00:01Z");
    // What has moved meanwhile is in the next one, base too.
    world.commit("main", &[("y", "1\n")], "Go on");
    let main = world.git(&["rev-parse", "main"]);
    wait_for("a round on the new base", || {
        let (because, round) = watch.round();
        assert_eq!(because, "due");
        (round["base"] == main.as_str()).then_some(())
    });
    let (rest, stderr) = watch.end();
    assert!(rest.iter().all(|line| line.starts_with('{')), "{rest:?}");
    assert_eq!(stderr, "");
}

#[test]
fn a_round_of_somebody_else_is_the_last_one() {
    let world = two("[integration]\nevery = '1d'\n");
    ask(&world, &["sync"]);
    world.set_now(FRIDAY_NOON + DAY / 2);
    let watch = Watch::start(&world, &[]);
    assert_eq!(watch.next("next-round")["due"], "2026-11-28T12:00:00Z");
    watch.end();

    world.set_now(FRIDAY_NOON + 2 * DAY);
    let watch = Watch::start_with(&world, &["--yes"]);
    let first: Vec<String> = (0..2).map(|_| watch.line()).collect();
    assert_eq!(
        first[0],
        "2026-11-29T12:00:00Z the last round was 2 days ago"
    );
    assert!(first[1].starts_with("round 2 on main "), "{first:?}");
    watch.end();
}

#[test]
fn what_moves_and_rests() {
    let world = two("");
    let watch = Watch::start(&world, &ON_CHANGE);
    let (because, _) = watch.round();
    assert_eq!(because, "first");
    work(&world, "a", &[("a", "2\n")]);
    let (because, round) = watch.round();
    assert_eq!(because, json!(["a"]));
    assert_eq!(
        round["merged"][0]["commit"],
        world.git(&["rev-parse", "track/a"])
    );

    world.commit("main", &[("y", "1\n")], "Go on");
    assert_eq!(watch.round().0, json!(["base"]));
    let config = format!("{TWO}[track.c]\n");
    world.write("tracks.toml", &config);
    assert_eq!(watch.round().0, json!(["tracks.toml"]));
    world.tracks(&["mark", "b", "dropped"]);
    let (because, round) = watch.round();
    assert_eq!(because, json!(["the state of b"]));
    assert_eq!(texts(&round["merged"], "track"), ["a"]);

    watch.end();
}

#[test]
fn what_moved_before_it_began() {
    let world = two("");
    ask(&world, &["sync"]);
    work(&world, "b", &[("b", "2\n")]);
    let watch = Watch::start(&world, &[&ON_CHANGE[..], &["--poll"]].concat());
    assert_eq!(watch.round().0, json!(["b"]));
    work(&world, "b", &[("b", "3\n")]);
    assert_eq!(watch.round().0, json!(["b"]), "polled");
    watch.end();
}

#[test]
fn a_round_that_cannot_be_run_ends_nothing() {
    let world = two("");
    let watch = Watch::start(&world, &ON_CHANGE);
    watch.round();
    world.git(&["worktree", "add", "--quiet", "../there", "integration"]);
    world.write_at("there/x", "uncommitted\n");
    work(&world, "a", &[("a", "2\n")]);
    let failed = watch.next("round-failed");
    assert_eq!(
        failed["message"],
        format!(
            "integration is checked out in {}: it has uncommitted changes in x",
            world.root().join("there").display()
        )
    );
    world.git(&["worktree", "remove", "--force", "../there"]);
    work(&world, "a", &[("a", "3\n")]);
    assert_eq!(
        watch.round().0,
        json!(["a"]),
        "something else, so not too soon"
    );

    world.write("tracks.toml", "[track.a]\n[trak.b]\n");
    let warning = watch.next("warning")["message"].clone();
    assert!(
        warning
            .as_str()
            .unwrap()
            .starts_with("tracks.toml is not valid"),
        "{warning}"
    );
    world.write("tracks.toml", TWO);
    work(&world, "b", &[("b", "2\n")]);
    assert_eq!(watch.round().0, json!(["b"]));
    let (_, stderr) = watch.end();
    assert!(
        stderr.contains("error: integration is checked out"),
        "{stderr}"
    );
}

#[test]
fn somebody_else_runs_a_round() {
    let check = "run = 'test ! -e ROOT/block || { echo here >ROOT/here; read x <ROOT/gate; }'";
    let world = two(&format!("[check.unit]\n{check}\n"));
    let gate = Gate::new(&world, "gate");
    let watch = Watch::start(&world, &ON_CHANGE);
    watch.round();

    world.write_at("block", "");
    let other = start(&world, &["sync", "--yes", "--only", "a"]);
    wait_for_file(&world.root().join("here"));
    work(&world, "a", &[("a", "2\n")]);
    let waiting = watch.next("waiting")["for"].clone();
    assert!(waiting.as_str().unwrap().contains("process"), "{waiting}");
    std::fs::remove_file(world.root().join("block")).unwrap();
    gate.open();
    let other = crate::project::finish(&world, other);
    assert_eq!(other.status, 0, "{}", other.shown());

    // Theirs has judged b by leaving it out, but not what a is by now.
    let (because, round) = watch.round();
    assert_eq!((because, &round["round"]), (json!(["a"]), &json!(3)));
    watch.end();
}

#[test]
fn interrupted_in_a_round() {
    let world = two("[check.unit]\nrun = 'echo here >ROOT/here; sleep 1000'\n");
    let watch = Watch::start(&world, &[]);
    wait_for_file(&world.root().join("here"));
    let (rest, _) = watch.end();
    let document: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!(document["moved"], json!(false));
    assert_eq!(document["ok"], json!(false));
}

#[test]
fn with_json_the_last_round_is_the_document() {
    let world = two("");
    let watch = Watch::start_with(&world, &["--format", "json", "--yes"]);
    wait_for("the round", || {
        world
            .run_in(
                &world.repo(),
                "git",
                &["rev-parse", "--verify", "--quiet", "integration"],
            )
            .stdout
            .get(1..)
            .map(drop)
    });
    wait_for("its record", || {
        let text = std::fs::read_to_string(world.repo().join(".git/tracks/events.jsonl")).ok()?;
        text.contains("\"round\"").then_some(())
    });
    let (rest, _) = watch.end();
    let document: Value = serde_json::from_str(&rest.join("\n")).unwrap();
    assert_eq!(document["round"], json!(1));
}

#[test]
fn it_ends_when_nobody_reads_on() {
    let world = two("");
    let mut child = start(
        &world,
        &[
            "sync",
            "--watch",
            "--every",
            "1s",
            "--yes",
            "--format",
            "json-lines",
        ],
    );
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("round-begins"), "{line}");
    drop(stdout);
    let status = wait_for("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn what_goes_with_what() {
    let world = two("");
    for (arguments, expected) in [
        (&["--every", "1d"][..], "--watch"),
        (&["--on-change"], "--watch"),
        (&["--watch", "--poll"], "--on-change"),
        (&["--watch", "--dry-run"], "cannot be used with"),
        (&["--watch", "--every", "0s"], "longer than none"),
        (&["--watch", "--every", "soon"], "`soon` is not a duration"),
    ] {
        let ran = world.tracks(&[&["sync"], arguments].concat());
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
