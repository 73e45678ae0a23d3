//! Commits through the installed hooks: what is staged is judged as it is staged, wherever git keeps it, and nothing else.

use std::path::PathBuf;

use crate::project::project;
use crate::world::{Ran, World};

const CONFIG: &str = "[track.a]\nowns = [\"a\"]\n[track.b]\nowns = [\"b\"]\n";

/// The worktrees of two tracks, with hooks.
struct Tracks {
    world: World,
}

impl Tracks {
    fn new(more: &str, files: &[(&str, &str)]) -> Tracks {
        let mut all = vec![("a/one", "1\n"), ("b/one", "1\n2\n3\n"), ("README", "1\n")];
        all.extend(files);
        let world = project(&format!("{CONFIG}{more}"), &all);
        let made = world.tracks(&["init", "--yes"]);
        assert_eq!(made.status, 0, "{}", made.shown());
        Tracks { world }
    }

    fn dir(&self, track: &str) -> PathBuf {
        self.world.repo().join("worktrees").join(track)
    }

    fn write(&self, path: &str, text: &str) {
        self.world
            .write_at(&format!("repo/worktrees/a/{path}"), text);
    }

    fn git(&self, arguments: &[&str]) -> Ran {
        self.world.run_in(&self.dir("a"), "git", arguments)
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.git(arguments);
        assert_eq!(ran.status, 0, "git {arguments:?}\n{}", ran.shown());
        ran
    }

    /// Refused by this rule, with nothing committed.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: &str) -> Ran {
        let before = self.world.git_in(&self.dir("a"), &["rev-parse", "HEAD"]);
        let ran = self.git(arguments);
        assert_ne!(ran.status, 0, "git {arguments:?}\n{}", ran.shown());
        assert!(
            ran.stderr.contains(code),
            "git {arguments:?}\n{}",
            ran.shown()
        );
        let after = self.world.git_in(&self.dir("a"), &["rev-parse", "HEAD"]);
        assert_eq!(before, after);
        ran
    }
}

