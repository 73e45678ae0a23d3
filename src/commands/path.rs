//! `tracks path`.

use crate::failure::{DONE, Failure, UNDETERMINED};
use crate::git::Worktree;
use crate::process::Interrupt;

use super::Context;

/// Print where a track's worktree is, for example for `cd "$(tracks path api)"`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The track.
    track: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let track = session.track(&args.track)?;
    let worktrees = session.repository.worktrees()?;
    let worktree = Worktree::of_branch(&worktrees, &track.branch).ok_or_else(|| {
        Failure::new(UNDETERMINED, format!("track {} has no worktree", track.id))
            .hint(format!("make it: `tracks init {}`", track.id))
    })?;
    let mut line = worktree.path.as_os_str().as_encoded_bytes().to_vec();
    line.push(b'\n');
    context.terminal.answer_bytes(&line);
    Ok(DONE)
}
