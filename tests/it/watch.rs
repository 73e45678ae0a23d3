//! `tracks conflicts --watch`: what moves is told, what does not is not, and nothing that happens meanwhile ends it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::project::{find, project, signal, start, texts, wait_for, work};
use crate::world::World;

/// No test waits longer for a line; it only matters to a test that fails.
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const FILE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// The file with one line changed.
pub(crate) fn with(line: &str, text: &str) -> String {
    FILE.replace(&format!("{line}\n"), &format!("{text}\n"))
}

/// Tracks a, b and c in worktrees, with `f` to work on.
pub(crate) fn three(more: &str) -> World {
    let config = format!("[track.a]\n[track.b]\n[track.c]\n{more}");
    let ignore = ".*\n!.gitignore\ntarget/\n*.log\n";
    let world = project(&config, &[("f", FILE), ("g", FILE), (".gitignore", ignore)]);
    let ran = world.tracks(&["init"]);
    assert!(
        world.repo().join("worktrees/c/f").exists(),
        "{}",
        ran.shown()
    );
    world
}

pub(crate) fn edit(world: &World, track: &str, path: &str, text: &str) {
    world.write(&format!("worktrees/{track}/{path}"), text);
}

/// A run that watches, and what it has printed.
pub(crate) struct Watch<'w> {
    world: &'w World,
    child: Child,
    lines: Receiver<String>,
}

impl<'w> Watch<'w> {
    /// Streams JSON lines; returns when the first matrix is there.
    pub(crate) fn start(world: &'w World, arguments: &[&str]) -> (Self, Value) {
        let format = ["--format", "json-lines"];
        let watch = Watch::start_with(world, &[arguments, &format].concat());
        let start = watch.next();
        assert_eq!(start["event"], "start", "{start}");
        (watch, start)
    }

    fn start_with(world: &'w World, arguments: &[&str]) -> Self {
        let mut child = world
            .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
            .args(["conflicts", "--watch"])
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

    #[track_caller]
    pub(crate) fn next(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Everything up to and with the first event that is like this one.
    #[track_caller]
    pub(crate) fn until(&self, like: &Value) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let event = self.next();
            let is_like = |(key, value): (&String, &Value)| event[key] == *value;
            let found = like.as_object().expect("keys").iter().all(is_like);
            seen.push(event);
            if found {
                return seen;
            }
        }
    }

    /// Interrupts it; what it still printed, without the document at the end, and that.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Vec<Value>, Value) {
        signal(self.world, &self.child, "INT");
        let mut rest: Vec<Value> = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            rest.push(serde_json::from_str(&line).expect("JSON"));
        }
        let status = self.child.wait().expect("it ends");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("text");
        assert_eq!(status.code(), Some(130), "{stderr}");
        let document = rest.pop().expect("a document");
        assert_eq!(document["schema"], "tracks/conflicts/v1", "{document}");
        assert_eq!(document["ok"], json!(false));
        (rest, document)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn moved(track: &str) -> Value {
    json!({ "event": "moved", "track": track })
}

fn pair(a: &str, b: &str, after: &str) -> Value {
    json!({ "event": "pair", "a": a, "b": b, "after": after })
}

/// The tracks that moved, and the pairs that turned, in the order told.
fn told(events: &[Value]) -> Vec<String> {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or("null").to_owned();
    events
        .iter()
        .map(|event| match event["event"].as_str() {
            Some("moved") => text(event, "track"),
            Some("pair") => ["a", "b", "before", "after"]
                .map(|key| text(event, key))
                .join(" "),
            Some(other) => other.to_owned(),
            None => panic!("{event}"),
        })
        .collect()
}

