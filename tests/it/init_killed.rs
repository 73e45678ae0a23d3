//! `tracks init` killed, interrupted, and started twice: the next run finishes, and nobody's work is in danger.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::json;

use crate::init::{TWO, assert_whole, document, everything, init, operations, tracks_in, world};
use crate::world::{Ran, World};

/// Where a run is held until the gate opens: it says that it has arrived, and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Some files are checked out and others are not.
    Checkout,
    /// The worktree is whole, git still runs.
    Hook,
    /// git is done.
    Setup,
}

fn gated(gate: Gate) -> World {
    let setup = match gate {
        Gate::Setup => "[layout]\nsetup = ['gate', 'touch ran']\n",
        Gate::Checkout | Gate::Hook => "",
    };
    let world = world(&format!("{setup}{TWO}"));
    world.commit(
        "main",
        &[
            (".gitattributes", "m.txt filter=gate\n"),
            (".gitignore", "ran\n.env\n"),
            (".worktreeinclude", ".env\n"),
        ],
        "Attributes",
    );
    world.write(".env", "KEY=1\n");
    // Not for ever, should the test fail.
    let script = "#!/bin/sh\n[ -e \"$HOME/open\" ] || echo >>\"$HOME/arrived\"\ni=0\nuntil [ -e \"$HOME/open\" ]; do\n  i=$((i+1)); [ $i -lt 1500 ] || exit 9; sleep 0.02\ndone\n";
    world.write_program("home/gate.sh", script);
    let call = format!("'{}/home/gate.sh'", world.root().display());
    match gate {
        Gate::Checkout => {
            world.git(&["config", "filter.gate.smudge", &format!("{call} && cat")]);
            world.git(&["config", "filter.gate.clean", "cat"]);
            world.git(&["config", "filter.gate.required", "true"]);
        }
        Gate::Hook => world.write_program(
            "repo/.git/hooks/post-checkout",
            &format!("#!/bin/sh\n{call}\n"),
        ),
        Gate::Setup => {
            let text = world
                .read("tracks.toml")
                .replace("'gate'", &format!("\"{call}\""));
            world.commit("main", &[("tracks.toml", &text)], "The gate");
        }
    }
    world
}

/// Starts a run, as the leader of a group of its own, and waits until both tracks stand before the gate.
fn held(world: &World) -> Child {
    let child = start(world);
    let arrived =
        || fs::read(world.root().join("home/arrived")).is_ok_and(|bytes| bytes.len() == 2);
    until("both tracks stand before the gate", arrived);
    child
}

fn start(world: &World) -> Child {
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    command
        .args(["init", "--yes", "--format", "json"])
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("the tool")
}

fn end(world: &World, child: Child) -> Ran {
    world.ran(&child.wait_with_output().expect("the tool"))
}

/// Lets everybody through.
fn open_gate(world: &World) {
    world.write_at("home/open", "");
}

#[track_caller]
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// The next run finishes what a killed one began.
#[track_caller]
fn assert_finishes(world: &World) {
    open_gate(world);
    let ran = end(world, start(world));
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let answer = document(&ran);
    let all = [tracks_in(&answer, "created"), tracks_in(&answer, "kept")].concat();
    assert_eq!(all.len(), 2, "{answer}");
    assert_whole(world, &["api", "ui"]);
    for track in ["api", "ui"] {
        let dir = world.repo().join("worktrees").join(track);
        assert!(dir.join(".env").is_file(), "{track}");
        let tip = world.git_in(&dir, &["rev-parse", "HEAD"]);
        assert_eq!(tip, world.git(&["rev-parse", "main"]));
    }
    let before = everything(&world.repo());
    let (status, answer) = init(world, &["--yes"]);
    assert_eq!(
        (status, tracks_in(&answer, "kept").len()),
        (0, 2),
        "{answer}"
    );
    assert_eq!(everything(&world.repo()), before);
}

