//! What an agent is told before it starts to work in a track.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, ask_in, project, texts, work};
use crate::world::World;

const CONFIG: &str = r#"
[layout]
worktrees = "ROOT/w"
[track.a]
title = "Agent registry"
agent = "alpha"
contact = "@alpha"
owns = ["src/a/**", "docs/a"]
code = "trackA"
tables = ["agents"]
depends_on = ["b"]
responsibilities = ["the registry", "its documentation"]
due = "day 4"
deliverables = ["src/a/index.ts", { path = "docs/a.md", sections = ["Errors"] }]
[track.b]
owns = ["src/b", "docs/b"]
[track.c]
owns = ["db"]
depends_on = ["a"]
[ownership]
frozen = ["LICENSE"]
[shared."src/types/**"]
owner = "b"
policy = "owner-approves"
[migrations]
paths = ["m/*.sql"]
preset = "plain"
name = "{date}_{track}_{slug}.sql"
[contract.api]
paths = ["src/b/api.yaml"]
owner = "b"
consumers = ["a"]
[contract.registry]
paths = ["src/a/registry.yaml"]
owner = "a"
consumers = ["c"]
[check.unit]
run = ["npm", "test", "it's"]
[check.slow]
run = "make `date`"
allow_failure = true
cwd = "src"
[commit]
pattern = "conventional"
trailer = true
"#;

fn three() -> World {
    let world = project(
        CONFIG,
        &[
            ("LICENSE", "x\n"),
            ("src/b/api.yaml", "1\n"),
            ("src/x", "1\n"),
            ("m/20261101_trackA_first.sql", "select 1;\n"),
        ],
    );
    work(
        &world,
        "a",
        &[
            ("src/a/index.ts", "a\n"),
            ("docs/a.md", "# Errors\n"),
            ("src/x", "a\n"),
        ],
    );
    work(&world, "b", &[("src/x", "b\n"), ("src/b/api.yaml", "2\n")]);
    world
}

