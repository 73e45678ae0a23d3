//! One thing that is wrong with a tracks.toml, and where; `ui` draws it with file, line and caret.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub level: Level,
    /// One sentence without a full stop: what is wrong.
    pub message: String,
    /// Bytes of the text that the caret marks.
    pub span: Range<usize>,
    /// What stands beside the caret.
    pub label: Option<String>,
    /// A second place that the message is about (the other branch, the other path).
    pub also: Option<(Range<usize>, String)>,
    /// How to mend it.
    pub help: Option<String>,
}
