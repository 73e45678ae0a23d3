//! `tracks hooks status`.

use crate::commands::ShortFormat;
use crate::failure::{DONE, FOUND, Failure};
use crate::ops::hooks;
use crate::ui::{Format, report};

use super::{Context, session};

/// Whether git would really run the hooks, in every worktree: each is started by git once, and judges nothing then.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: ShortFormat,
}

pub(super) fn run(_args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = session(context)?;
    let report = hooks::status::look(&session)?;
    match context.terminal.format {
        Format::Text => {
            let main = session.repository.main_worktree();
            context.terminal.answer(&report::hooks::text(&report, main));
        }
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::hooks::json(&report));
        }
    }
    Ok(if report.effective { DONE } else { FOUND })
}
