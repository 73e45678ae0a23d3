//! Odd places to be started in: every verb works there, or refuses with one sentence, a way out and the right status.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::{Ran, World};

/// Every verb, as far as it can be one question to one repository.
const VERBS: [&[&str]; 10] = [
    &["init"],
    &["status"],
    &["conflicts"],
    &["check"],
    &["validate", "a"],
    &["sync", "--dry-run"],
    &["sync"],
    &["trust"],
    &["log"],
    &["path", "a"],
];

pub(crate) const TWO_TRACKS: &str = "
    main: One
        tracks.toml = [track.a] | [track.b]
        f = 1
    track/a from main: A
        a = a
    track/b from main: B
        b = b
";

/// One sentence, its hint, and no answer.
#[track_caller]
pub(crate) fn assert_refused(ran: &Ran, status: i32, error: &str, hint: &str) {
    let expected = format!("error: {error}\nhint: {hint}\n");
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
        (status, "", expected.as_str())
    );
}

/// All verbs are refused alike, and one as JSON; with the verbs left out that need less than the others.
#[track_caller]
fn all_refused(world: &World, dir: &Path, but: &[&str], status: i32, error: &str, hint: &str) {
    let asked = VERBS.iter().filter(|verb| !but.contains(&verb[0]));
    for arguments in asked.chain([&["status", "--format", "json"][..]].iter()) {
        assert_refused(&world.tracks_in(dir, arguments), status, error, hint);
    }
}

