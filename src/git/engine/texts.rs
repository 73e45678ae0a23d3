//! Three-way merges of file contents, each content read and each line diff made once for the whole matrix.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::HashMap;

use crate::domain::merge::{Edit, MergedText, Region, ThreeWay, Which, three_way};
use crate::domain::revision::BlobId;
use crate::git::histogram::hunks;
use crate::git::object::object_id;
use crate::git::text::is_binary;
use crate::git::views::Views;

/// Contents and diffs beyond this are forgotten and read again where they are needed again.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// Larger files are git's: nobody waits for their conflicts in milliseconds.
const LARGEST: u64 = 32 * 1024 * 1024;

/// How three contents merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextAnswer {
    Clean {
        /// Clean only in git's usual conflict style.
        adds_up: bool,
    },
    /// Where, never empty.
    Conflict(Arc<[Region]>),
    /// One of them is no text.
    Binary,
    /// Lines repeat so often that git diffs in another way.
    Repetitive,
    /// One of them is not here, or too large.
    Unreadable,
}

/// A content and where its lines end.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// Line `n` ends before this byte.
    ends: Vec<usize>,
}

impl Text {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let newlines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let mut ends: Vec<usize> = newlines.map(|(index, _)| index + 1).collect();
        if ends.last().copied().unwrap_or(0) < bytes.len() {
            ends.push(bytes.len());
        }
        Text { bytes, ends }
    }

    fn lines(&self, range: std::ops::Range<usize>) -> Option<&[u8]> {
        let before = |line: usize| match line {
            0 => Some(0),
            line => self.ends.get(line - 1).copied(),
        };
        self.bytes.get(before(range.start)?..before(range.end)?)
    }
}

