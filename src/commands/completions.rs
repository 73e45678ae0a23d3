//! `tracks completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::{DONE, Failure};

use super::Context;

/// Print the completion script of a shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run<C: CommandFactory>(args: &Args, context: &Context) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "tracks", &mut script);
    context.terminal.answer(&String::from_utf8_lossy(&script));
    Ok(DONE)
}
