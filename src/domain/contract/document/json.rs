//! JSON with the lines of its values, which `serde_json` does not tell; and strict where that is not: no key twice.

use std::collections::BTreeMap;

use super::{DEEPEST, Node, Value};

pub(super) fn read(text: &str) -> Result<Node, String> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        line: 1,
        depth: 0,
    };
    let node = reader.value()?;
    reader.space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.error("there is more behind its end")),
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    line: usize,
    depth: usize,
}

impl Reader<'_> {
    fn error(&self, why: &str) -> String {
        format!("line {}: {why}", self.line)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn value(&mut self) -> Result<Node, String> {
        self.space();
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::map)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Value::Text(self.string()?),
            _ => self.word()?,
        };
        Ok(Node { line, value })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value, String>,
    ) -> Result<Value, String> {
        if self.depth == DEEPEST {
            return Err(self.error("it is nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn map(&mut self) -> Result<Value, String> {
        let mut map = BTreeMap::new();
        if self.takes(b'}') {
            return Ok(Value::Map(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("a key is missing"));
            }
            let line = self.line;
            let key = self.string()?;
            if !self.takes(b':') {
                return Err(self.error("a `:` is missing"));
            }
            let mut node = self.value()?;
            node.line = line;
            if map.contains_key(&key) {
                return Err(format!("line {line}: `{key}` is there twice"));
            }
            map.insert(key, node);
            if self.takes(b'}') {
                return Ok(Value::Map(map));
            }
            if !self.takes(b',') {
                return Err(self.error("a `,` or a `}` is missing"));
            }
        }
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        if self.takes(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.takes(b']') {
                return Ok(Value::List(items));
            }
            if !self.takes(b',') {
                return Err(self.error("a `,` or a `]` is missing"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'"' => {
                    let written = self.text.get(start..self.at).unwrap_or_default();
                    return serde_json::from_str(written)
                        .map_err(|_| self.error("a string is not as JSON has them"));
                }
                _ => {}
            }
        }
        Err(self.error("a string has no end"))
    }

    /// A number, or one of three words.
    fn word(&mut self) -> Result<Value, String> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        match serde_json::from_str(word) {
            Ok(serde_json::Value::Null) => Ok(Value::Null),
            Ok(serde_json::Value::Bool(yes)) => Ok(Value::Bool(yes)),
            Ok(serde_json::Value::Number(number)) => {
                Ok(Value::Number(number.as_f64().unwrap_or(f64::NAN)))
            }
            _ => Err(self.error("a value is missing or is not as JSON has them")),
        }
    }
}
