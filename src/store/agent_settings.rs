//! What agents' settings were before our entry went in, so that it can go without a trace.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::naming::digest;
use super::{Store, StoreError, record};

/// One file of settings, as we have changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSettings {
    pub agent: String,
    pub file: PathBuf,
    /// How git calls the linked worktree that it is in, wherever that is moved to; `None` for the main one.
    #[serde(default)]
    pub worktree: Option<String>,
    /// `None`: there was no such file.
    pub before: Option<String>,
    pub after: String,
    /// The line that we added to what git ignores, for this file.
    pub excluded: Option<String>,
    /// Whether the line before that one had no end.
    #[serde(default)]
    pub excluded_behind_line_end: bool,
}

impl Store {
    /// Every file that we have changed for an agent, by its path.
    ///
    /// # Errors
    /// When a note cannot be read.
    pub fn agent_settings(&self, agent: &str) -> Result<Vec<AgentSettings>, StoreError> {
        let dir = self.root.join("agents");
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StoreError::io(&dir))?,
        };
        let mut all: Vec<AgentSettings> = Vec::new();
        for entry in entries {
            let path = entry.map_err(StoreError::io(&dir))?.path();
            if path.extension().is_some_and(|it| it == "json") {
                all.extend(record::read::<AgentSettings>(&path)?);
            }
        }
        all.retain(|it| it.agent == agent);
        all.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(all)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn note_agent_settings(&self, settings: &AgentSettings) -> Result<(), StoreError> {
        record::write(&self.agent_settings_path(&settings.file), settings)
    }

    /// # Errors
    /// When it cannot be removed.
    pub fn forget_agent_settings(&self, file: &Path) -> Result<(), StoreError> {
        record::remove(&self.agent_settings_path(file))?;
        // The last one takes the directory along.
        let _ = std::fs::remove_dir(self.root.join("agents"));
        Ok(())
    }

    fn agent_settings_path(&self, file: &Path) -> PathBuf {
        let name = digest([file.as_os_str().as_bytes()]);
        self.root.join("agents").join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noted_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let note = |agent: &str, file: &str| AgentSettings {
            agent: agent.to_owned(),
            file: PathBuf::from(file),
            worktree: None,
            before: None,
            after: "{}\n".to_owned(),
            excluded: Some("/x".to_owned()),
            excluded_behind_line_end: false,
        };
        assert_eq!(store.agent_settings("a").unwrap(), []);
        for (agent, file) in [("a", "/w/2"), ("b", "/w/3"), ("a", "/w/1")] {
            store.note_agent_settings(&note(agent, file)).unwrap();
        }
        let both = [note("a", "/w/1"), note("a", "/w/2")];
        assert_eq!(store.agent_settings("a").unwrap(), both);
        store.forget_agent_settings(Path::new("/w/1")).unwrap();
        store.forget_agent_settings(Path::new("/w/1")).unwrap();
        assert_eq!(store.agent_settings("a").unwrap(), both[1..]);
    }
}
