//! The door to tracks.toml: text → `raw` (as written, with places) → `lower` (meant, valid: `domain::project::Project`).
//! Below `lower` nobody validates again; all that is wrong is reported at once.

mod compose;
mod diagnostic;
mod lower;
mod pending;
mod raw;
mod schema;
pub mod starter;

pub use compose::{Composed, compose};
pub use diagnostic::{Diagnostic, Level};
pub use schema::schema;

use crate::domain::project::Project;

/// What a text of tracks.toml means.
#[derive(Debug)]
pub struct Parsed {
    /// `None` where there are errors.
    pub project: Option<Project>,
    /// Errors and warnings in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a whole tracks.toml. `directory_name` is the default of `[project] name`.
pub fn parse(text: &str, directory_name: &str) -> Parsed {
    let _ = (text, directory_name);
    todo!()
}