#[test]
fn the_page() {
    let world = three();
    let ran = world.tracks(&["brief", "a"]);
    assert_snapshot!(ran.shown(), @r#"
    exit: 0
    --- stdout
    # Track a: Agent registry

    Branch `track/a`, no worktree (`tracks init` makes it); base `main`, 1 ahead, 0 behind; state in-progress.
    Agent alpha. Contact @alpha. Due day 4.
    Responsibilities: the registry; its documentation.

    ## Yours to change
    - `src/a/**`, `docs/a`
    - tables `agents`
    - migrations `m/*.sql`, called `{date}_trackA_{slug}.sql`; make each with `tracks new migration "what it does"`, which gives a version that nobody else has (now `m/20261127_trackA_what_it_does.sql`)

    ## Deliver
    - [x] `src/a/index.ts`
    - [x] `docs/a.md`

    ## Not yours
    - what another track owns is refused (OWN01): b `src/b`, `docs/b`; c `db`
    - frozen, for nobody to change: `LICENSE`
    - what nobody owns: a warning; better have it given to you
    - tracks.toml, CODEOWNERS and the settings of hooks: changed on base only

    ## Shared
    - `src/types/**` (b answers for it): owner-approves: others than the owner need its trailer `Tracks-Approve: TRACK PATH`

    ## Between tracks
    - you provide `registry` (`src/a/registry.yaml`), consumed by c: a change that breaks them is refused or told
    - you consume `api` (`src/b/api.yaml`) of b: b is changing `src/b/api.yaml`
    - you are built on `b`
    - built on you: c

    ## Checks: `tracks check a`
    - unit: `npm test 'it'\''s'` (not approved here: `tracks trust`)
    - slow: `` make `date` `` in `src` (may fail, not approved here: `tracks trust`)

    ## Commits
    - subject: conventional, as `fix(scope): what`
    - trailer `Track: a` (the prepare-commit-msg hook adds it)
    - hooks judge: pre-commit by ownership, migrations, names; commit-msg by names; pre-push by ownership, migrations, contracts, names

    ## Open now
    - conflicts with b: `tracks conflicts a b`
    - NAM02 the subject of commit [ID] is not conventional: Work of a
    - NAM03 commit [ID] has no trailer `Track: a`: Work of a

    ## Ways
    - before you write: `tracks who PATH`; for many, paths on stdin of `tracks validate --stdin-paths`
    - to hand a path over: `tracks own PATH --track OTHER --from a`, then commit tracks.toml on base
    - to get base: `tracks update a`; never merge, or build on, `integration`: each round makes it anew
    - when done: `tracks validate a`, then `tracks mark a ready`
    --- stderr
    "#);
}

#[test]
fn a_project_of_two_lines_has_a_page_of_a_few() {
    let world = project("[track.a]\n[track.b]\n", &[]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "track/a",
        "worktrees/a",
        "main",
    ]);
    let here = world.repo().join("worktrees/a");
    let ran = world.tracks_in(&here, &["brief"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    # Track a

    Branch `track/a`, worktree `[ROOT]/repo/worktrees/a`; base `main`, 0 ahead, 0 behind; state in-progress.

    ## Yours to change
    - nothing in tracks.toml says who owns what

    ## Not yours
    - tracks.toml, CODEOWNERS and the settings of hooks: changed on base only

    ## Commits
    - hooks judge: pre-commit by ownership, migrations, names; pre-push by ownership, migrations, contracts, names

    ## Ways
    - before you write: `tracks who PATH`; for many, paths on stdin of `tracks validate --stdin-paths`
    - to get base: `tracks update a`; never merge, or build on, `integration`: each round makes it anew
    - when done: `tracks validate a`, then `tracks mark a ready`
    --- stderr
    ");
}

#[test]
fn programs_get_all_of_it() {
    let world = three();
    let (status, answer) = ask(&world, &["brief", "a"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(answer["schema"], "tracks/brief/v1");
    assert_eq!(answer["owns"], json!(["src/a/**", "docs/a"]));
    assert_eq!(answer["open"]["collisions"], json!(["b"]));
    assert_eq!(texts(&answer["neighbours"], "track"), ["b"]);
    assert_eq!(texts(&answer["others"], "track"), ["b", "c"]);
    assert_eq!(
        texts(&answer["checks"], "run"),
        ["npm test 'it'\\''s'", "make `date`"]
    );
    assert_eq!(
        answer["migrations"]["next"],
        json!(["m/20261127_trackA_what_it_does.sql"])
    );
    assert_eq!(answer["consumes"][0]["behind"][0]["coming_from"], "b");
    assert_eq!(texts(&answer["provides"], "contract"), ["registry"]);
    assert_eq!(answer["needed_by"], json!(["c"]));
    assert_eq!(answer["due"], "day 4");
    let (_, other) = ask(&world, &["brief", "c"]);
    assert_eq!(
        (other.get("title"), &other["worktree"]),
        (None, &json!(null))
    );
}

#[test]
fn what_others_own_is_always_said() {
    let far = project(
        "[track.a]\nowns = [\"x/a\"]\n[track.b]\nowns = [\"y/b\"]\n",
        &[],
    );
    let ran = far.tracks(&["brief", "a"]);
    let line = "- what another track owns is refused (OWN01): b `y/b`\n";
    assert!(ran.stdout.contains(line), "{}", ran.shown());
    let many: String = (0..10)
        .map(|at| format!("[track.t{at}]\nowns = [\"src/{at}\"]\n"))
        .collect();
    let many = project(&many, &[]);
    let ran = many.tracks(&["brief", "t0"]);
    for line in [
        "- what one of 9 other tracks owns is refused (OWN01): `tracks who PATH` tells whose\n",
        "- next to yours: t1 `src/1`; t2 `src/2`;",
        "; t8 `src/8`; and of 1 more tracks\n",
    ] {
        assert!(ran.stdout.contains(line), "{}", ran.shown());
    }
}

#[test]
fn it_is_about_the_track_of_this_worktree() {
    let world = three();
    let refused = world.tracks(&["brief"]);
    assert_snapshot!(refused.shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: this is no track's worktree
    hint: name one: `tracks brief TRACK` (a, b, c)
    ");
    let unknown = world.tracks(&["brief", "aa"]);
    assert_eq!(unknown.status, 2, "{}", unknown.shown());
    assert!(
        unknown.stderr.contains("did you mean `a`?"),
        "{}",
        unknown.stderr
    );
    world.git(&["worktree", "add", "--quiet", "../w/b", "track/b"]);
    let (status, answer) = ask_in(&world, &world.root().join("w/b"), &["brief"]);
    assert_eq!((status, &answer["track"]), (0, &json!("b")));
    assert!(answer["worktree"].as_str().unwrap().ends_with("/w/b"));
}
