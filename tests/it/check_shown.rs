//! How checks are shown while they run and when they have ended: on a terminal, in a log, and to whoever asks.

use std::fs;

use crate::project::{Gate, finish, project, signal, start, wait_for, wait_for_file};
use crate::world::World;

/// One track `a` in its worktree, with these sections.
fn world(checks: &str) -> World {
    let config = format!("[run]\njobs = 1\n[track.a]\n{checks}");
    let world = project(&config, &[("f", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world
}

/// A check that says where it is and waits at a gate.
fn gated() -> (World, Gate) {
    let world = world("[check.unit]\nrun = \"echo hello; echo >ROOT/here; read go <ROOT/gate\"\n");
    let gate = Gate::new(&world, "gate");
    (world, gate)
}

/// The text with what lies between these two left out.
fn without_logs(text: &str) -> String {
    let line = |line: &str| match line.split_once(": /") {
        Some((before, _)) if before.contains("log of") => format!("{before}: LOG\n"),
        _ => format!("{line}\n"),
    };
    let times = regex::Regex::new(r"\d+\.\d+s").expect("a pattern");
    let text: String = text.lines().map(line).collect();
    times.replace_all(&text, "TIME").into_owned()
}

const RED_AND_SKIPPED: &str = "[check.build]\nrun = \"echo compiling; echo error: oh >&2; exit 3\"\n\
    [check.lint]\nallow_failure = true\nrun = \"echo ::error::injected; false\"\n\
    [check.test]\nneeds = [\"build\"]\nrun = \"true\"\n";

#[test]
fn a_failure_is_shown_at_once_and_again_at_the_end() {
    let world = world(RED_AND_SKIPPED);
    let ran = world.tracks(&["check", "--yes"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    let block =
        "──── failed a build TIME: exit status 3\ncompiling\nerror: oh\n──── log of a build: LOG\n";
    let (at_once, answer) = (without_logs(&ran.stderr), without_logs(&ran.stdout));
    assert!(at_once.contains(block), "{at_once}");
    assert!(
        at_once.contains("failed a lint TIME: allowed, exit status 1\n"),
        "{at_once}"
    );
    assert!(!at_once.contains("injected"), "{at_once}");
    let lint = answer.find("──── failed a lint").expect("the allowed one");
    let build = answer.find(block).expect("the other");
    assert!(
        lint < build && answer.contains("::error::injected\n"),
        "{answer}"
    );
    assert!(
        answer[build..].starts_with(&format!("{block}\n3 checks: ")),
        "{answer}"
    );
}

#[test]
fn a_workflow_gets_groups_and_annotations_and_no_command_of_a_check() {
    let world = world(RED_AND_SKIPPED);
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    command
        .args(["check", "--yes"])
        .env("GITHUB_ACTIONS", "true");
    let ran = world.ran(&command.output().unwrap());
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert!(
        ran.stderr
            .contains("::group::a build failed\n::stop-commands::"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.ends_with("\n::error title=a build::error: oh\n"),
        "{}",
        ran.stderr
    );
    // Whatever the checks printed stands between a token and the same token.
    let mut token = None;
    for line in ran.stdout.lines() {
        match (line.strip_prefix("::stop-commands::"), token) {
            (Some(new), None) => token = Some(new),
            (Some(_), Some(_)) => panic!("{}", ran.stdout),
            (None, Some(current)) if line == format!("::{current}::") => token = None,
            (None, None) => assert!(!line.contains("injected"), "{}", ran.stdout),
            (None, Some(_)) => {}
        }
    }
    assert!(
        token.is_none() && ran.stdout.contains("injected"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_passes_quickly_leaves_the_log_empty() {
    let world = world("[check.unit]\nrun = \"true\"\n");
    let ran = world.tracks(&["check", "--yes"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_signal_asks_what_is_running() {
    let (world, gate) = gated();
    let mut check = start(&world, &["check", "--yes"]);
    let mut asked = std::io::BufReader::new(check.stderr.take().expect("a pipe"));
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "USR1");
    let mut told = String::new();
    while !told.contains("a unit") {
        let mut line = String::new();
        assert_ne!(
            std::io::BufRead::read_line(&mut asked, &mut line).unwrap(),
            0,
            "{told}"
        );
        told.push_str(&line);
    }
    assert!(told.contains("1 running"), "{told}");
    gate.open();
    assert_eq!(finish(&world, check).status, 0);
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::path::PathBuf;

    use super::*;
    use crate::terminal::{InTerminal, start_session};

    const TRACKS: &str = env!("CARGO_BIN_EXE_tracks");

    /// Runs `tracks check --yes` as TRACKS in a script, which `$ROOT` tells its directory.
    fn session(world: &World, script: &str) -> InTerminal {
        let mut command = world.command(&world.repo(), "setsid");
        command.env("ROOT", world.root());
        let script = script.replace("TRACKS", &format!("'{TRACKS}' check --yes"));
        start_session(command, &script, (24, 100))
    }

    const MODES: &str = "trap : INT; stty -g >$ROOT/before; TRACKS; echo $? >$ROOT/status; trap '' INT; stty -g >$ROOT/after";

    fn file(world: &World, name: &str) -> PathBuf {
        world.root().join(name)
    }

    #[track_caller]
    fn read(world: &World, name: &str) -> String {
        fs::read_to_string(file(world, name)).expect(name)
    }

    fn answers(session: &InTerminal) -> usize {
        session.written().matches(" output").count()
    }

    /// Presses `t` and waits for the answer.
    fn ask(session: &mut InTerminal) -> String {
        let before = answers(session);
        session.press(b"t");
        wait_for("an answer", || {
            (answers(session) > before).then(|| session.written())
        })
    }

    #[test]
    fn a_key_and_a_signal_ask_what_is_running_and_the_terminal_is_given_back() {
        let (world, gate) = gated();
        let mut session = session(&world, &format!("echo $$ >$ROOT/shell; {MODES}"));
        wait_for_file(&file(&world, "here"));
        let written = wait_for("its output in an answer", || {
            let written = ask(&mut session);
            written.contains("ago: \u{1b}[2mhello").then_some(written)
        });
        assert!(!written.contains("ttt"), "keys are not shown: {written}");
        let before = answers(&session);
        let shell = read(&world, "shell");
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let tracks = fs::read_to_string(children).unwrap();
        let sent = world.run_in(world.root(), "kill", &["-USR1", tracks.trim()]);
        assert_eq!(sent.status, 0, "{}", sent.shown());
        wait_for("an answer", || (answers(&session) > before).then_some(()));
        gate.open();
        let (_, left) = session.end();
        assert!(left.contains("1 passed"), "{left}");
        assert_eq!(read(&world, "status"), "0\n");
        assert_eq!(read(&world, "before"), read(&world, "after"));
    }

    #[test]
    fn an_interrupt_gives_the_terminal_back() {
        let (world, _gate) = gated();
        let mut session = session(&world, MODES);
        wait_for_file(&file(&world, "here"));
        ask(&mut session);
        session.press(b"\x03");
        session.end();
        assert_eq!(read(&world, "status"), "130\n");
        assert_eq!(read(&world, "before"), read(&world, "after"));
    }

    #[test]
    fn so_does_a_second_one_that_does_not_wait() {
        let world = world(
            "[check.unit]\nrun = \"trap 'echo >ROOT/asked' TERM; echo hello; echo >ROOT/here; while :; do read go <ROOT/gate; done\"\n",
        );
        let _gate = Gate::new(&world, "gate");
        let mut session = session(&world, MODES);
        wait_for_file(&file(&world, "here"));
        ask(&mut session);
        session.press(b"\x03");
        wait_for_file(&file(&world, "asked"));
        wait_for("the end", || {
            session.press(b"\x03");
            file(&world, "after").exists().then_some(())
        });
        session.end();
        assert_eq!(read(&world, "status"), "130\n");
        assert_eq!(read(&world, "before"), read(&world, "after"));
    }

    #[test]
    fn a_suspended_run_gives_the_terminal_back_and_takes_it_again() {
        let (world, gate) = gated();
        let script = format!(
            "set -m; {}",
            MODES.replace(
                "TRACKS;",
                "TRACKS; stty -g >$ROOT/between; read go <$ROOT/paused; fg;"
            )
        );
        let paused = Gate::new(&world, "paused");
        let mut session = session(&world, &script);
        wait_for_file(&file(&world, "here"));
        ask(&mut session);
        session.press(b"\x1a");
        wait_for_file(&file(&world, "between"));
        assert_eq!(read(&world, "before"), read(&world, "between"));
        paused.open();
        let before = answers(&session);
        // Again and again: what is pressed before we are back goes to nobody.
        wait_for("an answer", || {
            session.press(b"t");
            (answers(&session) > before).then_some(())
        });
        gate.open();
        session.end();
        assert_eq!(read(&world, "status"), "0\n");
        assert_eq!(read(&world, "before"), read(&world, "after"));
    }
}
