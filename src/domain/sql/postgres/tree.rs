//! Reading names and words off a syntax tree.

use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::normalize_name_node;

use super::super::{Dialect, Name};

/// The first child of this kind.
pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|it| it.kind() == kind)
}

pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    child(node, kind).is_some()
}

/// Everything of this kind below, in the order of the text.
pub(super) fn below(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
    node.descendants().filter(move |it| it.kind() == kind)
}

/// The first of this kind below.
pub(super) fn first(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    below(node, kind).next()
}

/// The name that the first path below spells.
pub(super) fn name_of(node: &SyntaxNode) -> Option<Name> {
    let path = node
        .descendants()
        .find(|it| matches!(it.kind(), PATH | PATH_REF))?;
    let mut parts = parts(&path);
    let name = parts.pop()?;
    Some(Name::new(Dialect::Postgres, parts.pop(), name))
}

/// The names of everything of this kind below.
pub(super) fn names(node: &SyntaxNode, kind: SyntaxKind) -> Vec<Name> {
    below(node, kind).filter_map(|it| name_of(&it)).collect()
}

/// Of `schema.table.column`: the table and the column.
pub(super) fn column_of(node: &SyntaxNode) -> Option<(Name, String)> {
    let path = node.descendants().find(|it| it.kind() == PATH_REF)?;
    let mut parts = parts(&path);
    let column = parts.pop()?;
    let table = parts.pop()?;
    Some((Name::new(Dialect::Postgres, parts.pop(), table), column))
}

fn parts(path: &SyntaxNode) -> Vec<String> {
    path.descendants()
        .filter(|it| matches!(it.kind(), PATH_SEGMENT | PATH_SEGMENT_REF))
        .map(|it| normalize_name_node(&it))
        .filter(|it| !it.is_empty())
        .collect()
}

/// A name that has no schema, by the kind of its node.
pub(super) fn word(node: &SyntaxNode, kind: SyntaxKind) -> Option<String> {
    first(node, kind)
        .map(|it| normalize_name_node(&it))
        .filter(|it| !it.is_empty())
}

pub(super) fn words(node: &SyntaxNode, kind: SyntaxKind) -> Vec<String> {
    below(node, kind)
        .map(|it| normalize_name_node(&it))
        .filter(|it| !it.is_empty())
        .collect()
}

/// Lower case, blanks made single, none inside brackets.
pub(super) fn text(node: &SyntaxNode) -> String {
    let tokens = node
        .descendants_with_tokens()
        .filter_map(squawk_syntax::SyntaxElement::into_token)
        .filter(|token| !token.kind().is_trivia());
    let mut text = String::new();
    for token in tokens {
        let token = token.text().to_lowercase();
        let tight = ["(", ")", ",", ".", "[", "]", ":"];
        let joins = text.is_empty()
            || tight.contains(&token.as_str())
            || text.ends_with(['(', ',', '.', '[', ':']);
        if !joins {
            text.push(' ');
        }
        text.push_str(&token);
    }
    text
}
