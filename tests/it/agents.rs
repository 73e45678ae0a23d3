//! Coding agents that ask before they write: their settings, and what they are answered.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{ask, project, texts};
use crate::world::{Ran, World};

const CONFIG: &str = "[ownership]\nfrozen = [\"LICENSE\"]\n[track.a]\nowns = [\"src/a/**\"]\n[track.b]\nowns = [\"src/b/**\"]\n[track.c]\n";

fn two() -> World {
    let world = project(CONFIG, &[("LICENSE", "x\n"), ("src/b/lib.rs", "x\n")]);
    for track in ["a", "b"] {
        let branch = format!("track/{track}");
        let place = format!("worktrees/{track}");
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    world.write_at("repo/.git/info/exclude", "/worktrees/\n");
    world
}

fn place(world: &World, track: &str) -> PathBuf {
    world.repo().join("worktrees").join(track)
}

fn asked(world: &World, dir: &Path, agent: &str, message: &str) -> Ran {
    let mut child = world
        .command(dir, env!("CARGO_BIN_EXE_tracks"))
        .args(["validate", "--stdin-agent", agent])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(message.as_bytes()).expect("it reads");
    drop(stdin);
    world.ran(&child.wait_with_output().expect("the tool ends"))
}

#[track_caller]
fn answer(ran: &Ran) -> Value {
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (0, ""),
        "{}",
        ran.shown()
    );
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.shown()))
}

fn claude(dir: &Path, tool: &str, file: &str) -> String {
    json!({
        "session_id": "5d0a", "transcript_path": "/tmp/t.jsonl", "cwd": dir, "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool,
        "tool_input": { "file_path": file, "old_string": "x", "new_string": "y" }, "tool_use_id": "toolu_1",
    })
    .to_string()
}

#[test]
fn what_is_refused_is_refused_in_each_ones_words() {
    let world = two();
    let dir = place(&world, "a");
    let theirs = dir.join("src/b/lib.rs");
    let ran = asked(
        &world,
        &dir,
        "claude",
        &claude(&dir, "Edit", &theirs.to_string_lossy()),
    );
    assert_snapshot!(ran.shown(), @r#"
    exit: 0
    --- stdout
    {
      "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny",
        "permissionDecisionReason": "not written: a rule of tracks.toml keeps track a from it\nOWN01 track a changes src/b/lib.rs, which track b owns (`src/b/**`); leave it to track b, or have it handed over with `tracks own src/b/lib.rs --track a --from b`, or except it: `[[allow]]` with `code = \"OWN01\"` in base's tracks.toml, or the trailer `Tracks-Allow: OWN01 src/b/lib.rs REASON`"
      }
    }
    --- stderr
    "#);
    let patch = "*** Begin Patch\n*** Update File: src/a/x\n@@\n-1\n+2\n*** Delete File: LICENSE\n*** End Patch";
    let message = json!({ "cwd": dir, "hook_event_name": "PreToolUse", "model": "m", "turn_id": "1",
        "tool_name": "apply_patch", "tool_input": { "command": patch } });
    let said = answer(&asked(&world, &world.repo(), "codex", &message.to_string()));
    let said = &said["hookSpecificOutput"];
    assert_eq!(said["permissionDecision"], "deny", "{said:#}");
    assert!(
        said["permissionDecisionReason"]
            .as_str()
            .unwrap()
            .contains("OWN05"),
        "{said:#}"
    );
    let message = json!({ "conversation_id": "c", "hook_event_name": "preToolUse", "workspace_roots": [dir], "cwd": "",
        "tool_name": "Write", "tool_input": { "file_path": theirs, "contents": "x" } });
    let said = answer(&asked(
        &world,
        &world.root().join("tmp"),
        "cursor",
        &message.to_string(),
    ));
    assert_eq!(said["permission"], "deny", "{said:#}");
    assert!(
        said["agent_message"].as_str().unwrap().contains("OWN01"),
        "{said:#}"
    );
}

#[test]
fn what_is_only_to_be_known_lets_it_be_written() {
    let world = two();
    let dir = place(&world, "a");
    let ran = asked(
        &world,
        &dir,
        "claude",
        &claude(&dir, "Write", "scripts/new.sh"),
    );
    assert_snapshot!(ran.shown(), @r#"
    exit: 0
    --- stdout
    {
      "hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "additionalContext": "to know in track a\nOWN03 track a adds scripts/new.sh, which nobody owns; give it an owner on base, such as `tracks own 'scripts/new.sh' --track a`, or except it: `[[allow]]` with `code = \"OWN03\"` in base's tracks.toml, or the trailer `Tracks-Allow: OWN03 scripts/new.sh REASON`"
      }
    }
    --- stderr
    "#);
    let other = place(&world, "b").join("src/b/lib.rs");
    let said = answer(&asked(
        &world,
        &dir,
        "claude",
        &claude(&dir, "Write", &other.to_string_lossy()),
    ));
    let told = said["hookSpecificOutput"]["additionalContext"]
        .as_str()
        .unwrap();
    assert!(
        told.ends_with("is in the worktree of track b, which is not for track a to work in"),
        "{told}"
    );
    let said = answer(&asked(
        &world,
        &dir,
        "cursor",
        &claude(&dir, "Write", "scripts/new.sh"),
    ));
    assert_eq!(said["permission"], "allow", "{said:#}");
}

