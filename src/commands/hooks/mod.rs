//! `tracks hooks`: git hooks that live beside hooks that were there.

mod run;

use crate::failure::Failure;
use crate::ui::Format;

use super::Context;

/// Git hooks: install them beside those that are there, see whether they would run, take them away.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Run(run::Args),
}

impl Args {
    pub(crate) fn format(&self) -> Format {
        match &self.verb {
            Verb::Run(_) => Format::Text,
        }
    }
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    match args.verb {
        Verb::Run(args) => run::run(&args, context),
    }
}
