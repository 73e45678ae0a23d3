//! `tracks resolve`: nothing that somebody has done in the worktree is lost, and what is recorded is what was meant.

use std::path::PathBuf;

use serde_json::json;

use crate::project::{Gate, ask, find, project, refs, signal, start, texts, wait_for, work};
use crate::resolve_verb::{BASE, clash, opened, sh, with};

/// A check that waits at ROOT/gate.
const WAITING: &str = "[check.slow]\nrun = 'if [ -e ROOT/gate ]; then echo here >ROOT/arrived; read x <ROOT/gate; fi'\n";

#[test]
fn what_is_done_there_while_checks_run_stays() {
    let world = clash(WAITING);
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(&world, &dir, "echo both >f; git add f");
    let gate = Gate::new(&world, "gate");
    let child = start(&world, &["resolve", "a", "b", "--yes", "--format", "json"]);
    let arrived = world.root().join("arrived");
    wait_for("the check runs", || arrived.exists().then_some(()));
    sh(&world, &dir, "echo precious >>f; echo notes >notes");
    gate.open();
    let ran = crate::project::finish(&world, child);
    let answer = crate::project::document(&ran);
    assert_eq!(
        (ran.status, &answer["outcome"], &answer["went_on"]),
        (1, &json!("recorded"), &json!(true)),
        "{answer:#}"
    );
    let first = answer["record"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        std::fs::read_to_string(dir.join("f")).unwrap(),
        "both\nprecious\n"
    );
    assert_eq!(
        std::fs::read_to_string(dir.join("notes")).unwrap(),
        "notes\n"
    );
    std::fs::remove_file(world.root().join("gate")).unwrap();

    // Running it again records the newer state.
    sh(&world, &dir, "rm notes; git add f");
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));
    assert!(!dir.exists());
    ask(&world, &["resolve", "--forget", &first]);
    ask(&world, &["sync", "--yes"]);
    assert_eq!(world.git(&["show", "integration:f"]), "both\nprecious");
}

#[test]
fn interrupted_while_checks_run_nothing_is_recorded() {
    let world = clash(WAITING);
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(&world, &dir, "echo both >f; git add f");
    let _gate = Gate::new(&world, "gate");
    let child = start(&world, &["resolve", "a", "b", "--yes", "--format", "json"]);
    let arrived = world.root().join("arrived");
    wait_for("the check runs", || arrived.exists().then_some(()));
    signal(&world, &child, "INT");
    let ran = crate::project::finish(&world, child);
    let answer = crate::project::document(&ran);
    assert_eq!(
        (ran.status, &answer["outcome"]),
        (130, &json!("interrupted")),
        "{answer:#}"
    );
    assert!(!refs(&world).contains("refs/tracks/resolutions"));
    assert_eq!(std::fs::read_to_string(dir.join("f")).unwrap(), "both\n");
}

#[test]
fn what_nobody_added_is_no_part_of_a_resolution_and_what_is_ignored_goes_to_the_trash() {
    let world = clash("");
    world.commit("main", &[(".gitignore", "*.note\n")], "Ignore");
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(
        &world,
        &dir,
        "echo both >f; git add f; echo both more >f; cp f f.orig; echo think >my.note",
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("unfinished")));
    assert_eq!(texts(&answer["not_added"], "path"), ["f", "f.orig"]);
    let ran = world.tracks(&["resolve", "a", "b"]);
    assert!(
        ran.stdout
            .contains("f.orig: changed or new, and not added: `git add` it, or remove it"),
        "{}",
        ran.stdout
    );
    sh(&world, &dir, "git checkout -q f; rm f.orig");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));
    assert_eq!(texts(&answer["record"]["paths"], "path"), ["f"]);
    let trash = PathBuf::from(answer["trash"].as_str().unwrap());
    assert_eq!(
        std::fs::read_to_string(trash.join("my.note")).unwrap(),
        "think\n"
    );
    assert!(!dir.exists());
    ask(&world, &["sync"]);
    assert_eq!(world.git(&["show", "integration:f"]), "both");

    // A fix takes everything, and says what is new.
    world.tracks(&["resolve", "a", "c", "--fix"]);
    work(&world, "c", &[("g", "c\n")]);
    world.tracks(&["resolve", "a", "c", "--fix"]);
    let dir = world.repo().join("worktrees/.resolve-a-c");
    sh(&world, &dir, "mkdir new; echo x >new/shim");
    let (status, answer) = ask(&world, &["resolve", "a", "c", "--fix"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("recorded")));
    assert_eq!(texts(&answer["taken"], "path"), ["new/shim"]);
    assert_eq!(answer["trash"], json!(null));
}

