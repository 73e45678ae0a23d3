//! Which commands of tracks.toml may run here: those that this user approved in their exact text, or all of them for one run.

use crate::domain::project::{Check, Project};
use crate::domain::trust::{self, TrustedCommand};
use crate::process::environment;
use crate::store::{Approvals, StoreError};

use super::Session;

/// What may run.
#[derive(Debug)]
pub enum Trust {
    /// `--yes` or `TRACKS_YES=1`.
    Everything,
    Approved(Approvals),
    /// There is no home directory to keep approvals in.
    Nothing,
}

impl Trust {
    /// # Errors
    /// When the approvals exist and cannot be read.
    pub fn load(session: &Session, yes: bool) -> Result<Trust, StoreError> {
        if yes || environment::flag("TRACKS_YES") {
            return Ok(Trust::Everything);
        }
        Ok(match environment::state_dir() {
            Some(dir) => Trust::Approved(Approvals::load(&dir, session.repository.common_dir())?),
            None => Trust::Nothing,
        })
    }

    pub fn allows(&self, command: &TrustedCommand) -> bool {
        match self {
            Trust::Everything => true,
            Trust::Approved(approvals) => approvals.has(command),
            Trust::Nothing => false,
        }
    }

    pub fn allows_all(&self, commands: &[TrustedCommand]) -> bool {
        commands.iter().all(|command| self.allows(command))
    }

    /// Every command of the project that may not run yet.
    pub fn missing(&self, project: &Project) -> Vec<TrustedCommand> {
        trust::commands(project)
            .into_iter()
            .filter(|command| !self.allows(command))
            .collect()
    }

    pub fn allows_check(&self, check: &Check) -> bool {
        self.allows_all(&trust::commands_of_check(check))
    }
}

/// Approves commands for this user and repository, for good.
///
/// # Errors
/// When there is nowhere to keep the approval, or it cannot be written.
pub fn approve(session: &Session, commands: &[TrustedCommand]) -> Result<(), TrustError> {
    let dir = environment::state_dir().ok_or(TrustError::NoHome)?;
    let mut approvals = Approvals::load(&dir, session.repository.common_dir())?;
    Ok(approvals.approve(commands)?)
}

/// Withdraws every approval of this user for this repository.
///
/// # Errors
/// As [`approve`].
pub fn withdraw(session: &Session) -> Result<(), TrustError> {
    let dir = environment::state_dir().ok_or(TrustError::NoHome)?;
    let mut approvals = Approvals::load(&dir, session.repository.common_dir())?;
    Ok(approvals.withdraw()?)
}

/// Why an approval was not kept.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("there is no home directory to keep approvals in")]
    NoHome,
    #[error(transparent)]
    Store(#[from] StoreError),
}
