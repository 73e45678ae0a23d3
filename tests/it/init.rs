//! `tracks init`: branches and worktrees for every track, again and again, from wherever one stands; the first tracks.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{Ran, World};

pub(crate) const TWO: &str = "[track.api]\n[track.ui]\n";

/// A repository with three files and this tracks.toml, committed.
pub(crate) fn world(config: &str) -> World {
    let world = World::of("main: One\n  a.txt = one\n  m.txt = two\n  sub/z.txt = three\n");
    world.commit("main", &[("tracks.toml", config)], "Tracks");
    world
}

/// Runs `tracks init --format json …` in the main worktree.
#[track_caller]
pub(crate) fn init(world: &World, arguments: &[&str]) -> (i32, Value) {
    init_in(world, &world.repo(), arguments)
}

#[track_caller]
pub(crate) fn init_in(world: &World, dir: &Path, arguments: &[&str]) -> (i32, Value) {
    let ran = world.tracks_in(dir, &[&["init", "--format", "json"], arguments].concat());
    (ran.status, document(&ran))
}

#[track_caller]
pub(crate) fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ran.shown()))
}

/// The tracks of one list of the document.
pub(crate) fn tracks_in(document: &Value, list: &str) -> Vec<String> {
    let list = document[list].as_array().expect("a list");
    list.iter()
        .map(|entry| entry["track"].as_str().expect("a text").to_owned())
        .collect()
}

/// What `tracks log` knows.
pub(crate) fn operations(world: &World) -> Vec<Value> {
    let ran = world.tracks(&["log", "--format", "json"]);
    document(&ran)["operations"]
        .as_array()
        .expect("a list")
        .clone()
}

/// Everything below a directory, bytes and all, but for what says who holds a lock.
pub(crate) fn everything(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a directory") {
            let path = entry.expect("a directory").path();
            if path.ends_with("tracks/locks") {
                continue;
            }
            let bytes = if path.is_symlink() {
                fs::read_link(&path)
                    .expect("a symlink")
                    .into_os_string()
                    .into_encoded_bytes()
            } else if path.is_dir() {
                open.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).expect("a file")
            };
            found.insert(path, bytes);
        }
    }
    found
}

/// Every one of these tracks has a whole worktree on its branch, and git has nothing to complain about.
#[track_caller]
pub(crate) fn assert_whole(world: &World, tracks: &[&str]) {
    for track in tracks {
        let dir = world.repo().join("worktrees").join(track);
        assert_eq!(
            world.git_in(&dir, &["status", "--porcelain"]),
            "",
            "{track}"
        );
        let branch = world.git_in(&dir, &["branch", "--show-current"]);
        assert_eq!(branch, format!("track/{track}"));
    }
    let list = world.git(&["worktree", "list", "--porcelain"]);
    assert!(
        !list.contains("locked") && !list.contains("prunable"),
        "{list}"
    );
    world.git(&["fsck", "--strict", "--no-dangling"]);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let locks: Vec<PathBuf> = everything(&world.repo().join(".git"))
        .into_keys()
        .filter(|path| path.extension().is_some_and(|end| end == "lock"))
        .collect();
    assert_eq!(locks, Vec::<PathBuf>::new());
}

#[test]
fn branches_and_worktrees_for_every_track() {
    let world = world(TWO);
    let base = world.git(&["rev-parse", "main"]);
    let (status, mut answer) = init(&world, &[]);
    assert_eq!(status, 0, "{answer}");
    let hooks = answer["hooks"].take();
    assert_eq!(hooks["effective"], true, "{hooks}");
    let made = |track: &str| {
        json!({
            "track": track,
            "branch": format!("track/{track}"),
            "worktree": world.repo().join("worktrees").join(track),
        })
    };
    let operation = answer["operation"].clone();
    assert_eq!(
        answer,
        json!({
            "schema": "tracks/init/v1",
            "ok": true,
            "base": base,
            "created": [made("api"), made("ui")],
            "finished": [],
            "kept": [],
            "problems": [],
            "operation": operation,
            "hooks": null,
        })
    );
    assert_whole(&world, &["api", "ui"]);
    assert_eq!(world.git(&["rev-parse", "track/api"]), base);
    let keys = world.git(&["config", "--local", "--name-only", "--list"]);
    assert!(!keys.contains("branch."), "tracks nothing: {keys}");

    let log = operations(&world);
    assert_eq!(log.len(), 1);
    assert_eq!(
        (&log[0]["id"], &log[0]["command"]),
        (&operation, &json!("init"))
    );
    let moved = |track: &str| json!({"name": format!("refs/heads/track/{track}"), "before": null, "after": base});
    assert_eq!(log[0]["refs"], json!([moved("api"), moved("ui")]));
}

