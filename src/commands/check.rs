//! `tracks check`.

use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops::{self, Session};
use crate::process::Interrupt;
use crate::ui::{Format, Progress, Terminal, report};

use super::{Context, LongFormat, status};

/// Run the tracks' checks in parallel.
///
/// Each runs in the track's worktree as it is, uncommitted work included. What passed before on the same tree is not run
/// again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these tracks.
    tracks: Vec<String>,
    /// Only this check, and what it needs. May be given several times.
    #[arg(long = "check", value_name = "NAME")]
    checks: Vec<String>,
    /// Judge the committed tips, in worktrees of tracks' own.
    #[arg(long)]
    committed: bool,
    /// Only checks that read what the track has changed, and what these need.
    #[arg(long)]
    affected: bool,
    /// Run again what passed before; what passes now is kept.
    #[arg(long)]
    no_cache: bool,
    /// Tell why each check was run, or was not.
    #[arg(long)]
    why: bool,
    /// Print the newest log of a check on a track, as it is, and run nothing; without a value, list the logs that are kept.
    #[arg(
        long,
        value_name = "TRACK/CHECK",
        num_args = 0..=1,
        conflicts_with_all = ["tracks", "checks", "committed", "affected", "no_cache", "why", "fail_fast", "yes"],
    )]
    logs: Option<Option<String>>,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Run the commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let interrupt = Interrupt::listen();
    let session = context.session(args.remote, interrupt.clone())?;
    if let Some(wanted) = &args.logs {
        return logs(&session, wanted.as_deref(), context.terminal);
    }
    let trust = context.trust(&session, args.yes)?;
    let options = ops::check::Options {
        tracks: args.tracks,
        checks: args.checks,
        committed: args.committed,
        no_cache: args.no_cache,
        fail_fast: args.fail_fast,
        affected: args.affected,
        why: args.why,
    };
    let progress = Progress::new(context.terminal);
    let report = ops::check::run(&session, &trust, &options, &|event| progress.show(event))?;
    drop(progress);
    let failed = report.summary.failed > report.summary.allowed;
    let undetermined = report.summary.could_not_run > 0;
    let exit = status(failed, undetermined, interrupt.exit_status());
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::check::text(&report)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::check::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

fn logs(session: &Session, wanted: Option<&str>, terminal: Terminal) -> Result<u8, Failure> {
    let (report, log) = match wanted {
        None => (ops::logs::list(session), None),
        Some(wanted) => {
            let (report, file) = ops::logs::newest(session, wanted)?;
            (report, Some(file))
        }
    };
    match (terminal.format, log) {
        (Format::Text, None) => terminal.answer(&report::logs::text(&report)),
        (Format::Text, Some(mut log)) => terminal.pass_on(&mut log).map_err(|error| {
            Failure::new(UNDETERMINED, format!("the log cannot be read: {error}"))
        })?,
        (Format::Json | Format::JsonLines, _) => {
            terminal.document(&report::logs::json(&report));
        }
    }
    Ok(DONE)
}
