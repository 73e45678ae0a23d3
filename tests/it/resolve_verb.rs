//! `tracks resolve`: where a conflict is opened, what is asked before it is recorded, and how it is given up.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::project::{Gate, ask, find, project, refs, signal, start, texts, wait_for, work};
use crate::world::World;

pub(crate) const BASE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// The base with another line instead of one.
pub(crate) fn with(line: &str, text: &str) -> String {
    BASE.replace(&format!("{line}\n"), &format!("{text}\n"))
}

/// a and b change line 5 of `f`.
pub(crate) fn clash(config: &str) -> World {
    let world = project(
        &format!("[track.a]\n[track.b]\n[track.c]\n{config}"),
        &[("f", BASE), ("g", "1\n")],
    );
    work(&world, "a", &[("f", &with("5", "a"))]);
    work(&world, "b", &[("f", &with("5", "b"))]);
    world
}

pub(crate) fn opened(world: &World) -> PathBuf {
    world.repo().join("worktrees/.resolve-a-b")
}

pub(crate) fn sh(world: &World, dir: &Path, script: &str) {
    let ran = world.run_in(dir, "sh", &["-e", "-c", script]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

/// Opens, solves `f` with this text, and records.
#[track_caller]
pub(crate) fn resolve(world: &World, text: &str) -> String {
    let (status, answer) = ask(world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("opened")),
        "{answer:#}"
    );
    sh(
        world,
        &opened(world),
        &format!("printf '{text}' >f; git add f"),
    );
    let (status, answer) = ask(world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
    answer["record"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn it_is_opened_with_ordinary_markers_and_recorded_when_it_is_solved() {
    let world = clash("");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(status, 1);
    assert_eq!(answer["outcome"], "opened");
    assert_eq!(texts(&answer["paths"], "path"), ["f"]);
    let dir = opened(&world);
    assert_eq!(answer["worktree"], json!(dir.to_string_lossy()));
    assert_eq!(
        std::fs::read_to_string(dir.join("f")).unwrap(),
        with("5", "<<<<<<< a\na\n=======\nb\n>>>>>>> b")
    );
    assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "UU f");
    assert_eq!(
        world.git_in(&dir, &["rev-parse", "HEAD"]),
        world.git(&["rev-parse", "track/a"])
    );
    assert_eq!(
        world.git(&["status", "--porcelain"]),
        "",
        "kept out of the main worktree's"
    );

    // Nothing done yet, and asked in the other order.
    let ran = world.tracks(&["resolve", "b", "a"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("f: a conflict marker is left in line 5"),
        "{}",
        ran.stdout
    );
    sh(&world, &dir, "printf '1\\n' >f");
    let (_, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(answer["outcome"], "unfinished");
    assert_eq!(texts(&answer["unmerged"], "path"), ["f"]);
    assert_eq!(answer["markers"], json!([]));
    let (_, listed) = ask(&world, &["resolve"]);
    assert_eq!(listed["under_way"][0]["tracks"], json!(["a", "b"]));

    let both = with("5", "a and b");
    world.write_at("repo/worktrees/.resolve-a-b/f", &both);
    sh(&world, &dir, "git add f");
    let branches = world.git(&["for-each-ref", "refs/heads"]);
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));
    let record = &answer["record"];
    assert_eq!(record["who"], "Ada <ada@example.com>");
    assert_eq!(record["tracks"], json!(["a", "b"]));
    assert!(!dir.exists());
    assert_eq!(world.git(&["for-each-ref", "refs/heads"]), branches);
    assert!(
        !refs(&world).contains("refs/tracks/resolving"),
        "{}",
        refs(&world)
    );
    let (status, listed) = ask(&world, &["resolve"]);
    assert_eq!(status, 0, "{listed:#}");
    assert_eq!(listed["conflicts"][0]["resolved_by"], json!([record["id"]]));
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("known")));
    let log = world.tracks(&["log"]).stdout;
    assert!(log.contains("refs/tracks/resolutions"), "{log}");

    // All that a record names travels with its ref.
    world.git(&["gc", "--quiet", "--prune=now"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(world.git(&["show", "integration:f"]), both.trim_end());
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_merge_may_be_committed_there() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(
        &world,
        &dir,
        "printf 'both\\n' >f; git add f; git commit -q -m Solved",
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
    ask(&world, &["sync"]);
    assert_eq!(world.git(&["show", "integration:f"]), "both");
}

#[test]
fn a_merge_that_was_taken_back_is_begun_again_and_another_is_not_taken_for_it() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(&world, &dir, "git merge --abort");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("opened")));
    assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "UU f");
    sh(&world, &dir, "git merge --abort; echo x >>g");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("strayed")));
    assert_eq!(std::fs::read_to_string(dir.join("g")).unwrap(), "1\nx\n");
    sh(&world, &dir, "git checkout -q -f --detach main");
    let (_, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(answer["outcome"], "strayed");
}

