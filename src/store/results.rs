//! The result cache: which checks passed on what, and how long they took. Failures are kept for showing and never reused.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::naming::{digest, file_name};
use super::{Store, StoreError, record};
use crate::domain::check::{FailedTest, Outcome, Tests};
use crate::domain::time::Timestamp;

/// A digest of everything a check reads: command, directory, environment, tool versions, setup, and the tree or the part
/// of it that `inputs` names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultKey(String);

impl ResultKey {
    /// The SHA-256 of the parts, each with its length, in order.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        ResultKey(digest(parts))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct CachedResult {
    pub outcome: Outcome,
    pub flaky: bool,
    pub exit_status: Option<i32>,
    pub attempts: u32,
    pub wall: Duration,
    pub cpu: Option<Duration>,
    pub peak_memory: Option<u64>,
    pub log: Option<PathBuf>,
    pub finished: Timestamp,
    pub figures: Vec<KeptFigure>,
    pub tests: Option<Tests>,
}

/// A number that a check yielded, without what was said of it: limits and base may be others the next time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptFigure {
    pub name: String,
    pub value: f64,
    /// What it had been the time before.
    pub last: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    outcome: String,
    flaky: bool,
    exit_status: Option<i32>,
    attempts: u32,
    wall_ms: u64,
    cpu_ms: Option<u64>,
    peak_memory: Option<u64>,
    /// Below the store's root where it lies there, so that a repository may be moved.
    log: Option<String>,
    finished: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    figures: Vec<KeptFigure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tests: Option<TestsRecord>,
}

#[derive(Serialize, Deserialize)]
struct TestsRecord {
    total: usize,
    failed: usize,
    errors: usize,
    skipped: usize,
    /// Name and message.
    failing: Vec<(String, String)>,
    more: usize,
}

#[derive(Serialize, Deserialize)]
struct Took {
    ms: u64,
}

/// Between two durations of a check.
const NO_DIFFERENCE: Duration = Duration::from_millis(5);

const OUTCOMES: [Outcome; 7] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::TimedOut,
    Outcome::Stalled,
    Outcome::Cancelled,
    Outcome::Skipped,
    Outcome::CouldNotRun,
];

impl Store {
    /// The last result under this key, whatever it was; a damaged entry is `None`.
    pub fn result(&self, key: &ResultKey) -> Option<CachedResult> {
        let record: Record = record::read(&self.result_path(key)).ok()??;
        Some(CachedResult {
            outcome: outcome(&record.outcome)?,
            flaky: record.flaky,
            exit_status: record.exit_status,
            attempts: record.attempts,
            wall: Duration::from_millis(record.wall_ms),
            cpu: record.cpu_ms.map(Duration::from_millis),
            peak_memory: record.peak_memory,
            log: record.log.map(|log| self.root.join(log)),
            finished: Timestamp(record.finished),
            figures: record.figures,
            tests: record.tests.map(Tests::from),
        })
    }

    /// Times are kept in milliseconds; a log outside the store whose path is not UTF-8 is not kept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_result(&self, key: &ResultKey, result: &CachedResult) -> Result<(), StoreError> {
        let log = result.log.as_deref().and_then(|log| {
            let below: &Path = log.strip_prefix(&self.root).unwrap_or(log);
            below.to_str().map(str::to_owned)
        });
        let record = Record {
            outcome: result.outcome.as_str().to_owned(),
            flaky: result.flaky,
            exit_status: result.exit_status,
            attempts: result.attempts,
            wall_ms: milliseconds(result.wall),
            cpu_ms: result.cpu.map(milliseconds),
            peak_memory: result.peak_memory,
            log,
            finished: result.finished.0,
            figures: result.figures.clone(),
            tests: result.tests.as_ref().map(TestsRecord::from),
        };
        record::write_cached(&self.result_path(key), &record)
    }

    /// How long the check took the last time it ran to its end, on any tree.
    pub fn last_duration(&self, check: &str, side: &str) -> Option<Duration> {
        let took: Took = record::read(&self.duration_path(check, side)).ok()??;
        Some(Duration::from_millis(took.ms))
    }

    /// A difference that no schedule would notice is not written down.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_duration(
        &self,
        check: &str,
        side: &str,
        duration: Duration,
    ) -> Result<(), StoreError> {
        let known = self.last_duration(check, side);
        if known.is_some_and(|known| known.abs_diff(duration) < (known / 20).max(NO_DIFFERENCE)) {
            return Ok(());
        }
        let took = Took {
            ms: milliseconds(duration),
        };
        record::write_cached(&self.duration_path(check, side), &took)
    }

    fn result_path(&self, key: &ResultKey) -> PathBuf {
        let (start, rest) = key.0.split_at(2);
        let dir = self.root.join("results").join(start);
        dir.join(format!("{rest}.json"))
    }

    fn duration_path(&self, check: &str, side: &str) -> PathBuf {
        let dir = self.root.join("durations").join(file_name(side));
        dir.join(format!("{}.json", file_name(check)))
    }
}

