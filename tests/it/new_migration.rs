//! `tracks new migration`: the next valid file, for one who asks and for many at once.

use std::collections::BTreeSet;

use serde_json::json;

use crate::project::{ask, ask_in, project, start, texts, work};
use crate::world::World;

fn convention() -> World {
    let world = project(
        "[track.core]\ncode = 'trackA'\n[track.billing]\ncode = 'trackB'\n\
         [migrations]\npaths = 'db/migrations/*.sql'\nname = '{date}_{track}_{slug}.sql'\npreset = 'sqlx'\n",
        &[(
            "db/migrations/20240901_trackA_begin.sql",
            "create table begin_ (id int);\n",
        )],
    );
    world.tracks(&["init"]);
    world
}

#[test]
fn the_next_file_is_made_in_the_worktree() {
    let world = convention();
    let at = world.repo().join("worktrees/core");
    let ran = world.tracks_in(&at, &["new", "migration", "Add agent registry"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(
        ran.stdout,
        "db/migrations/20261127_trackA_add_agent_registry.sql\n"
    );
    let text = world.read("worktrees/core/db/migrations/20261127_trackA_add_agent_registry.sql");
    assert_eq!(text, "-- Add agent registry\n");
    // For the runner that day is taken, though nothing is committed.
    let (status, answer) = ask(&world, &["new", "migration", "bills", "--track", "billing"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        texts(&answer["files"], "path"),
        ["db/migrations/20261128_trackB_bills.sql"]
    );
    assert_eq!(
        (&answer["preset"], &answer["created"]),
        (&json!("sqlx"), &json!(true))
    );
    for track in ["core", "billing"] {
        let (status, answer) = ask(&world, &["validate", track]);
        assert_eq!(status, 0, "{answer:#}");
    }
}

#[test]
fn a_dry_run_leaves_no_trace() {
    let world = convention();
    for _ in 0..2 {
        let (status, answer) = ask(
            &world,
            &["new", "migration", "x", "--track", "core", "--dry-run"],
        );
        assert_eq!(status, 0);
        assert_eq!(
            texts(&answer["files"], "path"),
            ["db/migrations/20261127_trackA_x.sql"]
        );
        assert_eq!(
            (&answer["created"], &answer["worktree"]),
            (&json!(false), &json!(null))
        );
    }
    assert_eq!(
        world.git_in(
            &world.repo().join("worktrees/core"),
            &["status", "--porcelain"]
        ),
        ""
    );
}

#[test]
fn what_has_the_name_already_stays() {
    let world = convention();
    world.write("worktrees/core/.gitignore", "*_x.sql\n");
    world.write(
        "worktrees/core/db/migrations/20261127_trackA_x.sql",
        "mine\n",
    );
    let (status, answer) = ask(&world, &["new", "migration", "x", "--track", "core"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        texts(&answer["files"], "path"),
        ["db/migrations/20261128_trackA_x.sql"]
    );
    assert_eq!(
        world.read("worktrees/core/db/migrations/20261127_trackA_x.sql"),
        "mine\n"
    );
}

#[test]
fn many_at_once_never_get_the_same() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[migrations]\npaths = 'm/*.sql'\nname = '{serial:4}_{slug}.sql'\npreset = 'goose'\n",
        &[("m/0001_begin.sql", "select 1;\n")],
    );
    world.tracks(&["init"]);
    let children: Vec<_> = (0..12)
        .map(|number| {
            let (track, title) = (["a", "b", "c"][number % 3], format!("number {number}"));
            start(&world, &["new", "migration", &title, "--track", track])
        })
        .collect();
    let mut versions = BTreeSet::new();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let path = String::from_utf8(output.stdout).expect("text");
        let version: u32 = path["m/".len()..][..4].parse().expect("four digits");
        assert!(versions.insert(version), "twice: {path}");
    }
    assert_eq!(versions, (2..14).collect());
}

#[test]
fn both_ways_and_python() {
    let world = project(
        "[track.core]\n[migrations]\npaths = 'm/*'\npreset = 'golang-migrate'\nname = '{serial:6}_{slug}.sql'\n",
        &[
            ("m/000001_a.up.sql", "select 1;\n"),
            ("m/000001_a.down.sql", "select 1;\n"),
        ],
    );
    world.tracks(&["init"]);
    let (_, answer) = ask(&world, &["new", "migration", "users", "--track", "core"]);
    assert_eq!(
        texts(&answer["files"], "path"),
        ["m/000002_users.down.sql", "m/000002_users.up.sql"]
    );

    let world = project(
        "[track.core]\n[track.next]\ndepends_on = 'core'\n[migrations]\npaths = 'shop/migrations/*.py'\npreset = 'django'\n",
        &[
            ("shop/migrations/__init__.py", ""),
            (
                "shop/migrations/0001_initial.py",
                "class Migration:\n    dependencies = []\n",
            ),
        ],
    );
    world.tracks(&["init"]);
    work(
        &world,
        "core",
        &[(
            "shop/migrations/0002_users.py",
            "class Migration:\n    dependencies = [('shop', '0001_initial')]\n",
        )],
    );
    let at = world.repo().join("worktrees/next");
    let (status, answer) = ask_in(&world, &at, &["new", "migration", "Bills"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        texts(&answer["files"], "path"),
        ["shop/migrations/0003_bills.py"]
    );
    let text = world.read("worktrees/next/shop/migrations/0003_bills.py");
    assert!(text.contains("(\"shop\", \"0002_users\"),"), "{text}");
    let (status, answer) = ask(&world, &["validate", "next"]);
    assert_eq!(status, 0, "{answer:#}");
}

#[test]
fn what_cannot_be_made_is_said() {
    let world = project("[track.core]\n", &[("f", "1\n")]);
    let ran = world.tracks(&["new", "migration", "x"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("tracks.toml has no [migrations]"),
        "{}",
        ran.shown()
    );

    let world = convention();
    for (arguments, said) in [
        (&["x"][..], "which track is it for?"),
        (&["x", "--track", "nobody"], "there is no track `nobody`"),
        (&["…", "--track", "core"], "has no letter or digit"),
        (
            &["x", "--track", "core", "--in", "../out"],
            "names no directory",
        ),
        (
            &["x", "--track", "core", "--in", "elsewhere"],
            "no pattern of `[migrations] paths` takes it",
        ),
    ] {
        let ran = world.tracks(&[&["new", "migration"], arguments].concat());
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(said), "{}", ran.shown());
        assert_eq!(ran.stdout, "");
    }
}
