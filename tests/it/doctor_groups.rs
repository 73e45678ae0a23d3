//! Looking whether the environment is sane where something keeps from looking.

use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::project::{ask, ask_in, project};
use crate::world::World;

fn two() -> World {
    let world = project("[track.a]\n[track.b]\n", &[]);
    let ran = world.tracks(&["init", "--yes"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    world
}

/// The findings of a code: what is so, and the fix.
fn found(answer: &Value, code: &str) -> Vec<(String, String)> {
    let findings = answer["findings"].as_array().expect("a list");
    let of_code = findings.iter().filter(|it| it["code"] == code);
    let text = |it: &Value, key: &str| it[key].as_str().expect("a text").to_owned();
    of_code
        .map(|it| (text(it, "message"), text(it, "fix")))
        .collect()
}

#[test]
fn what_is_damaged_keeps_no_other_group_from_looking() {
    let world = two();
    world.write_at("repo/.git/tracks/agents/x.json", "{\"v\":1,");
    world.write_at("repo/.git/tracks/trust.json", "nonsense");
    std::fs::remove_dir_all(world.repo().join("worktrees/b")).unwrap();
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!(status, 1, "{answer:#}");
    let state = found(&answer, "DOC-STATE");
    assert!(
        state.iter().any(|(said, _)| said.contains("agents/x.json")),
        "{answer:#}"
    );
    assert_eq!(found(&answer, "DOC-WORKTREE").len(), 1, "{answer:#}");
}

#[test]
fn a_lock_is_noted_soon() {
    let world = two();
    let path = world.repo().join(".git/index.lock");
    let file = File::create(&path).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the age of a real file")]
    let now = SystemTime::now();
    file.set_modified(now - Duration::from_secs(30)).unwrap();
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!(status, 0, "{answer:#}");
    let locks = found(&answer, "DOC-LOCK");
    assert_eq!(locks.len(), 1, "{answer:#}");
    assert!(locks[0].0.ends_with("a git is at work, or was killed"));
}

#[test]
fn worktrees_and_git_find_one_another_again() {
    let world = two();
    world.write_at("repo/worktrees/a/.git", "damaged\n");
    world.write_at("repo/.git/worktrees/b/gitdir", "/no/such/place/.git\n");
    let (_, answer) = ask(&world, &["doctor"]);
    let fixes: Vec<String> = found(&answer, "DOC-WORKTREE")
        .into_iter()
        .map(|(_, fix)| fix)
        .collect();
    let b = world.repo().join("worktrees/b");
    for fix in [
        "`git worktree repair` writes its `.git` file anew".to_owned(),
        format!("`git worktree repair {}`", b.display()),
    ] {
        assert!(fixes.contains(&fix), "{answer:#}");
    }
    world.git(&["worktree", "repair"]);
    world.git(&["worktree", "repair", &b.to_string_lossy()]);
    let (_, answer) = ask(&world, &["doctor"]);
    assert_eq!(found(&answer, "DOC-WORKTREE"), [], "{answer:#}");
}

#[test]
fn a_bare_repository_has_no_place_for_worktrees() {
    let world = project("[track.a]\n[track.b]\n", &[]);
    world.git(&["clone", "--quiet", "--bare", ".", "../bare"]);
    let bare = world.root().join("bare");
    let (_, answer) = ask_in(&world, &bare, &["doctor"]);
    assert_eq!(found(&answer, "DOC-WORKTREE"), [], "{answer:#}");
    let ran = world.tracks_in(&bare, &["brief", "a"]);
    assert!(
        !ran.stdout.contains("`tracks init` makes it"),
        "{}",
        ran.shown()
    );
}

#[test]
fn every_worktree_asks_or_none() {
    let world = two();
    let ran = world.tracks(&["hooks", "install", "--agent", "claude"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let (_, answer) = ask(&world, &["doctor"]);
    assert_eq!(found(&answer, "DOC-AGENT"), [], "{answer:#}");
    let file = "worktrees/b/.claude/settings.local.json";
    for change in ["{}", ""] {
        match change {
            "" => std::fs::remove_file(world.repo().join(file)).unwrap(),
            text => {
                world.write_at(&format!("repo/{file}"), text);
            }
        }
        let (_, answer) = ask(&world, &["doctor"]);
        let agents = found(&answer, "DOC-AGENT");
        assert_eq!(agents.len(), 1, "{answer:#}");
        assert!(agents[0].0.contains(file), "{answer:#}");
        assert!(
            agents[0]
                .1
                .starts_with("`tracks hooks install --agent claude`")
        );
    }
}

#[test]
fn programs_of_setups_contracts_and_plain_lines() {
    let world = project(
        "[track.a]\nsetup = [[\"no-setup-x\"]]\n[contract.c]\npaths = [\"c\"]\nowner = \"a\"\ncompatible = [\"no-compare-x\", \"{old}\", \"{new}\"]\n\
         [check.u]\nrun = \"no-line-x --all && true\"\n[check.v]\nrun = \"cd src && no-such\"\n",
        &[],
    );
    let (_, answer) = ask(&world, &["doctor"]);
    let said: Vec<String> = found(&answer, "DOC-TOOL")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(
        said,
        [
            "contract c needs `no-compare-x`, which is not on the PATH",
            "check u needs `no-line-x`, which is not on the PATH",
            "setup of track a needs `no-setup-x`, which is not on the PATH",
        ],
        "{answer:#}"
    );
}
