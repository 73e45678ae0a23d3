//! The few colours there are, by meaning. They are always written; streams that bear no colour strip them.

use anstyle::{AnsiColor, Style};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const STRONG: Style = Style::new().bold();
pub(super) const PLAIN: Style = Style::new();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default();

/// The text in that style.
pub(super) fn paint(style: Style, text: &str) -> String {
    if style == PLAIN || text.is_empty() {
        text.to_owned()
    } else {
        format!("{style}{text}{style:#}")
    }
}

/// Text from a repository or a child process, made harmless: control characters would move the reader's cursor, and those
/// that turn the direction of writing round would show it other than it is.
pub(super) fn tame(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown = if c.is_control() && c != '\t' || turns_round(c) {
                Vec::from_iter(c.escape_default())
            } else {
                vec![c]
            };
            shown.into_iter()
        })
        .collect()
}

fn turns_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
