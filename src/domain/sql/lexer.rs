//! Words, quotes and comments of SQL: as much of each dialect's spelling as it takes to know where a statement ends and what
//! its words are.

use super::Dialect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword, a name without quotes, a number.
    Word,
    /// A name in the dialect's quotes.
    Quoted,
    /// A string, also in dollars; with its quotes.
    Text,
    Symbol,
    /// What ends a statement: `;`, or what MySQL's `DELIMITER` has put in its place.
    End,
    Comment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind,
    pub(super) at: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }
}

/// Goes through a text once; every quote that is never closed ends with the text.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    pub(super) at: usize,
    dialect: Dialect,
    pub(super) delimiter: String,
}

/// The tokens of one statement that matter.
pub(super) fn tokens(dialect: Dialect, text: &str) -> Vec<Token<'_>> {
    Lexer::new(dialect, text)
        .filter(|token| token.kind != TokenKind::Comment)
        .collect()
}

impl<'a> Lexer<'a> {
    pub(super) fn new(dialect: Dialect, text: &'a str) -> Lexer<'a> {
        Lexer {
            text,
            at: 0,
            dialect,
            delimiter: ";".to_owned(),
        }
    }

    /// What is left of the line, which is skipped; without its end.
    pub(super) fn rest_of_line(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        self.at += line.len();
        line.trim_end_matches(['\n', '\r'])
    }

    /// Behind the next line that is just this; nowhere if there is none.
    pub(super) fn skip_past_line(&mut self, wanted: &str) {
        let from = self.at;
        while self.at < self.text.len() {
            if self.rest_of_line() == wanted {
                return;
            }
        }
        self.at = from;
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Up to and with the first place where `end` stands, else everything.
    fn until(rest: &str, from: usize, end: &str) -> usize {
        match rest[from..].find(end) {
            Some(found) => from + found + end.len(),
            None => rest.len(),
        }
    }

    /// Of a quote that begins at `open` bytes into the rest and is doubled where it is meant.
    fn quoted(rest: &str, open: usize, close: u8, escapes: bool) -> usize {
        let bytes = rest.as_bytes();
        let mut at = open + 1;
        while let Some(byte) = bytes.get(at) {
            if escapes && *byte == b'\\' {
                at += 2;
            } else if *byte != close {
                at += 1;
            } else if bytes.get(at + 1) == Some(&close) {
                at += 2;
            } else {
                return at + 1;
            }
        }
        rest.len()
    }

    fn comment(&self, rest: &str) -> Option<usize> {
        let line = |rest: &str| rest.find('\n').unwrap_or(rest.len());
        if let Some(after) = rest.strip_prefix("--") {
            // To MySQL, `1--1` is a sum.
            let is_one = self.dialect != Dialect::MySql
                || after.is_empty()
                || after.starts_with(char::is_whitespace);
            return is_one.then(|| line(rest));
        }
        if self.dialect == Dialect::MySql && rest.starts_with('#') {
            return Some(line(rest));
        }
        if !rest.starts_with("/*") {
            return None;
        }
        if self.dialect != Dialect::Postgres {
            return Some(Self::until(rest, 2, "*/"));
        }
        let (bytes, mut at, mut depth) = (rest.as_bytes(), 2, 1);
        while at + 1 < bytes.len() {
            match &bytes[at..at + 2] {
                b"/*" => (at, depth) = (at + 2, depth + 1),
                b"*/" => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
            if depth == 0 {
                return Some(at);
            }
        }
        Some(rest.len())
    }

    /// A string between dollars: `$$…$$`, `$body$…$body$`.
    fn dollars(rest: &str) -> Option<usize> {
        let tag = rest.strip_prefix('$')?;
        let end = tag.find('$')?;
        let name = &tag[..end];
        let is_tag = !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_tag.then(|| Self::until(rest, end + 2, &rest[..end + 2]))
    }

    fn word(&self, rest: &str) -> usize {
        let mut len = 0;
        for c in rest.chars() {
            let inside = c.is_alphanumeric() || c == '_' || c == '$';
            if !inside || (self.delimiter != ";" && rest[len..].starts_with(&self.delimiter)) {
                break;
            }
            len += c.len_utf8();
        }
        len
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let blank = self.rest().len() - self.rest().trim_start_matches(is_blank).len();
        self.at += blank;
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, len) = if rest.starts_with(&self.delimiter) {
            (TokenKind::End, self.delimiter.len())
        } else if let Some(len) = self.comment(rest) {
            (TokenKind::Comment, len)
        } else {
            let mysql = self.dialect == Dialect::MySql;
            let escaped = self.dialect == Dialect::Postgres
                && (rest.starts_with("E'") || rest.starts_with("e'"));
            match first {
                '\'' => (TokenKind::Text, Self::quoted(rest, 0, b'\'', mysql)),
                _ if escaped => (TokenKind::Text, Self::quoted(rest, 1, b'\'', true)),
                '"' if mysql => (TokenKind::Text, Self::quoted(rest, 0, b'"', true)),
                '"' => (TokenKind::Quoted, Self::quoted(rest, 0, b'"', false)),
                '`' if self.dialect != Dialect::Postgres => {
                    (TokenKind::Quoted, Self::quoted(rest, 0, b'`', false))
                }
                '[' if self.dialect == Dialect::Sqlite => {
                    (TokenKind::Quoted, Self::until(rest, 1, "]"))
                }
                '$' if self.dialect == Dialect::Postgres => match Self::dollars(rest) {
                    Some(len) => (TokenKind::Text, len),
                    None => (TokenKind::Symbol, 1),
                },
                c if c.is_alphanumeric() || c == '_' => match self.word(rest) {
                    0 => (TokenKind::Symbol, c.len_utf8()),
                    len => (TokenKind::Word, len),
                },
                c => (TokenKind::Symbol, c.len_utf8()),
            }
        };
        // An escape may stand for a byte that is not there.
        let len = (len..=rest.len())
            .find(|len| rest.is_char_boundary(*len))
            .unwrap_or(rest.len());
        let token = Token {
            kind,
            at: self.at,
            text: &rest[..len],
        };
        self.at += len;
        Some(token)
    }
}

/// The mark that some editors begin a file with is one, too.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{MySql, Postgres, Sqlite};

    fn shown(dialect: Dialect, text: &str) -> Vec<(TokenKind, &str)> {
        Lexer::new(dialect, text)
            .map(|token| (token.kind, token.text))
            .collect()
    }

    #[test]
    fn tokens_of_each_dialect() {
        use TokenKind::{Comment, End, Quoted, Symbol, Text, Word};
        type Case<'c> = (Dialect, &'c str, &'c [(TokenKind, &'c str)]);
        let cases: [Case<'_>; 12] = [
            (
                Postgres,
                "a.\"B;\"\"c\";",
                &[
                    (Word, "a"),
                    (Symbol, "."),
                    (Quoted, "\"B;\"\"c\""),
                    (End, ";"),
                ],
            ),
            (
                Postgres,
                "'it''s;' e'\\';'",
                &[(Text, "'it''s;'"), (Text, "e'\\';'")],
            ),
            (Postgres, "'\\' x", &[(Text, "'\\'"), (Word, "x")]),
            (
                Postgres,
                "$a$ ; $$ $a$ $1",
                &[(Text, "$a$ ; $$ $a$"), (Symbol, "$"), (Word, "1")],
            ),
            (
                Postgres,
                "/* a /* b */ ; */x",
                &[(Comment, "/* a /* b */ ; */"), (Word, "x")],
            ),
            (Postgres, "-- a;\nb", &[(Comment, "-- a;"), (Word, "b")]),
            (
                MySql,
                "'it\\'s' \"x\\\";\"",
                &[(Text, "'it\\'s'"), (Text, "\"x\\\";\"")],
            ),
            (
                MySql,
                "1--1",
                &[(Word, "1"), (Symbol, "-"), (Symbol, "-"), (Word, "1")],
            ),
            (
                MySql,
                "`a``b` # c;\nd",
                &[(Quoted, "`a``b`"), (Comment, "# c;"), (Word, "d")],
            ),
            (
                MySql,
                "/* a /* b */ x",
                &[(Comment, "/* a /* b */"), (Word, "x")],
            ),
            (Sqlite, "[a;b] `c`", &[(Quoted, "[a;b]"), (Quoted, "`c`")]),
            (Sqlite, "'open", &[(Text, "'open")]),
        ];
        for (dialect, text, expected) in cases {
            assert_eq!(shown(dialect, text), expected, "{text}");
        }
    }

    #[test]
    fn another_delimiter_ends_a_word() {
        let mut lexer = Lexer::new(MySql, "END$$ x; y");
        lexer.delimiter = "$$".to_owned();
        let kinds: Vec<(TokenKind, &str)> = lexer.map(|it| (it.kind, it.text)).collect();
        assert_eq!(
            kinds[..2],
            [(TokenKind::Word, "END"), (TokenKind::End, "$$")]
        );
        assert!(kinds.contains(&(TokenKind::Symbol, ";")));
    }
}
