//! A place among the words of a statement.

use super::super::lexer::{Token, TokenKind};
use super::super::name::fold;
use super::super::{Dialect, Name};

#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'t, 'a> {
    pub(super) dialect: Dialect,
    pub(super) list: &'t [Token<'a>],
    pub(super) at: usize,
}

impl<'t, 'a> Words<'t, 'a> {
    pub(super) fn new(dialect: Dialect, list: &'t [Token<'a>]) -> Words<'t, 'a> {
        Words {
            dialect,
            list,
            at: 0,
        }
    }

    pub(super) fn peek(&self) -> Option<&'t Token<'a>> {
        self.list.get(self.at)
    }

    pub(super) fn before(&self, back: usize) -> Option<&'t Token<'a>> {
        self.list.get(self.at.checked_sub(back)?)
    }

    pub(super) fn is_over(&self) -> bool {
        self.at >= self.list.len()
    }

    pub(super) fn rest(&self) -> &'t [Token<'a>] {
        self.list.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is(word))
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.is_symbol(symbol))
    }

    /// All of these words, one after the other, or nothing.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        for word in words.split(' ') {
            if !ahead.is(word) {
                return false;
            }
            ahead.at += 1;
        }
        self.at = ahead.at;
        true
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let is = self.is_symbol(symbol);
        self.at += usize::from(is);
        is
    }

    /// The next place outside brackets where one of these words stands; nowhere: the end.
    pub(super) fn seek(&mut self, words: &[&str]) -> bool {
        while !self.is_over() {
            if self.is_any(words) {
                return true;
            }
            self.skip();
        }
        false
    }

    /// Over one word, or over everything in brackets.
    pub(super) fn skip(&mut self) {
        if self.is_symbol("(") {
            self.brackets();
        } else {
            self.at += 1;
        }
    }

    /// What is in the brackets that begin here.
    pub(super) fn brackets(&mut self) -> Option<&'t [Token<'a>]> {
        if !self.is_symbol("(") {
            return None;
        }
        let (from, mut depth) = (self.at + 1, 0);
        while let Some(token) = self.peek() {
            depth += usize::from(token.is_symbol("("));
            depth -= usize::from(token.is_symbol(")"));
            self.at += 1;
            if depth == 0 {
                return Some(&self.list[from..self.at - 1]);
            }
        }
        None
    }

    /// One part of a name.
    pub(super) fn part(&mut self) -> Option<String> {
        let token = self.peek()?;
        let is_name = match token.kind {
            TokenKind::Word | TokenKind::Quoted => true,
            // MySQL with ANSI_QUOTES, and SQLite's leniency.
            TokenKind::Text => token.text.starts_with(['"', '\'']),
            TokenKind::Symbol | TokenKind::End | TokenKind::Comment => false,
        };
        if !is_name {
            return None;
        }
        self.at += 1;
        Some(fold(self.dialect, token.text)).filter(|it| !it.is_empty())
    }

    pub(super) fn name(&mut self) -> Option<Name> {
        let mut name = self.part()?;
        let mut schema = None;
        while self.is_symbol(".") {
            self.at += 1;
            schema = Some(name);
            name = self.part()?;
        }
        Some(Name::new(self.dialect, schema, name))
    }

    /// Names with commas between them.
    pub(super) fn names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name);
            if !self.take_symbol(",") {
                break;
            }
        }
        names
    }

    /// The columns in brackets here; of `lower(x)` and `x(10) DESC` the first name each, functions left out.
    pub(super) fn columns(&mut self) -> Vec<String> {
        let Some(inside) = self.brackets() else {
            return Vec::new();
        };
        items(inside)
            .into_iter()
            .filter_map(|item| {
                let mut words = Words::new(self.dialect, item);
                let name = words.part()?;
                let length = words.peek().filter(|it| it.is_symbol("("));
                let is_length = length.is_none()
                    || item
                        .get(2)
                        .is_some_and(|it| it.text.bytes().all(|b| b.is_ascii_digit()));
                is_length.then_some(name)
            })
            .collect()
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.take("if exists")
    }

    pub(super) fn if_not_exists(&mut self) -> bool {
        self.take("if not exists")
    }

    /// Lower case, single blanks, none inside brackets.
    pub(super) fn said(&self) -> String {
        said(self.rest())
    }
}

pub(super) fn said(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        let tight = ["(", ")", ",", "."];
        let joins =
            text.is_empty() || tight.contains(&token.text) || text.ends_with(['(', ',', '.']);
        if !joins {
            text.push(' ');
        }
        text.push_str(&token.text.to_lowercase());
    }
    text
}

/// What stands between the commas that are in no brackets.
pub(super) fn items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let (mut items, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if token.is_symbol(",") && depth == 0 {
            items.push(&tokens[from..at]);
            from = at + 1;
        }
    }
    items.push(&tokens[from..]);
    items.into_iter().filter(|item| !item.is_empty()).collect()
}
