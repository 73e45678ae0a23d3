//! YAML 1.2 (core schema) with the lines of its values. No key twice, and no more nodes than a limit, whatever aliases say.

use std::collections::{BTreeMap, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{DEEPEST, MOST_NODES, Node, Value};

pub(super) fn read(text: &str) -> Result<Node, String> {
    let mut loader = Loader::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let line = error.marker().line();
            format!("line {line}: {}", error.info())
        })?;
        let line = span.start.line();
        loader
            .take(event, line)
            .map_err(|why| format!("line {line}: {why}"))?;
    }
    Ok(loader.root.unwrap_or(Node {
        line: 1,
        value: Value::Null,
    }))
}

/// What is open, with the number of its anchor (0: none).
enum Open {
    List {
        line: usize,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        line: usize,
        anchor: usize,
        map: BTreeMap<String, Node>,
        key: Option<(String, usize)>,
    },
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl Loader {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err("there is more than one document".to_owned());
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if self.takes_key(&text, line)? {
                    return Ok(());
                }
                let is_text = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value = match is_text {
                    true => Value::Text(text.into_owned()),
                    false => plain(&text),
                };
                self.put(Node { line, value }, anchor)?;
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err("an alias stands for nothing".to_owned());
                };
                let (size, key) = (*size, node.text().map(str::to_owned));
                if let Some(key) = key
                    && self.takes_key(&key, line)?
                {
                    return Ok(());
                }
                self.count(size)?;
                let node = self.anchors[&anchor].0.clone();
                self.put(node, 0)?;
            }
            Event::SequenceStart(anchor, _) => self.open(Open::List {
                line,
                anchor,
                items: Vec::new(),
            })?,
            Event::MappingStart(anchor, _) => self.open(Open::Map {
                line,
                anchor,
                map: BTreeMap::new(),
                key: None,
            })?,
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, anchor) = match self.open.pop() {
                    Some(Open::List {
                        line,
                        anchor,
                        items,
                    }) => {
                        let value = Value::List(items);
                        (Node { line, value }, anchor)
                    }
                    Some(Open::Map {
                        line, anchor, map, ..
                    }) => {
                        let value = Value::Map(merged(map));
                        (Node { line, value }, anchor)
                    }
                    None => return Ok(()),
                };
                self.put(node, anchor)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        match self.nodes > MOST_NODES {
            true => Err("its aliases stand for too much".to_owned()),
            false => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), String> {
        if self.wants_key() {
            return Err("a key is no text".to_owned());
        }
        if self.open.len() == DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        self.open.push(open);
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Map { key: None, .. }))
    }

    /// Whether it was taken as one.
    fn takes_key(&mut self, text: &str, line: usize) -> Result<bool, String> {
        let Some(Open::Map { key, map, .. }) = self.open.last_mut() else {
            return Ok(false);
        };
        if key.is_some() {
            return Ok(false);
        }
        if map.contains_key(text) {
            return Err(format!("`{text}` is there twice"));
        }
        *key = Some((text.to_owned(), line));
        Ok(true)
    }

    fn put(&mut self, mut node: Node, anchor: usize) -> Result<(), String> {
        self.count(1)?;
        if anchor > 0 {
            let size = size(&node);
            self.count(size)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { map, key, .. }) => match key.take() {
                Some((key, line)) => {
                    node.line = line;
                    map.insert(key, node);
                }
                None => return Err("a key is no text".to_owned()),
            },
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

/// `<<` is of YAML 1.1, and widely written.
fn merged(mut map: BTreeMap<String, Node>) -> BTreeMap<String, Node> {
    let is_map = |node: &Node| node.map().is_some();
    let takes = map.get("<<").is_some_and(|from| {
        is_map(from) || (!from.items().is_empty() && from.items().iter().all(is_map))
    });
    let Some(from) = takes.then(|| map.remove("<<")).flatten() else {
        return map;
    };
    let maps = match from.value {
        Value::List(items) => items,
        value => vec![Node {
            line: from.line,
            value,
        }],
    };
    for node in maps {
        if let Value::Map(entries) = node.value {
            for (key, node) in entries {
                map.entry(key).or_insert(node);
            }
        }
    }
    map
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<f64> {
    let of = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().map(f64::from);
    if let Some(digits) = text.strip_prefix("0x") {
        return of(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return of(digits, 8);
    }
    // What Rust reads beyond that (`inf`, `nan`) is text here.
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let only = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    (digits && text.bytes().all(only))
        .then(|| text.parse().ok())
        .flatten()
}
