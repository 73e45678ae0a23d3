//! The variables that commands of tracks.toml find in their environment: where they run, and numbers to derive ports,
//! databases and build directories from. They say nothing of what is judged, so no pass is keyed by them.

use std::path::Path;

use crate::domain::check::port;
use crate::store::StoreError;

use super::Session;

/// Name and value.
pub(super) type Variables = Vec<(String, String)>;

/// Of a place by its name (a track's id, `.probe-0` …): the same each time.
///
/// # Errors
/// When the number of the place cannot be read or kept.
pub(super) fn of_place(session: &Session, name: &str, dir: &Path) -> Result<Variables, StoreError> {
    Ok(of_slot(session, session.store.place_number(name)?, dir))
}

/// Of a place by its number; 0 is the whole repository.
pub(super) fn of_slot(session: &Session, slot: u32, dir: &Path) -> Variables {
    let (repository, base) = (&session.repository, session.base.commit);
    let main = repository
        .main_worktree()
        .unwrap_or(repository.common_dir());
    let mut variables = Variables::new();
    let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
    set("TRACKS_SLOT", slot.to_string());
    set("TRACKS_PORT", port_of(session, slot).to_string());
    set("TRACKS_WORKTREE", dir.display().to_string());
    set("TRACKS_MAIN_WORKTREE", main.display().to_string());
    set("TRACKS_BASE", base.to_string());
    variables
}

pub(super) fn port_of(session: &Session, slot: u32) -> u16 {
    let tag = u32::from_str_radix(&session.store.tag(), 16).unwrap_or(0);
    port(tag, slot)
}

/// A name as a part of a variable's: `my-db` is `MY_DB`.
pub(super) fn as_part(name: &str) -> String {
    let part = |c: char| match c {
        'a'..='z' => c.to_ascii_uppercase(),
        'A'..='Z' | '0'..='9' => c,
        _ => '_',
    };
    name.chars().map(part).collect()
}
