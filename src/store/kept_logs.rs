//! Which logs are kept, and how what they are about ended.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::logs::read_log_name;
use super::results::outcome;
use super::{Store, StoreError, record};
use crate::domain::check::{Outcome, Run};
use crate::domain::time::Timestamp;

/// A check's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLog {
    pub side: String,
    pub check: String,
    /// `None`: the run did not come to its end, or goes on.
    pub outcome: Option<Outcome>,
    /// When it was last written to.
    pub written: Timestamp,
    pub path: PathBuf,
}

/// Beside the logs of one run.
#[derive(Default, Serialize, Deserialize)]
struct Ended {
    logs: Vec<Log>,
}

#[derive(Serialize, Deserialize)]
struct Log {
    file: String,
    outcome: String,
}

impl Store {
    /// To be called when these have ended; of those that ran, it notes how in the directory of their logs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_ended<'r>(
        &self,
        log_dir: &Path,
        runs: impl IntoIterator<Item = &'r Run>,
    ) -> Result<(), StoreError> {
        let path = log_dir.join(ENDED);
        let mut ended: Ended = record::read(&path).ok().flatten().unwrap_or_default();
        let before = ended.logs.len();
        for run in runs.into_iter().filter(|run| !run.cached) {
            let log = run.log.as_deref().filter(|log| log.starts_with(log_dir));
            let Some(file) = log.and_then(Path::file_name).and_then(OsStr::to_str) else {
                continue;
            };
            ended.logs.push(Log {
                file: file.to_owned(),
                outcome: run.outcome.as_str().to_owned(),
            });
        }
        if ended.logs.len() == before {
            return Ok(());
        }
        record::replace(
            &path,
            &record::encode(&path, &ended)?,
            record::SHARED,
            record::Durable::No,
        )
    }

    /// The logs of checks that are kept, newest first.
    pub fn kept_logs(&self) -> Vec<KeptLog> {
        let mut kept: Vec<(SystemTime, KeptLog)> = Vec::new();
        for dir in entries(&self.root.join("logs")) {
            let ended: Ended = record::read(&dir.join(ENDED))
                .ok()
                .flatten()
                .unwrap_or_default();
            kept.extend(entries(&dir).into_iter().filter_map(|path| {
                let file = path.file_name()?.to_str()?;
                let (side, check) = read_log_name(&path)?;
                let known = ended.logs.iter().rev().find(|log| log.file == file);
                let written = path.metadata().ok()?.modified().ok()?;
                let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
                let log = KeptLog {
                    side,
                    check,
                    outcome: known.and_then(|log| outcome(&log.outcome)),
                    written: Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
                    path,
                };
                Some((written, log))
            }));
        }
        kept.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.path.cmp(&other.path)));
        kept.into_iter().map(|(_, log)| log).collect()
    }
}

const ENDED: &str = "ended.json";

/// What is in a directory; what cannot be read has nothing in it.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;
    use crate::domain::name::{CheckName, Side};

    fn run(check: &str, outcome: Outcome, log: PathBuf) -> Run {
        Run {
            attempts: 1,
            log: Some(log),
            ended: 1,
            ..Run::new(CheckName::new(check).unwrap(), Side::Base, outcome)
        }
    }

    #[test]
    fn newest_first_with_how_they_ended() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.kept_logs(), []);
        let log = |dir: &Path, name: &str, seconds: u64| {
            let path = dir.join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds))
                .unwrap();
            path
        };
        let first = store.new_log_dir(Timestamp(0)).unwrap();
        let second = store.new_log_dir(Timestamp(1)).unwrap();
        let unit = log(&first, "base@a.b.log", 10);
        store
            .note_ended(&first, &[run("a.b", Outcome::TimedOut, unit)])
            .unwrap();
        let cached = Run {
            cached: true,
            ..run("unit", Outcome::Passed, first.join("base@unit.log"))
        };
        store.note_ended(&second, &[cached]).unwrap();
        assert!(!second.join(ENDED).exists(), "nothing ran");
        log(&second, "x@.setup.log", 30);
        log(&second, "x@lint.log", 40);
        let lint = log(&first, "base@lint.log", 50);
        store
            .note_ended(&first, &[run("lint", Outcome::Passed, lint)])
            .unwrap();
        let kept: Vec<_> = store
            .kept_logs()
            .into_iter()
            .map(|log| (log.side, log.check, log.outcome, log.written.0))
            .collect();
        let text = |text: &str| text.to_owned();
        let expected = [
            (text("base"), text("lint"), Some(Outcome::Passed), 50),
            (text("x"), text("lint"), None, 40),
            (text("base"), text("a.b"), Some(Outcome::TimedOut), 10),
        ];
        assert_eq!(kept, expected);
    }
}
