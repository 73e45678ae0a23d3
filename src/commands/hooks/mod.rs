//! `tracks hooks`: git hooks that live beside hooks that were there.

mod agent;
mod install;
mod run;
mod status;
mod uninstall;

use crate::failure::{DONE, Failure};
use crate::ops::hooks::new_server;
use crate::ops::{OpenOptions, Session};
use crate::process::{Interrupt, environment};
use crate::ui::{self, Format};

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

/// Also in a server's repository to which nothing has been pushed yet.
fn session(context: &Context) -> Result<Session, Failure> {
    let session = new_server::open(OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: false,
        interrupt: Interrupt::never(),
    })?;
    ui::notices(context.terminal, &session.notices, false);
    Ok(session)
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
