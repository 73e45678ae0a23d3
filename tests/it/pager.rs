//! Long answers go through the user's pager, and only where somebody can read them.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::project::{project, wait_for, wait_for_file, work};
use crate::terminal::{InTerminal, start};
use crate::world::World;

/// Two tracks with a conflict of many lines.
fn world() -> World {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    for track in ["a", "b"] {
        let text: String = (1..=30).map(|n| format!("{track} {n}\n")).collect();
        work(&world, track, &[("f", &text)]);
    }
    world
}

fn conflicts(world: &World, pager: Option<&str>, rows: u16, arguments: &[&str]) -> InTerminal {
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    match pager {
        Some(pager) => command.env("GIT_PAGER", pager),
        None => command.env_remove("GIT_PAGER"),
    };
    command.args(["conflicts", "a", "b"]).args(arguments);
    start(command, rows, 80)
}

fn paged(world: &World) -> PathBuf {
    world.root().join("paged")
}

fn to_file(world: &World, program: &str) -> String {
    format!("{program} > '{}'", paged(world).display())
}

#[test]
fn what_is_taller_than_the_terminal_goes_through_the_pager_in_colour() {
    let world = world();
    let (status, shown) = conflicts(&world, Some(&to_file(&world, "cat")), 20, &[]).end();
    assert_eq!((status, shown.as_str()), (1, ""));
    let text = fs::read_to_string(paged(&world)).unwrap();
    assert!(text.contains("\u{1b}[") && text.contains("a 30"), "{text}");
    assert!(text.ends_with('\n') && text.contains("b 30"), "{text}");
}

#[test]
fn nothing_is_paged_that_fits_or_goes_elsewhere_or_shall_not_be() {
    let world = world();
    let pager = to_file(&world, "cat");
    for (pager, rows, arguments) in [
        (pager.as_str(), 200, [].as_slice()),
        (&pager, 20, &["--no-pager"]),
        (&pager, 20, &["--format", "json"]),
        ("", 20, &[]),
        ("cat", 20, &[]),
    ] {
        let (status, shown) = conflicts(&world, Some(pager), rows, arguments).end();
        assert_eq!(status, 1, "{shown}");
        assert!(shown.contains("contents"), "{pager} {arguments:?}: {shown}");
        assert!(!paged(&world).exists(), "{pager} {rows} {arguments:?}");
    }
    let mut piped = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    piped.args(["conflicts", "a", "b"]).env("GIT_PAGER", &pager);
    let ran = world.ran(&piped.output().unwrap());
    assert!(ran.stdout.contains("b 30"), "{}", ran.shown());
    assert!(!paged(&world).exists());
}

#[test]
fn the_pager_is_found_as_git_finds_it() {
    let world = world();
    world.git(&["config", "core.pager", &to_file(&world, "tail -n 1")]);
    let (status, shown) = conflicts(&world, None, 20, &[]).end();
    assert_eq!((status, shown.as_str()), (1, ""));
    assert!(paged(&world).exists());
}

#[test]
fn a_pager_that_cannot_be_had_is_told_and_the_answer_printed() {
    let world = world();
    for (pager, why) in [
        ("no-such-pager -R", "it could not be started"),
        ("false", "it ended with status 1"),
    ] {
        let (status, shown) = conflicts(&world, Some(pager), 20, &[]).end();
        assert_eq!(status, 1);
        assert!(
            shown.contains(&format!("the pager `{pager}` failed: {why}")),
            "{shown}"
        );
        assert!(shown.contains("b 30"), "{shown}");
    }
}

#[test]
fn leaving_the_pager_early_is_no_error() {
    let world = world();
    let pager = to_file(&world, "head -n 1");
    let (status, shown) = conflicts(&world, Some(&pager), 20, &[]).end();
    assert_eq!((status, shown.as_str()), (1, ""));
}

#[test]
fn an_interrupt_is_for_the_pager() {
    let world = world();
    let (fifo, ready) = (world.root().join("fifo"), world.root().join("ready"));
    let made = world.run_in(world.root(), "mkfifo", &["fifo"]);
    assert_eq!(made.status, 0, "{}", made.shown());
    let pager = format!(
        "cat > /dev/null; trap 'exit 2' INT; echo ready > '{}'; cat '{}'",
        ready.display(),
        fifo.display()
    );
    let mut running = conflicts(&world, Some(&pager), 20, &[]);
    wait_for_file(&ready);
    let group = Pid::from_child(&running.child);
    // Again and again: one that comes just before the shell starts the last `cat` is kept until that ends, which it does not.
    wait_for("the pager's end", || {
        let _ = kill_process_group(group, Signal::INT);
        running.child.try_wait().expect("a child")
    });
    let (status, shown) = running.end();
    assert_eq!((status, shown.as_str()), (1, ""), "the answer's own status");
}
