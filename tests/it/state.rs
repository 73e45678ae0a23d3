//! Damage to what is kept under `.git/tracks`: torn, garbled, newer, or gone.

use std::fs;
use std::path::PathBuf;

use crate::world::World;

/// A repository after a round: two tracks, a check, worktrees.
fn after_a_round() -> World {
    let world = World::of(
        "
        main: One
            tracks.toml = [track.a] | [track.b] | [check.c] | run = 'true' | when = ['track', 'integration']
        track/a from main: A
            a = a
        track/b from main: B
            b = b
        ",
    );
    for arguments in [
        &["init", "--yes"][..],
        &["check", "--yes"],
        &["sync", "--yes"],
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
    world
}

fn append(path: &PathBuf, bytes: &[u8]) {
    let mut text = fs::read(path).expect("a journal");
    text.extend_from_slice(bytes);
    replace(path, &text);
}

fn replace(path: &PathBuf, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).expect("a file");
    file.write_all(bytes).expect("its content");
}

const JOURNALS: [&str; 3] = ["events.jsonl", "operations.jsonl", "rounds.jsonl"];

const VERBS: [&[&str]; 7] = [
    &["status"],
    &["conflicts"],
    &["check"],
    &["validate", "a"],
    &["sync", "--dry-run"],
    &["log"],
    &["init"],
];

#[test]
fn a_write_that_was_cut_off_is_forgotten() {
    let world = after_a_round();
    for journal in JOURNALS {
        let path = world.repo().join(".git/tracks").join(journal);
        let good = fs::read(&path).expect("a journal");
        for rest in [&b"{\"v\":1,\"num"[..], b"{\"v\":1,\"num\n", &[0; 512]] {
            append(&path, rest);
            for verb in VERBS {
                let ran = world.tracks(verb);
                assert_eq!(ran.status, 0, "{journal} {verb:?} {}", ran.shown());
            }
            // What is recorded now does not get mixed up with it.
            assert_eq!(world.tracks(&["sync", "--yes"]).status, 0, "{journal}");
            replace(&path, &good);
        }
    }
}

/// The rounds say what "integration" is: without them no verdict on it, rather than none asked for.
#[test]
fn rounds_that_cannot_be_read_are_no_clean_verdict() {
    let world = after_a_round();
    let path = world.repo().join(".git/tracks/rounds.jsonl");
    let good = fs::read(&path).expect("a journal");
    for (line, says) in [
        (&b"garbage\n"[..], "is not readable: line 3"),
        (
            b"{\"v\":99,\"new\":1}\n",
            "has format 99; this version knows up to 1",
        ),
    ] {
        append(&path, line);
        for (verb, unavailable) in [
            (&["conflicts", "--format", "json"][..], 2),
            (&["validate", "a", "--format", "json"], 1),
        ] {
            let ran = world.tracks(verb);
            assert_eq!(ran.status, 3, "{}", ran.shown());
            assert_eq!(ran.stdout.matches("unavailable").count(), unavailable);
            let told = world.tracks(&verb[..verb.len() - 2]);
            // Long lines are broken.
            let words: Vec<&str> = told.stdout.split_whitespace().collect();
            assert!(words.join(" ").contains(says), "{}", told.shown());
        }
        for verb in [&["sync", "--dry-run"][..], &["sync"]] {
            let ran = world.tracks(verb);
            assert_eq!(
                (ran.status, ran.stdout.as_str()),
                (3, ""),
                "{}",
                ran.shown()
            );
            assert!(ran.stderr.contains(says), "{}", ran.shown());
            assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.shown());
        }
        assert_eq!(world.tracks(&["status"]).status, 0);
        replace(&path, &good);
    }
    // Commits that a round merged and that are gone since.
    let text = String::from_utf8(good).expect("JSON");
    let tip = world.git(&["rev-parse", "track/a"]);
    replace(&path, text.replace(&tip, &"1".repeat(40)).as_bytes());
    let ran = world.tracks(&["conflicts", "--format", "json"]);
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (3, ""),
        "{}",
        ran.shown()
    );
    assert!(ran.stdout.contains("unavailable"), "{}", ran.shown());
}

#[test]
fn operations_that_cannot_be_read_stop_only_the_log() {
    let world = after_a_round();
    let path = world.repo().join(".git/tracks/operations.jsonl");
    let good = fs::read(&path).expect("a journal");
    for (line, hint) in [
        (&b"garbage\n"[..], "hint: mend it, or move it away"),
        (b"{\"v\":99}\n", "hint: update tracks"),
    ] {
        append(&path, line);
        let ran = world.tracks(&["log"]);
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (3, ""),
            "{}",
            ran.shown()
        );
        assert!(ran.stderr.contains(hint), "{}", ran.shown());
        assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
        replace(&path, &good);
    }
}

fn files_below(dir: &PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_damaged_result_is_no_result() {
    let world = after_a_round();
    let results = world.repo().join(".git/tracks/results");
    for content in [
        "",
        "garbage",
        "{\"v\":1,\"outcome\":7}",
        "{\"v\":99}",
        "{\"v\":1",
    ] {
        let files = files_below(&results);
        assert_eq!(files.len(), 3);
        for file in files {
            replace(&file, content.as_bytes());
        }
        let ran = world.tracks(&["check", "--yes", "--format", "json"]);
        assert_eq!(ran.status, 0, "{content} {}", ran.shown());
        assert_eq!(
            ran.stdout.matches("\"cached\": false").count(),
            2,
            "{}",
            ran.shown()
        );
        // And it has been replaced by a good one.
        let again = world.tracks(&["check", "--yes", "--format", "json"]);
        assert_eq!(
            again.stdout.matches("\"cached\": true").count(),
            2,
            "{}",
            again.shown()
        );
        assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
    }
}

#[test]
fn everything_kept_may_go_between_two_runs() {
    let world = after_a_round();
    let kept = world.repo().join(".git/tracks");
    let integration = world.git(&["rev-parse", "integration"]);
    for verb in VERBS.into_iter().chain([&["sync", "--yes"][..]]) {
        fs::remove_dir_all(&kept).expect("what was kept");
        // What was approved is kept, too.
        let mut arguments = verb.to_vec();
        if ["check", "validate"].contains(&verb[0]) {
            arguments.push("--yes");
        }
        let ran = world.tracks(&arguments);
        assert_eq!(ran.status, 0, "{verb:?} {}", ran.shown());
        fs::create_dir_all(&kept).expect("it again");
    }
    assert_eq!(world.git(&["rev-parse", "integration"]), integration);
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let world = after_a_round();
    let scratch = world.repo().join(".git/tracks/scratch");
    fs::create_dir_all(scratch.join("1-dead/objects/ab")).expect("a directory");
    replace(&scratch.join("1-dead/objects/ab/cd"), b"x");
    replace(&scratch.join("1-dead.lock"), b"");
    // And a lock without its directory, from the moment between the two.
    replace(&scratch.join("2-dead.lock"), b"");
    assert_eq!(world.tracks(&["conflicts"]).status, 0);
    let left = fs::read_dir(&scratch).expect("the directory").count();
    assert_eq!(left, 0);
}
