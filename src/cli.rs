//! The command line: which verb, with which options; the help text is the doc comments of these types.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    Context, ack, brief, check, completions, conflicts, decide, doctor, explain, hooks, init, land,
    lease, log, mark, new, own, path, prune, reference, remove, resolve, restore, rollback,
    schedule, schema, status, sync, trust, undo, update, validate, who,
};
use crate::failure::{self, Failure};
use crate::ui::{Format, Terminal};

/// Keeps N parallel workstreams of one git repository convergent.
///
/// From one file, tracks.toml: a branch and a worktree per track, checks in parallel, every collision between tracks found
/// while it is young, and an integration branch that is always green.
#[derive(Debug, Parser)]
#[command(
    name = "tracks",
    version,
    propagate_version = false,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Run as if started in this directory.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    /// Print long answers, whatever the size of the terminal.
    #[arg(long, global = true)]
    no_pager: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Args),
    Status(status::Args),
    Conflicts(conflicts::Args),
    Check(check::Args),
    Validate(validate::Args),
    Who(who::Args),
    Brief(brief::Args),
    Own(own::Args),
    Sync(sync::Args),
    Land(land::Args),
    Rollback(rollback::Args),
    Update(update::Args),
    Undo(undo::Args),
    Remove(remove::Args),
    Restore(restore::Args),
    Prune(prune::Args),
    Resolve(resolve::Args),
    Decide(decide::Args),
    Explain(explain::Args),
    Hooks(hooks::Args),
    Doctor(doctor::Args),
    Schedule(schedule::Args),
    Lease(lease::Args),
    Log(log::Args),
    New(new::Args),
    Mark(mark::Args),
    Ack(ack::Args),
    Path(path::Args),
    Trust(trust::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Reference(reference::Args),
}

/// Runs the program; the result is its exit status.
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no mistake; clap knows which is which.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(failure::USAGE);
        }
    };
    let terminal = Terminal::new(cli.verb.format(), !cli.no_pager);
    let result = Context::new(cli.dir, terminal).and_then(|context| cli.verb.run(&context));
    let status = result.unwrap_or_else(|failure| failure.show(terminal));
    match status {
        failure::DONE if terminal.lost_an_answer() => failure::UNDETERMINED,
        status => status,
    }
}

impl Verb {
    fn run(self, context: &Context) -> Result<u8, Failure> {
        match self {
            Verb::Init(args) => init::run(&args, context),
            Verb::Status(args) => status::run(&args, context),
            Verb::Conflicts(args) => conflicts::run(&args, context),
            Verb::Check(args) => check::run(args, context),
            Verb::Validate(args) => validate::run(args, context),
            Verb::Who(args) => who::run(&args, context),
            Verb::Brief(args) => brief::run(&args, context),
            Verb::Doctor(args) => doctor::run(&args, context),
            Verb::Own(args) => own::run(&args, context),
            Verb::Land(args) => land::run(&args, context),
            Verb::Rollback(args) => rollback::run(args, context),
            Verb::Sync(args) => sync::run(&args, context),
            Verb::Update(args) => update::run(args, context),
            Verb::Undo(args) => undo::run(args, context),
            Verb::Remove(args) => remove::run(args, context),
            Verb::Restore(args) => restore::run(&args, context),
            Verb::Prune(args) => prune::run(&args, context),
            Verb::Resolve(args) => resolve::run(&args, context),
            Verb::Decide(args) => decide::run(&args, context),
            Verb::Explain(args) => explain::run(&args, context),
            Verb::Hooks(args) => hooks::run(args, context),
            Verb::Schedule(args) => schedule::run(&args, context),
            Verb::Lease(args) => lease::run(args, context),
            Verb::Log(args) => log::run(&args, context),
            Verb::New(args) => new::run(args, context),
            Verb::Mark(args) => mark::run(&args, context),
            Verb::Ack(args) => ack::run(&args, context),
            Verb::Path(args) => path::run(&args, context),
            Verb::Trust(args) => trust::run(&args, context),
            Verb::Schema(args) => schema::run(&args, context),
            Verb::Completions(args) => completions::run::<Cli>(&args, context),
            Verb::Reference(args) => reference::run::<Cli>(&args, context),
        }
    }

    fn format(&self) -> Format {
        match self {
            Verb::Init(args) => args.format.into(),
            Verb::Status(args) => args.format.into(),
            Verb::Conflicts(args) => args.format.into(),
            Verb::Check(args) => args.format.into(),
            Verb::Validate(args) => args.format.into(),
            Verb::Who(args) => args.format.into(),
            Verb::Brief(args) => args.format.into(),
            Verb::Doctor(args) => args.format.into(),
            Verb::Own(args) => args.format.into(),
            Verb::Sync(args) => args.format.into(),
            Verb::Land(args) => args.format.into(),
            Verb::Rollback(args) => args.format.into(),
            Verb::Update(args) => args.format.into(),
            Verb::Undo(args) => args.format.into(),
            Verb::Remove(args) => args.format.into(),
            Verb::Restore(args) => args.format.into(),
            Verb::Prune(args) => args.format.into(),
            Verb::Resolve(args) => args.format.into(),
            Verb::Decide(args) => args.format.into(),
            Verb::Explain(args) => args.format.into(),
            Verb::Log(args) => args.format.into(),
            Verb::New(args) => args.format().into(),
            Verb::Hooks(args) => args.format(),
            Verb::Mark(args) => args.format.into(),
            Verb::Ack(args) => args.format.into(),
            Verb::Trust(args) => args.format.into(),
            Verb::Lease(_)
            | Verb::Path(_)
            | Verb::Schedule(_)
            | Verb::Schema(_)
            | Verb::Completions(_)
            | Verb::Reference(_) => Format::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
