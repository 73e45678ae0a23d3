//! Two versions of a JSON Schema document.

use super::document::{self, Document, Node, Value, below};
use super::schema::{Differ, Leftover, Part, Use};
use super::{Outcome, Unreadable};

/// Nobody says who writes such documents and who reads them: both count.
pub(super) fn compare(old: &Node, new: &Node, leftover: Leftover) -> Result<Outcome, Unreadable> {
    let (old, new) = (Document::new(old), Document::new(new));
    let mut differ = Differ::new(&old, &new, leftover);
    let root = |node| Part {
        node,
        at: String::new(),
    };
    differ.compare(root(old.root), root(new.root), Use::Both);
    // Other documents may refer to any of them.
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
    Ok(Outcome::of(differ.finish().map_err(Unreadable::new)?))
}

/// # Errors
/// One clause: why it cannot be read.
pub(super) fn read(text: &[u8]) -> Result<Node, String> {
    let node = document::read(text)?;
    match node.value {
        Value::Map(_) | Value::Bool(_) => Ok(node),
        _ => Err("it is no schema: neither an object nor a boolean".to_owned()),
    }
}
