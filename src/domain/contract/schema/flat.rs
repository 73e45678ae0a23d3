//! A schema with what it refers to and what `allOf` adds laid flat: everything that holds of a value at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Part;
use crate::domain::contract::document::{Document, Node, Target, Value, below};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Object,
    Array,
    Text,
    Integer,
    /// A number that is none.
    Fraction,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Null,
        Kind::Boolean,
        Kind::Object,
        Kind::Array,
        Kind::Text,
        Kind::Integer,
        Kind::Fraction,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Object => "object",
            Kind::Array => "array",
            Kind::Text => "string",
            Kind::Integer => "integer",
            Kind::Fraction => "fraction",
        }
    }

    fn named(name: &str) -> &'static [Kind] {
        match name {
            "null" => &[Kind::Null],
            "boolean" => &[Kind::Boolean],
            "object" => &[Kind::Object],
            "array" => &[Kind::Array],
            "string" => &[Kind::Text],
            "integer" => &[Kind::Integer],
            "number" => &[Kind::Integer, Kind::Fraction],
            _ => &[],
        }
    }
}

/// Other properties than those named.
#[derive(Debug, Default)]
pub(super) enum Extra<'d> {
    #[default]
    Any,
    None,
    Of(Vec<Part<'d>>),
}

/// `anyOf` or `oneOf`.
#[derive(Debug)]
pub(super) struct Choice<'d> {
    pub(super) at: String,
    pub(super) line: usize,
    pub(super) of: Vec<Part<'d>>,
}

#[derive(Debug, Default)]
pub(super) struct Flat<'d> {
    pub(super) at: String,
    pub(super) line: usize,
    /// It takes nothing at all.
    pub(super) never: bool,
    /// `None`: any.
    types: Option<BTreeSet<Kind>>,
    /// As JSON.
    pub(super) values: Option<BTreeSet<String>>,
    pub(super) required: BTreeSet<String>,
    pub(super) properties: BTreeMap<String, Vec<Part<'d>>>,
    pub(super) extra: Extra<'d>,
    pub(super) items: Vec<Part<'d>>,
    pub(super) prefix: BTreeMap<usize, Vec<Part<'d>>>,
    pub(super) limits: BTreeMap<&'static str, f64>,
    pub(super) unique: bool,
    /// Keywords that are compared as they are written.
    pub(super) texts: BTreeMap<String, BTreeSet<String>>,
    pub(super) choices: Vec<Choice<'d>>,
    /// The property, and what its values lead to.
    pub(super) discriminator: Option<(String, BTreeMap<String, String>)>,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    /// References into other documents.
    pub(super) outside: BTreeSet<String>,
    pub(super) dangling: Vec<String>,
}

const MINIMA: [&str; 6] = [
    "minimum",
    "exclusiveMinimum",
    "minLength",
    "minItems",
    "minProperties",
    "minContains",
];
const MAXIMA: [&str; 6] = [
    "maximum",
    "exclusiveMaximum",
    "maxLength",
    "maxItems",
    "maxProperties",
    "maxContains",
];

/// What is compared as it is written, with what it refers to.
const WRITTEN: [&str; 17] = [
    "pattern",
    "format",
    "multipleOf",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentEncoding",
    "contentMediaType",
];

