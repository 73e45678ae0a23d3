//! What has come to collide with a track and has not been told yet: found in the background, told by the next hook.
//!
//! One file a track, read and changed under a lock that is held for moments; another lock is held while somebody looks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lock::{Lock, lock_file, try_lock_file};
use super::{Store, StoreError, record};
use crate::domain::name::TrackId;

/// One thing that stands between a track and another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct News {
    /// What it is the same by when it is found again.
    pub key: String,
    /// One sentence without a full stop.
    pub text: String,
    /// The track on the other side; `None`: base.
    pub other: Option<String>,
    /// The commits of the two sides by which it was found, as hex.
    pub tips: [String; 2],
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    /// Everything that was there when somebody last looked.
    known: BTreeSet<News>,
    /// The keys of what was not told yet.
    untold: BTreeSet<String>,
}

/// The right to look, until dropped.
#[derive(Debug)]
pub struct NewsWatch {
    store: Store,
    track: TrackId,
    again: PathBuf,
    lock: Lock,
}

impl Store {
    /// What was not told yet; now it is.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn tell_news(&self, track: &TrackId) -> Result<Vec<News>, StoreError> {
        let path = self.news_file(track);
        // Most of the time there is nothing, and nothing to be locked.
        let is_untold = |stored: &Stored| !stored.untold.is_empty();
        if !record::read(&path)?.as_ref().is_some_and(is_untold) {
            return Ok(Vec::new());
        }
        let _lock = lock_file(&self.root().join("locks").join("news"))?;
        let Some(mut stored) = record::read::<Stored>(&path)? else {
            return Ok(Vec::new());
        };
        let untold = std::mem::take(&mut stored.untold);
        record::write(&path, &stored)?;
        let told = stored.known.into_iter();
        Ok(told.filter(|news| untold.contains(&news.key)).collect())
    }

    /// `None`: somebody looks already, and will do so once more.
    ///
    /// # Errors
    /// When the lock cannot be made.
    pub fn watch_for_news(&self, track: &TrackId) -> Result<Option<NewsWatch>, StoreError> {
        let again = self.news_file(track).with_extension("again");
        record::write_cached(&again, &())?;
        let path = self.root().join("locks").join(format!("news-{track}"));
        let Some(lock) = try_lock_file(&path)? else {
            return Ok(None);
        };
        take(&again)?;
        Ok(Some(NewsWatch {
            store: self.clone(),
            track: track.clone(),
            again,
            lock,
        }))
    }

    fn news_file(&self, track: &TrackId) -> PathBuf {
        self.root().join("news").join(format!("{track}.json"))
    }
}

impl NewsWatch {
    /// Keeps what is there now; what was not there before is to be told, and what is there no longer is not.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn found(&mut self, found: &BTreeSet<News>) -> Result<(), StoreError> {
        let path = self.store.news_file(&self.track);
        let _lock = lock_file(&self.store.root().join("locks").join("news"))?;
        let mut stored: Stored = record::read(&path)?.unwrap_or_default();
        let known: BTreeSet<&String> = stored.known.iter().map(|news| &news.key).collect();
        let new: BTreeSet<String> = (found.iter())
            .filter(|news| !known.contains(&news.key))
            .map(|news| news.key.clone())
            .collect();
        stored.untold.extend(new);
        stored
            .untold
            .retain(|key| found.iter().any(|news| news.key == *key));
        stored.known.clone_from(found);
        record::write(&path, &stored)
    }

    /// Whether somebody has asked meanwhile; what is asked from now on is not lost either.
    ///
    /// # Errors
    /// When the mark cannot be taken away.
    pub fn is_asked_again(&mut self) -> Result<bool, StoreError> {
        take(&self.again)
    }

    /// Ends it. Whether somebody has asked before others could look themselves.
    pub fn end(self) -> bool {
        let NewsWatch { again, lock, .. } = self;
        drop(lock);
        again.exists()
    }
}

/// Whether the mark was there; it is not any more.
fn take(mark: &Path) -> Result<bool, StoreError> {
    match std::fs::remove_file(mark) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io(mark)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(keys: &str) -> BTreeSet<News> {
        let all = keys.split_whitespace().map(|key| News {
            key: key.to_owned(),
            text: format!("{key} collides"),
            other: None,
            tips: [String::new(), String::new()],
        });
        all.collect()
    }

    fn told(store: &Store, track: &TrackId) -> Vec<String> {
        let told = store.tell_news(track).unwrap();
        told.into_iter().map(|news| news.text).collect()
    }

    #[test]
    fn each_is_told_once_and_only_while_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let track = TrackId::new("a").unwrap();
        assert!(told(&store, &track).is_empty());
        let mut watch = store.watch_for_news(&track).unwrap().unwrap();
        watch.found(&news("b c")).unwrap();
        assert_eq!(told(&store, &track), ["b collides", "c collides"]);
        assert!(told(&store, &track).is_empty());
        watch.found(&news("b c d e")).unwrap();
        watch.found(&news("b d")).unwrap();
        assert_eq!(told(&store, &track), ["d collides"]);
        // Gone, and there again.
        watch.found(&news("d")).unwrap();
        watch.found(&news("b d")).unwrap();
        assert_eq!(told(&store, &track), ["b collides"]);
    }

    #[test]
    fn one_looks_for_many() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let track = TrackId::new("a").unwrap();
        let mut watch = store.watch_for_news(&track).unwrap().unwrap();
        assert!(!watch.is_asked_again().unwrap());
        assert!(store.watch_for_news(&track).unwrap().is_none());
        assert!(store.watch_for_news(&track).unwrap().is_none());
        assert!(watch.is_asked_again().unwrap());
        assert!(!watch.is_asked_again().unwrap());
        drop(watch);
        assert!(store.watch_for_news(&track).unwrap().is_some());
    }
}
