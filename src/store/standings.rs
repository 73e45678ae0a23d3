//! Where the tracks stood after the last round, for those who are told when that changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lock::lock_file;
use super::{Store, StoreError, record};
use crate::domain::name::TrackId;
use crate::domain::sync::{Standing, Standings};

#[derive(Serialize, Deserialize)]
struct Record {
    round: u64,
    base_red: bool,
    tracks: BTreeMap<String, Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    standing: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    with: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<String>,
}

impl Store {
    /// Replaces what is known, under a lock, so that of several processes that know of the same round only one tells.
    /// `change` is given what was known (`None`: nothing yet), and says what is known now; the rest of its answer is handed on.
    ///
    /// # Errors
    /// When it cannot be locked or written. What cannot be read was not known.
    pub fn update_standings<T>(
        &self,
        change: impl FnOnce(Option<&Standings>) -> (T, Standings),
    ) -> Result<T, StoreError> {
        let path = self.standings_path();
        let _lock = lock_file(&path.with_extension("lock"))?;
        let last = record::read(&path).ok().flatten().map(known);
        let (answer, now) = change(last.as_ref());
        if last.as_ref() != Some(&now) {
            record::write(&path, &as_record(now))?;
        }
        Ok(answer)
    }

    fn standings_path(&self) -> PathBuf {
        self.root.join("standings.json")
    }
}

/// Without what a newer version knows and we do not.
fn known(record: Record) -> Standings {
    let standing = |(id, row): (String, Row)| {
        let standing = match row.standing.as_str() {
            "merged" => Standing::Merged,
            "held" => Standing::Held,
            "ejected" => Standing::Ejected {
                why: row.why,
                with: row.with,
                check: row.check,
            },
            _ => return None,
        };
        Some((TrackId::new(&id).ok()?, standing))
    };
    Standings {
        round: record.round,
        base_red: record.base_red,
        tracks: record.tracks.into_iter().filter_map(standing).collect(),
    }
}

fn as_record(standings: Standings) -> Record {
    let row = |(id, standing): (TrackId, Standing)| {
        let mut row = Row {
            standing: standing.as_str().to_owned(),
            why: String::new(),
            with: Vec::new(),
            check: None,
        };
        if let Standing::Ejected { why, with, check } = standing {
            (row.why, row.with, row.check) = (why, with, check);
        }
        (id.to_string(), row)
    };
    Record {
        round: standings.round,
        base_red: standings.base_red,
        tracks: standings.tracks.into_iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_given_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let track = |id: &str| TrackId::new(id).unwrap();
        let ejected = Standing::Ejected {
            why: "check".to_owned(),
            with: vec!["a".to_owned()],
            check: Some("unit".to_owned()),
        };
        let first = Standings {
            round: 3,
            base_red: true,
            tracks: BTreeMap::from([
                (track("a"), Standing::Merged),
                (track("b"), Standing::Held),
                (track("c"), ejected),
            ]),
        };
        let update = |expected: Option<&Standings>, now: Standings| {
            store
                .update_standings(|last| {
                    assert_eq!(last, expected);
                    ((), now)
                })
                .unwrap();
        };
        update(None, first.clone());
        update(Some(&first), Standings::default());
        update(Some(&Standings::default()), first);

        // What cannot be read was not known, and what a newer version knows is left out.
        let path = store.standings_path();
        for (text, expected) in [
            ("{\"v\":1,\"rou", None),
            (
                "{\"v\":1,\"round\":0,\"base_red\":false,\"tracks\":{\"a\":{\"standing\":\"parked\"}}}",
                Some(Standings::default()),
            ),
        ] {
            std::fs::File::create(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                .unwrap();
            update(expected.as_ref(), Standings::default());
        }
    }
}
