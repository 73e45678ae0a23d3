//! `tracks mark`: what people declare of tracks, and where it shows.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, find, project, texts, work};
use crate::world::{FRIDAY_NOON, World};

fn three() -> World {
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("x", "1\n")]);
    world.tracks(&["init"]);
    for track in ["a", "b"] {
        work(&world, track, &[(track, "1\n")]);
    }
    world
}

#[test]
fn declaring_and_listing() {
    let world = three();
    let ran = world.tracks(&["mark", "a", "ready", "--because", "the tests pass"]);
    assert_snapshot!(ran.shown(), @"
    exit: 0
    --- stdout
    a is marked ready, and was in-progress
    --- stderr
    ");
    world.set_now(FRIDAY_NOON + 7200);
    let at = world.repo().join("worktrees/b");
    let ran = world.tracks_in(&at, &["mark", "draft"]);
    assert_eq!(ran.stdout, "b is marked draft, and was in-progress\n");
    assert_snapshot!(world.tracks(&["mark"]).stdout, @"
    TRACK  STATE        SINCE        BY   BECAUSE
    a      ready        2 hours ago  Ada  the tests pass
    b      draft        just now     Ada
    c      in-progress
    ");
    let (status, answer) = ask(&world, &["mark"]);
    assert_eq!((status, &answer["schema"]), (0, &json!("tracks/mark/v1")));
    assert_eq!(
        answer["tracks"][0],
        json!({
            "track": "a", "state": "ready",
            "declared": {
                "state": "ready", "time": "2026-11-27T12:00:00Z", "by": "Ada", "because": "the tests pass", "commit": null,
            },
        })
    );
    assert_eq!(answer["tracks"][2]["declared"], json!(null));

    let (_, answer) = ask(&world, &["mark", "a", "done"]);
    assert_eq!(
        answer["marked"],
        json!({ "before": "ready", "state": "done" })
    );
    assert_eq!(texts(&answer["tracks"], "track"), ["a"]);
}

#[test]
fn it_shows_in_status() {
    let world = three();
    world.tracks(&["mark", "a", "ready"]);
    world.tracks(&["mark", "b", "dropped"]);
    let (_, answer) = ask(&world, &["status"]);
    let state = |track: &str| find(&answer["tracks"], "track", track)["state"].clone();
    assert_eq!(
        [state("a"), state("b"), state("c")],
        [json!("ready"), json!("dropped"), json!("in-progress")]
    );
    let b = find(&answer["tracks"], "track", "b");
    assert_eq!(b["readiness"], "blocked");
    assert_eq!(
        b["missing"][0],
        "dropped; `tracks mark b in-progress` takes it up again"
    );
    assert_snapshot!(world.tracks(&["status"]).stdout, @"
    base main b741889367   integration (no round yet)

    TRACK  BASE  WORK   STATE    READINESS  LAST COMMIT
    a      +1    clean  ready    ready      4 days ago  Work of a
    b      +1    clean  dropped  blocked    4 days ago  Work of b
    c      +0    clean           empty

    next:
      tracks sync  bring together what fits
    ");

    // That it has landed is observed, and wins.
    world.merge("main", "track/a", "Land a");
    let (_, answer) = ask(&world, &["status"]);
    assert_eq!(find(&answer["tracks"], "track", "a")["state"], "landed");
    let ran = world.tracks(&["mark", "a", "draft"]);
    assert_eq!(
        ran.stdout,
        "a is marked draft, and was ready\nnote: it has landed, which counts\n"
    );
}

#[test]
fn the_newest_of_trailers_and_marks_counts() {
    let world = three();
    let declared = || {
        let (_, answer) = ask(&world, &["mark"]);
        let a = find(&answer["tracks"], "track", "a").clone();
        (a["state"].clone(), a["declared"]["commit"].clone())
    };
    world.commit("track/a", &[("a", "2\n")], "Two\n\nTracks-State: ready");
    let tip = world.git(&["rev-parse", "track/a"]);
    assert_eq!(declared(), (json!("ready"), json!(tip)));
    world.tracks(&["mark", "a", "dropped"]);
    assert_eq!(declared(), (json!("dropped"), json!(null)), "made later");
    // A rebase makes no old declaration new.
    let at = world.repo().join("worktrees/a");
    world.commit("main", &[("y", "1\n")], "Go on");
    world.git_in(&at, &["-c", "user.name=Ada", "rebase", "--quiet", "main"]);
    assert_eq!(declared().0, "dropped");

    world.set_now(1_700_000_000);
    let ran = world.tracks(&["mark", "a", "draft"]);
    assert!(
        ran.stdout.contains("is newer and declares it"),
        "{}",
        ran.shown()
    );
}

#[test]
fn what_is_wrong_is_said() {
    let world = three();
    for (arguments, expected) in [
        (
            &["a", "redy"][..],
            "`redy` is not a state\nhint: did you mean `ready`?",
        ),
        (
            &["aa", "ready"],
            "there is no track `aa`\nhint: did you mean `a`?",
        ),
        (
            &["a"],
            "what is a to be marked as?\nhint: the states are: draft, in-progress, ready, done, dropped",
        ),
        (
            &["ready"],
            "which track?\nhint: name it: `tracks mark TRACK STATE` (a, b, c)",
        ),
        (&["a", "landed"], "`landed` is not a state"),
    ] {
        let ran = world.tracks(&[&["mark"], arguments].concat());
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    let (_, answer) = ask(&world, &["mark"]);
    assert_eq!(texts(&answer["tracks"], "state"), ["in-progress"; 3]);
}
