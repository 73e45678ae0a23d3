//! Where each statement of a file begins and ends, so that one that nobody can read hides none of the others; and what the
//! comments between them say to this tool and to those that run migrations.

use std::borrow::Cow;

use super::lexer::{Lexer, Token, TokenKind};
use super::{Dialect, Name};

/// One statement, without what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
    pub(super) undoes: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces<'a> {
    pub(super) list: Vec<Piece<'a>>,
    pub(super) touches: Vec<Name>,
}

/// What only some versions of MySQL run (`/*!40101 … */`) is read like the rest; of the same length, so that lines hold.
pub(super) fn without_conditions(dialect: Dialect, text: &str) -> Cow<'_, str> {
    let starts = |rest: &str| {
        let after = rest
            .strip_prefix("/*!")
            .or_else(|| rest.strip_prefix("/*M!"))?;
        let digits = after.trim_start_matches(|c: char| c.is_ascii_digit());
        Some(rest.len() - digits.len())
    };
    if dialect != Dialect::MySql || !(text.contains("/*!") || text.contains("/*M!")) {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for token in Lexer::new(dialect, text) {
        let Some(opened) = starts(token.text).filter(|_| token.kind == TokenKind::Comment) else {
            continue;
        };
        bytes[token.at..token.at + opened].fill(b' ');
        if token.text.ends_with("*/") && token.text.len() > opened + 1 {
            bytes[token.end() - 2..token.end()].fill(b' ');
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

pub(super) fn split(dialect: Dialect, text: &str) -> Pieces<'_> {
    let mut splitter = Splitter {
        dialect,
        text,
        lexer: Lexer::new(dialect, text),
        pieces: Pieces::default(),
        undoes: false,
        counted: (0, 1),
    };
    while let Some(token) = splitter.lexer.next() {
        splitter.statement(token);
    }
    splitter.pieces
}

/// The tables that a line `tracks: touches a, b` in a comment of any language names.
pub(super) fn touched(dialect: Dialect, comment: &str) -> Vec<Name> {
    let mut names = Vec::new();
    for line in comment.lines() {
        let said = line
            .trim()
            .trim_start_matches(['-', '#', '/', '*', ' ', '\t']);
        let Some(list) = said
            .strip_prefix("tracks:")
            .and_then(|rest| rest.trim_start().strip_prefix("touches"))
        else {
            continue;
        };
        let list = list.trim().trim_end_matches("*/");
        let each = list.split([',', ' ']).map(str::trim);
        names.extend(
            each.filter(|name| !name.is_empty())
                .map(|name| Name::said(dialect, name)),
        );
    }
    names
}

struct Splitter<'a> {
    dialect: Dialect,
    text: &'a str,
    lexer: Lexer<'a>,
    pieces: Pieces<'a>,
    undoes: bool,
    /// Up to which byte lines were counted, and the line there.
    counted: (usize, usize),
}

/// How far a statement has come that may have statements of its own in it.
#[derive(Debug, Default)]
struct Body {
    words: Vec<String>,
    /// `CREATE TRIGGER` and the like: `BEGIN` opens a block in it.
    may_have: bool,
    /// `CREATE RULE … DO (a; b)`
    is_rule: bool,
    parens: usize,
    blocks: usize,
    /// Just behind `END`.
    ended: bool,
    /// `BEGIN` that only opens a block when `ATOMIC` follows.
    begun: bool,
}

impl<'a> Splitter<'a> {
    /// From its first token on.
    fn statement(&mut self, first: Token<'a>) {
        match first.kind {
            TokenKind::Comment => return self.comment(first),
            TokenKind::End => return,
            TokenKind::Symbol if first.text == "\\" && self.dialect == Dialect::Postgres => {
                return self.meta(first);
            }
            TokenKind::Word if first.is("delimiter") && self.dialect == Dialect::MySql => {
                let said = self.lexer.rest_of_line().trim();
                if !said.is_empty() {
                    self.lexer.delimiter = said.to_owned();
                }
                return;
            }
            _ => {}
        }
        let line = self.line(first.at);
        let mut body = Body::default();
        let (mut end, mut token) = (first.end(), Some(first));
        let (mut copies, mut last_words) = (first.is("copy"), [false; 2]);
        while let Some(here) = token {
            match here.kind {
                TokenKind::Comment if self.turns(here) => {
                    // What follows is another part of the file, whether or not somebody forgot to end this one.
                    self.push(line, first.at, end);
                    return self.comment(here);
                }
                TokenKind::Comment => {
                    let names = touched(self.dialect, here.text);
                    self.pieces.touches.extend(names);
                }
                TokenKind::End if self.lexer.delimiter != ";" || body.ends(self.dialect) => break,
                _ => {
                    body.take(self.dialect, &here);
                    last_words = [last_words[1] && here.is("stdin"), here.is("from")];
                    copies &= !(here.is("to") && body.parens == 0);
                    end = here.end();
                    if last_words[0] && self.dialect == Dialect::Postgres && copies {
                        self.push(line, first.at, end);
                        return self.skip_data();
                    }
                }
            }
            token = self.lexer.next();
        }
        self.push(line, first.at, end);
    }

    fn push(&mut self, line: usize, from: usize, to: usize) {
        self.pieces.list.push(Piece {
            line,
            text: &self.text[from..to],
            undoes: self.undoes,
        });
    }

    /// The rows behind `COPY … FROM stdin …;`, which end with a line `\.`.
    fn skip_data(&mut self) {
        for token in self.lexer.by_ref() {
            if token.kind == TokenKind::End {
                self.lexer.rest_of_line();
                self.lexer.skip_past_line("\\.");
                return;
            }
        }
    }

    /// A command to psql.
    fn meta(&mut self, first: Token<'a>) {
        let line = self.line(first.at);
        let rest = self.lexer.rest_of_line();
        let end = first.end() + rest.trim_end().len();
        let reads = ["i ", "ir ", "include ", "include_relative ", "copy "];
        if reads.iter().any(|word| rest.starts_with(word)) {
            self.push(line, first.at, end);
        }
    }

    fn turns(&self, comment: Token<'_>) -> bool {
        direction(comment.text).is_some_and(|undoes| undoes != self.undoes)
    }

    fn comment(&mut self, comment: Token<'_>) {
        if let Some(undoes) = direction(comment.text) {
            self.undoes = undoes;
        }
        let names = touched(self.dialect, comment.text);
        self.pieces.touches.extend(names);
    }

    fn line(&mut self, at: usize) -> usize {
        let (from, line) = self.counted;
        let more = self.text.as_bytes()[from..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        self.counted = (at, line + more);
        line + more
    }
}

/// Of goose, dbmate, sql-migrate and rambler: whether what follows goes back.
fn direction(comment: &str) -> Option<bool> {
    let said = comment.trim_start_matches('-').trim_start();
    let word = ["+goose ", "migrate:", "+migrate ", "rambler "]
        .iter()
        .find_map(|mark| said.strip_prefix(mark))?;
    let word = word.split_whitespace().next()?.to_ascii_lowercase();
    match word.as_str() {
        "up" => Some(false),
        "down" => Some(true),
        _ => None,
    }
}

impl Body {
    fn take(&mut self, dialect: Dialect, token: &Token<'_>) {
        match (token.kind, token.text) {
            (TokenKind::Symbol, "(") => self.parens += 1,
            (TokenKind::Symbol, ")") => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
        if token.kind != TokenKind::Word {
            (self.ended, self.begun) = (false, false);
            return;
        }
        if self.words.len() < 12 {
            self.words.push(token.text.to_ascii_lowercase());
            self.recognise(dialect);
        }
        if !self.may_have {
            return;
        }
        let (after_end, after_begin) = (self.ended, self.begun);
        (self.ended, self.begun) = (false, false);
        let opens_loop = ["if", "loop", "while", "repeat", "for"]
            .iter()
            .any(|it| token.is(it));
        if after_end && opens_loop {
            // `END IF` closes what was never counted.
            self.blocks += 1;
        } else if token.is("case") && !after_end {
            self.blocks += 1;
        } else if token.is("begin") {
            match dialect {
                Dialect::Postgres => self.begun = true,
                Dialect::MySql | Dialect::Sqlite => self.blocks += 1,
            }
        } else if token.is("atomic") && after_begin {
            self.blocks += 1;
        } else if token.is("end") && self.blocks > 0 {
            self.blocks -= 1;
            self.ended = true;
        }
    }

    fn recognise(&mut self, dialect: Dialect) {
        if self.words[0] != "create" {
            return;
        }
        let kinds: &[&str] = match dialect {
            Dialect::Postgres => &["function", "procedure"],
            Dialect::MySql => &["trigger", "procedure", "function", "event"],
            Dialect::Sqlite => &["trigger"],
        };
        let Some(last) = self.words.last() else {
            return;
        };
        let is_other = self.words[1..]
            .iter()
            .any(|word| ["table", "view", "index"].contains(&word.as_str()));
        self.may_have |= kinds.contains(&last.as_str()) && !is_other;
        self.is_rule |= dialect == Dialect::Postgres && last == "rule" && self.words.len() <= 4;
    }

    fn ends(&self, dialect: Dialect) -> bool {
        let inside = self.blocks > 0 && (self.may_have || dialect != Dialect::Postgres);
        !(inside || self.is_rule && self.parens > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{MySql, Postgres, Sqlite};

    fn shown(dialect: Dialect, text: &str) -> Vec<String> {
        let text = without_conditions(dialect, text);
        split(dialect, &text)
            .list
            .iter()
            .map(|piece| {
                let back = if piece.undoes { "back " } else { "" };
                let words: Vec<&str> = piece.text.split_whitespace().collect();
                format!("{} {back}{}", piece.line, words.join(" "))
            })
            .collect()
    }

    #[test]
    fn statements_and_their_lines() {
        let cases: [(Dialect, &str, &[&str]); 19] = [
            (Postgres, "", &[]),
            (Postgres, ";;\n-- x\n", &[]),
            (Postgres, "\u{feff}a; b\n;\nc", &["1 a", "1 b", "3 c"]),
            (
                Postgres,
                "-- one;\na 'x;y';\n\n/* ; */ b",
                &["2 a 'x;y'", "4 b"],
            ),
            (
                Postgres,
                "create function f() returns int as $$ begin; end; $$ language plpgsql;\nselect 1;",
                &[
                    "1 create function f() returns int as $$ begin; end; $$ language plpgsql",
                    "2 select 1",
                ],
            ),
            (
                Postgres,
                "create function f() begin atomic select case when a then 1 end; select 2; end; begin; x; end;",
                &[
                    "1 create function f() begin atomic select case when a then 1 end; select 2; end",
                    "1 begin",
                    "1 x",
                    "1 end",
                ],
            ),
            (
                Postgres,
                "create rule r as on insert to v do (insert into a values (1); delete from b); x",
                &[
                    "1 create rule r as on insert to v do (insert into a values (1); delete from b)",
                    "1 x",
                ],
            ),
            (
                Postgres,
                "create table a (b int; create table c (d int);",
                &["1 create table a (b int", "1 create table c (d int)"],
            ),
            (
                Postgres,
                "copy a (b) from stdin;\n1;2\n3\n\\.\nx;",
                &["1 copy a (b) from stdin", "5 x"],
            ),
            (
                Postgres,
                "copy a to stdout;\nx;",
                &["1 copy a to stdout", "2 x"],
            ),
            (
                Postgres,
                "\\set x 1\n\\i y.sql\nz;",
                &["2 \\i y.sql", "3 z"],
            ),
            (
                Postgres,
                "-- +goose Up\na;\n-- +goose StatementBegin\nb;\n-- +goose StatementEnd\nc\n-- +goose Down\nd;",
                &["2 a", "4 b", "6 c", "8 back d"],
            ),
            (
                Postgres,
                "-- migrate:up transaction:false\na;\n-- migrate:down\nb;",
                &["2 a", "4 back b"],
            ),
            (
                Sqlite,
                "create temp trigger t after insert on a begin update b set c = case when 1 then 2 end; delete from d; end;\nx;",
                &[
                    "1 create temp trigger t after insert on a begin update b set c = case when 1 then 2 end; delete from d; end",
                    "2 x",
                ],
            ),
            (
                Sqlite,
                "begin; a; end; b",
                &["1 begin", "1 a", "1 end", "1 b"],
            ),
            (
                MySql,
                "DELIMITER $$\ncreate procedure p() begin a; if x then b; end if; end$$\nDELIMITER ;\nc;",
                &[
                    "2 create procedure p() begin a; if x then b; end if; end",
                    "4 c",
                ],
            ),
            (
                MySql,
                "create trigger t before insert on a for each row begin if x then set y = 1; end if; while z do b; end while; end; c;",
                &[
                    "1 create trigger t before insert on a for each row begin if x then set y = 1; end if; while z do b; end while; end",
                    "1 c",
                ],
            ),
            (
                MySql,
                "create trigger t before insert on a for each row set new.x = 1; c;",
                &[
                    "1 create trigger t before insert on a for each row set new.x = 1",
                    "1 c",
                ],
            ),
            (
                MySql,
                "/*!40101 SET NAMES utf8 */;\n/*!50003 create*/ /*!50017 definer=x*/ table a",
                &["1 SET NAMES utf8", "2 create definer=x table a"],
            ),
        ];
        for (dialect, text, expected) in cases {
            assert_eq!(shown(dialect, text), expected, "{text}");
        }
    }

    #[test]
    fn a_header_says_what_is_touched() {
        for (text, expected) in [
            ("-- tracks: touches users, auth.keys\nx;", "users auth.keys"),
            ("# tracks: touches users\n", "users"),
            ("/* tracks: touches a b */", "a b"),
            ("x;\n--tracks:touches \"A\"", "A"),
            ("-- touches users", ""),
            ("'-- tracks: touches users'", ""),
        ] {
            let dialect = if text.starts_with('#') {
                MySql
            } else {
                Postgres
            };
            let names: Vec<String> = split(dialect, text)
                .touches
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(names.join(" "), expected, "{text}");
        }
    }
}
