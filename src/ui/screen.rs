//! A text that is painted again and again in one place of the terminal.

use unicode_width::UnicodeWidthChar as _;

use super::Terminal;

/// Paints from the top of the screen. What was there before is scrolled up, not lost.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: Terminal,
    shown: Option<(Vec<String>, (usize, usize))>,
}

impl Screen {
    pub(super) fn new(terminal: Terminal) -> Self {
        Screen {
            terminal,
            shown: None,
        }
    }

    /// Shows the text: as much of it as the screen has room for, and how much more there is. Nothing is written where it
    /// would look as before. Always from the top and with the size as it is now, so that a window that was resized is
    /// right again with the next call.
    pub(super) fn show(&mut self, text: &str) {
        let size = self.terminal.size();
        let lines = fit(text, size);
        if self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.0 == lines && shown.1 == size)
        {
            return;
        }
        if self.shown.is_none() {
            self.terminal.scroll_away();
        }
        self.terminal.paint(&lines);
        self.shown = Some((lines, size));
    }
}

/// The lines that have room, each cut to the width; the last line of the screen stays free for the cursor.
fn fit(text: &str, (width, height): (usize, usize)) -> Vec<String> {
    let room = height.saturating_sub(1).max(1);
    let all: Vec<&str> = text.lines().collect();
    let mut lines: Vec<String> = all.iter().take(room).map(|line| cut(line, width)).collect();
    if all.len() > room {
        let hidden = all.len() - room + 1;
        lines.pop();
        lines.push(cut(&format!("… {hidden} more lines"), width));
    }
    lines
}

/// Cuts to so many columns; escape sequences take none, and those after the cut are kept, since they end styles.
pub(super) fn cut(line: &str, width: usize) -> String {
    let mut result = String::with_capacity(line.len());
    let mut column = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            result.push(c);
            for c in chars.by_ref() {
                result.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        column += c.width().unwrap_or(0);
        if column <= width {
            result.push(c);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_where_the_screen_ends() {
        for (line, width, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("日本", 3, "日"),
            ("\x1b[1mabcd\x1b[0m", 2, "\x1b[1mab\x1b[0m"),
            ("", 3, ""),
        ] {
            assert_eq!(cut(line, width), expected);
        }
    }

    #[test]
    fn what_has_no_room_is_counted() {
        assert_eq!(fit("a\nb\nc\n", (80, 4)), ["a", "b", "c"]);
        assert_eq!(fit("a\nb\nc\nd\n", (80, 4)), ["a", "b", "… 2 more lines"]);
        assert_eq!(fit("a\nb", (80, 1)), ["… 2 more lines"]);
        assert_eq!(fit("", (80, 24)), Vec::<String>::new());
    }
}
