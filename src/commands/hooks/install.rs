//! `tracks hooks install`.

use crate::commands::{ShortFormat, agent_named};
use crate::domain::agent::Agent;
use crate::domain::hook::manager::{Tool, lines};
use crate::failure::{DONE, FOUND, Failure, UNDETERMINED};
use crate::ops::hooks;
use crate::ui::{Format, report};

use super::{Context, agent, session};

/// Put the hooks in place that tracks.toml has a use for; those that are there already stay, and run first.
///
/// Nothing is written outside the common git directory. Where `core.hooksPath` points somewhere else, the repository gets a
/// `core.hooksPath` of its own, whose hooks go on to those that counted before. Run it again at any time.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print what to add to the configuration of a tool that keeps hooks (husky, lefthook, pre-commit or prek), and change
    /// nothing.
    #[arg(long, value_name = "TOOL", value_parser = tool_named)]
    print: Option<Tool>,
    /// Instead of git hooks, let a coding agent ask before it writes: claude, codex or cursor. Goes into its settings in every
    /// track's worktree; what is there stays, and git is told to leave the file alone.
    #[arg(long, value_name = "AGENT", value_parser = agent_named, conflicts_with_all = ["print", "shims"])]
    agent: Option<Agent>,
    /// As scripts in a directory, also where git (2.54 and newer) can name hooks in its configuration.
    #[arg(long, conflicts_with = "print")]
    shims: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: ShortFormat,
}

fn tool_named(name: &str) -> Result<Tool, String> {
    let known = || Tool::ALL.map(Tool::name).join(", ");
    Tool::named(name).ok_or_else(|| format!("it is one of {}", known()))
}

pub(super) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if let Some(agent) = args.agent {
        return agent::install(agent, context);
    }
    let session = session(context)?;
    let terminal = context.terminal;
    let format = terminal.format;
    if let Some(tool) = args.print {
        let wanted = hooks::wanted(&session).map_err(hooks::HooksError::from)?;
        let text = lines(tool, &wanted);
        match format {
            Format::Text => terminal.answer(&text),
            Format::Json | Format::JsonLines => {
                terminal.document(&report::hooks::printed_json(tool.name(), &text));
            }
        }
        return Ok(DONE);
    }
    let report = hooks::install::run(&session, args.shims)?;
    let exit = match (report.problems.is_empty(), report.shadows.is_empty()) {
        (true, true) => DONE,
        (_, false) => FOUND,
        (false, true) => UNDETERMINED,
    };
    match format {
        Format::Text => {
            let main = session.repository.main_worktree();
            terminal.answer(&report::hooks::installed_text(&report, main));
        }
        Format::Json | Format::JsonLines => {
            terminal.document(&report::hooks::installed_json(&report, exit == DONE));
        }
    }
    Ok(exit)
}
