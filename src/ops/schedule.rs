//! What a timer needs to know of this repository and of us.

use std::path::Path;
use std::time::Duration;

use crate::domain::schedule::{Schedule, Timer, Unwritable, Wanted, schedule};
use crate::process::environment;

use super::Session;

#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error("where this program is cannot be found out: {0}")]
    Program(std::io::Error),
    /// Timers are configured in text files.
    #[error("{} is not UTF-8", .0.display())]
    NotText(std::path::PathBuf),
}

/// The text for a timer that runs `tracks COMMAND`; without a command, a round. Without `every`, as often as tracks.toml
/// says.
///
/// # Errors
/// When a path or a word cannot be written down for this timer.
pub fn run(
    session: &Session,
    timer: Timer,
    every: Option<Duration>,
    command: Option<&[String]>,
) -> Result<Schedule, ScheduleError> {
    let repository = &session.repository;
    let dir = repository
        .main_worktree()
        .unwrap_or(repository.common_dir());
    let program = environment::program().map_err(ScheduleError::Program)?;
    let usual: Vec<String> = timer
        .command()
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    let wanted = Wanted {
        project: &session.project.name,
        base: &session.base.name,
        every: every.unwrap_or(session.project.integration.every),
        command: command.unwrap_or(&usual),
        dir: text(dir)?,
        program: text(&program)?,
        path: &environment::var("PATH").unwrap_or_default(),
    };
    Ok(schedule(timer, &wanted)?)
}

fn text(path: &Path) -> Result<&str, ScheduleError> {
    path.to_str()
        .ok_or_else(|| ScheduleError::NotText(path.to_owned()))
}
