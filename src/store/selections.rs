//! What patterns select in directories, as far as it took long to find out.
//!
//! One binary file (a line with the format, a SHA-256 of the rest, and one piece after the other, the newest last),
//! replaced as a whole. It is a cache: a file that is damaged, of another format, or that cannot be written is as good as
//! none.

use std::collections::HashSet;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::{Store, StoreError, record};

const HEADER: &[u8] = b"tracks-selections-1\n";
/// Beyond this many, the oldest go.
const KEPT: usize = 20_000;

/// A digest of patterns, a place in them and a directory; and what is selected there, if anything is.
type Piece = ([u8; 32], Option<[u8; 32]>);

/// Bytes of a piece: the digest, whether anything is selected, and what.
const LENGTH: usize = 65;

impl Store {
    /// Nothing, where nothing usable is kept.
    pub fn known_selections(&self) -> Vec<Piece> {
        self.read_selections().unwrap_or_default()
    }

    fn read_selections(&self) -> Option<Vec<Piece>> {
        let bytes = std::fs::read(self.selections_path()).ok()?;
        let (sum, body) = bytes.strip_prefix(HEADER)?.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        body.chunks(LENGTH).map(piece).collect()
    }

    /// Adds what has been learned to what is kept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_selections(&self, learned: &[Piece]) -> Result<(), StoreError> {
        let new: HashSet<&[u8; 32]> = learned.iter().map(|(key, _)| key).collect();
        let mut pieces = self.known_selections();
        pieces.retain(|(key, _)| !new.contains(key));
        pieces.extend(learned);
        let kept = &pieces[pieces.len().saturating_sub(KEPT)..];
        let mut body = Vec::with_capacity(kept.len() * LENGTH);
        for (key, selected) in kept {
            body.extend_from_slice(key);
            body.push(u8::from(selected.is_some()));
            body.extend_from_slice(&selected.unwrap_or_default());
        }
        let mut bytes = HEADER.to_vec();
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend_from_slice(&body);
        let path = self.selections_path();
        record::replace(&path, &bytes, record::SHARED, record::Durable::No)
    }

    fn selections_path(&self) -> PathBuf {
        self.root().join("cache").join("selections")
    }
}

fn piece(bytes: &[u8]) -> Option<Piece> {
    let (key, rest) = bytes.split_first_chunk::<32>()?;
    let (is_some, selected) = rest.split_first()?;
    let selected: [u8; 32] = selected.try_into().ok()?;
    Some((*key, (*is_some == 1).then_some(selected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_newest_last_and_each_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.known_selections(), []);
        let (a, b) = (([1; 32], Some([2; 32])), ([3; 32], None));
        store.keep_selections(&[a, b]).unwrap();
        assert_eq!(store.known_selections(), [a, b]);
        store.keep_selections(&[a]).unwrap();
        assert_eq!(store.known_selections(), [b, a]);
    }

    #[test]
    fn the_oldest_go_beyond_what_there_is_room_for() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let number = |number: usize| (<[u8; 32]>::from(Sha256::digest(number.to_le_bytes())), None);
        let many: Vec<Piece> = (0..KEPT).map(number).collect();
        store.keep_selections(&many).unwrap();
        store.keep_selections(&[number(KEPT)]).unwrap();
        let known = store.known_selections();
        assert_eq!(known.len(), KEPT);
        assert_eq!((known[0], known[KEPT - 1]), (number(1), number(KEPT)));
    }

    #[test]
    fn what_is_damaged_is_as_good_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        store.keep_selections(&[([1; 32], None)]).unwrap();
        let whole = std::fs::read(store.selections_path()).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() - 1] ^= 1;
        for damaged in [
            &whole[..0],
            &whole[..9],
            &whole[..whole.len() - 1],
            &flipped,
        ] {
            record::replace(
                &store.selections_path(),
                damaged,
                record::SHARED,
                record::Durable::No,
            )
            .unwrap();
            assert_eq!(store.known_selections(), []);
        }
    }
}