#[test]
fn a_pair_turns_and_turns_back() {
    let world = three("");
    let (watch, start) = Watch::start(&world, &[]);
    assert_eq!(texts(&start["tracks"], "track"), ["a", "b", "c"]);
    assert_eq!(start["pairs"].as_array().unwrap().len(), 6);
    assert_eq!(start["largest_clean_set"], json!(["a", "b", "c"]));
    for key in ["schema", "ok", "stats"] {
        assert!(start.get(key).is_none(), "{key}");
    }

    edit(&world, "a", "f", &with("5", "five"));
    let events = watch.until(&moved("a"));
    assert_eq!(told(&events), ["a"]);
    assert_eq!(events[0]["dirty"], json!(true));

    edit(&world, "b", "f", &with("5", "cinq"));
    let events = watch.until(&pair("a", "b", "conflict"));
    assert_eq!(told(&events), ["b", "a b clean conflict"]);
    let turned = &events[1];
    assert_eq!(turned["basis"], "base+track");
    assert_eq!(
        turned["conflicts"][0],
        json!({
            "path": "f", "type": "contents", "types": ["contents"], "owner": null,
            "regions": [{ "ours": { "start": 5, "lines": 1 }, "theirs": { "start": 5, "lines": 1 } }],
        })
    );
    assert_eq!(turned["time"], "2026-11-27T12:00:00Z");

    edit(&world, "b", "f", FILE);
    let events = watch.until(&pair("a", "b", "clean"));
    assert_eq!(told(&events), ["b", "a b conflict clean"]);
    edit(&world, "b", "f", &with("5", "cinq"));
    watch.until(&pair("a", "b", "conflict"));
    let (rest, document) = watch.end();
    assert_eq!(told(&rest), Vec::<String>::new());
    let pair = find(&document["pairs"], "a", "a");
    assert_eq!(
        (&pair["b"], &pair["verdict"]),
        (&json!("b"), &json!("conflict"))
    );
    let touched = &pair["conflicts"][0]["touched"];
    assert_eq!(touched["theirs"]["uncommitted"], json!(true), "{pair:#}");
    assert_eq!(
        find(&document["tracks"], "track", "a")["dirty"],
        json!(true)
    );
    let scratch = world.repo().join(".git/tracks/scratch");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "nothing is left");
}

#[test]
fn what_git_ignores_is_no_change() {
    let world = three("");
    edit(&world, "a", "target/old/x", "1\n");
    let (watch, _) = Watch::start(&world, &[]);
    edit(&world, "a", "target/old/x", "2\n");
    edit(&world, "a", "target/new/deep/x", "2\n");
    edit(&world, "a", "run.log", "2\n");
    edit(&world, "a", ".cache/x", "2\n");
    edit(&world, "b", "new/dir/x", "2\n");
    assert_eq!(told(&watch.until(&moved("b"))), ["b"]);

    // A new directory is watched from now on, without what is ignored in it.
    edit(&world, "b", "new/dir/target/x", "3\n");
    edit(&world, "b", "new/run.log", "3\n");
    edit(&world, "a", "f", &with("1", "one"));
    assert_eq!(told(&watch.until(&moved("a"))), ["a"]);
    edit(&world, "b", "new/dir/y", "3\n");
    assert_eq!(told(&watch.until(&moved("b"))), ["b"]);

    // What is ignored no more is a change without being written.
    edit(&world, "a", ".gitignore", "target/\n");
    let events = watch.until(&moved("a"));
    assert_eq!(told(&events), ["a"]);
    edit(&world, "a", ".cache/x", "3\n");
    assert_eq!(told(&watch.until(&moved("a"))), ["a"], "it is watched now");
    assert_eq!(told(&watch.end().0), Vec::<String>::new());
}

#[test]
fn commits_and_housekeeping() {
    let world = three("");
    work(&world, "b", &[("f", &with("5", "cinq"))]);
    let (watch, _) = Watch::start(&world, &["--committed"]);
    edit(&world, "a", "f", &with("5", "five"));
    work(&world, "c", &[("g", &with("1", "one"))]);
    assert_eq!(told(&watch.until(&moved("c"))), ["c"], "only commits count");
    // Everything that is written here says the same as before.
    world.git(&["pack-refs", "--all"]);
    world.git(&["gc", "--quiet"]);
    let at = world.repo().join("worktrees/a");
    world.git_in(&at, &["status"]);
    world.git_in(&at, &["commit", "--quiet", "--all", "--message", "Five"]);
    let events = watch.until(&pair("a", "b", "conflict"));
    assert_eq!(told(&events), ["a", "a b clean conflict"]);
    assert_eq!(events[0]["commit"], world.git(&["rev-parse", "track/a"]));
    assert_eq!(told(&watch.end().0), Vec::<String>::new());
}

