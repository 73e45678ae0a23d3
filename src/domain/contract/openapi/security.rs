//! What a caller must show to be let in.

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{Document, Node, below};
use super::super::schema::Part;
use super::Comparer;

/// Schemes that all are needed, with their scopes.
type Alternative = BTreeMap<String, BTreeSet<String>>;

impl<'d> Comparer<'d> {
    pub(super) fn security(&mut self, old: &Part<'d>, new: &Part<'d>) {
        let before = alternatives(self.old, old.node);
        let after = alternatives(self.new, new.node);
        let still_enough = |had: &Alternative| after.iter().any(|wanted| is_met_by(wanted, had));
        if let Some(had) = before.iter().find(|had| !still_enough(had)) {
            let what = match had.is_empty() {
                true => "nothing was needed to call it, and that is no longer enough".to_owned(),
                false => format!("{} was enough to call it, and is no longer", shown(had)),
            };
            let node = new.node.get("security").unwrap_or(new.node);
            self.say(&below(&new.at, "security"), node, &what);
        }
    }

    /// Schemes of the same name, which must mean the same.
    pub(super) fn schemes(&mut self) {
        let schemes =
            |document: &Document<'d>| document.root.get("components")?.get("securitySchemes");
        let (Some(old), new) = (schemes(self.old), schemes(self.new)) else {
            return;
        };
        for (name, before) in old.entries() {
            let at = below("/components/securitySchemes", name);
            // Where it is gone, what asks for it asks for something else.
            let Some(after) = new.and_then(|new| new.get(name)) else {
                continue;
            };
            let Some((before, after)) = self.both((before, &at), (after, &at)) else {
                continue;
            };
            for key in ["type", "scheme", "in", "name", "openIdConnectUrl"] {
                let value = |part: &Part<'_>| part.node.text_at(key).map(str::to_owned);
                let (was, is) = (value(&before), value(&after));
                if was != is {
                    let name =
                        |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
                    let what = format!("changes from {} to {}", name(was), name(is));
                    self.say(&below(&after.at, key), after.node, &what);
                }
            }
        }
    }
}

/// Of an operation, or those of the whole; at least one, which may need nothing.
fn alternatives(document: &Document<'_>, operation: &Node) -> Vec<Alternative> {
    let written = operation
        .get("security")
        .or_else(|| document.root.get("security"));
    let list = written.map_or(&[][..], Node::items);
    if list.is_empty() {
        return vec![Alternative::new()];
    }
    let alternative = |node: &Node| {
        let scopes = |node: &Node| {
            node.items()
                .iter()
                .filter_map(Node::text)
                .map(str::to_owned)
                .collect()
        };
        let schemes = node.entries();
        schemes
            .map(|(scheme, node)| (scheme.to_owned(), scopes(node)))
            .collect()
    };
    list.iter().map(alternative).collect()
}

fn is_met_by(wanted: &Alternative, had: &Alternative) -> bool {
    wanted
        .iter()
        .all(|(scheme, scopes)| had.get(scheme).is_some_and(|had| scopes.is_subset(had)))
}

fn shown(alternative: &Alternative) -> String {
    let names: Vec<&str> = alternative.keys().map(String::as_str).collect();
    names.join(" and ")
}
