//! `tracks land` killed at every step: the same command carries on, and nothing that is somebody's has changed.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::json;

use crate::project::{ask, document, finish, project, texts, wait_for, work};
use crate::world::World;

/// Where a run is held until the gate opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A check for landings runs.
    Check,
    /// Some files of the worktree are there and others are not.
    Files,
    /// All files are there, the refs are locked.
    Prepared,
    /// The refs have moved, git still runs.
    Committed,
    /// What is tried out afterwards runs.
    After,
    /// The push has arrived.
    Pushed,
}

const STEPS: [Step; 6] = [
    Step::Check,
    Step::Files,
    Step::Prepared,
    Step::Committed,
    Step::After,
    Step::Pushed,
];

impl Step {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Step::Pushed => &["land", "--yes", "--push", "--format", "json"],
            _ => &["land", "--yes", "--format", "json"],
        }
    }
}

/// `main` with a file that is changed, one that goes and one that comes, between others; and what is somebody's.
fn gated(step: Step) -> World {
    let world = project("[track.a]\n", &[]);
    let gate = format!("{}/home/gate.sh", world.root().display());
    let config = match step {
        Step::Check => format!("[check.unit]\nrun = '{gate}'\nwhen = ['land']\n"),
        Step::After => format!("[land]\nafter = '{gate}'\n"),
        _ => String::new(),
    };
    world.commit(
        "main",
        &[
            ("tracks.toml", &format!("[track.a]\n{config}")),
            ("changed.txt", "1\n"),
            ("gone.txt", "1\n"),
            ("z.txt", "1\n"),
            (".gitattributes", "m.txt filter=gate\n"),
            (".gitignore", "*.log\n"),
        ],
        "Files",
    );
    let files = [
        ("changed.txt", "2\n"),
        ("m.txt", "2\n"),
        ("new/file.txt", "2\n"),
        ("z.txt", "2\n"),
    ];
    work(&world, "a", &files);
    world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
    let a = world.root().join("a");
    world.git_in(&a, &["rm", "--quiet", "gone.txt"]);
    world.git_in(&a, &["commit", "--quiet", "-m", "Gone"]);
    world.write_at("a/changed.txt", "uncommitted\n");
    world.write("notes", "mine\n");
    world.write("out.log", "mine\n");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    world.git(&["init", "--quiet", "--bare", "../origin"]);
    world.git(&["remote", "add", "origin", "../origin"]);
    world.git(&["push", "--quiet", "origin", "main"]);
    // Not for ever, should the test fail.
    let script = "#!/bin/sh\n[ -e \"$HOME/open\" ] && exit 0\necho >>\"$HOME/arrived\"\ni=0\nuntil [ -e \"$HOME/open\" ]; do\n  i=$((i+1)); [ $i -lt 1500 ] || exit 9; sleep 0.02\ndone\n";
    world.write_program("home/gate.sh", script);
    let hook = |phase: &str| {
        format!(
            "#!/bin/sh\n[ \"$1\" = {phase} ] || exit 0\ngrep -q ' refs/heads/main$' || exit 0\nexec '{gate}'\n"
        )
    };
    let hooks = "repo/.git/hooks/reference-transaction";
    match step {
        Step::Files => {
            world.git(&["config", "filter.gate.smudge", &format!("'{gate}' && cat")]);
            world.git(&["config", "filter.gate.clean", "cat"]);
            world.git(&["config", "filter.gate.required", "true"]);
        }
        Step::Prepared => world.write_program(hooks, &hook("prepared")),
        Step::Committed => world.write_program(hooks, &hook("committed")),
        Step::Pushed => world.write_program(
            "origin/hooks/post-receive",
            &format!("#!/bin/sh\nexec '{gate}'\n"),
        ),
        Step::Check | Step::After => {}
    }
    world
}

/// Starts a run as the leader of a group of its own, and waits until it stands before the gate.
fn held(world: &World, step: Step) -> Child {
    let child = world
        .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
        .args(step.arguments())
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool");
    wait_for(&format!("{step:?}"), || {
        world.root().join("home/arrived").exists().then_some(())
    });
    child
}

/// What is somebody's is as it was.
#[track_caller]
fn assert_untouched(world: &World) {
    assert_eq!(
        (world.read("notes"), world.read("out.log")),
        ("mine\n".into(), "mine\n".into())
    );
    let a = world.root().join("a");
    assert_eq!(
        world.git_in(&a, &["status", "--porcelain"]),
        " M changed.txt"
    );
    assert_eq!(
        fs::read_to_string(a.join("changed.txt")).expect("as it is written"),
        "uncommitted\n"
    );
    world.git(&["fsck", "--strict"]);
}

