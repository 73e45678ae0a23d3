//! `tracks hooks`: git hooks that live beside hooks that were there.

mod agent;
mod install;
mod run;
mod status;
mod uninstall;

use crate::failure::{DONE, Failure};
use crate::process::environment;
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
    Install(install::Args),
    Uninstall(uninstall::Args),
    Status(status::Args),
    Run(run::Args),
}

impl Args {
    pub(crate) fn format(&self) -> Format {
        match &self.verb {
            Verb::Install(args) => args.format.into(),
            Verb::Uninstall(args) => args.format.into(),
            Verb::Status(args) => args.format.into(),
            Verb::Run(_) => Format::Text,
        }
    }
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    match args.verb {
        Verb::Install(args) => install::run(&args, context),
        Verb::Uninstall(args) => uninstall::run(&args, context),
        Verb::Status(args) => status::run(&args, context),
        Verb::Run(args) => match environment::var(environment::HOOKS_PROBE) {
            // Somebody wants to know whether git gets as far as here, and no more.
            Some(token) => {
                context.terminal.answer(&format!("{token}\n"));
                Ok(DONE)
            }
            None => run::run(&args, context),
        },
    }
}
