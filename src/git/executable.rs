//! The git program: found once, its version checked, always run with a fixed locale, without the caller's repository
//! variables, and never asking anything.

use std::path::Path;

use super::OpenError;

/// The oldest git that has what we need (`--attr-source`).
pub const MINIMUM_VERSION: (u32, u32) = (2, 41);

/// The git program on this machine.
#[derive(Debug, Clone)]
pub struct Git {}

impl Git {
    /// # Errors
    /// When there is no git on the PATH, or it is older than [`MINIMUM_VERSION`].
    pub fn find() -> Result<Git, OpenError> {
        todo!()
    }

    pub fn program(&self) -> &Path {
        todo!()
    }

    /// Major, minor, patch.
    pub fn version(&self) -> (u32, u32, u32) {
        todo!()
    }
}
