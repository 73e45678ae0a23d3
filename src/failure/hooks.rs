//! Why hooks could not be put in place or looked at, with what to do about it.

use super::{Failure, undetermined};
use crate::ops::hooks::HooksError;

impl From<HooksError> for Failure {
    fn from(error: HooksError) -> Self {
        let message = error.to_string();
        match error {
            HooksError::Git(error) => error.into(),
            HooksError::Store(error) => error.into(),
            HooksError::Busy { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            HooksError::NotText { .. } => {
                undetermined(message).hint("move the repository to a path in UTF-8")
            }
            HooksError::File(_) => undetermined(message)
                .hint("mend it and run the same command again: nobody's hook was lost"),
            HooksError::Program(_) => undetermined(message),
        }
    }
}
