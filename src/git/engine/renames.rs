//! Whether git would take a deleted file for renamed, by git's own measure of similarity.
//!
//! The measure is that of git's diffcore: contents are cut into lines (of at most 64 bytes), each hashed; what both have in
//! common, in bytes, as a share of the larger file. A pair below one half is never made, whatever else there is to choose
//! from; so "no added file is similar" is a proof. Which of several similar files git would take depends on the other side
//! of the merge, and is not decided here.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;

use super::texts::Texts;
use crate::domain::merge::{Delta, Entry};
use crate::domain::path::RepoPath;
use crate::domain::revision::BlobId;
use crate::git::object::object_id;
use crate::git::views::Views;

/// With more added files than this, finding out costs more than asking git.
const MOST_ADDED: usize = 4_000;
/// Git looks only for exact renames where deleted times added files exceed the square of its limit of 7,000.
const MOST_PAIRS: usize = 7_000 * 7_000;

/// The regular files that one side of a merge added and deleted: what renames are made of.
#[derive(Debug)]
pub(super) struct Moved {
    added: Vec<(RepoPath, Entry)>,
    deleted: Vec<Entry>,
}

impl Moved {
    pub(super) fn by(side: &Delta<'_>) -> Moved {
        let (mut added, mut deleted) = (Vec::new(), Vec::new());
        let regular = |entry: Option<Entry>| entry.filter(|entry| entry.mode.is_regular());
        for change in side.each() {
            match (change.before, change.after) {
                (None, after) => added.extend(regular(after).map(|entry| (change.path, entry))),
                (before, None) => deleted.extend(regular(before)),
                (Some(_), Some(_)) => {}
            }
        }
        Moved { added, deleted }
    }
}

/// What became of a deleted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Renamed {
    /// Git pairs it with no added file.
    No,
    /// Git pairs it with this one, and that one with no other.
    To(RepoPath, Entry),
    /// It depends.
    Maybe,
}

/// Whether two contents are similar enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Similar {
    No,
    Yes,
    /// Versions of git, or attributes of the files, would disagree.
    Unsure,
}

/// What is known about similarity.
#[derive(Debug, Default)]
pub(super) struct Renames {
    pairs: Mutex<HashMap<(BlobId, BlobId), Similar>>,
    prints: Mutex<HashMap<BlobId, Option<Arc<Print>>>>,
    sizes: Mutex<HashMap<BlobId, Option<u64>>>,
}

impl Renames {
    /// What became of a file that had been `source` and that the side deleted which moved these.
    pub(super) fn of(&self, views: &Views, texts: &Texts, moved: &Moved, source: Entry) -> Renamed {
        let pairs = moved.added.len().saturating_mul(moved.deleted.len());
        if moved.added.len() > MOST_ADDED || pairs > MOST_PAIRS {
            return Renamed::Maybe;
        }
        let look = Look { views, texts };
        let mut similar = moved
            .added
            .iter()
            .map(|added| (added, self.similar(&look, source.id, added.1.id)))
            .filter(|(_, similar)| *similar != Similar::No);
        let (first, second) = (similar.next(), similar.next());
        match (first, second) {
            (None, _) => Renamed::No,
            (Some(((path, entry), Similar::Yes)), None)
                if self.only_source(&look, moved, source, *entry) =>
            {
                Renamed::To(path.clone(), *entry)
            }
            _ => Renamed::Maybe,
        }
    }

    /// Whether no other deleted file could be paired with the added one.
    fn only_source(&self, look: &Look<'_>, moved: &Moved, source: Entry, added: Entry) -> bool {
        let mut sources = 0;
        moved.deleted.iter().all(|entry| {
            sources += usize::from(entry.id == source.id);
            entry.id == source.id || self.similar(look, entry.id, added.id) == Similar::No
        }) && sources == 1
    }

    fn similar(&self, look: &Look<'_>, source: BlobId, added: BlobId) -> Similar {
        let key = (source, added);
        let known = |pairs: &Mutex<HashMap<_, _>>| {
            let pairs = pairs.lock().unwrap_or_else(PoisonError::into_inner);
            pairs.get(&key).copied()
        };
        if let Some(known) = known(&self.pairs) {
            return known;
        }
        let similar = self.compare(look, source, added);
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.insert(key, similar);
        similar
    }

