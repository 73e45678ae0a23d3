//! `tracks land`: base goes to the green integration commit, with the worktree that has it checked out, or not at all.

use std::fs;

use serde_json::{Value, json};

use crate::project::{
    Gate, ask, ask_in, document, find, finish, project, refs, start, texts, wait_for_file, work,
};
use crate::world::World;

/// Two tracks that fit. `ROOT` is the directory of the world.
fn two(config: &str) -> World {
    let world = project(
        &format!("[track.a]\n[track.b]\n{config}"),
        &[("x", "1\n"), (".gitignore", "*.log\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    world
}

fn tip(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", "--verify", revision])
}

#[track_caller]
fn assert_clean(world: &World) {
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    for name in ["index.lock", "tracks-index", "tracks-index.lock"] {
        assert!(!world.repo().join(".git").join(name).exists(), "{name}");
    }
}

#[test]
fn what_is_green_lands_and_shows_as_landed() {
    let world = two("");
    world.tracks(&["sync", "--yes"]);
    let (_, status) = ask(&world, &["status"]);
    let next = status["next"].to_string();
    assert!(next.contains("tracks land"), "{next}");
    let integration = tip(&world, "integration");
    let ran = world.tracks(&["land", "--yes"]);
    insta::assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    main moved [ID] → [ID]
      landed  a  [ID]
      landed  b  [ID]
    --- stderr
    ");
    assert_eq!(tip(&world, "main"), integration);
    assert_clean(&world);
    assert_eq!(world.read("a"), "1\n");

    let (_, status) = ask(&world, &["status"]);
    for track in ["a", "b"] {
        assert_eq!(find(&status["tracks"], "track", track)["state"], "landed");
    }
    assert!(!status["next"].to_string().contains("tracks land"));
    let (_, log) = ask(&world, &["log"]);
    let last = log["operations"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["command"], "land");
    assert_eq!(last["did"], json!(["landed a", "landed b"]));
    assert_eq!(
        texts(&last["refs"], "name"),
        ["refs/heads/main"],
        "what it was at is still in its history"
    );

    let before = refs(&world);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["refused"]), (0, &json!("landed")));
    assert_eq!(answer["synced"], json!(null), "there is nothing to sync");
    assert_eq!(refs(&world), before);
}

#[test]
fn there_is_a_round_first_where_something_has_moved() {
    let world = two("");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(answer["stale"], "there was no round yet");
    assert_eq!(texts(&answer["synced"]["merged"], "track"), ["a", "b"]);
    assert_eq!(answer["round"], 1);
    assert_eq!(tip(&world, "main"), tip(&world, "integration"));
    assert_clean(&world);

    type Move = fn(&World);
    let moves: [(Move, &str); 4] = [
        (
            |world| work(world, "a", &[("a", "2\n")]),
            "a has moved since the last round",
        ),
        (
            |world| {
                work(world, "a", &[("a", "3\n")]);
                ask(world, &["sync", "--yes"]);
                world.commit("main", &[("y", "1\n")], "On base");
            },
            "base has moved since the last round",
        ),
        (
            |world| {
                work(world, "a", &[("a", "4\n")]);
                ask(world, &["sync", "--yes"]);
                world.git(&["update-ref", "refs/heads/integration", "main"]);
            },
            "the integration branch is not where the last round put it",
        ),
        (
            |world| {
                work(world, "a", &[("a", "5\n")]);
                work(world, "b", &[("b", "5\n")]);
                ask(world, &["sync", "--yes"]);
                work(world, "a", &[("a", "6\n")]);
                work(world, "b", &[("b", "6\n")]);
            },
            "a, b have moved since the last round",
        ),
    ];
    for (go, why) in moves {
        go(&world);
        let before = refs(&world);
        let (status, answer) = ask(&world, &["land", "--no-sync", "--yes"]);
        assert_eq!((status, &answer["refused"]), (3, &json!("stale")), "{why}");
        assert_eq!(refs(&world), before);
        let (status, answer) = ask(&world, &["land", "--yes"]);
        assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
        assert_eq!(answer["stale"], why);
        assert_eq!(tip(&world, "main"), tip(&world, "integration"));
        assert_clean(&world);
    }
    assert_eq!(
        (world.read("a"), world.read("y")),
        ("6\n".into(), "1\n".into())
    );
}

#[test]
fn a_round_that_makes_nothing_lands_nothing() {
    let cases = [
        ("[check.unit]\nrun = 'false'\n", 1, "round"),
        ("[integration]\nquorum = 3\n", 1, "round"),
        (
            "[check.unit]\nrun = 'true'\nwhen = ['integration']\n",
            3,
            "round",
        ),
    ];
    for (config, expected, refused) in cases {
        let world = two(config);
        let before = tip(&world, "main");
        let yes: &[&str] = match expected {
            3 => &["land"],
            _ => &["land", "--yes"],
        };
        let (status, answer) = ask(&world, yes);
        assert_eq!(
            (status, &answer["refused"]),
            (expected, &json!(refused)),
            "{answer:#}"
        );
        assert_eq!(tip(&world, "main"), before);
        assert_clean(&world);
    }
}

#[test]
fn what_the_round_leaves_out_does_not_land_and_is_told() {
    let world = two("");
    work(&world, "b", &[("a", "other\n")]);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["tracks"], "track"), ["a"]);
    let (_, shown) = ask(&world, &["status"]);
    assert_eq!(find(&shown["tracks"], "track", "a")["state"], "landed");
    assert_eq!(find(&shown["tracks"], "track", "b")["state"], "in-progress");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(
        (status, &answer["refused"]),
        (0, &json!("landed")),
        "{answer:#}"
    );
}

