//! Checks: how one run ended, which runs are due, in which order they start, and what they add up to.

mod affected;
mod outcome;
mod schedule;
mod summary;
pub mod why;

pub use affected::affected;
pub use outcome::{Outcome, Run};
pub use schedule::{Ended, Node, Schedule, Start, critical_path};
pub use summary::{Summary, Timing};
