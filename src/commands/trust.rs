//! `tracks trust`.

use crate::domain::trust::{TrustedCommand, commands};
use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops;
use crate::ops::trust::Trust;
use crate::process::Interrupt;
use crate::ui::{Format, approve, report};

use super::{Context, ShortFormat};

/// Show the commands that this tracks.toml would run, and approve them.
///
/// An approval is bound to a command's exact text, kept for you alone and outside the repository.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Approve without asking.
    #[arg(long, short)]
    yes: bool,
    /// Only show; approve nothing. The exit status is 3 while something is not approved.
    #[arg(long, conflicts_with_all = ["yes", "withdraw"])]
    list: bool,
    /// Take every approval for this repository back.
    #[arg(long, conflicts_with = "yes")]
    withdraw: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    if args.withdraw {
        ops::trust::withdraw(&session)?;
    }
    let missing = Trust::load(&session, false)?.missing(&session.project);
    let asked = !args.list && !args.withdraw && !missing.is_empty();
    if asked && (args.yes || context.terminal.can_ask() && approve(context.terminal, &missing)) {
        ops::trust::approve(&session, &missing)?;
    }
    let trust = Trust::load(&session, false)?;
    let shown: Vec<(TrustedCommand, bool)> = commands(&session.project)
        .into_iter()
        .map(|command| {
            let approved = trust.allows(&command);
            (command, approved)
        })
        .collect();
    let all = shown.iter().all(|(_, approved)| *approved);
    let exit = if all || args.withdraw {
        DONE
    } else {
        UNDETERMINED
    };
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::trust::text(&shown)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::trust::json(&shown, exit == DONE));
        }
    }
    if exit != DONE && !context.terminal.can_ask() {
        crate::ui::warning(
            context.terminal,
            "not everything is approved; `tracks trust --yes` approves it",
        );
    }
    Ok(exit)
}
