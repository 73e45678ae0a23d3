//! The number of each place in which commands run: the same for ever, so that ports, databases and build directories can be
//! derived from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lock::lock_file;
use super::{Store, StoreError, record};

#[derive(Default, Serialize, Deserialize)]
struct Places {
    numbers: BTreeMap<String, u32>,
}

impl Store {
    /// The number of the place with this name (a track's id, `.probe-0` …), from 1; a new place gets the lowest that is
    /// free. 0 is the repository as a whole.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn place_number(&self, name: &str) -> Result<u32, StoreError> {
        let path = self.root.join("places.json");
        let known: Option<Places> = record::read(&path)?;
        if let Some(number) = known.and_then(|places| places.numbers.get(name).copied()) {
            return Ok(number);
        }
        let _lock = lock_file(&self.root.join("locks").join("places"))?;
        let mut places: Places = record::read(&path)?.unwrap_or_default();
        let taken: Vec<u32> = places.numbers.values().copied().collect();
        let free = (1..).find(|number| !taken.contains(number)).unwrap_or(1);
        let number = *places.numbers.entry(name.to_owned()).or_insert(free);
        record::write(&path, &places)?;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn each_place_keeps_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let number = |name: &str| store.place_number(name).unwrap();
        assert_eq!((number("a"), number(".probe-0"), number("b")), (1, 2, 3));
        assert_eq!((number("b"), number("a")), (3, 1));
        let other = Store::new(dir.path());
        assert_eq!(other.place_number("c").unwrap(), 4);
    }

    #[test]
    fn places_that_are_new_at_the_same_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let mut numbers: Vec<u32> = thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|n| {
                    let store = &store;
                    scope.spawn(move || store.place_number(&format!("t{n}")).unwrap())
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
