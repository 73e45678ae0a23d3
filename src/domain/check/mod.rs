//! Checks: how one run ended, which runs are due, in which order they start, and what they add up to.

mod backoff;
mod blame;
mod breaker;
mod outcome;
mod port;
mod remaining;
mod schedule;
mod summary;

pub use backoff::backoff;
pub use blame::{Window, suspects};
pub use breaker::Breaker;
pub use outcome::{Outcome, Run};
pub use port::port;
pub use remaining::Course;
pub use schedule::{Ended, Node, Schedule, Start, lower_bound};
pub use summary::{Summary, Timing};
