//! `tracks ack`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Acknowledge a contract: say that a track has taken in what it says now. Without arguments, show what is to be acknowledged.
///
/// A track that consumes a contract is behind once base has changed it, and is told when its owner is about to. `tracks
/// update` takes the change in; where nothing of the track has to change for it, acknowledging this very version does as well.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The contract that has been taken in.
    #[arg(value_name = "CONTRACT")]
    contract: Option<String>,
    /// The consumer; without it, the track in whose worktree this is.
    #[arg(long, value_name = "TRACK")]
    track: Option<String>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let track = args.track.as_deref();
    let report = match &args.contract {
        Some(contract) => ops::ack::ack(&session, contract, track)?,
        None => ops::ack::list(&session, track)?,
    };
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::ack::text(&report)),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::ack::json(&report));
        }
    }
    Ok(DONE)
}
