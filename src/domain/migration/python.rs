//! What a Python file says at the left margin and in its classes, read without running it: names that are given strings,
//! lists of strings, or nothing.

/// A value as far as it is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Text(String),
    /// A list, a tuple or a set.
    List(Vec<Value>),
    /// Something that only running it would tell.
    Other,
}

impl Value {
    /// All texts in it, at any depth.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().flat_map(Value::texts).collect(),
            Value::None | Value::Other => Vec::new(),
        }
    }
}

/// `name = value`, with the class that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    /// `None`: at the left margin.
    pub(super) class: Option<String>,
    pub(super) name: String,
    pub(super) value: Value,
    /// From 1.
    pub(super) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Mark(char),
}

/// One statement: what a line says, with those that it goes on in.
struct Statement {
    indent: usize,
    line: usize,
    tokens: Vec<Token>,
}

/// The assignments of a file at the left margin, and right inside its classes. Never fails: what cannot be read is left out.
pub(super) fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    // The class that we are in, and how far its body is indented once that is known.
    let mut class: Option<(String, Option<usize>)> = None;
    for statement in statements(text) {
        if statement.indent == 0 {
            class = match statement.tokens.as_slice() {
                [Token::Name(word), Token::Name(name), ..] if word == "class" => {
                    Some((name.clone(), None))
                }
                _ => None,
            };
        }
        let inside = match &mut class {
            None if statement.indent == 0 => None,
            Some((name, body)) if statement.indent > 0 => {
                let body = *body.get_or_insert(statement.indent);
                if statement.indent != body {
                    continue;
                }
                Some(name.clone())
            }
            _ => continue,
        };
        let Some((name, value)) = assignment(&statement.tokens) else {
            continue;
        };
        found.push(Assignment {
            class: inside,
            name,
            value,
            line: statement.line,
        });
    }
    found
}

/// `name = …` or `name: type = …`.
fn assignment(tokens: &[Token]) -> Option<(String, Value)> {
    let [Token::Name(name), rest @ ..] = tokens else {
        return None;
    };
    let value = match rest {
        [Token::Mark('='), value @ ..] => value,
        [Token::Mark(':'), rest @ ..] => {
            let at = (rest.iter()).position(|token| *token == Token::Mark('='))?;
            &rest[at + 1..]
        }
        _ => return None,
    };
    // `==` is a comparison.
    if value.first() == Some(&Token::Mark('=')) {
        return None;
    }
    let (value, rest) = expression(value, 0);
    Some((
        name.clone(),
        if rest.is_empty() { value } else { Value::Other },
    ))
}

/// Deeper than this nobody writes, and a stack is only so deep.
const DEEPEST: usize = 50;

/// The value at the beginning, and what follows it.
fn expression(tokens: &[Token], depth: usize) -> (Value, &[Token]) {
    match tokens {
        [Token::Text(first), rest @ ..] => {
            let (mut text, mut rest) = (first.clone(), rest);
            while let [Token::Text(next), more @ ..] = rest {
                text.push_str(next);
                rest = more;
            }
            comma(Value::Text(text), rest, depth)
        }
        [Token::Name(name), rest @ ..] if name == "None" => (Value::None, rest),
        [Token::Mark(open @ ('(' | '[' | '{')), rest @ ..] if depth < DEEPEST => {
            let (mut items, commas, rest) = items(rest, depth + 1);
            // Brackets without a comma hold a value together, and make no tuple of it.
            let only = (*open == '(' && commas == 0 && items.len() == 1).then(|| items.remove(0));
            (only.unwrap_or(Value::List(items)), rest)
        }
        [] => (Value::Other, tokens),
        [_, rest @ ..] => (Value::Other, after_operand(rest)),
    }
}

/// At the left margin, `a, b` is a tuple.
fn comma(first: Value, rest: &[Token], depth: usize) -> (Value, &[Token]) {
    match rest {
        [Token::Mark(','), more @ ..] if depth == 0 => {
            let (items, _, rest) = items(more, depth + 1);
            (Value::List([vec![first], items].concat()), rest)
        }
        _ => (first, rest),
    }
}

