//! Why there is no brief.

use super::Failure;
use crate::ops::brief::BriefError;

impl From<BriefError> for Failure {
    fn from(error: BriefError) -> Self {
        let message = error.to_string();
        match error {
            BriefError::Session(error) => error.into(),
            BriefError::Git(error) => error.into(),
            BriefError::NoTrack { known } => Failure::usage(message).hint(match known.is_empty() {
                true => "tracks.toml has no tracks yet: `tracks new track`".to_owned(),
                false => format!("name one: `tracks brief TRACK` ({})", known.join(", ")),
            }),
        }
    }
}
