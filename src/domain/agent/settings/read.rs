//! Where things are in a text of JSON, whatever comments and commas too many it has.

use std::ops::Range;

use super::Unreadable;

/// Deeper than any settings.
const DEEPEST: usize = 100;

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Object(Vec<Member>),
    List(Vec<Node>),
    Text(String),
    Other,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// The end of a comma behind the last item.
    pub(super) fn trailing_comma(&self, text: &str) -> Option<usize> {
        let last = match &self.kind {
            Kind::List(items) => items.last()?.at.end,
            Kind::Object(members) => members.last()?.value.at.end,
            _ => return None,
        };
        comma_behind(text, last)
    }
}

/// The end of a comma that comes next, whatever comments are in between.
pub(super) fn comma_behind(text: &str, at: usize) -> Option<usize> {
    let mut reader = Reader { text, at, depth: 0 };
    reader.space().ok()?;
    (reader.peek() == Some(b',')).then_some(reader.at + 1)
}

pub(super) fn member<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Object(members) => members.iter().find(|it| it.key == key).map(|it| &it.value),
        _ => None,
    }
}

pub(super) fn object<'n>(text: &str, node: &'n Node, key: &str) -> Result<&'n Node, Unreadable> {
    match node.kind {
        Kind::Object(_) => Ok(node),
        _ => Err(unreadable(
            text,
            node.at.start,
            format!("`{key}` is no object"),
        )),
    }
}

pub(super) fn root(text: &str) -> Result<Node, Unreadable> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = Reader {
        text,
        at: start,
        depth: 0,
    };
    let node = reader.value()?;
    reader.space()?;
    match (reader.peek(), &node.kind) {
        (Some(_), _) => Err(reader.error("there is more behind its end")),
        (None, Kind::Object(_)) => Ok(node),
        (None, _) => Err(unreadable(
            text,
            node.at.start,
            "it is no object".to_owned(),
        )),
    }
}

pub(super) fn unreadable(text: &str, at: usize, why: String) -> Unreadable {
    let before = &text.as_bytes()[..at.min(text.len())];
    Unreadable {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        why,
    }
}

/// Reads no more than is needed to find one's way.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error(&self, why: &str) -> Unreadable {
        unreadable(self.text, self.at, why.to_owned())
    }

    /// Blanks and comments.
    fn space(&mut self) -> Result<(), Unreadable> {
        loop {
            let rest = &self.text[self.at..];
            match rest.as_bytes() {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'/', b'/', ..] => self.at += rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => {
                    let end = rest
                        .find("*/")
                        .ok_or_else(|| self.error("a comment has no end"))?;
                    self.at += end + 2;
                }
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self) -> Result<Node, Unreadable> {
        self.space()?;
        let start = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("it is nested too deeply"));
        }
        let kind = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.list()?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let rest = &self.text[self.at..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
                self.at += end.unwrap_or(rest.len());
                Kind::Other
            }
            _ => return Err(self.error("a value is missing")),
        };
        self.depth -= 1;
        Ok(Node {
            at: start..self.at,
            kind,
        })
    }

    fn object(&mut self) -> Result<Kind, Unreadable> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.space()?;
            let start = self.at;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Kind::Object(members));
                }
                Some(b'"') => {}
                _ => return Err(self.error("a key or `}` is missing")),
            }
            let key = self.string()?;
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(self.error("a `:` is missing"));
            }
            self.at += 1;
            let value = self.value()?;
            members.push(Member {
                key,
                at: start..value.at.end,
                value,
            });
            self.next(b'}')?;
        }
    }

    fn list(&mut self) -> Result<Kind, Unreadable> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.space()?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Kind::List(items));
            }
            items.push(self.value()?);
            self.next(b']')?;
        }
    }

    /// A comma, unless this is the end.
    fn next(&mut self, end: u8) -> Result<(), Unreadable> {
        self.space()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte == end => Ok(()),
            _ => Err(self.error("a `,` or the end of what is begun is missing")),
        }
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let mut content = String::new();
        let rest = &self.text[self.at + 1..];
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += 1 + at + 1;
                    return Ok(content);
                }
                '\n' => break,
                '\\' => match chars.next() {
                    Some((_, 'u')) => {
                        let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let code = u32::from_str_radix(&hex, 16).ok();
                        content.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
                    }
                    Some((_, 'n')) => content.push('\n'),
                    Some((_, 't')) => content.push('\t'),
                    Some((_, c)) => content.push(c),
                    None => break,
                },
                c => content.push(c),
            }
        }
        Err(self.error("a text has no end"))
    }
}
