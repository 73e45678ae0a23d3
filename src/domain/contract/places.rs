//! Which places of a document two versions change, to see without a comparison that they have nothing to do with each other.

use super::document::{Node, Value, below};

/// Keywords whose keys are names of somebody's, each of a thing of its own.
const OF_NAMES: [&str; 16] = [
    "properties",
    "$defs",
    "definitions",
    "paths",
    "webhooks",
    "schemas",
    "responses",
    "parameters",
    "requestBodies",
    "headers",
    "examples",
    "links",
    "callbacks",
    "pathItems",
    "content",
    "dependentSchemas",
];

/// What makes a place depend on others.
const TIES: [&str; 8] = [
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "$id",
    "id",
    "$anchor",
    "$dynamicAnchor",
    "discriminator",
];

#[derive(Debug, Default)]
struct Changed {
    /// The innermost named things whose content changes, by pointer; the whole is empty.
    things: Vec<String>,
    /// Whether what is new refers to anything, or can be referred to in another way than before.
    ties: bool,
    /// Whether anything but new named things at the top is among it.
    inner: bool,
}

/// Each side changes named things, or adds some, that the other leaves alone, and none leads to what the other changes.
pub(super) fn are_apart(base: &Node, ours: &Node, theirs: &Node) -> bool {
    let changed = |side: &Node| {
        let mut changed = Changed::default();
        changed.keywords(base, side, "", "", 0);
        changed
    };
    let (ours, theirs) = (changed(ours), changed(theirs));
    if (ours.ties && theirs.inner) || (theirs.ties && ours.inner) || (ours.ties && theirs.ties) {
        return false;
    }
    let within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // Few on each side, or somebody has rewritten it all.
    ours.things.len() < 200
        && theirs.things.len() < 200
        && ours.things.iter().all(|a| {
            let mut theirs = theirs.things.iter();
            theirs.all(|b| !within(a, b) && !within(b, a))
        })
}

impl Changed {
    /// `thing`: the innermost named one; `at`: where the map is, and how many named things it is within.
    fn keywords(&mut self, old: &Node, new: &Node, thing: &str, at: &str, depth: usize) {
        let (Some(before), Some(after)) = (old.map(), new.map()) else {
            self.loose(new, thing);
            return;
        };
        if before.keys().any(|key| !after.contains_key(key)) {
            self.inner = true;
            self.things.push(thing.to_owned());
        }
        for (key, next) in after {
            let Some(earlier) = before.get(key) else {
                self.loose(next, thing);
                continue;
            };
            if earlier.says_the_same(next) {
                continue;
            }
            let at = below(at, key);
            match (&earlier.value, &next.value) {
                (Value::Map(_), Value::Map(_)) if OF_NAMES.contains(&key.as_str()) => {
                    self.names(earlier, next, thing, &at, depth);
                }
                (Value::Map(_), Value::Map(_)) => self.keywords(earlier, next, thing, &at, depth),
                _ if TIES.contains(&key.as_str()) => {
                    self.ties = true;
                    self.loose(next, thing);
                }
                _ => self.loose(next, thing),
            }
        }
    }

    fn names(&mut self, old: &Node, new: &Node, thing: &str, at: &str, depth: usize) {
        let known = |name: &str| old.get(name);
        if old.entries().any(|(name, _)| new.get(name).is_none()) {
            self.inner = true;
            self.things.push(thing.to_owned());
        }
        for (name, next) in new.entries() {
            let at = below(at, &plain(name));
            match known(name) {
                Some(earlier) if earlier.says_the_same(next) => {}
                Some(earlier) => self.keywords(earlier, next, &at, &at, depth + 1),
                None => {
                    self.inner |= depth > 0;
                    self.ties |= is_tied(next);
                    self.things.push(at);
                }
            }
        }
    }

    fn loose(&mut self, new: &Node, thing: &str) {
        self.inner = true;
        self.ties |= is_tied(new);
        self.things.push(thing.to_owned());
    }
}

/// A name as all that may stand for the same thing: parameters in paths are called anything, headers are in any case.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut within = false;
    for c in name.chars() {
        match c {
            '{' => {
                within = true;
                text.push('{');
            }
            '}' => {
                within = false;
                text.push('}');
            }
            _ if within => {}
            c => text.extend(c.to_lowercase()),
        }
    }
    text
}

fn is_tied(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => map
            .iter()
            .any(|(key, node)| TIES.contains(&key.as_str()) || is_tied(node)),
        Value::List(items) => items.iter().any(is_tied),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::read;

    #[test]
    fn what_has_nothing_to_do_with_each_other() {
        let base = "{properties: {a: {type: string}, b: {properties: {x: {}}}}, $defs: {D: {}}}";
        let with = |from: &str, to: &str| base.replace(from, to);
        let (c, d) = (with("{a:", "{c: {}, a:"), with("{a:", "{d: {}, a:"));
        for (ours, theirs, expected) in [
            (&c, &d, true),
            (&c, &c, false),
            (&c, &with("string", "integer"), true),
            (
                &with("x: {}", "x: {}, y: {}"),
                &with("x: {}", "x: {}, z: {}"),
                true,
            ),
            (
                &with("x: {}", "x: {}, y: {}"),
                &with("b: {", "b: {type: object, "),
                false,
            ),
            (&c, &with("$defs", "required: [a], $defs"), false),
            (&c, &with("x: {}", ""), true),
            (&c, &with("a: {type: string}, ", ""), false),
            // What is referred to, and changes.
            (
                &with("{a:", "{c: {$ref: '#/$defs/D'}, a:"),
                &with("D: {}", "D: {type: string}"),
                false,
            ),
            (&with("{a:", "{c: {$ref: '#/$defs/D'}, a:"), &d, true),
            (
                &with("{a:", "{'/{x}': {}, a:"),
                &with("{a:", "{'/{y}': {}, a:"),
                false,
            ),
        ] {
            let [base, ours, theirs] =
                [base, ours, theirs].map(|text| read(text.as_bytes()).unwrap());
            for (one, other) in [(&ours, &theirs), (&theirs, &ours)] {
                assert_eq!(super::are_apart(&base, one, other), expected);
            }
        }
    }
}
