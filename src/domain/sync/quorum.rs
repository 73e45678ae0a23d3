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
        Quorum {
            needed: super::needed(share, with_work.len()),
            have: merged.len(),
            missing: required
                .iter()
                .filter(|track| with_work.contains(track) && !merged.contains(track))
                .cloned()
                .collect(),
        }
    }

    pub fn met(&self) -> bool {
        self.missing.is_empty() && self.needed.is_none_or(|needed| self.have >= needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &str) -> Vec<TrackId> {
        names
            .split_whitespace()
            .map(|name| TrackId::new(name).unwrap())
            .collect()
    }

    #[test]
    fn who_is_enough() {
        let three_quarters = Some(Share::Fraction(0.75));
        let cases = [
            // share, required, with work, merged → needed, missing, met
            (None, "", "a b", "", None, "", true),
            (None, "a", "a b", "b", None, "a", false),
            (None, "c", "a b", "b", None, "", true),
            (three_quarters, "", "a b c d", "a b c", Some(3), "", true),
            (three_quarters, "", "a b c d", "a b", Some(3), "", false),
            (three_quarters, "d", "a b c d", "a b c", Some(3), "d", false),
            (three_quarters, "", "", "", Some(0), "", true),
            (Some(Share::Count(2)), "", "a", "a", Some(2), "", false),
        ];
        for (share, required, with_work, merged, needed, missing, met) in cases {
            let quorum = Quorum::new(share, &ids(required), &ids(with_work), &ids(merged));
            let context = format!("{share:?}, {required:?}, {with_work:?}, {merged:?}");
            assert_eq!(quorum.needed, needed, "{context}");
            assert_eq!(quorum.have, ids(merged).len(), "{context}");
            assert_eq!(quorum.missing, ids(missing), "{context}");
            assert_eq!(quorum.met(), met, "{context}");
        }
    }
}
