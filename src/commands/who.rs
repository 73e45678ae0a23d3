//! `tracks who`.

use std::ffi::OsString;

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Show whose a path is, and which tracks change it now, committed or not.
///
/// Of a directory, all that holds for anything in it. A path need not exist.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files and directories; without any, the whole repository.
    #[arg(default_value = ".")]
    paths: Vec<OsString>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(args.remote, Interrupt::never())?;
    let report = ops::who::run(&session, &args.paths, &context.dir)?;
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::who::text(&report)),
        Format::Json | Format::JsonLines => context.terminal.document(&report::who::json(&report)),
    }
    Ok(DONE)
}