#[test]
fn base_moves() {
    let world = three("");
    edit(&world, "a", "f", &with("5", "five"));
    let (watch, _) = Watch::start(&world, &[]);
    world.commit("main", &[("f", &with("5", "base"))], "Base");
    let events = watch.until(&pair("base", "a", "conflict"));
    assert_eq!(told(&events), ["base", "base a clean conflict"]);
    assert_eq!(events[0]["commit"], world.git(&["rev-parse", "main"]));
    edit(&world, "a", "f", FILE);
    let events = watch.until(&pair("base", "a", "clean"));
    assert_eq!(told(&events), ["a", "base a conflict clean"]);
}

#[test]
fn worktrees_and_branches_come_and_go() {
    let world = three("");
    world.git(&["worktree", "remove", "--force", "worktrees/c"]);
    world.git(&["branch", "--quiet", "-D", "track/c"]);
    edit(&world, "b", "f", &with("5", "five"));
    let (watch, start) = Watch::start(&world, &[]);
    assert_eq!(start["pairs"].as_array().unwrap().len(), 3);

    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "track/c",
        "worktrees/c",
        "main",
    ]);
    let events = watch.until(&pair("b", "c", "clean"));
    let mut turned = told(&events);
    turned.retain(|line| line != "c");
    assert_eq!(
        turned,
        ["base c null clean", "a c null clean", "b c null clean"]
    );
    edit(&world, "c", "f", &with("5", "cinq"));
    let events = watch.until(&pair("b", "c", "conflict"));
    assert_eq!(told(&events), ["c", "b c clean conflict"]);

    fs::remove_dir_all(world.repo().join("worktrees/c")).unwrap();
    let events = watch.until(&pair("b", "c", "clean"));
    assert_eq!(
        told(&events),
        ["c", "b c conflict clean"],
        "the branch is still there"
    );
    world.git(&["worktree", "prune"]);
    world.git(&["branch", "--quiet", "-D", "track/c"]);
    let gone = json!({ "event": "pair", "a": "b", "b": "c", "after": null });
    let events = watch.until(&gone);
    assert_eq!(events.last().unwrap()["before"], "clean");
    let (_, document) = watch.end();
    assert_eq!(document["pairs"].as_array().unwrap().len(), 3);
}

#[test]
fn a_broken_tracks_toml_is_a_warning() {
    let world = three("");
    let (watch, _) = Watch::start(&world, &[]);
    world.write("tracks.toml", "[track.a]\n[track.b]\n[trak.c]\n");
    let warning = watch.next();
    let message = warning["message"].as_str().unwrap();
    assert_eq!(warning["event"], "warning");
    assert!(
        message.starts_with("tracks.toml is not valid: ") && message.contains("trak"),
        "{message}"
    );
    edit(&world, "c", "f", &with("5", "five"));
    assert_eq!(
        told(&watch.until(&moved("c"))),
        ["c"],
        "the last good one stays"
    );

    world.write(
        "tracks.toml",
        "[track.a]\n[track.b]\n[track.c]\n[track.d]\n",
    );
    world.git(&["branch", "track/d", "main"]);
    let events = watch.until(&pair("c", "d", "clean"));
    assert!(told(&events).contains(&"d".to_owned()), "{events:?}");
    world.write("tracks.toml", "[track.a]\n[track.b]\n[trak.c]\n");
    assert_eq!(
        watch.next()["event"],
        "warning",
        "said again after it was good"
    );
}

#[test]
fn while_git_is_at_work_it_waits() {
    let world = three("");
    let at = world.repo().join("worktrees/a");
    work(&world, "b", &[("f", &with("5", "cinq"))]);
    let (watch, _) = Watch::start(&world, &[]);
    let lock = world.repo().join(".git/worktrees/a/index.lock");
    fs::File::create_new(&lock).unwrap();
    edit(&world, "a", "f", &with("5", "half of it"));
    let waiting = watch.next();
    assert_eq!(waiting, json!({ "event": "waiting", "tracks": ["a"] }));
    edit(&world, "a", "f", FILE);
    edit(&world, "a", "g", &with("1", "one"));
    fs::remove_file(&lock).unwrap();
    let events = watch.until(&moved("a"));
    assert_eq!(told(&events), ["waiting", "a"], "and not half of it");
    assert_eq!(events[0]["tracks"], json!([]));

    // In the middle of a merge there are conflict markers, which are no content.
    world.git_in(&at, &["checkout", "--quiet", "."]);
    assert!(told(&watch.until(&moved("a"))).contains(&"a".to_owned()));
    work(&world, "a", &[("f", &with("5", "five"))]);
    watch.until(&pair("a", "b", "conflict"));
    let merged = world.run_in(&at, "git", &["merge", "--quiet", "track/b"]);
    assert_eq!(merged.status, 1, "{}", merged.shown());
    let events = watch.until(&moved("a"));
    let note = events.last().unwrap()["note"].as_str().unwrap_or_default();
    assert!(note.contains("in the middle of a merge"), "{events:?}");
    world.git_in(&at, &["merge", "--abort"]);
    let events = watch.until(&moved("a"));
    assert_eq!(events.last().unwrap()["note"], json!(null));
}

