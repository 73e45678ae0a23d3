//! The answer of `tracks who`.

use serde_json::{Value, json};

use super::{count, document, path_fields, show, with};
use crate::domain::name::TrackId;
use crate::domain::project::SharedPolicy;
use crate::ops::who::{Report, Row, Touch};
use crate::ui::style::{BAD, DIM, HINT, STRONG, WARN, paint, tame};

pub fn json(report: &Report) -> Value {
    let rows: Vec<Value> = report.rows.iter().map(row_json).collect();
    let unread = report.unread.iter();
    let unread = unread.map(|(track, reason)| json!({ "track": track.as_str(), "reason": reason }));
    with(
        document("who", true),
        json!({ "paths": rows, "unread": unread.collect::<Vec<_>>() }),
    )
}

fn row_json(row: &Row) -> Value {
    let owner = |owner: &Option<TrackId>| owner.as_ref().map(|id| id.as_str().to_owned());
    let owners = row.owners.iter();
    let owners =
        owners.map(|(track, pattern)| json!({ "track": track.as_str(), "pattern": pattern }));
    let shared = row.shared.iter().map(|(pattern, by, policy)| {
        json!({ "pattern": pattern, "owner": owner(by), "policy": policy_name(*policy) })
    });
    let contract = row.contracts.iter();
    let contract = contract.map(|(name, by)| json!({ "name": name.as_str(), "owner": owner(by) }));
    let touched = row.touched_by.iter().map(|touch| {
        json!({
            "track": touch.track.as_str(),
            "committed": touch.committed,
            "uncommitted": touch.uncommitted,
            "files": touch.files,
        })
    });
    with(
        path_fields(&row.path),
        json!({
            "files": row.files,
            "owners": owners.collect::<Vec<_>>(),
            "shared": shared.collect::<Vec<_>>(),
            "frozen": row.frozen,
            "contract": contract.collect::<Vec<_>>(),
            "unowned": row.unowned,
            "touched_by": touched.collect::<Vec<_>>(),
        }),
    )
}

pub(super) fn policy_name(policy: SharedPolicy) -> &'static str {
    match policy {
        SharedPolicy::Free => "free",
        SharedPolicy::Serialize => "serialize",
        SharedPolicy::AppendOnly => "append-only",
        SharedPolicy::Regenerate => "regenerate",
        SharedPolicy::IntegrationOnly => "integration-only",
        SharedPolicy::OwnerApproves => "owner-approves",
    }
}

pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.rows {
        text.push_str(&row_text(row));
    }
    for (track, reason) in &report.unread {
        let note = format!(
            "uncommitted work of {track} is not in this: {}",
            tame(reason)
        );
        text.push_str(&format!("{} {note}\n", paint(HINT, "note:")));
    }
    text
}

fn row_text(row: &Row) -> String {
    let name = match row.path.as_bytes() {
        [] => ".".to_owned(),
        _ => show(&row.path),
    };
    let mut text = match row.files {
        Some(files) => format!(
            "{} {}\n",
            paint(STRONG, &format!("{name}/")),
            paint(DIM, &count(files, "file"))
        ),
        None => format!("{}\n", paint(STRONG, &name)),
    };
    let mut line = |what: &str, said: String| text.push_str(&format!("  {what:<9} {said}\n"));
    for pattern in &row.frozen {
        line(
            "frozen",
            format!("{} {}", paint(BAD, "nobody changes it"), quoted(pattern)),
        );
    }
    for (pattern, owner, policy) in &row.shared {
        let owner = match owner {
            Some(owner) => format!(", {owner} answers for it"),
            None => String::new(),
        };
        line(
            "shared",
            format!("{}{owner} {}", policy_name(*policy), quoted(pattern)),
        );
    }
    for (track, pattern) in &row.owners {
        line("owner", format!("{track} {}", quoted(pattern)));
    }
    for (name, owner) in &row.contracts {
        let owner = match owner {
            Some(owner) => format!(" of {owner}"),
            None => String::new(),
        };
        line("contract", format!("{name}{owner}"));
    }
    match (row.files, row.unowned) {
        (_, 0) => {}
        (None, _) => line("owner", paint(WARN, "nobody")),
        (Some(files), unowned) if files == unowned => line("owner", paint(WARN, "nobody")),
        (Some(_), unowned) => line("unowned", count(unowned, "file")),
    }
    for touch in &row.touched_by {
        line("changed", touch_text(touch, row.files.is_some()));
    }
    text
}

fn quoted(pattern: &str) -> String {
    paint(DIM, &format!("`{}`", tame(pattern)))
}

fn touch_text(touch: &Touch, is_directory: bool) -> String {
    let how = match (touch.committed, touch.uncommitted) {
        (true, true) => "committed and uncommitted",
        (false, true) => "uncommitted",
        _ => "committed",
    };
    match is_directory {
        true => format!(
            "by {} in {} ({how})",
            touch.track,
            count(touch.files, "file")
        ),
        false => format!("by {} ({how})", touch.track),
    }
}
