//! Trailers at the end of a commit's message, as `git interpret-trailers` reads them.

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
    let lines: Vec<&str> = message
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let end = lines.iter().rposition(|line| !is_blank(line));
    let Some(end) = end else { return Vec::new() };
    let start = lines[..end].iter().rposition(|line| is_blank(line));
    let Some(start) = start else {
        return Vec::new();
    };
    // Blank lines in front are not yet a paragraph.
    if lines[..start].iter().all(|line| is_blank(line)) {
        return Vec::new();
    }
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