#[test]
fn a_submodule_that_nobody_has_checked_out_can_be_resolved() {
    let world = project("[track.a]\n[track.b]\n", &[("f", BASE)]);
    for (branch, digit) in [("main", "1"), ("track/a", "2"), ("track/b", "3")] {
        if branch != "main" {
            world.git(&["checkout", "-q", "-b", branch, "main"]);
        }
        let entry = format!("160000,{},sub", digit.repeat(40));
        world.git(&["update-index", "--add", "--cacheinfo", &entry]);
        world.git(&["commit", "-q", "-m", "Sub"]);
    }
    world.git(&["checkout", "-q", "main"]);
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("opened")),
        "{answer:#}"
    );
    let dir = opened(&world);
    sh(&world, &dir, "echo hand >>f; git add f");
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("unfinished")),
        "{answer:#}"
    );
    assert!(
        std::fs::read_to_string(dir.join("f"))
            .unwrap()
            .ends_with("hand\n")
    );
    let four = "4".repeat(40);
    sh(
        &world,
        &dir,
        &format!("git update-index --cacheinfo 160000,{four},sub"),
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(
        world.git(&["rev-parse", "integration:sub"]),
        four,
        "{answer:#}"
    );
}

/// As it is after a kill between the opening and its word, which somebody has not waited for.
#[test]
fn work_in_a_half_opened_worktree_is_kept() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo hand >f; echo new >n");
    let state = world.repo().join(".git/tracks/resolving");
    let note = std::fs::read_dir(state).unwrap().next().unwrap().unwrap();
    let mut value: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(note.path()).unwrap()).unwrap();
    let fields = match value.get_mut("handed_over") {
        Some(_) => &mut value,
        None => value
            .as_object_mut()
            .unwrap()
            .values_mut()
            .find(|value| value.get("handed_over").is_some())
            .unwrap(),
    };
    fields["handed_over"] = json!(null);
    let name = note.file_name().into_string().unwrap();
    world.write_at(
        &format!("repo/.git/tracks/resolving/{name}"),
        &value.to_string(),
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (1, &json!("opened")),
        "{answer:#}"
    );
    let kept = world.git(&[
        "for-each-ref",
        "--format=%(refname)",
        "refs/tracks/replaced",
    ]);
    assert_eq!(world.git(&["show", &format!("{kept}:f")]), "hand");
    assert_eq!(world.git(&["show", &format!("{kept}:n")]), "new");
}

#[test]
fn a_record_for_what_has_moved_since_says_so() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo both >f; git add f");
    work(&world, "b", &[("f", &with("5", "b again"))]);
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!(
        (status, &answer["outcome"], &answer["moved"]),
        (1, &json!("recorded"), &json!(["b"])),
        "{answer:#}"
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("opened")));
    sh(&world, &opened(&world), "echo both >f; git add f");
    // Where it moves elsewhere, the record still fits.
    work(&world, "b", &[("h", "b\n")]);
    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["moved"]), (0, &json!([])), "{answer:#}");
}

#[test]
fn it_can_be_ended_from_inside_its_own_worktree() {
    let world = clash("");
    world.tracks(&["resolve", "a", "b"]);
    let dir = opened(&world);
    sh(&world, &dir, "echo both >f; git add f");
    let ran = world.tracks_in(&dir, &["resolve", "a", "b"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(
        ran.stdout.contains("the directory that you are in is gone"),
        "{}",
        ran.stdout
    );
    assert!(
        !refs(&world).contains("refs/tracks/resolving"),
        "{}",
        refs(&world)
    );

    // What an earlier version has left there.
    world.git(&[
        "update-ref",
        "refs/tracks/resolving/0123456789/ours",
        "main",
    ]);
    let (_, answer) = ask(&world, &["prune"]);
    assert_eq!(find(&answer["items"], "name", "resolving")["kind"], "refs");
    ask(&world, &["prune", "--yes"]);
    assert!(
        !refs(&world).contains("refs/tracks/resolving"),
        "{}",
        refs(&world)
    );
}
