//! Operations: what they take and what they answer.

use std::collections::BTreeMap;

use super::super::document::{Node, below};
use super::super::schema::{Part, Use};
use super::{Caller, Comparer, outside};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

impl<'d> Comparer<'d> {
    /// `names`: of the parameters in the path, old to new.
    pub(super) fn path_item(
        &mut self,
        old: &Part<'d>,
        new: &Part<'d>,
        names: &BTreeMap<&str, &str>,
        caller: Caller,
    ) {
        for method in METHODS {
            let Some(before) = old.node.get(method) else {
                continue;
            };
            let (old_at, new_at) = (below(&old.at, method), below(&new.at, method));
            let Some(after) = new.node.get(method) else {
                self.say(&old_at, new.node, "is gone");
                continue;
            };
            let before = Part {
                node: before,
                at: old_at,
            };
            let after = Part {
                node: after,
                at: new_at,
            };
            self.parameters((old, &before), (new, &after), names, caller);
            self.request(&before, &after, caller);
            self.responses(&before, &after, caller);
            self.security(&before, &after);
            self.callbacks(&before, &after, caller);
        }
    }

    fn request(&mut self, old: &Part<'d>, new: &Part<'d>, caller: Caller) {
        let body = |part: &Part<'d>| {
            let node = part.node.get("requestBody")?;
            Some((node, below(&part.at, "requestBody")))
        };
        match (body(old), body(new)) {
            (None, None) => {}
            (Some((_, at)), None) => self.say(&at, new.node, "is gone"),
            (None, Some((node, at))) => {
                if let Some(reference) = outside(self.new, node, &at) {
                    let what = format!("refers to {reference}, which is not followed");
                    self.say(&at, node, &what);
                    return;
                }
                let required = self
                    .in_new(node, &at)
                    .is_some_and(|body| body.node.is_true_at("required"));
                if required && caller == Caller::Consumer {
                    self.say(&at, node, "is required now, and there was none");
                }
            }
            (Some((before, old_at)), Some((after, new_at))) => {
                let Some((before, after)) = self.both((before, &old_at), (after, &new_at)) else {
                    return;
                };
                let required = |part: &Part<'_>| part.node.is_true_at("required");
                match (required(&before), required(&after), caller) {
                    (false, true, Caller::Consumer) => {
                        self.say(&after.at, after.node, "is required now");
                    }
                    (true, false, Caller::Owner) => {
                        self.say(&after.at, after.node, "is no longer always there");
                    }
                    _ => {}
                }
                self.content(&before, &after, caller.of_request());
            }
        }
    }

    fn responses(&mut self, old: &Part<'d>, new: &Part<'d>, caller: Caller) {
        let (Some(before), after) = (old.node.get("responses"), new.node.get("responses")) else {
            return;
        };
        for (code, response) in before.entries() {
            if code.starts_with("x-") {
                continue;
            }
            let old_at = below(&below(&old.at, "responses"), code);
            let class = format!("{}XX", code.get(..1).unwrap_or_default());
            // A range, or what holds of all others, speaks of it as well.
            // What is left over says nothing of a success.
            let of_the_rest = code.starts_with(['4', '5']) || code.ends_with("XX");
            let rest = of_the_rest.then_some("default");
            let found = [code, class.as_str()]
                .into_iter()
                .chain(rest)
                .find_map(|code| Some((code, after?.get(code)?)));
            let Some((new_code, next)) = found else {
                let at = after.map_or(new.node, |after| after);
                self.say(&old_at, at, "is gone");
                continue;
            };
            let new_at = below(&below(&new.at, "responses"), new_code);
            let Some((response, next)) = self.both((response, &old_at), (next, &new_at)) else {
                continue;
            };
            self.content(&response, &next, caller.of_response());
            self.headers(&response, &next, caller.of_response());
        }
    }

    /// By media type.
    pub(super) fn content(&mut self, old: &Part<'d>, new: &Part<'d>, by: Use) {
        let Some(before) = old.node.get("content") else {
            return;
        };
        let after = new.node.get("content");
        for (kind, media) in before.entries() {
            let old_at = below(&below(&old.at, "content"), kind);
            let Some(next) = after.and_then(|after| media_type(after, kind)) else {
                self.say(&old_at, after.unwrap_or(new.node), "is gone");
                continue;
            };
            let new_at = below(&below(&new.at, "content"), next.0);
            self.schema((media, &old_at), (next.1, &new_at), by);
        }
    }

    /// What has a `schema`.
    pub(super) fn schema(&mut self, old: (&'d Node, &str), new: (&'d Node, &str), by: Use) {
        let part = |(node, at): (&'d Node, &str)| {
            Some(Part {
                node: node.get("schema")?,
                at: below(at, "schema"),
            })
        };
        match (part(old), part(new)) {
            (Some(before), Some(after)) => self.differ.compare(before, after, by),
            (None, Some(after)) if by != Use::Reads => {
                self.say(&after.at, after.node, "does not take any value any more");
            }
            (Some(_), None) if by != Use::Writes => {
                self.say(&below(new.1, "schema"), new.0, "may hold anything now");
            }
            _ => {}
        }
    }

    pub(super) fn headers(&mut self, old: &Part<'d>, new: &Part<'d>, by: Use) {
        let (Some(before), after) = (old.node.get("headers"), new.node.get("headers")) else {
            return;
        };
        for (name, header) in before.entries() {
            let old_at = below(&below(&old.at, "headers"), name);
            let found = after
                .into_iter()
                .flat_map(Node::entries)
                .find(|(other, _)| other.eq_ignore_ascii_case(name));
            let Some((new_name, next)) = found else {
                self.say(&old_at, after.unwrap_or(new.node), "is gone");
                continue;
            };
            let new_at = below(&below(&new.at, "headers"), new_name);
            let Some((header, next)) = self.both((header, &old_at), (next, &new_at)) else {
                continue;
            };
            match (
                header.node.is_true_at("required"),
                next.node.is_true_at("required"),
            ) {
                (true, false) if by == Use::Reads => {
                    self.say(&next.at, next.node, "is no longer always there");
                }
                (false, true) if by == Use::Writes => {
                    self.say(&next.at, next.node, "is required now");
                }
                _ => {}
            }
            self.schema((header.node, &header.at), (next.node, &next.at), by);
        }
    }

    fn callbacks(&mut self, old: &Part<'d>, new: &Part<'d>, caller: Caller) {
        let (Some(before), after) = (old.node.get("callbacks"), new.node.get("callbacks")) else {
            return;
        };
        for (name, callback) in before.entries() {
            let old_at = below(&below(&old.at, "callbacks"), name);
            let Some(next) = after.and_then(|after| after.get(name)) else {
                self.say(&old_at, after.unwrap_or(new.node), "is gone");
                continue;
            };
            let new_at = below(&below(&new.at, "callbacks"), name);
            let Some((callback, next)) = self.both((callback, &old_at), (next, &new_at)) else {
                continue;
            };
            for (expression, item) in callback.node.entries() {
                let old_at = below(&callback.at, expression);
                match next.node.get(expression) {
                    Some(other) => {
                        let new_at = below(&next.at, expression);
                        if let Some((item, other)) = self.both((item, &old_at), (other, &new_at)) {
                            self.path_item(&item, &other, &BTreeMap::new(), caller.other());
                        }
                    }
                    None => self.say(&old_at, next.node, "is gone"),
                }
            }
        }
    }
}

/// By its name, or a range that has it.
fn media_type<'d>(content: &'d Node, kind: &str) -> Option<(&'d str, &'d Node)> {
    let plain = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    };
    let wanted = plain(kind);
    let range = wanted
        .split_once('/')
        .map(|(class, _)| format!("{class}/*"))
        .unwrap_or_default();
    let exact = content.entries().find(|(name, _)| *name == kind);
    exact.or_else(|| {
        [wanted.as_str(), range.as_str(), "*/*"]
            .into_iter()
            .find_map(|wanted| content.entries().find(|(name, _)| plain(name) == wanted))
    })
}
