//! Two versions of an OpenAPI description, 3.0 or 3.1.
//!
//! What consumers send is compared by what is refused now, what they receive by what they do not know or can no longer rely on.
//! `x-` extensions, descriptions, examples, tags and operation ids say nothing; servers are a matter of deployment.

mod operation;
mod parameter;
mod security;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::document::{self, Document, Node, Target, below};
use super::schema::{Differ, Leftover, Part, Use};
use super::{Outcome, Unreadable};

pub(super) fn compare(old: &Node, new: &Node, leftover: Leftover) -> Result<Outcome, Unreadable> {
    let (old, new) = (Document::new(old), Document::new(new));
    let mut comparer = Comparer {
        old: &old,
        new: &new,
        differ: Differ::new(&old, &new, leftover),
    };
    comparer.paths();
    comparer.webhooks();
    comparer.schemes();
    if is_library(&old) {
        comparer.components();
    }
    Ok(Outcome::of(
        comparer.differ.finish().map_err(Unreadable::new)?,
    ))
}

/// # Errors
/// One clause: why it cannot be read.
pub(super) fn read(text: &[u8]) -> Result<Node, String> {
    let node = document::read(text)?;
    let version = node.text_at("openapi").map(str::to_owned);
    match version {
        Some(version) if ["3.0", "3.1"].iter().any(|known| is_of(&version, known)) => Ok(node),
        Some(version) => Err(format!("it is OpenAPI {version}, and 3.0 to 3.1 are known")),
        None => Err("it has no `openapi: 3…` at its top".to_owned()),
    }
}

/// `3.0.3` is of `3.0`.
fn is_of(version: &str, line: &str) -> bool {
    let rest = version.strip_prefix(line);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Nothing but components, which others refer to.
fn is_library(document: &Document<'_>) -> bool {
    ["paths", "webhooks"].iter().all(|key| {
        let node = document.root.get(key);
        node.is_none_or(|node| node.entries().next().is_none())
    })
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Consumer,
    /// Webhooks and callbacks: what is sent there is what the consumer receives.
    Owner,
}

impl Caller {
    fn of_request(self) -> Use {
        match self {
            Caller::Consumer => Use::Writes,
            Caller::Owner => Use::Reads,
        }
    }

    fn of_response(self) -> Use {
        match self {
            Caller::Consumer => Use::Reads,
            Caller::Owner => Use::Writes,
        }
    }

    fn other(self) -> Caller {
        match self {
            Caller::Consumer => Caller::Owner,
            Caller::Owner => Caller::Consumer,
        }
    }
}

struct Comparer<'d> {
    old: &'d Document<'d>,
    new: &'d Document<'d>,
    differ: Differ<'d>,
}

/// A path template with the names of its parameters taken out, and these.
fn template(path: &str) -> (String, Vec<&str>) {
    let (mut plain, mut names, mut rest) = (String::new(), Vec::new(), path);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        plain.push_str(before);
        plain.push_str("{}");
        names.push(name);
        rest = behind;
    }
    plain.push_str(rest);
    (plain, names)
}

