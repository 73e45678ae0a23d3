//! Where the output of checks and setup steps is kept.

use std::path::PathBuf;

use super::{Store, StoreError};
use crate::domain::time::Timestamp;

impl Store {
    /// A new directory for the logs of one run, `logs/<time>-<pid>/`; the oldest beyond fifty are removed, unless a file in
    /// them was written within the last day.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_log_dir(&self, now: Timestamp) -> Result<PathBuf, StoreError> {
        let _ = now;
        todo!()
    }
}
