//! The last pass of each check on each side, with all that explains why the next one is not the same; and what was
//! uncommitted when a tree was judged, since such a tree does not outlive the run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::naming::file_name;
use super::{Store, StoreError, record};
use crate::domain::check::why::{Basis, Tool};
use crate::domain::merge::{Entry, Mode};
use crate::domain::name::CheckName;
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, TreeId};

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The result's key, as text.
    pub key: String,
    pub tree: TreeId,
    pub basis: Basis,
}

/// A tree as a committed one and what is different in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncommitted {
    /// The tree of the commit that the work stands on.
    pub on: TreeId,
    /// Ascending by path; `None`: the path is not there.
    pub differing: Vec<(RepoPath, Option<Entry>)>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    key: String,
    tree: String,
    command: String,
    directory: String,
    environment: String,
    setup: String,
    platform: String,
    /// Name, path, version.
    tools: Vec<(String, String, String)>,
    needs: Vec<(String, String)>,
    inputs: Vec<String>,
    selected: String,
}

#[derive(Serialize, Deserialize)]
struct Work {
    on: Vec<u8>,
    differing: Vec<(Vec<u8>, Option<There>)>,
}

/// The number of a mode, and an id.
type There = (u8, Vec<u8>);

const HEADER: &[u8] = b"tracks-uncommitted-1\n";
/// Beyond this many, the oldest go.
const KEPT: usize = 200;
/// The place of each in this list stands for it in a file.
const MODES: [Mode; 4] = [Mode::File, Mode::Executable, Mode::Link, Mode::Submodule];

impl Store {
    /// The last pass of a check on a side; what cannot be read is as good as none.
    pub fn last_pass(&self, check: &str, side: &str) -> Option<Pass> {
        let record: Record = record::read(&self.pass_path(check, side)).ok()??;
        record.pass()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn keep_pass(&self, check: &str, side: &str, pass: &Pass) -> Result<(), StoreError> {
        let path = self.pass_path(check, side);
        let bytes = record::encode(&path, &Record::new(pass))?;
        // It only explains: nothing is lost with it that counts.
        record::replace(&path, &bytes, record::SHARED, record::Durable::No)
    }

    /// What was uncommitted in this tree when it was judged; `None`: nothing, or it is not known any more.
    pub fn uncommitted(&self, tree: TreeId) -> Option<Uncommitted> {
        let bytes = std::fs::read(self.uncommitted_path(tree)).ok()?;
        let (sum, body) = bytes.strip_prefix(HEADER)?.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != sum {
            return None;
        }
        postcard::from_bytes::<Work>(body).ok()?.uncommitted()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn keep_uncommitted(&self, tree: TreeId, work: &Uncommitted) -> Result<(), StoreError> {
        let path = self.uncommitted_path(tree);
        let work = Work::new(work);
        let body = postcard::to_stdvec(&work).map_err(|error| StoreError::format(&path, &error))?;
        let mut bytes = HEADER.to_vec();
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend_from_slice(&body);
        record::replace(&path, &bytes, record::SHARED, record::Durable::No)?;
        // What cannot be removed now is tried again the next time.
        let _ = self.forget_oldest_uncommitted();
        Ok(())
    }

    fn forget_oldest_uncommitted(&self) -> std::io::Result<()> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.root.join("uncommitted"))? {
            let entry = entry?;
            all.push((entry.metadata()?.modified()?, entry.path()));
        }
        all.sort_unstable();
        for (_, path) in &all[..all.len().saturating_sub(KEPT)] {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }

    fn pass_path(&self, check: &str, side: &str) -> PathBuf {
        let dir = self.root.join("passes").join(file_name(side));
        dir.join(format!("{}.json", file_name(check)))
    }

    fn uncommitted_path(&self, tree: TreeId) -> PathBuf {
        self.root.join("uncommitted").join(tree.to_string())
    }
}

impl Record {
    fn new(pass: &Pass) -> Self {
        let Basis {
            command,
            directory,
            environment,
            setup,
            platform,
            tools,
            needs,
            patterns,
            selected,
        } = pass.basis.clone();
        Record {
            key: pass.key.clone(),
            tree: pass.tree.to_string(),
            command,
            directory,
            environment,
            setup,
            platform,
            tools: (tools.into_iter())
                .map(|(name, tool)| (name, tool.path, tool.version))
                .collect(),
            needs: (needs.into_iter())
                .map(|(need, key)| (need.to_string(), key))
                .collect(),
            inputs: patterns,
            selected,
        }
    }

