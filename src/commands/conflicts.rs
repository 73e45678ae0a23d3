//! `tracks conflicts`.

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure};
use crate::ops::behaviour::Behaviour;
use crate::ops::branches::Asked;
use crate::ops::{self, OpenOptions, Session, SessionError};
use crate::process::Interrupt;
use crate::ui::report::conflicts::Layout;
use crate::ui::{self, Format, Progress, Terminal, report};

use super::{Context, ShortFormat, status};

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
    #[arg(long, value_name = "NAME")]
    check: Option<String>,
    /// With `--check`: run the commands of tracks.toml without asking, this once.
    #[arg(long, short, requires = "check")]
    yes: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    /// Show the lines of two tracks side by side, also where the terminal is narrow.
    #[arg(long, conflicts_with = "diff")]
    side_by_side: bool,
    /// Show the lines of two tracks as a diff from the first to the second.
    #[arg(long)]
    diff: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if args.check.is_some() && !args.branches.is_empty() {
        return Err(Failure::usage(
            "`--check` runs a check of tracks.toml, and `--branches` reads no tracks.toml",
        ));
    }
    let interrupt = match args.check {
        Some(_) => Interrupt::listen(),
        None => Interrupt::never(),
    };
    let session = session(args, context, interrupt.clone())?;
    let pair = match args.tracks.as_slice() {
        [] => None,
        [one] => {
            return Err(
                Failure::usage(format!("`tracks conflicts {one}` needs a second track"))
                    .hint("leave both out for the whole matrix"),
            );
        }
        [a, b, ..] => {
            let (a, b) = (side(&session, a)?, side(&session, b)?);
            if a == b {
                return Err(Failure::usage(format!("{a} cannot conflict with itself")));
            }
            Some((a, b))
        }
    };
    let asked = match &args.check {
        Some(name) => {
            let check = ops::check::named(&session, name)?;
            Some((check, context.trust(&session, args.yes)?))
        }
        None => None,
    };
    let options = ops::conflicts::Options {
        committed: args.committed,
        pair,
        touched: context.terminal.format != Format::Text,
        check: (asked.as_ref()).map(|(check, trust)| ops::behaviour::Asked { check, trust }),
    };
    let progress = Progress::new(context.terminal);
    let report = ops::conflicts::run(&session, &options, &|event| progress.show(event))?;
    drop(progress);
    let judged = report.behaviour.as_ref();
    let exit = status(
        report.found() || judged.is_some_and(Behaviour::found),
        report.undetermined() || judged.is_some_and(Behaviour::undetermined),
        interrupt.exit_status(),
    );
    match context.terminal.format {
        Format::Text => {
            let text = report::conflicts::text(&report, layout(args, context.terminal));
            let pager = session.repository.configured_pager();
            context.terminal.long_answer(&text, pager.as_deref());
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::conflicts::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

fn session(args: &Args, context: &Context, interrupt: Interrupt) -> Result<Session, Failure> {
    let options = OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: args.remote,
        interrupt,
    };
    let opened = if args.branches.is_empty() {
        Session::open(options).map_err(|error| {
            let none = matches!(
                error,
                SessionError::NoConfig { .. } | SessionError::NoConfigOnBase { .. }
            );
            let failure = Failure::from(error);
            if none {
                failure.hint(
                    "or compare branches without one: `tracks conflicts --branches 'topic/*'`",
                )
            } else {
                failure
            }
        })
    } else {
        let asked = Asked {
            patterns: args.branches.clone(),
            base: args.base.clone(),
        };
        Session::of_branches(options, asked).map_err(Failure::from)
    };
    let session = opened?;
    ui::notices(context.terminal, &session.notices, false);
    Ok(session)
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
