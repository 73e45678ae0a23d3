//! Which pager shows an answer that is taller than the screen.

use std::ffi::OsString;

use unicode_width::UnicodeWidthStr as _;

/// Git's own choice where nobody has made one.
const DEFAULT: &str = "less";

/// The pager of this user, found as git finds its own; `None`: there is to be none.
///
/// The first that is set counts, and one that is empty or `cat` stands for none: `GIT_PAGER`, `core.pager`, `PAGER`.
pub(super) fn choose(
    set: impl Fn(&str) -> Option<OsString>,
    configured: Option<&str>,
) -> Option<String> {
    let set = |name| set(name).map(|value| value.to_string_lossy().into_owned());
    let pager = set("GIT_PAGER")
        .or_else(|| configured.map(str::to_owned))
        .or_else(|| set("PAGER"))
        .unwrap_or_else(|| DEFAULT.to_owned());
    (!pager.trim().is_empty() && pager != "cat").then_some(pager)
}

/// How many rows of a terminal of this width a text takes.
pub(super) fn rows(text: &str, width: usize) -> usize {
    let plain = anstream::adapter::strip_str(text).to_string();
    let rows = |line: &str| line.width().div_ceil(width.max(1)).max(1);
    plain.lines().map(rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_counts() {
        type Set = &'static [(&'static str, &'static str)];
        let cases: [(Set, Option<&str>, Option<&str>); 9] = [
            (&[], None, Some("less")),
            (&[("PAGER", "more")], None, Some("more")),
            (&[("PAGER", "more")], Some("delta -s"), Some("delta -s")),
            (&[("GIT_PAGER", "most")], Some("delta"), Some("most")),
            (&[("GIT_PAGER", ""), ("PAGER", "more")], Some("delta"), None),
            (&[("GIT_PAGER", "cat")], Some("delta"), None),
            (&[("PAGER", "more")], Some(""), None),
            (&[("PAGER", "")], None, None),
            (&[], Some("cat"), None),
        ];
        for (set, configured, expected) in cases {
            let lookup = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            };
            assert_eq!(
                choose(lookup, configured).as_deref(),
                expected,
                "{set:?} {configured:?}"
            );
        }
    }

    #[test]
    fn long_lines_take_several_rows() {
        for (text, expected) in [
            ("", 0),
            ("a\n", 1),
            ("a\n\nb", 3),
            ("0123456789\n", 1),
            ("0123456789a\n", 2),
            ("\u{1b}[1m0123456789\u{1b}[0m\n", 1),
            ("日本日本日本\n", 2),
        ] {
            assert_eq!(rows(text, 10), expected, "{text:?}");
        }
    }
}
