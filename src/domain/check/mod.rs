//! Checks: how one run ended, which runs are due, in which order they start, what they add up to, and the numbers
//! and tests that they yield.

mod counted;
mod metric;
mod outcome;
mod schedule;
mod summary;

pub use counted::{FailedTest, Tests};
pub use metric::{Figure, number, score};
pub use outcome::{Outcome, Run};
pub use schedule::{Ended, Node, Schedule, Start, critical_path};
pub use summary::{Summary, Timing};