impl<'d> Comparer<'d> {
    /// What a reference leads to, or the thing itself; `None`: a reference that is not followed.
    fn in_old(&self, node: &'d Node, at: &str) -> Option<Part<'d>> {
        resolved(self.old, node, at).ok()
    }

    fn in_new(&mut self, node: &'d Node, at: &str) -> Option<Part<'d>> {
        match resolved(self.new, node, at) {
            Ok(part) => Some(part),
            Err(Some(reference)) => {
                self.differ.leads_nowhere(&reference);
                None
            }
            Err(None) => None,
        }
    }

    /// Both, or a word where they are references that are not followed, and other ones.
    fn both(
        &mut self,
        old: (&'d Node, &str),
        new: (&'d Node, &str),
    ) -> Option<(Part<'d>, Part<'d>)> {
        let before = self.in_old(old.0, old.1);
        let after = self.in_new(new.0, new.1);
        if let (Some(before), Some(after)) = (&before, &after) {
            return Some((before.clone(), after.clone()));
        }
        let reference = |node: &Node| node.text_at("$ref").map(str::to_owned);
        let (was, is) = (reference(old.0), reference(new.0));
        if was != is {
            let name = |reference: Option<String>| reference.unwrap_or_else(|| "here".to_owned());
            let (was, is) = (name(was), name(is));
            self.say(
                new.1,
                new.0,
                &format!("stands {is} instead of {was}, which is not followed"),
            );
        }
        None
    }

    fn say(&mut self, at: &str, node: &Node, message: &str) {
        self.differ
            .add(at.to_owned(), Some(node.line), message.to_owned());
    }

    fn paths(&mut self) {
        let (old, new) = (self.old.root.get("paths"), self.new.root.get("paths"));
        let line = new.map_or(1, |new| new.line);
        let known: BTreeMap<String, (&str, &Node)> = new
            .into_iter()
            .flat_map(Node::entries)
            .map(|(path, node)| (template(path).0, (path, node)))
            .collect();
        for (path, before) in old.into_iter().flat_map(Node::entries) {
            if path.starts_with("x-") {
                continue;
            }
            let (plain, old_names) = template(path);
            let at = below("/paths", path);
            let Some((new_path, after)) = known.get(&plain) else {
                self.differ.add(at, Some(line), "is gone".to_owned());
                continue;
            };
            let new_at = below("/paths", new_path);
            let new_names = template(new_path).1;
            let names = old_names.iter().zip(&new_names);
            let names: BTreeMap<&str, &str> = names.map(|(old, new)| (*old, *new)).collect();
            if let Some((before, after)) = self.both((before, &at), (after, &new_at)) {
                self.path_item(&before, &after, &names, Caller::Consumer);
            }
        }
    }

    /// Nobody says who uses it and how: both ways count.
    fn component(&mut self, kind: &str) {
        let all = |document: &Document<'d>| document.root.get("components")?.get(kind);
        let (old, new) = (all(self.old), all(self.new));
        for (name, before) in old.into_iter().flat_map(Node::entries) {
            let at = below(&format!("/components/{kind}"), name);
            let Some(after) = new.and_then(|new| new.get(name)) else {
                self.differ.add(at, None, "is gone".to_owned());
                continue;
            };
            let Some((before, after)) = self.both((before, &at), (after, &at)) else {
                continue;
            };
            let required = |part: &Part<'_>| part.node.is_true_at("required");
            match (required(&before), required(&after)) {
                (false, true) => self.say(&after.at, after.node, "is required now"),
                (true, false) => self.say(&after.at, after.node, "is no longer always there"),
                _ => {}
            }
            for keyword in ["name", "in"] {
                if before.node.text_at(keyword) != after.node.text_at(keyword) {
                    self.say(&after.at, after.node, "is another parameter now");
                }
            }
            let (was, is) = ((before.node, &*before.at), (after.node, &*after.at));
            self.schema(was, is, Use::Both);
            self.content(&before, &after, Use::Both);
            self.headers(&before, &after, Use::Both);
        }
    }

    fn webhooks(&mut self) {
        let (old, new) = (self.old.root.get("webhooks"), self.new.root.get("webhooks"));
        let line = new.map_or(1, |new| new.line);
        for (name, before) in old.into_iter().flat_map(Node::entries) {
            let at = below("/webhooks", name);
            match new.and_then(|new| new.get(name)) {
                Some(after) => {
                    if let Some((before, after)) = self.both((before, &at), (after, &at)) {
                        self.path_item(&before, &after, &BTreeMap::new(), Caller::Owner);
                    }
                }
                None => self.differ.add(at, Some(line), "is gone".to_owned()),
            }
        }
    }

    fn components(&mut self) {
        for kind in ["parameters", "headers", "requestBodies", "responses"] {
            self.component(kind);
        }
        let schemas = |document: &Document<'d>| document.root.get("components")?.get("schemas");
        let (old, new) = (schemas(self.old), schemas(self.new));
        for (name, before) in old.into_iter().flat_map(Node::entries) {
            let at = below("/components/schemas", name);
            match new.and_then(|new| new.get(name)) {
                Some(after) => {
                    let before = Part {
                        node: before,
                        at: at.clone(),
                    };
                    let after = Part { node: after, at };
                    self.differ.compare(before, after, Use::Both);
                }
                None => self.differ.add(at, None, "is gone".to_owned()),
            }
        }
    }
}

/// The reference by which it stands for something in another document.
fn outside<'d>(document: &Document<'d>, node: &'d Node, at: &str) -> Option<&'d str> {
    match resolved(document, node, at) {
        Err(None) => node.text_at("$ref"),
        Ok(_) | Err(Some(_)) => None,
    }
}

/// `Err`: a reference that leads nowhere in this document, or into another one.
fn resolved<'d>(
    document: &Document<'d>,
    node: &'d Node,
    at: &str,
) -> Result<Part<'d>, Option<String>> {
    let (mut node, mut at) = (node, at.to_owned());
    // A chain that is longer goes round.
    for _ in 0..100 {
        let Some(reference) = node.text_at("$ref") else {
            return Ok(Part { node, at });
        };
        match document.follow(reference) {
            Target::Here(to, pointer) => (node, at) = (to, pointer),
            Target::Outside => return Err(None),
            Target::Nowhere => return Err(Some(reference.to_owned())),
        }
    }
    Err(node.text_at("$ref").map(str::to_owned))
}
