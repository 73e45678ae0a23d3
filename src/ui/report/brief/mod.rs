//! The answer of `tracks brief`: a page of Markdown, and the same for programs.

mod json;
mod text;

pub use json::json;
pub use text::text;

use crate::domain::project::{Command, Dependency, Unowned};
use crate::domain::quote::shell_word;

/// A command as one would type it.
fn command(command: &Command) -> String {
    match command {
        Command::Shell(line) => line.clone(),
        Command::Argv(words) => {
            let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
            words.join(" ")
        }
    }
}

/// As tracks.toml has it.
fn dependency(dependency: &Dependency) -> String {
    match dependency {
        Dependency::Track(id) => id.to_string(),
        Dependency::Contract { name, level: None } => format!("contract:{name}"),
        Dependency::Contract {
            name,
            level: Some(level),
        } => format!("contract:{name}>={level}"),
    }
}

fn unowned_name(unowned: Unowned) -> &'static str {
    match unowned {
        Unowned::Allow => "allow",
        Unowned::Warn => "warn",
        Unowned::Deny => "deny",
        Unowned::Claim => "claim",
    }
}
