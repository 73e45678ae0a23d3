//! Who is admitted to a round by what is declared of the tracks.

use serde_json::json;

use crate::project::{ask, find, project, texts, work};
use crate::world::{FRIDAY_NOON, MONDAY_MORNING, World};

const THREE: &str = "[track.a]\n[track.b]\n[track.c]\ndepends_on = ['a']\n";

/// One commit each on tracks a, b and c, with these states as trailers (empty: none).
fn declared(config: &str, states: [&str; 3]) -> World {
    let world = project(config, &[("x", "1\n")]);
    for (track, state) in ["a", "b", "c"].into_iter().zip(states) {
        world.git(&["branch", "--no-track", &format!("track/{track}"), "main"]);
        let message = match state {
            "" => "Work".to_owned(),
            state => format!("Work\n\nTracks-State: {state}"),
        };
        world.commit(&format!("track/{track}"), &[(track, "1\n")], &message);
    }
    world
}

#[test]
fn dropped_tracks_stay_out_and_do_not_count() {
    let config = format!("[integration]\nquorum = 1.0\n{THREE}");
    let world = declared(&config, ["", "dropped", "draft"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "c"]);
    let ejected = find(&answer["ejected"], "track", "b");
    assert_eq!(ejected["why"], "not-admitted");
    assert_eq!(
        ejected["reason"],
        "dropped; `tracks mark b in-progress` takes it up again"
    );
    assert_eq!(answer["quorum"]["needed"], 2);

    // A newer commit declares something else.
    world.commit(
        "track/b",
        &[("b", "2\n")],
        "Go on\n\nTracks-State: in-progress",
    );
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0);
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b", "c"]);
}

#[test]
fn only_what_is_ready() {
    let config = format!("[integration]\nadmit = 'ready'\nquorum = 2\n{THREE}");
    let world = declared(&config, ["", "ready", "done"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["b"]);
    let why = |track: &str| find(&answer["ejected"], "track", track)["why"].clone();
    assert_eq!(
        (why("a"), why("c")),
        (json!("not-admitted"), json!("dependency"))
    );
    assert_eq!(
        find(&answer["ejected"], "track", "a")["reason"],
        "in-progress, and only tracks marked ready are wanted; `tracks mark a ready`"
    );

    world.commit("track/a", &[("a", "2\n")], "End\n\nTracks-State: done");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b", "c"]);
}

#[test]
fn what_a_track_is_built_on_declares_nothing_of_it() {
    let config = format!("[integration]\nadmit = 'ready'\n{THREE}");
    let world = declared(&config, ["ready", "", ""]);
    world.git(&["branch", "--force", "track/c", "track/a"]);
    work(&world, "c", &[("c", "1\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
}

const DAY: u64 = 24 * 60 * 60;

#[test]
fn what_is_not_integrated_for_too_long_is_told() {
    let config = "[integration]\nmax_age = '5d'\n[track.a]\n[track.b]\n[track.c]\n";
    let world = project(config, &[("x", "1\n")]);
    for track in ["a", "b", "c"] {
        work(&world, track, &[("x", &format!("{track}\n"))]);
    }
    world.tracks(&["mark", "c", "dropped"]);
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert_eq!(answer["overdue"], json!([]), "b has waited for four days");

    world.set_now(MONDAY_MORNING + 6 * DAY);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "for the conflict");
    assert_eq!(texts(&answer["overdue"], "track"), ["b"]);
    assert_eq!(answer["overdue"][0]["max_age_seconds"], 5 * DAY);
    let note = "b is not integrated for 5 days (max_age 5d)";
    let ran = world.tracks(&["sync"]);
    assert!(
        ran.stdout.contains(&format!("note: {note}\n")),
        "{}",
        ran.stdout
    );
    let (status, answer) = ask(&world, &["status"]);
    assert_eq!(status, 0);
    let notes = &find(&answer["tracks"], "track", "b")["notes"];
    assert_eq!(
        notes[1], "not integrated for 5 days (max_age 5d)",
        "{notes}"
    );

    // What was integrated is too old only where there is more by now.
    work(&world, "a", &[("a", "1\n")]);
    let (_, answer) = ask(&world, &["sync", "--only", "b", "--dry-run"]);
    assert_eq!(texts(&answer["overdue"], "track"), ["a", "b"]);
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["overdue"], "track"), ["b"]);
}

#[test]
fn an_old_round_is_what_to_do_next() {
    let world = project("[integration]\nevery = '1d'\n[track.a]\n", &[("x", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    ask(&world, &["sync"]);
    let next = || ask(&world, &["status"]).1["next"].clone();
    assert!(!next().to_string().contains("tracks sync"), "{}", next());
    world.set_now(FRIDAY_NOON + DAY);
    let said = next().to_string();
    assert!(
        said.contains("the last round was 1 day ago: tracks sync"),
        "{said}"
    );
}
