//! What the last matrices found out: verdicts and differences of trees, so that the next one only looks at what moved.
//!
//! One binary file (postcard, after a line with the format and a SHA-256 of the rest), replaced as a whole. It is a cache: a
//! file that is damaged, of another format, or that cannot be written is as good as none.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Store, StoreError, record};
use crate::domain::merge::{
    Change, Changes, Conflict, ConflictType, Entry, Known, KnownResult, KnownVerdict, MergedText,
    Mode, Region, VerdictKey, Which,
};
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, TreeId};

const HEADER: &[u8] = b"tracks-matrix-2\n";
/// Beyond this much, what the last run did not need is dropped.
const KEPT_VERDICTS: usize = 60_000;
const KEPT_DIFFERENCES: usize = 3_000;
/// A result is as large as what a track changed.
const KEPT_RESULTS: usize = 1_000;

#[derive(Serialize, Deserialize)]
struct File {
    verdicts: Vec<Verdict>,
    differences: Vec<Difference>,
}

#[derive(Serialize, Deserialize)]
struct Verdict {
    key: [u8; 32],
    by_git: bool,
    conflicts: Vec<ConflictAt>,
    result: Option<ResultAt>,
}

#[derive(Serialize, Deserialize)]
struct ResultAt {
    smaller_is_ours: bool,
    changes: Vec<ChangeAt>,
    texts: Vec<TextAt>,
}

#[derive(Serialize, Deserialize)]
struct TextAt {
    id: Vec<u8>,
    base: Option<Vec<u8>>,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct ConflictAt {
    path: Vec<u8>,
    types: Vec<String>,
    regions: Vec<RegionAt>,
}

/// Start and end of each range.
#[derive(Serialize, Deserialize)]
struct RegionAt {
    ours: (usize, usize),
    theirs: (usize, usize),
    base: (usize, usize),
    at_end: bool,
}

#[derive(Serialize, Deserialize)]
struct Difference {
    from: Vec<u8>,
    to: Vec<u8>,
    changes: Vec<ChangeAt>,
    removed: Vec<Vec<u8>>,
    added: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct ChangeAt {
    path: Vec<u8>,
    before: Option<EntryAt>,
    after: Option<EntryAt>,
}

#[derive(Serialize, Deserialize)]
struct EntryAt {
    mode: u8,
    id: Vec<u8>,
}

impl Store {
    /// Nothing, where nothing usable is kept.
    pub fn known_merges(&self) -> Known {
        self.read_known().unwrap_or_default()
    }

    fn read_known(&self) -> Option<Known> {
        let bytes = std::fs::read(self.matrix_path()).ok()?;
        let (sum, body) = bytes.strip_prefix(HEADER)?.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        let file: File = postcard::from_bytes(body).ok()?;
        Some(Known {
            verdicts: file
                .verdicts
                .into_iter()
                .map(Verdict::known)
                .collect::<Option<_>>()?,
            differences: file
                .differences
                .into_iter()
                .map(Difference::known)
                .collect::<Option<_>>()?,
        })
    }

    /// Keeps what this matrix used, and of what was known `before` as much as there is room for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_merges(&self, mut used: Known, before: Known) -> Result<(), StoreError> {
        let verdicts: HashSet<VerdictKey> = used.verdicts.iter().map(|(key, _)| *key).collect();
        let room = KEPT_VERDICTS.saturating_sub(used.verdicts.len());
        let others = before.verdicts.into_iter();
        used.verdicts
            .extend(others.filter(|(key, _)| !verdicts.contains(key)).take(room));
        let with_result = (used.verdicts.iter_mut()).filter(|(_, known)| known.result.is_some());
        for (_, known) in with_result.skip(KEPT_RESULTS) {
            known.result = None;
        }
        let trees: HashSet<(TreeId, TreeId)> = used
            .differences
            .iter()
            .map(|(from, to, _)| (*from, *to))
            .collect();
        let room = KEPT_DIFFERENCES.saturating_sub(used.differences.len());
        let others = before.differences.into_iter();
        used.differences.extend(
            others
                .filter(|(from, to, _)| !trees.contains(&(*from, *to)))
                .take(room),
        );
        let path = self.matrix_path();
        let file = File {
            verdicts: used.verdicts.iter().map(Verdict::new).collect(),
            differences: used.differences.iter().map(Difference::new).collect(),
        };
        let body = postcard::to_stdvec(&file).map_err(|error| StoreError::format(&path, &error))?;
        let mut bytes = HEADER.to_vec();
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend_from_slice(&body);
        record::replace(&path, &bytes, record::SHARED, record::Durable::No)
    }

