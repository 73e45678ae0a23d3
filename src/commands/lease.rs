//! `tracks lease`.

use std::ffi::OsString;
use std::io;

use crate::failure::{Failure, UNDETERMINED};
use crate::ops::lease::{self, Options};
use crate::process::{Interrupt, run_in_front};
use crate::ui::Progress;

use super::Context;

/// Run a command while holding resources of tracks.toml, as checks hold them.
///
/// Waits until nobody else has them: no check of any process of this repository, and no other lease. The exit status is the
/// command's. It finds the number of the unit that it holds in `TRACKS_RESOURCE_NAME`, from 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Names of `[resource]` in tracks.toml; one unit of each.
    #[arg(required = true, value_name = "RESOURCE")]
    resources: Vec<String>,
    /// Hold so many of the `[run] jobs`, too.
    #[arg(long, value_name = "N", default_value_t = 0)]
    slots: u32,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// As shells have it: there is no such program, and it cannot be executed.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let interrupt = Interrupt::listen();
    let session = context.session(false, interrupt.clone())?;
    let words: Vec<_> = args
        .command
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let options = Options {
        resources: args.resources,
        slots: args.slots,
        who: format!("tracks lease: {}", words.join(" ")),
    };
    let progress = Progress::new(context.terminal);
    let lease = lease::take(&session, &options, &|event| progress.show(event))?;
    drop(progress);
    let Some(lease) = lease else {
        return Ok(interrupt.exit_status().unwrap_or(UNDETERMINED));
    };
    // Should we be killed, the command still has what it was promised.
    lease.pass_on(true)?;
    run_in_front(&args.command, &lease.variables, &interrupt).map_err(|error| {
        let (status, why) = match error.kind() {
            io::ErrorKind::NotFound => (NOT_FOUND, "there is no such program".to_owned()),
            _ => (NOT_EXECUTABLE, error.to_string()),
        };
        Failure::new(status, format!("cannot run `{}`: {why}", words[0]))
    })
}