impl<'d> Flat<'d> {
    pub(super) fn of(document: &Document<'d>, parts: &[Part<'d>]) -> Flat<'d> {
        let mut flat = Flat::default();
        let mut seen = HashSet::new();
        // First in, first out: what stands first says where it is.
        let mut next: Vec<Part<'d>> = parts.iter().rev().cloned().collect();
        while let Some(part) = next.pop() {
            if !seen.insert(std::ptr::from_ref(part.node).addr()) {
                continue;
            }
            let reference = part.node.text_at("$ref");
            let only_refers = part.node.map().is_some_and(|map| map.len() == 1);
            if flat.line == 0 && !(reference.is_some() && only_refers) {
                (flat.at, flat.line) = (part.at.clone(), part.node.line);
            }
            let mut more: Vec<Part<'d>> = Vec::new();
            if let Some(reference) = reference {
                match document.follow(reference) {
                    Target::Here(node, at) => more.push(Part { node, at }),
                    Target::Outside => {
                        flat.outside.insert(reference.to_owned());
                    }
                    Target::Nowhere => flat.dangling.push(reference.to_owned()),
                }
            }
            let all = part.node.get("allOf").map_or(&[][..], Node::items);
            more.extend(all.iter().enumerate().map(|(index, node)| Part {
                node,
                at: format!("{}/allOf/{index}", part.at),
            }));
            next.extend(more.into_iter().rev());
            flat.take(document, &part);
        }
        if let (0, Some(part)) = (flat.line, parts.first()) {
            (flat.at, flat.line) = (part.at.clone(), part.node.line);
        }
        flat
    }

    /// Where a property stands.
    pub(super) fn property(&self, name: &str) -> String {
        match self.properties.get(name).and_then(|parts| parts.first()) {
            Some(part) => part.at.clone(),
            None => below(&format!("{}/properties", self.at), name),
        }
    }

    /// Where the types are not said, what the other keywords are about is meant.
    pub(super) fn kinds(&self) -> BTreeSet<Kind> {
        if let Some(types) = &self.types {
            return types.clone();
        }
        if let Some(values) = &self.values {
            return values.iter().map(|value| kind_of(value)).collect();
        }
        if !self.properties.is_empty() {
            return [Kind::Object].into();
        }
        if !self.items.is_empty() {
            return [Kind::Array].into();
        }
        Kind::ALL.into()
    }

    fn take(&mut self, document: &Document<'d>, part: &Part<'d>) {
        let node = part.node;
        if node.value == Value::Bool(false) {
            self.never = true;
        }
        self.take_types(node);
        self.take_values(node);
        self.take_object(part);
        self.take_array(part);
        self.take_limits(node);
        for keyword in WRITTEN {
            if let Some(value) = node.get(keyword) {
                let mut writer = Writer {
                    document,
                    within: Vec::new(),
                    left: 1_000,
                };
                let names = matches!(
                    keyword,
                    "patternProperties" | "dependentSchemas" | "dependencies"
                );
                let text = match value.text() {
                    Some(text) => format!("`{text}`"),
                    None => writer.write(value, names),
                };
                self.texts
                    .entry(keyword.to_owned())
                    .or_default()
                    .insert(text);
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            let Some(list) = node.get(keyword) else {
                continue;
            };
            let at = format!("{}/{keyword}", part.at);
            let of = list.items().iter().enumerate().map(|(index, node)| Part {
                node,
                at: format!("{at}/{index}"),
            });
            let of = of.collect();
            self.choices.push(Choice {
                of,
                at,
                line: list.line,
            });
        }
        if let Some(discriminator) = node.get("discriminator")
            && let Some(property) = discriminator.text_at("propertyName")
        {
            let mapping = discriminator.get("mapping").into_iter();
            let mapping = mapping
                .flat_map(Node::entries)
                .filter_map(|(value, to)| Some((value.to_owned(), to.text()?.to_owned())));
            self.discriminator = Some((property.to_owned(), mapping.collect()));
        }
        self.read_only |= node.is_true_at("readOnly");
        self.write_only |= node.is_true_at("writeOnly");
    }

    fn take_types(&mut self, node: &Node) {
        let Some(written) = node.get("type") else {
            return;
        };
        let names: Vec<&str> = match written.text() {
            Some(name) => vec![name],
            None => written.items().iter().filter_map(Node::text).collect(),
        };
        let mut kinds: BTreeSet<Kind> = names
            .iter()
            .flat_map(|name| Kind::named(name))
            .copied()
            .collect();
        if node.is_true_at("nullable") {
            kinds.insert(Kind::Null);
        }
        self.types = Some(match &self.types {
            Some(types) => types.intersection(&kinds).copied().collect(),
            None => kinds,
        });
    }

    fn take_values(&mut self, node: &Node) {
        let listed = node.get("enum").map(|list| {
            let values = list.items().iter().map(Node::shown);
            values.collect::<BTreeSet<String>>()
        });
        let single = node.get("const").map(|value| [value.shown()].into());
        for values in listed.into_iter().chain(single) {
            self.values = Some(match &self.values {
                Some(known) => known.intersection(&values).cloned().collect(),
                None => values,
            });
        }
    }

    fn take_object(&mut self, part: &Part<'d>) {
        let node = part.node;
        let required = node.get("required").map_or(&[][..], Node::items);
        let required = required.iter().filter_map(Node::text);
        self.required.extend(required.map(str::to_owned));
        let properties = node.get("properties").into_iter().flat_map(Node::entries);
        for (name, node) in properties {
            let at = below(&format!("{}/properties", part.at), name);
            let parts = self.properties.entry(name.to_owned()).or_default();
            parts.push(Part { node, at });
        }
        match node.get("additionalProperties") {
            None => {}
            Some(extra) if says_nothing(extra) => {}
            Some(extra) if extra.value == Value::Bool(false) => self.extra = Extra::None,
            Some(node) => {
                let at = format!("{}/additionalProperties", part.at);
                let part = Part { node, at };
                match &mut self.extra {
                    Extra::Any => self.extra = Extra::Of(vec![part]),
                    Extra::Of(parts) => parts.push(part),
                    Extra::None => {}
                }
            }
        }
    }

    fn take_array(&mut self, part: &Part<'d>) {
        let node = part.node;
        self.unique |= node.is_true_at("uniqueItems");
        let items = node.get("items");
        // Drafts before 2020-12 have the first elements in `items`, and the others in `additionalItems`.
        let is_list = items.is_some_and(|items| matches!(items.value, Value::List(_)));
        let (first, rest) = match is_list {
            true => (
                ("items", items),
                ("additionalItems", node.get("additionalItems")),
            ),
            false => (("prefixItems", node.get("prefixItems")), ("items", items)),
        };
        let (keyword, first) = first;
        let first = first.map_or(&[][..], Node::items).iter().enumerate();
        for (index, node) in first {
            let at = format!("{}/{keyword}/{index}", part.at);
            let parts = self.prefix.entry(index).or_default();
            parts.push(Part { node, at });
        }
        let (keyword, rest) = rest;
        if let Some(node) = rest.filter(|rest| !says_nothing(rest)) {
            let at = format!("{}/{keyword}", part.at);
            self.items.push(Part { node, at });
        }
    }

    fn take_limits(&mut self, node: &Node) {
        let mut limits: Vec<(&'static str, f64)> = Vec::new();
        for keyword in MINIMA.into_iter().chain(MAXIMA) {
            let number = node.get(keyword).and_then(Node::number);
            limits.extend(number.map(|number| (keyword, number)));
        }
        // Draft 4 and OpenAPI 3.0: the bound itself is not allowed.
        for (exclusive, plain) in [
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ] {
            if node.is_true_at(exclusive) {
                for limit in &mut limits {
                    if limit.0 == plain {
                        limit.0 = exclusive;
                    }
                }
            }
        }
        limits
            .retain(|limit| !matches!(limit, (keyword, number) if holds_anyway(keyword, *number)));
        for (keyword, number) in limits {
            let known = self.limits.entry(keyword).or_insert(number);
            *known = match MINIMA.contains(&keyword) {
                true => known.max(number),
                false => known.min(number),
            };
        }
    }
}

/// Of a value as JSON.
fn kind_of(value: &str) -> Kind {
    match value.as_bytes().first() {
        Some(b'n') => Kind::Null,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        _ if value.contains('.') => Kind::Fraction,
        _ => Kind::Integer,
    }
}

/// Anything is valid.
fn says_nothing(node: &Node) -> bool {
    node.is_true()
        || node
            .map()
            .is_some_and(|map| map.keys().all(|key| is_remark(key)))
}

/// A bound that is there where none is said.
fn holds_anyway(keyword: &str, number: f64) -> bool {
    match keyword {
        "minLength" | "minItems" | "minProperties" => number <= 0.0,
        // Beside `contains`, which is compared by itself.
        "minContains" => (number - 1.0).abs() < f64::EPSILON,
        _ => false,
    }
}

/// Keys that say nothing of what is valid.
fn is_remark(key: &str) -> bool {
    key.starts_with("x-")
        || matches!(
            key,
            "title"
                | "description"
                | "example"
                | "examples"
                | "default"
                | "deprecated"
                | "$comment"
                | "externalDocs"
                | "xml"
        )
}

/// Two schemas that say the same are written the same, wherever what they refer to stands.
pub(super) fn written(document: &Document<'_>, node: &Node) -> String {
    let mut writer = Writer {
        document,
        within: Vec::new(),
        left: 1_000,
    };
    writer.write(node, false)
}

struct Writer<'w, 'd> {
    document: &'w Document<'d>,
    /// References that are being followed.
    within: Vec<String>,
    /// How many references are still followed.
    left: usize,
}

impl Writer<'_, '_> {
    /// `names`: the keys are names of somebody's, not keywords.
    fn write(&mut self, node: &Node, names: bool) -> String {
        match &node.value {
            Value::Map(map) => {
                let mut text = "{".to_owned();
                for (key, value) in map {
                    if !names && is_remark(key) {
                        continue;
                    }
                    text.push_str(&format!("{key:?}:"));
                    text.push_str(&match (key.as_str(), value.text()) {
                        ("$ref", Some(reference)) if !names => self.refer(reference),
                        ("required", _) if !names => {
                            let mut names: Vec<String> =
                                value.items().iter().map(Node::shown).collect();
                            names.sort_unstable();
                            format!("[{}]", names.join(","))
                        }
                        ("enum" | "const", _) if !names => value.shown(),
                        _ => {
                            let names = !names
                                && matches!(
                                    key.as_str(),
                                    "properties"
                                        | "patternProperties"
                                        | "dependentSchemas"
                                        | "dependencies"
                                        | "$defs"
                                        | "definitions"
                                );
                            self.write(value, names)
                        }
                    });
                    text.push(',');
                }
                text + "}"
            }
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.write(item, false)).collect();
                format!("[{}]", items.join(","))
            }
            _ => node.shown(),
        }
    }

    fn refer(&mut self, reference: &str) -> String {
        let within = self.within.iter().any(|known| known == reference);
        match self.document.follow(reference) {
            Target::Here(node, _) if !within && self.left > 0 && self.within.len() < 50 => {
                self.left -= 1;
                self.within.push(reference.to_owned());
                let text = self.write(node, false);
                self.within.pop();
                text
            }
            _ => format!("{reference:?}"),
        }
    }
}