#[test]
fn nothing_is_said_where_all_is_well_or_nothing_is_known() {
    let world = two();
    let dir = place(&world, "a");
    let own = claude(&dir, "Edit", "src/a/new.rs");
    let cases = [
        (dir.clone(), own.clone()),
        (dir.clone(), claude(&dir, "Read", "src/b/lib.rs")),
        (dir.clone(), claude(&dir, "Edit", "/etc/passwd")),
        (dir.clone(), "nonsense".to_owned()),
        (dir.clone(), "{}".to_owned()),
        (dir.clone(), String::new()),
        (
            dir.clone(),
            claude(Path::new("/nowhere"), "Edit", "src/a/x"),
        ),
        (world.repo(), claude(&world.repo(), "Edit", "src/b/x")),
        (
            world.root().join("tmp"),
            claude(&world.root().join("tmp"), "Edit", "src/b/x"),
        ),
    ];
    for (dir, message) in cases {
        for agent in ["claude", "codex", "cursor"] {
            let ran = asked(&world, &dir, agent, &message);
            let silent = (ran.status, ran.stdout.as_str(), ran.stderr.as_str());
            assert_eq!(silent, (0, "", ""), "{message}");
        }
    }
    world.write("tracks.toml", "[track.a\n");
    assert_eq!(
        asked(&world, &dir, "claude", &claude(&dir, "Edit", "LICENSE")).shown(),
        "exit: 0\n--- stdout\n--- stderr\n"
    );
}

#[test]
fn its_own_worktree_is_no_other_and_what_is_ignored_is_no_matter() {
    let world = two();
    world.write_at("repo/.git/info/exclude", "/worktrees/\n/target/\n");
    let dir = place(&world, "a");
    for file in [".git", ".git/x", ".", "target/out.txt"] {
        for file in [
            file.to_owned(),
            dir.join(file).to_string_lossy().into_owned(),
        ] {
            let ran = asked(&world, &dir, "claude", &claude(&dir, "Write", &file));
            assert_eq!(ran.shown(), "exit: 0\n--- stdout\n--- stderr\n", "{file}");
        }
    }
}

#[test]
fn the_answer_is_short() {
    let world = two();
    let dir = place(&world, "a");
    let files: String = (0..12)
        .map(|at| format!("*** Add File: new{at}\n+x\n"))
        .collect();
    let patch =
        format!("*** Begin Patch\n{files}*** Update File: src/b/lib.rs\n@@\n-x\n*** End Patch");
    let message =
        json!({ "cwd": dir, "tool_name": "apply_patch", "tool_input": { "command": patch } });
    let said = answer(&asked(&world, &dir, "codex", &message.to_string()));
    let said = said["hookSpecificOutput"]["permissionDecisionReason"].as_str();
    let lines: Vec<&str> = said.expect("a reason").lines().collect();
    assert_eq!(lines.len(), 10, "{lines:#?}");
    assert!(lines[1].starts_with("OWN01 "), "{lines:#?}");
    assert_eq!(lines[9], "and 5 more");
}

