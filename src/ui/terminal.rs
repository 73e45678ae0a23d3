//! Writing to stdout and stderr, with colour where it is wanted, and without a word about a reader that went away.

use std::io::{IsTerminal as _, Write as _};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Text,
    Json,
    /// One event a line while it runs, and the document of `Json` at the end.
    JsonLines,
}

/// Both streams of this process.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub format: Format,
}

impl Terminal {
    pub fn new(format: Format) -> Self {
        Terminal { format }
    }

    /// The answer. A closed pipe (`| head`) ends the output, not the program.
    pub fn answer(self, text: &str) {
        let mut stream = anstream::stdout().lock();
        let _ = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
    }

    /// A JSON document as the answer.
    pub fn document(self, value: &serde_json::Value) {
        let text = match self.format {
            Format::JsonLines => value.to_string(),
            Format::Text | Format::Json => {
                serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
            }
        };
        self.answer(&format!("{text}\n"));
    }

    /// Anything beside the answer.
    pub fn aside(self, text: &str) {
        let mut stream = anstream::stderr().lock();
        let _ = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
    }

    /// Whether somebody watches stderr.
    pub fn is_watched(self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Whether somebody could answer a question.
    pub fn can_ask(self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Columns of the answer's terminal; 100 where there is none, so that pipes and tests see one width.
    pub fn width(self) -> usize {
        match terminal_size::terminal_size_of(std::io::stdout()) {
            Some((terminal_size::Width(width), _)) => usize::from(width).max(40),
            None => 100,
        }
    }
}
