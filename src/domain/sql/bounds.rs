//! What the parsers are not given: rows, of which one is as good as thousands, and what is nested so deeply that a stack
//! might not hold it.

use std::borrow::Cow;

use super::Dialect;
use super::lexer::{Token, TokenKind, tokens};

/// Brackets or blocks in each other.
const DEEPEST: usize = 60;

/// Words in a row without a comma, a bracket or an end: each may be an operator, and those nest in trees.
const LONGEST: usize = 800;

/// Words in one statement, rows left out.
const MOST: usize = 40_000;

/// From here on it is worth it to leave rows out.
const MANY_ROWS: usize = 8_000;

/// Why a statement had better not be parsed.
pub(super) fn exceeded(dialect: Dialect, text: &str) -> Option<String> {
    exceeded_in(dialect, text, 0)
}

fn exceeded_in(dialect: Dialect, text: &str, inside: usize) -> Option<String> {
    let list = tokens(dialect, text);
    let deep = || Some("it is nested too deeply to be read".to_owned());
    if list.len() > MOST {
        return Some("it is too long to be read".to_owned());
    }
    let (mut brackets, mut blocks, mut run) = (0_usize, 0_usize, 0_usize);
    for (at, token) in list.iter().enumerate() {
        run += 1;
        match (token.kind, token.text) {
            (TokenKind::Symbol, "(" | "[") => (brackets, run) = (brackets + 1, 0),
            (TokenKind::Symbol, ")" | "]") => brackets = brackets.saturating_sub(1),
            (TokenKind::Symbol, ",") | (TokenKind::End, _) => run = 0,
            (TokenKind::Word, _) => blocks = block(&list, at, blocks),
            (TokenKind::Text, said) if said.len() > 100 && dialect == Dialect::Postgres => {
                // The body of a function, which is parsed, too.
                let body = said.trim_matches(|c: char| c == '$' || c == '\'');
                if inside == 3 || exceeded_in(dialect, body, inside + 1).is_some() {
                    return deep();
                }
            }
            _ => {}
        }
        if brackets > DEEPEST || blocks > DEEPEST || run > LONGEST {
            return deep();
        }
    }
    None
}

fn block(list: &[Token<'_>], at: usize, blocks: usize) -> usize {
    let token = &list[at];
    let is_near = |at: Option<usize>, words: &[&str]| {
        at.and_then(|at| list.get(at))
            .is_some_and(|it| words.iter().any(|word| it.is(word)))
    };
    if token.is("end") {
        return blocks.saturating_sub(1);
    }
    let opens = ["begin", "case", "loop", "if"]
        .iter()
        .any(|word| token.is(word));
    let closes = is_near(at.checked_sub(1), &["end"]);
    let is_condition = is_near(Some(at + 1), &["exists", "not"]) && token.is("if");
    blocks + usize::from(opens && !closes && !is_condition)
}

/// A long `INSERT … VALUES (…), (…), …` with its first row only.
pub(super) fn with_one_row(dialect: Dialect, text: &str) -> Cow<'_, str> {
    if text.len() < MANY_ROWS {
        return Cow::Borrowed(text);
    }
    let list = tokens(dialect, text);
    let writes = list
        .first()
        .is_some_and(|it| it.is("insert") || it.is("replace"));
    let values = list.iter().position(|it| it.is("values"));
    let Some(values) = values.filter(|_| writes) else {
        return Cow::Borrowed(text);
    };
    let (mut depth, mut from, mut to) = (0_usize, None, None);
    for token in &list[values + 1..] {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                from = from.or(Some(token.end()));
                to = Some(token.end());
            }
        } else if depth == 0 && !token.is_symbol(",") {
            break;
        }
    }
    match (from, to) {
        (Some(from), Some(to)) => Cow::Owned(format!("{}{}", &text[..from], &text[to..])),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_fit_is_not_parsed() {
        for (text, expected) in [
            ("select 1".to_owned(), false),
            (
                format!("select {}1{}", "(".repeat(50), ")".repeat(50)),
                false,
            ),
            (format!("select {}1", "(".repeat(61)), true),
            (format!("select 1{}", " and 1".repeat(200)), false),
            (format!("select 1{}", " and 1".repeat(500)), true),
            (format!("select 1{}", ", 1".repeat(5000)), false),
            (format!("do $$ {} $$", "begin x; ".repeat(70)), true),
            (
                format!("do $$ begin {} end $$", "if x then y; end if; ".repeat(900)),
                false,
            ),
        ] {
            assert_eq!(
                exceeded(Dialect::Postgres, &text).is_some(),
                expected,
                "{text:.40}"
            );
        }
    }

    #[test]
    fn one_row_stands_for_all() {
        let rows = ", (2, ')')".repeat(1000);
        let text = format!("insert into a values (1, (2)){rows} on conflict do nothing");
        let short = with_one_row(Dialect::Sqlite, &text);
        assert_eq!(
            short,
            "insert into a values (1, (2)) on conflict do nothing"
        );
    }
}
