//! `tracks resolve`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::ops::resolve::{Options, Wanted};
use crate::ops::trust::Trust;
use crate::process::{Asks, Interrupt};
use crate::ui::{Format, Progress, report};

use super::{Context, LongFormat, status};

/// Resolve a conflict once, for every later round.
///
/// With two tracks: opens their conflict in a worktree, with ordinary markers. Solve it there with any tool, `git add` what is
/// solved, and run the same command again: it checks what is in the index, committed or not, and records it under
/// refs/tracks/resolutions, and rounds use it wherever the same contents, or the same lines, meet again. With one track: starts the merge of base in the track's own
/// worktree. Without any: lists what conflicts, and what is recorded.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Two tracks, or one that does not merge with base.
    #[arg(value_name = "TRACK", num_args = 0..=2)]
    tracks: Vec<String>,
    /// Open a pair that merges clean and does not work together; what is changed there, new files too, is applied whenever both
    /// are in.
    #[arg(long)]
    fix: bool,
    /// Take the worktree of the pair away. What was done there is kept under refs/tracks/replaced.
    #[arg(long, conflicts_with_all = ["fix", "no_checks", "list", "forget"])]
    abort: bool,
    /// Record without running the checks of the integration, also where they cannot run.
    #[arg(long)]
    no_checks: bool,
    /// List what is recorded.
    #[arg(long, conflicts_with_all = ["tracks", "fix", "no_checks", "forget"])]
    list: bool,
    /// Take a record back, by the beginning of its id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["tracks", "fix", "no_checks"])]
    forget: Option<String>,
    /// Run the commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: LongFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let wanted = wanted(args)?;
    let (interrupt, asks) = (Interrupt::listen(), Asks::listen());
    let session = context.session(args.remote, interrupt.clone())?;
    let trust = match wanted.runs_commands(&session) {
        true => context.trust(&session, args.yes)?,
        false => Trust::Nothing,
    };
    let options = Options {
        here: context.here(),
        command: command(args),
        wanted,
    };
    let progress = Progress::new(context.terminal).answering(asks);
    let report = ops::resolve::run(&session, &trust, &options, &|event| progress.show(event))?;
    drop(progress);
    let exit = status(
        report.found(),
        report.undetermined(),
        interrupt.exit_status(),
    );
    match context.terminal.format {
        Format::Text => {
            let workflow = context.terminal.workflow();
            let text = report::resolve::text(&report, workflow.as_ref());
            context.terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => {
            let document = report::resolve::json(&report, exit == DONE);
            context.terminal.document(&document);
        }
    }
    Ok(exit)
}

fn wanted(args: &Args) -> Result<Wanted, Failure> {
    if let Some(id) = &args.forget {
        return Ok(Wanted::Forget(id.clone()));
    }
    match args.tracks.as_slice() {
        [a, b] if args.abort => Ok(Wanted::Abort([a.clone(), b.clone()])),
        [a, b] => Ok(Wanted::Pair {
            tracks: [a.clone(), b.clone()],
            fix: args.fix,
            no_checks: args.no_checks,
        }),
        [track] if args.abort => Err(Failure::usage(format!(
            "the merge in the worktree of {track} is git's to take back"
        ))
        .hint(format!("git -C \"$(tracks path {track})\" merge --abort"))),
        _ if args.fix || args.abort || args.no_checks => Err(Failure::usage(
            "`--fix`, `--abort` and `--no-checks` are about two tracks",
        )
        .hint("name them: `tracks resolve A B`")),
        [track] => Ok(Wanted::Track(track.clone())),
        _ if args.list => Ok(Wanted::Records),
        _ => Ok(Wanted::Everything),
    }
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    let mut command = "resolve".to_owned();
    for track in &args.tracks {
        command.push_str(&format!(" {track}"));
    }
    let forget = args.forget.as_ref().map(|id| format!(" --forget {id}"));
    command.push_str(&forget.unwrap_or_default());
    for (option, given) in [
        ("--fix", args.fix),
        ("--abort", args.abort),
        ("--no-checks", args.no_checks),
    ] {
        if given {
            command.push_str(&format!(" {option}"));
        }
    }
    command
}
