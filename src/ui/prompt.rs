//! Asking a person, where there is one.

use std::io::BufRead as _;

use crate::domain::project::Command;
use crate::domain::trust::TrustedCommand;

use super::Terminal;
use super::style::{DIM, STRONG, paint, tame};

/// Shows commands and asks whether they may run. Anything but a clear yes is a no.
pub fn approve(terminal: Terminal, commands: &[TrustedCommand]) -> bool {
    terminal.aside(&format!(
        "tracks.toml wants to run {} on this machine that you have not approved yet:\n\n{}\nApprove? [y/N] ",
        if commands.len() == 1 { "a command".to_owned() } else { format!("{} commands", commands.len()) },
        list(commands),
    ));
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer).is_err() {
        return false;
    }
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Each command with its place, directory and environment.
pub(super) fn list(commands: &[TrustedCommand]) -> String {
    let mut text = String::new();
    for command in commands {
        text.push_str(&format!("  {}\n", paint(DIM, &command.place)));
        let line = match &command.command {
            Command::Shell(line) => line.clone(),
            Command::Argv(argv) => format!("{argv:?}"),
        };
        for part in line.lines() {
            text.push_str(&format!("    {}\n", paint(STRONG, &tame(part))));
        }
        if !matches!(command.cwd.as_str(), "" | ".") {
            text.push_str(&paint(DIM, &format!("    in {}\n", tame(&command.cwd))));
        }
        for (name, value) in &command.env {
            text.push_str(&paint(
                DIM,
                &format!("    with {}={}\n", tame(name), tame(value)),
            ));
        }
    }
    text
}
