//! `tracks mark`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::{Interrupt, clock};
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Declare the state of a track: draft, in-progress, ready, done or dropped. Without arguments, show what is declared.
///
/// Dropped tracks stay out of rounds and do not count for the quorum; with `admit = "ready"` only those marked ready or done
/// come in. A trailer on one of the track's commits (`Tracks-State: ready`) declares, too, and travels with the branch; the
/// newest declaration counts. That a track has landed is observed, and wins.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The track, and its state; in a track's worktree the state alone.
    #[arg(num_args = 0..=2, value_names = ["TRACK", "STATE"])]
    words: Vec<String>,
    /// Why, for others to read.
    #[arg(long, value_name = "TEXT", requires = "words")]
    because: Option<String>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let report = ops::mark::mark(&session, &args.words, args.because.as_deref())?;
    match context.terminal.format {
        Format::Text => context
            .terminal
            .answer(&report::mark::text(&report, clock::now())),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::mark::json(&report));
        }
    }
    Ok(DONE)
}