/// One of each key, made by the first who asks while the others wait.
#[derive(Debug)]
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Once(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Once<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let slot = Arc::clone(lock(&self.0).entry(key).or_default());
        slot.get_or_init(make).clone()
    }

    fn clear(&self) {
        lock(&self.0).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `None` where git would not use its histogram.
type Hunks = Option<Arc<[Edit]>>;

type Question = (Option<BlobId>, BlobId, BlobId);

/// What is known about contents.
#[derive(Debug, Default)]
pub(super) struct Texts {
    contents: Once<BlobId, Option<Arc<Text>>>,
    diffs: Once<(Option<BlobId>, BlobId), Hunks>,
    answers: Once<Question, TextAnswer>,
    /// Contents that merging made and no object store has,
    made: Mutex<HashMap<BlobId, Arc<Text>>>,
    /// and what they are made from.
    recipes: Mutex<HashMap<BlobId, Question>>,
    kept: Mutex<usize>,
}

impl Texts {
    /// How `ours` and `theirs` merge from `base`; `None`: from nothing, both were added.
    pub(super) fn merge(
        &self,
        views: &Views,
        base: Option<BlobId>,
        ours: BlobId,
        theirs: BlobId,
    ) -> TextAnswer {
        self.answers.get((base, ours, theirs), || {
            match self.three_way(views, base, ours, theirs) {
                Err(answer) => answer,
                Ok((_, merged)) if merged.regions.is_empty() => TextAnswer::Clean {
                    adds_up: merged.adds_up,
                },
                Ok((_, merged)) => TextAnswer::Conflict(merged.regions.into()),
            }
        })
    }

    /// The merged content, where [`Texts::merge`] answers clean. It is kept, and only here.
    pub(super) fn merged(
        &self,
        views: &Views,
        base: Option<BlobId>,
        ours: BlobId,
        theirs: BlobId,
    ) -> Option<BlobId> {
        let recipe = (base, ours, theirs);
        let ([base, ours, theirs], merged) = self.three_way(views, base, ours, theirs).ok()?;
        let mut bytes = Vec::with_capacity(ours.bytes.len().max(theirs.bytes.len()));
        let mut at = 0;
        for taken in &merged.taken {
            bytes.extend_from_slice(base.lines(at..taken.base.start)?);
            let side = match taken.from {
                Which::Ours => &ours,
                Which::Theirs => &theirs,
            };
            bytes.extend_from_slice(side.lines(taken.lines.clone())?);
            at = taken.base.end;
        }
        bytes.extend_from_slice(base.lines(at..base.ends.len())?);
        let kind = views.borrow().object_hash();
        let id = gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &bytes).ok()?;
        let id = BlobId::from_bytes(id.as_slice())?;
        lock(&self.recipes).insert(id, recipe);
        lock(&self.made).insert(id, Arc::new(Text::new(bytes)));
        Some(id)
    }

    /// What a content is merged from, if it is not one of an object store.
    pub(super) fn recipe(&self, id: BlobId) -> Option<MergedText> {
        let &(base, ours, theirs) = lock(&self.recipes).get(&id)?;
        Some(MergedText {
            id,
            base,
            ours,
            theirs,
        })
    }

    /// From now on the content can be had.
    pub(super) fn learn(&self, recipe: &MergedText) {
        let question = (recipe.base, recipe.ours, recipe.theirs);
        lock(&self.recipes).insert(recipe.id, question);
    }

    /// A content that merging makes; made anew, where only its recipe is known.
    fn made(&self, views: &Views, id: BlobId) -> Option<Arc<Text>> {
        let &(base, ours, theirs) = lock(&self.recipes).get(&id)?;
        let known = || lock(&self.made).get(&id).cloned();
        known().or_else(|| {
            let made = self.merged(views, base, ours, theirs)?;
            known().filter(|_| made == id)
        })
    }

    fn three_way(
        &self,
        views: &Views,
        base: Option<BlobId>,
        ours: BlobId,
        theirs: BlobId,
    ) -> Result<([Arc<Text>; 3], ThreeWay), TextAnswer> {
        let read = |id| self.text(views, id).ok_or(TextAnswer::Unreadable);
        let texts = [
            match base {
                Some(base) => read(base)?,
                None => Arc::new(Text::new(Vec::new())),
            },
            read(ours)?,
            read(theirs)?,
        ];
        if texts.iter().any(|text| is_binary(&text.bytes)) {
            return Err(TextAnswer::Binary);
        }
        let diff = |id: BlobId, side: &Text| {
            self.diffs
                .get((base, id), || {
                    hunks(&texts[0].bytes, &side.bytes).map(Arc::from)
                })
                .ok_or(TextAnswer::Repetitive)
        };
        let (our_edits, their_edits) = (diff(ours, &texts[1])?, diff(theirs, &texts[2])?);
        let base_lines = texts[0].ends.len();
        let merged = three_way(&our_edits, &their_edits, base_lines, |a, b| {
            texts[1].lines(a) == texts[2].lines(b)
        });
        Ok((texts, merged))
    }

    /// `None` where there is no such content here, or a very large one.
    pub(super) fn text(&self, views: &Views, id: BlobId) -> Option<Arc<Text>> {
        if let Some(made) = self.made(views, id) {
            return Some(made);
        }
        let text = self.contents.get(id, || {
            let gix = views.borrow();
            let id = object_id(id.as_bytes());
            let header = gix.find_header(id).ok()?;
            if header.size() > LARGEST {
                return None;
            }
            let mut blob = gix.find_blob(id).ok()?;
            Some(Arc::new(Text::new(blob.take_data())))
        });
        if let Some(text) = &text {
            self.keep_at_most(text.bytes.len());
        }
        text
    }

    /// Everything but how to make what merging made.
    pub(super) fn forget(&self) {
        lock(&self.made).clear();
        self.contents.clear();
        self.diffs.clear();
        self.answers.clear();
    }

    /// Who reads the same content often counts it often: that only makes forgetting come a little early.
    fn keep_at_most(&self, more: usize) {
        let mut kept = lock(&self.kept);
        *kept += more;
        if *kept > KEPT_BYTES {
            *kept = 0;
            self.contents.clear();
            self.diffs.clear();
        }
    }
}
