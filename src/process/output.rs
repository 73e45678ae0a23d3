//! What a job prints: written to its log as it comes, and its last line announced now and then.

use std::fs::{self, File};
use std::future::pending;
use std::io::{self, PipeReader, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
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

/// Of the job with this number.
pub(super) type Announcement = (usize, Announced);

pub(super) enum Announced {
    Line(String),
    /// Nothing for so long.
    Silent(Duration),
}

pub(super) struct Output {
    key: usize,
    /// `None` once everybody who could write to it has closed it.
    pipe: Option<pipe::Receiver>,
    buffer: Box<[u8]>,
    log: Log,
    lines: Lines,
    last_sign: Instant,
    next_announcement: Instant,
    announcements: UnboundedSender<Announcement>,
}

impl Output {
    /// # Errors
    /// When the pipe cannot be watched.
    pub(super) fn new(
        key: usize,
        pipe: PipeReader,
        log: Log,
        announcements: UnboundedSender<Announcement>,
    ) -> io::Result<Self> {
        Ok(Output {
            key,
            pipe: Some(pipe::Receiver::from_owned_fd(OwnedFd::from(pipe))?),
            buffer: vec![0; 64 * 1024].into_boxed_slice(),
            log,
            lines: Lines::default(),
            last_sign: Instant::now(),
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

    /// When it last printed something.
    pub(super) fn last_sign(&self) -> Instant {
        self.last_sign
    }

    pub(super) fn announce_silence(&self, silent: Duration) {
        // Nobody listens any more when the pool is being torn down.
        let _ = self
            .announcements
            .send((self.key, Announced::Silent(silent)));
    }

    /// Announces what has not been, also a last line that lacks its end, and completes the log; why that is not whole, if it
    /// is not.
    pub(super) fn finish(&mut self) -> Option<String> {
        self.lines.end();
        self.announce();
        self.log.finish()
    }

    fn take(&mut self, length: usize) {
        let bytes = &self.buffer[..length];
        self.log.write(bytes);
        self.lines.feed(bytes);
        self.last_sign = Instant::now();
        if Instant::now() >= self.next_announcement {
            self.announce();
        }
    }

    fn announce(&mut self) {
        if let Some(line) = self.lines.last.take() {
            self.next_announcement = Instant::now() + BETWEEN_ANNOUNCEMENTS;
            // Nobody listens any more when the pool is being torn down.
            let _ = self.announcements.send((self.key, Announced::Line(line)));
        }
    }
}

/// So much of the beginning is kept of output that is longer, and of its end.
const KEPT_AT_THE_START: u64 = 32 * 1024 * 1024;
const KEPT_AT_THE_END: usize = 1024 * 1024;

/// What is kept of the output. Neither a full disk nor a flood changes how the job ends.
pub(super) struct Log {
    /// `None` once writing has failed.
    file: Option<File>,
    trouble: Option<io::Error>,
    written: u64,
    /// What came after the start was full: the last of it, up to twice as much as is kept.
    end: Vec<u8>,
    left_out: u64,
}

impl Log {
    /// Makes the file, and the directories above it.
    pub(super) fn create(path: &Path) -> io::Result<Log> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        Ok(Log {
            file: Some(File::create(path)?),
            trouble: None,
            written: 0,
            end: Vec::new(),
            left_out: 0,
        })
    }

    fn write(&mut self, bytes: &[u8]) {
        let room = KEPT_AT_THE_START - self.written;
        let room = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
        let (first, rest) = bytes.split_at(room);
        self.written += first.len() as u64;
        self.append(first);
        self.end.extend_from_slice(rest);
        if self.end.len() > 2 * KEPT_AT_THE_END {
            self.shorten_end();
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let Some(file) = self.file.as_mut().filter(|_| !bytes.is_empty()) else {
            return;
        };
        if let Err(error) = file.write_all(bytes) {
            self.file = None;
            self.trouble = Some(error);
        }
    }

    fn shorten_end(&mut self) {
        let surplus = self.end.len().saturating_sub(KEPT_AT_THE_END);
        self.left_out += surplus as u64;
        self.end.drain(..surplus);
    }

    fn finish(&mut self) -> Option<String> {
        self.shorten_end();
        let end = std::mem::take(&mut self.end);
        if self.left_out > 0 {
            let left_out = self.left_out;
            self.append(format!("\n[{left_out} bytes are left out here]\n").as_bytes());
        }
        self.append(&end);
        match &self.trouble {
            Some(error) => Some(format!("its log could not be written: {error}")),
            None if self.left_out > 0 => Some(format!(
                "{} MiB of its output are not in its log",
                self.left_out.div_ceil(1024 * 1024)
            )),
            None => None,
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
