//! `tracks conflicts`.

use crate::domain::name::TrackId;
use crate::failure::{DONE, Failure};
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
    let session = session(args, context)?;
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
    let options = ops::conflicts::Options {
        committed: args.committed,
        pair,
        touched: context.terminal.format != Format::Text,
    };
    let progress = Progress::new(context.terminal);
    let report = ops::conflicts::run(&session, &options, &|event| progress.show(event))?;
    drop(progress);
    let exit = status(report.found(), report.undetermined(), None);
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

fn session(args: &Args, context: &Context) -> Result<Session, Failure> {
    let options = OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: args.remote,
        interrupt: Interrupt::never(),
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
