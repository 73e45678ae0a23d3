//! Sentences on lines of a width; what stands between backticks stays in one piece, so that it can be copied.

use unicode_width::UnicodeWidthStr as _;

use crate::ui::style::tame;

/// Lines of at most `width` columns, if the words let them, each with so many blanks in front, but the first: `lead` is there.
pub(super) fn wrapped(lead: usize, text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut column = lead;
    let mut is_first = true;
    for word in words(&tame(text)) {
        if !is_first {
            if column + 1 + word.width() > width {
                lines.push('\n');
                lines.push_str(&" ".repeat(lead));
                column = lead;
            } else {
                lines.push(' ');
                column += 1;
            }
        }
        lines.push_str(&word);
        column += word.width();
        is_first = false;
    }
    lines
}

/// Split at blanks that are not between backticks.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for piece in text.split(' ') {
        match words.last_mut() {
            Some(last) if open => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        open ^= piece.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_room() {
        for (lead, text, width, expected) in [
            (2, "one two three", 9, "one two\n  three"),
            (0, "a `git mv x y` b", 8, "a\n`git mv x y`\nb"),
            (0, "", 8, ""),
            (0, "it`s odd on a line", 8, "it`s odd on a line"),
            (4, "averyverylongword b", 8, "averyverylongword\n    b"),
        ] {
            assert_eq!(wrapped(lead, text, width), expected, "{text}");
        }
    }
}
