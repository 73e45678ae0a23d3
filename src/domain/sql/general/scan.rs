//! Which tables the words of queries name, where there is no tree of them: in bodies of triggers and routines, and in what
//! sqlparser does not know.

use super::super::lexer::{Token, TokenKind};
use super::super::name::fold;
use super::super::{Action, Dialect, Name};
use super::Reader;
use super::words::{Words, items};

/// One table in a `FROM` or `UPDATE`; nameless where it is a query.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) name: Option<Name>,
    pub(super) alias: Option<String>,
}

impl Relation {
    pub(super) fn is_called(&self, called: &str) -> bool {
        let own = self.name.as_ref().map(|name| name.name.as_str());
        self.alias.as_deref().or(own) == Some(called) || own == Some(called)
    }
}

/// What may stand behind a table and is no alias.
const NO_ALIAS: &[&str] = &[
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "cross",
    "natural",
    "straight_join",
    "on",
    "using",
    "where",
    "set",
    "group",
    "order",
    "limit",
    "having",
    "union",
    "except",
    "intersect",
    "window",
    "for",
    "lock",
    "returning",
    "force",
    "use",
    "ignore",
    "partition",
    "values",
    "into",
    "indexed",
    "not",
    "full",
    "select",
    "from",
    "do",
    "begin",
    "end",
    "then",
    "loop",
    "when",
];

/// Everything up to the first `WHERE`, `SET` and the like outside brackets.
pub(super) fn relations(dialect: Dialect, list: &[Token<'_>]) -> Vec<Relation> {
    let mut words = Words::new(dialect, list);
    let mut relations = Vec::new();
    let mut expected = true;
    while let Some(token) = words.peek() {
        if expected {
            expected = false;
            if token.is_symbol("(") {
                let inside = words.brackets().unwrap_or_default();
                let query = inside
                    .first()
                    .is_some_and(|it| it.is("select") || it.is("with"));
                if query {
                    let alias = alias(&mut words);
                    relations.push(Relation { name: None, alias });
                } else {
                    relations.extend(self::relations(dialect, inside));
                }
                continue;
            }
            let is_function = |words: &Words<'_, '_>| words.is_symbol("(");
            let name = words.name();
            if let (Some(name), false) = (name, is_function(&words)) {
                let alias = alias(&mut words);
                let name = Some(name);
                relations.push(Relation { name, alias });
            }
            continue;
        }
        let ends = [
            "where",
            "set",
            "group",
            "order",
            "limit",
            "having",
            "union",
            "except",
            "intersect",
            "window",
            "returning",
        ];
        if words.is_any(&ends) || token.is_symbol(";") || token.is_symbol(")") {
            break;
        }
        let joins = token.is("join") || token.is("straight_join") || token.is_symbol(",");
        words.skip();
        if joins {
            while words.take("lateral") || words.take("only") {}
            expected = true;
        }
    }
    relations
}

fn alias(words: &mut Words<'_, '_>) -> Option<String> {
    if words.take("as") {
        return words.part();
    }
    let is_word = words
        .peek()
        .is_some_and(|it| matches!(it.kind, TokenKind::Word | TokenKind::Quoted));
    (is_word && !words.is_any(NO_ALIAS))
        .then(|| words.part())
        .flatten()
}

impl Reader<'_> {
    /// Everything that is named as a table, as read.
    pub(super) fn scan(&mut self, list: &[Token<'_>]) {
        let with = with_names(self.dialect, list);
        let mut words = Words::new(self.dialect, list);
        // The words before each bracket that is open.
        let mut open: Vec<&str> = Vec::new();
        while let Some(token) = words.peek() {
            let before = words.before(1).map_or("", |it| it.text);
            if token.is_symbol("(") {
                open.push(before);
            } else if token.is_symbol(")") {
                open.pop();
            }
            let said =
                |list: &[&str], word: &str| list.iter().any(|it| it.eq_ignore_ascii_case(word));
            let of_function = open.last().is_some_and(|it| {
                said(
                    &[
                        "extract",
                        "trim",
                        "substring",
                        "substr",
                        "overlay",
                        "position",
                    ],
                    it,
                )
            });
            let reads = (token.is("from") && !of_function && !said(&["distinct"], before))
                || token.is("join")
                || token.is("straight_join");
            let writes = token.is("into")
                && said(
                    &["insert", "replace", "ignore", "abort", "rollback", "fail"],
                    before,
                )
                || token.is("update")
                    && !said(&["on", "for", "key", "before", "after", "or", "of"], before)
                    && !words.list.get(words.at + 1).is_some_and(|it| it.is("set"));
            words.at += 1;
            let found = match (reads, writes) {
                (true, _) => relations(self.dialect, words.rest()),
                (_, true) => {
                    let mut ahead = words;
                    while ahead.take("ignore") || ahead.take("low_priority") {}
                    if ahead.take("or") {
                        ahead.at += 1;
                    }
                    match token.is("update") {
                        true => relations(self.dialect, ahead.rest()),
                        false => ahead
                            .name()
                            .map(|name| Relation {
                                name: Some(name),
                                alias: None,
                            })
                            .into_iter()
                            .collect(),
                    }
                }
                _ => Vec::new(),
            };
            for name in found.into_iter().filter_map(|it| it.name) {
                let is_with = name.schema.is_none() && with.contains(&name.name);
                let is_row = ["new", "old", "dual", "set"].contains(&name.name.as_str());
                if !is_with && !is_row {
                    self.table(name, Action::Read);
                }
            }
        }
    }
}

/// The names of `WITH a AS (…), b AS (…)`, wherever one stands.
fn with_names(dialect: Dialect, list: &[Token<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, token) in list
        .iter()
        .enumerate()
        .filter(|(_, token)| token.is("with"))
    {
        let _ = token;
        let rest = &list[at + 1..];
        let rest = match rest.first() {
            Some(first) if first.is("recursive") => &rest[1..],
            _ => rest,
        };
        for item in items(rest) {
            let is_query = item.iter().skip(1).take(2).any(|it| it.is("as"))
                || (item.get(1).is_some_and(|it| it.is_symbol("("))
                    && item.iter().any(|it| it.is("as")));
            let Some(first) = item.first().filter(|_| is_query) else {
                break;
            };
            names.push(fold(dialect, first.text));
        }
    }
    names
}
