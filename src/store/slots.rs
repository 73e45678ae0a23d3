//! Job slots, counted over all processes that work on this repository.

use super::lock::{Lock, lock_file, try_lock_file};
use super::{Store, StoreError};
use crate::process::Slot;

/// The right to run something of some weight, held until dropped or until the process dies.
#[derive(Debug)]
pub struct SlotGuard {
    locks: Vec<Lock>,
}

impl SlotGuard {
    /// How many slots it holds.
    pub fn weight(&self) -> usize {
        self.locks.len()
    }
}

impl Slot for SlotGuard {}

impl Store {
    /// `weight` of `slots` slots (at least 1, at most all of them), or `None` while they are taken. All or nothing: never
    /// holds some and waits for more. Processes that disagree about the number of slots (tracks.toml has changed
    /// meanwhile) share the lower ones, so that together they use no more than the largest number that one of them
    /// believes in.
    ///
    /// # Errors
    /// When lock files cannot be made.
    pub fn try_slots(&self, slots: u32, weight: u32) -> Result<Option<SlotGuard>, StoreError> {
        let dir = self.root.join("slots");
        let slots = slots.max(1);
        let wanted = weight.clamp(1, slots) as usize;
        // One at a time, so that two that want several cannot each take what the other lacks, for ever.
        let _gate = lock_file(&dir.join("gate"))?;
        let mut locks = Vec::with_capacity(wanted);
        for number in 0..slots {
            locks.extend(try_lock_file(&dir.join(number.to_string()))?);
            if locks.len() == wanted {
                return Ok(Some(SlotGuard { locks }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_counted_over_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (Store::new(dir.path()), Store::new(dir.path()));
        let take = |store: &Store, slots, weight| store.try_slots(slots, weight).unwrap();
        let one = take(&ours, 3, 1).unwrap();
        assert!(take(&theirs, 3, 3).is_none());
        let two = take(&theirs, 3, 2).unwrap();
        assert_eq!((one.weight(), two.weight()), (1, 2));
        assert!(take(&ours, 3, 1).is_none());
        drop(one);
        assert!(take(&ours, 3, 2).is_none(), "only one is free");
        let again = take(&ours, 3, 1).unwrap();
        drop((two, again));
        assert_eq!(take(&ours, 3, 9).unwrap().weight(), 3, "at most all");
        assert_eq!(take(&ours, 3, 0).unwrap().weight(), 1, "at least one");
        assert_eq!(take(&ours, 0, 1).unwrap().weight(), 1, "at least one slot");
    }

    #[test]
    fn another_number_of_slots() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let _both = store.try_slots(2, 2).unwrap().unwrap();
        assert!(store.try_slots(1, 1).unwrap().is_none());
        assert!(store.try_slots(3, 2).unwrap().is_none());
        assert!(store.try_slots(3, 1).unwrap().is_some());
    }
}
