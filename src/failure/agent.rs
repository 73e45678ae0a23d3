//! Why an agent's settings could not be changed.

use super::{Failure, undetermined};
use crate::ops::hooks::agent::AgentError;

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Git(error) => error.into(),
            AgentError::Store(error) => error.into(),
            AgentError::Program(_) | AgentError::File { .. } => undetermined(error.to_string()),
        }
    }
}
