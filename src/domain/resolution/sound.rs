//! Whether a result may count: nothing that looks like a conflict marker has come in, and what each side added is still
//! there.

use std::collections::BTreeSet;
use std::ops::Range;

/// As git writes them, unless an attribute says otherwise.
const MARKER_SIZE: usize = 7;

/// A line that a side added and the result does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// For people, without the blanks around it.
    pub line: String,
    /// How many more there are.
    pub more: usize,
}

/// The first line, counted from 1, that is a conflict marker in the result and stands in none of the versions that it was made from.
pub fn stray_marker(result: &[u8], versions: &[&[u8]]) -> Option<usize> {
    let known: BTreeSet<&[u8]> = versions
        .iter()
        .flat_map(|version| lines(version))
        .filter(|line| is_marker(line))
        .collect();
    lines(result)
        .position(|line| is_marker(line) && !known.contains(line))
        .map(|index| index + 1)
}

/// `<<<<<<< ours`, `||||||| base`, `=======`, `>>>>>>> theirs`.
fn is_marker(line: &[u8]) -> bool {
    let Some(first) = line.first().filter(|byte| b"<|=>".contains(byte)) else {
        return false;
    };
    let size = line.iter().take_while(|byte| *byte == first).count();
    let rest = &line[size..];
    match (size.cmp(&MARKER_SIZE), first) {
        (std::cmp::Ordering::Less, _) => false,
        // A line of many `=` underlines a headline.
        (std::cmp::Ordering::Greater, b'=') => false,
        (_, b'=') => rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with(b" "),
    }
}

/// What `side` added to `base` and `result` does not have any more. `given_up`: the lines of the side that the result may do
/// without. Blanks at both ends of a line do not count, nor how often a line is there: a driver may indent and join.
pub fn lost_lines(
    base: &[u8],
    side: &[u8],
    result: &[u8],
    given_up: &[Range<usize>],
) -> Option<Loss> {
    let set = |text: &'_ [u8]| -> BTreeSet<Vec<u8>> {
        lines(text)
            .map(|line| line.trim_ascii().to_owned())
            .collect()
    };
    let (base, result) = (set(base), set(result));
    let mut lost = lines(side)
        .enumerate()
        .filter(|(number, _)| !given_up.iter().any(|range| range.contains(number)))
        .map(|(_, line)| line.trim_ascii())
        .filter(|line| !line.is_empty() && !base.contains(*line) && !result.contains(*line));
    let first = lost.next()?;
    Some(Loss {
        line: String::from_utf8_lossy(first).into_owned(),
        more: lost.count(),
    })
}

/// Without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers() {
        for (result, sides, expected) in [
            ("a\nb\n", "", None),
            ("a\n<<<<<<< ours\n", "", Some(2)),
            ("<<<<<<<\n", "", Some(1)),
            ("|||||||\r\n", "", Some(1)),
            ("a\n=======\n", "", Some(2)),
            (">>>>>>> theirs", "", Some(1)),
            (">>>>>>>>>> deep\n", "", Some(1)),
            ("Title\n=======\n", "Title\n=======\n", None),
            ("Headline\n==========\n", "", None),
            ("<<<<<<\n======\n", "", None),
            ("<<<<<<<x\n", "", None),
            ("  <<<<<<< x\n", "", None),
        ] {
            let found = stray_marker(result.as_bytes(), &[b"other\n", sides.as_bytes()]);
            assert_eq!(found, expected, "{result:?}");
        }
    }

    #[test]
    fn what_was_added_is_still_there() {
        let loss = |line: &str, more| {
            Some(Loss {
                line: line.to_owned(),
                more,
            })
        };
        type Case<'a> = (&'a str, &'a str, &'a str, &'a [Range<usize>], Option<Loss>);
        let first = std::slice::from_ref(&(0..1));
        let cases: [Case<'_>; 8] = [
            ("1\n2\n", "1\n2\n", "", &[], None),
            ("1\n", "1\nnew\n", "1\n  new\n", &[], None),
            ("1\n", "1\nnew\n", "1\n", &[], loss("new", 0)),
            ("1\n", "a\nb\n", "1\n", &[], loss("a", 1)),
            ("1\n", "a\nb\n", "b\n", first, None),
            ("1\n", "a\nb\n", "x\n", first, loss("b", 0)),
            ("", "a\na\n", "a\n", &[], None),
            ("", "\n  \n", "", &[], None),
        ];
        for (base, side, result, given_up, expected) in cases {
            let bytes = |text: &str| text.as_bytes().to_owned();
            let found = lost_lines(&bytes(base), &bytes(side), &bytes(result), given_up);
            assert_eq!(found, expected, "{base:?} {side:?} {result:?}");
        }
    }
}
