//! What a round decides: who may enter, when there are enough, whose merge turned the candidate red, and who stays out then.

mod blame;
mod isolation;
mod newest;
mod plan;
mod quorum;
mod resolved;

pub use blame::{Blamed, cheapest};
pub use isolation::{Culprits, Isolation, Search, TrackSet};
pub use newest::NewestGood;
pub use plan::{
    Ejected, Entry, Held, Pinned, Plan, Why, contains_integration, needed, no_common_history,
};
pub use quorum::Quorum;
pub use resolved::{Resolved, ResolvedBy};
