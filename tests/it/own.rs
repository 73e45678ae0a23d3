//! Handing paths over, and CODEOWNERS in and out.

use serde_json::json;

use crate::project::{ask, project, texts};

const CONFIG: &str =
    "# ours\n[track.a] # first\nowns = [\"src/**\", \"docs\"]   # all of it\n\n[track.b]\n";

#[test]
fn a_path_goes_from_one_track_to_another() {
    let world = project(CONFIG, &[("src/x/f", "1\n"), ("docs/d", "1\n")]);
    let refused = world.tracks(&["own", "docs", "--track", "b"]);
    assert_eq!(refused.status, 2, "{}", refused.shown());
    assert!(refused.stderr.contains("--from a"), "{}", refused.stderr);
    let dry = world.tracks(&["own", "docs", "--track", "b", "--from", "a", "--dry-run"]);
    assert!(
        dry.stdout.contains("nothing was written"),
        "{}",
        dry.shown()
    );
    assert_eq!(world.read("tracks.toml"), CONFIG);
    let (status, answer) = ask(
        &world,
        &["own", "docs", "src/x", "--track", "b", "--from", "a"],
    );
    assert_eq!(
        (status, &answer["written"]),
        (0, &json!(true)),
        "{answer:#}"
    );
    assert_eq!(
        texts(&answer["changes"], "action"),
        ["remove", "add", "share"]
    );
    assert_eq!(
        world.read("tracks.toml"),
        "# ours\n[track.a] # first\nowns = [\"src/**\"]   # all of it\n\n[track.b]\nowns = [\"docs\"]\n\n\
         [shared.\"src/x\"]\nowner = \"b\"\npolicy = \"owner-approves\"\n"
    );
    let (_, again) = ask(&world, &["own", "docs", "src/x", "--track", "b"]);
    assert_eq!(
        (&again["written"], &again["changes"]),
        (&json!(false), &json!([]))
    );
    for nonsense in [
        ["own", "docs", "--track", "c"],
        ["own", "../x", "--track", "b"],
        ["own", "a[", "--track", "b"],
    ] {
        let ran = world.tracks(&nonsense);
        assert_eq!(ran.status, 2, "{}", ran.shown());
    }
}

#[test]
fn codeowners_is_written_and_checked() {
    let config = "[track.a]\ncontact = \"@org/a\"\nowns = [\"src\"]\n[ownership]\ncodeowners = \"CODEOWNERS\"\n";
    let world = project(config, &[("src/x", "1\n")]);
    crate::project::work(&world, "a", &[("src/x", "2\n")]);
    let stale = |world: &crate::world::World| {
        let (_, answer) = ask(world, &["validate", "a", "--no-checks"]);
        texts(&answer["findings"], "code")
    };
    assert_eq!(stale(&world), ["OWN08"]);
    let (status, answer) = ask(&world, &["own", "--codeowners"]);
    assert_eq!((status, &answer["written"]), (0, &json!(true)));
    assert!(world.read("CODEOWNERS").ends_with("\n/src @org/a\n"));
    world.git(&["add", "CODEOWNERS"]);
    world.git(&["commit", "--quiet", "-m", "Owners"]);
    assert_eq!(stale(&world), [""; 0]);
}

#[test]
fn init_brings_an_existing_codeowners_along() {
    let world = crate::world::World::new();
    world.commit(
        "main",
        &[(".github/CODEOWNERS", "/src/ui/ @org/ui\n")],
        "Begin",
    );
    let ran = world.tracks(&["init"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let written = world.read("tracks.toml");
    assert!(
        written.contains("# [track.ui]\n# contact = \"@org/ui\"\n# owns = [\"src/ui/\"]\n"),
        "{written}"
    );
}
