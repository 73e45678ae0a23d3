//! `tracks conflicts`.

use std::time::Duration;

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure};
use crate::ops::behaviour::Behaviour;
use crate::ops::branches::{Asked, BranchesError};
use crate::ops::conflicts::Report;
use crate::ops::{self, OpenOptions, Session, SessionError};
use crate::process::{Asks, Interrupt};
use crate::ui::report::conflicts::Layout;
use crate::ui::{self, Format, Progress, Terminal, report};

use super::{Context, LongFormat, status};

/// Show which tracks conflict with each other, with base and with integration, and where.
///
/// Uncommitted work counts. With two tracks, the lines of both sides are shown. In a repository without a tracks.toml,
/// `tracks conflicts --branches 'topic/*'` compares branches.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Two tracks (or, with `--branches`, two of the branches), to see the lines they conflict in.
    #[arg(num_args = 0..=2, value_names = ["A", "B"])]
    tracks: Vec<String>,
    /// Compare the branches that match, and no tracks: for any repository. Can be given more than once.
    ///
    /// A glob over local branches (`topic/*`; a name stands for itself), or with the name of a remote over what was fetched
    /// from there (`origin/topic/*`). Where no local branch matches, those of the remote count. The base and integration
    /// branches are left out. A tracks.toml is not needed, and what it says of tracks does not count.
    #[arg(long, value_name = "PATTERN")]
    branches: Vec<String>,
    /// What the branches are measured against: a branch, a tag or a commit; otherwise origin/HEAD, main or master.
    #[arg(long, value_name = "REV", requires = "branches")]
    base: Option<String>,
    /// Leave uncommitted work out.
    #[arg(long)]
    committed: bool,
    /// Run this check on each pair that merges clean, to find those whose merge does not work.
    ///
    /// It runs in worktrees of tracks' own: on base, on base with each track alone, then on the pairs of tracks that pass it
    /// alone. It may be any check of tracks.toml, whatever its `when` says, and it counts as failed where it fails, whatever
    /// its `allow_failure` says. Its `tracks` count: a pair is judged where one of the two is among them.
    #[arg(long, value_name = "NAME", conflicts_with = "watch")]
    check: Option<String>,
    /// Let this profile of tracks.toml count for the check, rather than the first whose `when` holds.
    #[arg(long, value_name = "NAME", requires = "check")]
    profile: Option<String>,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    /// Show the lines of two tracks side by side, also where the terminal is narrow.
    #[arg(long, conflicts_with = "diff")]
    side_by_side: bool,
    /// Show the lines of two tracks as a diff from the first to the second.
    #[arg(long)]
    diff: bool,
    /// Go on: whenever a track, base or tracks.toml changes, redo what moved and show it, until interrupted.
    #[arg(long)]
    watch: bool,
    /// Look every two seconds instead of waiting for file-system events, which network file systems do not give.
    #[arg(long, requires = "watch")]
    poll: bool,
    /// Run the command of `[notify] on_conflict`, and of `--check`, without asking, this once.
    #[arg(long, short)]
    yes: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if args.check.is_some() && !args.branches.is_empty() {
        return Err(Failure::usage(
            "`--check` runs a check of tracks.toml, and `--branches` reads no tracks.toml",
        ));
    }
    let interrupt = match args.watch || args.check.is_some() {
        true => Interrupt::listen(),
        false => Interrupt::never(),
    };
    let asks = args.check.as_ref().map(|_| Asks::listen());
    let mut session = opened(args, context, &interrupt)?;
    ui::notices(context.terminal, &session.notices, false);
    let options = ops::conflicts::Options {
        committed: args.committed,
        pair: pair(args, &session)?,
        touched: context.terminal.format != Format::Text,
    };
    if args.watch {
        return watch(args, context, session, options, &interrupt);
    }
    let asked = match &args.check {
        Some(name) => {
            let tracks = tracks(&session, options.pair.as_ref());
            let by_hand = args.profile.as_deref();
            context.profile(&mut session, by_hand, &tracks, !args.committed)?;
            let check = ops::check::named(&session, name)?;
            Some((check, context.trust(&session, args.yes)?))
        }
        None => None,
    };
    let asked = (asked.as_ref()).map(|(check, trust)| ops::behaviour::Asked { check, trust });
    let mut progress = Progress::new(context.terminal);
    if let Some(asks) = asks {
        progress = progress.answering(asks);
    }
    let emit = |event: &ops::Event<'_>| progress.show(event);
    let report = ops::conflicts::run(&session, &options, asked.as_ref(), &emit)?;
    drop(progress);
    let exit = answer(args, context, &session, &report, &interrupt);
    if interrupt.exit_status().is_some() {
        return Ok(exit);
    }
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
            let (a, b) = (side(session, a)?, side(session, b)?);
            if a == b {
                return Err(Failure::usage(format!("{a} cannot conflict with itself")));
            }
            Ok(Some((a, b)))
        }
    }
}

