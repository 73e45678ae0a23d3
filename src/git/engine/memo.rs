//! What stays true from one matrix to the next. Everything is kept under the content that it follows from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::{HashMap, HashSet};
use sha2::{Digest as _, Sha256};

use super::renames::Renames;
use super::settings::{Attributes, Settings};
use super::texts::Texts;
use crate::domain::merge::{Changes, Known, KnownVerdict, VerdictKey};
use crate::domain::revision::TreeId;

type Trees = (TreeId, TreeId);

/// Handed to each [`super::Engine`] in turn.
#[derive(Debug, Default)]
pub struct Memo {
    pub(super) texts: Texts,
    pub(super) renames: Renames,
    differences: Mutex<Used<Trees, Arc<Changes>>>,
    verdicts: Mutex<Used<VerdictKey, KnownVerdict>>,
    /// With what its answers depend on.
    attributes: Mutex<(Option<[u8; 32]>, Arc<Attributes>)>,
    learned: AtomicBool,
}

/// Values, and which of them were asked for or added: the others are not worth keeping.
#[derive(Debug)]
struct Used<K, V> {
    all: HashMap<K, V>,
    used: HashSet<K>,
}

impl<K, V> Default for Used<K, V> {
    fn default() -> Self {
        Used {
            all: HashMap::default(),
            used: HashSet::default(),
        }
    }
}

impl<K: std::hash::Hash + Eq + Copy + Ord, V: Clone> Used<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        let value = self.all.get(key)?.clone();
        self.used.insert(*key);
        Some(value)
    }

    /// Where somebody else was faster, theirs stays.
    fn add(&mut self, key: K, value: V) -> V {
        self.used.insert(key);
        self.all.entry(key).or_insert(value).clone()
    }

    /// Ascending, so that the same knowledge is the same bytes.
    fn used(&self) -> Vec<(K, V)> {
        let mut used: Vec<(K, V)> = self
            .used
            .iter()
            .filter_map(|key| Some((*key, self.all.get(key)?.clone())))
            .collect();
        used.sort_unstable_by_key(|(key, _)| *key);
        used
    }
}

impl Memo {
    /// Starts from what an earlier matrix knew.
    pub fn new(known: Known) -> Memo {
        let memo = Memo::default();
        lock(&memo.verdicts).all.extend(known.verdicts);
        let differences = known.differences.into_iter();
        lock(&memo.differences)
            .all
            .extend(differences.map(|(from, to, changes)| ((from, to), changes)));
        memo
    }

    /// What was asked for since it was made, or since [`Memo::forget_unused`].
    pub fn known(&self) -> Known {
        let differences = lock(&self.differences).used();
        Known {
            verdicts: lock(&self.verdicts).used(),
            differences: differences
                .into_iter()
                .map(|((from, to), changes)| (from, to, changes))
                .collect(),
        }
    }

    /// Whether anything was found out that it had not started with.
    pub fn has_learned(&self) -> bool {
        self.learned.load(Ordering::Relaxed)
    }

    /// Keeps only what the last matrix needed, so that watching for days does not fill the memory.
    pub fn forget_unused(&self) {
        let mut verdicts = lock(&self.verdicts);
        let used = std::mem::take(&mut verdicts.used);
        verdicts.all.retain(|key, _| used.contains(key));
        let mut differences = lock(&self.differences);
        let used = std::mem::take(&mut differences.used);
        differences.all.retain(|key, _| used.contains(key));
        self.texts.forget();
    }

    pub(super) fn difference(&self, trees: Trees) -> Option<Arc<Changes>> {
        lock(&self.differences).get(&trees)
    }

    pub(super) fn keep_difference(&self, trees: Trees, changes: Arc<Changes>) -> Arc<Changes> {
        self.learned.store(true, Ordering::Relaxed);
        lock(&self.differences).add(trees, changes)
    }

    pub(super) fn verdict(&self, key: &VerdictKey) -> Option<KnownVerdict> {
        lock(&self.verdicts).get(key)
    }

    pub(super) fn keep_verdict(&self, key: VerdictKey, verdict: KnownVerdict) {
        self.learned.store(true, Ordering::Relaxed);
        let mut verdicts = lock(&self.verdicts);
        verdicts.used.insert(key);
        let known = verdicts.all.entry(key).or_insert_with(|| verdict.clone());
        known.result = known.result.take().or(verdict.result);
    }

    /// What is known of attributes under these settings.
    pub(super) fn attributes(&self, settings: &Settings) -> Arc<Attributes> {
        let mut attributes = lock(&self.attributes);
        if settings.digest.is_none() || settings.digest != attributes.0 {
            *attributes = (settings.digest, Arc::default());
        }
        Arc::clone(&attributes.1)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The SHA-256 of the parts, each with its length.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
