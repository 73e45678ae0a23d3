//! `tracks sync`.

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure};
use crate::ops::trust::Trust;
use crate::ops::{self, Session};
use crate::process::{Asks, Interrupt};
use crate::ui::{Format, Progress, report};

use super::{Context, LongFormat, status};

/// Merge the tracks that fit into the integration branch, and move it only when it is green.
///
/// Only commits count. What conflicts, or turns the candidate red, is ejected and named; the branch is rebuilt from base in
/// every round.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would be merged; change nothing, run no check.
    #[arg(long)]
    dry_run: bool,
    /// Only this track. May be given several times.
    #[arg(long, value_name = "TRACK")]
    only: Vec<String>,
    /// Leave this track out. May be given several times.
    #[arg(long, value_name = "TRACK")]
    without: Vec<String>,
    /// Merge, but run no check and move nothing: leaves refs/tracks/candidate.
    #[arg(long)]
    no_checks: bool,
    /// Let this profile of tracks.toml count, rather than the first whose `when` holds.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Fetch from the remote first.
    #[arg(long)]
    fetch: bool,
    /// Push the integration branch when it is green.
    #[arg(long, conflicts_with_all = ["dry_run", "no_checks"])]
    push: bool,
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
    let (interrupt, asks) = (Interrupt::listen(), Asks::listen());
    let mut session = match args.dry_run {
        true => context.session(args.remote, interrupt.clone())?,
        false => context.session_to_change(args.remote, interrupt.clone())?,
    };
    if args.fetch {
        session.repository.fetch(&session.project.remote)?;
        // What was fetched may hold another base and another tracks.toml.
        session = Session::with_repository(session.repository, args.remote, interrupt.clone())?;
    }
    let tracks: Vec<TrackId> = session
        .tracks_named(&args.only)?
        .iter()
        .filter(|track| !args.without.iter().any(|name| name == track.id.as_str()))
        .map(|track| track.id.clone())
        .collect();
    context.profile(&mut session, args.profile.as_deref(), &tracks, false)?;
    let trust = if args.dry_run || args.no_checks {
        Trust::Nothing
    } else {
        context.trust(&session, args.yes)?
    };
    let options = ops::sync::Options {
        command: command(&args),
        dry_run: args.dry_run,
        only: args.only,
        without: args.without,
        no_checks: args.no_checks,
        push: args.push,
    };
    let progress = Progress::new(context.terminal).answering(asks);
    let report = ops::sync::run(&session, &trust, &options, &|event| progress.show(event))?;
    drop(progress);
    let undetermined = !report.undetermined.is_empty() || matches!(report.pushed, Some(Err(_)));
    let exit = status(report.found(), undetermined, interrupt.exit_status());
    match context.terminal.format {
        Format::Text => {
            let workflow = context.terminal.workflow();
            let text = report::sync::text(&report, workflow.as_ref());
            context.terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::sync::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    let mut command = "sync".to_owned();
    for (option, tracks) in [("--only", &args.only), ("--without", &args.without)] {
        for track in tracks {
            command.push_str(&format!(" {option} {track}"));
        }
    }
    if let Some(profile) = &args.profile {
        command.push_str(&format!(" --profile {profile}"));
    }
    for (option, given) in [("--fetch", args.fetch), ("--push", args.push)] {
        if given {
            command.push_str(&format!(" {option}"));
        }
    }
    command
}
