//! What `who` and `own` could not find out or do, with what to do about it.

use super::{Failure, undetermined};
use crate::domain::handover::Refusal;
use crate::domain::quote::shell_word;
use crate::ops::own::OwnError;
use crate::ops::who::WhoError;

impl From<WhoError> for Failure {
    fn from(error: WhoError) -> Self {
        match error {
            WhoError::Git(error) => error.into(),
            WhoError::Outside { .. } => Failure::usage(error.to_string())
                .hint("name paths in this worktree, or go into another one with `-C DIR`"),
        }
    }
}

impl From<OwnError> for Failure {
    fn from(error: OwnError) -> Self {
        let message = error.to_string();
        match error {
            OwnError::Session(error) => error.into(),
            OwnError::Refused(refusal) => refused(&refusal, message),
            OwnError::Pattern(_) => Failure::usage(message),
            OwnError::Outside { .. } => Failure::usage(message)
                .hint("name paths in this worktree, or go into another one with `-C DIR`"),
            OwnError::NotOurs { .. } => undetermined(message).hint(
                "move its lines into tracks.toml, or commit them, or write it all the same with `--force`",
            ),
            OwnError::NoText { .. } => {
                Failure::usage(message).hint("name its directory, or give a pattern that matches it")
            }
            OwnError::Git(error) => error.into(),
            OwnError::NoCodeowners => Failure::usage(message)
                .hint("set `[ownership] codeowners = \".github/CODEOWNERS\"`"),
            OwnError::Bare | OwnError::File { .. } => undetermined(message),
            OwnError::Edit { .. } => undetermined(message).hint("change it by hand"),
            OwnError::Invalid { .. } => {
                undetermined(message).hint("`tracks status` shows what is wrong with it")
            }
        }
    }
}

fn refused(refusal: &Refusal, message: String) -> Failure {
    let failure = Failure::usage(message);
    match refusal {
        Refusal::Frozen { .. } => failure.hint("take it out of `[ownership] frozen` first"),
        Refusal::Shared { pattern, .. } => failure.hint(format!(
            "change `[shared.{pattern:?}]`, or put a more exact one in front of it"
        )),
        Refusal::Owned {
            path, owner, to, ..
        } => failure.hint(format!(
            "to take it over: `tracks own {} --track {to} --from {owner}`",
            shell_word(path)
        )),
        Refusal::NotOwned { .. } => failure.hint("`tracks who PATH` says whose it is"),
    }
}
