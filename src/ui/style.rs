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

/// What a child process printed, made harmless as by [`tame`], but in the colours that it chose.
pub(super) fn tame_output(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        result.push_str(&tame(&rest[..at]));
        let length = colour(&rest[at..]).max(1);
        match length {
            1 => result.push_str(&tame(&rest[at..=at])),
            _ => result.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length..];
    }
    result + &tame(rest)
}

/// How long the sequence at the beginning is, if it sets colours and the like (SGR); 0 otherwise.
fn colour(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let end = parameters.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'));
    match end {
        Some(end) if parameters[end..].starts_with('m') => "\u{1b}[".len() + end + "m".len(),
        _ => 0,
    }
}

fn turns_round(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_control_sequences_only_colours_stay() {
        for (text, expected) in [
            ("plain\ttext", "plain\ttext"),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            (
                "\u{1b}[38:2::1:2:3mx\u{1b}[m",
                "\u{1b}[38:2::1:2:3mx\u{1b}[m",
            ),
            ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{1b}", "\\u{1b}"),
            ("\u{1b}[31", "\\u{1b}[31"),
            ("\u{1b}[?25lx", "\\u{1b}[?25lx"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(tame_output(text), expected, "{text:?}");
        }
    }
}
