//! Journals: files of records, one a line, which any number of processes append to at once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::record::{Unreadable, decode, encode, make_parent, read_if_there, too_new};

/// Records one after the other, appended by any number of processes at once.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
}

impl Journal {
    pub(super) fn new(path: PathBuf) -> Self {
        Journal { path }
    }

    /// Appends with one write, which the system does not interleave with others'.
    pub(super) fn append<T: Serialize>(&self, record: &T) -> Result<(), StoreError> {
        self.append_to_file(record).map(drop)
    }

    /// The same, and returns when it will survive a power cut.
    pub(super) fn append_durably<T: Serialize>(&self, record: &T) -> Result<(), StoreError> {
        let file = self.append_to_file(record)?;
        file.sync_data().map_err(StoreError::io(&self.path))
    }

    fn append_to_file<T: Serialize>(&self, record: &T) -> Result<File, StoreError> {
        let line = encode(&self.path, record)?;
        make_parent(&self.path)?;
        append_line(&self.path, line).map_err(StoreError::io(&self.path))
    }

    /// All records in the order written. A line that a cut-off write left, at the end or before what was appended later, is
    /// left out.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        let bytes = read_if_there(&self.path)?.unwrap_or_default();
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut records = Vec::new();
        for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            match decode(line) {
                Ok(record) => records.push(record),
                Err(Unreadable::Torn) => {}
                Err(Unreadable::TooNew(found)) => return Err(too_new(&self.path, found)),
                Err(Unreadable::Wrong(error)) => {
                    let message = format!("line {}: {error}", index + 1);
                    return Err(StoreError::format(&self.path, &message));
                }
            }
        }
        Ok(records)
    }
}

fn append_line(path: &Path, mut line: Vec<u8>) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    if ends_torn(&file)? {
        line.insert(0, b'\n');
    }
    file.write_all(&line)?;
    Ok(file)
}

/// Whether the last write was cut off. One that is under way elsewhere looks the same; then an empty line comes in
/// between, which nobody reads.
fn ends_torn(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.read_exact_at(&mut last, length - 1)?;
    Ok(last != *b"\n")
}

/// Keeps the last record of each key, at the place of the first.
pub(super) fn latest<T, K: Ord>(records: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(records.len());
    let mut places = BTreeMap::new();
    for record in records {
        match places.entry(key(&record)) {
            Entry::Occupied(place) => kept[*place.get()] = record,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(record);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::store::record;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Note {
        text: String,
    }

    fn note(text: &str) -> Note {
        Note {
            text: text.to_owned(),
        }
    }

    fn append_raw(path: &Path, bytes: &[u8]) {
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
    }

    #[test]
    fn a_torn_line_is_left_out_and_the_next_starts_on_its_own() {
        let whole = encode(Path::new("x"), &note("é \"b\"")).unwrap();
        for cut in 1..whole.len() - 1 {
            let dir = tempfile::tempdir().unwrap();
            let journal = Journal::new(dir.path().join("deep/journal"));
            assert_eq!(journal.read::<Note>().unwrap(), []);
            journal.append(&note("a")).unwrap();
            append_raw(&journal.path, &whole[..cut]);
            assert_eq!(journal.read::<Note>().unwrap(), [note("a")], "{cut}");
            journal.append_durably(&note("c")).unwrap();
            let read = journal.read::<Note>().unwrap();
            assert_eq!(read, [note("a"), note("c")], "{cut}");
        }
    }

    #[test]
    fn zeros_after_a_power_cut() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(dir.path().join("journal"));
        append_raw(&journal.path, &[0; 40]);
        journal.append(&note("a")).unwrap();
        assert_eq!(journal.read::<Note>().unwrap(), [note("a")]);
    }

    #[test]
    fn what_is_wrong_or_too_new_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(dir.path().join("journal"));
        journal.append(&note("a")).unwrap();
        append_raw(&journal.path, b"{\"v\":1,\"text\":7}\n");
        let error = journal.read::<Note>().unwrap_err();
        assert!(
            error.to_string().contains("line 2: invalid type"),
            "{error}"
        );

        let path = dir.path().join("one");
        append_raw(&path, b"{\"v\":2,\"something\":\"else\"}\n");
        assert!(matches!(
            record::read::<Note>(&path),
            Err(StoreError::TooNew {
                found: 2,
                known: 1,
                ..
            })
        ));
        assert!(matches!(
            Journal::new(path).read::<Note>(),
            Err(StoreError::TooNew { .. })
        ));
    }

    #[test]
    fn the_latest_at_the_place_of_the_first() {
        let records = vec![("a", 1), ("b", 2), ("a", 3)];
        assert_eq!(latest(records, |(key, _)| *key), [("a", 3), ("b", 2)]);
    }
}
