//! `tracks conflicts`.

use std::time::Duration;

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure};
use crate::ops::conflicts::Report;
use crate::ops::{self, OpenOptions, Session};
use crate::process::Interrupt;
use crate::ui::{self, Format, Progress, report};

use super::{Context, LongFormat, status};

/// Show which tracks conflict with each other, with base and with integration, and where.
///
/// Uncommitted work counts. With two tracks, the lines of both sides are shown.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Two tracks, to see the lines they conflict in.
    #[arg(num_args = 0..=2, value_names = ["A", "B"])]
    tracks: Vec<String>,
    /// Leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    /// Go on: whenever a track, base or tracks.toml changes, redo what moved and show it, until interrupted.
    #[arg(long)]
    watch: bool,
    /// Look every two seconds instead of waiting for file-system events, which network file systems do not give.
    #[arg(long, requires = "watch")]
    poll: bool,
    /// Run the command of `[notify] on_conflict` without asking, this once.
    #[arg(long, short)]
    yes: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let interrupt = match args.watch {
        true => Interrupt::listen(),
        false => Interrupt::never(),
    };
    let session = context.session(args.remote, interrupt.clone())?;
    let options = ops::conflicts::Options {
        committed: args.committed,
        pair: pair(args, &session)?,
    };
    if args.watch {
        return watch(args, context, session, options, &interrupt);
    }
    let progress = Progress::new(context.terminal);
    let report = ops::conflicts::run(&session, &options, &|event| progress.show(event))?;
    drop(progress);
    let exit = answer(context, &report, None);
    let interrupted = notify(args, context, &session, &options, &report);
    Ok(interrupted.unwrap_or(exit))
}

fn pair(args: &Args, session: &Session) -> Result<Option<(TrackId, TrackId)>, Failure> {
    match args.tracks.as_slice() {
        [] => Ok(None),
        [one] => Err(
            Failure::usage(format!("`tracks conflicts {one}` needs a second track"))
                .hint("leave both out for the whole matrix"),
        ),
        [a, b, ..] => {
            let (a, b) = (session.track(a)?.id.clone(), session.track(b)?.id.clone());
            if a == b {
                return Err(Failure::usage(format!("{a} cannot conflict with itself")));
            }
            Ok(Some((a, b)))
        }
    }
}

fn answer(context: &Context, report: &Report, interrupted: Option<u8>) -> u8 {
    let exit = status(report.found(), report.undetermined(), interrupted);
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::conflicts::text(report)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::conflicts::json(report, exit == DONE));
        }
    }
    exit
}

/// Tells who wants to know what has turned since the last run; the exit status if that was interrupted.
fn notify(
    args: &Args,
    context: &Context,
    session: &Session,
    options: &ops::conflicts::Options,
    report: &Report,
) -> Option<u8> {
    let facts = &report::watch::facts;
    let calls = match ops::announce::calls(session, args.yes, options, report, facts, &mut None) {
        Ok(calls) => calls?,
        Err(error) => {
            ui::warning(context.terminal, &error.to_string());
            return None;
        }
    };
    if let Some(warning) = calls.not_approved() {
        ui::warning(context.terminal, &warning.to_string());
    }
    if calls.is_empty() {
        return None;
    }
    let interrupt = Interrupt::listen();
    for failure in ops::announce::tell(calls, &interrupt) {
        ui::warning(context.terminal, &failure);
    }
    interrupt.exit_status()
}

fn watch(
    args: &Args,
    context: &Context,
    session: Session,
    options: ops::conflicts::Options,
    interrupt: &Interrupt,
) -> Result<u8, Failure> {
    let mut watching = ui::Watching::new(context.terminal);
    let options = ops::watch::Options {
        conflicts: options,
        poll: args.poll,
        tick: watching.wants_ticks().then_some(Duration::from_secs(1)),
        yes: args.yes,
    };
    let open = || {
        Session::open(OpenOptions {
            dir: context.dir.clone(),
            prefer_remote: args.remote,
            interrupt: interrupt.clone(),
        })
    };
    let around = ops::watch::Surroundings {
        open: &open,
        facts: &report::watch::facts,
        tell: &mut |news| watching.show(&news),
    };
    let last = ops::watch::run(session, &options, around)?;
    let interrupted = interrupt.exit_status();
    Ok(match last {
        // People have it before their eyes.
        Some(report) if context.terminal.format == Format::Text => {
            status(report.found(), report.undetermined(), interrupted)
        }
        Some(report) => answer(context, &report, interrupted),
        None => status(false, true, interrupted),
    })
}