#[test]
fn checks_for_landings_have_the_last_word() {
    let world = two(
        "[check.slow]\nrun = 'test -e ROOT/good'\nwhen = ['land']\n[check.fast]\nrun = 'true'\n",
    );
    let config = world
        .read("tracks.toml")
        .replace("ROOT", &world.root().to_string_lossy());
    world.commit("main", &[("tracks.toml", &config)], "The place");
    let before = tip(&world, "main");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(
        (status, &answer["refused"]),
        (1, &json!("red")),
        "{answer:#}"
    );
    assert_eq!(answer["synced"]["green"], true);
    assert_eq!(texts(&answer["synced"]["checks"], "check"), ["fast"]);
    assert_eq!(texts(&answer["checks"], "check"), ["slow"]);
    assert_eq!(tip(&world, "main"), before);

    let (status, answer) = ask(&world, &["land"]);
    assert_eq!(
        (status, &answer["refused"]),
        (3, &json!("undetermined")),
        "not approved"
    );
    assert_eq!(tip(&world, "main"), before);

    world.write_at("good", "");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(
        answer["synced"],
        json!(null),
        "the round is as good as it was"
    );
}

#[test]
fn a_worktree_with_work_in_it_is_not_touched() {
    type Make = fn(&World);
    let cases: [(&str, Make, &[&str]); 5] = [
        (
            "edited",
            |world| world.write("x", "mine\n"),
            &["uncommitted changes in x", "stash"],
        ),
        (
            "staged",
            |world| {
                world.write("mine", "mine\n");
                world.git(&["add", "mine"]);
            },
            &["uncommitted changes in mine"],
        ),
        (
            "untracked",
            |world| world.write("a", "mine\n"),
            &["a would be overwritten", "move them away"],
        ),
        (
            "ignored",
            |world| world.write("new/out.log", "mine\n"),
            &["new/out.log would be overwritten"],
        ),
        (
            "several",
            |world| {
                for path in ["a", "b", "new/out.log"] {
                    world.write(path, "mine\n");
                }
            },
            &["\n  a\n  b\n  new/out.log\n"],
        ),
    ];
    for (what, make, expected) in cases {
        let world = two("[check.unit]\nrun = 'touch ROOT/ran'\nwhen = ['land']\n");
        let path = world.root().display().to_string();
        let config = world.read("tracks.toml").replace("ROOT", &path);
        world.commit("main", &[("tracks.toml", &config)], "The place");
        world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
        world.write_at("a/new/out.log", "theirs\n");
        let a = world.root().join("a");
        world.git_in(&a, &["add", "--force", "new/out.log"]);
        world.git_in(&a, &["commit", "--quiet", "-m", "A log"]);
        let (status, _) = ask(&world, &["sync", "--yes"]);
        assert_eq!(status, 0);
        make(&world);
        let (before, shown) = (
            refs(&world),
            world.git(&["status", "--porcelain", "--ignored"]),
        );
        for arguments in [&["land", "--yes"] as &[&str], &["land", "--dry-run"]] {
            let ran = world.tracks(arguments);
            assert_eq!(ran.status, 3, "{what}: {}", ran.shown());
            for text in expected {
                assert!(ran.stderr.contains(text), "{what}: {}", ran.shown());
            }
        }
        assert_eq!(refs(&world), before, "{what}");
        assert_eq!(
            world.git(&["status", "--porcelain", "--ignored"]),
            shown,
            "{what}"
        );
        assert!(
            !world.root().join("ran").exists(),
            "{what}: told before anything runs"
        );
        assert!(!world.repo().join(".git/index.lock").exists());
    }
}