#[test]
fn settings_come_and_go_and_no_worktree_is_dirty() {
    let world = two();
    let ran = world.tracks(&["hooks", "install", "--agent", "claude"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    installed  worktrees/a/.claude/settings.local.json for track a
    installed  worktrees/b/.claude/settings.local.json for track b
    note: no worktree yet: c; after `tracks init`, `tracks hooks install --agent claude` again
    --- stderr
    ");
    let file = place(&world, "a").join(".claude/settings.local.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let command = format!(
        "{} validate --stdin-agent claude || true",
        env!("CARGO_BIN_EXE_tracks")
    );
    let settings: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"],
        json!(command)
    );
    for track in ["a", "b"] {
        assert_eq!(
            world.git_in(&place(&world, track), &["status", "--porcelain"]),
            ""
        );
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    // What the settings name really answers.
    let dir = place(&world, "a");
    let message = claude(&dir, "Edit", "src/b/lib.rs");
    let script = format!("printf %s '{message}' | {command}");
    let ran = world.run_in(&dir, "sh", &["-c", &script]);
    assert!(ran.stdout.contains("\"deny\""), "{}", ran.shown());
    let (status, again) = ask(&world, &["hooks", "install", "--agent", "claude"]);
    assert_eq!(status, 0, "{again:#}");
    assert_eq!(texts(&again["places"], "state"), ["unchanged", "unchanged"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let (status, gone) = ask(&world, &["hooks", "uninstall", "--agent", "claude"]);
    assert_eq!(
        (status, texts(&gone["places"], "state")),
        (0, vec!["removed".to_owned(), "removed".to_owned()])
    );
    assert!(!dir.join(".claude").exists());
    assert_eq!(world.read(".git/info/exclude"), "/worktrees/\n");
    let ran = world.tracks(&["hooks", "uninstall", "--agent", "claude"]);
    assert_eq!(ran.stdout, "nothing to do for claude\n", "{}", ran.shown());
}

#[test]
fn what_somebody_has_in_them_stays() {
    let world = two();
    let mine = "{\n\t\"permissions\": {\"allow\": [\"Bash(ls:*)\"]}, // mine\n\t\"hooks\": {\"PreToolUse\": []}\n}";
    world.write_at("repo/worktrees/a/.claude/settings.local.json", mine);
    let theirs = "{\"hooks\": {}}\n";
    world.write_at("repo/worktrees/b/.claude/settings.local.json", theirs);
    let read = |track: &str| {
        std::fs::read_to_string(place(&world, track).join(".claude/settings.local.json")).unwrap()
    };
    ask(&world, &["hooks", "install", "--agent", "claude"]);
    assert!(
        read("a").contains("// mine") && read("a").contains("--stdin-agent"),
        "{}",
        read("a")
    );
    // Changed since: only our entry goes.
    let changed = read("b").replace("{\"hooks\"", "{\"model\": \"x\", \"hooks\"");
    world.write_at("repo/worktrees/b/.claude/settings.local.json", &changed);
    ask(&world, &["hooks", "uninstall", "--agent", "claude"]);
    assert_eq!(read("a"), mine, "to the byte");
    assert_eq!(
        serde_json::from_str::<Value>(&read("b")).unwrap(),
        json!({ "model": "x" })
    );
}

#[test]
fn what_is_not_ours_to_change_is_left_alone() {
    let world = two();
    let tracked = "{\"version\": 1, \"hooks\": {}}\n";
    world.commit("track/a", &[(".cursor/hooks.json", tracked)], "Ours");
    std::os::unix::fs::symlink(
        world.root().join("home"),
        place(&world, "b").join(".cursor"),
    )
    .unwrap();
    let ran = world.tracks(&["hooks", "install", "--agent", "cursor"]);
    let entry = format!(
        "{{ \"version\": 1, \"hooks\": {{ \"preToolUse\": [ {{ \"command\": \"{} validate --stdin-agent cursor || true\", \"matcher\": \"Write|Edit|StrReplace|MultiEdit|EditNotebook|ApplyPatch|Delete\", \"timeout\": 10 }} ] }} }}",
        env!("CARGO_BIN_EXE_tracks")
    );
    assert_snapshot!(ran.shown().replace(&entry, "[ENTRY]"), @r"
    exit: 3
    --- stdout
    left-alone worktrees/a/.cursor/hooks.json for track a: git tracks it, and a worktree is not made dirty
      fix: see to that and install again, or put in by hand: [ENTRY]
    left-alone worktrees/b/.cursor/hooks.json for track b: it is a symbolic link, and what it leads to may be of others
      fix: see to that and install again, or put in by hand: [ENTRY]
    note: no worktree yet: c; after `tracks init`, `tracks hooks install --agent cursor` again
    --- stderr
    ");
    assert_eq!(
        world.git_in(&place(&world, "a"), &["status", "--porcelain"]),
        ""
    );
    assert!(!world.root().join("home/hooks.json").exists());
    let ran = world.tracks(&["hooks", "uninstall", "--agent", "cursor"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, "nothing to do for cursor\n")
    );
    world.write_at("repo/worktrees/a/.claude/settings.local.json", "{\"a\": }");
    let (status, answer) = ask(&world, &["hooks", "install", "--agent", "claude"]);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(
        texts(&answer["places"], "state"),
        ["left-alone", "installed"]
    );
    assert_eq!(
        answer["places"][0]["reason"],
        "it cannot be read: line 1: a value is missing"
    );
    let file = place(&world, "a").join(".claude/settings.local.json");
    let bytes = b"{\"a\": \"\xff\"}";
    let made = std::fs::File::create(&file).and_then(|mut file| file.write_all(bytes));
    made.expect("a file");
    let (_, answer) = ask(&world, &["hooks", "install", "--agent", "claude"]);
    assert_eq!(answer["places"][0]["reason"], "it is not UTF-8 text");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn codex_goes_by_the_main_worktree() {
    let world = two();
    let ran = world.tracks(&["hooks", "install", "--agent", "codex"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    installed  .codex/hooks.json
    installed  worktrees/a/.codex/hooks.json for track a
    installed  worktrees/b/.codex/hooks.json for track b
    note: no worktree yet: c; after `tracks init`, `tracks hooks install --agent codex` again
    note: codex runs a new hook only once somebody has looked at it: `/hooks` in codex
    --- stderr
    ");
    assert!(
        world
            .read(".codex/hooks.json")
            .contains("validate --stdin-agent codex")
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let ran = world.tracks(&["hooks", "uninstall", "--agent", "codex"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(!world.repo().join(".codex").exists());
    let ran = world.tracks(&["hooks", "install", "--agent", "clippy"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("it is one of claude, codex, cursor"),
        "{}",
        ran.stderr
    );
}
