//! `tracks hooks uninstall`.

use crate::commands::{ShortFormat, agent_named};
use crate::domain::agent::Agent;
use crate::failure::{DONE, Failure};
use crate::ops::{self, hooks};
use crate::ui::{Format, report};

use super::{Context, agent};

/// Take the hooks of tracks away: what was there before is there again, byte for byte.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Instead of git hooks, take the question out of an agent's settings again: claude, codex or cursor.
    #[arg(long, value_name = "AGENT", value_parser = agent_named)]
    agent: Option<Agent>,
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: ShortFormat,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if let Some(agent) = args.agent {
        return agent::uninstall(agent, context);
    }
    // Without a session: a tracks.toml with a mistake in it must not keep anybody from getting rid of us.
    let repository = ops::open_repository(&context.dir)?;
    let report = hooks::uninstall::run(&repository)?;
    match context.terminal.format {
        Format::Text => {
            let main = repository.main_worktree();
            let text = report::hooks::uninstalled_text(&report, main);
            context.terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => {
            let document = report::hooks::uninstalled_json(&report);
            context.terminal.document(&document);
        }
    }
    Ok(DONE)
}
