//! Why nothing could be looked at.

use super::Failure;
use crate::ops::doctor::DoctorError;

impl From<DoctorError> for Failure {
    fn from(error: DoctorError) -> Self {
        match error {
            DoctorError::Open(error) => error.into(),
        }
    }
}
