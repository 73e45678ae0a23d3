//! `tracks land`.

use crate::domain::name::{BranchName, TrackId};
use crate::failure::{DONE, Failure};
use crate::ops::announce::Landing;
use crate::ops::land::Report;
use crate::ops::trust::Trust;
use crate::ops::{self, Session};
use crate::process::{Asks, Interrupt};
use crate::ui::{Format, Progress, report};

use super::{Context, LongFormat, status};

/// Move base to the green integration commit.
///
/// Where base or a track that is in it has moved since the last round, there is a round first. Base only ever goes forward, and
/// a worktree that has it checked out goes along if it is clean.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show what would land; change nothing, run no check.
    #[arg(long)]
    dry_run: bool,
    /// Refuse where there would have to be a round first.
    #[arg(long)]
    no_sync: bool,
    /// Fetch first, and push base, never by force: what the remote refuses does not land here either.
    #[arg(long, conflicts_with = "push_only")]
    push: bool,
    /// Push to this branch and move nothing: where base is protected, and lands by a pull request.
    #[arg(long, value_name = "BRANCH")]
    push_only: Option<String>,
    /// Let this profile of tracks.toml count, rather than the first whose `when` holds.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Run the commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let (interrupt, asks) = (Interrupt::listen(), Asks::listen());
    let push_only = match &args.push_only {
        Some(name) => Some(
            BranchName::new(name)
                .map_err(|error| Failure::usage(format!("--push-only: {error}")))?,
        ),
        None => None,
    };
    let mut session = match args.dry_run {
        true => context.session(false, interrupt.clone())?,
        false => context.session_to_change(false, interrupt.clone())?,
    };
    if (args.push || push_only.is_some()) && !args.dry_run {
        session.repository.fetch(&session.project.remote)?;
        // What was fetched may hold another base and another tracks.toml.
        session = Session::with_repository(session.repository, false, interrupt.clone())?;
    }
    let tracks: Vec<TrackId> = (session.project.tracks.iter())
        .map(|track| track.id.clone())
        .collect();
    context.profile(&mut session, args.profile.as_deref(), &tracks, false)?;
    let trust = match args.dry_run {
        true => Trust::Nothing,
        false => context.trust(&session, args.yes)?,
    };
    let options = ops::land::Options {
        command: command(args),
        dry_run: args.dry_run,
        no_sync: args.no_sync,
        push: args.push,
        push_only,
    };
    let progress = Progress::new(context.terminal).answering(asks);
    let report = ops::land::run(&session, &trust, &options, &|event| progress.show(event));
    let report =
        report.map_err(|error| Failure::from(error).unless_interrupted(interrupt.exit_status()))?;
    drop(progress);
    let exit = status(
        report.found(),
        report.undetermined(),
        interrupt.exit_status(),
    );
    match context.terminal.format {
        Format::Text => {
            let workflow = context.terminal.workflow();
            let text = report::land::text(&report, workflow.as_ref());
            context.terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => {
            let document = report::land::json(&report, exit == DONE);
            context.terminal.document(&document);
        }
    }
    if let Some(round) = &report.synced {
        context.tell_of_round(&session, args.yes, round, &tracks);
    }
    for report in report.earlier.as_deref().into_iter().chain([&report]) {
        tell(args, context, &session, report, &interrupt);
    }
    // Also where it came while others were told.
    Ok(interrupt.exit_status().unwrap_or(exit))
}

/// Whom tracks.toml names to be told of landings.
fn tell(args: &Args, context: &Context, session: &Session, report: &Report, interrupt: &Interrupt) {
    let stands = report.rollback.as_ref().is_none_or(|back| !back.moved);
    if !report.moved || !report.news || !stands {
        return;
    }
    let landing = Landing {
        branch: report.branch.clone(),
        before: report.before,
        after: report.after,
        tracks: (report.tracks.iter())
            .map(|merged| merged.track.clone())
            .collect(),
        operation: report.operation.clone(),
    };
    let facts = &report::told::landing;
    let calls = ops::announce::of_landing(session, args.yes, &landing, facts, &mut None);
    if let Some(calls) = context.to_tell(calls) {
        context.tell(calls, interrupt);
    }
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    let mut command = "land".to_owned();
    if let Some(profile) = &args.profile {
        command.push_str(&format!(" --profile {profile}"));
    }
    for (option, given) in [("--no-sync", args.no_sync), ("--push", args.push)] {
        if given {
            command.push_str(&format!(" {option}"));
        }
    }
    if let Some(branch) = &args.push_only {
        command.push_str(&format!(" --push-only {branch}"));
    }
    command
}
