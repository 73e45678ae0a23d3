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
        written.contains("# [track.ui-2]\n# contact = \"@org/ui\"\n# owns = [\"src/ui/\"]\n"),
        "{written}"
    );
}

#[test]
fn names_with_brackets_are_paths_where_they_are_there() {
    let world = project(
        "[track.a]\nowns = [\"app\"]\n[track.b]\n",
        &[("app/[id]/page.tsx", "1\n"), ("pages/[user-id]/x", "1\n")],
    );
    crate::project::work(&world, "b", &[("app/[id]/page.tsx", "2\n")]);
    let (_, answer) = ask(&world, &["own", "pages/[user-id]", "--track", "b"]);
    assert_eq!(answer["changes"][0]["pattern"], "pages/[[]user-id]/");
    let (_, answer) = ask(&world, &["who", "pages/[user-id]/x"]);
    assert_eq!(answer["paths"][0]["path"], "pages/[user-id]/x");
    for written in ["app/[id]/page.tsx", "app/[[]id]/page.tsx"] {
        let args = ["own", written, "--track", "b", "--from", "a", "--dry-run"];
        let (_, answer) = ask(&world, &args);
        let pattern = &answer["changes"][0]["pattern"];
        assert_eq!(pattern, "app/[[]id]/page.tsx", "{answer:#}");
    }
}

#[test]
fn a_codeowners_that_somebody_wrote_is_not_written_over() {
    let config = "[track.a]\ncontact = \"@org/a\"\nowns = [\"src\"]\n[ownership]\ncodeowners = \"CODEOWNERS\"\n";
    let world = project(config, &[("src/x", "1\n"), ("CODEOWNERS", "/src @boss\n")]);
    let ran = world.tracks(&["own", "--codeowners"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(ran.stderr.contains("--force"), "{}", ran.shown());
    assert_eq!(world.read("CODEOWNERS"), "/src @boss\n");
    let ran = world.tracks(&["own", "--codeowners", "--force"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let ours = world.read("CODEOWNERS");
    assert!(ours.ends_with("/src @org/a\n"), "{ours}");
    // Ours, with an edit that is in no commit.
    let edited = format!("{ours}/docs @writer\n");
    world.write("CODEOWNERS", &edited);
    let ran = world.tracks(&["own", "--codeowners"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert_eq!(world.read("CODEOWNERS"), edited);
    world.git(&["commit", "--quiet", "--all", "-m", "Owners"]);
    let ran = world.tracks(&["own", "--codeowners"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(world.read("CODEOWNERS"), ours);
}
