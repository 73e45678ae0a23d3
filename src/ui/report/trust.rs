//! The answer of `tracks trust`.

use serde_json::{Value, json};

use super::{document, with};
use crate::domain::project::Command;
use crate::domain::trust::TrustedCommand;
use crate::ui::prompt::list;

/// The commands of a project, and which of them still wait for approval.
pub fn json(commands: &[(TrustedCommand, bool)], ok: bool) -> Value {
    let commands: Vec<Value> = commands
        .iter()
        .map(|(command, approved)| {
            let run = match &command.command {
                Command::Shell(line) => json!(line),
                Command::Argv(argv) => json!(argv),
            };
            let env: serde_json::Map<String, Value> = command
                .env
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            json!({
                "place": command.place,
                "run": run,
                "cwd": command.cwd,
                "env": env,
                "approved": approved,
            })
        })
        .collect();
    with(document("trust", ok), json!({ "commands": commands }))
}

pub fn text(commands: &[(TrustedCommand, bool)]) -> String {
    if commands.is_empty() {
        return "this tracks.toml runs no commands\n".to_owned();
    }
    let mut text = String::new();
    for (wanted, head) in [(true, "approved"), (false, "not approved")] {
        let some: Vec<TrustedCommand> = commands
            .iter()
            .filter(|(_, approved)| *approved == wanted)
            .map(|(command, _)| command.clone())
            .collect();
        if !some.is_empty() {
            text.push_str(&format!("{head}:\n{}", list(&some)));
        }
    }
    text
}
