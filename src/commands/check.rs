//! `tracks check`.

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops::{self, Session};
use crate::process::{Asks, Interrupt};
use crate::ui::{Format, Progress, Terminal, report};

use super::{CheckFormat, Context, status};

/// Run the tracks' checks in parallel.
///
/// Each runs in the track's worktree as it is, uncommitted work included. What passed before on the same tree is not run
/// again. While they run, the key `t` (on a terminal) or the signal USR1 prints what is going on.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these tracks. Default: in a track's worktree that track, elsewhere all.
    tracks: Vec<String>,
    /// All tracks, wherever this is started.
    #[arg(long, conflicts_with = "tracks")]
    all: bool,
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
        conflicts_with_all = ["tracks", "checks", "committed", "affected", "no_cache", "why", "fail_fast", "profile", "all", "yes"],
    )]
    logs: Option<Option<String>>,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Let this profile of tracks.toml count, rather than the first whose `when` holds.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Run the commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

pub(crate) fn run(mut args: Args, context: &Context) -> Result<u8, Failure> {
    let (interrupt, asks) = (Interrupt::listen(), Asks::listen());
    let mut session = context.session(args.remote, interrupt.clone())?;
    if let Some(wanted) = &args.logs {
        if args.format == CheckFormat::Junit {
            let message = "`--format junit` shows runs, and `--logs` makes none";
            return Err(Failure::usage(message).hint("leave one of them out"));
        }
        return logs(&session, wanted.as_deref(), context.terminal);
    }
    if args.tracks.is_empty()
        && !args.all
        && session.project.tracks.len() > 1
        && let Some(track) = session.track_here()?
    {
        let text = format!(
            "only {}, whose worktree this is; all of them: `--all`",
            track.id
        );
        context.note(text);
        args.tracks = vec![track.id.to_string()];
    }
    let tracks = session.tracks_named(&args.tracks)?;
    let tracks: Vec<TrackId> = tracks.iter().map(|track| track.id.clone()).collect();
    let by_hand = args.profile.as_deref();
    context.profile(&mut session, by_hand, &tracks, !args.committed)?;
    let trust = context.trust(&session, args.yes)?;
    let format = args.format;
    let options = ops::check::Options {
        tracks: args.tracks,
        checks: args.checks,
        committed: args.committed,
        no_cache: args.no_cache,
        fail_fast: args.fail_fast,
        affected: args.affected,
        why: args.why,
    };
    let progress = Progress::new(context.terminal).answering(asks);
    let report = ops::check::run(&session, &trust, &options, &|event| progress.show(event))?;
    drop(progress);
    let failed = report.summary.failed > report.summary.allowed;
    let undetermined = report.summary.could_not_run > 0;
    let exit = status(failed, undetermined, interrupt.exit_status());
    match format {
        CheckFormat::Text => {
            let workflow = context.terminal.workflow();
            let text = report::check::text(&report, workflow.as_ref());
            context.terminal.answer(&text);
        }
        CheckFormat::Junit => {
            let text = report::junit::xml(&report.runs, &ops::check::last_lines);
            context.terminal.answer(&text);
        }
        CheckFormat::Json | CheckFormat::JsonLines => {
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