/// Up to the closing bracket, which is taken, with the number of commas.
fn items(mut tokens: &[Token], depth: usize) -> (Vec<Value>, usize, &[Token]) {
    let (mut items, mut commas) = (Vec::new(), 0);
    loop {
        match tokens {
            [] => return (items, commas, tokens),
            [Token::Mark(')' | ']' | '}'), rest @ ..] => return (items, commas, rest),
            [Token::Mark(','), rest @ ..] => {
                commas += 1;
                tokens = rest;
            }
            _ => {
                let (value, rest) = expression(tokens, depth);
                let ended = matches!(rest, [] | [Token::Mark(',' | ')' | ']' | '}'), ..]);
                items.push(if ended { value } else { Value::Other });
                tokens = if ended { rest } else { after_operand(rest) };
            }
        }
    }
}

/// What follows an expression that cannot be told: at the next comma or closing bracket of this depth.
fn after_operand(mut tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    while let [first, rest @ ..] = tokens {
        match first {
            Token::Mark(',' | ')' | ']' | '}') if depth == 0 => break,
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        tokens = rest;
    }
    tokens
}

fn statements(text: &str) -> Vec<Statement> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut statements = Vec::new();
    let mut current = Statement {
        indent: 0,
        line: 1,
        tokens: Vec::new(),
    };
    let (mut depth, mut line, mut indent) = (0_usize, 1, Some(0_usize));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\n' | ';' if depth == 0 => {
                if !current.tokens.is_empty() {
                    let next = Statement {
                        indent: current.indent,
                        line,
                        tokens: Vec::new(),
                    };
                    statements.push(std::mem::replace(&mut current, next));
                }
                if c == '\n' {
                    line += 1;
                    indent = Some(0);
                }
                rest = after;
            }
            '\n' => {
                line += 1;
                rest = after;
            }
            '\\' if after.starts_with('\n') || after.starts_with("\r\n") => {
                line += 1;
                rest = after
                    .trim_start_matches('\r')
                    .strip_prefix('\n')
                    .unwrap_or(after);
            }
            '#' => rest = after.find('\n').map_or("", |at| &after[at..]),
            ' ' | '\t' | '\r' | '\x0c' => {
                if c != '\r' {
                    let width = if c == '\t' { 8 } else { 1 };
                    indent = indent.map(|so_far| so_far + width);
                }
                rest = after;
            }
            _ => {
                if current.tokens.is_empty() {
                    current.indent = indent.unwrap_or(current.indent);
                    current.line = line;
                }
                indent = None;
                let (token, lines, after) = token(rest, c);
                if let Token::Mark(mark) = token {
                    match mark {
                        '(' | '[' | '{' => depth += 1,
                        ')' | ']' | '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
                current.tokens.push(token);
                line += lines;
                rest = after;
            }
        }
    }
    if !current.tokens.is_empty() {
        statements.push(current);
    }
    statements
}

/// The token at the beginning, how many line ends are in it, and what follows.
fn token(rest: &str, first: char) -> (Token, usize, &str) {
    if first.is_alphanumeric() || first == '_' {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_prefix = name.len() <= 2 && name.chars().all(|c| "rRuUbB".contains(c));
        if is_prefix && after.starts_with(['"', '\'']) {
            return string(after, name.contains(['r', 'R']));
        }
        return (Token::Name(name.to_owned()), 0, after);
    }
    if first == '"' || first == '\'' {
        return string(rest, false);
    }
    (Token::Mark(first), 0, &rest[first.len_utf8()..])
}

