//! What tests of whole rounds share: projects in a few lines, answers as JSON, and waiting for what children do.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{Ran, World};

/// No test waits longer for an event; it only matters to a test that fails.
const DEADLINE: Duration = Duration::from_secs(30);

/// A repository whose `main` has one commit: this tracks.toml and these files.
pub(crate) fn project(config: &str, files: &[(&str, &str)]) -> World {
    let world = World::new();
    let config = config.replace("ROOT", &world.root().to_string_lossy());
    let mut all = vec![("tracks.toml", config.as_str())];
    all.extend(files);
    world.commit("main", &all, "Begin");
    world
}

/// One commit on `track/ID`, which starts at `main` where it is new.
pub(crate) fn work(world: &World, track: &str, files: &[(&str, &str)]) {
    let branch = format!("track/{track}");
    let known = world.run_in(
        &world.repo(),
        "git",
        &["rev-parse", "--verify", "--quiet", &branch],
    );
    if known.status != 0 {
        world.git(&["branch", "--no-track", &branch, "main"]);
    }
    world.commit(&branch, files, &format!("Work of {track}"));
}

/// Runs the tool with `--format json` in the main worktree.
#[track_caller]
pub(crate) fn ask(world: &World, arguments: &[&str]) -> (i32, Value) {
    ask_in(world, &world.repo(), arguments)
}

#[track_caller]
pub(crate) fn ask_in(world: &World, dir: &Path, arguments: &[&str]) -> (i32, Value) {
    let ran = world.tracks_in(dir, &[arguments, &["--format", "json"]].concat());
    (ran.status, document(&ran))
}

/// The one document on stdout; its `ok` says what the exit status says.
#[track_caller]
pub(crate) fn document(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}", ran.shown()));
    assert_eq!(
        document["ok"],
        Value::Bool(ran.status == 0),
        "{}",
        ran.shown()
    );
    document
}

/// The elements' values of one key: `texts(&json["merged"], "track")`.
#[track_caller]
pub(crate) fn texts(list: &Value, key: &str) -> Vec<String> {
    list.as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
        .map(|element| element[key].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The element of a list whose `key` is `value`.
#[track_caller]
pub(crate) fn find<'a>(list: &'a Value, key: &str, value: &str) -> &'a Value {
    list.as_array()
        .and_then(|list| list.iter().find(|element| element[key] == value))
        .unwrap_or_else(|| panic!("nothing with {key} = {value} in {list:#}"))
}

/// Every ref with its value.
pub(crate) fn refs(world: &World) -> String {
    world.git(&["for-each-ref", "--format=%(objectname) %(refname)"])
}

/// How many objects there are, loose and packed, and what the tool keeps.
pub(crate) fn everything_kept(world: &World) -> (String, Vec<PathBuf>) {
    let mut files = Vec::new();
    collect(&world.repo().join(".git/tracks"), &mut files);
    // What was found out about merges is kept wherever somebody asked.
    files.retain(|file| !file.ends_with("tracks/cache/matrix"));
    (world.git(&["count-objects", "-v"]), files)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// Starts the tool in the main worktree, without waiting for it.
pub(crate) fn start(world: &World, arguments: &[&str]) -> Child {
    world
        .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts")
}

pub(crate) fn finish(world: &World, child: Child) -> Ran {
    world.ran(&child.wait_with_output().expect("the tool ends"))
}

pub(crate) fn signal(world: &World, child: &Child, name: &str) {
    let script = format!("kill -{name} {}", child.id());
    let ran = world.run_in(&world.repo(), "sh", &["-c", &script]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

/// Waits until `done` gives something.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = done() {
            return result;
        }
        assert!(start.elapsed() < DEADLINE, "never came: {what}");
        #[expect(
            clippy::disallowed_methods,
            reason = "between two looks for an event, so that who is to bring it about gets the processor"
        )]
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
pub(crate) fn wait_for_file(path: &Path) -> String {
    wait_for(&path.display().to_string(), || {
        std::fs::read_to_string(path)
            .ok()
            .filter(|text| text.ends_with('\n'))
    })
}

/// A named pipe that a command waits at (`read x <PATH`) until the test opens it.
pub(crate) struct Gate {
    path: PathBuf,
}

impl Gate {
    pub(crate) fn new(world: &World, name: &str) -> Gate {
        Gate {
            path: pipe(world, name),
        }
    }

    /// Lets one command go on, as soon as it is there.
    #[track_caller]
    pub(crate) fn open(&self) {
        let mut end = wait_for("somebody at the gate", || {
            OpenOptions::new()
                .write(true)
                .custom_flags(libc::O_NONBLOCK)
                .open(&self.path)
                .ok()
        });
        end.write_all(b"go\n").expect("a line fits into a pipe");
    }
}

/// A named pipe that processes hold open (`exec 9>PATH`), to see when the last of them is gone.
pub(crate) struct Alive {
    end: File,
}

impl Alive {
    pub(crate) fn new(world: &World, name: &str) -> Alive {
        let end = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(pipe(world, name))
            .expect("a pipe");
        Alive { end }
    }

    #[track_caller]
    pub(crate) fn wait_until_gone(&mut self) {
        let mut buffer = [0; 16];
        wait_for("the end of the children", || {
            match self.end.read(&mut buffer) {
                Ok(0) => Some(()),
                Ok(_) => None,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    None
                }
            }
        });
    }
}

fn pipe(world: &World, name: &str) -> PathBuf {
    let path = world.root().join(name);
    let made = world.run_in(world.root(), "mkfifo", &[name]);
    assert_eq!(made.status, 0, "{}", made.shown());
    path
}
