//! The answer of `tracks new migration`.

use serde_json::{Value, json};

use super::{document, path_fields, show, with};
use crate::ops::new_migration::Report;

pub fn json(report: &Report) -> Value {
    let files: Vec<Value> = (report.files.iter())
        .map(|(path, text)| with(path_fields(path), json!({ "content": text })))
        .collect();
    with(
        document("new-migration", true),
        json!({
            "track": report.track.as_str(),
            "preset": report.preset.as_str(),
            "created": report.worktree.is_some(),
            "worktree": report.worktree.as_ref().map(|path| path.to_string_lossy()),
            "files": files,
        }),
    )
}

/// The paths, one a line, as they are from the root of the worktree.
pub fn text(report: &Report) -> String {
    report
        .files
        .iter()
        .map(|(path, _)| format!("{}\n", show(path)))
        .collect()
}

/// Where they are, and for which runner they are named.
pub fn note(report: &Report) -> Option<String> {
    Some(match &report.worktree {
        Some(worktree) => format!(
            "made in {} for track {}, as {} wants it",
            worktree.display(),
            report.track,
            report.runner
        ),
        None => format!(
            "for track {}, as {} wants it; nothing is made",
            report.track, report.runner
        ),
    })
}