#[test]
fn a_stale_lock_does_not_hold_it_for_ever() {
    let world = three("");
    let (watch, _) = Watch::start(&world, &[]);
    fs::File::create_new(world.repo().join(".git/worktrees/a/index.lock")).unwrap();
    edit(&world, "a", "f", &with("5", "five"));
    assert_eq!(told(&watch.until(&moved("a"))), ["waiting", "waiting", "a"]);
}

#[test]
fn without_events_it_looks_now_and_then() {
    let world = three("");
    let (watch, _) = Watch::start(&world, &["--poll"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let events = watch.until(&pair("a", "b", "conflict"));
    assert_eq!(told(&events).last().unwrap(), "a b clean conflict");
    world.commit("main", &[("f", &with("5", "base"))], "Base");
    watch.until(&json!({ "event": "base" }));
    watch.end();
}

#[test]
fn a_log_gets_a_line_for_each_turn() {
    let world = three("");
    let watch = Watch::start_with(&world, &[]);
    let mut first = vec![watch.line()];
    while first.last().unwrap() != "every pair merges clean" {
        first.push(watch.line());
    }
    assert!(first[0].starts_with("3 tracks on main"), "{first:?}");
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    assert_eq!(
        watch.line(),
        "2026-11-27T12:00:00Z a × b: clean -> conflict, in f (contents)"
    );
    edit(&world, "a", "g", &with("5", "five"));
    edit(&world, "b", "g", &with("5", "cinq"));
    let still = "2026-11-27T12:00:00Z a × b: still conflict, in f (contents), g (contents)";
    assert_eq!(watch.line(), still);
}

#[test]
fn it_ends_when_nobody_reads_on() {
    let world = three("");
    let format = ["conflicts", "--watch", "--format", "json-lines"];
    let mut child = start(&world, &format);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("\"start\""), "{line}");
    drop(stdout);
    // It is noticed with the next thing it wants to say.
    edit(&world, "a", "f", &with("5", "five"));
    let status = wait_for("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn one_pair() {
    let world = three("");
    let (watch, start) = Watch::start(&world, &["a", "b"]);
    assert_eq!(texts(&start["tracks"], "track"), ["a", "b"]);
    edit(&world, "c", "f", &with("5", "three"));
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let events = watch.until(&pair("a", "b", "conflict"));
    assert!(!told(&events).contains(&"c".to_owned()), "{events:?}");
    let ran = world.tracks(&["conflicts", "--poll"]);
    assert_eq!(ran.status, 2, "only while watching: {}", ran.shown());
}

#[test]
fn branches_without_a_tracks_toml() {
    let world = World::of(
        "
        main: One
            f = 1 | 2 | 3
        topic/a from main: Two
            f = 1 | two | 3
        ",
    );
    let (watch, start) = Watch::start(&world, &["--branches", "topic/*"]);
    assert_eq!(texts(&start["tracks"], "track"), ["topic/a"]);
    // A branch that matches is a track from then on.
    world.git(&["branch", "--quiet", "topic/b", "main"]);
    watch.until(&json!({ "event": "pair", "a": "topic/a", "b": "topic/b", "before": null }));
    world.commit("topic/b", &[("f", "1\nzwei\n3\n")], "Zwei");
    let events = watch.until(&pair("topic/a", "topic/b", "conflict"));
    assert!(
        told(&events).contains(&"topic/a topic/b clean conflict".to_owned()),
        "{events:?}"
    );
    world.git(&["branch", "--quiet", "-D", "topic/b"]);
    let gone = watch.until(&json!({ "event": "pair", "a": "topic/a", "after": null }));
    assert_eq!(gone.last().unwrap()["before"], "conflict");
    watch.end();
    let state = world.repo().join(".git/tracks");
    assert!(!state.exists(), "the repository is left as it was");
}
