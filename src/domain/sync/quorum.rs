//! Whether enough tracks fit for the integration branch to move.

use crate::domain::name::TrackId;
use crate::domain::project::Share;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    pub needed: Option<usize>,
    pub have: usize,
    /// Required tracks that have work and are not in.
    pub missing: Vec<TrackId>,
}

impl Quorum {
    /// `with_work` and `merged` count tracks; a required track that is empty is not missed.
    pub fn new(
        share: Option<Share>,
        required: &[TrackId],
        with_work: &[TrackId],
        merged: &[TrackId],
    ) -> Quorum {
        let _ = (share, required, with_work, merged);
        todo!()
    }

    pub fn met(&self) -> bool {
        self.missing.is_empty() && self.needed.is_none_or(|needed| self.have >= needed)
    }
}
