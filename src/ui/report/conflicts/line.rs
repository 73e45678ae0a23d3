//! One line of a file as it is shown: tabs expanded, what is invisible made visible, wrapped to a width.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::ui::style::{DIM, PLAIN, paint, tame};

/// Narrow enough for two columns.
const TAB: usize = 4;
/// A line is wrapped to at most so many rows; of a longer one the part is shown where it changed.
const ROWS: usize = 4;

/// How a part of a line stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Plain,
    /// What changed within the line.
    Changed,
    /// Not in the file as it stands here: an escaped control character, a carriage return.
    Made,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    text: String,
    mark: Mark,
}

/// A line without its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    /// The file stops here, without a newline.
    pub(super) unended: bool,
}

impl Line {
    /// The parts of a line with its end, and whether they changed. Carriage returns at the end are shown where `returns`.
    pub(super) fn new(parts: &[(bool, &str)], returns: bool) -> Self {
        let mut chars: Vec<(bool, char)> = parts
            .iter()
            .flat_map(|(changed, part)| part.chars().map(|c| (*changed, c)))
            .collect();
        let mut line = Line {
            unended: chars.pop_if(|(_, c)| *c == '\n').is_none(),
            ..Line::default()
        };
        let end = if line.unended {
            None
        } else {
            chars.pop_if(|(_, c)| *c == '\r')
        };
        let mut column = 0;
        for (changed, c) in chars {
            let mark = if changed { Mark::Changed } else { Mark::Plain };
            column += if c == '\t' {
                let blanks = TAB - column % TAB;
                line.push(&" ".repeat(blanks), mark);
                blanks
            } else {
                let shown = tame(c.encode_utf8(&mut [0; 4]));
                let made = shown.chars().ne([c]);
                line.push(&shown, if made { Mark::Made } else { mark });
                shown.width()
            };
        }
        if end.is_some() && returns {
            line.push("␍", Mark::Made);
        }
        line
    }

    /// A line of which nothing in particular changed.
    pub(super) fn plain(text: &str, returns: bool) -> Self {
        Line::new(&[(false, text)], returns)
    }

    fn push(&mut self, text: &str, mark: Mark) {
        match self.pieces.last_mut() {
            Some(last) if last.mark == mark => last.text.push_str(text),
            _ => self.pieces.push(Piece {
                text: text.to_owned(),
                mark,
            }),
        }
    }

    /// The line in rows of at most this width; at least one.
    pub(super) fn rows(&self, width: usize) -> Vec<Line> {
        let width = width.max(2);
        let mut rows = self.wrapped(width);
        if rows.len() <= ROWS {
            return rows;
        }
        // From the row before the one with the first change, as far as there is something left to show.
        let changed = |row: &Line| row.pieces.iter().any(|piece| piece.mark == Mark::Changed);
        let first = rows.iter().position(changed).unwrap_or(0);
        let start = first.saturating_sub(1).min(rows.len() - ROWS);
        let cut_after = start + ROWS < rows.len();
        rows = rows.split_off(start);
        rows.truncate(ROWS);
        if let Some(row) = rows.first_mut().filter(|_| start > 0) {
            row.cut_first();
        }
        if let Some(row) = rows.last_mut().filter(|_| cut_after) {
            row.cut_last(width);
        }
        rows
    }

    fn wrapped(&self, width: usize) -> Vec<Line> {
        let mut rows = vec![Line::default()];
        let mut used = 0;
        for piece in &self.pieces {
            for c in piece.text.chars() {
                let wide = c.width().unwrap_or(0);
                if used + wide > width {
                    rows.push(Line::default());
                    used = 0;
                }
                used += wide;
                if let Some(row) = rows.last_mut() {
                    row.push(c.encode_utf8(&mut [0; 4]), piece.mark);
                }
            }
        }
        rows
    }

    fn cut_first(&mut self) {
        if let Some(first) = self.pieces.first_mut() {
            first.text.remove(0);
        }
        let cut = Piece {
            text: "…".to_owned(),
            mark: Mark::Made,
        };
        self.pieces.insert(0, cut);
    }

    fn cut_last(&mut self, width: usize) {
        while self.width() >= width {
            let Some(last) = self.pieces.last_mut() else {
                break;
            };
            if last.text.pop().is_none() {
                self.pieces.pop();
            }
        }
        self.push("…", Mark::Made);
    }

    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.width()).sum()
    }

    pub(super) fn painted(&self, style: Style) -> String {
        let changed = style.bold().underline();
        let painted = self.pieces.iter().map(|piece| match piece.mark {
            Mark::Plain => paint(style, &piece.text),
            Mark::Changed if style == PLAIN => piece.text.clone(),
            Mark::Changed => paint(changed, &piece.text),
            Mark::Made => paint(DIM, &piece.text),
        });
        painted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> String {
        line.pieces
            .iter()
            .map(|piece| match piece.mark {
                Mark::Plain => piece.text.clone(),
                Mark::Changed => format!("[{}]", piece.text),
                Mark::Made => format!("<{}>", piece.text),
            })
            .collect()
    }

    #[test]
    fn what_is_invisible_is_made_visible() {
        for (line, expected) in [
            ("plain\n", "plain"),
            ("\ta\tb\n", "    a   b"),
            ("日\tx\n", "日  x"),
            ("dos\r\n", "dos<␍>"),
            ("mac\rtext\n", "mac<\\r>text"),
            ("\u{1b}[2Jx\n", "<\\u{1b}>[2Jx"),
            ("a\u{202e}b\n", "a<\\u{202e}>b"),
            ("\n", ""),
        ] {
            let line = Line::plain(line, true);
            assert_eq!((text(&line).as_str(), line.unended), (expected, false));
        }
        assert_eq!(text(&Line::plain("dos\r\n", false)), "dos");
        let unended = Line::plain("end\r", false);
        assert_eq!(
            (text(&unended).as_str(), unended.unended),
            ("end<\\r>", true)
        );
        let parts = [(false, "a"), (true, "b\tc"), (false, "\r\n")];
        assert_eq!(text(&Line::new(&parts, true)), "a[b  c]<␍>");
    }

    #[test]
    fn rows_are_no_wider_than_asked() {
        let rows = |parts: &[(bool, &str)], width| -> Vec<String> {
            let rows = Line::new(parts, false).rows(width);
            assert!(rows.iter().all(|row| row.width() <= width));
            rows.iter().map(text).collect()
        };
        assert_eq!(rows(&[(false, "\n")], 5), [""]);
        assert_eq!(rows(&[(false, "abcdefgh\n")], 5), ["abcde", "fgh"]);
        assert_eq!(rows(&[(false, "日本日本\n")], 5), ["日本", "日本"]);
        let long = "0123456789".repeat(4);
        assert_eq!(
            rows(&[(false, &long)], 5),
            ["01234", "56789", "01234", "5678<…>"]
        );
        assert_eq!(
            rows(&[(false, &long), (true, "X"), (false, &long)], 5),
            ["<…>6789", "[X]0123", "45678", "9012<…>"]
        );
        assert_eq!(
            rows(&[(false, &long), (true, "日")], 10),
            ["<…>123456789", "0123456789", "0123456789", "[日]"]
        );
    }
}
