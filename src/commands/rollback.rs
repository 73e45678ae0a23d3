//! `tracks rollback`.

use crate::failure::{DONE, Failure};
use crate::ops::{self, Session};
use crate::process::Interrupt;
use crate::ui::{Format, Progress, report};

use super::{Context, ShortFormat, status};

/// Take a landing back: one new commit on base that takes out again what the landing brought.
///
/// What came to base since stays. The commits of the landed tracks stay in base's history, so a track lands again only with
/// new commits; `tracks status` says how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The landing, as `tracks log` names it. Default: the last one that has not been taken back.
    operation: Option<String>,
    /// Show what would be taken out; move nothing.
    #[arg(long)]
    dry_run: bool,
    /// Fetch first, and push base, never by force: what the remote refuses is not moved here either.
    #[arg(long)]
    push: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let interrupt = Interrupt::listen();
    let mut session = match args.dry_run {
        true => context.session(false, interrupt.clone())?,
        false => context.session_to_change(false, interrupt.clone())?,
    };
    if args.push && !args.dry_run {
        session.repository.fetch(&session.project.remote)?;
        session = Session::with_repository(session.repository, false, interrupt.clone())?;
    }
    let options = ops::rollback::Options {
        operation: args.operation,
        push: args.push,
        dry_run: args.dry_run,
    };
    let progress = Progress::new(context.terminal);
    let report = ops::rollback::run(&session, &options, &|event| progress.show(event));
    let report =
        report.map_err(|error| Failure::from(error).unless_interrupted(interrupt.exit_status()))?;
    drop(progress);
    let exit = status(
        report.found(),
        report.undetermined(),
        interrupt.exit_status(),
    );
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::rollback::text(&report)),
        Format::Json | Format::JsonLines => {
            let document = report::rollback::json(&report, exit == DONE);
            context.terminal.document(&document);
        }
    }
    Ok(exit)
}
