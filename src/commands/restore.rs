//! `tracks restore`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::{Interrupt, clock};
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Bring removed worktrees and branches back as they were, ignored files included; without a name, list them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The operation that removed them (see `tracks log`); or a track, a branch or a directory, which was removed last.
    #[arg(value_name = "OPERATION|TRACK")]
    name: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let report = match &args.name {
        None => ops::restore::list(&session)?,
        Some(name) => ops::restore::run(&session, name, &format!("restore {name}"))?,
    };
    let exit = status(false, !report.refused.is_empty(), None);
    let main = session.repository.main_worktree();
    match context.terminal.format {
        Format::Text => context.terminal.answer(&match args.name {
            None => report::restore::list(&report, clock::now(), main),
            Some(_) => report::restore::text(&report, main),
        }),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::restore::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}
