//! Checks: how one run ended, which runs are due, in which order they start, what they add up to, and the numbers
//! and tests that they yield.

mod affected;
mod backoff;
mod blame;
mod breaker;
mod counted;
mod metric;
mod order;
mod outcome;
mod port;
mod remaining;
mod schedule;
mod summary;
pub mod why;

pub use affected::affected;
pub use backoff::backoff;
pub use blame::{Window, suspects};
pub use breaker::Breaker;
pub use counted::{FailedTest, Tests};
pub use metric::{Figure, number, score};
pub use order::quickest_schedule;
pub use outcome::{Outcome, Run};
pub use port::port;
pub use remaining::Course;
pub use schedule::{Ended, Node, Schedule, Start, lower_bound};
pub use summary::{Summary, Timing};
