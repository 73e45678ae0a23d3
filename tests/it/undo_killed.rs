//! `remove`, `restore`, `update`, `prune` and `undo`, killed at every step: the next run goes on, and nothing is lost.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::init::everything;
use crate::project::{ask, texts, wait_for};
use crate::remove::{assert_sound, two, worktree, write};
use crate::world::{FRIDAY_NOON, World};

/// Holds the `nth` start of a hook that says `phase`, until it is killed with the group.
fn hold(world: &World, phase: &str, nth: usize) {
    let hook = format!(
        "#!/bin/sh\n\
         [ \"$1\" = {phase} ] || exit 0\n\
         echo >>\"$HOME/calls\"\n\
         [ \"$(wc -l <\"$HOME/calls\")\" -eq {nth} ] || exit 0\n\
         echo >\"$HOME/arrived\"\n\
         i=0; while [ $i -lt 3000 ]; do i=$((i+1)); sleep 0.02; done\n"
    );
    world.write_program("repo/.git/hooks/reference-transaction", &hook);
}

fn let_go(world: &World) {
    fs::remove_file(world.repo().join(".git/hooks/reference-transaction")).expect("it is there");
    for name in ["calls", "arrived"] {
        let _ = fs::remove_file(world.root().join("home").join(name));
    }
}

fn start(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    command
        .args(arguments)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the tool starts")
}

/// Whether it was killed, rather than done before.
fn killed(world: &World, arguments: &[&str], phase: &str, nth: usize) -> bool {
    hold(world, phase, nth);
    let mut child = start(world, arguments);
    let arrived = world.root().join("home/arrived");
    let held = wait_for("the gate, or the end", || {
        if arrived.exists() {
            return Some(true);
        }
        child.try_wait().expect("a child").map(|_| false)
    });
    if held {
        kill_process_group(Pid::from_child(&child), Signal::KILL).expect("it is there");
    }
    child.wait().expect("it is there");
    let_go(world);
    held
}

/// Branches, and worktrees with all that is in them.
fn state(world: &World) -> impl PartialEq + std::fmt::Debug + use<> {
    let branches = world.git(&["branch", "--format=%(objectname) %(refname)"]);
    let files = everything(&world.repo().join("worktrees")).into_iter();
    // The link is a matter of where the world is.
    let files = files.filter(|(path, _)| !path.ends_with(".git"));
    let inside = |path: PathBuf| {
        path.strip_prefix(world.root())
            .expect("in the world")
            .to_owned()
    };
    let files: Vec<_> = files.map(|(path, text)| (inside(path), text)).collect();
    (branches, files)
}

fn no_locks(world: &World) {
    let locks: Vec<PathBuf> = everything(&world.repo().join(".git"))
        .into_keys()
        .filter(|path| path.extension().is_some_and(|end| end == "lock"))
        // Nobody will ever want refs of a run that is dead.
        .filter(|path| !path.to_string_lossy().contains("refs/tracks/"))
        .collect();
    assert_eq!(locks, Vec::<PathBuf>::new());
}

/// Kills `arguments` at every transaction of refs, before and after it, and runs them again.
fn at_every_transaction(prepare: &dyn Fn() -> World, arguments: &[&str]) {
    let world = prepare();
    let (status, answer) = ask(&world, arguments);
    assert_eq!(status, 0, "{answer:#}");
    let expected = state(&world);
    for phase in ["prepared", "committed"] {
        let mut nth = 1;
        loop {
            let world = prepare();
            if !killed(&world, arguments, phase, nth) {
                assert!(nth > 1, "{arguments:?} moves no ref");
                break;
            }
            let (status, answer) = ask(&world, arguments);
            // What is done already has nothing left to be named.
            assert!(status == 0 || status == 2, "{phase} {nth}: {answer:#}");
            assert_eq!(state(&world), expected, "{arguments:?} {phase} {nth}");
            assert_sound(&world);
            no_locks(&world);
            nth += 1;
        }
    }
}

