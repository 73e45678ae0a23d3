//! The form of everything we keep: JSON objects with their format in `v`; and files that hold one of them.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What the umask allows: a shared repository is shared with its state.
pub(super) const SHARED: u32 = 0o666;

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

pub(super) fn encode<T: Serialize>(path: &Path, record: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = serde_json::to_vec(&Versioned { v: FORMAT, record })
        .map_err(|error| StoreError::format(path, &error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Why a record cannot be read.
pub(super) enum Unreadable {
    /// The object is not complete: a write was cut off.
    Torn,
    TooNew(u32),
    Wrong(serde_json::Error),
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
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

pub(super) fn too_new(path: &Path, found: u32) -> StoreError {
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
        Err(Unreadable::Torn) => Err(StoreError::format(path, &"it is cut off")),
        Err(Unreadable::Wrong(error)) => Err(StoreError::format(path, &error)),
    }
}

/// Replaces a file with one record, atomically; makes its directories.
pub(super) fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), StoreError> {
    write_with_mode(path, record, SHARED)
}

/// The same for what is only a cache: it need not survive a power cut, and many are written one after the other.
pub(super) fn write_cached<T: Serialize>(path: &Path, record: &T) -> Result<(), StoreError> {
    replace(path, &encode(path, record)?, SHARED, Durable::No)
}

pub(super) fn write_with_mode<T: Serialize>(
    path: &Path,
    record: &T,
    mode: u32,
) -> Result<(), StoreError> {
    replace(path, &encode(path, record)?, mode, Durable::Yes)
}

/// Whether a file has to survive a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    Yes,
    /// It is a cache, and who reads it can tell a damaged one.
    No,
}

/// Replaces a file with these bytes, atomically; makes its directories.
pub(super) fn replace(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durable: Durable,
) -> Result<(), StoreError> {
    let dir = make_parent(path)?;
    let replace = || {
        let mut file = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(dir)?;
        file.write_all(bytes)?;
        if durable == Durable::Yes {
            file.as_file().sync_data()?;
        }
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

pub(super) fn make_parent(path: &Path) -> Result<&Path, StoreError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    Ok(dir)
}

pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
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
}
