//! `tracks hooks install --agent` and `tracks hooks uninstall --agent`.

use crate::domain::agent::Agent;
use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops::hooks::agent;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::Context;

/// Puts the question that an agent asks before it writes into its settings, or takes it out (`install: false`).
pub(super) fn change(agent: Agent, install: bool, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let report = match install {
        true => agent::install(&session, agent)?,
        false => agent::uninstall(&session, agent)?,
    };
    match context.terminal.format {
        Format::Text => context
            .terminal
            .answer(&report::agent_settings::text(&report)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::agent_settings::json(&report));
        }
    }
    Ok(match report.is_incomplete() {
        true => UNDETERMINED,
        false => DONE,
    })
}
