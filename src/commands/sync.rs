//! `tracks sync`.

use std::time::Duration;

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::ops::sync::{Report, SyncError};
use crate::ops::trust::Trust;
use crate::ops::watch::rounds::{self, Occasion, Ran};
use crate::ops::{self, OpenOptions, Session};
use crate::process::{Asks, Interrupt};
use crate::ui::{self, Format, Progress, report};

use super::{Context, LongFormat, duration, status};

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
    /// Go on: run a round whenever the last one, whoever ran it, is `[integration] every` old, until interrupted.
    #[arg(long, conflicts_with_all = ["dry_run", "no_checks"])]
    watch: bool,
    /// With `--watch`: so old, instead of `[integration] every`, like `4h` or `2d`.
    #[arg(long, value_name = "DURATION", requires = "watch", value_parser = duration)]
    every: Option<Duration>,
    /// With `--watch`: a round also after a track, base or tracks.toml has moved and rested for a while.
    #[arg(long, requires = "watch")]
    on_change: bool,
    /// With `--on-change`: how long what has moved rests before there is a round.
    #[arg(long, value_name = "DURATION", requires = "on_change", default_value = "30s", value_parser = duration)]
    rest: Duration,
    /// With `--on-change`: look every two seconds instead of waiting for file-system events, which network file systems do not
    /// give.
    #[arg(long, requires = "on_change")]
    poll: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let once = Once {
        args,
        context,
        interrupt: Interrupt::listen(),
        asks: Asks::listen(),
    };
    if args.watch {
        return watch(&once);
    }
    let (_, exit) = once.run(true).map_err(Failure::from)?;
    // Also where it came while others were told.
    Ok(once.interrupt.exit_status().unwrap_or(exit))
}

/// One round.
struct Once<'a> {
    args: &'a Args,
    context: &'a Context,
    interrupt: Interrupt,
    asks: Asks,
}

/// Why there was none.
enum NoRound {
    Busy { holder: String },
    Failed(Failure),
}

impl From<Failure> for NoRound {
    fn from(failure: Failure) -> Self {
        NoRound::Failed(failure)
    }
}

impl From<SyncError> for NoRound {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Busy { holder } => NoRound::Busy { holder },
            error => NoRound::Failed(error.into()),
        }
    }
}

impl From<NoRound> for Failure {
    fn from(none: NoRound) -> Self {
        match none {
            NoRound::Busy { holder } => SyncError::Busy { holder }.into(),
            NoRound::Failed(failure) => failure,
        }
    }
}

impl Once<'_> {
    /// Runs it, shows it to people, and tells who wants to be told. With its exit status. `first`: somebody may be asked.
    fn run(&self, first: bool) -> Result<(Report, u8), NoRound> {
        let (args, context) = (self.args, self.context);
        if let Some(both) = args.only.iter().find(|track| args.without.contains(track)) {
            let message = format!("`{both}` is named by --only and by --without");
            return Err(Failure::usage(message).hint("name it once").into());
        }
        let mut session = self.session()?;
        let tracks: Vec<TrackId> = session
            .tracks_named(&args.only)
            .map_err(Failure::from)?
            .iter()
            .filter(|track| !args.without.iter().any(|name| name == track.id.as_str()))
            .map(|track| track.id.clone())
            .collect();
        context.profile(&mut session, args.profile.as_deref(), &tracks, false)?;
        let trust = match args.dry_run {
            true => Trust::Nothing,
            false if first && !args.no_checks => context.trust(&session, args.yes)?,
            // Also without checks: what resolves conflicts may run.
            false => Trust::load(&session, args.yes).map_err(Failure::from)?,
        };
        let options = ops::sync::Options {
            command: command(args),
            dry_run: args.dry_run,
            only: args.only.clone(),
            without: args.without.clone(),
            no_checks: args.no_checks,
            push: args.push,
        };
        let progress = Progress::new(context.terminal).answering(self.asks.clone());
        let report = ops::sync::run(&session, &trust, &options, &|event| progress.show(event))?;
        drop(progress);
        let undetermined = !report.undetermined.is_empty() || matches!(report.pushed, Some(Err(_)));
        let exit = status(report.found(), undetermined, self.interrupt.exit_status());
        match context.terminal.format {
            Format::Text => {
                let workflow = context.terminal.workflow();
                let text = report::sync::text(&report, workflow.as_ref());
                context.terminal.answer(&text);
            }
            // Of many rounds the last one is the document.
            Format::Json if args.watch => {}
            Format::Json | Format::JsonLines => {
                let document = report::sync::json(&report, exit == DONE);
                context.terminal.document(&document);
            }
        }
        context.tell_of_round(&session, args.yes, &report, &tracks);
        Ok((report, exit))
    }

    fn session(&self) -> Result<Session, Failure> {
        let (args, interrupt) = (self.args, &self.interrupt);
        let session = match args.dry_run {
            true => self.context.session(args.remote, interrupt.clone())?,
            false => (self.context).session_to_change(args.remote, interrupt.clone())?,
        };
        if !args.fetch {
            return Ok(session);
        }
        session.repository.fetch(&session.project.remote)?;
        // What was fetched may hold another base and another tracks.toml.
        let session = Session::with_repository(session.repository, args.remote, interrupt.clone())?;
        if !args.dry_run {
            ops::fetch_resolutions(&session)?;
        }
        Ok(session)
    }
}

/// One round after the other, until interrupted.
fn watch(once: &Once<'_>) -> Result<u8, Failure> {
    let (args, context) = (once.args, once.context);
    let shown = ui::Rounds::new(context.terminal);
    let open = || {
        Session::open(OpenOptions {
            dir: context.dir.clone(),
            prefer_remote: args.remote,
            interrupt: once.interrupt.clone(),
        })
    };
    let session = open()?;
    let options = rounds::Options {
        every: args.every,
        rest: args.on_change.then_some(args.rest),
        poll: args.poll,
    };
    let (mut first, mut last, mut waited_for) = (true, None, None);
    let mut round = |occasion: &Occasion| {
        shown.begins(occasion);
        let ran = once.run(std::mem::replace(&mut first, false));
        let busy = match &ran {
            Err(NoRound::Busy { holder }) => Some(holder.clone()),
            _ => None,
        };
        // Who holds it is said once.
        let news = busy != waited_for;
        waited_for.clone_from(&busy);
        match ran {
            Ok(ended) => {
                last = Some(ended);
                Ran::Recorded
            }
            Err(NoRound::Busy { holder }) => {
                if news {
                    shown.busy(&holder);
                }
                Ran::Busy
            }
            Err(NoRound::Failed(failure)) => {
                shown.failed(failure.message());
                failure.show(context.terminal);
                Ran::Failed
            }
        }
    };
    rounds::run(
        session,
        &options,
        rounds::Around {
            open: &open,
            round: &mut round,
            tell: &mut |between| shown.show(&between),
        },
    );
    let exit = last.as_ref().map_or(UNDETERMINED, |(_, exit)| *exit);
    let exit = once.interrupt.exit_status().unwrap_or(exit);
    if let Some((report, _)) = last.filter(|_| context.terminal.format == Format::Json) {
        let document = report::sync::json(&report, exit == DONE);
        context.terminal.document(&document);
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
