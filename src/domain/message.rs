//! Messages of commits as git cleans them up before it takes them: git-commit(1), `--cleanup`.

use super::trailer;

/// Below this line git has put what is not part of the message (`git commit --verbose`), behind the comment's mark.
const SCISSORS: &str = " ------------------------ >8 ------------------------";

/// What of a text is no part of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comments {
    /// How lines begin that are left out; `None`: all are kept.
    pub mark: Option<String>,
    /// The mark in front of the scissors, below which everything is left out; `None`: nothing is.
    pub scissors: Option<String>,
}

impl Comments {
    fn is_comment(&self, line: &[u8]) -> bool {
        (self.mark.as_ref()).is_some_and(|mark| line.starts_with(mark.as_bytes()))
    }

    fn is_scissors(&self, line: &[u8]) -> bool {
        let rest = (self.scissors.as_ref()).and_then(|mark| line.strip_prefix(mark.as_bytes()));
        rest.is_some_and(|rest| rest.trim_ascii_end() == SCISSORS.as_bytes())
    }
}

/// What git will take: without blank lines at both ends and blanks at the ends of lines, and one blank line for many.
pub fn cleaned(text: &str, comments: &Comments) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if comments.is_scissors(line.as_bytes()) {
            break;
        }
        if comments.is_comment(line.as_bytes()) {
            continue;
        }
        let line = line.trim_end();
        let is_second_blank = line.is_empty() && lines.last().is_none_or(|last| last.is_empty());
        if !is_second_blank {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let mut message = lines.join("\n");
    if !message.is_empty() {
        message.push('\n');
    }
    message
}

/// The text with a trailer, once: in place of those with exactly its key, else at the end of the trailers, else in a paragraph
/// of its own. Every other byte stays as it is. Above a text that is no message yet there is room for the subject.
pub fn with_trailer(text: &[u8], comments: &Comments, key: &str, value: &str) -> Vec<u8> {
    let trailer = format!("{key}: {value}").into_bytes();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let cut = lines.iter().position(|line| comments.is_scissors(line));
    let above = &lines[..cut.unwrap_or(lines.len())];
    let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let says = |line: &&[u8]| !is_blank(line) && !comments.is_comment(line);
    let Some(last) = above.iter().rposition(says) else {
        return [b"\n\n", trailer.as_slice(), b"\n", text].concat();
    };
    let end: &[u8] = match above[last].ends_with(b"\r\n") {
        true => b"\r\n",
        false => b"\n",
    };
    let start = above[..last]
        .iter()
        .rposition(is_blank)
        .map_or(0, |at| at + 1);
    let message = String::from_utf8_lossy(&above.concat()).into_owned();
    let has_trailers = !trailer::trailers(&cleaned(&message, comments)).is_empty();
    let is_named = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        line.contains(&b':') && name.trim_ascii_end().eq_ignore_ascii_case(key.as_bytes())
    };
    let mut written = above[..start].concat();
    let mut in_old = false;
    for line in &above[start..=last] {
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        in_old = has_trailers && (is_named(line) || (in_old && continues));
        if !in_old {
            written.extend_from_slice(line);
        }
    }
    if !written.ends_with(b"\n") && !written.is_empty() {
        written.extend_from_slice(end);
    }
    if !has_trailers {
        written.extend_from_slice(end);
    }
    written.extend_from_slice(&trailer);
    written.extend_from_slice(end);
    written.extend(lines[last + 1..].concat());
    written
}

/// The first paragraph, on one line.
pub fn subject(message: &str) -> String {
    let lines = message.lines().take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Whether there is nothing in a cleaned message but a line of ours, and who signed it off: then nobody has written anything.
pub fn says_nothing_but(line: &str, message: &str) -> bool {
    let is_added = |it: &str| it.is_empty() || it == line || it.starts_with("Signed-off-by: ");
    message.lines().any(|it| it == line) && message.lines().all(is_added)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(mark: &str) -> Comments {
        Comments {
            mark: Some(mark.to_owned()),
            scissors: Some(mark.to_owned()),
        }
    }

    #[test]
    fn cleaned_up_as_git_does() {
        let written = "\n\n Add users  \n\n\nand groups\n# On branch x\n# ------------------------ >8 ------------------------\ndiff\n";
        assert_eq!(
            cleaned(written, &comments("#")),
            " Add users\n\nand groups\n"
        );
        let only_scissors = Comments {
            mark: None,
            ..comments("#")
        };
        assert_eq!(
            cleaned(written, &only_scissors),
            " Add users\n\nand groups\n# On branch x\n"
        );
        let none = Comments::default();
        assert_eq!(cleaned("#12 is done\n", &none), "#12 is done\n");
        assert_eq!(cleaned("// a\nb\n", &comments("//")), "b\n");
        assert_eq!(cleaned("# a\n\n# b\n", &comments("#")), "");
    }

    #[test]
    fn a_trailer_is_there_once_and_all_else_as_it_was() {
        for (before, after) in [
            ("Add x", "Add x\n\nTrack: a\n"),
            ("Add x\n", "Add x\n\nTrack: a\n"),
            ("Add x\r\n", "Add x\r\n\r\nTrack: a\r\n"),
            ("Add x\n\nTrack: b\n", "Add x\n\nTrack: a\n"),
            ("Add x\n\nTrack: a\n", "Add x\n\nTrack: a\n"),
            (
                "Add x\n\ntrack : b\n c\nA: b\nTrack: d\n",
                "Add x\n\nA: b\nTrack: a\n",
            ),
            (
                "Add x\n\nTracks-Allow: OWN01 b/one agreed\nTracking-Id: 7\n",
                "Add x\n\nTracks-Allow: OWN01 b/one agreed\nTracking-Id: 7\nTrack: a\n",
            ),
            (
                "Add x\n\nbody\n---\nmore\n",
                "Add x\n\nbody\n---\nmore\n\nTrack: a\n",
            ),
            ("track: add x\n", "track: add x\n\nTrack: a\n"),
            ("", "\n\nTrack: a\n"),
            ("\n# Please enter\n", "\n\nTrack: a\n\n# Please enter\n"),
            (
                "Add x\n\n# Please enter\n",
                "Add x\n\nTrack: a\n\n# Please enter\n",
            ),
            (
                "Add x\n# ------------------------ >8 ------------------------\ndiff\n",
                "Add x\n\nTrack: a\n# ------------------------ >8 ------------------------\ndiff\n",
            ),
        ] {
            let written = with_trailer(before.as_bytes(), &comments("#"), "Track", "a");
            assert_eq!(String::from_utf8(written).unwrap(), after, "{before:?}");
        }
        let latin = with_trailer(b"\xe4\n\n#12\n", &Comments::default(), "Track", "a");
        assert_eq!(latin, b"\xe4\n\n#12\n\nTrack: a\n");
    }

    #[test]
    fn subjects() {
        assert_eq!(
            subject("Add users\nand groups\n\nBecause.\n"),
            "Add users and groups"
        );
        assert_eq!(subject(""), "");
    }

    #[test]
    fn nothing_is_said() {
        for (message, nothing) in [
            ("", false),
            ("Track: a\n", true),
            ("\nTrack: a\nSigned-off-by: B <b@example.com>\n", true),
            ("Signed-off-by: everything\n", false),
            ("track: a\n", false),
            ("Add users\n\nTrack: a\n", false),
        ] {
            assert_eq!(
                says_nothing_but("Track: a", message),
                nothing,
                "{message:?}"
            );
        }
    }
}
