//! The last known verdict of each pair, for those who are told when one turns.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lock::lock_file;
use super::{Store, StoreError, record};
use crate::domain::merge::{LastVerdicts, Settled};
use crate::domain::name::{Side, TrackId};

#[derive(Serialize, Deserialize)]
struct Record {
    pairs: Vec<Cell>,
}

#[derive(Serialize, Deserialize)]
struct Cell {
    a: String,
    b: String,
    verdict: String,
}

impl Store {
    /// Replaces what is known, under a lock, so that of several runs that see the same turn only one tells of it. `view`
    /// tells apart ways of looking that see different things (with uncommitted work and without). `change` is given what
    /// was known (`None`: nothing yet), and says what is known now; the rest of its answer is handed on.
    ///
    /// # Errors
    /// When it cannot be locked or written. What cannot be read was not known.
    pub fn update_verdicts<T>(
        &self,
        view: &str,
        change: impl FnOnce(Option<&LastVerdicts>) -> (T, LastVerdicts),
    ) -> Result<T, StoreError> {
        let path = self.verdicts_path(view);
        let _lock = lock_file(&path.with_extension("lock"))?;
        let record: Option<Record> = record::read(&path).ok().flatten();
        let last = record.map(|record| record.pairs.iter().filter_map(known).collect());
        let (answer, now) = change(last.as_ref());
        if last.as_ref() != Some(&now) {
            let pairs = now.iter().map(|((a, b), verdict)| Cell {
                a: a.to_string(),
                b: b.to_string(),
                verdict: verdict.as_str().to_owned(),
            });
            let pairs = pairs.collect();
            record::write(&path, &Record { pairs })?;
        }
        Ok(answer)
    }

    fn verdicts_path(&self, view: &str) -> PathBuf {
        self.root.join("verdicts").join(format!("{view}.json"))
    }
}

/// `None`: a newer version knows something here that we do not.
fn known(cell: &Cell) -> Option<((Side, Side), Settled)> {
    let verdict = [Settled::Clean, Settled::Conflict]
        .into_iter()
        .find(|verdict| verdict.as_str() == cell.verdict)?;
    Some(((side(&cell.a)?, side(&cell.b)?), verdict))
}

fn side(text: &str) -> Option<Side> {
    [Side::Base, Side::Integration]
        .into_iter()
        .find(|side| side.to_string() == text)
        .or_else(|| TrackId::new(text).ok().map(Side::Track))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(list: &[(&str, &str, Settled)]) -> LastVerdicts {
        let pair = |(a, b, verdict): &(&str, &str, Settled)| {
            ((side(a).unwrap(), side(b).unwrap()), *verdict)
        };
        list.iter().map(pair).collect()
    }

    #[test]
    fn kept_for_each_view_and_given_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let first = verdicts(&[
            ("base", "a", Settled::Clean),
            ("integration", "a", Settled::Clean),
            ("a", "b", Settled::Conflict),
        ]);
        let answer = store.update_verdicts("work", |last| {
            assert_eq!(last, None);
            (7, first.clone())
        });
        assert_eq!(answer.unwrap(), 7);
        let second = verdicts(&[]);
        let update = |view: &str, expected: Option<&LastVerdicts>| {
            store
                .update_verdicts(view, |last| {
                    assert_eq!(last, expected);
                    ((), second.clone())
                })
                .unwrap();
        };
        update("committed", None);
        update("work", Some(&first));
        update("work", Some(&second));
    }

    #[test]
    fn of_many_at_once_one_sees_the_turn() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let now = verdicts(&[("a", "b", Settled::Conflict)]);
        let turned = std::thread::scope(|scope| {
            let tell = || {
                let change = |last: Option<&LastVerdicts>| (last != Some(&now), now.clone());
                store.update_verdicts("work", change).unwrap()
            };
            let all: Vec<_> = (0..8).map(|_| scope.spawn(tell)).collect();
            all.into_iter()
                .map(|one| usize::from(one.join().unwrap()))
                .sum::<usize>()
        });
        assert_eq!(turned, 1);
    }

    #[test]
    fn what_cannot_be_read_was_not_known() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let path = store.verdicts_path("work");
        for (text, expected) in [
            ("{\"v\":1,\"pai", None),
            (
                "{\"v\":1,\"pairs\":[{\"a\":\"a\",\"b\":\"b\",\"verdict\":\"odd\"},{\"a\":\"A\",\"b\":\"b\",\"verdict\":\"clean\"}]}",
                Some(LastVerdicts::new()),
            ),
        ] {
            super::record::make_parent(&path).unwrap();
            std::fs::File::create(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                .unwrap();
            store
                .update_verdicts("work", |last| {
                    assert_eq!(last, expected.as_ref(), "{text}");
                    ((), LastVerdicts::new())
                })
                .unwrap();
        }
    }
}
