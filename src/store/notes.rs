//! How what people have resolved and decided is written down, for the tree behind `refs/tracks/resolutions`: one JSON object
//! each, which travels with the contents that it names.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::record::{Unreadable, decode, encode, too_new};
use super::{Store, StoreError};
use crate::domain::name::{CheckName, NameError, TrackId};
use crate::domain::path::{Pattern, PatternError, RepoPath};
use crate::domain::resolution::{
    Decision, Entry, Fixed, Proof, Record, RecordKind, Sides, Version,
};
use crate::domain::revision::{BlobId, CommitId, IdError};
use crate::domain::time::Timestamp;

#[derive(Serialize, Deserialize)]
struct RecordNote {
    id: String,
    who: String,
    when: i64,
    tracks: Vec<TrackNote>,
    fix: bool,
    conflicts: Vec<EntryNote>,
    changes: Vec<FixedNote>,
    proof: ProofNote,
}

#[derive(Serialize, Deserialize)]
struct TrackNote {
    track: String,
    commit: String,
}

#[derive(Serialize, Deserialize)]
struct EntryNote {
    #[serde(flatten)]
    path: PathNote,
    sides: Vec<[Option<VersionNote>; 3]>,
    result: Option<VersionNote>,
}

#[derive(Serialize, Deserialize)]
struct FixedNote {
    #[serde(flatten)]
    path: PathNote,
    from: Option<VersionNote>,
    to: Option<VersionNote>,
}