/// The same command carries on, and all is whole then.
#[track_caller]
fn assert_carries_on(world: &World, step: Step) {
    assert_untouched(world);
    world.write_at("home/open", "");
    let integration = world.git(&["rev-parse", "integration"]);
    let ran = world.tracks(step.arguments());
    assert_eq!(ran.status, 0, "{step:?}: {}", ran.shown());
    let answer = document(&ran);
    let mut events =
        fs::read_to_string(world.repo().join(".git/tracks/events.jsonl")).expect("the events");
    events.retain(|c| c != ' ');
    assert_eq!(
        events.matches("\"kind\":\"land\"").count(),
        1,
        "{step:?}: {events}"
    );
    if step == Step::After {
        let outcomes = texts(&answer["earlier"]["after"], "outcome");
        assert_eq!(outcomes, ["passed"], "{answer:#}");
    }
    assert_eq!(world.git(&["rev-parse", "main"]), integration, "{step:?}");
    assert_eq!(
        world.git(&["status", "--porcelain"]),
        "?? notes",
        "{step:?}"
    );
    assert_eq!(world.read("changed.txt"), "2\n");
    for name in [
        "index.lock",
        "tracks-index",
        "refs/heads/main.lock",
        "HEAD.lock",
    ] {
        assert!(
            !world.repo().join(".git").join(name).exists(),
            "{step:?}: {name}"
        );
    }
    let (_, log) = ask(world, &["log"]);
    let landings = log["operations"]
        .as_array()
        .expect("as it is written")
        .iter();
    let standing = landings
        .filter(|one| {
            one["command"]
                .as_str()
                .expect("as it is written")
                .starts_with("land")
        })
        .filter(|one| one["undone"] == false);
    assert_eq!(standing.count(), 1, "{step:?}: {log:#}");
    assert_untouched(world);
    world.write("changed.txt", "mine\n");
    world.git(&["commit", "--quiet", "--all", "-m", "Work goes on"]);
    let ran = world.tracks(&["rollback"]);
    assert!(
        ran.status == 1,
        "{step:?}: it changes the same line: {}",
        ran.shown()
    );
}

#[test]
fn killed_with_everything_that_it_started() {
    for step in STEPS {
        let world = gated(step);
        let child = held(&world, step);
        kill_process_group(Pid::from_child(&child), Signal::KILL).unwrap();
        assert_eq!(finish(&world, child).status, -1, "{step:?}");
        assert_carries_on(&world, step);
    }
}

#[test]
fn killed_alone_while_its_git_goes_on() {
    for step in [Step::Files, Step::Prepared, Step::Committed, Step::Pushed] {
        let world = gated(step);
        let mut child = held(&world, step);
        kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
        child.wait().unwrap();
        world.write_at("home/open", "");
        assert_carries_on(&world, step);
    }
}

#[test]
fn asked_to_end_it_leaves_all_or_nothing() {
    for (step, landed) in [(Step::Check, false), (Step::After, true)] {
        let world = gated(step);
        let child = held(&world, step);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let ran = finish(&world, child);
        assert_eq!(ran.status, 143, "{step:?}: {}", ran.shown());
        assert_eq!(document(&ran)["moved"], landed, "{step:?}");
        assert_carries_on(&world, step);
    }
}

/// As Ctrl-C on a terminal: it reaches git, too.
#[test]
fn interrupted_with_its_git() {
    for step in [Step::Files, Step::Prepared, Step::Committed] {
        let world = gated(step);
        let child = held(&world, step);
        kill_process_group(Pid::from_child(&child), Signal::INT).unwrap();
        world.write_at("home/open", "");
        let ran = finish(&world, child);
        assert_eq!(ran.status, 130, "{step:?}: {}", ran.shown());
        if ran.stdout.is_empty() {
            let interrupted = "interrupted; nothing was moved";
            assert!(ran.stderr.contains(interrupted), "{}", ran.shown());
        }
        let main = world.git(&["rev-parse", "main"]);
        let integration = world.git(&["rev-parse", "integration"]);
        assert_eq!(
            world.git(&["status", "--porcelain"]),
            "?? notes",
            "{step:?}: whole, wherever it is"
        );
        if step == Step::Committed {
            assert_eq!(main, integration);
        }
        assert_carries_on(&world, step);
    }
}
