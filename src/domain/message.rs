//! Messages of commits as git cleans them up before it takes them: git-commit(1), `--cleanup`.

use super::trailer;

/// Below this line git has put what is not part of the message (`git commit --verbose`), behind the comment's mark.
const SCISSORS: &str = " ------------------------ >8 ------------------------";

/// What git will take: without blank lines at both ends and blanks at the ends of lines, and one blank line for many.
/// `comments`: how lines begin that are no part of it; `None`: all are.
pub fn cleaned(text: &str, comments: Option<&str>) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = comments.and_then(|mark| line.strip_prefix(mark)) {
            if rest == SCISSORS {
                break;
            }
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

/// The first paragraph, on one line.
pub fn subject(message: &str) -> String {
    let lines = message.lines().take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Whether there is nothing in a cleaned message but trailers that tools add.
pub fn says_nothing(message: &str) -> bool {
    let ours = [trailer::TRACK, "Signed-off-by"];
    let is_added = |line: &str| {
        let key = line.split_once(':').map(|(key, _)| key);
        line.is_empty() || key.is_some_and(|key| ours.iter().any(|it| it.eq_ignore_ascii_case(key)))
    };
    message.lines().all(is_added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaned_up_as_git_does() {
        let written = "\n\n Add users  \n\n\nand groups\n# On branch x\n# ------------------------ >8 ------------------------\ndiff\n";
        assert_eq!(cleaned(written, Some("#")), " Add users\n\nand groups\n");
        assert_eq!(
            cleaned("#12 is done\n", None),
            "#12 is done\n",
            "nobody has edited it"
        );
        assert_eq!(cleaned("// a\nb\n", Some("//")), "b\n");
        assert_eq!(cleaned("# a\n\n# b\n", Some("#")), "");
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
            ("", true),
            ("Track: a\n", true),
            ("\nTrack: a\nsigned-off-by: B <b@example.com>\n", true),
            ("Add users\n\nTrack: a\n", false),
            ("fix: it\n", false),
        ] {
            assert_eq!(says_nothing(message), nothing, "{message:?}");
        }
    }
}
