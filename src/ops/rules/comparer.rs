//! Programs that compare two versions of a contract: they run as any other command of tracks.toml, once somebody approves of it.

use std::path::Path;

use crate::domain::contract::{Break, Outcome};
use crate::domain::path::RepoPath;
use crate::domain::project::{Command, Contract};
use crate::domain::trust::command_of_contract;
use crate::files::TwoVersions;
use crate::process::{End, ShellJob, find_program};
use crate::store::log_tail;

use super::super::Session;
use super::super::command;
use super::super::setup::{failure, show};
use super::super::trust::Trust;

/// Of what it prints, the last lines are told.
const LINES: usize = 3;

/// Characters of that.
const LONG: usize = 240;

#[derive(Debug)]
pub(super) struct Comparer<'c> {
    pub(super) session: &'c Session,
    pub(super) trust: &'c Trust,
}

impl Comparer<'_> {
    /// Three outcomes: 0 is compatible, 1 is breaking, and anything else is no answer.
    pub(super) fn run(
        &self,
        contract: &Contract,
        path: &RepoPath,
        old: &[u8],
        new: &[u8],
    ) -> Outcome {
        let session = self.session;
        let Some(command) = command_of_contract(&session.project, contract) else {
            return Outcome::CouldNotRun("there is no command".to_owned());
        };
        if let Some(why) = command::not_approved(self.trust, &command) {
            return Outcome::CouldNotRun(why);
        }
        let shown = show(&command.command);
        if let Some(missing) = missing(&command.command) {
            return Outcome::CouldNotRun(format!("`{shown}`: there is no program {missing}"));
        }
        let lossy = path.lossy();
        let name = lossy.rsplit('/').next().unwrap_or("contract");
        let below = session.store.scratch_root();
        let versions = match TwoVersions::write(&below, name, old, new) {
            Ok(versions) => versions,
            Err(error) => return Outcome::CouldNotRun(error.to_string()),
        };
        let repository = &session.repository;
        let home = repository.main_worktree();
        let log = versions.beside("log");
        let job = ShellJob {
            key: 0,
            command: filled(&command.command, &versions),
            cwd: home.unwrap_or(repository.common_dir()).to_owned(),
            env: command.env,
            stdin: Vec::new(),
            log: log.clone(),
            timeout: Some(session.project.run.timeout),
            grace: session.project.run.grace,
            stall: None,
            end_stalled: false,
        };
        let end = command::end(session, &format!("contract {}", contract.name), job);
        match end {
            End::Exited(0) => Outcome::Compatible,
            End::Exited(1) => Outcome::Breaking(vec![Break {
                at: String::new(),
                message: said(&log).unwrap_or_else(|| format!("`{shown}` says so, and not why")),
                line: None,
            }]),
            end => {
                let how = failure(&end).unwrap_or_default();
                let why = said(&log).map_or_else(String::new, |said| format!(": {said}"));
                Outcome::CouldNotRun(format!("`{shown}` {how}{why}"))
            }
        }
    }
}

/// The program of a command that plainly starts with one which is not there.
fn missing(command: &Command) -> Option<&str> {
    let program = match command {
        Command::Argv(words) => words.first()?.as_str(),
        Command::Shell(line) => line.split_whitespace().next()?,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    // Paths, and words of the shell, are found out by running it.
    let plain = program.chars().all(is_name);
    let of_the_shell = matches!(
        program,
        "." | "cd"
            | "if"
            | "for"
            | "while"
            | "until"
            | "case"
            | "exec"
            | "export"
            | "set"
            | "test"
            | "eval"
            | "command"
            | "exit"
            | "unset"
            | "trap"
            | "ulimit"
            | "umask"
    );
    (plain && !of_the_shell && find_program(program).is_none()).then_some(program)
}

fn filled(command: &Command, versions: &TwoVersions) -> Command {
    let (old, new) = (versions.older(), versions.newer());
    let replaced = |text: &str, shown: &dyn Fn(&Path) -> String| {
        text.replace("{old}", &shown(&old))
            .replace("{new}", &shown(&new))
    };
    let plain = |path: &Path| path.to_string_lossy().into_owned();
    match command {
        // One word of the shell each, with quotes around it or not.
        Command::Shell(line) => Command::Shell(replaced(line, &|path| {
            let path = plain(path);
            let is_safe = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c);
            match path.chars().all(is_safe) {
                true => path,
                false => format!("'{}'", path.replace('\'', "'\\''")),
            }
        })),
        Command::Argv(words) => {
            let words = words.iter().map(|word| replaced(word, &plain));
            Command::Argv(words.collect())
        }
    }
}

/// What it printed last, as one line.
fn said(log: &Path) -> Option<String> {
    let lines = log_tail(log, LINES);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    let text = lines.join("; ");
    let short = match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    (!short.is_empty()).then_some(short)
}
