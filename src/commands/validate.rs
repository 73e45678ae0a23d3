//! `tracks validate`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Judge one track before it may merge: its branch name, and whether it merges clean.
///
/// Works in the track's worktree, in a CI clone, or over a range.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The track; without it, the one of the current branch.
    track: Option<String>,
    /// Judge against this revision instead of the base branch.
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// Judge this revision instead of the track's tip.
    #[arg(long, value_name = "REVISION")]
    head: Option<String>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let mut session = context.session(args.remote, Interrupt::never())?;
    let options = ops::validate::Options {
        track: args.track,
        base: args.base,
        head: args.head,
    };
    let report = ops::validate::run(&mut session, &options, &context.dir)?;
    let exit = status(report.refused(), report.undetermined(), None);
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::validate::text(&report)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::validate::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}