#[test]
fn again_it_changes_nothing_and_later_only_what_is_missing() {
    let world = world(TWO);
    // What the hooks find out in the background would come in between.
    init(&world, &["--no-hooks"]);
    world.commit("track/api", &[("new.txt", "work\n")], "Work");
    init(&world, &[]);
    let ui = world.repo().join("worktrees/ui");
    world.run_in(
        &ui,
        "sh",
        &["-c", "echo edited > a.txt; echo new > untracked"],
    );
    let before = everything(&world.repo());
    for arguments in [&[] as &[&str], &["api"], &["ui", "api", "ui"]] {
        let (status, answer) = init(&world, arguments);
        assert_eq!(status, 0, "{answer}");
        assert_eq!(answer["operation"], Value::Null);
        assert!(tracks_in(&answer, "created").is_empty());
    }
    assert_eq!(
        tracks_in(&init(&world, &["ui", "api", "ui"]).1, "kept"),
        ["ui", "api"]
    );
    assert_eq!(everything(&world.repo()), before);

    world.commit(
        "main",
        &[("tracks.toml", "[track.api]\n[track.ui]\n[track.docs]\n")],
        "More",
    );
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["docs"]);
    assert_eq!(tracks_in(&answer, "kept"), ["api", "ui"]);
    assert_eq!(
        world.git(&["rev-parse", "track/docs"]),
        world.git(&["rev-parse", "main"])
    );
    assert_eq!(fs::read_to_string(ui.join("a.txt")).unwrap(), "edited\n");
    assert_eq!(operations(&world).len(), 2);
    let excluded = world.read(".git/info/exclude");
    assert_eq!(excluded.matches("worktrees").count(), 1, "{excluded}");
}

