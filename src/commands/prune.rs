//! `tracks prune`.

use std::time::Duration;

use crate::domain::time::{format_duration, parse_duration};
use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Show what is not needed any more; with `--yes`, clear it away.
///
/// That is: clean worktrees of tracks whose work is all in base (restorably), tracks' own worktrees that nobody has used for so
/// long, and of that age what is in the trash and the refs that keep what operations have replaced. Branches stay, and so
/// does everything that is committed nowhere else.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Do it.
    #[arg(long, short)]
    yes: bool,
    /// How old trash, refs and worktrees of tracks' own have to be.
    #[arg(long, value_name = "DURATION", default_value = "14d", value_parser = duration)]
    older_than: Duration,
    /// Also refs whose commits are nowhere else: of removed branches, of branches before a rebase, of uncommitted work.
    #[arg(long)]
    unmerged: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let mut command = format!("prune --older-than {}", format_duration(args.older_than));
    if args.unmerged {
        command.push_str(" --unmerged");
    }
    let options = ops::prune::Options {
        older_than: args.older_than,
        unmerged: args.unmerged,
        yes: args.yes,
        here: context.here(),
        command,
    };
    let report = ops::prune::run(&session, &options)?;
    let failed = report.goes.iter().any(|item| item.problem.is_some());
    let exit = status(false, failed, None);
    match context.terminal.format {
        Format::Text => {
            let main = session.repository.main_worktree();
            context.terminal.answer(&report::prune::text(&report, main));
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::prune::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}
