//! `cargo xtask bench sync`: a whole round beside what git's merges take in a worktree, and how many checks it takes to name
//! two tracks that do not work together.

mod pair;
mod round;

use super::cases::Bench;
use crate::failure::Failure;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    round::run(bench)?;
    pair::run(bench)
}