#[test]
fn only_the_tracks_named() {
    let world = world(TWO);
    let (status, answer) = init(&world, &["api", "api"]);
    assert_eq!(
        (status, tracks_in(&answer, "created")),
        (0, vec!["api".to_owned()])
    );
    assert_eq!(
        world.git(&["branch", "--format=%(refname:short)"]),
        "main\ntrack/api"
    );
    assert_eq!(operations(&world)[0]["command"], "init api api");
    assert_snapshot!(world.tracks(&["init", "ai"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no track `ai`
    hint: did you mean `api`?
    ");
}

#[test]
fn from_anywhere_in_the_repository() {
    for start in ["sub", "worktrees/old", "worktrees/old/sub", ".git"] {
        let world = world(TWO);
        world.git(&["worktree", "add", "--quiet", "--detach", "worktrees/old"]);
        let (status, answer) = init_in(&world, &world.repo().join(start), &[]);
        assert_eq!(
            (status, tracks_in(&answer, "created").len()),
            (0, 2),
            "{start}: {answer}"
        );
        assert_whole(&world, &["api", "ui"]);
        let (status, answer) = init_in(&world, &world.repo().join("worktrees/ui/sub"), &[]);
        assert_eq!(
            (status, tracks_in(&answer, "kept").len()),
            (0, 2),
            "{start}: {answer}"
        );
    }
}

#[test]
fn wherever_the_layout_puts_them() {
    for (worktrees, expected) in [
        ("../x.tracks", "x.tracks"),
        ("[ROOT]/some where/é \\\"q\\\"", "some where/é \"q\""),
        ("deep/er/[x] *?", "repo/deep/er/[x] *?"),
        ("[ROOT]/link/wt", "repo/wt"),
    ] {
        let world = World::of("main: One\n  a.txt = one\n");
        std::os::unix::fs::symlink("repo", world.root().join("link")).unwrap();
        let worktrees = worktrees.replace("[ROOT]", &world.root().to_string_lossy());
        let config = format!("[layout]\nworktrees = \"{worktrees}\"\n{TWO}");
        world.commit("main", &[("tracks.toml", &config)], "Tracks");
        let (status, answer) = init(&world, &[]);
        assert_eq!(status, 0, "{answer}");
        let dir = world.root().join(expected).join("api");
        assert_eq!(answer["created"][0]["worktree"], json!(dir));
        assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
        assert_eq!(world.git(&["status", "--porcelain"]), "", "{expected}");
        let (status, answer) = init(&world, &[]);
        assert_eq!(
            (status, tracks_in(&answer, "kept").len()),
            (0, 2),
            "{answer}"
        );
    }
}

#[test]
fn names_that_shells_stumble_over() {
    let outer = World::of("main: One\n  a.txt = one\n");
    let dir = outer.root().join("it's a \"dïr\" $HOME");
    fs::create_dir(&dir).unwrap();
    outer.git_in(&dir, &["init", "--quiet"]);
    for (path, text) in [
        ("tracks.toml", "[layout]\ncopy = ['ö \"x\"']\n[track.api]\n"),
        (".gitignore", "ö*\n"),
    ] {
        outer.write_at(&format!("it's a \"dïr\" $HOME/{path}"), text);
    }
    outer.write_at("it's a \"dïr\" $HOME/näme 'q' \"d\" \\ tab\t", "x\n");
    outer.write_at("it's a \"dïr\" $HOME/ö \"x\"", "ignored\n");
    outer.git_in(&dir, &["add", "--all"]);
    outer.git_in(&dir, &["commit", "--quiet", "-m", "One"]);
    let (status, answer) = init_in(&outer, &dir, &[]);
    assert_eq!(status, 0, "{answer}");
    let api = dir.join("worktrees/api");
    assert_eq!(answer["created"][0]["worktree"], json!(api));
    assert_eq!(outer.git_in(&api, &["status", "--porcelain"]), "");
    assert_eq!(outer.git_in(&dir, &["status", "--porcelain"]), "");
    assert!(api.join("näme 'q' \"d\" \\ tab\t").is_file() && api.join("ö \"x\"").is_file());
    let (status, answer) = init_in(&outer, &api, &[]);
    assert_eq!(
        (status, tracks_in(&answer, "kept").len()),
        (0, 1),
        "{answer}"
    );
}

#[test]
fn what_is_there_is_adopted() {
    let world = world(
        "[track.branch]\n[track.elsewhere]\n[track.place]\n[track.rebasing]\n[track.bisecting]\n",
    );
    let first = world.git(&["rev-parse", "main~"]);
    world.git(&["branch", "track/branch", &first]);
    for (branch, path) in [
        ("track/elsewhere", "../elsewhere"),
        ("track/place", "worktrees/place"),
        ("track/rebasing", "worktrees/rebasing"),
        ("track/bisecting", "worktrees/bisecting"),
    ] {
        world.git(&[
            "worktree",
            "add",
            "--quiet",
            "--no-track",
            "-b",
            branch,
            path,
            &first,
        ]);
    }
    let at = |name: &str| world.repo().join("worktrees").join(name);
    world.run_in(
        &at("rebasing"),
        "sh",
        &["-c", "echo mine > a.txt; git commit -qam Mine"],
    );
    world.run_in(
        &at("rebasing"),
        "git",
        &["rebase", "--quiet", "--exec", "false", "main"],
    );
    world.git_in(&at("bisecting"), &["bisect", "start", "--no-checkout"]);
    world.git_in(&at("bisecting"), &["checkout", "--quiet", "--detach"]);
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["branch"]);
    assert_eq!(
        tracks_in(&answer, "kept"),
        ["elsewhere", "place", "rebasing", "bisecting"]
    );
    assert_eq!(
        answer["kept"][0]["worktree"],
        json!(world.root().join("elsewhere"))
    );
    assert_eq!(world.git(&["rev-parse", "track/branch"]), first);
    assert_eq!(
        operations(&world)[0]["refs"],
        json!([]),
        "no branch was made"
    );
    let marks = world.repo().join(".git/worktrees/rebasing/rebase-merge");
    assert!(marks.is_dir(), "the rebase goes on");
}

#[test]
fn a_branch_that_only_the_remote_has() {
    let world = world(TWO);
    world.git(&["branch", "track/api", "main~"]);
    let url = format!("file://{}", world.repo().display());
    world.git_in(world.root(), &["clone", "--quiet", &url, "clone"]);
    let clone = world.root().join("clone");
    let (status, answer) = init_in(&world, &clone, &[]);
    assert_eq!(status, 0, "{answer}");
    let rev = |name: &str| world.git_in(&clone, &["rev-parse", name]);
    assert_eq!(rev("track/api"), rev("origin/track/api"));
    assert_eq!(rev("track/ui"), rev("origin/main"));
    let keys = world.git_in(
        &clone,
        &["config", "--local", "--name-only", "--get-regexp", "branch"],
    );
    assert_eq!(keys, "branch.main.remote\nbranch.main.merge");
    let ran = world.tracks_in(&clone, &["log", "--format", "json"]);
    let refs = &document(&ran)["operations"][0]["refs"];
    assert_eq!(refs[0]["after"], json!(rev("origin/track/api")));
}

#[test]
fn a_plan_is_shown_and_nothing_changes() {
    let world = world(
        "[layout]\nsetup = ['touch made']\n[track.api]\n[track.ui]\n[track.docs]\n[track.old]\n",
    );
    world.git(&["branch", "track/ui"]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "track/old",
        "worktrees/old",
    ]);
    world.write("worktrees/docs/mine.txt", "mine\n");
    world.git(&["config", "core.excludesFile", "/dev/null"]);
    let before = everything(world.root());
    let (status, answer) = init(&world, &["--dry-run"]);
    assert_eq!(status, 3);
    let shown: Vec<Vec<&str>> = answer["plan"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            vec![
                step["track"].as_str().unwrap(),
                step["action"].as_str().unwrap(),
            ]
        })
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["api", "create-branch"],
            ["ui", "create-worktree"],
            ["docs", "refuse"],
            ["old", "keep"]
        ])
    );
    assert_eq!(
        answer["plan"][0]["at"],
        json!(world.git(&["rev-parse", "main"]))
    );
    assert_eq!(answer["plan"][0]["setup"], json!(["touch made"]));
    assert_eq!(answer["operation"], Value::Null);
    let text = world.tracks(&["init", "--dry-run"]);
    assert_eq!(text.status, 3);
    for word in ["new branch", "new worktree", "cannot", "keep", "touch made"] {
        assert!(text.stdout.contains(word), "{}", text.shown());
    }
    assert_eq!(everything(world.root()), before);

    let plan = answer;
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 3);
    assert_eq!(
        answer["problems"], plan["problems"],
        "the plan is what runs"
    );
    assert_eq!(tracks_in(&answer, "created"), ["api", "ui"]);
    assert_eq!(tracks_in(&answer, "kept"), ["old"]);
    for track in ["api", "ui", "old"] {
        assert!(
            world
                .repo()
                .join("worktrees")
                .join(track)
                .join("made")
                .is_file()
        );
    }
    assert_eq!(world.read("worktrees/docs/mine.txt"), "mine\n");
}

