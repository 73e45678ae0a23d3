//! How two versions of a JSON schema differ, and whom that breaks. Shared by what has schemas in it.
//!
//! A schema narrows where a value that was valid is refused now, and widens where a value that was refused is valid now. The first
//! breaks who writes values to the old version, the second who reads them. By convention, and against the letter of the
//! specification, neither happens where an optional property is added: readers skip what they do not know.

mod alternatives;
mod flat;
mod report;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::Break;
use super::document::{Document, Node};
use flat::{Extra, Flat};

/// What the other side does with the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Use {
    Writes,
    Reads,
    /// It is not known which.
    Both,
}

/// What becomes of alternatives for which the other version has none that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leftover {
    /// They are taken in their order: the one became the other.
    Paired,
    Apart,
}

/// A schema and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Part<'d> {
    pub(super) node: &'d Node,
    pub(super) at: String,
}

/// Schemas of the old and of the new version that stand for the same thing; several of one version all apply.
#[derive(Debug, Clone)]
struct Task<'d> {
    old: Vec<Part<'d>>,
    new: Vec<Part<'d>>,
    by: Use,
}

/// Addresses of nodes.
type Seen = (Vec<usize>, Vec<usize>, Use);

/// Compares; each pair of places once, however often they are referred to.
pub(super) struct Differ<'d> {
    old: &'d Document<'d>,
    new: &'d Document<'d>,
    queue: VecDeque<Task<'d>>,
    seen: HashSet<Seen>,
    breaks: BTreeMap<(String, String), Option<usize>>,
    /// References of the new version that lead nowhere.
    dangling: Vec<String>,
    /// How often alternatives may still be tried on each other.
    trials: usize,
    /// How many trials this one is within.
    depth: usize,
    leftover: Leftover,
}

/// Deeper ones would go round in schemas that contain themselves.
const DEEPEST_TRIAL: usize = 4;

/// More would take too long; alternatives are then taken in their order.
const MOST_TRIALS: usize = 2_000;

