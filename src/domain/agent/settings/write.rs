//! JSON as text, laid out as the file is that it goes into.

use std::fmt::Write as _;

/// What is to be written.
#[derive(Debug, Clone)]
pub(super) enum Json {
    /// As it stands.
    Word(&'static str),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// How a file is laid out.
pub(super) struct Style {
    indent: String,
    line_end: &'static str,
}

impl Style {
    pub(super) fn of(text: &str) -> Style {
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // The first line that is indented is one step in.
        let indented = text.lines().find_map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            let blanks = line.len() - rest.len();
            (blanks > 0 && rest.starts_with('"')).then(|| &line[..blanks])
        });
        Style {
            indent: indented.unwrap_or("  ").to_owned(),
            line_end,
        }
    }

    pub(super) fn break_line(&self, text: &mut String, depth: usize) {
        text.push_str(self.line_end);
        text.push_str(&self.indent.repeat(depth));
    }
}

impl Json {
    pub(super) fn write(&self, out: &mut String, style: &Style, depth: usize) {
        match self {
            Json::Word(word) => out.push_str(word),
            Json::Text(content) => text(out, content),
            Json::List(items) => {
                let items = items.iter().map(|item| (None, item));
                enclosed(out, style, depth, ['[', ']'], items);
            }
            Json::Object(members) => {
                let members = members.iter().map(|(key, value)| (Some(*key), value));
                enclosed(out, style, depth, ['{', '}'], members);
            }
        }
    }
}

fn enclosed<'j>(
    out: &mut String,
    style: &Style,
    depth: usize,
    [open, close]: [char; 2],
    items: impl Iterator<Item = (Option<&'j str>, &'j Json)>,
) {
    out.push(open);
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        style.break_line(out, depth + 1);
        if let Some(key) = key {
            text(out, key);
            out.push_str(": ");
        }
        item.write(out, style, depth + 1);
    }
    style.break_line(out, depth);
    out.push(close);
}

pub(super) fn text(out: &mut String, content: &str) {
    out.push('"');
    for c in content.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