    fn compare(&self, look: &Look<'_>, source: BlobId, added: BlobId) -> Similar {
        let (Some(a), Some(b)) = (self.size(look, source), self.size(look, added)) else {
            return Similar::Unsure;
        };
        // Git leaves empty files out of rename detection when it merges.
        if a == 0 || b == 0 {
            return Similar::No;
        }
        if source == added {
            return Similar::Yes;
        }
        let (small, large) = (a.min(b), a.max(b));
        if small * 2 < large {
            return Similar::No;
        }
        let (Some(a), Some(b)) = (self.print(look, source), self.print(look, added)) else {
            return Similar::Unsure;
        };
        let enough = |common: u64| common * 2 >= large;
        match (enough(a.common(&b, false)), enough(a.common(&b, true))) {
            (true, true) if !a.carriage_returns && !b.carriage_returns => Similar::Yes,
            (false, false) if !a.carriage_returns && !b.carriage_returns => Similar::No,
            _ => Similar::Unsure,
        }
    }

    fn size(&self, look: &Look<'_>, id: BlobId) -> Option<u64> {
        let lock = || self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&id).copied() {
            return known;
        }
        let size = match look.texts.recipe(id) {
            Some(_) => {
                let made = look.texts.text(look.views, id);
                made.and_then(|made| u64::try_from(made.bytes.len()).ok())
            }
            None => look
                .views
                .borrow()
                .find_header(object_id(id.as_bytes()))
                .ok()
                .map(|header| header.size()),
        };
        lock().insert(id, size);
        size
    }

    fn print(&self, look: &Look<'_>, id: BlobId) -> Option<Arc<Print>> {
        let lock = || self.prints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&id).cloned() {
            return known;
        }
        let text = look.texts.text(look.views, id);
        let print = text.map(|text| Arc::new(Print::new(&text.bytes)));
        lock().insert(id, print.clone());
        print
    }
}

/// Where contents come from.
struct Look<'a> {
    views: &'a Views,
    texts: &'a Texts,
}

/// A content as git's measure sees it: how many bytes are in chunks of each hash.
#[derive(Debug)]
struct Print {
    chunks: HashMap<u32, u64>,
    /// The last chunk, if no newline ends it: git before 2.44 did not count it.
    tail: Option<(u32, u64)>,
    /// Git leaves these out at the ends of lines in what it takes for text, which attributes can change.
    carriage_returns: bool,
}

/// Git's number of hash buckets; part of the measure, since chunks that share a bucket count as equal.
const BUCKETS: u32 = 107_927;
const LONGEST_CHUNK: u64 = 64;

impl Print {
    fn new(bytes: &[u8]) -> Self {
        let mut print = Print {
            chunks: HashMap::default(),
            tail: None,
            carriage_returns: bytes.windows(2).any(|pair| pair == b"\r\n"),
        };
        let (mut first, mut second, mut length) = (0_u32, 0_u32, 0_u64);
        let hash =
            |first: u32, second: u32| first.wrapping_add(second.wrapping_mul(0x61)) % BUCKETS;
        for byte in bytes {
            let old = first;
            first = (first << 7) ^ (second >> 25);
            second = (second << 7) ^ (old >> 25);
            first = first.wrapping_add(u32::from(*byte));
            length += 1;
            if length < LONGEST_CHUNK && *byte != b'\n' {
                continue;
            }
            *print.chunks.entry(hash(first, second)).or_default() += length;
            (first, second, length) = (0, 0, 0);
        }
        if length > 0 {
            print.tail = Some((hash(first, second), length));
        }
        print
    }

    /// The bytes of `self` that `other` has, too.
    fn common(&self, other: &Print, with_tails: bool) -> u64 {
        let count = |print: &Print, hash: u32| {
            let tail = print
                .tail
                .filter(|(tail, _)| with_tails && *tail == hash)
                .map_or(0, |(_, length)| length);
            print.chunks.get(&hash).copied().unwrap_or(0) + tail
        };
        let mut hashes: Vec<u32> = self.chunks.keys().copied().collect();
        if let Some((hash, _)) = self
            .tail
            .filter(|(hash, _)| !self.chunks.contains_key(hash))
        {
            hashes.push(hash);
        }
        hashes
            .into_iter()
            .map(|hash| count(self, hash).min(count(other, hash)))
            .sum()
    }
}
