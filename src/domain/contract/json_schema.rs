//! Two versions of a JSON Schema document.

use super::document::{self, Document, Node, Value, below};
use super::schema::{Differ, Part, Use};
use super::{Outcome, Unreadable};

/// Nobody says who writes such documents and who reads them: both count.
pub(super) fn compare(old: &[u8], new: &[u8]) -> Result<Outcome, Unreadable> {
    let (old, new) = (read(old, Unreadable::old)?, read(new, Unreadable::new)?);
    let (old, new) = (Document::new(&old), Document::new(&new));
    let mut differ = Differ::new(&old, &new);
    let root = |node| Part {
        node,
        at: String::new(),
    };
    differ.compare(root(old.root), root(new.root), Use::Both);
    if is_library(old.root) {
        for keyword in ["$defs", "definitions"] {
            let all = old.root.get(keyword).into_iter().flat_map(Node::entries);
            for (name, before) in all {
                let at = below(&format!("/{keyword}"), name);
                match new.root.get(keyword).and_then(|all| all.get(name)) {
                    Some(after) => {
                        let before = Part {
                            node: before,
                            at: at.clone(),
                        };
                        differ.compare(before, Part { node: after, at }, Use::Both);
                    }
                    None => differ.add(at, None, "is gone".to_owned()),
                }
            }
        }
    }
    Ok(Outcome::of(differ.finish().map_err(Unreadable::new)?))
}

fn read(text: &[u8], which: fn(String) -> Unreadable) -> Result<Node, Unreadable> {
    let node = document::read(text).map_err(which)?;
    match node.value {
        Value::Map(_) | Value::Bool(_) => Ok(node),
        _ => Err(which(
            "it is no schema: neither an object nor a boolean".to_owned(),
        )),
    }
}

/// Nothing but definitions, which others refer to.
fn is_library(root: &Node) -> bool {
    root.entries().all(|(key, _)| {
        matches!(
            key,
            "$defs"
                | "definitions"
                | "$schema"
                | "$id"
                | "id"
                | "title"
                | "description"
                | "$comment"
        )
    })
}
