//! One string more or less in a list of a TOML text, by splicing the text: what is not the string stays byte for byte.

use std::ops::Range;

/// Where a list stands in a text: from its `[` to behind its `]`, and each of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) whole: Range<usize>,
    pub(super) values: Vec<Range<usize>>,
}

/// The text with one more value at the end of the list, laid out as the one before it.
pub(super) fn with(text: &str, place: &Place, literal: &str, line_end: &str) -> String {
    let close = place.whole.end - 1;
    let Some(last) = place.values.last() else {
        return with_first(text, place, literal, line_end);
    };
    let comma = comma(text, last.end, close);
    let begin = line_begin(text, last.start);
    let own_line = begin > place.whole.start && is_blank(&text[begin..last.start]);
    if !own_line {
        return match comma {
            Some(at) => spliced(text, at + 1..at + 1, &format!(" {literal},")),
            None => spliced(text, last.end..last.end, &format!(", {literal}")),
        };
    }
    let indent = &text[begin..last.start];
    // Behind the comment at the end of the line, which is about what stands in front of it.
    let at = match line_stop(text, comma.unwrap_or(last.end), close) {
        Some(at) => at,
        None => last.end.max(comma.map_or(0, |at| at + 1)),
    };
    let tail = if comma.is_some() { "," } else { "" };
    let text = spliced(text, at..at, &format!("{line_end}{indent}{literal}{tail}"));
    match comma {
        Some(_) => text,
        None => spliced(&text, last.end..last.end, ","),
    }
}

fn with_first(text: &str, place: &Place, literal: &str, line_end: &str) -> String {
    let (open, close) = (place.whole.start + 1, place.whole.end - 1);
    let inner = &text[open..close];
    if is_blank(inner) {
        return spliced(text, open..close, literal);
    }
    // Nothing but comments: below them.
    let begin = line_begin(text, close);
    let closing = &text[begin..close];
    spliced(
        text,
        begin..begin,
        &format!("{closing}  {literal},{line_end}"),
    )
}

/// The text without a value. Its comma goes, and a comment at the end of its line where nothing else is on it; comments on
/// lines of their own stay: they may be about more than this one.
pub(super) fn without(text: &str, place: &Place, index: usize) -> String {
    let close = place.whole.end - 1;
    let value = &place.values[index];
    let (before, next) = (
        index.checked_sub(1).map(|at| &place.values[at]),
        place.values.get(index + 1),
    );
    let end = next.map_or(close, |next| next.start);
    let comma_behind = comma(text, value.end, end);
    let comma_before = before.and_then(|before| comma(text, before.end, value.start));
    let begin = line_begin(text, value.start);
    let starts_line = begin > place.whole.start && is_blank(&text[begin..value.start]);
    let behind = comma_behind.map_or(value.end, |at| at + 1);
    let mut cuts: Vec<Range<usize>> = Vec::new();
    match line_stop(text, behind, end) {
        Some(stop) if starts_line && !text[value.end..behind].contains('\n') => {
            let stop = text[stop..].find('\n').map_or(stop, |at| stop + at + 1);
            cuts.extend(
                comma_behind
                    .is_none()
                    .then_some(comma_before)
                    .flatten()
                    .map(one),
            );
            cuts.push(begin..stop);
        }
        _ => match (comma_behind, comma_before) {
            // First on its line, or in the list: what follows moves up to its place.
            (Some(comma), _) if starts_line || before.is_none() => {
                let rest = text[comma + 1..end].trim_start_matches([' ', '\t']);
                cuts.push(value.start..end - rest.len());
            }
            (Some(comma), Some(from)) => cuts.push(from + 1..comma + 1),
            (None, Some(from)) if text[from..value.start].contains('\n') => {
                cuts.extend([one(from), begin..value.end]);
            }
            (None, Some(from)) => cuts.push(from..value.end),
            (comma, None) => cuts.push(value.start..comma.map_or(value.end, |at| at + 1)),
        },
    }
    let (mut text, mut length) = (text.to_owned(), place.whole.len());
    for cut in cuts.into_iter().rev() {
        length -= cut.len();
        text = spliced(&text, cut, "");
    }
    let inner = place.whole.start + 1..place.whole.start + length - 1;
    match is_blank(&text[inner.clone()]) {
        true => spliced(&text, inner, ""),
        false => text,
    }
}

fn one(at: usize) -> Range<usize> {
    at..at + 1
}

