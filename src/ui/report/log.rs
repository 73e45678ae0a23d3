//! The answer of `tracks log`.

use serde_json::{Value, json};

use super::{document, with};
use crate::store::{Operation, WorktreeStep};
use crate::ui::style::{DIM, STRONG, WARN};
use crate::ui::table::{Table, cell, styled};

pub fn json(operations: &[Operation]) -> Value {
    let operations: Vec<Value> = operations
        .iter()
        .map(|operation| {
            let refs: Vec<Value> = operation
                .refs
                .iter()
                .map(|moved| {
                    json!({
                        "name": moved.name,
                        "before": moved.before.map(|id| id.to_string()),
                        "after": moved.after.map(|id| id.to_string()),
                    })
                })
                .collect();
            json!({
                "id": operation.id,
                "time": operation.time.to_string(),
                "command": operation.command,
                "refs": refs,
                "did": operation.did,
                "worktrees": operation.worktrees.iter().map(|change| json!({
                    "path": change.path.display().to_string(),
                    "track": change.track,
                    "step": match change.step {
                        WorktreeStep::Made => "made",
                        WorktreeStep::Removed => "removed",
                    },
                })).collect::<Vec<_>>(),
                "pushed": operation.pushed,
                "undoes": operation.undoes,
                "undone": operation.undone,
            })
        })
        .collect();
    with(document("log", true), json!({ "operations": operations }))
}

/// Newest first.
pub fn text(operations: &[Operation]) -> String {
    if operations.is_empty() {
        return "no operations yet\n".to_owned();
    }
    let mut text = String::new();
    for operation in operations.iter().rev() {
        let mut table = Table::default();
        table.row(vec![
            styled(STRONG, operation.id.clone()),
            cell(operation.time.to_string()),
            cell(operation.command.clone()),
            styled(
                WARN,
                match (operation.undone, operation.pending) {
                    (true, _) => "undone",
                    (false, true) => "under way, or killed",
                    (false, false) => "",
                },
            ),
        ]);
        text.push_str(&table.render(0));
        let mut details = Table::default();
        for moved in &operation.refs {
            let id = |id: &Option<crate::domain::revision::CommitId>| {
                id.map_or_else(|| "(none)".to_owned(), |id| id.short())
            };
            details.row(vec![
                cell(moved.name.clone()),
                styled(DIM, format!("{} → {}", id(&moved.before), id(&moved.after))),
            ]);
        }
        text.push_str(&details.render(2));
        for did in &operation.did {
            text.push_str(&format!("  {did}\n"));
        }
    }
    text
}
