//! `tracks conflicts`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::report::conflicts::Layout;
use crate::ui::{Format, Progress, Terminal, report};

use super::{Context, ShortFormat, status};

/// Show which tracks conflict with each other, with base and with integration, and where.
///
/// Uncommitted work counts. With two tracks, the lines of both sides are shown.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Two tracks, to see the lines they conflict in.
    #[arg(num_args = 0..=2, value_names = ["A", "B"])]
    tracks: Vec<String>,
    /// Leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    /// Show the lines of two tracks side by side, also where the terminal is narrow.
    #[arg(long, conflicts_with = "diff")]
    side_by_side: bool,
    /// Show the lines of two tracks as a diff from the first to the second.
    #[arg(long)]
    diff: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let pair = match args.tracks.as_slice() {
        [] => None,
        [one] => {
            return Err(
                Failure::usage(format!("`tracks conflicts {one}` needs a second track"))
                    .hint("leave both out for the whole matrix"),
            );
        }
        [a, b, ..] => {
            let (a, b) = (session.track(a)?.id.clone(), session.track(b)?.id.clone());
            if a == b {
                return Err(Failure::usage(format!("{a} cannot conflict with itself")));
            }
            Some((a, b))
        }
    };
    let options = ops::conflicts::Options {
        committed: args.committed,
        pair,
        touched: context.terminal.format != Format::Text,
    };
    let progress = Progress::new(context.terminal);
    let report = ops::conflicts::run(&session, &options, &|event| progress.show(event))?;
    drop(progress);
    let exit = status(report.found(), report.undetermined(), None);
    match context.terminal.format {
        Format::Text => {
            let text = report::conflicts::text(&report, layout(args, context.terminal));
            let pager = session.repository.configured_pager();
            context.terminal.long_answer(&text, pager.as_deref());
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::conflicts::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

fn layout(args: &Args, terminal: Terminal) -> Layout {
    if args.side_by_side {
        Layout::SideBySide(terminal.width())
    } else if args.diff {
        Layout::Diff(terminal.columns())
    } else {
        Layout::fitting(terminal.columns())
    }
}