#[test]
fn killed_with_everything_that_it_started() {
    for gate in [Gate::Checkout, Gate::Hook, Gate::Setup] {
        let world = gated(gate);
        let child = held(&world);
        kill_process_group(pid(&child), Signal::KILL).unwrap();
        assert_eq!(end(&world, child).status, -1, "{gate:?}");
        assert_finishes(&world);
        if gate == Gate::Setup {
            assert!(world.repo().join("worktrees/ui/ran").is_file());
            assert_eq!(
                operations(&world).len(),
                2,
                "what the killed run had made is known"
            );
        }
    }
}

#[test]
fn killed_alone_while_its_git_goes_on() {
    for gate in [Gate::Checkout, Gate::Hook] {
        let world = gated(gate);
        let mut child = held(&world);
        kill_process(pid(&child), Signal::KILL).unwrap();
        child.wait().unwrap();
        let (status, _) = init_busy(&world);
        assert_eq!(
            status, 3,
            "{gate:?}: what git is making must not be cleared away under it"
        );
        open_gate(&world);
        until("git is done", || init_busy(&world).0 == 0);
        assert_finishes(&world);
    }
}

/// Where it is refused as a whole there is no document.
fn init_busy(world: &World) -> (i32, String) {
    let ran = world.tracks(&["init", "--yes"]);
    (ran.status, ran.stderr)
}

#[test]
fn killed_at_each_step_of_git() {
    // What `git worktree add` has done so far, from its first step to its last; see `git/worktree_mend.rs`.
    let steps: [(&str, &[&str]); 9] = [
        ("an entry", &["mkdir -p $A"]),
        (
            "its lock",
            &["mkdir -p $A", "echo initializing > $A/locked"],
        ),
        (
            "a directory",
            &[
                "mkdir -p $A $W",
                "echo initializing > $A/locked",
                ": > $A/gitdir",
            ],
        ),
        (
            "no .git",
            &[
                "$ADD",
                "rm $A/HEAD $A/commondir $A/index $W/.git $W/*.t* $W/sub/*",
                "rmdir $W/sub",
            ],
        ),
        (
            ".git without text",
            &[
                "$ADD",
                "rm $A/HEAD $A/commondir $A/index $W/*.t* $W/sub/*",
                "rmdir $W/sub",
                ": > $W/.git",
            ],
        ),
        (
            "commondir without text",
            &[
                "$ADD",
                "rm $A/HEAD $A/index $W/*.t* $W/sub/*",
                "rmdir $W/sub",
                ": > $A/commondir",
            ],
        ),
        (
            "no HEAD",
            &[
                "$ADD",
                "rm $A/HEAD $A/index $W/*.t* $W/sub/*",
                "rmdir $W/sub",
            ],
        ),
        (
            "some files",
            &[
                "$ADD",
                "mv $A/index $A/index.lock",
                "rm $W/m.txt",
                "printf o > $W/a.txt",
            ],
        ),
        ("all files", &["$ADD"]),
    ];
    for (step, commands) in steps {
        let world = world(TWO);
        world.git(&["branch", "track/api"]);
        let add = "git worktree add -q $W track/api && echo initializing > $A/locked";
        let script = format!(
            "A=.git/worktrees/api W=worktrees/api; set -e; {}",
            commands.join("; ")
        )
        .replace("$ADD", add);
        let ran = world.run_in(&world.repo(), "sh", &["-c", &script]);
        assert_eq!(ran.status, 0, "{step}: {}", ran.shown());
        begun_by_us(&world, &world.repo().join("worktrees/api"));
        let (status, answer) = init(&world, &[]);
        assert_eq!(status, 0, "{step}: {answer}");
        assert_eq!(tracks_in(&answer, "created"), ["api", "ui"], "{step}");
        assert_whole(&world, &["api", "ui"]);
    }
}

/// As a run writes it down before git begins.
pub(crate) fn begun_by_us(world: &World, worktree: &Path) {
    let worktree = worktree.to_str().expect("a text");
    world.write(
        &format!(".git/tracks/adding/{}.json", worktree.replace('/', "%2f")),
        &format!("{}\n", json!({"v": 1, "worktree": worktree})),
    );
}

