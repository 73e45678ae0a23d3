//! The answer of `tracks own`.

use serde_json::{Value, json};

use super::{document, with};
use crate::domain::handover::Edit;
use crate::ops::own::Report;
use crate::ui::style::{DIM, HINT, STRONG, paint, tame};

pub fn json(report: &Report) -> Value {
    let edits = report.edits.iter().map(|edit| match edit {
        Edit::Add { track, pattern } => {
            json!({ "action": "add", "track": track.as_str(), "pattern": pattern })
        }
        Edit::Remove { track, pattern } => {
            json!({ "action": "remove", "track": track.as_str(), "pattern": pattern })
        }
        Edit::Share { pattern, owner } => {
            json!({ "action": "share", "track": owner.as_str(), "pattern": pattern })
        }
    });
    with(
        document("own", true),
        json!({
            "file": report.file.to_string_lossy(),
            "changes": edits.collect::<Vec<_>>(),
            "written": report.written,
            "text": report.text,
            "notes": report.notes,
        }),
    )
}

pub fn text(report: &Report, dry_run: bool) -> String {
    let file = tame(&report.file.to_string_lossy());
    let mut text = String::new();
    for edit in &report.edits {
        let (place, what) = match edit {
            Edit::Add { track, pattern } => {
                (format!("[track.{track}] owns"), format!("+ {pattern}"))
            }
            Edit::Remove { track, pattern } => {
                (format!("[track.{track}] owns"), format!("- {pattern}"))
            }
            Edit::Share { pattern, owner } => (
                format!("[shared.{pattern:?}]"),
                format!("owner = {:?}", owner.as_str()),
            ),
        };
        text.push_str(&format!(
            "{} {}\n",
            paint(STRONG, &tame(&place)),
            tame(&what)
        ));
    }
    for note in &report.notes {
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(note)));
    }
    if report.written {
        text.push_str(&format!(
            "wrote {file}; it counts once {} has it: commit it there\n",
            report.base
        ));
    } else if dry_run && report.edits.is_empty() {
        text.push_str(&report.text);
    } else if dry_run {
        text.push_str(&format!("{}\n", paint(DIM, "nothing was written")));
    }
    text
}
