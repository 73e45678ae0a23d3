//! `tracks update`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Bring base into tracks, by merge or rebase; each track as a whole or not at all.
///
/// A track that would conflict stays as it was, and so does one with uncommitted changes. Where a track is checked out, its
/// worktree goes along. Everything is worked out in memory first, and no hook about commits and merges runs: what is merged
/// has been committed before, and a merge that needs somebody is not made.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these tracks; otherwise all whose work is not in base yet.
    tracks: Vec<String>,
    /// Bring the tip of this track, of which it has to be declared that the others depend on it, rather than base.
    #[arg(long, value_name = "TRACK")]
    from: Option<String>,
    /// Put the track's own commits onto it instead of merging.
    #[arg(long)]
    rebase: bool,
    /// With `--rebase`: also commits that a remote has.
    #[arg(long, requires = "rebase")]
    rewrite_published: bool,
    /// Show what would come of it; change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let options = ops::update::Options {
        command: command(&args),
        tracks: args.tracks,
        from: args.from,
        rebase: args.rebase,
        rewrite_published: args.rewrite_published,
        dry_run: args.dry_run,
    };
    let report = ops::update::run(&session, &options)?;
    let exit = status(report.found(), report.skipped(), None);
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::update::text(&report)),
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::update::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    let mut words = vec!["update"];
    words.extend(args.tracks.iter().map(String::as_str));
    if let Some(from) = &args.from {
        words.extend(["--from", from]);
    }
    if args.rebase {
        words.push("--rebase");
    }
    if args.rewrite_published {
        words.push("--rewrite-published");
    }
    words.join(" ")
}
