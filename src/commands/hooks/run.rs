//! `tracks hooks run`: what git starts through the shims.

use std::ffi::OsString;
use std::io::Read as _;

use crate::domain::hook::Hook;
use crate::failure::{DONE, FOUND, Failure, UNDETERMINED};
use crate::ops::hooks::run::{Call, HookError};
use crate::ops::{self, SessionError};
use crate::process::{Interrupt, go_on_alone};
use crate::ui::{self, report};

use super::Context;

/// What a hook of git does; the installed hooks start it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As git calls it, such as pre-commit.
    #[arg(value_parser = hook)]
    hook: Hook,
    /// What git gives to the hook.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

fn hook(name: &str) -> Result<Hook, String> {
    let known = || Hook::ALL.map(Hook::name).join(", ");
    Hook::named(name).ok_or_else(|| format!("it is one of {}", known()))
}

/// Nothing but a finding refuses: a hook that cannot tell says so, and blocks nobody's work.
pub(super) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    if args.hook.is_after_the_fact() {
        go_on_alone();
    }
    let mut input = Vec::new();
    if matches!(
        args.hook,
        Hook::PrePush | Hook::ReferenceTransaction | Hook::PreReceive
    ) {
        std::io::stdin()
            .lock()
            .read_to_end(&mut input)
            .map_err(|error| Failure::new(UNDETERMINED, format!("reading stdin: {error}")))?;
    }
    let call = Call {
        dir: context.dir.clone(),
        hook: args.hook,
        arguments: args.arguments.clone(),
        input,
        interrupt: Interrupt::never(),
    };
    let terminal = context.terminal;
    match ops::hooks::run::run(&call) {
        Ok(report) => {
            let text = report::validate::hook::text(args.hook, &report, terminal.width_beside());
            terminal.aside(&text);
            Ok(if report.refuses() { FOUND } else { DONE })
        }
        Err(HookError::Session(SessionError::Config(problem))) => {
            // Once for each commit is enough.
            if matches!(
                args.hook,
                Hook::CommitMsg | Hook::PrepareCommitMsg | Hook::ReferenceTransaction
            ) {
                return Ok(DONE);
            }
            let first = problem.diagnostics.first();
            let what = first.map_or_else(String::new, |first| format!(": {}", first.message));
            ui::warning(
                terminal,
                &format!(
                    "tracks: nothing was judged, since {} is not valid{what} (`tracks init --dry-run` shows where)",
                    problem.name
                ),
            );
            Ok(DONE)
        }
        Err(error) => {
            ui::warning(
                terminal,
                &format!("tracks: the {} hook could not judge: {error}", args.hook),
            );
            Ok(DONE)
        }
    }
}