impl<'d> Differ<'d> {
    pub(super) fn new(
        old: &'d Document<'d>,
        new: &'d Document<'d>,
        leftover: Leftover,
    ) -> Differ<'d> {
        Differ {
            old,
            new,
            queue: VecDeque::new(),
            seen: HashSet::new(),
            breaks: BTreeMap::new(),
            dangling: Vec::new(),
            trials: MOST_TRIALS,
            depth: 0,
            leftover,
        }
    }

    pub(super) fn compare(&mut self, old: Part<'d>, new: Part<'d>, by: Use) {
        self.ask(vec![old], vec![new], by);
        self.work();
    }

    /// Something beside schemas that breaks.
    pub(super) fn add(&mut self, at: String, line: Option<usize>, message: String) {
        self.breaks.entry((at, message)).or_insert(line);
    }

    /// A reference of the new version that leads nowhere.
    pub(super) fn leads_nowhere(&mut self, reference: &str) {
        self.dangling.push(reference.to_owned());
    }

    /// # Errors
    /// When a reference of the new version leads nowhere.
    pub(super) fn finish(self) -> Result<Vec<Break>, String> {
        if let Some(reference) = self.dangling.first() {
            return Err(format!("`$ref` {reference} leads nowhere"));
        }
        let breaks = self.breaks.into_iter();
        Ok(breaks
            .map(|((at, message), line)| Break { at, message, line })
            .collect())
    }

    fn ask(&mut self, old: Vec<Part<'d>>, new: Vec<Part<'d>>, by: Use) {
        if let ([before], [after]) = (old.as_slice(), new.as_slice())
            && before.node.says_the_same(after.node)
            && !before.node.refers()
        {
            return;
        }
        let addresses = |parts: &[Part<'d>]| -> Vec<usize> {
            let address = |part: &Part<'d>| std::ptr::from_ref(part.node).addr();
            parts.iter().map(address).collect()
        };
        if self.seen.insert((addresses(&old), addresses(&new), by)) {
            self.queue.push_back(Task { old, new, by });
        }
    }

    fn work(&mut self) {
        while let Some(task) = self.queue.pop_front() {
            let old = Flat::of(self.old, &task.old);
            let new = Flat::of(self.new, &task.new);
            self.dangling.extend(new.dangling.iter().cloned());
            self.flat(&old, &new, task.by);
        }
    }

    fn flat(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let skipped = |flat: &Flat<'_>| match by {
            Use::Writes => flat.read_only,
            Use::Reads => flat.write_only,
            Use::Both => false,
        };
        if skipped(old) && skipped(new) {
            return;
        }
        if !self.types(old, new, by) {
            return;
        }
        self.values(old, new, by);
        self.limits(old, new, by);
        self.texts(old, new, by);
        self.properties(old, new, by);
        self.elements(old, new, by);
        self.alternatives(old, new, by);
    }

    fn properties(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let unseen = |document: &Document<'d>, parts: &[Part<'d>]| match by {
            Use::Writes => Flat::of(document, parts).read_only,
            Use::Reads => Flat::of(document, parts).write_only,
            Use::Both => false,
        };
        for (name, before) in &old.properties {
            if unseen(self.old, before) {
                continue;
            }
            if let Some(after) = new.properties.get(name)
                && unseen(self.new, after)
            {
                let what = match by {
                    Use::Writes => "may no longer be written",
                    Use::Reads | Use::Both => "is no longer there to be read",
                };
                self.add(new.property(name), Some(new.line), what.to_owned());
                continue;
            }
            match (new.properties.get(name), &new.extra) {
                (Some(after), _) => self.ask(before.clone(), after.clone(), by),
                (None, Extra::Of(after)) => self.ask(before.clone(), after.clone(), by),
                (None, Extra::Any | Extra::None) => {
                    let at = old.property(name);
                    self.add(at, Some(new.line), "is gone".to_owned());
                }
            }
        }
        // What has a name now was one of the others before.
        if let Extra::Of(before) = &old.extra {
            for (name, after) in &new.properties {
                if !old.properties.contains_key(name) {
                    self.ask(before.clone(), after.clone(), by);
                }
            }
        }
        let required = |flat: &Flat<'d>, document: &Document<'d>| {
            let mut names = flat.required.clone();
            names.retain(|name| {
                let property = flat.properties.get(name);
                !property.is_some_and(|parts| unseen(document, parts))
            });
            names
        };
        let (was_required, is_required) = (required(old, self.old), required(new, self.new));
        for name in is_required.difference(&was_required) {
            let property = new.properties.get(name);
            let flat = property.map(|parts| Flat::of(self.new, parts));
            let line = flat.map_or(new.line, |flat| flat.line);
            self.narrows(by, new.property(name), line, "is required now");
        }
        for name in was_required.difference(&is_required) {
            let Some(parts) = new.properties.get(name) else {
                if !old.properties.contains_key(name) {
                    let at = new.property(name);
                    self.widens(by, at, new.line, "is no longer always there");
                }
                continue;
            };
            if !unseen(self.new, parts) {
                let flat = Flat::of(self.new, parts);
                let at = new.property(name);
                self.widens(by, at, flat.line, "is no longer always there");
            }
        }
        let at = || format!("{}/additionalProperties", new.at);
        match (&old.extra, &new.extra) {
            (Extra::Any | Extra::Of(_), Extra::None) => {
                self.narrows(by, at(), new.line, "takes no other properties any more");
            }
            (Extra::Any, Extra::Of(_)) => {
                self.narrows(
                    by,
                    at(),
                    new.line,
                    "does not take any other property any more",
                );
            }
            (Extra::Of(before), Extra::Of(after)) => self.ask(before.clone(), after.clone(), by),
            (Extra::Of(_), Extra::Any) => {
                self.widens(by, at(), new.line, "may hold anything now");
            }
            (Extra::Any | Extra::None, Extra::Any) | (Extra::None, _) => {}
        }
    }

    fn elements(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let at = || format!("{}/items", new.at);
        match (old.items.is_empty(), new.items.is_empty()) {
            (false, false) => self.ask(old.items.clone(), new.items.clone(), by),
            (true, false) => self.narrows(by, at(), new.line, "does not take any element any more"),
            (false, true) => self.widens(by, at(), new.line, "may hold anything now"),
            (true, true) => {}
        }
        for (index, before) in &old.prefix {
            let after = new.prefix.get(index).unwrap_or(&new.items);
            match after.is_empty() {
                false => self.ask(before.clone(), after.clone(), by),
                true => {
                    let at = format!("{}/prefixItems/{index}", old.at);
                    self.widens(by, at, new.line, "may hold anything now");
                }
            }
        }
        for (index, after) in &new.prefix {
            if old.prefix.contains_key(index) {
                continue;
            }
            match old.items.is_empty() {
                false => self.ask(old.items.clone(), after.clone(), by),
                true => {
                    let at = format!("{}/prefixItems/{index}", new.at);
                    self.narrows(by, at, new.line, "does not take any element any more");
                }
            }
        }
    }
}
