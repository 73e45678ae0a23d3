//! Which commands this user has approved for this repository: one file per repository and user, outside the repository.

use std::path::Path;

use super::StoreError;
use crate::domain::trust::TrustedCommand;

/// The approvals of one user for one repository.
#[derive(Debug, Clone)]
pub struct Approvals {}

impl Approvals {
    /// Reads `STATE_DIR/trust/<digest of the common directory>.json`; a missing file approves nothing. A file that others
    /// can write, or that is damaged, approves nothing either (and [`Approvals::approve`] replaces it).
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn load(state_dir: &Path, common_dir: &Path) -> Result<Approvals, StoreError> {
        let _ = (state_dir, common_dir);
        todo!()
    }

    /// Bound to the exact text, see [`TrustedCommand::exact_text`].
    pub fn has(&self, command: &TrustedCommand) -> bool {
        let _ = command;
        todo!()
    }

    /// Adds and saves (mode 0600, directories 0700).
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn approve(&mut self, commands: &[TrustedCommand]) -> Result<(), StoreError> {
        let _ = commands;
        todo!()
    }

    /// Withdraws every approval for this repository.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn withdraw(&mut self) -> Result<(), StoreError> {
        todo!()
    }
}