/// The pair, or all.
fn tracks(session: &Session, pair: Option<&(TrackId, TrackId)>) -> Vec<TrackId> {
    match pair {
        Some((a, b)) => vec![a.clone(), b.clone()],
        None => {
            let tracks = session.project.tracks.iter();
            tracks.map(|track| track.id.clone()).collect()
        }
    }
}

fn answer(
    args: &Args,
    context: &Context,
    session: &Session,
    report: &Report,
    interrupt: &Interrupt,
) -> u8 {
    let judged = report.behaviour.as_ref();
    let exit = status(
        report.found() || judged.is_some_and(Behaviour::found),
        report.undetermined() || judged.is_some_and(Behaviour::undetermined),
        interrupt.exit_status(),
    );
    match context.terminal.format {
        Format::Text => {
            let text = report::conflicts::text(report, layout(args, context.terminal));
            let pager = session.repository.configured_pager();
            context.terminal.long_answer(&text, pager.as_deref());
        }
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
    let calls = ops::announce::of_conflicts(session, args.yes, options, report, facts, &mut None);
    let calls = context.to_tell(calls)?;
    let interrupt = Interrupt::listen();
    context.tell(calls, &interrupt);
    interrupt.exit_status()
}

fn watch(
    args: &Args,
    context: &Context,
    session: Session,
    options: ops::conflicts::Options,
    interrupt: &Interrupt,
) -> Result<u8, Failure> {
    let mut watching = ui::Watching::new(context.terminal, layout(args, context.terminal));
    let options = ops::watch::Options {
        conflicts: options,
        poll: args.poll,
        tick: watching.wants_ticks().then_some(Duration::from_secs(1)),
        yes: args.yes,
    };
    let around = ops::watch::Surroundings {
        open: &|| open(args, context, interrupt),
        facts: &report::watch::facts,
        tell: &mut |news| watching.show(&news),
    };
    let last = ops::watch::run(session, &options, around)?;
    let found = last.as_ref().is_some_and(Report::found);
    let undetermined = last.as_ref().is_none_or(Report::undetermined);
    let exit = status(found, undetermined, interrupt.exit_status());
    // People have it before their eyes.
    if let Some(report) = last.filter(|_| context.terminal.format != Format::Text) {
        let document = report::conflicts::json(&report, exit == DONE);
        context.terminal.document(&document);
    }
    Ok(exit)
}

fn open(args: &Args, context: &Context, interrupt: &Interrupt) -> Result<Session, BranchesError> {
    let options = OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: args.remote,
        interrupt: interrupt.clone(),
    };
    if args.branches.is_empty() {
        return Ok(Session::open(options)?);
    }
    let asked = Asked {
        patterns: args.branches.clone(),
        base: args.base.clone(),
    };
    Session::of_branches(options, asked)
}

/// The first time, when what is missing may be news.
fn opened(args: &Args, context: &Context, interrupt: &Interrupt) -> Result<Session, Failure> {
    open(args, context, interrupt).map_err(|error| {
        let none = matches!(
            error,
            BranchesError::Session(
                SessionError::NoConfig { .. } | SessionError::NoConfigOnBase { .. }
            )
        );
        let failure = Failure::from(error);
        match none && args.branches.is_empty() {
            true => failure
                .hint("or compare branches without one: `tracks conflicts --branches 'topic/*'`"),
            false => failure,
        }
    })
}

fn side(session: &Session, name: &str) -> Result<TrackId, Failure> {
    Ok(match session.branches {
        Some(_) => session.branch_named(name)?.id.clone(),
        None => session.track(name)?.id.clone(),
    })
}

fn layout(args: &Args, terminal: Terminal) -> Layout {
    if args.side_by_side {
        Layout::SideBySide(terminal.width())
    } else if args.diff {
        Layout::Diff(terminal.columns())
    } else {
        Layout::fitting(terminal.columns())
    }
}
