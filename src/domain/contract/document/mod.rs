//! JSON and YAML as one tree that knows the lines it came from.

mod json;
mod yaml;

use std::collections::{BTreeMap, HashMap};

/// Deeper than this nobody writes by hand, and no generator either.
const DEEPEST: usize = 200;

/// With what aliases stand for counted each time.
const MOST_NODES: usize = 1_000_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// From 1; of a value in a map, the line of its key.
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(BTreeMap<String, Node>),
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.get(key)
    }

    pub(super) fn map(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a map, nothing of anything else.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries = self.map().into_iter().flatten();
        entries.map(|(key, node)| (key.as_str(), node))
    }

    /// The elements of a list, nothing of anything else.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        self.value == Value::Bool(true)
    }

    /// The text of a key whose value is one.
    pub(super) fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    pub(super) fn is_true_at(&self, key: &str) -> bool {
        self.get(key).is_some_and(Node::is_true)
    }

    /// The same value, wherever it stands.
    pub(super) fn says_the_same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.says_the_same(b))
            }
            (Value::Map(a), Value::Map(b)) => {
                let mut pairs = a.iter().zip(b);
                a.len() == b.len() && pairs.all(|(a, b)| a.0 == b.0 && a.1.says_the_same(b.1))
            }
            (a, b) => a == b,
        }
    }

    /// Whether it leads anywhere else, or is led to by name.
    pub(super) fn refers(&self) -> bool {
        match &self.value {
            Value::List(items) => items.iter().any(Node::refers),
            Value::Map(map) => map
                .iter()
                .any(|(key, node)| key.ends_with("Ref") || key == "$ref" || node.refers()),
            _ => false,
        }
    }

    /// As JSON on one line, keys in order: the same for the same value.
    pub(super) fn shown(&self) -> String {
        let list = |parts: Vec<String>| parts.join(",");
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(yes) => yes.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => quoted(text),
            Value::List(items) => format!("[{}]", list(items.iter().map(Node::shown).collect())),
            Value::Map(map) => {
                let entry =
                    |(key, node): (&String, &Node)| format!("{}:{}", quoted(key), node.shown());
                format!("{{{}}}", list(map.iter().map(entry).collect()))
            }
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// # Errors
/// One clause: why it cannot be read.
pub(super) fn read(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with(['{', '[']) {
        return yaml::read(text);
    }
    // What looks like JSON may be YAML in its short form.
    json::read(text).or_else(|why| yaml::read(text).map_err(|_| why))
}

/// Where a reference leads.
#[derive(Debug)]
pub(super) enum Target<'d> {
    Here(&'d Node, String),
    /// Into another document, which is not followed.
    Outside,
    /// Into this document, where there is nothing.
    Nowhere,
}

/// A document whose references can be followed.
#[derive(Debug)]
pub(super) struct Document<'d> {
    pub(super) root: &'d Node,
    /// What `$id` and `$anchor` name, with its pointer.
    named: HashMap<String, (&'d Node, String)>,
}

impl<'d> Document<'d> {
    pub(super) fn new(root: &'d Node) -> Document<'d> {
        let mut named = HashMap::new();
        let mut next = vec![(root, String::new())];
        while let Some((node, at)) = next.pop() {
            for key in ["$id", "id"] {
                if let Some(id) = node.text_at(key) {
                    named.insert(id.trim_end_matches('#').to_owned(), (node, at.clone()));
                }
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(name) = node.text_at(key) {
                    named.insert(format!("#{name}"), (node, at.clone()));
                }
            }
            match &node.value {
                Value::Map(map) => {
                    next.extend(map.iter().map(|(key, node)| (node, below(&at, key))));
                }
                Value::List(items) => {
                    let items = items.iter().enumerate();
                    next.extend(items.map(|(index, node)| (node, format!("{at}/{index}"))));
                }
                _ => {}
            }
        }
        Document { root, named }
    }

    pub(super) fn follow(&self, reference: &str) -> Target<'d> {
        let named = |name: &str| self.named.get(name).cloned();
        if let Some((node, at)) = named(reference) {
            return Target::Here(node, at);
        }
        let (id, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let start = match id {
            "" => Some((self.root, String::new())),
            id => named(id),
        };
        let Some((start, at)) = start else {
            return Target::Outside;
        };
        let found = match fragment {
            "" => Some((start, at)),
            pointer if pointer.starts_with('/') => walk(start, at, pointer),
            name => named(&format!("#{name}")),
        };
        found.map_or(Target::Nowhere, |(node, at)| Target::Here(node, at))
    }
}

fn walk<'d>(mut node: &'d Node, mut at: String, pointer: &str) -> Option<(&'d Node, String)> {
    let decoded = percent_decoded(pointer)?;
    for step in decoded.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        node = match &node.value {
            Value::Map(map) => map.get(&step)?,
            Value::List(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
        at = below(&at, &step);
    }
    Some((node, at))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair = [rest.next()?, rest.next()?];
        let hex = std::str::from_utf8(&pair).ok()?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The pointer (RFC 6901) of a key of what is at a pointer.
pub(super) fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_are_one() {
        let json = b"{\"a\": [1, 2.5, true, null, \"x\\u00e9\"],\n\t\"b\": {\"200\": {}}}";
        let yaml = "a: [1, 2.5, true, ~, 'x\u{e9}']\nb:\n  200: {}\n";
        let (json, yaml) = (read(json).unwrap(), read(yaml.as_bytes()).unwrap());
        assert_eq!(json.shown(), yaml.shown());
        assert_eq!(
            json.shown(),
            "{\"a\":[1,2.5,true,null,\"x\u{e9}\"],\"b\":{\"200\":{}}}"
        );
        assert_eq!(
            (json.get("a").unwrap().line, json.get("b").unwrap().line),
            (1, 2)
        );
        assert_eq!(
            (yaml.get("a").unwrap().line, yaml.get("b").unwrap().line),
            (1, 2)
        );
    }

    #[test]
    fn scalars_anchors_and_merge_keys() {
        for (text, expected) in [
            (
                "{a: 'true', b: true, c: \"1\"}",
                "{\"a\":\"true\",\"b\":true,\"c\":\"1\"}",
            ),
            (
                "a: 0x10\nb: -1e3\nc: 1.0.0\n",
                "{\"a\":16,\"b\":-1000,\"c\":\"1.0.0\"}",
            ),
            (
                "a: !!str 1\nb: 2026-11-26\nc: no\n",
                "{\"a\":\"1\",\"b\":\"2026-11-26\",\"c\":\"no\"}",
            ),
            ("a: &x {k: 1}\nb: *x\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1}}"),
            (
                "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n",
                "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"k\":1,\"l\":3}}",
            ),
            ("# nothing\n", "null"),
            ("a: |\n  two\n  lines\n", "{\"a\":\"two\\nlines\\n\"}"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().shown(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let deep = "[".repeat(100_000);
        let bomb = {
            let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
            for level in 1..9 {
                let before = format!("*a{}", level - 1);
                let many = vec![before; 10].join(", ");
                text.push_str(&format!("a{level}: &a{level} [{many}]\n"));
            }
            text
        };
        for (text, expected) in [
            ("{\"a\": 1,\n\"a\": 2}", "line 2: `a` is there twice"),
            ("a: 1\nb: 2\na: 3\n", "line 3: `a` is there twice"),
            ("{\"a\": 1", "line 1: a `,` or a `}` is missing"),
            (
                "a: [1\n",
                "line 2: while parsing a flow sequence, expected ',' or ']'",
            ),
            (
                "a: 1\n---\nb: 2\n",
                "line 2: there is more than one document",
            ),
            ("? [a]\n: 1\n", "line 1: a key is no text"),
            (deep.as_str(), "line 1: it is nested too deeply"),
            (bomb.as_str(), "line 6: its aliases stand for too much"),
        ] {
            let found = read(text.as_bytes());
            assert_eq!(found.map(|node| node.shown()), Err(expected.to_owned()));
        }
        assert!(read(b"\xff").is_err());
    }

    #[test]
    fn references() {
        let text =
            "{\"a\": {\"b/c\": [{\"$anchor\": \"here\"}, {\"$id\": \"https://x/y\", \"z\": 1}]}}";
        let root = read(text.as_bytes()).unwrap();
        let document = Document::new(&root);
        for (reference, expected) in [
            ("#", Some("")),
            ("#/a/b~1c/0", Some("/a/b~1c/0")),
            ("#/a/b%2Fc", None),
            ("#here", Some("/a/b~1c/0")),
            ("https://x/y", Some("/a/b~1c/1")),
            ("https://x/y#/z", Some("/a/b~1c/1/z")),
            ("#/nothing", None),
            ("#/a/b~1c/7", None),
        ] {
            let found = match document.follow(reference) {
                Target::Here(_, at) => Some(at),
                Target::Outside | Target::Nowhere => None,
            };
            assert_eq!(found.as_deref(), expected, "{reference}");
        }
        assert!(matches!(document.follow("other.json#/a"), Target::Outside));
        assert!(matches!(document.follow("#/x"), Target::Nowhere));
    }
}
