//! Rust text without its comments and the contents of its literals, so that rules look at code alone.

/// The same text, byte for byte as long, with comments and the insides of strings and characters as blanks. Line ends stay.
pub(crate) fn code_only(text: &str) -> String {
    let mut lexer = Lexer {
        rest: text,
        code: String::with_capacity(text.len()),
    };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.code
}

struct Lexer<'a> {
    rest: &'a str,
    code: String,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.blank(block_comment(rest));
        } else if let Some(length) = raw_string(rest).filter(|_| self.at_a_word_start()) {
            self.blank(length);
        } else if rest.starts_with('"') {
            self.blank(quoted(rest, '"').unwrap_or(rest.len()));
        } else if rest.starts_with('\'') {
            match character(rest) {
                Some(length) => self.blank(length),
                // A lifetime or a label.
                None => self.keep(1),
            }
        } else {
            self.keep(rest.chars().next().map_or(0, char::len_utf8));
        }
    }

    fn at_a_word_start(&self) -> bool {
        !self
            .code
            .ends_with(|c: char| c.is_alphanumeric() || c == '_')
    }

    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length);
        self.code.push_str(kept);
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (gone, rest) = self.rest.split_at(length);
        self.code.extend(
            gone.bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
        );
        self.rest = rest;
    }
}

/// Rust's block comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`, also after `b` or `c`; raw identifiers are none.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = text.len() - text.trim_start_matches(['b', 'c']).len();
    let after = text[prefix.min(1)..].strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = body.find(&end).unwrap_or(body.len());
    Some((text.len() - body.len() + inside + end.len()).min(text.len()))
}

/// From the opening mark to the closing one, where a backslash hides the next character.
fn quoted(text: &str, mark: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == mark {
            return Some(at + 1);
        }
    }
    None
}

fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    match chars.next()? {
        (_, '\\') => quoted(text, '\''),
        _ => chars
            .next()
            .filter(|(_, c)| *c == '\'')
            .map(|(at, _)| at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::code_only;

    #[test]
    fn only_code_is_left_and_every_place_stays() {
        // In what is expected, `_` stands for a blanked byte.
        let table = [
            ("a // gix::x\nb", "a _________\nb"),
            ("a /* x /* y */ z */ b", "a _________________ b"),
            (r#"f("gix::\"x", y)"#, "f(__________, y)"),
            (r##"f(r#"a"b"#) + br"x""##, "f(________) + _____"),
            ("r#type::x", "r#type::x"),
            ("var\"x\"", "var___"),
            (
                r"('a', '\'', '\u{41}', 'static, 'x: loop)",
                "(___, ____, ________, 'static, 'x: loop)",
            ),
            ("\"ä\nb\"c", "___\n__c"),
            ("/* open", "_______"),
            ("\"open", "_____"),
        ];
        for (text, expected) in table {
            assert_eq!(code_only(text), expected.replace('_', " "), "{text}");
            assert_eq!(code_only(text).len(), text.len(), "{text}");
        }
    }
}
