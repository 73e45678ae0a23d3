//! The protocols of coding agents: the message in which one says what it is about to write, and the answer it understands.
//!
//! Claude Code and Codex: `tool_name`, `tool_input` and `cwd` on stdin; `hookSpecificOutput` with `permissionDecision` "deny" and
//! its reason, or with `additionalContext` where the tool goes on. Cursor: the same three on stdin; `permission` with what user
//! and agent are told.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::style::tame;
use crate::domain::agent::{Agent, paths_of_patch};
use crate::domain::rule::Finding;
use crate::ops::hooks::agent::Advice;

/// So many things are told: whoever is told pays for every line.
const MOST: usize = 8;

/// What an agent is about to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where it works, and where relative paths start.
    pub dir: Option<PathBuf>,
    /// As it names them.
    pub files: Vec<String>,
}

/// `None` for what is no such message, and for tools that write nothing that we know of.
pub fn asked(agent: Agent, input: &[u8]) -> Option<Asked> {
    let message: Value = serde_json::from_slice(input).ok()?;
    let tool = message["tool_name"].as_str()?;
    if !agent.writes_with(tool) {
        return None;
    }
    let mut files = Vec::new();
    match &message["tool_input"] {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(input @ Value::Object(_)) => add_files(&mut files, &input),
            _ => files.extend(paths_of_patch(text)),
        },
        input => add_files(&mut files, input),
    }
    let dir = message["cwd"].as_str().filter(|dir| !dir.is_empty());
    let root = || message["workspace_roots"][0].as_str();
    let dir = dir.or_else(root).map(PathBuf::from);
    (!files.is_empty()).then_some(Asked { dir, files })
}

fn add_files(files: &mut Vec<String>, input: &Value) {
    for key in [
        "file_path",
        "notebook_path",
        "path",
        "target_file",
        "target_notebook",
    ] {
        files.extend(input[key].as_str().map(str::to_owned));
    }
    for key in ["command", "input", "patch"] {
        files.extend(input[key].as_str().map(paths_of_patch).unwrap_or_default());
    }
    for edit in input["edits"].as_array().into_iter().flatten() {
        files.extend(edit["file_path"].as_str().map(str::to_owned));
    }
    files.retain(|file| !file.is_empty() && !file.contains('\0'));
    files.dedup();
}

pub fn answer(agent: Agent, advice: &Advice) -> Value {
    let text = text(advice);
    match (agent, advice.refuses()) {
        (Agent::Claude | Agent::Codex, true) => json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": text,
        }}),
        (Agent::Claude | Agent::Codex, false) => json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "additionalContext": text,
        }}),
        (Agent::Cursor, true) => json!({
            "permission": "deny",
            "user_message": text,
            "agent_message": text,
        }),
        (Agent::Cursor, false) => json!({ "permission": "allow", "agent_message": text }),
    }
}

fn text(advice: &Advice) -> String {
    let track = &advice.track;
    let mut lines = vec![match advice.refuses() {
        true => format!("not written: a rule of tracks.toml keeps track {track} from it"),
        false => format!("to know in track {track}"),
    }];
    let sentence = |finding: &Finding| {
        format!(
            "{} {}; {}",
            finding.code,
            tame(&finding.message),
            tame(&finding.fix)
        )
    };
    // What keeps it from being written comes first.
    let (refusals, others): (Vec<&Finding>, Vec<&Finding>) =
        advice.findings.iter().partition(|it| it.refuses());
    let mut told: Vec<String> = refusals.into_iter().chain(others).map(sentence).collect();
    told.extend(advice.elsewhere.iter().map(|(file, whose)| {
        let whose = match whose {
            Some(other) => format!("the worktree of track {other}"),
            None => "another worktree".to_owned(),
        };
        format!(
            "{} is in {whose}, which is not for track {track} to work in",
            tame(file)
        )
    }));
    let more = told.len().saturating_sub(MOST);
    lines.extend(told.into_iter().take(MOST));
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(agent: Agent, input: &str) -> Option<Vec<String>> {
        asked(agent, input.as_bytes()).map(|asked| asked.files)
    }

    #[test]
    fn messages() {
        let patch = "*** Begin Patch\\n*** Update File: a\\n*** Move to: b\\n*** End Patch";
        for (agent, input, expected) in [
            (
                Agent::Claude,
                r#"{"session_id": "1", "cwd": "/w", "hook_event_name": "PreToolUse", "tool_name": "Edit",
                    "tool_input": {"file_path": "/w/a", "old_string": "x", "new_string": "y"}}"#
                    .to_owned(),
                Some(vec!["/w/a"]),
            ),
            (
                Agent::Claude,
                r#"{"tool_name": "NotebookEdit", "tool_input": {"notebook_path": "/w/a.ipynb"}}"#.to_owned(),
                Some(vec!["/w/a.ipynb"]),
            ),
            (
                Agent::Claude,
                r#"{"tool_name": "Read", "tool_input": {"file_path": "/w/a"}}"#.to_owned(),
                None,
            ),
            (
                Agent::Codex,
                format!(r#"{{"cwd": "/w", "tool_name": "apply_patch", "tool_input": {{"command": "{patch}"}}}}"#),
                Some(vec!["a", "b"]),
            ),
            (
                Agent::Codex,
                format!(r#"{{"tool_name": "apply_patch", "tool_input": "{patch}"}}"#),
                Some(vec!["a", "b"]),
            ),
            (
                Agent::Codex,
                r#"{"tool_name": "Bash", "tool_input": {"command": "ls"}}"#.to_owned(),
                None,
            ),
            (
                Agent::Cursor,
                r#"{"conversation_id": "c", "workspace_roots": ["/w"], "tool_name": "Write", "tool_input": "{\"file_path\": \"x\"}"}"#
                    .to_owned(),
                Some(vec!["x"]),
            ),
            (Agent::Cursor, r#"{"tool_name": "Write", "tool_input": {}}"#.to_owned(), None),
            (Agent::Cursor, r#"{"tool_name": 7}"#.to_owned(), None),
            (Agent::Claude, "[]".to_owned(), None),
            (Agent::Claude, "nonsense".to_owned(), None),
            (Agent::Claude, String::new(), None),
        ] {
            let found = files(agent, &input);
            let expected = expected.map(|files| files.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{input}");
        }
        let found = asked(
            Agent::Cursor,
            br#"{"workspace_roots": ["/w"], "cwd": "", "tool_name": "Delete", "tool_input": {"path": "p"}}"#,
        );
        assert_eq!(found.unwrap().dir, Some(PathBuf::from("/w")));
    }
}
