//! `tracks remove`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat, status};

/// Take worktrees away, restorably: they go to the trash, with everything that is in them.
///
/// The branch stays, and with it all commits. A worktree with uncommitted work stays, too, unless `--force` is given. The
/// ignored files that go with it are listed. `tracks restore` brings it back as it was; `tracks prune` empties the trash.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tracks; of what tracks.toml does not know any more, the worktree's directory or its branch.
    #[arg(required_unless_present = "orphans", value_name = "TRACK")]
    names: Vec<String>,
    /// Every worktree below `[layout] worktrees` that belongs to no track.
    #[arg(long, conflicts_with_all = ["names", "force"])]
    orphans: bool,
    /// The branch, too. It is kept under refs/tracks/trash/, merged or not.
    #[arg(long)]
    branch: bool,
    /// Also with uncommitted work, or in the middle of a merge; the work is kept as a commit, too.
    #[arg(long)]
    force: bool,
    /// Show what would go; change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let options = ops::remove::Options {
        command: command(&args),
        names: args.names,
        orphans: args.orphans,
        force: args.force,
        branch: args.branch,
        dry_run: args.dry_run,
        here: context.here(),
    };
    let report = ops::remove::run(&session, &options)?;
    let exit = status(false, !report.refused.is_empty(), None);
    match context.terminal.format {
        Format::Text => {
            let main = session.repository.main_worktree();
            context
                .terminal
                .answer(&report::remove::text(&report, main));
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::remove::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    let mut words = vec!["remove"];
    words.extend(args.names.iter().map(String::as_str));
    let options = [
        ("--orphans", args.orphans),
        ("--branch", args.branch),
        ("--force", args.force),
    ];
    words.extend(
        options
            .iter()
            .filter(|(_, given)| *given)
            .map(|(option, _)| *option),
    );
    words.join(" ")
}
