//! `tracks undo`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Take an operation back: branches to where they were, worktrees that it made into the trash, those it removed out of it.
///
/// All of it or nothing: where a branch has moved on since, or a worktree holds uncommitted work, nothing is changed, and what
/// to do is said. A remote is never touched. An undo is an operation, too, so that `tracks undo` twice does it again; to go
/// further back, name an operation.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take this one back (see `tracks log`) rather than the last; the beginning of its id will do.
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
    /// Show what would be done; change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let options = ops::undo::Options {
        operation: args.operation,
        dry_run: args.dry_run,
        here: context.here(),
    };
    let report = ops::undo::run(&session, &options)?;
    let exit = status(false, !report.refused.is_empty(), None);
    match context.terminal.format {
        Format::Text => {
            let main = session.repository.main_worktree();
            context.terminal.answer(&report::undo::text(&report, main));
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::undo::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}
