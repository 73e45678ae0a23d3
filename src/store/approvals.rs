//! Which commands this user has approved for this repository: one file per repository and user, outside the repository.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lock::lock_file;
use super::naming::digest;
use super::{StoreError, record};
use crate::domain::trust::TrustedCommand;

/// The approvals of one user for one repository.
#[derive(Debug, Clone)]
pub struct Approvals {
    path: PathBuf,
    /// For people who look into the file.
    repository: String,
    /// Digests of exact texts.
    approved: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    repository: String,
    approved: BTreeSet<String>,
}

impl Approvals {
    /// Reads `STATE_DIR/trust/<digest of the common directory>.json`; a missing file approves nothing. A file that others
    /// can write, or that is damaged, approves nothing either (and [`Approvals::approve`] replaces it).
    ///
    /// # Errors
    /// When the file exists and cannot be read, or a newer version has written it.
    pub fn load(state_dir: &Path, common_dir: &Path) -> Result<Approvals, StoreError> {
        // One repository, whichever way its path is written.
        let common_dir = fs::canonicalize(common_dir).unwrap_or_else(|_| common_dir.to_owned());
        let name = digest([common_dir.as_os_str().as_bytes()]);
        let path = state_dir.join("trust").join(format!("{name}.json"));
        Ok(Approvals {
            approved: read(&path)?,
            repository: common_dir.to_string_lossy().into_owned(),
            path,
        })
    }

    /// Bound to the exact text, see [`TrustedCommand::exact_text`].
    pub fn has(&self, command: &TrustedCommand) -> bool {
        self.has_text(&command.exact_text())
    }

    fn has_text(&self, text: &str) -> bool {
        self.approved.contains(&digest([text.as_bytes()]))
    }

    /// Adds and saves (mode 0600, directories 0700).
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn approve(&mut self, commands: &[TrustedCommand]) -> Result<(), StoreError> {
        self.approve_texts(commands.iter().map(TrustedCommand::exact_text))
    }

    fn approve_texts(&mut self, texts: impl Iterator<Item = String>) -> Result<(), StoreError> {
        let new: Vec<String> = texts.map(|text| digest([text.as_bytes()])).collect();
        self.change(|approved| approved.extend(new))
    }

    /// Withdraws every approval for this repository.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn withdraw(&mut self) -> Result<(), StoreError> {
        self.change(BTreeSet::clear)
    }

    /// Changes what is in the file now, which another process may have changed since we read it.
    fn change(&mut self, edit: impl FnOnce(&mut BTreeSet<String>)) -> Result<(), StoreError> {
        if let Some(dir) = self.path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(dir)
                .map_err(StoreError::io(dir))?;
        }
        let _lock = lock_file(&self.path.with_extension("lock"))?;
        let mut approved = read(&self.path)?;
        edit(&mut approved);
        let record = Record {
            repository: self.repository.clone(),
            approved,
        };
        record::write_with_mode(&self.path, &record, 0o600)?;
        self.approved = record.approved;
        Ok(())
    }
}

fn read(path: &Path) -> Result<BTreeSet<String>, StoreError> {
    let nothing = Ok(BTreeSet::new());
    if !is_ours_alone(path).map_err(StoreError::io(path))? {
        return nothing;
    }
    match record::read::<Record>(path) {
        Ok(Some(record)) => Ok(record.approved),
        Ok(None) | Err(StoreError::Format { .. }) => nothing,
        Err(error) => Err(error),
    }
}

/// Whether nobody else could have written it; a file that is not there, others have not written.
fn is_ours_alone(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(file) => {
            let ours = file.uid() == rustix::process::geteuid().as_raw();
            Ok(ours && file.mode() & 0o022 == 0)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    struct Place {
        dir: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Place {
                dir: tempfile::tempdir().unwrap(),
            }
        }

        fn load(&self, repository: &str) -> Approvals {
            let common_dir = self.dir.path().join(repository);
            fs::create_dir_all(&common_dir).unwrap();
            Approvals::load(&self.dir.path().join("state"), &common_dir).unwrap()
        }
    }

    fn approve(approvals: &mut Approvals, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned());
        approvals.approve_texts(texts).unwrap();
    }

    #[test]
    fn approved_and_withdrawn() {
        let place = Place::new();
        let mut approvals = place.load("a");
        assert!(!approvals.has_text("npm ci"));
        approve(&mut approvals, &["npm ci", "make"]);
        assert!(approvals.has_text("npm ci") && place.load("a").has_text("make"));
        assert!(!approvals.has_text("npm ci "), "bound to the exact text");
        assert!(
            !place.load("b").has_text("npm ci"),
            "bound to the repository"
        );
        assert!(place.load("b/../a").has_text("make"));

        let mut other = place.load("a");
        approve(&mut other, &["third"]);
        approve(&mut approvals, &["fourth"]);
        assert!(place.load("a").has_text("third"), "kept by the others");

        approvals.withdraw().unwrap();
        assert!(!approvals.has_text("make") && !place.load("a").has_text("make"));
    }

    #[test]
    fn only_for_our_eyes() {
        let place = Place::new();
        let mut approvals = place.load("a");
        approve(&mut approvals, &["make"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&approvals.path), 0o600);
        assert_eq!(mode(approvals.path.parent().unwrap()), 0o700);
    }

    #[test]
    fn what_others_can_write_or_is_damaged_approves_nothing() {
        let place = Place::new();
        for mode in [0o620, 0o602, 0o666] {
            let mut approvals = place.load("a");
            approve(&mut approvals, &["make"]);
            fs::set_permissions(&approvals.path, fs::Permissions::from_mode(mode)).unwrap();
            let mut loaded = place.load("a");
            assert!(!loaded.has_text("make"), "{mode:o}");
            approve(&mut loaded, &["other"]);
            let loaded = place.load("a");
            assert!(loaded.has_text("other") && !loaded.has_text("make"));
        }

        let approvals = place.load("a");
        fs::File::create(&approvals.path).unwrap();
        let mut loaded = place.load("a");
        assert!(!loaded.has_text("other"));
        approve(&mut loaded, &["make"]);
        assert!(place.load("a").has_text("make"));
    }
}
