//! `tracks schema`.

use crate::failure::{DONE, Failure};

use super::Context;

/// Print the JSON Schema of tracks.toml, for editors.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(crate) fn run(_: &Args, context: &Context) -> Result<u8, Failure> {
    context.terminal.answer(&crate::config::schema());
    Ok(DONE)
}