/// `rest` begins with a quote.
fn string(rest: &str, raw: bool) -> (Token, usize, &str) {
    let quote = &rest[..1];
    let long = quote.repeat(3);
    let end = if rest.starts_with(&long) {
        long.as_str()
    } else {
        quote
    };
    let (mut text, mut lines) = (String::new(), 0);
    let mut rest = &rest[end.len()..];
    loop {
        if let Some(after) = rest.strip_prefix(end) {
            return (Token::Text(text), lines, after);
        }
        let Some(c) = rest.chars().next() else {
            return (Token::Text(text), lines, rest);
        };
        // A line end leaves a short text unfinished: no Python, but nothing to fall over.
        if c == '\n' && end.len() == 1 {
            return (Token::Text(text), lines, rest);
        }
        lines += usize::from(c == '\n');
        rest = &rest[c.len_utf8()..];
        match (c, rest.chars().next()) {
            ('\\', Some(next)) => {
                lines += usize::from(next == '\n');
                rest = &rest[next.len_utf8()..];
                match next {
                    '\n' if !raw => {}
                    '\\' | '\'' | '"' if !raw => text.push(next),
                    _ => text.extend(['\\', next]),
                }
            }
            _ => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(value: &Value) -> String {
        match value {
            Value::None => "None".to_owned(),
            Value::Text(text) => format!("{text:?}"),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(show).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Other => "?".to_owned(),
        }
    }

    fn read(text: &str) -> Vec<String> {
        assignments(text)
            .iter()
            .map(|it| {
                let class = it
                    .class
                    .as_deref()
                    .map_or(String::new(), |it| format!("{it}."));
                format!("{}: {class}{} = {}", it.line, it.name, show(&it.value))
            })
            .collect()
    }

    #[test]
    fn at_the_margin() {
        for (text, expected) in [
            ("revision = 'abc'\n", &["1: revision = \"abc\""][..]),
            ("revision: str = \"abc\"", &["1: revision = \"abc\""]),
            (
                "down_revision: Union[str, None] = None\r\n",
                &["1: down_revision = None"],
            ),
            (
                "\u{feff}a = 'x'\r\nb = 'y'\r\n",
                &["1: a = \"x\"", "2: b = \"y\""],
            ),
            ("a = ('x', 'y')", &["1: a = [\"x\", \"y\"]"]),
            ("a = 'x', 'y'", &["1: a = [\"x\", \"y\"]"]),
            ("a = ('x',)", &["1: a = [\"x\"]"]),
            ("a = ('x')", &["1: a = \"x\""]),
            (
                "a = (\n  # why\n  'x'\n  'y'\n)\nb = 1",
                &["1: a = \"xy\"", "6: b = ?"],
            ),
            ("a = ['x', f(1, 2), 'z']", &["1: a = [\"x\", ?, \"z\"]"]),
            ("a = []; b = ()", &["1: a = []", "1: b = []"]),
            ("a = 'x' + y", &["1: a = ?"]),
            ("a = f\"x\"", &["1: a = ?"]),
            (
                "a = r'\\d' ; b = '\\''",
                &["1: a = \"\\\\d\"", "1: b = \"'\""],
            ),
            ("a = \\\n  'x'", &["1: a = \"x\""]),
            (
                "\"\"\"Doc\n\nrevision = 'no'\n\"\"\"\nrevision = 'yes'",
                &["5: revision = \"yes\""],
            ),
            ("def f():\n    revision = 'no'\n", &[]),
            ("if x:\n    a = 'no'\nb == 'no'\n", &[]),
            ("# a = 'no'\na = 'x'  # 'y'\n", &["2: a = \"x\""]),
            (
                "a = 'unfinished\nb = 'x'",
                &["1: a = \"unfinished\"", "2: b = \"x\""],
            ),
            ("a = ((((", &["1: a = []"]),
            ("a = )", &["1: a = ?"]),
            ("", &[]),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn in_classes() {
        let text = "\
from django.db import migrations

class Migration(migrations.Migration):
    '''Says nothing.'''

    replaces = [('shop', '0001_a'), ('shop', '0002_b')]
    dependencies = [
        (\"shop\", \"0002_b\"),  # theirs
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    def f(self):
        dependencies = []
    operations = [migrations.RunSQL(\"select 1\")]

x = 'y'
";
        assert_eq!(
            read(text),
            [
                "6: Migration.replaces = [[\"shop\", \"0001_a\"], [\"shop\", \"0002_b\"]]",
                "7: Migration.dependencies = [[\"shop\", \"0002_b\"], ?]",
                "13: Migration.operations = [?]",
                "15: x = \"y\"",
            ]
        );
    }

    #[test]
    fn depth_does_no_harm() {
        let text = format!("a = {}", "(".repeat(100_000));
        assert_eq!(assignments(&text).len(), 1);
    }
}
