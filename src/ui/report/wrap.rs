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

/// Pieces that stay whole and may bear colour, with a blank between them or a new line with so many in front; some start with
/// blanks of their own, which go at the start of a line.
pub(super) fn in_lines(lead: usize, pieces: &[String], width: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for piece in pieces {
        let wide = anstream::adapter::strip_str(piece).to_string().width();
        if column > 0 && column + 1 + wide > width {
            lines.push('\n');
            lines.push_str(&" ".repeat(lead));
            lines.push_str(piece.trim_start());
            column = lead + wide;
            continue;
        }
        if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(piece);
        column += wide;
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
    fn pieces_stay_whole() {
        let pieces = ["  one".to_owned(), " \u{1b}[1m(of two)\u{1b}[0m".to_owned()];
        for (width, expected) in [
            (20, "  one  \u{1b}[1m(of two)\u{1b}[0m"),
            (14, "  one\n    \u{1b}[1m(of two)\u{1b}[0m"),
        ] {
            assert_eq!(in_lines(4, &pieces, width), expected);
        }
    }

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
