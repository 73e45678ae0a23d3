//! What the repository's `core.hooksPath` was before tracks set its own, so that it can come back exactly.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::path_text::PathText;
use super::{Store, StoreError, record};

/// What the repository's own configuration file said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HooksPathBefore {
    /// Its values: none, one, or (which git allows) several.
    pub values: Vec<PathBuf>,
    /// The last of them as git reads it, with `~` expanded.
    pub last: Option<PathBuf>,
    /// What tracks has set: where its hooks were then.
    pub set: PathBuf,
    /// The lines in which the file was changed, as they were and as they are; `None`: a run was killed before it knew.
    pub lines: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    values: Vec<PathText>,
    last: Option<PathText>,
    set: PathText,
    lines: Option<(String, String)>,
}

impl Store {
    /// Where hooks of ours lie that git is sent to by the configuration.
    pub fn hooks_dir(&self) -> PathBuf {
        self.root.join("hooks")
    }

    /// # Errors
    /// When it cannot be written.
    pub fn note_hooks_path(&self, before: &HooksPathBefore) -> Result<(), StoreError> {
        let record = Record {
            values: before.values.iter().cloned().map(PathText).collect(),
            last: before.last.clone().map(PathText),
            set: PathText(before.set.clone()),
            lines: before.lines.clone(),
        };
        record::write(&self.hooks_path_file(), &record)
    }

    /// `None`: tracks has not set any.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hooks_path_before(&self) -> Result<Option<HooksPathBefore>, StoreError> {
        let record: Option<Record> = record::read(&self.hooks_path_file())?;
        Ok(record.map(|record| HooksPathBefore {
            values: record.values.into_iter().map(|value| value.0).collect(),
            last: record.last.map(|last| last.0),
            set: record.set.0,
            lines: record.lines,
        }))
    }

    /// # Errors
    /// When it cannot be removed.
    pub fn forget_hooks_path(&self) -> Result<(), StoreError> {
        record::remove(&self.hooks_path_file())
    }

    fn hooks_path_file(&self) -> PathBuf {
        self.root.join("hooks-path.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noted_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.hooks_path_before().unwrap(), None);
        for before in [
            HooksPathBefore {
                values: vec![PathBuf::new(), "~/a b".into()],
                last: Some("/home/ada/a b".into()),
                set: "/r/.git/tracks/hooks".into(),
                lines: Some((String::new(), "\thooksPath = x\n".to_owned())),
            },
            HooksPathBefore {
                values: Vec::new(),
                last: None,
                set: PathBuf::new(),
                lines: None,
            },
        ] {
            store.note_hooks_path(&before).unwrap();
            assert_eq!(store.hooks_path_before().unwrap(), Some(before));
        }
        store.forget_hooks_path().unwrap();
        store.forget_hooks_path().unwrap();
        assert_eq!(store.hooks_path_before().unwrap(), None);
    }
}
