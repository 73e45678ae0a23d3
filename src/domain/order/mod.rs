//! In which order tracks go: dependencies first, then priority, then the order of the file or whatever leaves the fewest
//! of them to be resolved; the largest set of them that merges clean together; and which pairs are looked at first.

mod clean_set;
mod fewest;
mod landing;
mod least_loss;
mod likeliest;

pub use clean_set::{Candidates, CleanSet, largest_clean_set};
pub use fewest::{Landing, LandingOrder, fewest_conflicts};
pub use landing::{Cycle, landing_order};
pub use likeliest::likeliest_first;
