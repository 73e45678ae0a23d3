//! `tracks brief`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::ops::trust::Trust;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Say what a person or an agent must know to work in a track: what is theirs, what is not, contracts, checks, and how to ask.
///
/// The text is Markdown, to be handed to an agent as it is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The track; without it, the one of this worktree.
    track: Option<String>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let trust = Trust::load(&session, false)?;
    let report = ops::brief::run(&session, &trust, args.track.as_deref())?;
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::brief::text(&report)),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::brief::json(&report));
        }
    }
    Ok(DONE)
}