#[test]
fn killed_while_it_makes_a_branch() {
    // git has prepared the transaction and holds the lock of the branch.
    let world = gated(Gate::Hook);
    let gate = "#!/bin/sh\n[ \"$1\" != prepared ] || grep -q refs/heads/track || exit 0\n";
    let call = format!(
        "[ \"$1\" != prepared ] || '{}/home/gate.sh'\n",
        world.root().display()
    );
    world.write_program(
        "repo/.git/hooks/reference-transaction",
        &format!("{gate}{call}"),
    );
    let child = held(&world);
    let locks = || {
        let found = everything(&world.repo().join(".git/refs")).into_keys();
        found
            .filter(|path| path.extension().is_some_and(|end| end == "lock"))
            .count()
    };
    assert_eq!(locks(), 2);
    kill_process_group(pid(&child), Signal::KILL).unwrap();
    end(&world, child);
    assert_eq!(locks(), 2);
    open_gate(&world);
    let ran = world.tracks(&["init", "ui"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_finishes(&world);
}

#[test]
fn interrupted_with_everything_that_it_started() {
    // As a terminal does it: git hears it too.
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = gated(Gate::Checkout);
        let child = held(&world);
        kill_process_group(pid(&child), signal).unwrap();
        let ran = end(&world, child);
        assert_eq!(ran.status, status, "{}", ran.shown());
        let answer = document(&ran);
        assert_eq!(answer["ok"], false);
        assert_eq!(tracks_in(&answer, "problems").len(), 2, "{answer}");
        assert_eq!(world.git(&["branch", "--format=%(refname:short)"]), "main");
        assert_eq!(world.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(
            fs::read_dir(world.repo().join("worktrees"))
                .unwrap()
                .count(),
            0
        );
        assert_eq!(world.leftovers(), Vec::<String>::new());
        assert_finishes(&world);
    }
}

#[test]
fn asked_to_stop_it_lets_git_finish() {
    for (gate, signal, status) in [
        (Gate::Checkout, Signal::TERM, 143),
        (Gate::Hook, Signal::INT, 130),
        (Gate::Setup, Signal::TERM, 143),
    ] {
        let world = gated(gate);
        let child = held(&world);
        kill_process(pid(&child), signal).unwrap();
        if gate != Gate::Setup {
            open_gate(&world);
        }
        let ran = end(&world, child);
        assert_eq!(ran.status, status, "{}", ran.shown());
        let answer = document(&ran);
        assert_eq!(tracks_in(&answer, "created").len(), 2, "{answer}");
        assert_whole(&world, &["api", "ui"]);
        assert!(!world.repo().join("worktrees/api/ran").exists());
        assert_eq!(operations(&world).len(), 1, "what was made is known");
        assert_finishes(&world);
    }
}

#[test]
fn a_second_run_is_told_of_the_first() {
    let world = gated(Gate::Checkout);
    let child = held(&world);
    let (status, message) = init_busy(&world);
    assert_eq!(status, 3);
    assert!(
        message.contains("worktrees are being made or taken away: tracks init"),
        "{message}"
    );
    assert!(
        message.contains(&format!("process {}", child.id())),
        "{message}"
    );
    assert_eq!(
        world.tracks(&["init", "--dry-run"]).status,
        0,
        "a plan disturbs nobody"
    );
    open_gate(&world);
    let ran = end(&world, child);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_finishes(&world);
}

#[test]
fn several_at_once_break_nothing() {
    let world = world(TWO);
    let children: Vec<Child> = (0..4).map(|_| start(&world)).collect();
    let statuses: Vec<i32> = children
        .into_iter()
        .map(|child| end(&world, child).status)
        .collect();
    assert!(
        statuses.iter().all(|status| [0, 3].contains(status)),
        "{statuses:?}"
    );
    assert!(statuses.contains(&0), "{statuses:?}");
    assert_whole(&world, &["api", "ui"]);
    assert_eq!(operations(&world).len(), 1);
}
