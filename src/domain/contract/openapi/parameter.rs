//! Parameters of operations: in the path, the query, headers and cookies.

use std::collections::BTreeMap;

use super::super::document::{Document, Node, below};
use super::super::schema::Part;
use super::{Caller, Comparer, outside};

/// By where they are and their name.
type Parameters<'d> = BTreeMap<(String, String), Part<'d>>;

/// Headers that the specification says are described elsewhere.
const ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

impl<'d> Comparer<'d> {
    /// Of each version the path item and the operation, whose own parameters win.
    pub(super) fn parameters(
        &mut self,
        old: (&Part<'d>, &Part<'d>),
        new: (&Part<'d>, &Part<'d>),
        names: &BTreeMap<&str, &str>,
        caller: Caller,
    ) {
        self.parameters_elsewhere(old, new);
        let mut before = Parameters::new();
        for part in [old.0, old.1] {
            for (node, at) in listed(part) {
                let parameter = self.in_old(node, &at);
                let renamed = |name: &str| (*names.get(name).unwrap_or(&name)).to_owned();
                before.extend(parameter.and_then(|it| Some((key(it.node, renamed)?, it))));
            }
        }
        let mut after = Parameters::new();
        for part in [new.0, new.1] {
            for (node, at) in listed(part) {
                let parameter = self.in_new(node, &at);
                after.extend(parameter.and_then(|it| Some((key(it.node, str::to_owned)?, it))));
            }
        }
        let operation = new.1;
        for (key, parameter) in &before {
            let (place, name) = key;
            let at =
                |place: &str, name: &str| format!("{}/parameters/{place}:{name}", operation.at);
            let Some(next) = after.get(key) else {
                let moved = after.keys().find(|(other, same)| {
                    same == name && !before.contains_key(&(other.clone(), same.clone()))
                });
                let message = match moved {
                    Some((other, _)) => format!("has moved from {place} to {other}"),
                    None if place == "path" => continue,
                    None => "is gone".to_owned(),
                };
                self.say(&at(place, name), operation.node, &message);
                continue;
            };
            let (required, now) = (is_required(parameter.node), is_required(next.node));
            match caller {
                Caller::Consumer if !required && now => {
                    self.say(&at(place, name), next.node, "is required now");
                }
                Caller::Owner if required && !now => {
                    self.say(&at(place, name), next.node, "is no longer always there");
                }
                _ => {}
            }
            if style(parameter.node, place) != style(next.node, place)
                || explode(parameter.node, place) != explode(next.node, place)
            {
                self.say(
                    &at(place, name),
                    next.node,
                    "is written in another style now",
                );
            }
            let here = at(place, name);
            let by = caller.of_request();
            self.schema((parameter.node, &here), (next.node, &here), by);
            self.content(parameter, next, by);
        }
        for (key, parameter) in &after {
            let (place, name) = key;
            // It has moved here, which is told already.
            let known = before
                .keys()
                .any(|other| other.1 == *name && !after.contains_key(other));
            let is_new = !before.contains_key(key) && (place == "path" || !known);
            if is_new
                && place != "path"
                && is_required(parameter.node)
                && caller == Caller::Consumer
            {
                let at = format!("{}/parameters/{place}:{name}", operation.at);
                self.say(&at, parameter.node, "is required now, and there was none");
            }
        }
    }
}

impl<'d> Comparer<'d> {
    /// Those that other documents describe: nobody knows what they are, but whether they are still the same ones.
    fn parameters_elsewhere(&mut self, old: (&Part<'d>, &Part<'d>), new: (&Part<'d>, &Part<'d>)) {
        let references = |document: &Document<'d>, parts: [&Part<'d>; 2]| {
            let listed = parts.into_iter().flat_map(listed);
            let outside =
                listed.filter_map(|(node, at)| Some((outside(document, node, &at)?, node)));
            outside.collect::<BTreeMap<&str, &Node>>()
        };
        let before = references(self.old, [old.0, old.1]);
        let after = references(self.new, [new.0, new.1]);
        let at = |reference: &str| below(&format!("{}/parameters", new.1.at), reference);
        for reference in before.keys().filter(|it| !after.contains_key(*it)) {
            self.say(&at(reference), new.1.node, "is gone");
        }
        for (reference, node) in after.iter().filter(|(it, _)| !before.contains_key(*it)) {
            self.say(
                &at(reference),
                node,
                "is new, and what it refers to is not followed",
            );
        }
    }
}

fn listed<'d>(part: &Part<'d>) -> Vec<(&'d Node, String)> {
    let list = part.node.get("parameters").map_or(&[][..], Node::items);
    let at = below(&part.at, "parameters");
    let numbered = list.iter().enumerate();
    numbered
        .map(|(index, node)| (node, format!("{at}/{index}")))
        .collect()
}

fn key(node: &Node, renamed: impl Fn(&str) -> String) -> Option<(String, String)> {
    let (place, name) = (node.text_at("in")?, node.text_at("name")?);
    let name = match place {
        "header" => name.to_ascii_lowercase(),
        "path" => renamed(name),
        _ => name.to_owned(),
    };
    let elsewhere = place == "header" && ELSEWHERE.contains(&name.as_str());
    (!elsewhere).then(|| (place.to_owned(), name))
}

fn is_required(node: &Node) -> bool {
    node.is_true_at("required")
}

fn style<'n>(node: &'n Node, place: &str) -> &'n str {
    let otherwise = match place {
        "query" | "cookie" => "form",
        _ => "simple",
    };
    node.text_at("style").unwrap_or(otherwise)
}

fn explode(node: &Node, place: &str) -> bool {
    match node.get("explode") {
        Some(said) => said.is_true(),
        None => style(node, place) == "form",
    }
}
