//! The numbers that checks have yielded, run after run. The oldest go where they become too many.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::lock::lock_file;
use super::{Store, StoreError, record};
use crate::domain::name::Side;
use crate::domain::revision::TreeId;
use crate::domain::time::Timestamp;

/// A longer journal is cut to the newer half. In bytes; some ten thousand runs.
const LONGEST: u64 = 2 * 1024 * 1024;

/// What one run of a check yielded.
#[derive(Debug, Clone, PartialEq)]
pub struct Yield {
    pub time: Timestamp,
    pub check: String,
    pub side: Side,
    pub tree: Option<TreeId>,
    pub values: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    time: i64,
    check: String,
    side: String,
    tree: Option<String>,
    values: BTreeMap<String, f64>,
}

/// The last number of each metric of each check and side, as it was when this was read.
#[derive(Debug, Clone, Default)]
pub struct LastFigures {
    /// Check, side → metric → number.
    values: BTreeMap<(String, String), BTreeMap<String, f64>>,
}

impl LastFigures {
    pub fn of(&self, check: &str, side: &Side) -> BTreeMap<String, f64> {
        let key = (check.to_owned(), side.to_string());
        self.values.get(&key).cloned().unwrap_or_default()
    }
}

impl Store {
    /// What checks yielded the last time. A journal that cannot be read is as good as none: it is only compared with.
    pub fn last_figures(&self) -> LastFigures {
        let mut last = LastFigures::default();
        let records: Vec<Record> = self.metrics().read().unwrap_or_default();
        for record in records {
            let of = last.values.entry((record.check, record.side));
            of.or_default().extend(record.values);
        }
        last
    }

    /// # Errors
    /// When it cannot be locked or written.
    pub fn keep_figures(&self, figures: &Yield) -> Result<(), StoreError> {
        let _lock = lock_file(&self.metrics_path().with_extension("lock"))?;
        self.shorten_metrics(LONGEST)?;
        self.metrics().append(&Record {
            time: figures.time.0,
            check: figures.check.clone(),
            side: figures.side.to_string(),
            tree: figures.tree.map(|tree| tree.to_string()),
            values: figures.values.clone(),
        })
    }

    /// Where the journal is longer than this: what is newest stays, up to half of that. What cannot be read goes.
    fn shorten_metrics(&self, longest: u64) -> Result<(), StoreError> {
        let path = self.metrics_path();
        if fs::metadata(&path).map_or(0, |file| file.len()) <= longest {
            return Ok(());
        }
        let records: Vec<Record> = self.metrics().read().unwrap_or_default();
        let mut lines = Vec::new();
        let mut length = 0;
        for record in records.iter().rev() {
            let line = record::encode(&path, record)?;
            length += line.len() as u64;
            if length > longest / 2 {
                break;
            }
            lines.push(line);
        }
        lines.reverse();
        record::replace(&path, &lines.concat(), record::SHARED, record::Durable::No)
    }

    fn metrics(&self) -> Journal {
        Journal::new(self.metrics_path())
    }

    fn metrics_path(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::TrackId;

    fn yielded(side: Side, values: &[(&str, f64)]) -> Yield {
        Yield {
            time: Timestamp(9),
            check: "unit".to_owned(),
            side,
            tree: None,
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        }
    }

    fn values(store: &Store, check: &str, side: &Side) -> Vec<(String, f64)> {
        store.last_figures().of(check, side).into_iter().collect()
    }

    #[test]
    fn the_last_of_each_metric() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let track = Side::Track(TrackId::new("a").unwrap());
        assert_eq!(values(&store, "unit", &track), []);
        for figures in [
            yielded(track.clone(), &[("m", 1.0), ("n", 0.1)]),
            yielded(track.clone(), &[("m", 2.0)]),
            yielded(Side::Base, &[("m", 3.0)]),
        ] {
            store.keep_figures(&figures).unwrap();
        }
        let expected = [("m".to_owned(), 2.0), ("n".to_owned(), 0.1)];
        assert_eq!(values(&store, "unit", &track), expected);
        assert_eq!(values(&store, "unit", &Side::Base), [("m".to_owned(), 3.0)]);
        assert_eq!(values(&store, "other", &track), []);
    }

    #[test]
    fn the_journal_does_not_grow_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let length = || fs::metadata(store.metrics_path()).unwrap().len();
        for number in 0..100 {
            let figures = yielded(Side::Base, &[("m", f64::from(number))]);
            store.keep_figures(&figures).unwrap();
        }
        let all = length();
        store.shorten_metrics(all).unwrap();
        assert_eq!(length(), all, "long enough as it is");
        store.shorten_metrics(all - 1).unwrap();
        assert!(
            (all / 3..=all / 2).contains(&length()),
            "{} of {all}",
            length()
        );
        assert_eq!(
            values(&store, "unit", &Side::Base),
            [("m".to_owned(), 99.0)]
        );
        let records: Vec<Record> = store.metrics().read().unwrap();
        let kept: Vec<f64> = records.iter().map(|record| record.values["m"]).collect();
        assert!(kept.is_sorted() && kept.len() > 40, "{kept:?}");
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        store
                            .keep_figures(&yielded(Side::Base, &[("m", 1.0)]))
                            .unwrap();
                    }
                });
            }
        });
        let records: Vec<Record> = store.metrics().read().unwrap();
        assert_eq!(records.len(), 100);
    }

    #[test]
    fn a_damaged_journal_is_as_good_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        record::replace(
            &store.metrics_path(),
            b"{\"v\":9}\n",
            record::SHARED,
            record::Durable::No,
        )
        .unwrap();
        assert_eq!(values(&store, "unit", &Side::Base), []);
        store.shorten_metrics(1).unwrap();
        store
            .keep_figures(&yielded(Side::Base, &[("m", 1.0)]))
            .unwrap();
        assert_eq!(values(&store, "unit", &Side::Base), [("m".to_owned(), 1.0)]);
    }
}
