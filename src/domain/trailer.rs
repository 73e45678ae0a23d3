//! Trailers at the end of a commit's message, as `git interpret-trailers` reads them.

use super::path::Pattern;

/// The trailer that says whose a commit is.
pub const TRACK: &str = "Track";

/// One `Key: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    pub key: String,
    /// On one line.
    pub value: String,
}

/// Those of the last paragraph, where that is not the first: it has nothing but trailers, or one that git itself writes and
/// at least a quarter of such lines.
pub fn trailers(message: &str) -> Vec<Trailer> {
    let all: Vec<&str> = message.lines().collect();
    // The first paragraph is the title, also where it looks like a comment.
    let title = all.iter().position(|line| !is_blank(line));
    let Some(title) = title else {
        return Vec::new();
    };
    let behind = all[title..].iter().position(|line| is_blank(line));
    let Some(behind) = behind.map(|at| title + at) else {
        return Vec::new();
    };
    let lines = all[behind..].iter().copied();
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    let end = lines.iter().rposition(|line| !is_blank(line));
    let Some(end) = end else { return Vec::new() };
    let start = lines[..end].iter().rposition(|line| is_blank(line));
    let start = start.unwrap_or_default();
    let mut found: Vec<Trailer> = Vec::new();
    let (mut written_by_git, mut trailing, mut other) = (false, 0, 0);
    for line in &lines[start + 1..=end] {
        let continues = line.starts_with([' ', '\t']);
        if continues && trailing + other > 0 {
            match found.last_mut().filter(|_| other == 0) {
                Some(last) => last.value = format!("{} {}", last.value, line.trim()),
                None => other += 1,
            }
        } else if line.starts_with("(cherry picked from commit ") {
            (written_by_git, trailing) = (true, trailing + 1);
        } else if let Some(trailer) = read(line) {
            written_by_git |= line.starts_with("Signed-off-by: ");
            trailing += 1;
            found.push(trailer);
        } else {
            other += 1;
        }
    }
    let is_block = (written_by_git && trailing * 3 >= other) || (trailing > 0 && other == 0);
    if is_block { found } else { Vec::new() }
}

/// The values of one key, whatever its case, in the order of the message.
pub fn values(message: &str, key: &str) -> Vec<String> {
    let all = trailers(message).into_iter();
    all.filter(|trailer| trailer.key.eq_ignore_ascii_case(key))
        .map(|trailer| trailer.value)
        .collect()
}

/// The first word of a value and what is behind it; in double quotes it may have blanks, and `\"` and `\\`.
pub fn first_word(value: &str) -> Option<(String, &str)> {
    let value = value.trim_start();
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find(char::is_whitespace).unwrap_or(value.len());
        let (word, rest) = value.split_at(end);
        return (!word.is_empty()).then(|| (word.to_owned(), rest.trim()));
    };
    let (mut word, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((word, quoted[at + 1..].trim())),
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            c => word.push(c),
        }
    }
    None
}

/// What a word says of paths: a pattern, or a path as it is.
pub fn paths(word: &str) -> Vec<Pattern> {
    let literal = Pattern::literally(word);
    let as_path = (literal != word).then_some(literal);
    let texts = std::iter::once(word).chain(as_path.as_deref());
    texts.filter_map(|text| Pattern::new(text).ok()).collect()
}

/// A word as [`first_word`] reads it.
pub fn word(text: &str) -> String {
    let plain = !text.is_empty() && !text.starts_with('"') && !text.contains(char::is_whitespace);
    match plain {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn read(line: &str) -> Option<Trailer> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let is_key = !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    is_key.then(|| Trailer {
        key: key.to_owned(),
        value: value.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_is_behind() {
        for (path, written) in [
            ("src/x", "src/x"),
            ("it's", "it's"),
            ("we ird/x", "\"we ird/x\""),
            ("a\\b", "a\\b"),
            ("a \\b\"", "\"a \\\\b\\\"\""),
            ("\"a", "\"\\\"a\""),
            ("", "\"\""),
        ] {
            assert_eq!(word(path), written);
            let value = format!(" {written}  why not ");
            assert_eq!(first_word(&value), Some((path.to_owned(), "why not")));
        }
        assert_eq!(first_word("x"), Some(("x".to_owned(), "")));
        assert_eq!(first_word("  "), None);
        assert_eq!(first_word("\"never ended"), None);
    }

    #[test]
    fn the_last_paragraph_is_a_block_of_trailers_or_not() {
        let cases: [(&str, &[(&str, &str)]); 14] = [
            ("", &[]),
            ("Track: a", &[]),
            ("\n\nTrack: a\n", &[]),
            ("Add\n\nTrack: a\n", &[("Track", "a")]),
            ("Add\r\n\r\nTrack: a\r\n", &[("Track", "a")]),
            (
                "Add\n\nWhy.\n\nTrack:a\nReviewed-by : B C\n\n\n",
                &[("Track", "a"), ("Reviewed-by", "B C")],
            ),
            ("Add\n\nTrack: a\n\nMore text.\n", &[]),
            ("Add\n\nSome text\nTrack: a\n", &[]),
            (
                "Add\n\nSome text\nTrack: a\nSigned-off-by: B <b@c>\n",
                &[("Track", "a"), ("Signed-off-by", "B <b@c>")],
            ),
            (
                "Add\n\nReason: it is\n  long\nTrack: a\n",
                &[("Reason", "it is long"), ("Track", "a")],
            ),
            (
                "Add\n\nTrack: a\n(cherry picked from commit 1)\n",
                &[("Track", "a")],
            ),
            (
                "Add\n\nTrack: a\n# Please enter the message\n",
                &[("Track", "a")],
            ),
            ("Add\n\nsee https://x.y\n", &[]),
            ("Add\n\nTrack:\n", &[("Track", "")]),
        ];
        for (message, expected) in cases {
            let found = trailers(message);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|trailer| (trailer.key.as_str(), trailer.value.as_str()))
                .collect();
            assert_eq!(found, expected, "{message:?}");
        }
        assert_eq!(values("Add\n\ntrack: a\nTRACK: b\n", TRACK), ["a", "b"]);
    }
}