fn with_files() -> World {
    let world = two();
    write(&world, &worktree(&world, "api").join(".env"), "KEY=1\n");
    world
}

#[test]
fn remove() {
    at_every_transaction(&with_files, &["remove", "--branch", "api", "ui"]);
    let dirty = || {
        let world = with_files();
        write(&world, &worktree(&world, "api").join("api.txt"), "edited\n");
        world
    };
    at_every_transaction(&dirty, &["remove", "--force", "api"]);
}

#[test]
fn restore() {
    let removed = || {
        let world = with_files();
        ask(&world, &["remove", "--branch", "api"]);
        world
    };
    at_every_transaction(&removed, &["restore", "api"]);
}

#[test]
fn update() {
    let behind = || {
        let world = with_files();
        world.commit("main", &[("m.txt", "main\n"), ("a.txt", "two\n")], "On");
        world
    };
    at_every_transaction(&behind, &["update"]);
    at_every_transaction(&behind, &["update", "--rebase"]);
}

/// In the middle of the files: the one that passes the filter is not written yet, others may be.
#[test]
fn update_while_files_are_written() {
    let gated = || {
        let world = with_files();
        world.commit(
            "main",
            &[(".gitattributes", "m.txt filter=gate\n")],
            "Attributes",
        );
        ask(&world, &["update"]);
        world.commit(
            "main",
            &[("a.txt", "two\n"), ("m.txt", "main\n"), ("z.txt", "z\n")],
            "On",
        );
        world.git(&["config", "filter.gate.clean", "cat"]);
        world.git(&["config", "filter.gate.required", "true"]);
        world
    };
    let smudge = |world: &World, script: &str| world.git(&["config", "filter.gate.smudge", script]);
    let world = gated();
    smudge(&world, "cat");
    assert_eq!(ask(&world, &["update"]).0, 0);
    let expected = state(&world);
    let world = gated();
    smudge(&world, "echo >\"$HOME/arrived\"; sleep 60; cat");
    let mut child = start(&world, &["update"]);
    let arrived = world.root().join("home/arrived");
    wait_for("the filter", || arrived.exists().then_some(()));
    kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    smudge(&world, "cat");
    let (status, answer) = ask(&world, &["update"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(state(&world), expected);
    assert_sound(&world);
    no_locks(&world);
}

#[test]
fn a_filter_that_fails_for_a_while() {
    let world = with_files();
    let attributes = ("m.txt filter=broken\n", ".gitattributes");
    world.commit(
        "main",
        &[(attributes.1, attributes.0), ("m.txt", "1\n")],
        "Attributes",
    );
    assert_eq!(ask(&world, &["update"]).0, 0);
    world.commit("main", &[("m.txt", "2\n")], "On");
    world.git(&["config", "filter.broken.clean", "cat"]);
    world.git(&["config", "filter.broken.required", "true"]);
    world.git(&["config", "filter.broken.smudge", "false"]);
    let ran = world.tracks(&["update"]);
    assert_ne!(ran.status, 0);
    assert!(
        ran.shown().contains("could not put m.txt back"),
        "{}",
        ran.shown()
    );
    world.git(&["config", "filter.broken.smudge", "cat"]);
    let (status, answer) = ask(&world, &["update"]);
    assert_eq!(status, 0, "{answer:#}");
    for track in ["api", "ui"] {
        let dir = worktree(&world, track);
        assert_eq!(fs::read_to_string(dir.join("m.txt")).unwrap(), "2\n");
        assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
    }
    assert_sound(&world);
}

/// Worktrees have gone, refs have not: the next undo goes on with the same operation, and can be taken back as a whole.
#[test]
fn an_undo_that_stopped_halfway() {
    let world = with_files();
    for track in ["api", "ui"] {
        world.git_in(&worktree(&world, track), &["reset", "-q", "--hard", "main"]);
    }
    let before = state(&world);
    assert!(killed(&world, &["undo"], "prepared", 1));
    assert!(!worktree(&world, "api").exists());
    // Somebody else settles it.
    assert_eq!(ask(&world, &["update"]).0, 0);
    let halfway = |world: &World| {
        let (_, answer) = ask(world, &["log"]);
        let operations = answer["operations"].as_array().unwrap().clone();
        let is_undo = |one: &&serde_json::Value| {
            let command = one["command"].as_str().unwrap();
            command.starts_with("undo of")
        };
        operations
            .iter()
            .filter(is_undo)
            .cloned()
            .collect::<Vec<_>>()
    };
    let undos = halfway(&world);
    assert_eq!(undos[0]["worktrees"].as_array().unwrap().len(), 2);
    let (status, answer) = ask(&world, &["undo"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(answer["operation"], undos[0]["id"], "the same goes on");
    assert_eq!(world.git(&["branch", "--list", "track/*"]), "");
    let (status, answer) = ask(&world, &["undo"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(state(&world), before);
    assert_sound(&world);
}

#[test]
fn prune() {
    let old = || {
        let world = with_files();
        world.git(&["branch", "-q", "elsewhere", "track/api"]);
        world.merge("main", "track/ui", "Land ui");
        ask(&world, &["remove", "--branch", "api"]);
        world.set_now(FRIDAY_NOON + 20 * 86_400);
        world
    };
    at_every_transaction(&old, &["prune", "--yes"]);
}

#[test]
fn undo() {
    let inited = || {
        let world = with_files();
        for track in ["api", "ui"] {
            world.git_in(&worktree(&world, track), &["reset", "-q", "--hard", "main"]);
        }
        world
    };
    at_every_transaction(&inited, &["undo"]);
    let updated = || {
        let world = with_files();
        world.commit("main", &[("m.txt", "main\n")], "On");
        ask(&world, &["update"]);
        world
    };
    let last = |world: &World| {
        let (_, log) = ask(world, &["log"]);
        let operations = log["operations"].as_array().unwrap();
        operations[1]["id"].as_str().unwrap().to_owned()
    };
    for phase in ["prepared", "committed"] {
        let world = updated();
        let id = last(&world);
        let (status, _) = ask(&world, &["undo", "--operation", &id]);
        assert_eq!(status, 0);
        let expected = state(&world);
        let world = updated();
        let id = last(&world);
        assert!(killed(&world, &["undo"], phase, 1));
        // By its name: once it is taken back, the last one is the undo itself.
        let ran = world.tracks(&["undo", "--operation", &id]);
        assert!(
            ran.status == 0 || ran.stderr.contains("has been taken back already"),
            "{}",
            ran.shown()
        );
        assert_eq!(state(&world), expected, "{phase}");
        assert_sound(&world);
        no_locks(&world);
    }
}

/// Where things lie while `api` is in the trash.
struct Pieces {
    record: PathBuf,
    trashed: [PathBuf; 2],
    places: [PathBuf; 2],
}

fn pieces(world: &World, operation: &str) -> Pieces {
    let trash = world
        .repo()
        .join(".git/tracks/trash")
        .join(operation)
        .join("0");
    Pieces {
        record: trash.join("record.json"),
        trashed: [trash.join("entry"), trash.join("worktree")],
        places: [
            world.repo().join(".git/worktrees/api"),
            worktree(world, "api"),
        ],
    }
}

impl Pieces {
    fn set_state(&self, world: &World, state: &str) {
        let text = fs::read_to_string(&self.record).expect("it is there");
        let (before, after) = text.split_once("\"state\":\"").expect("it is there");
        let (_, after) = after.split_once('"').expect("it is there");
        write(
            world,
            &self.record,
            &format!("{before}\"state\":\"{state}\"{after}"),
        );
    }

    fn back(&self, which: usize) {
        let place: &Path = &self.places[which];
        fs::create_dir_all(place.parent().expect("it is there")).expect("it is there");
        fs::rename(&self.trashed[which], place).expect("it is there");
    }
}

/// Between two renames there is no gate: the state that a kill leaves there is put together by hand.
#[test]
fn between_two_steps() {
    let remove = |world: &World| {
        let (status, answer) = ask(world, &["remove", "--branch", "api"]);
        assert_eq!(status, 0, "{answer:#}");
        answer["operation"].as_str().unwrap().to_owned()
    };
    let world = with_files();
    let there = state(&world);
    remove(&world);
    let gone = state(&world);
    // How many of entry, directory and branch are where they were; who comes next.
    for next in ["remove", "init", "restore", "undo"] {
        for in_place in 0..=3_usize {
            for direction in ["removing", "restoring"] {
                let world = with_files();
                let operation = remove(&world);
                let pieces = pieces(&world, &operation);
                // Away goes the entry first, then the directory, then the branch; the way back is the other way round.
                if in_place >= 1 {
                    let kept = format!("refs/tracks/trash/{operation}/heads/track/api");
                    world.git(&["branch", "track/api", &kept]);
                }
                for which in [1, 0].into_iter().take(in_place.saturating_sub(1)) {
                    pieces.back(which);
                }
                pieces.set_state(&world, direction);
                let at = format!("{next} {direction} {in_place}");
                match (next, direction) {
                    ("remove", "removing") => {
                        let ran = world.tracks(&["remove", "--branch", "api"]);
                        assert!(
                            ran.stdout.contains(match in_place {
                                0 | 1 => "finished the removal of api",
                                _ => "the removal of api was killed before it had gone: it stays",
                            }),
                            "{at}: {}",
                            ran.shown()
                        );
                        assert_eq!(state(&world), gone, "{at}");
                    }
                    ("restore", _) => {
                        let (status, answer) = ask(&world, &["restore", "api"]);
                        assert_eq!(status, 0, "{at}: {answer:#}");
                        assert_eq!(state(&world), there, "{at}");
                    }
                    ("undo", "removing") => {
                        let (status, answer) = ask(&world, &["undo"]);
                        assert_eq!(status, 0, "{at}: {answer:#}");
                        assert_eq!(state(&world), there, "{at}");
                    }
                    // Its directory is where it was, and somebody may work in it.
                    (_, "removing") if in_place >= 2 => {
                        let edited = worktree(&world, "api").join("api.txt");
                        write(&world, &edited, "edited\n");
                        let (status, answer) = ask(&world, &["init"]);
                        assert_eq!(status, 0, "{at}: {answer:#}");
                        assert_eq!(fs::read_to_string(&edited).unwrap(), "edited\n", "{at}");
                        assert_eq!(texts(&answer["kept"], "track"), ["api", "ui"], "{at}");
                        assert_eq!(
                            answer["finished"][0],
                            "the removal of api was killed before it had gone: it stays"
                        );
                    }
                    (_, "restoring") => {
                        let (status, answer) = ask(&world, &["init"]);
                        assert_eq!(status, 0, "{at}: {answer:#}");
                        assert_eq!(state(&world), there, "{at}");
                    }
                    _ => {
                        let (status, answer) = ask(&world, &["init"]);
                        assert_eq!(status, 0, "{at}: {answer:#}");
                        assert_eq!(answer["created"][0]["track"], "api", "{at}");
                        let (_, answer) = ask(&world, &["restore"]);
                        assert_eq!(
                            answer["trashed"][0]["operation"],
                            operation.as_str(),
                            "{at}"
                        );
                    }
                }
                assert_sound(&world);
            }
        }
    }
}

#[test]
fn while_something_is_deleted_for_good() {
    let world = with_files();
    let (_, answer) = ask(&world, &["remove", "api"]);
    let pieces = pieces(&world, answer["operation"].as_str().unwrap());
    fs::remove_file(pieces.trashed[1].join(".env")).unwrap();
    pieces.set_state(&world, "deleting");
    let (_, answer) = ask(&world, &["restore"]);
    assert_eq!(
        answer["trashed"].as_array().unwrap().len(),
        0,
        "half of it is not offered"
    );
    let (status, _) = ask(&world, &["init"]);
    assert_eq!(status, 0);
    assert!(!pieces.record.parent().unwrap().exists());
    assert_sound(&world);
}