    fn pass(self) -> Option<Pass> {
        let needs = self.needs.into_iter();
        Some(Pass {
            key: self.key,
            tree: TreeId::from_hex(&self.tree).ok()?,
            basis: Basis {
                command: self.command,
                directory: self.directory,
                environment: self.environment,
                setup: self.setup,
                platform: self.platform,
                tools: (self.tools.into_iter())
                    .map(|(name, path, version)| (name, Tool { path, version }))
                    .collect(),
                needs: needs
                    .map(|(need, key)| Some((CheckName::new(&need).ok()?, key)))
                    .collect::<Option<_>>()?,
                patterns: self.inputs,
                selected: self.selected,
            },
        })
    }
}

impl Work {
    fn new(work: &Uncommitted) -> Self {
        let place = |mode: Mode| MODES.iter().position(|known| *known == mode);
        let entry = |entry: Entry| {
            let mode = u8::try_from(place(entry.mode).unwrap_or_default()).unwrap_or_default();
            (mode, entry.id.as_bytes().to_vec())
        };
        let differing = work.differing.iter();
        Work {
            on: work.on.as_bytes().to_vec(),
            differing: differing
                .map(|(path, there)| (path.as_bytes().to_vec(), there.map(entry)))
                .collect(),
        }
    }

    fn uncommitted(self) -> Option<Uncommitted> {
        let entry = |(mode, id): There| {
            Some(Entry {
                mode: *MODES.get(usize::from(mode))?,
                id: BlobId::from_bytes(&id)?,
            })
        };
        let mut differing = Vec::with_capacity(self.differing.len());
        for (path, there) in self.differing {
            let there = match there {
                Some(there) => Some(entry(there)?),
                None => None,
            };
            differing.push((RepoPath::new(path), there));
        }
        Some(Uncommitted {
            on: TreeId::from_bytes(&self.on)?,
            differing,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn tree(digit: &str) -> TreeId {
        TreeId::from_hex(&digit.repeat(40)).unwrap()
    }

    #[test]
    fn the_last_pass_of_each_check_on_each_side() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.last_pass("unit", "a"), None);
        let text = |text: &str| text.to_owned();
        let pass = |key: &str| Pass {
            key: text(key),
            tree: tree("1"),
            basis: Basis {
                command: text("c"),
                directory: text("d"),
                environment: text("e"),
                setup: text("s"),
                platform: text("p"),
                tools: BTreeMap::from([(
                    text("node"),
                    Tool {
                        path: text("/bin/node"),
                        version: text("v1\n\u{fffd}"),
                    },
                )]),
                needs: BTreeMap::from([(CheckName::new("build").unwrap(), text("k"))]),
                patterns: vec![text("src/**")],
                selected: text("x"),
            },
        };
        for key in ["1", "2"] {
            store.keep_pass("unit", "a", &pass(key)).unwrap();
            assert_eq!(store.last_pass("unit", "a"), Some(pass(key)));
        }
        assert_eq!(store.last_pass("unit", "b"), None);
        assert_eq!(store.last_pass("lint", "a"), None);
    }

    #[test]
    fn what_was_uncommitted_is_kept_for_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let entry = |mode| Entry {
            mode,
            id: BlobId::from_hex(&"2".repeat(40)).unwrap(),
        };
        let mut differing: Vec<_> = MODES
            .iter()
            .zip(["a", "b", "c", "d"])
            .map(|(mode, path)| (RepoPath::new(path), Some(entry(*mode))))
            .collect();
        differing.push((RepoPath::new(b"gone\xff"), None));
        let work = Uncommitted {
            on: tree("1"),
            differing,
        };
        assert_eq!(store.uncommitted(tree("3")), None);
        store.keep_uncommitted(tree("3"), &work).unwrap();
        assert_eq!(store.uncommitted(tree("3")), Some(work.clone()));
        for number in 0..KEPT {
            let tree = TreeId::from_hex(&format!("{number:040x}")).unwrap();
            store.keep_uncommitted(tree, &work).unwrap();
        }
        let left = std::fs::read_dir(dir.path().join("tracks/uncommitted")).unwrap();
        assert_eq!(left.count(), KEPT);
    }
}
