//! What commands have made anew of which tree, so that the same tree is not asked again. A cache: the contents may be gone.

use serde::{Deserialize, Serialize};

use super::notes::{PathNote, mode_text};
use super::{ResultKey, Store, StoreError, record};
use crate::domain::path::RepoPath;
use crate::domain::resolution::Version;
use crate::domain::revision::BlobId;

/// What a command has made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Regenerated {
    /// What became of the paths that it is for, where they are others now.
    pub paths: Vec<(RepoPath, Option<Version>)>,
    /// What else it changed, and nobody wanted.
    pub others: Vec<RepoPath>,
}

#[derive(Serialize, Deserialize)]
struct Note {
    paths: Vec<MadeNote>,
    others: Vec<PathNote>,
}

#[derive(Serialize, Deserialize)]
struct MadeNote {
    #[serde(flatten)]
    path: PathNote,
    version: Option<(String, String)>,
}

impl Store {
    /// `None` where nothing is known; what cannot be read is not.
    pub fn regenerated(&self, key: &ResultKey) -> Option<Regenerated> {
        let note: Note = record::read(&self.regenerated_path(key)).ok()??;
        let version = |version: Option<(String, String)>| {
            version
                .map(|(mode, id)| {
                    let mode = u32::from_str_radix(&mode, 8).ok()?;
                    let id = BlobId::from_hex(&id).ok()?;
                    Some(Version { mode, id })
                })
                .map_or(Some(None), |version| version.map(Some))
        };
        let made = note.paths.into_iter().map(|made| {
            let path = made.path.path()?;
            Some((path, version(made.version)?))
        });
        Some(Regenerated {
            paths: made.collect::<Option<_>>()?,
            others: note
                .others
                .into_iter()
                .map(PathNote::path)
                .collect::<Option<_>>()?,
        })
    }

    /// # Errors
    /// When it cannot be written.
    pub fn keep_regenerated(&self, key: &ResultKey, made: &Regenerated) -> Result<(), StoreError> {
        let version = |version: Version| (mode_text(version.mode), version.id.to_string());
        let note = Note {
            paths: made
                .paths
                .iter()
                .map(|(path, made)| MadeNote {
                    path: PathNote::new(path),
                    version: made.map(version),
                })
                .collect(),
            others: made.others.iter().map(PathNote::new).collect(),
        };
        record::write_cached(&self.regenerated_path(key), &note)
    }

    fn regenerated_path(&self, key: &ResultKey) -> std::path::PathBuf {
        let dir = self.root.join("cache").join("regenerated");
        dir.join(format!("{}.json", key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let key = ResultKey::of([b"x".as_slice()]);
        assert_eq!(store.regenerated(&key), None);
        let made = Regenerated {
            paths: vec![
                (
                    RepoPath::new("lock"),
                    Some(Version {
                        mode: 0o100_644,
                        id: BlobId::from_hex(&"1".repeat(40)).unwrap(),
                    }),
                ),
                (RepoPath::new(b"gone\xff"), None),
            ],
            others: vec![RepoPath::new("other")],
        };
        store.keep_regenerated(&key, &made).unwrap();
        assert_eq!(store.regenerated(&key), Some(made));
    }
}