#[derive(Serialize, Deserialize)]
struct VersionNote {
    /// Octal, as git shows it.
    mode: String,
    id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProofNote {
    Checks(Vec<String>),
    Unchecked,
    CouldNotRun,
}

#[derive(Serialize, Deserialize)]
struct DecisionNote {
    id: String,
    who: String,
    when: i64,
    prefer: String,
    over: String,
    because: String,
    paths: Vec<String>,
}

/// A path, whatever its bytes are.
#[derive(Serialize, Deserialize)]
pub(super) struct PathNote {
    /// Lossy where it is not UTF-8.
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl PathNote {
    pub(super) fn new(path: &RepoPath) -> Self {
        PathNote {
            path: path.lossy().into_owned(),
            path_bytes: match path.as_str() {
                Some(_) => None,
                None => Some(STANDARD.encode(path.as_bytes())),
            },
        }
    }

    pub(super) fn path(self) -> Option<RepoPath> {
        match self.path_bytes {
            None => Some(RepoPath::new(self.path)),
            Some(bytes) => STANDARD.decode(bytes).ok().map(RepoPath::new),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Damaged {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("a {0} cannot be read")]
    Part(&'static str),
}

impl Store {
    /// # Errors
    /// When it cannot be put down.
    pub fn encode_record(&self, record: &Record) -> Result<Vec<u8>, StoreError> {
        let note = RecordNote {
            id: record.id.clone(),
            who: record.who.clone(),
            when: record.when.0,
            tracks: record
                .tracks
                .iter()
                .map(|(track, commit)| TrackNote {
                    track: track.to_string(),
                    commit: commit.to_string(),
                })
                .collect(),
            fix: record.kind == RecordKind::Fix,
            conflicts: record.entries().iter().map(entry_note).collect(),
            changes: record
                .fixed
                .iter()
                .map(|fixed| FixedNote {
                    path: PathNote::new(&fixed.path),
                    from: fixed.from.map(version_note),
                    to: fixed.to.map(version_note),
                })
                .collect(),
            proof: match &record.proof {
                Proof::Checks(checks) => {
                    ProofNote::Checks(checks.iter().map(ToString::to_string).collect())
                }
                Proof::Unchecked => ProofNote::Unchecked,
                Proof::CouldNotRun => ProofNote::CouldNotRun,
            },
        };
        encode(self.root(), &note)
    }

    /// `name`: where it was found, for messages.
    ///
    /// # Errors
    /// When it is damaged, or a newer version wrote it.
    pub fn decode_record(&self, name: &str, bytes: &[u8]) -> Result<Record, StoreError> {
        let note = read(name, bytes)?;
        record(note).map_err(|error| StoreError::format(Path::new(name), &error))
    }

    /// # Errors
    /// When it cannot be put down.
    pub fn encode_decision(&self, decision: &Decision) -> Result<Vec<u8>, StoreError> {
        let paths = decision.paths.iter();
        let note = DecisionNote {
            id: decision.id.clone(),
            who: decision.who.clone(),
            when: decision.when.0,
            prefer: decision.prefer.to_string(),
            over: decision.over.to_string(),
            because: decision.because.clone(),
            paths: paths.map(|pattern| pattern.as_str().to_owned()).collect(),
        };
        encode(self.root(), &note)
    }

    /// As [`Store::decode_record`].
    ///
    /// # Errors
    /// When it is damaged, or a newer version wrote it.
    pub fn decode_decision(&self, name: &str, bytes: &[u8]) -> Result<Decision, StoreError> {
        let note = read(name, bytes)?;
        decision(note).map_err(|error| StoreError::format(Path::new(name), &error))
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, StoreError> {
    let path = Path::new(name);
    decode(bytes).map_err(|error| match error {
        Unreadable::TooNew(found) => too_new(path, found),
        Unreadable::Torn => StoreError::format(path, &"it is cut off"),
        Unreadable::Wrong(error) => StoreError::format(path, &error),
    })
}

fn entry_note(entry: &Entry) -> EntryNote {
    let sides = entry.sides.iter();
    EntryNote {
        path: PathNote::new(&entry.path),
        sides: sides
            .map(|sides| [sides.base, sides.ours, sides.theirs].map(|side| side.map(version_note)))
            .collect(),
        result: entry.result.map(version_note),
    }
}

pub(super) fn mode_text(mode: u32) -> String {
    format!("{mode:06o}")
}

fn version_note(version: Version) -> VersionNote {
    VersionNote {
        mode: mode_text(version.mode),
        id: version.id.to_string(),
    }
}

fn version(note: Option<VersionNote>) -> Result<Option<Version>, Damaged> {
    note.map(|note| {
        Ok(Version {
            mode: u32::from_str_radix(&note.mode, 8).map_err(|_| Damaged::Part("mode"))?,
            id: BlobId::from_hex(&note.id)?,
        })
    })
    .transpose()
}

fn path(note: PathNote) -> Result<RepoPath, Damaged> {
    note.path().ok_or(Damaged::Part("path"))
}

fn record(note: RecordNote) -> Result<Record, Damaged> {
    let tracks = note.tracks.into_iter().map(|note| {
        let commit = CommitId::from_hex(&note.commit)?;
        Ok((TrackId::new(&note.track)?, commit))
    });
    let tracks: Vec<_> = tracks.collect::<Result<_, Damaged>>()?;
    let entries = note.conflicts.into_iter().map(|note| {
        let sides = note.sides.into_iter().map(|[base, ours, theirs]| {
            Ok(Sides {
                base: version(base)?,
                ours: version(ours)?,
                theirs: version(theirs)?,
            })
        });
        Ok(Entry {
            path: path(note.path)?,
            sides: sides.collect::<Result<_, Damaged>>()?,
            result: version(note.result)?,
        })
    });
    let entries: Vec<Entry> = entries.collect::<Result<_, Damaged>>()?;
    let fixed = note.changes.into_iter().map(|note| {
        Ok(Fixed {
            path: path(note.path)?,
            from: version(note.from)?,
            to: version(note.to)?,
        })
    });
    Ok(Record {
        id: note.id,
        who: note.who,
        when: Timestamp(note.when),
        tracks: tracks.try_into().map_err(|_| Damaged::Part("pair"))?,
        kind: match note.fix {
            true => RecordKind::Fix,
            false => RecordKind::Resolution(entries),
        },
        fixed: fixed.collect::<Result<_, Damaged>>()?,
        proof: match note.proof {
            ProofNote::Checks(checks) => {
                let names = checks.iter().map(|name| CheckName::new(name));
                Proof::Checks(names.collect::<Result<_, _>>()?)
            }
            ProofNote::Unchecked => Proof::Unchecked,
            ProofNote::CouldNotRun => Proof::CouldNotRun,
        },
    })
}

fn decision(note: DecisionNote) -> Result<Decision, Damaged> {
    let paths = note.paths.iter().map(|text| Pattern::new(text));
    Ok(Decision {
        id: note.id,
        who: note.who,
        when: Timestamp(note.when),
        prefer: TrackId::new(&note.prefer)?,
        over: TrackId::new(&note.over)?,
        because: note.because,
        paths: paths.collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(digit: &str) -> Option<Version> {
        Some(Version {
            mode: 0o100_755,
            id: BlobId::from_hex(&digit.repeat(40)).unwrap(),
        })
    }

    fn track(name: &str) -> (TrackId, CommitId) {
        let commit = CommitId::from_hex(&"c".repeat(40)).unwrap();
        (TrackId::new(name).unwrap(), commit)
    }

    #[test]
    fn what_is_written_is_read() {
        let store = Store::new(Path::new("x"));
        let record = Record {
            id: "12ab".to_owned(),
            who: "Ada <ada@example.com>".to_owned(),
            when: Timestamp(7),
            tracks: [track("a"), track("b")],
            kind: RecordKind::Resolution(vec![Entry {
                path: RepoPath::new(b"f\xff"),
                sides: vec![Sides {
                    base: None,
                    ours: version("1"),
                    theirs: version("2"),
                }],
                result: None,
            }]),
            fixed: vec![Fixed {
                path: RepoPath::new("g"),
                from: version("3"),
                to: None,
            }],
            proof: Proof::Checks(vec![CheckName::new("unit").unwrap()]),
        };
        let bytes = store.encode_record(&record).unwrap();
        assert_eq!(store.decode_record("here", &bytes).unwrap(), record);
        let fix = Record {
            kind: RecordKind::Fix,
            proof: Proof::CouldNotRun,
            ..record
        };
        let bytes = store.encode_record(&fix).unwrap();
        assert_eq!(store.decode_record("here", &bytes).unwrap(), fix);

        let decision = Decision {
            id: "34cd".to_owned(),
            who: "Ada".to_owned(),
            when: Timestamp(8),
            prefer: track("a").0,
            over: track("b").0,
            because: "a \"reason\"\nof two lines".to_owned(),
            paths: vec![Pattern::new("src/**").unwrap()],
        };
        let bytes = store.encode_decision(&decision).unwrap();
        assert_eq!(store.decode_decision("here", &bytes).unwrap(), decision);
    }

    #[test]
    fn what_is_damaged_is_said() {
        let store = Store::new(Path::new("x"));
        let name = "refs/x:meta.json";
        for text in ["", "{}", "{\"v\":1}", "{\"v\":99}"] {
            let error = store.decode_record(name, text.as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }
}
