//! `SELECT … INTO variable` of PL/pgSQL, which squawk does not know: taken out, what is left is a query like any other.

use super::super::Dialect;
use super::super::lexer::{Lexer, Token, TokenKind};

/// The body of a function with blanks where variables are filled; `None`: none is.
pub(super) fn without(body: &str) -> Option<String> {
    let tokens: Vec<Token<'_>> = Lexer::new(Dialect::Postgres, body)
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let mut bytes = body.as_bytes().to_vec();
    let mut found = false;
    let mut verb = "";
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Word {
            continue;
        }
        let verbs = [
            "select", "insert", "update", "delete", "merge", "fetch", "execute", "move",
        ];
        if let Some(here) = verbs.into_iter().find(|it| token.is(it)) {
            verb = here;
        }
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let is_target = before.is_some_and(|it| it.is("insert") || it.is("merge"));
        if !token.is("into") || is_target || ["fetch", "execute", "move"].contains(&verb) {
            continue;
        }
        let end = variables(&tokens, at + 1);
        bytes[token.at..end].fill(b' ');
        found = true;
    }
    found.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// Where the list of variables ends that begins with this token.
fn variables(tokens: &[Token<'_>], mut at: usize) -> usize {
    let end = |at: usize| tokens.get(at.saturating_sub(1)).map_or(0, Token::end);
    if tokens.get(at).is_some_and(|it| it.is("strict")) {
        at += 1;
    }
    loop {
        let is_name = |at: usize| {
            (tokens.get(at))
                .is_some_and(|it| matches!(it.kind, TokenKind::Word | TokenKind::Quoted))
        };
        if !is_name(at) {
            return end(at);
        }
        at += 1;
        while tokens.get(at).is_some_and(|it| it.is_symbol(".")) && is_name(at + 1) {
            at += 2;
        }
        if !tokens.get(at).is_some_and(|it| it.is_symbol(",")) {
            return end(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_are_taken_out() {
        for (body, expected) in [
            (
                "begin select a into b from c; end",
                Some("begin select a from c; end"),
            ),
            (
                "begin select into strict x.y, \"Z\" a from c; end",
                Some("begin select a from c; end"),
            ),
            (
                "begin insert into a values (1) returning id into b; end",
                Some("begin insert into a values (1) returning id ; end"),
            ),
            ("begin insert into a select 1; fetch c into d; end", None),
            ("begin execute 'x' into y; end", None),
            ("begin 'select a into b' end", None),
            ("select a into", Some("select a")),
        ] {
            let found = without(body).map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), expected, "{body}");
        }
    }
}
