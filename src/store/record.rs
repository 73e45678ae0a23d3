//! The form of everything we keep: JSON objects with their format in `v`, alone in a file or one a line in a journal.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Of every record of this version. A change that an older version would misread takes the next number.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Versioned<'a, T> {
    v: u32,
    #[serde(flatten)]
    record: &'a T,
}

#[derive(Deserialize)]
struct Head {
    v: u32,
}

fn encode<T: Serialize>(path: &Path, record: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = serde_json::to_vec(&Versioned { v: FORMAT, record })
        .map_err(|error| StoreError::format(path, error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Why a record cannot be read.
enum Unreadable {
    /// The object is not complete: a write was cut off.
    Torn,
    TooNew(u32),
    Wrong(serde_json::Error),
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    // After a power cut, a file system may show zeros where data was still to come.
    if bytes.contains(&0) {
        return Err(Unreadable::Torn);
    }
    let classify = |error: serde_json::Error| {
        if error.is_eof() {
            Unreadable::Torn
        } else {
            Unreadable::Wrong(error)
        }
    };
    let head: Head = serde_json::from_slice(bytes).map_err(classify)?;
    if head.v > FORMAT {
        return Err(Unreadable::TooNew(head.v));
    }
    serde_json::from_slice(bytes).map_err(classify)
}

fn too_new(path: &Path, found: u32) -> StoreError {
    StoreError::TooNew {
        path: path.to_owned(),
        found,
        known: FORMAT,
    }
}

/// Reads a file with one record; `None` if there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    match decode(&bytes) {
        Ok(record) => Ok(Some(record)),
        Err(Unreadable::TooNew(found)) => Err(too_new(path, found)),
        Err(Unreadable::Torn) => Err(StoreError::format(path, "it is cut off")),
        Err(Unreadable::Wrong(error)) => Err(StoreError::format(path, error)),
    }
}

/// Replaces a file with one record, atomically; makes its directories.
pub(super) fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), StoreError> {
    // What the umask allows: a shared repository is shared with its state.
    write_with_mode(path, record, 0o666)
}

pub(super) fn write_with_mode<T: Serialize>(
    path: &Path,
    record: &T,
    mode: u32,
) -> Result<(), StoreError> {
    let bytes = encode(path, record)?;
    let dir = make_parent(path)?;
    let replace = || {
        let mut file = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(dir)?;
        file.write_all(&bytes)?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    replace().map_err(StoreError::io(path))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

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
                    return Err(StoreError::format(&self.path, message));
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

pub(super) fn make_parent(path: &Path) -> Result<&Path, StoreError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    Ok(dir)
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            read::<Note>(&path),
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
    fn one_record_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        assert_eq!(read::<Note>(&path).unwrap(), None);
        for text in ["first", "second"] {
            write(&path, &note(text)).unwrap();
            assert_eq!(read(&path).unwrap(), Some(note(text)));
        }
        assert_eq!(fs::read(&path).unwrap(), b"{\"v\":1,\"text\":\"second\"}\n");
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read::<Note>(&path).unwrap(), None);
    }

    #[test]
    fn the_latest_at_the_place_of_the_first() {
        let records = vec![("a", 1), ("b", 2), ("a", 3)];
        assert_eq!(latest(records, |(key, _)| *key), [("a", 3), ("b", 2)]);
    }
}
