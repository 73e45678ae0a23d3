//! What a round decides: who may enter, when there are enough, whose merge turned the candidate red, and who stays out then.

mod blame;
mod due;
mod isolation;
mod landing;
mod law;
mod newest;
mod news;
mod overdue;
mod plan;
mod quorum;
mod resolved;

pub use blame::{Blamed, cheapest};
pub use due::until_due;
pub use isolation::{Culprits, Isolation, Search, TrackSet};
pub use landing::{BeforeLanding, LastRound, Readied, Stale, standing};
pub use law::{exceptions, outlawed};
pub use newest::NewestGood;
pub use news::{Found, News, Standing, Standings, Turned, news};
pub use overdue::{Integrated, overdue, overdue_text};
pub use plan::{
    Ejected, Entry, Held, Pinned, Plan, Why, contains_integration, needed, no_common_history,
    not_admitted_as,
};
pub use quorum::Quorum;
pub use resolved::{Foreseen, Resolved, ResolvedBy};
