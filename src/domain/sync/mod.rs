//! What a round decides: who may enter, when there are enough, and whose merge turned the candidate red.

mod bisect;
mod overdue;
mod plan;
mod quorum;
mod resolved;

pub use bisect::{Isolation, Question};
pub use overdue::{Integrated, overdue, overdue_text};
pub use plan::{Ejected, Entry, Pinned, Plan, Why, needed, not_admitted_as};
pub use quorum::Quorum;
pub use resolved::{Resolved, ResolvedBy};
