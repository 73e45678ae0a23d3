//! From text to condition: words, then what they say of each other.

use std::ops::Range;

use super::{Comparison, Condition, ConditionError, Measure};
use crate::domain::name::nearest;

/// So deep may `not` and parentheses be nested: each level is one of the stack, too.
pub(super) const DEEPEST: usize = 50;

pub(super) const OPERAND: &str = "`files`, `lines`, `contracts`, `not` or `(`";
pub(super) const COMPARISON: &str = "one of `>`, `>=`, `<`, `<=`, `==` and `!=`";
pub(super) const NUMBER: &str = "a whole number";

const MORE: &str = "`and`, `or`, or the end";

pub(super) fn condition(text: &str) -> Result<Condition, ConditionError> {
    let mut parser = Parser {
        text,
        rest: tokens(text),
        depth: 0,
    };
    let condition = parser.any()?;
    match parser.next() {
        None => Ok(condition),
        Some(more) => Err(parser.unexpected(Some(more), MORE)),
    }
}

type Token<'t> = (Range<usize>, &'t str);

struct Parser<'t> {
    text: &'t str,
    /// The next one last.
    rest: Vec<Token<'t>>,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Option<Token<'t>> {
        self.rest.pop()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.rest.last().is_some_and(|(_, next)| *next == word);
        if is_next {
            self.rest.pop();
        }
        is_next
    }

    fn any(&mut self) -> Result<Condition, ConditionError> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, ConditionError> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, ConditionError> {
        let Some((at, word)) = self.next() else {
            return Err(self.unexpected(None, OPERAND));
        };
        if !matches!(word, "not" | "(") {
            return self.comparison(at, word);
        }
        if self.depth == DEEPEST {
            return Err(ConditionError {
                at,
                what: format!("it is nested more than {DEEPEST} levels deep"),
                expected: None,
                instead: None,
            });
        }
        self.depth += 1;
        let condition = if word == "not" {
            Condition::Not(Box::new(self.one()?))
        } else {
            let inner = self.any()?;
            if !self.takes(")") {
                let found = self.next();
                return Err(self.unexpected(found, "`and`, `or` or `)`"));
            }
            inner
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self, at: Range<usize>, word: &'t str) -> Result<Condition, ConditionError> {
        let measure = Measure::ALL.into_iter().find(|it| it.as_str() == word);
        let measure = measure.ok_or_else(|| self.unexpected(Some((at, word)), OPERAND))?;
        let found = self.next();
        let comparison = found.as_ref().and_then(|(_, word)| {
            let mut all = Comparison::ALL.into_iter();
            all.find(|it| it.as_str() == *word)
        });
        let comparison = comparison.ok_or_else(|| self.unexpected(found, COMPARISON))?;
        Ok(Condition::Compare {
            measure,
            comparison,
            number: self.number()?,
        })
    }

    fn number(&mut self) -> Result<u64, ConditionError> {
        let found = self.next();
        let digits = found
            .clone()
            .filter(|(_, word)| word.bytes().all(|byte| byte.is_ascii_digit()));
        let Some((at, digits)) = digits else {
            return Err(self.unexpected(found, NUMBER));
        };
        digits.parse().map_err(|_| ConditionError {
            at,
            what: format!("`{digits}` is too large"),
            expected: Some("a smaller number"),
            instead: None,
        })
    }

    /// `None`: the end of the text.
    fn unexpected(&self, found: Option<Token<'_>>, expected: &'static str) -> ConditionError {
        let end = self.text.len()..self.text.len();
        let (at, what, instead) = match found {
            None => (end, "it ends too early".to_owned(), None),
            Some((at, word)) => (at, format!("unexpected `{word}`"), meant(word, expected)),
        };
        ConditionError {
            at,
            what,
            expected: Some(expected),
            instead,
        }
    }
}

fn one_or(mut parts: Vec<Condition>, several: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => several(parts),
    }
}

/// What somebody who wrote `word` meant, among what is expected.
fn meant(word: &str, expected: &str) -> Option<&'static str> {
    let foreign = [
        ("=", "=="),
        ("=>", ">="),
        ("=<", "<="),
        ("<>", "!="),
        ("!", "not"),
        ("&&", "and"),
        ("||", "or"),
        ("&", "and"),
        ("|", "or"),
    ];
    let words = ["files", "lines", "contracts", "not", "and", "or"];
    let translated = foreign.iter().find(|(theirs, _)| *theirs == word);
    translated
        .map(|(_, ours)| *ours)
        .or_else(|| nearest(&word.to_lowercase(), words))
        .filter(|ours| expected.contains(&format!("`{ours}`")))
}

/// The words of the text, the last one first: runs of letters and digits, runs of signs, and single parentheses.
fn tokens(text: &str) -> Vec<Token<'_>> {
    #[derive(PartialEq)]
    enum Kind {
        Blank,
        Word,
        Sign,
        Single,
    }
    let kind = |c: char| match c {
        _ if c.is_whitespace() => Kind::Blank,
        _ if c.is_alphanumeric() || c == '_' => Kind::Word,
        '<' | '>' | '=' | '!' | '&' | '|' => Kind::Sign,
        _ => Kind::Single,
    };
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut before = Kind::Blank;
    for (start, c) in text.char_indices() {
        let now = kind(c);
        let end = start + c.len_utf8();
        match tokens.last_mut() {
            Some((at, word)) if now == before && matches!(now, Kind::Word | Kind::Sign) => {
                at.end = end;
                *word = &text[at.clone()];
            }
            _ if now != Kind::Blank => tokens.push((start..end, &text[start..end])),
            _ => {}
        }
        before = now;
    }
    tokens.reverse();
    tokens
}
