//! In which order tracks go: dependencies first, then priority, then the order of the file; and the largest set of them
//! that merges clean together.

mod clean_set;
mod landing;

pub use clean_set::{Candidates, CleanSet, largest_clean_set};
pub use landing::{Cycle, landing_order};
