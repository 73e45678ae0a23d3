//! Writing to stdout and stderr, with colour where it is wanted, and without a word about a reader that went away.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use super::github::Workflow;
use super::pager;
use super::style::tame;
use crate::process::{self, Paged, environment};

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
    /// A long answer may go through a pager.
    pages: bool,
    lost: &'static AtomicBool,
    unread: &'static AtomicBool,
}

impl Terminal {
    pub fn new(format: Format, pages: bool) -> Self {
        /// Of the process, as its stdout is.
        static LOST: AtomicBool = AtomicBool::new(false);
        static UNREAD: AtomicBool = AtomicBool::new(false);
        Terminal {
            format,
            pages,
            lost: &LOST,
            unread: &UNREAD,
        }
    }

    /// The answer. A closed pipe (`| head`) ends the output, not the program; anything else that keeps the answer from its
    /// reader is told on stderr and remembered for the exit status.
    pub fn answer(self, text: &str) {
        self.answer_bytes(text.as_bytes());
    }

    /// An answer that may be long: one that is taller than the terminal goes through the user's pager; `configured` is what
    /// git's configuration says of it. A pager that fails is told on stderr, and the answer printed.
    pub fn long_answer(self, text: &str, configured: Option<&str>) {
        if let Some(pager) = self.pager_for(text, configured) {
            let bears_colour =
                anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
            let paged = if bears_colour {
                process::page(&pager, text.as_bytes())
            } else {
                let plain = anstream::adapter::strip_str(text).to_string();
                process::page(&pager, plain.as_bytes())
            };
            match paged {
                Paged::Shown => return,
                Paged::Failed(why) => {
                    super::warning(self, &format!("the pager `{}` failed: {why}", tame(&pager)));
                }
            }
        }
        self.answer(text);
    }

    fn pager_for(self, text: &str, configured: Option<&str>) -> Option<String> {
        if !self.pages {
            return None;
        }
        let (terminal_size::Width(width), terminal_size::Height(height)) =
            terminal_size::terminal_size_of(std::io::stdout())?;
        let too_tall = pager::rows(text, usize::from(width)) >= usize::from(height);
        too_tall
            .then(|| pager::choose(process::environment::set, configured))
            .flatten()
    }

    /// An answer that need not be text, such as a path.
    pub fn answer_bytes(self, bytes: &[u8]) {
        let mut stream = anstream::stdout().lock();
        self.written(stream.write_all(bytes).and_then(|()| stream.flush()));
    }

    /// Bytes that somebody else has written, as they are.
    ///
    /// # Errors
    /// When they cannot be read; what keeps them from their reader is told as in [`Terminal::answer`].
    pub fn pass_on(self, source: &mut impl std::io::Read) -> std::io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut stream = std::io::stdout().lock();
        loop {
            let read = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Err(error) = stream.write_all(&buffer[..read]) {
                self.written(Err(error));
                return Ok(());
            }
        }
        self.written(stream.flush());
        Ok(())
    }

    fn written(self, result: std::io::Result<()>) {
        match result {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.unread.store(true, Ordering::Relaxed);
            }
            Err(error) => {
                self.lost.store(true, Ordering::Relaxed);
                self.aside(&format!(
                    "error: the answer could not be written: {error}\n"
                ));
            }
        }
    }

    /// Whether whoever read the answer has gone away, or it cannot reach them.
    pub fn is_unread(self) -> bool {
        self.unread.load(Ordering::Relaxed) || self.lost_an_answer()
    }

    /// Whether the answer goes to a terminal on which things can be painted over.
    pub fn has_screen(self) -> bool {
        self.format == Format::Text
            && std::io::stdout().is_terminal()
            && environment::var("TERM").is_none_or(|name| name != "dumb")
    }

    /// Columns and rows of the answer's terminal.
    pub fn size(self) -> (usize, usize) {
        match terminal_size::terminal_size_of(std::io::stdout()) {
            Some((terminal_size::Width(width), terminal_size::Height(height))) => {
                (usize::from(width), usize::from(height))
            }
            None => (80, 24),
        }
    }

    /// Writes these lines from the top of the screen and clears what is below; styles are kept only where colour is wanted.
    pub(super) fn paint(self, lines: &[String]) {
        const HOME: &str = "\x1b[H";
        const CLEAR_LINE: &str = "\x1b[K\n";
        const CLEAR_BELOW: &str = "\x1b[J";
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        let mut text = HOME.to_owned();
        for line in lines {
            match choice {
                anstream::ColorChoice::Never => {
                    text.push_str(&anstream::adapter::strip_str(line).to_string());
                }
                _ => text.push_str(line),
            }
            text.push_str(CLEAR_LINE);
        }
        text.push_str(CLEAR_BELOW);
        self.raw(&text);
    }

    /// Makes the screen empty; what was on it can be scrolled back to.
    pub(super) fn scroll_away(self) {
        self.raw(&"\n".repeat(self.size().1));
    }

    /// Not through anstream, which would take out what moves the cursor where no colour is wanted.
    fn raw(self, text: &str) {
        let mut stream = std::io::stdout().lock();
        self.written(
            stream
                .write_all(text.as_bytes())
                .and_then(|()| stream.flush()),
        );
    }

    /// Whether an answer did not reach its reader.
    pub fn lost_an_answer(self) -> bool {
        self.lost.load(Ordering::Relaxed)
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

    /// Whether somebody watches stderr, on a terminal that bears motion.
    pub fn is_watched(self) -> bool {
        let set = |name, off| environment::var(name).is_some_and(|value| value != off);
        std::io::stderr().is_terminal()
            && environment::var("TERM").is_none_or(|name| name != "dumb")
            && !set("CI", "false")
    }

    /// The GitHub workflow that reads what is written for people, if there is one.
    pub fn workflow(self) -> Option<Workflow> {
        (self.format == Format::Text).then(Workflow::here).flatten()
    }

    /// Columns and rows of what is written beside the answer.
    pub(super) fn size_beside(self) -> (usize, usize) {
        match terminal_size::terminal_size_of(std::io::stderr()) {
            Some((terminal_size::Width(width), terminal_size::Height(height))) => {
                (usize::from(width), usize::from(height))
            }
            None => (80, 24),
        }
    }

    /// Columns of what is written beside the answer; 100 where that is no terminal.
    pub fn width_beside(self) -> usize {
        let size = terminal_size::terminal_size_of(std::io::stderr());
        size.map_or(100, |(terminal_size::Width(width), _)| {
            usize::from(width).max(40)
        })
    }

    /// Whether what is written beside the answer bears colour.
    pub(super) fn has_colour_beside(self) -> bool {
        anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
    }

    /// Whether somebody could answer a question.
    pub fn can_ask(self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Columns of the answer's terminal, if it goes to one.
    pub fn columns(self) -> Option<usize> {
        let (terminal_size::Width(width), _) = terminal_size::terminal_size_of(std::io::stdout())?;
        Some(usize::from(width).max(40))
    }

    /// Columns of the answer's terminal; 100 where there is none, so that pipes and tests see one width.
    pub fn width(self) -> usize {
        self.columns().unwrap_or(100)
    }
}