/// The exit statuses of all verbs, in one line; fails where one dies or says more than one error.
#[track_caller]
fn statuses(world: &World, dir: &Path) -> String {
    VERBS
        .iter()
        .map(|verb| {
            let ran = world.tracks_in(dir, verb);
            let errors = ran.stderr.matches("error:").count();
            assert!(
                (0..=3).contains(&ran.status) && errors <= 1 && !ran.stderr.contains("panicked"),
                "{verb:?} {}",
                ran.shown()
            );
            format!("{} {}", verb[0], ran.status)
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Everything that is there to lose in a worktree: its files' states and where HEAD is.
fn state_of(world: &World, dir: &Path) -> String {
    let head = world.git_in(dir, &["rev-parse", "HEAD"]);
    let status = world.git_in(dir, &["status", "--porcelain=v2", "--branch", "--ignored"]);
    format!("{head}\n{status}")
}

#[test]
fn outside_a_repository() {
    let world = World::new();
    let dir = world.root().join("tmp");
    let error = format!("{} is not inside a git repository", dir.display());
    let hint = "go into a repository, or name one with `-C DIR`";
    all_refused(&world, &dir, &[], 3, &error, hint);
}

#[test]
fn without_a_commit() {
    let world = World::new();
    let hint = "tracks start from a commit: make a first one, then `tracks init`";
    let error = "the repository has no commit yet";
    all_refused(&world, &world.repo(), &["log"], 3, error, hint);
    world.write("tracks.toml", "[track.a]\n");
    all_refused(&world, &world.repo(), &["log"], 3, error, hint);
    assert_eq!(world.tracks(&["log"]).status, 0);
}

#[test]
fn without_a_tracks_toml() {
    // Whichever way the first branch is called: which one is base is for the file to say that init writes.
    for branch in ["main", "trunk"] {
        let world = World::of("main: One\n  f = 1\n");
        world.git(&["branch", "-m", branch]);
        let error = format!("there is no tracks.toml in {}", world.repo().display());
        let hint = "write a commented one: `tracks init`";
        // `conflicts` has one more way out.
        let but = ["init", "conflicts", "log"];
        all_refused(&world, &world.repo(), &but, 2, &error, hint);
        let ran = world.tracks(&["init"]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        assert!(world.read("tracks.toml").contains("[track."));
        assert_eq!(world.git(&["branch", "--list"]), format!("* {branch}"));
    }
}

#[test]
fn without_a_track() {
    for text in ["", "# nothing yet\n", "[project]\nname = 'x'\n"] {
        let world = World::of("main: One\n  f = 1\n");
        world.write("tracks.toml", text);
        assert_eq!(
            statuses(&world, &world.repo()),
            "init 0, status 0, conflicts 0, check 0, validate 2, sync 0, sync 0, trust 0, log 0, path 2"
        );
        assert_eq!(
            world.git(&["rev-parse", "integration"]),
            world.git(&["rev-parse", "main"])
        );
    }
}

#[test]
fn without_a_base() {
    let world = World::of(TWO_TRACKS);
    world.git(&["branch", "-m", "main", "trunk"]);
    all_refused(
        &world,
        &world.repo(),
        &["log"],
        3,
        "there is no branch to take as base; looked for main, master",
        "set `[project] base` in tracks.toml to the branch that tracks start from",
    );
    world.write("tracks.toml", "[project]\nbase = 'nope'\n[track.a]\n");
    all_refused(
        &world,
        &world.repo(),
        &["log"],
        3,
        "`[project] base` names nope, and there is no such branch here, nor on origin",
        "fetch it, or name a branch that exists",
    );
    world.write("tracks.toml", "[project]\nbase = 'trunk'\n[track.a]\n");
    assert_eq!(world.tracks(&["status"]).status, 0);
}

fn bare_clone_of(world: &World) -> PathBuf {
    world.git_in(
        world.root(),
        &["clone", "--quiet", "--bare", "repo", "bare.git"],
    );
    world.root().join("bare.git")
}

#[test]
fn a_bare_repository_with_a_relative_place_for_worktrees() {
    let world = World::of(TWO_TRACKS);
    let bare = bare_clone_of(&world);
    let before = world.git_in(&bare, &["for-each-ref"]);
    for verb in [
        &["status"][..],
        &["conflicts"],
        &["validate", "a"],
        &["sync", "--dry-run"],
    ] {
        let ran = world.tracks_in(&bare, verb);
        assert_eq!(ran.status, 0, "{verb:?} {}", ran.shown());
    }
    assert_refused(
        &world.tracks_in(&bare, &["init"]),
        3,
        "this repository is bare and `[layout] worktrees` is relative, so worktrees have no place",
        "set `[layout] worktrees` to an absolute path",
    );
    assert_eq!(world.git_in(&bare, &["for-each-ref"]), before);
    // A round without checks needs no worktree.
    let ran = world.tracks_in(&bare, &["sync"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    world.git_in(&bare, &["cat-file", "-e", "integration:a"]);
    world.git_in(&bare, &["cat-file", "-e", "integration:b"]);
}

#[test]
fn a_bare_repository_with_an_absolute_place_for_worktrees() {
    let world = World::of(TWO_TRACKS);
    let place = world.root().join("worktrees");
    let text = format!(
        "[layout]\nworktrees = '{}'\n[track.a]\n[track.b]\n[check.c]\nrun = 'true'\nwhen = ['track', 'integration']\n",
        place.display()
    );
    world.commit("main", &[("tracks.toml", &text)], "Elsewhere");
    let bare = bare_clone_of(&world);
    for verb in [
        &["init", "--yes"][..],
        &["check", "--yes"],
        &["sync", "--yes"],
    ] {
        let ran = world.tracks_in(&bare, verb);
        assert_eq!(ran.status, 0, "{verb:?} {}", ran.shown());
    }
    let path = world.tracks_in(&bare, &["path", "a"]);
    assert_eq!(path.stdout, format!("{}\n", place.join("a").display()));
    let inside = world.tracks_in(&place.join("a"), &["validate"]);
    assert_eq!(inside.status, 0, "{}", inside.shown());
}

#[test]
fn a_bare_repository_without_a_tracks_toml() {
    let world = World::of("main: One\n  f = 1\n");
    let bare = bare_clone_of(&world);
    let error = format!(
        "there is no tracks.toml on main, and only the one there counts in {}",
        bare.display()
    );
    let hint = "commit it there: a branch cannot bring the rules that judge it";
    all_refused(&world, &bare, &["conflicts", "log"], 2, &error, hint);
}

#[test]
fn a_reftable_repository() {
    let world = World::new();
    let ran = world.run_in(
        world.root(),
        "git",
        &["init", "--quiet", "--ref-format=reftable", "table"],
    );
    if ran.status != 0 {
        // Before git 2.45 there is no such thing.
        assert!(ran.stderr.contains("ref-format"), "{}", ran.shown());
        return;
    }
    let dir = world.root().join("table");
    let error = format!(
        "{} stores its refs as a reftable, which tracks cannot read",
        dir.join(".git").display()
    );
    let hint = "a clone made with `git clone --ref-format=files` works, or `git refs migrate --ref-format=files` before there are worktrees";
    all_refused(&world, &dir, &[], 3, &error, hint);
}

#[test]
fn a_sha256_repository() {
    let world = World::new();
    fs::remove_dir_all(world.repo().join(".git")).expect("the repository");
    world.git(&["init", "--quiet", "--object-format=sha256"]);
    let toml =
        "[track.a]\n[track.b]\n[check.c]\nrun = 'test -e f'\nwhen = ['track', 'integration']\n";
    world.commit("main", &[("tracks.toml", toml), ("f", "1\n")], "One");
    let init = world.tracks(&["init", "--yes"]);
    assert_eq!(init.status, 0, "{}", init.shown());
    for track in ["a", "b"] {
        world.commit(&format!("track/{track}"), &[(track, "x\n")], track);
    }
    world.write("worktrees/a/uncommitted", "1\n");
    for verb in [
        &["status"][..],
        &["conflicts"],
        &["check", "--yes"],
        &["validate", "a", "--yes"],
        &["sync", "--yes"],
    ] {
        let ran = world.tracks(verb);
        assert_eq!(ran.status, 0, "{verb:?} {}", ran.shown());
    }
    assert_eq!(world.git(&["rev-parse", "integration"]).len(), 64);
    assert_eq!(
        world.git(&["ls-tree", "--name-only", "integration"]),
        "a\nb\nf\ntracks.toml"
    );
    // And once more, where the result is known.
    let again = world.tracks(&["sync", "--format", "json"]);
    assert_eq!(again.status, 0, "{}", again.shown());
}

/// A repository with its worktrees, where `x` and the branch checked out in `dir` differ in `f`.
fn about_to_clash(dir: &str) -> (World, PathBuf) {
    let world = World::of(TWO_TRACKS);
    assert_eq!(world.tracks(&["init"]).status, 0);
    let dir = world.repo().join(dir);
    world.git(&["branch", "x"]);
    world.commit("x", &[("f", "x\n")], "X");
    let branch = world.git_in(&dir, &["branch", "--show-current"]);
    world.commit(&branch, &[("f", "mine\n"), ("g", "1\n")], "Mine");
    (world, dir)
}

const UNFINISHED: [(&[&str], &str); 4] = [
    (&["merge", "x"], "merge"),
    (&["rebase", "x"], "rebase"),
    (&["cherry-pick", "x"], "cherry-pick"),
    (&["bisect", "start", "HEAD", "HEAD~1"], "bisect"),
];

#[test]
fn a_track_in_the_middle_of_something() {
    for (start, name) in UNFINISHED {
        let (world, dir) = about_to_clash("worktrees/a");
        world.run_in(&dir, "git", start);
        let refs = world.git(&["for-each-ref", "refs/heads"]);
        let before = state_of(&world, &dir);
        let path = world.tracks(&["path", "a"]);
        assert_eq!(path.stdout, format!("{}\n", dir.display()), "{name}");
        let status = world.tracks(&["status"]);
        let note = format!("in the middle of a {name}");
        assert!(status.stdout.contains(&note), "{}", status.shown());
        assert!(!status.stdout.contains("tracks init"), "{}", status.shown());
        for verb in [
            &["init"][..],
            &["conflicts"],
            &["sync", "--dry-run"],
            &["check"],
            &["validate", "a"],
        ] {
            let ran = world.tracks(verb);
            assert_eq!(ran.status, 0, "{name} {verb:?} {}", ran.shown());
        }
        let inside = world.tracks_in(&dir, &["validate"]);
        assert!(
            inside.stdout.starts_with("track a at"),
            "{}",
            inside.shown()
        );
        assert_eq!(world.git(&["for-each-ref", "refs/heads"]), refs, "{name}");
        assert_eq!(world.tracks(&["sync"]).status, 0, "{name}");
        assert_eq!(state_of(&world, &dir), before, "{name}");
    }
}

#[test]
fn the_main_worktree_in_the_middle_of_something() {
    for (start, name) in UNFINISHED {
        let (world, dir) = about_to_clash("");
        world.run_in(&dir, "git", start);
        let before = state_of(&world, &dir);
        assert_eq!(
            statuses(&world, &dir),
            "init 0, status 0, conflicts 0, check 0, validate 0, sync 0, sync 0, trust 0, log 0, path 0",
            "{name}"
        );
        assert_eq!(state_of(&world, &dir), before, "{name}");
    }
}

#[test]
fn the_integration_branch_in_the_middle_of_a_rebase_is_not_moved() {
    let world = World::of(TWO_TRACKS);
    world.git(&["branch", "integration", "track/a"]);
    world.git(&["worktree", "add", "--quiet", "../here", "integration"]);
    let here = world.root().join("here");
    let tip = world.git(&["rev-parse", "integration"]);
    world.run_in(&here, "git", &["rebase", "--exec", "false", "HEAD~1"]);
    assert_eq!(world.git_in(&here, &["branch", "--show-current"]), "");
    let ran = world.tracks(&["sync"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert_eq!(world.git(&["rev-parse", "integration"]), tip);
}

#[test]
fn a_branch_that_is_checked_out_elsewhere() {
    let world = World::of(TWO_TRACKS);
    world.git(&["worktree", "add", "--quiet", "../mine", "track/a"]);
    world.git(&["switch", "--quiet", "track/b"]);
    world.write("b", "changed\n");
    let before = state_of(&world, &world.repo());
    let ran = world.tracks(&["init", "--format", "json"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a document");
    let mine = world.root().join("mine");
    assert_eq!(report["kept"][0]["worktree"], mine.display().to_string());
    assert_eq!(report["problems"][0]["track"], "b");
    let path = world.tracks(&["path", "a"]);
    assert_eq!(path.stdout, format!("{}\n", mine.display()));
    // The round goes by commits, and leaves both as they are.
    assert_eq!(world.tracks(&["sync"]).status, 0);
    assert_eq!(state_of(&world, &world.repo()), before);
}

#[test]
fn a_dirty_main_worktree_stays_dirty() {
    let world = World::of(TWO_TRACKS);
    world.write("f", "edited\n");
    world.write("staged", "1\n");
    world.git(&["add", "staged"]);
    world.write("untracked", "1\n");
    assert_eq!(world.tracks(&["init"]).status, 0);
    let before = state_of(&world, &world.repo());
    assert_eq!(
        statuses(&world, &world.repo()),
        "init 0, status 0, conflicts 0, check 0, validate 0, sync 0, sync 0, trust 0, log 0, path 0"
    );
    assert_eq!(state_of(&world, &world.repo()), before);
}

#[test]
fn with_a_submodule() {
    let world = World::of(TWO_TRACKS);
    let inner = world.root().join("inner");
    world.git_in(world.root(), &["init", "--quiet", "inner"]);
    world.git_in(&inner, &["commit", "--quiet", "--allow-empty", "-m", "I"]);
    world.write_at(
        "home/.gitconfig",
        "[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n",
    );
    world.git(&["submodule", "--quiet", "add", "../inner", "sub"]);
    world.git(&["commit", "--quiet", "-m", "A submodule"]);
    assert_eq!(world.tracks(&["init"]).status, 0);
    let a = world.repo().join("worktrees/a");
    world.git_in(&a, &["merge", "--quiet", "main"]);
    world.git_in(&a, &["submodule", "--quiet", "update", "--init"]);
    world.git_in(
        &a.join("sub"),
        &["commit", "--quiet", "--allow-empty", "-m", "II"],
    );
    world.git_in(&a, &["commit", "--quiet", "-a", "-m", "Newer submodule"]);
    world.write("worktrees/a/sub/untracked", "1\n");
    let before = state_of(&world, &a);
    assert_eq!(
        statuses(&world, &world.repo()),
        "init 0, status 0, conflicts 0, check 0, validate 0, sync 0, sync 0, trust 0, log 0, path 0"
    );
    assert_eq!(
        world.git(&["rev-parse", "integration:sub"]),
        world.git(&["rev-parse", "track/a:sub"])
    );
    assert_eq!(state_of(&world, &a), before);
    // Inside it one is in another repository, which has nothing to do with tracks.
    let error = format!("there is no tracks.toml in {}", a.join("sub").display());
    let hint = "write a commented one: `tracks init`";
    assert_refused(
        &world.tracks_in(&a.join("sub"), &["status"]),
        2,
        &error,
        hint,
    );
}

#[test]
fn inside_the_git_directory() {
    let world = World::of(TWO_TRACKS);
    for dir in [".git", ".git/objects", ".git/worktrees/a"] {
        // The last one is there once init has run.
        assert_eq!(
            statuses(&world, &world.repo().join(dir)),
            "init 0, status 0, conflicts 0, check 0, validate 0, sync 0, sync 0, trust 0, log 0, path 0",
            "{dir}"
        );
    }
}

#[test]
fn names_that_are_no_plain_words() {
    let world = World::new();
    let toml = concat!(
        "[track.a]\nbranch = 'tr/é%x'\nworktree = 'wörk a'\n",
        "[track.b]\nbranch = \"t'q$x\"\nworktree = \"with space/b 'q\"\n",
        "[check.c]\nrun = 'test -e f'\n",
    );
    world.commit("main", &[("tracks.toml", toml), ("f", "1\n")], "One");
    let init = world.tracks(&["init"]);
    assert_eq!(init.status, 0, "{}", init.shown());
    for (track, branch) in [("a", "tr/é%x"), ("b", "t'q$x")] {
        let path = world.tracks(&["path", track]).stdout;
        let dir = PathBuf::from(path.trim_end_matches('\n'));
        let script = "printf '%s\\n' \"$0\" >\"$(printf 'raw\\377')\"; for n in 'new\nline' 'q\"uo te' é; do echo \"$0\" >\"$n\"; done";
        world.run_in(&dir, "sh", &["-c", script, track]);
        world.commit(branch, &[], "Odd names");
    }
    let ran = world.tracks(&["conflicts", "--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a document");
    let pair = &report["pairs"][2];
    let paths: Vec<(&str, Option<&str>)> = pair["conflicts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|conflict| {
            (
                conflict["path"].as_str().expect("a text"),
                conflict["path_bytes"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        paths,
        [
            ("new\nline", None),
            ("q\"uo te", None),
            ("raw\u{fffd}", Some("cmF3/w==")),
            ("é", None),
        ]
    );
    for (verb, status) in [
        (&["status"][..], 0),
        (&["conflicts", "a", "b"], 1),
        (&["check", "--yes"], 0),
        (&["validate", "a"], 0),
        (&["sync", "--yes"], 1),
    ] {
        let ran = world.tracks(verb);
        assert_eq!(ran.status, status, "{verb:?} {}", ran.shown());
        assert!(
            !ran.stdout.contains("new\nline"),
            "a name makes no new line"
        );
    }
}

#[test]
fn a_directory_whose_name_is_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::of(TWO_TRACKS);
    let odd = world.root().join(std::ffi::OsStr::from_bytes(b"n\xff\nm"));
    if fs::rename(world.repo(), &odd).is_err() {
        // Some file systems take only text.
        return;
    }
    assert_eq!(
        statuses(&world, &odd),
        "init 0, status 0, conflicts 0, check 0, validate 0, sync 0, sync 0, trust 0, log 0, path 0"
    );
    world.git_in(&odd.join("worktrees/a"), &["status"]);
}
