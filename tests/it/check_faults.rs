//! Checks that misbehave, disks that are full, and the end of the tool itself: nothing hangs, nothing stays behind, and what
//! is said is true.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::project::{
    Alive, Gate, ask, document, find, finish, project, signal, start, wait_for, wait_for_file,
};
use crate::world::World;

/// Track `a` in its worktree, these lines below the head of `[run]`, and these after all else.
fn one(run: &str, rest: &str) -> World {
    let config = format!("[run]\n{run}\n[track.a]\n{rest}\n");
    let world = project(&config, &[("f", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world
}

/// The same with one check, which runs once: status and result.
fn ran(run: &str, check: &str) -> (World, i32, Value) {
    let world = one(run, &format!("[check.unit]\n{check}"));
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let runs = answer["runs"].as_array().map(Vec::len);
    assert_eq!(runs, Some(1), "{answer:#}");
    let run = answer["runs"][0].clone();
    (world, status, run)
}

fn note(run: &Value) -> &str {
    run["note"].as_str().unwrap_or_default()
}

fn log(run: &Value) -> PathBuf {
    PathBuf::from(run["log"].as_str().expect("a log"))
}

#[test]
fn one_that_is_deaf_to_term_is_killed_after_the_grace() {
    let world = one(
        "grace = \"1s\"",
        "[check.unit]\ntimeout = \"1s\"\nrun = \"trap '' TERM; exec 9>ROOT/alive; while :; do sleep 60; done\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let run = &answer["runs"][0];
    assert_eq!((status, &run["outcome"]), (1, &json!("timed-out")));
    let seconds = run["seconds"].as_f64().unwrap();
    assert!(seconds >= 2.0, "it had its grace: {seconds}");
    alive.wait_until_gone();
}

#[test]
fn a_daemon_that_lets_go_of_everything_keeps_nobody_waiting() {
    let world = one(
        "",
        "[check.unit]\nrun = '''setsid sh -c 'exec >/dev/null 2>&1 9>ROOT/alive; echo >ROOT/here; read go <ROOT/gate' & while [ ! -s ROOT/here ]; do sleep 0.01; done'''",
    );
    let mut alive = Alive::new(&world, "alive");
    let gate = Gate::new(&world, "gate");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        (status, &answer["runs"][0]["outcome"]),
        (0, &json!("passed")),
        "{answer:#}"
    );
    // It was there all the time.
    gate.open();
    alive.wait_until_gone();
}

#[test]
fn one_that_hangs_at_its_exit_is_waited_for_no_longer() {
    let world = one(
        "",
        "[check.unit]\nrun = \"exec 9>ROOT/alive; echo begun; sleep 600 &\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let run = &answer["runs"][0];
    assert_eq!((status, &run["outcome"]), (0, &json!("passed")));
    assert_eq!(note(run), "it left processes behind");
    alive.wait_until_gone();
    assert_eq!(fs::read_to_string(log(run)).unwrap(), "begun\n");
}

#[test]
fn a_flood_of_output_is_bounded_in_the_log_and_fails_nothing() {
    let (_world, status, run) = ran(
        "",
        "run = \"echo first; yes | head -c 200000000; echo last\"",
    );
    assert_eq!((status, &run["outcome"]), (0, &json!("passed")), "{run:#}");
    assert!(
        note(&run).ends_with("MiB of its output are not in its log"),
        "{run:#}"
    );
    let log = fs::read(log(&run)).unwrap();
    assert!(log.len() < 40 * 1024 * 1024, "{} bytes", log.len());
    assert!(log.starts_with(b"first\n") && log.ends_with(b"\nlast\n"));
}

#[test]
fn one_that_closes_its_output_is_waited_for() {
    let world = one(
        "",
        "[check.unit]\nrun = \"echo before; exec >&- 2>&-; echo >ROOT/here; read go <ROOT/gate; exit 7\"",
    );
    let gate = Gate::new(&world, "gate");
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    gate.open();
    let answer = document(&finish(&world, check));
    let run = &answer["runs"][0];
    assert_eq!(
        (&run["outcome"], &run["exit_status"]),
        (&json!("failed"), &json!(7))
    );
    assert_eq!(fs::read_to_string(log(run)).unwrap(), "before\n");
}

#[test]
fn bytes_that_are_no_text_leave_both_answers_text() {
    let world = one(
        "",
        "[check.unit]\nrun = '''printf 'bad \\377\\300 bytes\\n'; exit 1'''",
    );
    for format in ["text", "json"] {
        let output = world
            .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
            .args(["check", "--yes", "--format", format])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).expect("text is UTF-8");
        match format {
            "text" => assert!(text.contains("bad \u{fffd}\u{fffd} bytes"), "{text}"),
            _ => assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}"),
        }
        assert!(String::from_utf8(output.stderr).is_ok());
    }
    let (_, answer) = ask(&world, &["check", "--yes"]);
    let kept = fs::read(log(&answer["runs"][0])).unwrap();
    assert_eq!(kept, b"bad \xff\xc0 bytes\n", "the log is as it came");
}

#[test]
fn the_signal_that_ended_a_check_is_named() {
    for (name, number) in [("SEGV", 11), ("TERM", 15), ("KILL", 9)] {
        let (_world, status, run) = ran("", &format!("run = \"kill -{name} $$\""));
        assert_eq!((status, &run["outcome"]), (1, &json!("failed")));
        assert_eq!(
            (note(&run), &run["exit_status"]),
            (format!("ended by signal {number}").as_str(), &json!(null))
        );
    }
}

/// A file system of 64 KiB, gone when dropped; `None` where none may be mounted.
struct SmallDisk<'a> {
    world: &'a World,
    path: PathBuf,
}

impl<'a> SmallDisk<'a> {
    fn mount(world: &'a World, path: &Path) -> Option<SmallDisk<'a>> {
        fs::create_dir_all(path).expect("a directory");
        let path = path.to_owned();
        let script = "command -v mount >/dev/null && exec mount -t tmpfs -o size=64k tmpfs \"$1\"";
        let words = ["-c", script, "sh", &path.to_string_lossy()];
        let mounted = world.run_in(world.root(), "sh", &words);
        (mounted.status == 0).then_some(SmallDisk { world, path })
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let place = self.path.to_string_lossy();
        self.world
            .run_in(self.world.root(), "umount", &["-l", &place]);
    }
}

#[test]
fn a_full_disk_for_logs_changes_no_result() {
    let world = one(
        "jobs = 1",
        "[check.green]\nrun = \"yes | head -c 1000000\"\n[check.red]\nneeds = [\"green\"]\nrun = \"yes | head -c 1000000; exit 1\"\n[check.silent]\nneeds = [\"green\"]\nrun = \"true\"",
    );
    let Some(_disk) = SmallDisk::mount(&world, &world.repo().join(".git/tracks/logs")) else {
        #[expect(clippy::print_stderr, reason = "who runs the tests has to know")]
        {
            eprintln!("skipped: a small disk cannot be mounted here");
        }
        return;
    };
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 1, "{answer:#}");
    for (check, outcome, whole) in [
        ("green", "passed", false),
        ("red", "failed", false),
        ("silent", "passed", true),
    ] {
        let run = find(&answer["runs"], "check", check);
        assert_eq!(run["outcome"], outcome, "{run:#}");
        let told = note(run).starts_with("its log could not be written: ");
        assert_eq!(told, !whole, "{run:#}");
    }
}

#[test]
fn where_the_tool_is_killed_nothing_of_its_checks_and_services_lives_on() {
    let world = one(
        "jobs = 1",
        "[resource]\ndb = 1\n\
         [service.s]\nstart = \"exec 9>ROOT/alive; echo >ROOT/up; exec sleep 600\"\nready = \"test -e ROOT/up\"\n\
         [check.long]\nresources = [\"db\"]\nservices = [\"s\"]\n\
         run = \"exec 9>ROOT/alive; sleep 600 & echo >ROOT/here; sleep 600\"\n\
         [check.next]\nresources = [\"db\"]\nrun = \"true\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let mut check = start(&world, &["check", "--yes", "--check", "long"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "KILL");
    check.wait().unwrap();
    // Its slot and its resource are free, whatever else is still being ended.
    let (status, answer) = ask(&world, &["check", "--yes", "--check", "next"]);
    assert_eq!(status, 0, "{answer:#}");
    alive.wait_until_gone();
}

#[test]
fn where_the_tool_is_killed_nothing_of_its_setups_lives_on() {
    let world = one(
        "",
        "[layout]\nsetup = [\"exec 9>ROOT/alive; test -e ROOT/here && exit 0; echo >ROOT/here; trap '' TERM; sleep 600; sleep 600\"]\n\
         [check.unit]\nrun = \"true\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let mut check = start(&world, &["check", "--yes"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "KILL");
    check.wait().unwrap();
    alive.wait_until_gone();
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 0, "it is set up afresh: {answer:#}");
}

#[test]
fn an_interrupt_keeps_what_has_passed() {
    let world = one(
        "jobs = 1",
        "[check.first]\nrun = \"echo x >>ROOT/first\"\n\
         [check.second]\nneeds = [\"first\"]\nrun = \"exec 9>ROOT/alive; echo >ROOT/here; sleep 600\"\n\
         [check.third]\nneeds = [\"second\"]\nrun = \"touch ROOT/third\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "INT");
    let ran = finish(&world, check);
    let answer = document(&ran);
    assert_eq!(ran.status, 130, "{answer:#}");
    for (check, outcome) in [
        ("first", "passed"),
        ("second", "cancelled"),
        ("third", "cancelled"),
    ] {
        let run = find(&answer["runs"], "check", check);
        assert_eq!(run["outcome"], outcome, "{run:#}");
    }
    alive.wait_until_gone();
    assert!(!world.root().join("third").exists());
    let (_, answer) = ask(&world, &["check", "--yes", "--check", "first"]);
    assert_eq!(answer["runs"][0]["cached"], true, "{answer:#}");
    let times = fs::read_to_string(world.root().join("first")).unwrap();
    assert_eq!(times, "x\n");
}

#[test]
fn a_second_interrupt_kills_at_once() {
    // Whoever waits for this grace to end waits longer than the test does.
    let world = one(
        "grace = \"10m\"",
        "[check.unit]\nrun = \"trap '' TERM; exec 9>ROOT/alive; echo >ROOT/here; while :; do sleep 600; done\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let mut check = start(&world, &["check", "--yes"]);
    wait_for_file(&world.root().join("here"));
    // What comes within a tenth of a second after the first counts as its echo.
    let status = wait_for("the end of the tool", || {
        signal(&world, &check, "INT");
        check.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(130));
    alive.wait_until_gone();
}

#[test]
fn who_writes_tracked_files_is_named_and_proves_nothing() {
    let world = one(
        "",
        "[check.tidy]\nrun = \"true\"\n[check.writer]\nneeds = [\"tidy\"]\nrun = \"echo x >>f\"",
    );
    for _ in 0..2 {
        let (status, answer) = ask(&world, &["check", "--yes", "--committed"]);
        let run = find(&answer["runs"], "check", "writer");
        assert_eq!(
            (status, &run["outcome"], &run["cached"]),
            (0, &json!("passed"), &json!(false))
        );
        assert_eq!(
            note(run),
            "it changed tracked files: f; the result is not kept"
        );
    }
    // Where its owner works, it may have been they.
    let (_, answer) = ask(&world, &["check", "--yes"]);
    let run = find(&answer["runs"], "check", "writer");
    assert_eq!(note(run), "f changed meanwhile, so the result is not kept");
}
