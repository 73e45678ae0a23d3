//! `tracks status`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::ops::trust::Trust;
use crate::process::{Interrupt, clock};
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Show where every track stands, and what to do next.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let trust = Trust::load(&session, false)?;
    let report = ops::status::run(&session, &trust)?;
    match context.terminal.format {
        Format::Text => context
            .terminal
            .answer(&report::status::text(&report, clock::now())),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::status::json(&report));
        }
    }
    Ok(DONE)
}
