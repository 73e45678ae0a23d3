//! `tracks validate`.

mod agent;

use std::io::IsTerminal as _;

use clap::ValueEnum;

use crate::domain::agent::Agent;
use crate::failure::{DONE, FOUND, Failure, UNDETERMINED};
use crate::ops::validate::ValidateError;
use crate::ops::{self, OpenOptions, Session, validate};
use crate::process::{Asks, Interrupt, environment};
use crate::ui::{Format, Progress, report};

use super::{Context, status};

/// Judge a track before it may merge: rules, deliverables, clean merge with base and integration, checks.
///
/// Works in the track's worktree, in a CI clone, or over a range. What is judged is committed; warnings never refuse.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The track; without it, the one of the current branch.
    track: Option<String>,
    /// Every track with work.
    #[arg(long, conflicts_with_all = ["track", "head"])]
    all: bool,
    /// Judge against this revision instead of the base branch.
    #[arg(long, value_name = "REVISION")]
    base: Option<String>,
    /// Judge this revision instead of the track's tip.
    #[arg(long, value_name = "REVISION")]
    head: Option<String>,
    /// Run no checks.
    #[arg(long)]
    no_checks: bool,
    /// Set right what can be without thinking, in the track's worktree; nothing is committed.
    #[arg(long, conflicts_with = "head")]
    fix: bool,
    /// Only say which of the paths on stdin the track may not change: at once, for editors and agents.
    #[arg(long, conflicts_with_all = ["all", "base", "head", "fix", "no_checks", "remote", "yes"])]
    stdin_paths: bool,
    /// Answer a coding agent that is about to write, in its own words: its message comes on stdin; nothing where all is well.
    #[arg(long, value_name = "AGENT", value_parser = super::agent_named, conflicts_with_all = ["track", "all", "base", "head", "fix", "no_checks", "remote", "yes", "stdin_paths"])]
    stdin_agent: Option<Agent>,
    /// Run the commands of tracks.toml without asking, this once.
    #[arg(long, short)]
    yes: bool,
    /// Take remote-tracking branches over local ones, unless they are strictly behind.
    #[arg(long)]
    remote: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ValidateFormat,
}

/// How the answer of `validate` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ValidateFormat {
    Text,
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A suite for each track, a test case for each rule, merge, deliverable and check.
    Junit,
    /// A Code Quality report of GitLab.
    Gitlab,
}

impl From<ValidateFormat> for Format {
    fn from(format: ValidateFormat) -> Self {
        match format {
            // Both are read by people, in a log.
            ValidateFormat::Text | ValidateFormat::Github => Format::Text,
            ValidateFormat::Json
            | ValidateFormat::Sarif
            | ValidateFormat::Junit
            | ValidateFormat::Gitlab => Format::Json,
        }
    }
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    if let Some(agent) = args.stdin_agent {
        return Ok(agent::run(agent, context));
    }
    if args.stdin_paths {
        return paths(&args, context);
    }
    let (interrupt, asks) = (Interrupt::listen(), Asks::listen());
    let mut session = context.session(args.remote, interrupt.clone())?;
    if let Some(base) = &args.base {
        validate::judge_against(&mut session, base)?;
    }
    let options = validate::Options {
        track: args.track,
        head: args.head,
        all: args.all,
        no_checks: args.no_checks,
        fix: args.fix,
    };
    let tracks = validate::tracks_meant(&session, &options, &context.dir)?;
    let trust = match options.no_checks {
        // Programs that compare contracts are no checks; nobody is asked for their sake.
        true => ops::trust::Trust::load(&session, args.yes)?,
        false => {
            context.profile(&mut session, None, &tracks, false)?;
            context.trust(&session, args.yes)?
        }
    };
    let progress = Progress::new(context.terminal).answering(asks);
    let report = validate::run(&session, &trust, &options, &context.dir, &|event| {
        progress.show(event);
    })?;
    drop(progress);
    let exit = status(
        report.refused(),
        report.undetermined(),
        interrupt.exit_status(),
    );
    let terminal = context.terminal;
    match args.format {
        ValidateFormat::Text => {
            let workflow = terminal.workflow();
            let text = report::validate::text(&report, terminal.width(), workflow.as_ref());
            terminal.answer(&text);
        }
        ValidateFormat::Json => terminal.document(&report::validate::json(&report, exit == DONE)),
        ValidateFormat::Github => {
            terminal.answer(&report::validate::github::annotations(&report));
            if let Some(path) = environment::var("GITHUB_STEP_SUMMARY").filter(|it| !it.is_empty())
            {
                let summary = report::validate::github::summary(&report);
                if let Err(error) = crate::files::append(path.as_ref(), summary.as_bytes()) {
                    crate::ui::warning(terminal, &format!("no summary of the step: {error}"));
                }
            }
        }
        ValidateFormat::Sarif => terminal.document(&report::validate::sarif::json(&report, exit)),
        ValidateFormat::Junit => terminal.answer(&report::validate::junit::xml(&report)),
        ValidateFormat::Gitlab => terminal.document(&report::validate::gitlab::json(&report)),
    }
    Ok(exit)
}

fn paths(args: &Args, context: &Context) -> Result<u8, Failure> {
    if !matches!(args.format, ValidateFormat::Text | ValidateFormat::Json) {
        let message = "`--stdin-paths` answers as text or json";
        return Err(Failure::usage(message).hint("leave `--format` out, or use `--format json`"));
    }
    let session = Session::open_quickly(OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: false,
        interrupt: Interrupt::never(),
    })?;
    let track = validate::paths::track(&session, args.track.as_deref(), &context.dir);
    let track = track.map_err(which_track)?;
    if std::io::stdin().is_terminal() {
        context
            .terminal
            .aside("waiting for paths on stdin, one a line; Ctrl-D ends them\n");
    }
    // Whoever edits has seen what a session has to say beside the answer, and an agent reads every line of it.
    let mut input = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut input)
        .map_err(|error| Failure::new(UNDETERMINED, format!("reading stdin: {error}")))?;
    let report = validate::paths::run(&session, track, &input, &context.dir)?;
    let exit = if report.refused() { FOUND } else { DONE };
    let terminal = context.terminal;
    match terminal.format {
        Format::Text => {
            let text = report::validate::paths::text(&report, terminal.width());
            terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => {
            terminal.document(&report::validate::paths::json(&report, exit == DONE));
        }
    }
    Ok(exit)
}

/// All tracks cannot be asked for with paths.
fn which_track(error: ValidateError) -> Failure {
    match &error {
        ValidateError::NoTrack { known, .. } | ValidateError::Detached { known } => {
            let known = known.join(", ");
            Failure::usage(error.to_string()).hint(format!(
                "name a track: `tracks validate TRACK --stdin-paths` ({known})"
            ))
        }
        _ => error.into(),
    }
}
