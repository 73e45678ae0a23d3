//! `tracks hooks run`: what git starts through the shims.

use crate::domain::hook::Hook;
use crate::failure::{DONE, Failure};

use super::Context;

/// What a hook of git does; the installed hooks start it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As git calls it, such as pre-commit.
    #[arg(value_parser = hook)]
    hook: Hook,
    /// What git gives to the hook.
    #[arg(last = true)]
    arguments: Vec<std::ffi::OsString>,
}

fn hook(name: &str) -> Result<Hook, String> {
    let known = || Hook::ALL.map(Hook::name).join(", ");
    Hook::named(name).ok_or_else(|| format!("it is one of {}", known()))
}

pub(super) fn run(args: &Args, _context: &Context) -> Result<u8, Failure> {
    let _ = (args.hook, &args.arguments);
    Ok(DONE)
}
