//! Errors, warnings, notes and hints; mistakes in tracks.toml with file, line and caret.

use annotate_snippets::{AnnotationKind, Group, Level as SnippetLevel, Renderer, Snippet};

use crate::config::{Diagnostic, Level};
use crate::ops::{ConfigProblem, Notice};

use super::Terminal;
use super::style::{BAD, HINT, WARN, paint};

/// One sentence on what to do next.
pub type Hint = String;

/// An error with what to do about it.
pub fn error(terminal: Terminal, message: &str, hints: &[Hint], problem: Option<&ConfigProblem>) {
    let mut text = String::new();
    if let Some(problem) = problem {
        text.push_str(&diagnostics(
            &problem.name,
            &problem.text,
            &problem.diagnostics,
        ));
    }
    text.push_str(&format!("{} {message}\n", paint(BAD, "error:")));
    for hint in hints {
        text.push_str(&format!("{} {hint}\n", paint(HINT, "hint:")));
    }
    terminal.aside(&text);
}

pub fn warning(terminal: Terminal, message: &str) {
    terminal.aside(&format!("{} {message}\n", paint(WARN, "warning:")));
}

/// What a session has to say beside the answer. Warnings about tracks.toml are drawn by `init`, which reads it for the
/// first time; every other verb says in one line that there are some.
pub fn notices(terminal: Terminal, notices: &[Notice], draw: bool) {
    for notice in notices {
        match notice {
            Notice::Config {
                name,
                diagnostics: found,
                ..
            } if !draw => {
                let first = found
                    .first()
                    .map(|first| first.message.as_str())
                    .unwrap_or_default();
                let more = match found.len() {
                    0 | 1 => String::new(),
                    _ => format!(
                        "; {} more warnings: `tracks init --dry-run`",
                        found.len() - 1
                    ),
                };
                warning(terminal, &format!("{name}: {first}{more}"));
            }
            Notice::Config {
                name,
                text,
                diagnostics: found,
            } => {
                terminal.aside(&diagnostics(name, text, found));
            }
            Notice::Text(text) => terminal.aside(&format!("{} {text}\n", paint(HINT, "note:"))),
        }
    }
}

fn diagnostics(name: &str, text: &str, diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::styled();
    let mut rendered = String::new();
    for diagnostic in diagnostics {
        let mut snippet = Snippet::source(text).path(name).annotation({
            let annotation = AnnotationKind::Primary.span(clamp(&diagnostic.span, text));
            match &diagnostic.label {
                Some(label) => annotation.label(label),
                None => annotation,
            }
        });
        if let Some((span, label)) = &diagnostic.also {
            snippet =
                snippet.annotation(AnnotationKind::Context.span(clamp(span, text)).label(label));
        }
        let level = match diagnostic.level {
            Level::Error => SnippetLevel::ERROR,
            Level::Warning => SnippetLevel::WARNING,
        };
        let mut group: Group<'_> = level.primary_title(&diagnostic.message).element(snippet);
        if let Some(help) = &diagnostic.help {
            group = group.element(SnippetLevel::HELP.message(help));
        }
        rendered.push_str(&renderer.render(&[group]));
        rendered.push_str("\n\n");
    }
    rendered
}

/// A span that the renderer can draw: inside the text and on character boundaries.
fn clamp(span: &std::ops::Range<usize>, text: &str) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
