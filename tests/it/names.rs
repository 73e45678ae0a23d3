//! Names of commits and files, end to end.

use serde_json::json;

use crate::project::{ask, project};

#[test]
fn commits_and_files_are_named_as_the_project_wants() {
    let world = project(
        "[track.a]\n[commit]\npattern = \"conventional\"\ntrailer = true\n[names]\n\"src\" = \"snake_case\"\n",
        &[("src/OldName.rs", "1\n")],
    );
    world.git(&["branch", "track/a", "main"]);
    let good = "feat: add a\n\nTrack: a";
    world.commit(
        "track/a",
        &[("src/new_name.rs", "1\n"), ("src/OldName.rs", "2\n")],
        good,
    );
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks"]);
    assert_eq!((status, &answer["findings"]), (0, &json!([])));
    world.commit(
        "track/a",
        &[("src/newDir/x.rs", "1\n"), ("src/aB.rs", "1\n")],
        "Add more",
    );
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks"]);
    let codes: Vec<String> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!(
                "{} {}",
                it["code"].as_str().unwrap(),
                it["path"].as_str().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        (status, codes),
        (
            1,
            ["NAM02 -", "NAM03 -", "NAM04 src/aB.rs", "NAM04 src/newDir"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}
