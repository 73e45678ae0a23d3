//! `tracks hooks install --agent` and `tracks hooks uninstall --agent`.

use std::path::Path;

use crate::domain::agent::Agent;
use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops::{self, hooks::agent};
use crate::process::Interrupt;
use crate::ui::{Format, report::agent_settings};

use super::Context;

/// Puts the question that an agent asks before it writes into its settings.
pub(super) fn install(agent: Agent, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let report = agent::install(&session, agent)?;
    Ok(show(&report, session.repository.main_worktree(), context))
}

/// Takes it out. Without a session: a tracks.toml with a mistake in it must not keep anybody from getting rid of us.
pub(super) fn uninstall(agent: Agent, context: &Context) -> Result<u8, Failure> {
    let repository = ops::open_repository(&context.dir)?;
    let report = agent::uninstall(&repository, agent)?;
    Ok(show(&report, repository.main_worktree(), context))
}

fn show(report: &agent::Report, main: Option<&Path>, context: &Context) -> u8 {
    match context.terminal.format {
        Format::Text => context.terminal.answer(&agent_settings::text(report, main)),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&agent_settings::json(report));
        }
    }
    match report.is_incomplete() {
        true => UNDETERMINED,
        false => DONE,
    }
}