fn spliced(text: &str, range: Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..range.start], &text[range.end..])
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn line_begin(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The comma between two values, which may have comments around it.
fn comma(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut in_comment = false;
    for (at, byte) in text.as_bytes()[from..to].iter().enumerate() {
        match byte {
            b'\n' => in_comment = false,
            b'#' => in_comment = true,
            b',' if !in_comment => return Some(from + at),
            _ => {}
        }
    }
    None
}

/// The end of the line, in front of its line end, where at most a comma and a comment stand before it; `None`: more is on it.
fn line_stop(text: &str, from: usize, to: usize) -> Option<usize> {
    let end = from + text[from..to].find('\n')?;
    let rest = text[from..end].trim_start_matches([',', ' ', '\t', '\r']);
    let stop = text[from..end].trim_end_matches([' ', '\t', '\r']).len();
    (rest.is_empty() || rest.starts_with('#')).then_some(from + stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a text that is nothing but a list of strings in single quotes.
    fn place(text: &str) -> Place {
        let document = toml_edit::Document::parse(format!("x = {text}")).unwrap();
        let list = document["x"].as_array().unwrap();
        let moved = |span: Range<usize>| span.start - 4..span.end - 4;
        Place {
            whole: moved(list.span().unwrap()),
            values: list.iter().map(|it| moved(it.span().unwrap())).collect(),
        }
    }

    const TAILS: &str =
        "[\n  # head\n  'a', # tail a\n  # for b\n  'b', # tail b\n  'c' # tail c\n]";

    #[test]
    fn one_more() {
        let cases = [
            ("[]", "['n']"),
            ("[ ]", "['n']"),
            ("[\n]", "['n']"),
            ("[\n  # none\n]", "[\n  # none\n  'n',\n]"),
            ("['a']", "['a', 'n']"),
            ("[ 'a' ]", "[ 'a', 'n' ]"),
            ("['a', 'b',]", "['a', 'b', 'n',]"),
            ("[\n  'a']", "[\n  'a',\n  'n']"),
            ("[\n  'a',]", "[\n  'a',\n  'n',]"),
            ("[\n\t'a',\n]", "[\n\t'a',\n\t'n',\n]"),
            (
                "[\n  'a', # a's\n  # more\n]",
                "[\n  'a', # a's\n  'n',\n  # more\n]",
            ),
            ("[\n  'a' # x, y\n]", "[\n  'a', # x, y\n  'n'\n]"),
        ];
        for (text, expected) in cases {
            assert_eq!(with(text, &place(text), "'n'", "\n"), expected, "{text}");
            let (text, expected) = (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n"));
            assert_eq!(with(&text, &place(&text), "'n'", "\r\n"), expected);
        }
        let more = with(TAILS, &place(TAILS), "'n'", "\n");
        assert_eq!(
            more,
            TAILS.replace("'c' # tail c\n", "'c', # tail c\n  'n'\n")
        );
    }

    #[test]
    fn one_less() {
        let cases = [
            ("['a']", 0, "[]"),
            ("[ 'a', ]", 0, "[]"),
            ("[\n  'a',\n]", 0, "[]"),
            ("[\n  # all\n  'a',\n]", 0, "[\n  # all\n]"),
            ("['a', 'b', 'c']", 0, "['b', 'c']"),
            ("['a', 'b', 'c']", 1, "['a', 'c']"),
            ("['a', 'b', 'c']", 2, "['a', 'b']"),
            ("['a', 'b', ]", 1, "['a', ]"),
            ("[\n  'a', # a's\n  'b',\n]", 1, "[\n  'a', # a's\n]"),
            ("[\n  'a', # a's\n  'b']", 1, "[\n  'a' # a's\n]"),
            (
                "[\n  'a', 'b', # both\n  'c',\n]",
                0,
                "[\n  'b', # both\n  'c',\n]",
            ),
            (
                "[\n  'a', 'b', # both\n  'c',\n]",
                1,
                "[\n  'a', # both\n  'c',\n]",
            ),
            ("['a', # a's\n 'b']", 0, "[# a's\n 'b']"),
        ];
        for (text, index, expected) in cases {
            assert_eq!(without(text, &place(text), index), expected, "{text}");
            let (text, expected) = (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n"));
            assert_eq!(without(&text, &place(&text), index), expected);
        }
        for (index, gone, now) in [
            (0, "  'a', # tail a\n", ""),
            (1, "  'b', # tail b\n", ""),
            (2, "'b', # tail b\n  'c' # tail c\n", "'b' # tail b\n"),
        ] {
            let less = without(TAILS, &place(TAILS), index);
            assert_eq!(less, TAILS.replace(gone, now), "{index}");
        }
    }
}
