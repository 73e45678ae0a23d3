//! What a job prints: written to its log as it comes, and its last line announced now and then.

use std::fs::File;
use std::future::pending;
use std::io::{PipeReader, Write as _};
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::select;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep_until};

/// Often enough for the eye.
const BETWEEN_ANNOUNCEMENTS: Duration = Duration::from_millis(50);

/// Nobody can read more of a line on one row.
const LONGEST_LINE: usize = 4096;

/// A line of the job with this number.
pub(super) type Announcement = (usize, String);

pub(super) struct Output {
    key: usize,
    /// `None` once everybody who could write to it has closed it.
    pipe: Option<pipe::Receiver>,
    buffer: Box<[u8]>,
    /// `None` once writing has failed: a full disk must not change how a check ends.
    log: Option<File>,
    lines: Lines,
    next_announcement: Instant,
    announcements: UnboundedSender<Announcement>,
}

impl Output {
    /// # Errors
    /// When the pipe cannot be watched.
    pub(super) fn new(
        key: usize,
        pipe: PipeReader,
        log: File,
        announcements: UnboundedSender<Announcement>,
    ) -> std::io::Result<Self> {
        Ok(Output {
            key,
            pipe: Some(pipe::Receiver::from_owned_fd(OwnedFd::from(pipe))?),
            buffer: vec![0; 64 * 1024].into_boxed_slice(),
            log: Some(log),
            lines: Lines::default(),
            next_announcement: Instant::now(),
            announcements,
        })
    }

    /// Handles the next thing that happens: a piece of output, its end, or the moment to announce a line. Nothing is lost
    /// when the future is dropped before.
    pub(super) async fn progress(&mut self) {
        let read = async {
            match &mut self.pipe {
                Some(pipe) => pipe.read(&mut self.buffer).await,
                None => pending().await,
            }
        };
        select! {
            result = read => match result {
                Ok(0) | Err(_) => self.pipe = None,
                Ok(length) => self.take(length),
            },
            () = sleep_until(self.next_announcement), if self.lines.last.is_some() => {
                self.announce();
            }
        }
    }

    /// Returns when nobody can write to the pipe any more.
    pub(super) async fn closed(&mut self) {
        while self.pipe.is_some() {
            self.progress().await;
        }
    }

    /// Announces what has not been, also a last line that lacks its end.
    pub(super) fn finish(&mut self) {
        self.lines.end();
        self.announce();
    }

    fn take(&mut self, length: usize) {
        let bytes = &self.buffer[..length];
        if let Some(log) = &mut self.log
            && log.write_all(bytes).is_err()
        {
            self.log = None;
        }
        self.lines.feed(bytes);
        if Instant::now() >= self.next_announcement {
            self.announce();
        }
    }

    fn announce(&mut self) {
        if let Some(line) = self.lines.last.take() {
            self.next_announcement = Instant::now() + BETWEEN_ANNOUNCEMENTS;
            // Nobody listens any more when the pool is being torn down.
            let _ = self.announcements.send((self.key, line));
        }
    }
}

/// The last whole line of a stream that is not blank. A carriage return ends a line too: progress bars are made of them.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
    last: Option<String>,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        if let Some(end) = self.partial.iter().rposition(is_line_end) {
            let line = self.partial[..end]
                .rsplit(is_line_end)
                .find(|line| !line.trim_ascii().is_empty());
            if let Some(line) = line {
                self.last = Some(for_people(line));
            }
            self.partial.drain(..=end);
        }
        self.partial.truncate(LONGEST_LINE);
    }

    fn end(&mut self) {
        self.feed(b"\n");
    }
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn for_people(line: &[u8]) -> String {
    let shown = &line[..line.len().min(LONGEST_LINE)];
    String::from_utf8_lossy(shown.trim_ascii_end()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line() {
        let cases: [(&[&str], Option<&str>, Option<&str>); 8] = [
            (&["a\nb\nc"], Some("b"), Some("c")),
            (&["a", "b\n"], Some("ab"), Some("ab")),
            (&["a\n\n  \n"], Some("a"), Some("a")),
            (&["10%\r20%\r"], Some("20%"), Some("20%")),
            (&["a\r\n"], Some("a"), Some("a")),
            (&["abc"], None, Some("abc")),
            (&["  a \n"], Some("  a"), Some("  a")),
            (&["", "\n"], None, None),
        ];
        for (pieces, running, ended) in cases {
            let mut lines = Lines::default();
            for piece in pieces {
                lines.feed(piece.as_bytes());
            }
            assert_eq!(lines.last.as_deref(), running, "{pieces:?}");
            lines.end();
            assert_eq!(lines.last.as_deref(), ended, "{pieces:?}");
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.feed(&[b'x'; 1000]);
        }
        assert!(lines.partial.len() <= LONGEST_LINE);
        lines.end();
        assert_eq!(lines.last.map(|line| line.len()), Some(LONGEST_LINE));
    }
}