#[test]
fn without_a_tracks_toml_it_writes_one() {
    let world = World::of("main: One\n  sub/a.txt = one\n");
    let ran = world.tracks_in(&world.repo().join("sub"), &["init"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(world.read("tracks.toml").contains("[track.api]"));
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["api", "ui"]);
    let written = world.read("tracks.toml");
    let ran = world.tracks(&["init", "--template", "parallel"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert_eq!(world.read("tracks.toml"), written, "never written over");
}

#[test]
fn each_template_works() {
    for (template, tracks) in [
        ("small", 2),
        ("parallel", 3),
        ("convergence", 4),
        ("deployment", 3),
    ] {
        let world = World::of("main: One\n  a.txt = one\n");
        let (status, answer) = init(&world, &["--template", template]);
        assert_eq!((status, &answer["template"]), (0, &json!(template)));
        assert_eq!(answer["wrote"], json!(world.repo().join("tracks.toml")));
        assert!(world.read("tracks.toml").starts_with('#'), "commented");
        let (status, answer) = init(&world, &[]);
        assert_eq!(
            (status, tracks_in(&answer, "created").len()),
            (0, tracks),
            "{answer}"
        );
        assert_eq!(world.git(&["status", "--porcelain"]), "?? tracks.toml");
    }
    let world = World::of("main: One\n  a.txt = one\n");
    assert_snapshot!(world.tracks(&["init", "--template", "smal"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no template `smal`
    hint: did you mean `small`?
    ");
    assert!(!world.repo().join("tracks.toml").exists());
}