#[test]
fn anothers_path_is_refused_with_what_to_do() {
    let tracks = Tracks::new("", &[]);
    tracks.write("a/two", "2\n");
    tracks.write("b/one", "mine now\n");
    tracks.done(&["add", "."]);
    let ran = tracks.refused(&["commit", "-m", "Both"], "OWN01");
    insta::assert_snapshot!(ran.shown(), @r#"
    exit: 1
    --- stdout
    --- stderr
    tracks: this commit is refused (track a)
      error OWN01  b/one  (with track b)
        track a changes b/one, which track b owns (`b`)
        fix: leave it to track b, or have it handed over with `tracks own b/one --track a --from b`, or
             except it: `[[allow]]` with `code = "OWN01"` in base's tracks.toml, or the trailer
             `Tracks-Allow: OWN01 b/one REASON`
      hint: past it this once, for instance with the exception in this commit's own message:
            TRACKS_SKIP=OWN01 in the environment, which is recorded; `tracks validate` and rounds judge
            it all the same
    "#);
    tracks.done(&["restore", "--staged", "b/one"]);
    let made = tracks.done(&["commit", "-m", "Mine"]);
    assert_eq!(made.stderr, "");
}

#[test]
fn what_is_staged_counts_and_not_what_lies_there() {
    let tracks = Tracks::new("", &[]);
    // Staged is fine, the worktree is not.
    tracks.write("a/one", "2\n");
    tracks.done(&["add", "a/one"]);
    tracks.write("b/one", "mine\n");
    tracks.done(&["commit", "-m", "Mine"]);
    // `commit -a` and commits of some paths have an index of their own.
    tracks.write("a/one", "3\n");
    tracks.refused(&["commit", "-am", "All"], "OWN01");
    tracks.refused(&["commit", "-m", "That", "b/one"], "OWN01");
    tracks.done(&["commit", "-m", "Mine again", "a/one"]);
    // The other way round: staged is another's, the worktree is as before.
    tracks.done(&["add", "b/one"]);
    tracks.write("b/one", "1\n2\n3\n");
    tracks.refused(&["commit", "-m", "Staged"], "OWN01");
    assert_eq!(
        tracks.done(&["status", "--short"]).stdout,
        "MM b/one\n",
        "nothing was touched"
    );
    let from_inside = tracks.world.run_in(
        &tracks.dir("a").join("a"),
        "git",
        &["commit", "-m", "From a directory"],
    );
    assert!(
        from_inside.stderr.contains("OWN01"),
        "{}",
        from_inside.shown()
    );
}

#[test]
fn going_past_it_is_possible_and_recorded() {
    let tracks = Tracks::new("", &[]);
    tracks.write("b/one", "mine\n");
    tracks.done(&["add", "."]);
    let commit = |variable: &str, value: &str, arguments: &[&str]| {
        let mut command = tracks.world.command(&tracks.dir("a"), "git");
        let output = command.args(arguments).env(variable, value).output();
        tracks.world.ran(&output.expect("git starts"))
    };
    let unknown = commit("TRACKS_SKIP", "OWN99", &["commit", "-m", "x"]);
    assert_eq!(unknown.status, 1, "{}", unknown.shown());
    assert!(
        unknown.stderr.contains("no such rule"),
        "{}",
        unknown.shown()
    );
    let skipped = commit("TRACKS_SKIP", "mig01,own01", &["commit", "-m", "x"]);
    assert_eq!(skipped.status, 0, "{}", skipped.shown());
    assert!(skipped.stderr.contains("recorded"), "{}", skipped.shown());
    let off = commit("TRACKS_HOOKS", "0", &["commit", "-m", "y", "--amend"]);
    assert_eq!(
        (off.status, off.stderr.as_str()),
        (0, ""),
        "{}",
        off.shown()
    );
    let events = tracks.world.read(".git/tracks/events.jsonl");
    let skipped: Vec<&str> = events
        .lines()
        .filter(|line| line.contains("hook-skipped"))
        .collect();
    assert_eq!(skipped.len(), 2, "{events}");
    assert!(skipped[0].contains("\"codes\":[\"OWN01\"]"), "{events}");
    assert!(skipped[1].contains("\"codes\":[]"), "{events}");
}

#[test]
fn taking_it_back_is_nobodys_fault() {
    let tracks = Tracks::new("", &[]);
    tracks.write("b/one", "mine\n");
    tracks.done(&["commit", "-a", "--no-verify", "-m", "Past it"]);
    tracks.write("a/one", "2\n");
    tracks.done(&["commit", "-am", "Mine, and what was there is for the push"]);
    // Base has gone on meanwhile, and the path goes back to what it was where the track left it.
    tracks
        .world
        .commit("main", &[("b/one", "1\n2\n3\n4\n")], "Goes on");
    tracks.write("b/one", "1\n2\n3\n");
    tracks.done(&["commit", "-am", "Back as it was"]);
    tracks.write("b/one", "1\n2\n3\n4\n");
    tracks.done(&["commit", "-am", "As base has it"]);
}

#[test]
fn exceptions_and_severities_count() {
    let tracks = Tracks::new(
        "[ownership]\nunowned = \"deny\"\n[[allow]]\ncode = \"OWN01\"\ntrack = \"a\"\npaths = [\"b/one\"]\nreason = \"agreed\"\n",
        &[],
    );
    tracks.write("b/one", "mine\n");
    tracks.done(&["commit", "-am", "Agreed"]);
    tracks.write("new", "nobody's\n");
    tracks.done(&["add", "."]);
    tracks.refused(&["commit", "-m", "Nobody's"], "OWN03");
    tracks.done(&["reset", "--quiet"]);
    // An exception that a commit of the track makes holds for the ones after it.
    let trailer = "Exception\n\nTracks-Allow: OWN03 new it is needed";
    tracks.done(&["commit", "--allow-empty", "-m", trailer]);
    tracks.done(&["add", "."]);
    tracks.done(&["commit", "-m", "Nobody's"]);
}

#[test]
fn a_merge_of_base_brings_nothing_of_ours() {
    let tracks = Tracks::new("", &[]);
    let world = &tracks.world;
    world.commit(
        "main",
        &[("b/one", "1\n2\nthree\n"), ("README", "2\n")],
        "Base",
    );
    tracks.write("a/one", "2\n");
    tracks.done(&["commit", "-am", "Mine"]);
    tracks.done(&["merge", "--no-edit", "main"]);
    // Another track's work is not what base has.
    world.commit("track/b", &[("b/one", "one\n2\n3\n")], "Theirs");
    let refused = tracks.refused(&["merge", "--no-edit", "track/b"], "OWN01");
    assert!(refused.stderr.contains("this merge"), "{}", refused.shown());
    tracks.done(&["merge", "--abort"]);
    // A merge that had to be resolved is judged as the commit that ends it.
    world.commit(
        "main",
        &[("a/one", "base\n"), ("b/one", "1\n2\n3\n4\n")],
        "On",
    );
    assert_ne!(tracks.git(&["merge", "main"]).status, 0);
    tracks.write("a/one", "both\n");
    tracks.write("b/one", "mine\n");
    tracks.done(&["add", "."]);
    tracks.refused(&["commit", "--no-edit"], "OWN01");
    tracks.done(&["checkout", "main", "--", "b/one"]);
    tracks.done(&["commit", "--no-edit"]);
}

#[test]
fn migrations_are_held_against_all_tracks() {
    let more = "[migrations]\npaths = [\"db/*.sql\"]\npreset = \"sqlx\"\ndialect = \"sqlite\"\n[shared.\"db/**\"]\npolicy = \"free\"\n[severity]\nMIG11 = \"off\"\n";
    let tracks = Tracks::new(
        more,
        &[("db/20260101_users.sql", "create table users (id int);\n")],
    );
    tracks.world.commit(
        "track/b",
        &[("db/20260201_groups.sql", "create table groups (id int);\n")],
        "Theirs",
    );
    tracks.write("db/20260101_more.sql", "create table more (id int);\n");
    tracks.done(&["add", "."]);
    tracks.refused(&["commit", "-m", "The version of base"], "MIG04");
    tracks.done(&["mv", "db/20260101_more.sql", "db/20260301_more.sql"]);
    tracks.done(&["commit", "-m", "A version of its own"]);
    tracks.write(
        "db/20260101_users.sql",
        "create table users (id int, x int);\n",
    );
    tracks.refused(&["commit", "-am", "An edit of what has landed"], "MIG08");
    tracks.done(&["checkout", "--", "."]);
    // It lands later than a, which has to give way only to what is before it.
    let dir = tracks.dir("b");
    tracks
        .world
        .write_at("repo/worktrees/b/db/20260301_other.sql", "select 1;\n");
    tracks.world.git_in(&dir, &["add", "."]);
    let ran = tracks
        .world
        .run_in(&dir, "git", &["commit", "-m", "Like a's"]);
    assert!(
        ran.status == 1 && ran.stderr.contains("MIG04"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_check_runs_where_somebody_has_approved_it() {
    let more = "[hooks]\npre_commit = [\"ownership\", \"lint\"]\n[check.lint]\nrun = \"! grep -r BAD a\"\n";
    let tracks = Tracks::new(more, &[]);
    tracks.write("a/one", "BAD\n");
    tracks.done(&["add", "."]);
    let note = tracks.done(&["commit", "-m", "Not looked at"]);
    assert!(note.stderr.contains("tracks trust"), "{}", note.shown());
    let trusted = tracks.world.tracks(&["trust", "--yes"]);
    assert_eq!(trusted.status, 0, "{}", trusted.shown());
    let before = tracks.world.git(&["rev-parse", "track/a"]);
    let red = tracks.git(&["commit", "--allow-empty", "-m", "Looked at"]);
    assert!(
        red.status == 1 && red.stderr.contains("lint"),
        "{}",
        red.shown()
    );
    assert_eq!(before, tracks.world.git(&["rev-parse", "track/a"]));
}

#[test]
fn what_belongs_to_no_track_is_left_alone() {
    let tracks = Tracks::new("", &[]);
    let world = &tracks.world;
    world.write("b/one", "on base\n");
    let on_base = world.run_in(&world.repo(), "git", &["commit", "-am", "On base"]);
    assert_eq!((on_base.status, on_base.stderr.as_str()), (0, ""));
    world.git(&["switch", "--quiet", "-c", "integration"]);
    let ran = world.run_in(
        &world.repo(),
        "git",
        &["commit", "--allow-empty", "-m", "Straight on it"],
    );
    assert_eq!(ran.status, 0);
    assert!(ran.stderr.contains("OWN10"), "{}", ran.shown());
}

#[test]
fn a_tracks_toml_that_is_none_blocks_nobody() {
    let tracks = Tracks::new("", &[]);
    tracks.world.write("tracks.toml", "[track.a\n");
    tracks.write("b/one", "mine\n");
    let ran = tracks.done(&["commit", "-am", "Whatever"]);
    assert!(
        ran.stderr.contains("tracks.toml is not valid"),
        "{}",
        ran.shown()
    );
}

#[test]
fn odd_places() {
    let tracks = Tracks::new("", &[("b/sub/x", "1\n")]);
    let world = &tracks.world;
    // A worktree that is reached through a link, and variables that name it.
    let link = world.root().join("link");
    std::os::unix::fs::symlink(tracks.dir("a"), &link).expect("a link");
    tracks.write("b/one", "mine\n");
    let through = world.run_in(&link, "git", &["commit", "-am", "Through a link"]);
    assert!(through.stderr.contains("OWN01"), "{}", through.shown());
    let git_dir = world.repo().join(".git/worktrees/a");
    let mut command = world.command(world.root(), "git");
    let output = command
        .args(["commit", "-am", "By variables"])
        .env("GIT_DIR", &git_dir)
        .env("GIT_WORK_TREE", tracks.dir("a"))
        .output();
    let ran = world.ran(&output.expect("git starts"));
    assert!(ran.stderr.contains("OWN01"), "{}", ran.shown());
    // A submodule is a repository of its own, with hooks of its own.
    tracks.done(&["checkout", "--", "."]);
    let inner = world.root().join("inner");
    world.git_in(world.root(), &["init", "--quiet", "inner"]);
    world.git_in(
        &inner,
        &["commit", "--quiet", "--allow-empty", "-m", "Inner"],
    );
    let url = inner.to_string_lossy().into_owned();
    tracks.done(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url,
        "a/inner",
    ]);
    let sub = tracks.dir("a").join("a/inner");
    world.git_in(
        &sub,
        &["commit", "--quiet", "--allow-empty", "-m", "In there"],
    );
    tracks.done(&["add", "a/inner"]);
    tracks.done(&["commit", "-m", "A submodule of ours"]);
    tracks.done(&["mv", "a/inner", "b/inner"]);
    tracks.refused(&["commit", "-m", "Among theirs"], "OWN01");
}

#[test]
fn a_hook_that_has_come_to_be_wanted_is_told() {
    let tracks = Tracks::new("", &[]);
    let world = &tracks.world;
    let more = format!("{CONFIG}[commit]\npattern = \"conventional\"\n");
    world.commit("main", &[("tracks.toml", &more)], "Conventions");
    tracks.write("a/one", "2\n");
    let told = tracks.done(&["commit", "-am", "Not conventional"]);
    assert!(
        told.stderr
            .contains("commit-msg, and that is not installed"),
        "{}",
        told.shown()
    );
    assert_eq!(world.tracks(&["hooks", "install"]).status, 0);
    tracks.write("a/one", "3\n");
    tracks.refused(&["commit", "-am", "Not conventional"], "NAM02");
    let made = tracks.done(&["commit", "-am", "fix: one"]);
    assert_eq!(made.stderr, "", "{}", made.shown());
}