#[test]
fn work_that_is_in_nobodys_way_stays_where_it_is() {
    let world = two("");
    world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
    world.write_at("a/a", "uncommitted\n");
    world.write("notes", "mine\n");
    world.write("out.log", "mine\n");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(
        world.git(&["status", "--porcelain", "--ignored"]),
        "?? notes\n!! out.log"
    );
    let dirty = world.git_in(&world.root().join("a"), &["status", "--porcelain"]);
    assert_eq!(dirty, " M a");
}

#[test]
fn base_may_be_checked_out_elsewhere_or_nowhere() {
    let world = two("");
    world.git(&["switch", "--quiet", "--create", "other"]);
    world.git(&["worktree", "add", "--quiet", "../there", "main"]);
    let there = world.root().join("there");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(world.git_in(&there, &["status", "--porcelain"]), "");
    assert_eq!(fs::read_to_string(there.join("b")).unwrap(), "1\n");
    assert!(!world.repo().join("b").exists());

    fs::remove_dir_all(&there).unwrap();
    work(&world, "a", &[("a", "2\n")]);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");

    let bare = world.root().join("bare.git");
    world.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    world.git_in(&bare, &["branch", "-D", "integration"]);
    work(&world, "b", &[("b", "2\n")]);
    world.git_in(&bare, &["fetch", "--quiet", "origin", "track/b:track/b"]);
    let (status, answer) = ask_in(&world, &bare, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(world.git_in(&bare, &["show", "main:b"]), "2");
}

#[test]
fn a_worktree_that_is_away_is_not_left_behind() {
    let world = two("");
    world.git(&["switch", "--quiet", "--create", "other"]);
    world.git(&["worktree", "add", "--quiet", "../stick", "main"]);
    world.git(&["worktree", "lock", "../stick"]);
    fs::rename(world.root().join("stick"), world.root().join("pocket")).unwrap();
    let before = tip(&world, "main");
    let ran = world.tracks(&["land", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("main is checked out in"),
        "{}",
        ran.stderr
    );
    assert_eq!(tip(&world, "main"), before);
}

#[test]
fn base_that_moves_while_checks_run_is_left_to_whoever_moved_it() {
    let world = two("");
    let script = format!(
        "cd {} && test -e ../once || {{ touch ../once && git -c user.name=T -c user.email=t@example.com commit --quiet --allow-empty -m Theirs; }}",
        world.repo().display()
    );
    let config =
        format!("[track.a]\n[track.b]\n[check.unit]\nrun = '''{script}'''\nwhen = ['land']\n");
    world.commit("main", &[("tracks.toml", &config)], "A check");
    let ran = world.tracks(&["land", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("refs/heads/main moved meanwhile"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.git(&["log", "-1", "--format=%s", "main"]), "Theirs");
    assert_clean(&world);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(answer["stale"], "base has moved since the last round");
    assert_clean(&world);
}

#[test]
fn two_landings_at_once() {
    let world = two("");
    let here = world.root().display().to_string();
    let config = format!(
        "[track.a]\n[track.b]\n[check.unit]\nrun = '''echo >{here}/here; read go <{here}/gate'''\nwhen = ['land']\n"
    );
    world.commit("main", &[("tracks.toml", &config)], "A check");
    let gate = Gate::new(&world, "gate");
    let first = start(&world, &["land", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    for verb in ["land", "sync", "rollback"] {
        let arguments: &[&str] = match verb {
            "rollback" => &["rollback"],
            verb => &[verb, "--yes"],
        };
        let second = world.tracks(arguments);
        assert_eq!(second.status, 3, "{}", second.shown());
        assert!(
            second
                .stderr
                .contains("another round is running: tracks land, process"),
            "{}",
            second.stderr
        );
    }
    assert_eq!(world.tracks(&["land", "--dry-run"]).status, 0);
    gate.open();
    let first = finish(&world, first);
    assert_eq!(
        (first.status, &document(&first)["moved"]),
        (0, &json!(true))
    );
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = two("[check.unit]\nrun = 'false'\n");
    let before = refs(&world);
    let (status, answer) = ask(&world, &["land", "--dry-run"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(false)), "{answer:#}");
    assert_eq!(texts(&answer["tracks"], "track"), ["a", "b"]);
    assert_eq!(refs(&world), before);
    let ran = world.tracks(&["land", "--dry-run"]);
    assert!(ran.stdout.contains("main would move"), "{}", ran.shown());
}

#[test]
fn what_runs_afterwards_offers_or_makes_the_way_back() {
    let after = |rollback: &str| {
        format!(
            "[land]\nafter = ['test -e a && echo >>ROOT/tried', 'test -e ROOT/good', 'touch ROOT/third']\n{rollback}"
        )
    };
    let made = |config: &str| {
        let world = project(&format!("[track.a]\n{config}"), &[]);
        let config = world.read("tracks.toml");
        let config = config.replace("/repo/", "/");
        world.commit("main", &[("tracks.toml", &config)], "The place");
        work(&world, "a", &[("a", "1\n")]);
        world
    };
    let world = made(&after(""));
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    let outcomes = texts(&answer["after"], "outcome");
    assert_eq!(outcomes, ["passed", "failed", "skipped"]);
    assert_eq!(answer["rollback"], json!(null));
    assert_eq!(
        tip(&world, "main"),
        tip(&world, "integration"),
        "it is offered only"
    );
    assert!(world.read("../tried").ends_with('\n'));
    assert!(!world.root().join("third").exists());

    let world = made(&after(""));
    let ran = world.tracks(&["land", "--yes"]);
    assert!(
        ran.stdout.contains("next: tracks rollback 20"),
        "{}",
        ran.shown()
    );

    let world = made(&after(""));
    let (status, answer) = ask(&world, &["land"]);
    assert_eq!(
        (status, &answer["moved"]),
        (3, &json!(false)),
        "not approved: {answer:#}"
    );
    let why = answer["undetermined"].to_string();
    assert!(
        why.contains("[land] after is not approved; `tracks trust`"),
        "{why}"
    );
    assert!(!world.root().join("tried").exists());

    let world = made(&after(""));
    world.write_at("good", "");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(
        (status, &answer["undetermined"]),
        (0, &json!([])),
        "{answer:#}"
    );
    assert!(world.root().join("third").exists());

    let world = made(&after("rollback = 'auto'\n"));
    let before = tip(&world, "main");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(answer["rollback"]["moved"], true);
    assert_eq!(
        tip(&world, "main^{tree}"),
        tip(&world, &format!("{before}^{{tree}}"))
    );
    assert_eq!(tip(&world, "main^"), answer["base"]["after"]);
    assert_clean(&world);
    let listed: Value = ask(&world, &["trust"]).1;
    assert!(listed.to_string().contains("[land] after"), "{listed}");
}

#[test]
fn who_wants_to_know_is_told_of_what_stands() {
    let told = "cat >ROOT/told";
    for (after, expected) in [("true", true), ("false", false)] {
        let world = two("");
        let config = format!(
            "[track.a]\n[track.b]\n[land]\nafter = '{after}'\nrollback = 'auto'\n[track.b.notify]\non_land = '{}'\n",
            told.replace("ROOT", &world.root().to_string_lossy())
        );
        world.commit("main", &[("tracks.toml", &config)], "Tell");
        ask(&world, &["land", "--yes"]);
        let read = fs::read_to_string(world.root().join("told")).ok();
        assert_eq!(read.is_some(), expected, "{read:?}");
        if let Some(read) = read {
            let facts: Value = serde_json::from_str(&read).unwrap();
            assert_eq!(facts["tracks"], json!(["a", "b"]));
            assert_eq!(facts["base"]["after"], tip(&world, "main"));
        }
    }
}

#[test]
fn what_goes_wrong_afterwards_is_told_and_gone_on_with() {
    let world = two("");
    let root = world.root().to_string_lossy().into_owned();
    let config = format!(
        "[track.a]\n[track.b]\n[land]\nafter = 'echo ran >>{root}/ran'\n[notify]\non_land = 'cat >>{root}/told'\n"
    );
    world.commit("main", &[("tracks.toml", &config)], "After");
    ask(&world, &["sync", "--yes"]);
    let place = world.repo().join("worktrees/.integration");
    if place.exists() {
        world.git(&["worktree", "remove", "--force", &place.to_string_lossy()]);
    }
    world.write("worktrees/.integration/mine", "mine\n");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(true)), "{answer:#}");
    let why = answer["undetermined"].to_string();
    assert!(why.contains("the next `tracks land` goes on"), "{why}");
    assert_eq!(tip(&world, "main"), answer["base"]["after"]);
    let told = |world: &World| fs::read_to_string(world.root().join("told")).unwrap_or_default();
    let once = told(&world);
    assert!(!once.is_empty(), "it stands");

    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(
        (status, &answer["refused"]),
        (3, &json!("earlier")),
        "{answer:#}"
    );

    fs::remove_dir_all(&place).unwrap();
    let ran = || fs::read_to_string(world.root().join("ran")).unwrap_or_default();
    assert_eq!(ran(), "");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(
        (status, &answer["refused"]),
        (0, &json!("landed")),
        "{answer:#}"
    );
    assert_eq!(texts(&answer["earlier"]["after"], "outcome"), ["passed"]);
    assert_eq!(ran(), "ran\n");
    assert_eq!(told(&world), once, "news once");
    let (_, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(answer["earlier"], json!(null));
    assert_eq!(ran(), "ran\n");
}

#[test]
fn a_way_back_that_is_blocked_is_told() {
    let world = two("");
    let config = "[track.a]\n[track.b]\n[land]\nafter = 'echo x >>\"$TRACKS_MAIN_WORKTREE/a\"; false'\nrollback = 'auto'\n";
    world.commit("main", &[("tracks.toml", config)], "After");
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    let why = answer["undetermined"].to_string();
    assert!(why.contains("could not be taken back"), "{why}");
    assert_eq!(texts(&answer["after"], "outcome"), ["failed"]);
    let ran = world.tracks(&["land", "--yes"]);
    assert!(ran.stdout.contains("nothing to land"), "{}", ran.shown());
}
