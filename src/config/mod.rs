//! The door to tracks.toml: text → `raw` (as written, with places) → `lower` (meant, valid: `domain::project::Project`).
//! Below `lower` nobody validates again; all that is wrong is reported at once.

mod compose;
mod diagnostic;
mod edit;
mod lower;
#[cfg(test)]
mod mistakes;
mod overlay;
mod pending;
mod raw;
mod read;
mod reference;
mod schema;
pub mod starter;
mod syntax;
mod tree;

use std::ops::Range;

use toml::de::DeTable;

pub use compose::{Composed, compose};
pub use diagnostic::{Diagnostic, Level};
pub use edit::{EditError, edit};
pub use reference::reference;
pub use schema::schema;

use crate::domain::project::Project;
use read::Lost;

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
    let syntax = syntax::read(text);
    let (root, _) = DeTable::parse_recoverable(&syntax.readable);
    let tree = root.into_inner();

    let mut lost = Lost::with_names(syntax.lost_words);
    let mut found = Vec::new();
    let file = read::read(&syntax.readable, &tree, &mut lost, &mut found);
    let project = lower::lower(
        &syntax.readable,
        &file,
        &tree,
        directory_name,
        &lost,
        &mut found,
    );
    found.extend(pending::warnings(&syntax.readable, &tree));

    // A line that cannot be read says nothing about what its values should be.
    found.retain(|diagnostic| !overlaps_any(&diagnostic.span, &syntax.bad_lines));
    let mut diagnostics = syntax.diagnostics;
    diagnostics.extend(found);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.level));

    let is_error = |diagnostic: &Diagnostic| diagnostic.level == Level::Error;
    Parsed {
        project: project.filter(|_| !diagnostics.iter().any(is_error)),
        diagnostics,
    }
}

fn overlaps_any(span: &Range<usize>, lines: &[Range<usize>]) -> bool {
    lines
        .iter()
        .any(|line| span.start <= line.end && line.start <= span.end)
}