    fn matrix_path(&self) -> PathBuf {
        self.root().join("cache").join("matrix")
    }
}

impl Verdict {
    fn new((key, verdict): &(VerdictKey, KnownVerdict)) -> Self {
        Verdict {
            key: key.0,
            by_git: verdict.by_git,
            conflicts: verdict.conflicts.iter().map(ConflictAt::new).collect(),
            result: verdict.result.as_deref().map(ResultAt::new),
        }
    }

    fn known(self) -> Option<(VerdictKey, KnownVerdict)> {
        let result = match self.result {
            Some(result) => Some(Arc::new(result.known()?)),
            None => None,
        };
        let verdict = KnownVerdict {
            conflicts: self.conflicts.into_iter().map(ConflictAt::known).collect(),
            by_git: self.by_git,
            result,
        };
        Some((VerdictKey(self.key), verdict))
    }
}

impl ResultAt {
    fn new(result: &KnownResult) -> Self {
        ResultAt {
            smaller_is_ours: result.smaller == Which::Ours,
            changes: result.changes.iter().map(ChangeAt::new).collect(),
            texts: result.texts.iter().map(TextAt::new).collect(),
        }
    }

    fn known(self) -> Option<KnownResult> {
        Some(KnownResult {
            smaller: match self.smaller_is_ours {
                true => Which::Ours,
                false => Which::Theirs,
            },
            changes: (self.changes.into_iter())
                .map(ChangeAt::known)
                .collect::<Option<_>>()?,
            texts: (self.texts.iter())
                .map(TextAt::known)
                .collect::<Option<_>>()?,
        })
    }
}

impl TextAt {
    fn new(text: &MergedText) -> Self {
        TextAt {
            id: text.id.as_bytes().to_vec(),
            base: text.base.map(|base| base.as_bytes().to_vec()),
            ours: text.ours.as_bytes().to_vec(),
            theirs: text.theirs.as_bytes().to_vec(),
        }
    }

    fn known(&self) -> Option<MergedText> {
        Some(MergedText {
            id: BlobId::from_bytes(&self.id)?,
            base: match &self.base {
                Some(base) => Some(BlobId::from_bytes(base)?),
                None => None,
            },
            ours: BlobId::from_bytes(&self.ours)?,
            theirs: BlobId::from_bytes(&self.theirs)?,
        })
    }
}

impl ConflictAt {
    fn new(conflict: &Conflict) -> Self {
        let types = conflict.types.iter().map(|kind| kind.as_str().to_owned());
        let ends = |range: &Range<usize>| (range.start, range.end);
        let regions = conflict.regions.iter().map(|region| RegionAt {
            ours: ends(&region.ours),
            theirs: ends(&region.theirs),
            base: ends(&region.base),
            at_end: region.at_end,
        });
        ConflictAt {
            path: conflict.path.as_bytes().to_vec(),
            types: types.collect(),
            regions: regions.collect(),
        }
    }

    fn known(self) -> Conflict {
        let region = |region: RegionAt| Region {
            ours: region.ours.0..region.ours.1,
            theirs: region.theirs.0..region.theirs.1,
            base: region.base.0..region.base.1,
            at_end: region.at_end,
        };
        Conflict {
            path: RepoPath::new(self.path),
            types: self.types.into_iter().map(ConflictType::known).collect(),
            regions: self.regions.into_iter().map(region).collect(),
        }
    }
}

impl Difference {
    fn new((from, to, changes): &(TreeId, TreeId, Arc<Changes>)) -> Self {
        let (removed, added) = changes.directories();
        let bytes = |path: &RepoPath| path.as_bytes().to_vec();
        Difference {
            from: from.as_bytes().to_vec(),
            to: to.as_bytes().to_vec(),
            changes: changes.list().iter().map(ChangeAt::new).collect(),
            removed: removed.iter().map(bytes).collect(),
            added: added.iter().map(bytes).collect(),
        }
    }

