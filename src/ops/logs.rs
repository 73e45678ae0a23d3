//! Which logs of checks are kept, and the newest one of a check on a track.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use crate::domain::name::nearest;
use crate::domain::time::Timestamp;
use crate::process::clock;
use crate::store::KeptLog;

use super::check::{CheckError, named};
use super::{Session, SessionError};

#[derive(Debug)]
pub struct Report {
    pub now: Timestamp,
    /// Newest first.
    pub logs: Vec<KeptLog>,
}

/// Why there is no log to show.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    #[error("`{text}` names no log")]
    Form { text: String },
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("no log of {check} on {side} is kept")]
    NothingKept {
        side: String,
        check: String,
        /// `TRACK/CHECK`, each once; those of the same track first.
        kept: Vec<String>,
    },
    #[error("cannot read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// All that are kept.
pub fn list(session: &Session) -> Report {
    Report {
        now: clock::now(),
        logs: session.store.kept_logs(),
    }
}

/// The newest log that `TRACK/CHECK` names, open to be read.
///
/// # Errors
/// When the text names no track or no check, or nothing is kept of them.
pub fn newest(session: &Session, text: &str) -> Result<(Report, File), LogsError> {
    let form = || LogsError::Form {
        text: text.to_owned(),
    };
    // A branch that stands for itself has a `/` in its name, a check has none.
    let (side, check) = text.rsplit_once('/').ok_or_else(form)?;
    if side.is_empty() || check.is_empty() {
        return Err(form());
    }
    let mut report = list(session);
    let of_both = |log: &KeptLog| log.side == side && log.check == check;
    let Some(found) = report.logs.iter().position(of_both) else {
        known_side(session, side)?;
        named(session, check)?;
        // Those of the same track are the likeliest to be meant.
        let kept = report.logs.iter();
        let kept: BTreeSet<(bool, String)> = kept
            .map(|log| (log.side != side, format!("{}/{}", log.side, log.check)))
            .collect();
        return Err(LogsError::NothingKept {
            side: side.to_owned(),
            check: check.to_owned(),
            kept: kept.into_iter().map(|(_, name)| name).collect(),
        });
    };
    let log = report.logs.swap_remove(found);
    let file = File::open(&log.path).map_err(|source| LogsError::Read {
        path: log.path.clone(),
        source,
    })?;
    report.logs = vec![log];
    Ok((report, file))
}

fn known_side(session: &Session, side: &str) -> Result<(), CheckError> {
    let names = side_names(session);
    for part in side.split('+') {
        if !names.iter().any(|name| name == part) {
            let error = SessionError::UnknownTrack {
                id: part.to_owned(),
                nearest: nearest(part, names.iter().map(String::as_str)).map(str::to_owned),
                known: names,
            };
            return Err(error.into());
        }
    }
    Ok(())
}

fn side_names(session: &Session) -> Vec<String> {
    let tracks = session.project.tracks.iter();
    tracks
        .map(|track| track.id.to_string())
        .chain(["base", "integration"].map(str::to_owned))
        .collect()
}
