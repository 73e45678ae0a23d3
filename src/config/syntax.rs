//! From text to a tree with places, over as many syntax errors as there are.
//!
//! The parser recovers from a bad value by itself. From a bracket that is never closed it does not: it takes all that
//! follows for the inside. There the broken statement is blanked (so that every other place stays where it is), its words
//! are remembered as lost, and the rest is read again.

use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Level};
use super::tree;

/// What could be read of a text.
pub(super) struct Syntax {
    /// As long as the text; statements that could not be read are blank.
    pub(super) readable: String,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Names in the statements that could not be read.
    pub(super) lost_words: Vec<String>,
    /// Lines that bear a syntax error: what is said about the values in them is said by the error already.
    pub(super) bad_lines: Vec<Range<usize>>,
}

pub(super) fn read(text: &str) -> Syntax {
    let mut syntax = Syntax {
        readable: text.to_owned(),
        diagnostics: Vec::new(),
        lost_words: Vec::new(),
        bad_lines: Vec::new(),
    };
    loop {
        let readable = syntax.readable.clone();
        let (root, errors) = DeTable::parse_recoverable(&readable);
        let mut faults: Vec<Fault> = errors
            .iter()
            .map(|error| Fault {
                message: error.message().to_owned(),
                span: error.span().unwrap_or(0..0),
            })
            .collect();
        faults.sort_by_key(|fault| fault.span.start);
        let structural = faults.iter().find(|fault| fault.is_structural());
        if let Some(fault) = structural {
            let broken = broken_statement(&readable, fault);
            if !readable[broken.clone()].trim().is_empty() {
                syntax.diagnostics.push(fault.describe(&readable, &broken));
                syntax.blank(broken);
                continue;
            }
        }
        for fault in &faults {
            syntax.bad_lines.push(line_at(&readable, fault.span.start));
            syntax.diagnostics.push(if fault.is_duplicate() {
                duplicate(root.get_ref(), &readable, fault)
            } else {
                fault.describe(&readable, &line_at(&readable, fault.span.start))
            });
        }
        return syntax;
    }
}

impl Syntax {
    fn blank(&mut self, broken: Range<usize>) {
        let old = &self.readable[broken.clone()];
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let words = old.split(|c| !is_name(c)).filter(|word| !word.is_empty());
        for word in words {
            self.lost_words.push(word.to_owned());
            // A header is one word to this split, and its parts are names of their own.
            self.lost_words.extend(word.split('.').map(str::to_owned));
        }
        let blank: String = old
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
            .collect();
        self.readable.replace_range(broken, &blank);
    }
}

struct Fault {
    message: String,
    span: Range<usize>,
}

impl Fault {
    fn is_duplicate(&self) -> bool {
        self.message.starts_with("duplicate key")
    }

    /// Whether what follows the error was read as something that it is not.
    fn is_structural(&self) -> bool {
        [
            "unclosed",
            "unexpected `",
            "missing comma",
            "missing key",
            "missing assignment",
            "key with no",
        ]
        .iter()
        .any(|start| self.message.starts_with(start))
    }

    fn describe(&self, text: &str, statement: &Range<usize>) -> Diagnostic {
        let (what, expected) = match self.message.split_once(", expected ") {
            Some((what, expected)) if expected != "nothing" => (what, Some(expected)),
            Some((what, _)) => (what, None),
            None => (self.message.as_str(), None),
        };
        let marked = visible(text, self.span.clone(), statement);
        if what == "string values must be quoted" {
            return self.unquoted(text, statement);
        }
        Diagnostic {
            level: Level::Error,
            message: what.to_owned(),
            span: marked,
            label: expected.map(|expected| format!("expected {expected}")),
            also: None,
            help: None,
        }
    }

    fn unquoted(&self, text: &str, statement: &Range<usize>) -> Diagnostic {
        let value = text[self.span.clone()].trim();
        let (message, label, help) = if value.is_empty() {
            ("a value is missing".to_owned(), "expected a value", None)
        } else {
            let message = format!(
                "`{value}` is neither a number, nor `true` or `false`, nor a string in quotes"
            );
            let help = format!("a string stands in quotes: \"{value}\"");
            (message, "expected a value", Some(help))
        };
        Diagnostic {
            level: Level::Error,
            message,
            span: visible(text, self.span.clone(), statement),
            label: Some(label.to_owned()),
            also: None,
            help,
        }
    }
}

fn duplicate(root: &DeTable<'_>, text: &str, fault: &Fault) -> Diagnostic {
    let name = &text[fault.span.clone()];
    let line = line_at(text, fault.span.start);
    let is_header = text[line.clone()].trim_start().starts_with('[');
    let shown = if is_header { text[line].trim() } else { name };
    let key = name.trim_matches(['"', '\'']);
    Diagnostic {
        level: Level::Error,
        message: format!("`{shown}` is given twice"),
        span: fault.span.clone(),
        label: Some("the second time".to_owned()),
        also: tree::last_key_before(root, key, fault.span.start)
            .map(|span| (span, "the first time".to_owned())),
        help: None,
    }
}

/// An empty place cannot bear a caret: take the last character before it.
fn visible(text: &str, span: Range<usize>, statement: &Range<usize>) -> Range<usize> {
    if !text[span.clone()].trim().is_empty() {
        return span;
    }
    let before = text[statement.start..span.start.max(statement.start)].trim_end();
    match before.char_indices().next_back() {
        Some((at, c)) => statement.start + at..statement.start + at + c.len_utf8(),
        None => span,
    }
}

/// The line around `at`, without its newline.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    start..end
}

/// From the start of the statement that is broken to the start of the next one. A broken header takes its whole section
/// with it, because its keys would land in the section before.
fn broken_statement(text: &str, fault: &Fault) -> Range<usize> {
    let mut starts: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if starts_statement(line) {
            starts.push(at..at + line.len());
        }
        at += line.len();
    }
    let here = starts
        .iter()
        .rposition(|line| line.start <= fault.span.start)
        .unwrap_or(0);
    let Some(mut first) = starts.get(here).map(|line| line.start) else {
        return line_at(text, fault.span.start);
    };
    let mut next = here + 1;
    let previous = here.checked_sub(1).map(|index| starts[index].start);
    if let Some(previous) = previous
        && is_open(&text[previous..first])
    {
        first = previous;
        next = here;
    }
    if text[first..].trim_start().starts_with('[') {
        while starts
            .get(next)
            .is_some_and(|line| !is_header(&text[line.clone()]))
        {
            next += 1;
        }
    }
    first..starts.get(next).map_or(text.len(), |line| line.start)
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

/// `[header` or `key =`, as far as one can tell without parsing.
fn starts_statement(line: &str) -> bool {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix('[') {
        return rest
            .trim_start_matches('[')
            .starts_with(|c: char| c.is_ascii_alphanumeric());
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || "._-\"' ".contains(c);
    match line.split_once('=') {
        Some((key, _)) => !key.trim().is_empty() && key.chars().all(is_key),
        None => !line.is_empty() && !line.starts_with('#') && line.trim_end().chars().all(is_key),
    }
}

/// Whether a bracket of the statement waits for its partner.
fn is_open(statement: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    for c in statement.chars() {
        match (quote, c) {
            (Some(open), _) if c == open || c == '\n' => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}
