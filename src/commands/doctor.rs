//! `tracks doctor`.

use crate::failure::{DONE, FOUND, Failure};
use crate::ops;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Look whether this environment is sane, and say how to set right what is not. Nothing is changed.
///
/// Exit status 1 where something is an error; warnings keep nobody from working. Each finding has a code that stays:
/// DOC-GIT: git is missing, too old, or slow for what is asked of it.
/// DOC-PROGRAM: `tracks` on the PATH is another program than this, or none.
/// DOC-CONFIG: tracks.toml is missing, not valid, or not as base has it.
/// DOC-TOOL: a program is missing that a check, a service, a contract or setup needs.
/// DOC-TRUST: commands of tracks.toml are not approved here.
/// DOC-STATE: something that cannot be looked at, such as a damaged file.
/// DOC-LOCK: a lock file that a killed git has left.
/// DOC-UNFINISHED: a killed run of tracks that is to be completed.
/// DOC-HOOK: git hooks that would not run, are not installed, or start another program.
/// DOC-AGENT: agents that do not ask before they write, or ask another program than this.
/// DOC-SCRATCH: scratch directories of killed runs.
/// DOC-WORKTREE: a worktree that is gone, missing, or no track's.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(_args: &Args, context: &Context) -> Result<u8, Failure> {
    let report = ops::doctor::run(&context.dir)?;
    let terminal = context.terminal;
    match terminal.format {
        Format::Text => {
            let text = report::doctor::text(&report, terminal.width());
            terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => terminal.document(&report::doctor::json(&report)),
    }
    Ok(match report.has_errors() {
        true => FOUND,
        false => DONE,
    })
}
