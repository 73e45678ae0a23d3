//! `tracks init`.

use crate::config::starter::{Starter, starters};
use crate::domain::name::nearest;
use crate::failure::{DONE, Failure};
use crate::ops::{self, OpenOptions, Session, SessionError};
use crate::process::Interrupt;
use crate::ui::{self, Format, Progress, report};

use super::{Context, LongFormat, status};

/// Make branches, worktrees and setup for every track; without a tracks.toml, write one.
///
/// Run it again at any time: it does only what is missing, and finishes what a killed run began.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these tracks.
    tracks: Vec<String>,
    /// Show the plan and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write this commented tracks.toml: small, parallel, convergence or deployment.
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Run the setup commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    /// Leave the git hooks as they are.
    #[arg(long)]
    no_hooks: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if let Some(name) = &args.template {
        return write(starter(name)?, args, context);
    }
    let interrupt = Interrupt::listen();
    let options = OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: args.remote,
        interrupt: interrupt.clone(),
    };
    let session = match Session::open(options) {
        Ok(session) => session,
        Err(SessionError::NoConfig { .. }) if args.tracks.is_empty() => {
            return write(&starters()[0], args, context);
        }
        Err(error) => return Err(error.into()),
    };
    ui::notices(context.terminal, &session.notices, true);
    let tracks = session.tracks_named(&args.tracks)?;
    let trust = if args.dry_run {
        ops::trust::Trust::Nothing
    } else {
        context.trust(&session, args.yes)?
    };
    let progress = Progress::new(context.terminal);
    let command = std::iter::once("init").chain(args.tracks.iter().map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    let emit = |event: &ops::Event<'_>| progress.show(event);
    let report = ops::init::run(
        &session,
        &trust,
        &tracks,
        args.dry_run,
        !args.no_hooks,
        &command,
        &emit,
    )?;
    drop(progress);
    let exit = status(false, !report.problems.is_empty(), interrupt.exit_status());
    match context.terminal.format {
        Format::Text => {
            context.terminal.answer(&report::init::text(
                &report,
                session.repository.main_worktree(),
            ));
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::init::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

fn starter(name: &str) -> Result<&'static Starter, Failure> {
    starters()
        .iter()
        .find(|starter| starter.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = starters().iter().map(|starter| starter.name).collect();
            let failure = Failure::usage(format!("there is no template `{name}`"));
            match nearest(name, names.iter().copied()) {
                Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                None => failure.hint(format!("the templates are: {}", names.join(", "))),
            }
        })
}

fn write(starter: &Starter, args: &Args, context: &Context) -> Result<u8, Failure> {
    let repository = ops::open_repository(&context.dir)?;
    if args.dry_run {
        let text = ops::init::starter_text(&repository, starter);
        match context.terminal.format {
            Format::Text => context.terminal.answer(&text),
            Format::Json | Format::JsonLines => {
                let document = report::init::starter_json(starter.name, &text);
                context.terminal.document(&document);
            }
        }
        return Ok(DONE);
    }
    let path = ops::init::write_starter(&repository, starter)?;
    match context.terminal.format {
        Format::Text => context.terminal.answer(&format!(
            "wrote {} (template {}: {})\nname your tracks in it, then run `tracks init` again\n",
            path.display(),
            starter.name,
            starter.about
        )),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::init::wrote_json(&path, starter.name));
        }
    }
    Ok(DONE)
}