    fn known(self) -> Option<(TreeId, TreeId, Arc<Changes>)> {
        let list = self.changes.into_iter().map(ChangeAt::known);
        let changes = Changes::new(
            list.collect::<Option<_>>()?,
            self.removed.into_iter().map(RepoPath::new).collect(),
            self.added.into_iter().map(RepoPath::new).collect(),
        );
        let (from, to) = (
            TreeId::from_bytes(&self.from)?,
            TreeId::from_bytes(&self.to)?,
        );
        Some((from, to, Arc::new(changes)))
    }
}

impl ChangeAt {
    fn new(change: &Change) -> Self {
        ChangeAt {
            path: change.path.as_bytes().to_vec(),
            before: change.before.map(EntryAt::new),
            after: change.after.map(EntryAt::new),
        }
    }

    fn known(self) -> Option<Change> {
        let entry = |entry: Option<EntryAt>| match entry {
            Some(entry) => entry.known().map(Some),
            None => Some(None),
        };
        Some(Change {
            path: RepoPath::new(self.path),
            before: entry(self.before)?,
            after: entry(self.after)?,
        })
    }
}

const MODES: [Mode; 4] = [Mode::File, Mode::Executable, Mode::Link, Mode::Submodule];

impl EntryAt {
    fn new(entry: Entry) -> Self {
        EntryAt {
            mode: entry.mode as u8,
            id: entry.id.as_bytes().to_vec(),
        }
    }

    fn known(self) -> Option<Entry> {
        Some(Entry {
            mode: *MODES.get(usize::from(self.mode))?,
            id: BlobId::from_bytes(&self.id)?,
        })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the damage is done on purpose")]
mod tests {
    use super::*;

    fn tree(digit: u8) -> TreeId {
        TreeId::from_bytes(&[digit; 20]).unwrap()
    }

    fn known(digit: u8) -> Known {
        let entry = |mode| Entry {
            mode,
            id: BlobId::from_bytes(&[digit; 20]).unwrap(),
        };
        let change = |path: &[u8], before, after| Change {
            path: RepoPath::new(path),
            before,
            after,
        };
        let changes = Changes::new(
            vec![
                change(b"a\xff", None, Some(entry(Mode::Executable))),
                change(b"b", Some(entry(Mode::Link)), Some(entry(Mode::Submodule))),
                change(b"d/c", Some(entry(Mode::File)), None),
            ],
            [RepoPath::new("d")].into(),
            [RepoPath::new("e")].into(),
        );
        let conflict = Conflict {
            path: RepoPath::new("a"),
            types: vec![ConflictType::add_add()],
            regions: vec![Region {
                ours: 1..2,
                theirs: 3..9,
                base: 2..4,
                at_end: true,
            }],
        };
        Known {
            verdicts: vec![
                (
                    VerdictKey([digit; 32]),
                    KnownVerdict {
                        conflicts: [conflict].into(),
                        by_git: true,
                        result: None,
                    },
                ),
                (
                    VerdictKey([digit + 100; 32]),
                    KnownVerdict {
                        conflicts: [].into(),
                        by_git: false,
                        result: Some(Arc::new(KnownResult {
                            smaller: Which::Theirs,
                            changes: changes.list().to_vec(),
                            texts: vec![MergedText {
                                id: entry(Mode::File).id,
                                base: None,
                                ours: entry(Mode::Link).id,
                                theirs: entry(Mode::File).id,
                            }],
                        })),
                    },
                ),
            ],
            differences: vec![(tree(digit), tree(digit + 1), Arc::new(changes))],
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert!(store.known_merges().verdicts.is_empty(), "nothing kept yet");
        store.keep_merges(known(1), Known::default()).unwrap();
        let read = store.known_merges();
        assert_eq!(read.verdicts, known(1).verdicts);
        assert_eq!(read.differences, known(1).differences);

        store.keep_merges(known(2), read).unwrap();
        assert_eq!(store.known_merges().verdicts.len(), 4, "nothing is lost");
        let again = store.known_merges();
        store.keep_merges(known(2), again).unwrap();
        assert_eq!(store.known_merges().differences.len(), 2, "or doubled");
    }

    #[test]
    fn a_damaged_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        store.keep_merges(known(1), Known::default()).unwrap();
        let path = store.matrix_path();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 5, HEADER.len() + 3, HEADER.len() + 40, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(store.known_merges().verdicts.is_empty(), "cut at {cut}");
        }
        let mut flipped = whole.clone();
        flipped[HEADER.len() + 50] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        assert!(store.known_merges().verdicts.is_empty());
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(store.known_merges().verdicts.len(), 2);
    }
}
