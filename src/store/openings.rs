//! Conflicts that somebody is resolving in a worktree: what was opened there, so that the next run carries on.

use serde::{Deserialize, Serialize};

use super::naming::file_name;
use super::{Store, StoreError, record};
use crate::domain::name::{NameError, TrackId};
use crate::domain::revision::{CommitId, IdError, TreeId};

/// One worktree in which a pair of tracks is being resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The directory's name.
    pub name: String,
    /// Each with the commit that was merged.
    pub tracks: [(TrackId, CommitId); 2],
    /// Base with the one and with the other; for a fix, both with both.
    pub sides: [CommitId; 2],
    /// The pair merges clean and is to be repaired.
    pub fix: bool,
    pub stage: OpeningStage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningStage {
    /// Nobody has been told of it yet.
    Making,
    /// With what was there when it was handed over.
    Open(TreeId),
    /// Under this id; only the worktree is still to go.
    Recorded(String),
}

#[derive(Serialize, Deserialize)]
struct Note {
    name: String,
    tracks: [(String, String); 2],
    sides: [String; 2],
    fix: bool,
    handed_over: Option<String>,
    recorded: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum Damaged {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Store {
    /// # Errors
    /// When it cannot be written.
    pub fn note_opening(&self, opening: &Opening) -> Result<(), StoreError> {
        let (handed_over, recorded) = match &opening.stage {
            OpeningStage::Making => (None, None),
            OpeningStage::Open(tree) => (Some(tree.to_string()), None),
            OpeningStage::Recorded(id) => (None, Some(id.clone())),
        };
        let note = Note {
            name: opening.name.clone(),
            tracks: (opening.tracks.each_ref())
                .map(|(track, commit)| (track.to_string(), commit.to_string())),
            sides: opening.sides.map(|commit| commit.to_string()),
            fix: opening.fix,
            handed_over,
            recorded,
        };
        record::write(&self.opening_path(&opening.name), &note)
    }

    /// # Errors
    /// When it cannot be removed.
    pub fn forget_opening(&self, name: &str) -> Result<(), StoreError> {
        record::remove(&self.opening_path(name))
    }

    /// By name, ascending.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn openings(&self) -> Result<Vec<Opening>, StoreError> {
        let dir = self.root.join("resolving");
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StoreError::io(&dir))?,
        };
        let mut openings = Vec::new();
        for entry in entries {
            let path = entry.map_err(StoreError::io(&dir))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            if let Some(note) = record::read::<Note>(&path)? {
                let opening = opening(note).map_err(|error| StoreError::format(&path, &error))?;
                openings.push(opening);
            }
        }
        openings.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(openings)
    }

    fn opening_path(&self, name: &str) -> std::path::PathBuf {
        let dir = self.root.join("resolving");
        dir.join(format!("{}.json", file_name(name)))
    }
}

fn opening(note: Note) -> Result<Opening, Damaged> {
    let [one, other] = note.tracks.map(|(track, commit)| {
        let commit = CommitId::from_hex(&commit)?;
        Ok::<_, Damaged>((TrackId::new(&track)?, commit))
    });
    let [ours, theirs] = note.sides.map(|commit| CommitId::from_hex(&commit));
    Ok(Opening {
        name: note.name,
        tracks: [one?, other?],
        sides: [ours?, theirs?],
        fix: note.fix,
        stage: match (note.recorded, note.handed_over) {
            (Some(id), _) => OpeningStage::Recorded(id),
            (None, Some(tree)) => OpeningStage::Open(TreeId::from_hex(&tree)?),
            (None, None) => OpeningStage::Making,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_known_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.openings().unwrap(), []);
        let commit = |digit: &str| CommitId::from_hex(&digit.repeat(40)).unwrap();
        let mut opening = Opening {
            name: ".resolve-a-b".to_owned(),
            tracks: [("a", "1"), ("b", "2")]
                .map(|(track, digit)| (TrackId::new(track).unwrap(), commit(digit))),
            sides: [commit("3"), commit("4")],
            fix: false,
            stage: OpeningStage::Making,
        };
        for stage in [
            OpeningStage::Making,
            OpeningStage::Open(TreeId::from_hex(&"5".repeat(40)).unwrap()),
            OpeningStage::Recorded("12ab".to_owned()),
        ] {
            opening.stage = stage;
            store.note_opening(&opening).unwrap();
            assert_eq!(store.openings().unwrap(), [opening.clone()]);
        }
        store.forget_opening(".resolve-a-b").unwrap();
        assert_eq!(store.openings().unwrap(), []);
    }
}