#[test]
fn what_was_done_is_kept_when_it_is_given_up() {
    let world = clash("");
    let (_, answer) = ask(&world, &["resolve", "a", "b", "--abort"]);
    assert_eq!(answer["outcome"], "nothing-to-abort");
    world.tracks(&["resolve", "a", "b"]);
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--abort"]);
    assert_eq!(
        (status, &answer["outcome"], &answer["kept"]),
        (0, &json!("aborted"), &json!(null))
    );
    assert!(!opened(&world).exists());

    world.tracks(&["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo half >f; echo new >n");
    let (status, answer) = ask(&world, &["resolve", "b", "a", "--abort"]);
    assert_eq!(status, 0);
    let kept = answer["kept"].as_str().unwrap();
    assert_eq!(world.git(&["show", &format!("{kept}:f")]), "half");
    assert_eq!(world.git(&["show", &format!("{kept}:n")]), "new");
    assert!(!opened(&world).exists());
    assert!(!refs(&world).contains("resolving"));
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_red_check_is_shown_and_nothing_is_recorded() {
    let world = clash("[check.words]\nrun = 'echo looking; ! grep -q wrong f'\n");
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(&world, &dir, "echo wrong >f; git add f");
    let ran = world.tracks(&["resolve", "a", "b", "--yes"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert!(
        ran.stdout.contains("not recorded: a check is red on it"),
        "{}",
        ran.stdout
    );
    assert!(dir.exists() && !refs(&world).contains("refs/tracks/resolutions"));

    // Not approved: it could not run, which says nothing for it.
    sh(&world, &dir, "echo right >f; git add f");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (3, &json!("unproved")));
    let why = answer["reason"].as_str().unwrap();
    assert!(why.contains("check words could not run"), "{why}");
    assert!(dir.exists() && !refs(&world).contains("refs/tracks/resolutions"));
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--no-checks"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));

    let id = answer["record"]["id"].as_str().expect("an id").to_owned();
    let (status, _) = ask(&world, &["resolve", "--forget", &id[..4]]);
    assert_eq!(status, 0);
    let (_, listed) = ask(&world, &["resolve", "--list"]);
    assert_eq!(listed["records"], json!([]));
    assert_eq!(world.tracks(&["resolve", "--forget", &id]).status, 2);

    world.tracks(&["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo right >f; git add f");
    let (_, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(answer["record"]["checks"], json!(["words"]));
    assert_eq!(
        answer["record"]["id"],
        json!(id),
        "the same work has the same id"
    );
}

#[test]
fn no_checks_records_what_is_red() {
    let world = clash("[check.words]\nrun = 'false'\n");
    world.tracks(&["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo wrong >f; git add f");
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--no-checks"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));
    assert_eq!(answer["record"]["checks"], json!([]));
}

#[test]
fn what_cannot_be_resolved_is_said() {
    let world = clash("");
    work(&world, "c", &[("g", "c\n")]);
    for (arguments, status, said) in [
        (vec!["a", "a"], 2, "a cannot be resolved with itself"),
        (vec!["a", "x"], 2, "there is no track `x`"),
        (vec!["a", "--fix"], 2, "are about two tracks"),
        (vec!["a", "--abort"], 2, "is git's to take back"),
        (
            vec!["--forget", "12"],
            2,
            "nothing is recorded here as `12`",
        ),
        (vec!["c"], 3, "track c has no worktree"),
    ] {
        let ran = world.tracks(&[&["resolve"], arguments.as_slice()].concat());
        assert_eq!(ran.status, status, "{}", ran.shown());
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let (status, answer) = ask(&world, &["resolve", "a", "c"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("clean")));
    world.commit("main", &[("g", "main\n")], "Meanwhile");
    let (status, answer) = ask(&world, &["resolve", "a", "c"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("not-on-base")));
    assert_eq!(
        (&answer["track"], texts(&answer["paths"], "path")),
        (&json!("c"), vec!["g".to_owned()])
    );
    let (_, listed) = ask(&world, &["resolve"]);
    let open = find(&listed["conflicts"], "b", "c");
    assert_eq!(
        (&open["a"], &open["resolved_by"]),
        (&json!("base"), &json!(null))
    );
}

#[test]
fn one_track_is_resolved_against_base_in_its_own_worktree() {
    let world = clash("");
    world.commit("main", &[("f", &with("5", "main"))], "Meanwhile");
    world.tracks(&["init", "--yes"]);
    let dir = world.repo().join("worktrees/a");
    world.write_at("repo/worktrees/a/g", "dirty\n");
    let ran = world.tracks(&["resolve", "a"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert_eq!(std::fs::read_to_string(dir.join("g")).unwrap(), "dirty\n");
    sh(&world, &dir, "git checkout -q g");

    let (status, answer) = ask(&world, &["resolve", "a"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("opened")),
        "{answer:#}"
    );
    let text = std::fs::read_to_string(dir.join("f")).unwrap();
    assert!(
        text.contains("<<<<<<< HEAD\na\n=======\nmain\n>>>>>>> main\n"),
        "{text}"
    );
    let (_, answer) = ask(&world, &["resolve", "a"]);
    assert_eq!(answer["outcome"], "unfinished");
    sh(&world, &dir, "echo both >f; git add f");
    let (status, answer) = ask(&world, &["resolve", "a"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("to-be-committed")));
    sh(&world, &dir, "git commit -q --no-edit");
    let (status, answer) = ask(&world, &["resolve", "a"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("done")));
    world.commit("main", &[("h", "x\n")], "More");
    let (status, answer) = ask(&world, &["resolve", "a"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("clean")));
}

#[test]
fn work_there_that_nothing_is_known_of_is_left_alone() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    let state = world.repo().join(".git/tracks/resolving");
    std::fs::remove_dir_all(&state).unwrap();
    let ran = world.tracks(&["resolve", "a", "b"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert_eq!(
        world.git_in(&opened(&world), &["status", "--porcelain"]),
        "UU f"
    );
}

#[test]
fn a_worktree_that_somebody_took_away_is_made_again() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    std::fs::remove_dir_all(opened(&world)).unwrap();
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("opened")),
        "{answer:#}"
    );
    world.git(&["worktree", "remove", "--force", "worktrees/.resolve-a-b"]);
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--abort"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("aborted")),
        "{answer:#}"
    );
    assert!(!refs(&world).contains("resolving"));
}

/// Killed while git makes the worktree, while it merges, and while the check runs: the same command carries on.
#[test]
fn killed_at_any_step_it_carries_on() {
    for at in ["checkout", "merge", "check"] {
        let script = match at {
            "check" => {
                "[check.slow]\nrun = 'if [ -e ROOT/gate ]; then echo here >ROOT/arrived; read x <ROOT/gate; fi'\n"
            }
            _ => "",
        };
        let world = clash(script);
        world.commit(
            "main",
            &[(".gitattributes", "g filter=gate\n")],
            "Attributes",
        );
        let gate = Gate::new(&world, "gate");
        let root = world.root().display().to_string();
        if at != "check" {
            // Git reads `g` in the first checkout; in the merge only where it has changed there.
            let wanted = match at {
                "merge" => "grep -q b",
                _ => "cat",
            };
            let filter = format!(
                "cat >{root}/text; if {wanted} {root}/text >/dev/null; then echo here >{root}/arrived; read x <{root}/gate; fi; cat {root}/text"
            );
            world.git(&["config", "filter.gate.smudge", &filter]);
            world.git(&["config", "filter.gate.clean", "cat"]);
        }
        if at == "merge" {
            world.git(&["config", "--unset", "filter.gate.smudge"]);
            work(&world, "b", &[("g", "b\n")]);
            let filter = format!(
                "cat >{root}/text; if grep -q b {root}/text; then echo here >{root}/arrived; read x <{root}/gate; fi; cat {root}/text"
            );
            world.git(&["config", "filter.gate.smudge", &filter]);
        }
        if at == "check" {
            world.tracks(&["resolve", "a", "b"]);
            sh(&world, &opened(&world), "echo both >f; git add f");
        }
        let before = world.git(&["for-each-ref", "refs/heads"]);
        let child = start(&world, &["resolve", "a", "b", "--yes"]);
        let arrived = world.root().join("arrived");
        wait_for("the gate is reached", || arrived.exists().then_some(()));
        signal(&world, &child, "KILL");
        let ran = crate::project::finish(&world, child);
        assert_eq!(ran.status, -1, "{at}");
        let _ = world.run_in(
            &world.repo(),
            "git",
            &["config", "--unset", "filter.gate.smudge"],
        );
        if at == "check" {
            std::fs::remove_file(world.root().join("gate")).unwrap();
        } else {
            // The git that was started goes on by itself.
            gate.open();
        }
        assert_eq!(world.git(&["for-each-ref", "refs/heads"]), before);

        if at != "check" {
            // A git that goes on by itself holds the worktree a moment longer.
            let (status, answer) = wait_for("nobody is at it", || {
                let ran = world.tracks(&["resolve", "a", "b", "--format", "json"]);
                (ran.status != 3).then(|| (ran.status, crate::project::document(&ran)))
            });
            assert_eq!(
                (status, &answer["outcome"]),
                (1, &json!("opened")),
                "{at}: {answer:#}"
            );
            let status = world.git_in(&opened(&world), &["status", "--porcelain"]);
            assert!(status.contains("UU f"), "{at}: {status}");
            sh(&world, &opened(&world), "echo both >f; git add f");
        }
        let (status, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
        assert_eq!(
            (status, &answer["outcome"]),
            (0, &json!("recorded")),
            "{at}: {answer:#}"
        );
        assert!(!opened(&world).exists());
        let (_, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(
            world.git(&["show", "integration:f"]),
            "both",
            "{at}: {answer:#}"
        );
        world.git(&["fsck", "--strict"]);
    }
}