impl From<&Tests> for TestsRecord {
    fn from(tests: &Tests) -> Self {
        let failing = tests.failing.iter();
        TestsRecord {
            total: tests.total,
            failed: tests.failed,
            errors: tests.errors,
            skipped: tests.skipped,
            failing: failing
                .map(|test| (test.name.clone(), test.message.clone()))
                .collect(),
            more: tests.more,
        }
    }
}

impl From<TestsRecord> for Tests {
    fn from(record: TestsRecord) -> Self {
        let failing = record.failing.into_iter();
        Tests {
            total: record.total,
            failed: record.failed,
            errors: record.errors,
            skipped: record.skipped,
            failing: failing
                .map(|(name, message)| FailedTest { name, message })
                .collect(),
            more: record.more,
        }
    }
}

/// `None`: a newer version knows something here that we do not.
pub(super) fn outcome(text: &str) -> Option<Outcome> {
    let mut all = OUTCOMES.into_iter();
    all.find(|outcome| outcome.as_str() == text)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn key(text: &str) -> ResultKey {
        ResultKey::of([text.as_bytes()])
    }

    fn result(store: &Store, outcome: Outcome) -> CachedResult {
        CachedResult {
            outcome,
            flaky: true,
            exit_status: Some(3),
            attempts: 2,
            wall: Duration::from_millis(1234),
            cpu: Some(Duration::from_millis(5)),
            peak_memory: None,
            log: Some(store.root().join("logs/x/unit.log")),
            finished: Timestamp(9),
            figures: vec![KeptFigure {
                name: "coverage".to_owned(),
                value: 95.2,
                last: None,
            }],
            tests: Some(Tests {
                total: 2,
                failed: 1,
                failing: vec![FailedTest {
                    name: "t".to_owned(),
                    message: "no".to_owned(),
                }],
                ..Tests::default()
            }),
        }
    }

    #[test]
    fn every_outcome_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.result(&key("a")), None);
        for outcome in OUTCOMES {
            let result = result(&store, outcome);
            store.keep_result(&key("a"), &result).unwrap();
            assert_eq!(store.result(&key("a")), Some(result));
        }
        assert_eq!(store.result(&key("b")), None);
    }

    #[test]
    fn what_was_kept_before_there_were_figures_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let text = r#"{"v":1,"outcome":"passed","flaky":false,"exit_status":0,"attempts":1,"wall_ms":5,"cpu_ms":null,"peak_memory":null,"log":null,"finished":9}"#;
        let path = store.result_path(&key("a"));
        record::replace(&path, text.as_bytes(), record::SHARED, record::Durable::No).unwrap();
        let result = store.result(&key("a")).unwrap();
        assert_eq!((result.figures, result.tests), (Vec::new(), None));
    }

    #[test]
    fn a_moved_repository_keeps_its_logs_and_a_damaged_entry_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let store = Store::new(&old);
        let kept = result(&store, Outcome::Passed);
        store.keep_result(&key("a"), &kept).unwrap();
        fs::rename(&old, &new).unwrap();
        let store = Store::new(&new);
        assert_eq!(
            store.result(&key("a")).unwrap().log,
            Some(new.join("tracks/logs/x/unit.log"))
        );
        let path = store.result_path(&key("a"));
        for damage in ["", "{", "{\"v\":1}", "{\"v\":9}"] {
            fs::File::create(&path).unwrap();
            std::io::Write::write_all(
                &mut fs::OpenOptions::new().append(true).open(&path).unwrap(),
                damage.as_bytes(),
            )
            .unwrap();
            assert_eq!(store.result(&key("a")), None, "{damage}");
        }
    }

    #[test]
    fn durations() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.last_duration("unit", "a"), None);
        for ms in [10, 20] {
            let took = Duration::from_millis(ms);
            store.keep_duration("unit", "a", took).unwrap();
            assert_eq!(store.last_duration("unit", "a"), Some(took));
        }
        for (ms, known) in [
            (24, 20),
            (16, 20),
            (25, 25),
            (1000, 1000),
            (1049, 1000),
            (1051, 1051),
        ] {
            store
                .keep_duration("unit", "a", Duration::from_millis(ms))
                .unwrap();
            let known = Some(Duration::from_millis(known));
            assert_eq!(store.last_duration("unit", "a"), known, "{ms}");
        }
        assert_eq!(store.last_duration("unit", "b"), None);
        assert_eq!(store.last_duration("a", "unit"), None);
    }
}
