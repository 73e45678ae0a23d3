//! Errors about contracts.

use super::{Failure, Kind, meant};
use crate::ops::ack::AckError;

const CONTRACTS: Kind = ("contracts", " in tracks.toml");

impl From<AckError> for Failure {
    fn from(error: AckError) -> Self {
        let message = error.to_string();
        match error {
            AckError::Session(error) => error.into(),
            AckError::Git(error) => error.into(),
            AckError::Store(error) => error.into(),
            AckError::NoTrack { consumers } => Failure::usage(message).hint(format!(
                "name it: `--track TRACK`; the consumers are: {}",
                consumers.join(", ")
            )),
            AckError::NoContract { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, CONTRACTS))
            }
            AckError::NoConsumer { consumers, .. } => {
                Failure::usage(message).hint(meant(None, &consumers, ("consumers", "")))
            }
        }
    }
}
