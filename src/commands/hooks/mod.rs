//! `tracks hooks`: git hooks that live beside hooks that were there.

mod agent;
mod run;

use crate::domain::agent::Agent;
use crate::failure::Failure;
use crate::ui::Format;

use super::{Context, ShortFormat};

/// Git hooks: install them beside those that are there, see whether they would run, take them away.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Run(run::Args),
    Install(Change),
    Uninstall(Change),
}

/// Put advice into an agent's settings, or take it out.
#[derive(Debug, clap::Args)]
struct Change {
    /// The agent that is to ask before it writes: claude, codex or cursor.
    #[arg(long, value_parser = super::agent_named)]
    agent: Agent,
    #[arg(long, value_enum, default_value = "text")]
    format: ShortFormat,
}

impl Args {
    pub(crate) fn format(&self) -> Format {
        match &self.verb {
            Verb::Run(_) => Format::Text,
            Verb::Install(change) | Verb::Uninstall(change) => change.format.into(),
        }
    }
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    match args.verb {
        Verb::Run(args) => run::run(&args, context),
        Verb::Install(change) => agent::change(change.agent, true, context),
        Verb::Uninstall(change) => agent::change(change.agent, false, context),
    }
}
