//! Numbers out of what a check has left: by a pattern out of its output, by a pointer out of a JSON file.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::domain::check::number;

/// So many bytes at the end of the output are searched: the numbers come last, and there may be gigabytes before them.
const SEARCHED: u64 = 16 * 1024 * 1024;

/// A larger file is not read. In bytes.
pub(super) const LARGEST: u64 = 64 * 1024 * 1024;

/// Nobody has to see more of what is no number. In characters.
const SHOWN: usize = 40;

/// Why there is no number; continues a sentence that begins with the metric's name and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNumber {
    #[error("its pattern matches nothing in the output")]
    NoMatch,
    #[error("`{0}` in the output is not a number")]
    NotANumber(String),
    #[error("the output cannot be read: {0}")]
    NoOutput(String),
    #[error("{file} does not exist")]
    NoFile { file: String },
    #[error("{file} was not written by this run")]
    Stale { file: String },
    #[error("{file} cannot be read: {why}")]
    Unreadable { file: String, why: String },
    #[error("{file} has nothing at {pointer}")]
    NothingThere { file: String, pointer: String },
    #[error("what {file} has at {pointer} is not a number")]
    NotANumberThere { file: String, pointer: String },
}

/// The end of a check's output, to be searched for numbers.
#[derive(Debug)]
pub struct Output {
    bytes: Vec<u8>,
    /// Where the first whole line begins.
    start: usize,
}

impl Output {
    /// # Errors
    /// When the log cannot be read.
    pub fn read(log: &Path) -> Result<Self, NoNumber> {
        last_bytes(log, SEARCHED).map_err(|error| NoNumber::NoOutput(error.to_string()))
    }

    /// What the first group takes at the last match; where it has no part in that, the next group that has.
    ///
    /// # Errors
    /// When nothing matches, or what matches is no number.
    pub fn number(&self, pattern: &str) -> Result<f64, NoNumber> {
        // Only patterns that compile come out of tracks.toml.
        let regex = regex::bytes::Regex::new(pattern).map_err(|_| NoNumber::NoMatch)?;
        let mut last = None;
        let mut at = self.start;
        while let Some(found) = (at <= self.bytes.len())
            .then(|| regex.captures_at(&self.bytes, at))
            .flatten()
        {
            let whole = found.get_match();
            at = whole.end() + usize::from(whole.is_empty());
            last = found.iter().skip(1).flatten().next().or(last);
        }
        let text = String::from_utf8_lossy(last.ok_or(NoNumber::NoMatch)?.as_bytes());
        number(&text).ok_or_else(|| NoNumber::NotANumber(text.chars().take(SHOWN).collect()))
    }
}

fn last_bytes(log: &Path, most: u64) -> io::Result<Output> {
    let mut file = File::open(log)?;
    let skipped = file.metadata()?.len().saturating_sub(most);
    file.seek(io::SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let line_end = || bytes.iter().position(|byte| *byte == b'\n');
    let start = match skipped {
        0 => 0,
        _ => line_end().map_or(0, |end| end + 1),
    };
    Ok(Output { bytes, start })
}

/// The number, or the string that is one, at a JSON pointer of a file below `root`; only if it was written at `since` or later.
///
/// # Errors
/// When there is none.
pub fn number_in_file(
    root: &Path,
    file: &str,
    pointer: &str,
    since: SystemTime,
) -> Result<f64, NoNumber> {
    let name = || file.to_owned();
    let unreadable = |why: String| NoNumber::Unreadable { file: name(), why };
    let path = root.join(file);
    let metadata = fs::metadata(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NoNumber::NoFile { file: name() },
        _ => unreadable(error.to_string()),
    })?;
    if !is_written_since(&metadata, since) {
        return Err(NoNumber::Stale { file: name() });
    }
    let bytes = read_whole(&path, &metadata).map_err(|error| unreadable(error.to_string()))?;
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let document: Value = serde_json::from_slice(json)
        .map_err(|error| unreadable(format!("it is not JSON: {error}")))?;
    let (file, pointer) = (name(), pointer.to_owned());
    match document.pointer(&pointer) {
        None => Err(NoNumber::NothingThere { file, pointer }),
        Some(Value::Number(number)) => number
            .as_f64()
            .ok_or(NoNumber::NotANumberThere { file, pointer }),
        Some(Value::String(text)) => {
            number(text).ok_or(NoNumber::NotANumberThere { file, pointer })
        }
        Some(_) => Err(NoNumber::NotANumberThere { file, pointer }),
    }
}

/// Whether it was written at `since` or later; where the system keeps whole seconds only, in the same second. A file whose
/// time cannot be told was not.
pub(super) fn is_written_since(metadata: &Metadata, since: SystemTime) -> bool {
    let Ok(written) = metadata.modified() else {
        return false;
    };
    let part = |time: SystemTime| {
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
        Duration::from_nanos(since_epoch.unwrap_or_default().subsec_nanos().into())
    };
    let whole_seconds = part(written).is_zero();
    written >= since || whole_seconds && written >= since - part(since)
}

/// An ordinary file, and not too large a one: opening a named pipe would wait for somebody to write.
pub(super) fn read_whole(path: &Path, metadata: &Metadata) -> io::Result<Vec<u8>> {
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if metadata.len() > LARGEST {
        let most = LARGEST / 1024 / 1024;
        return Err(io::Error::other(format!("it is larger than {most} MiB")));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, bytes: &[u8]) {
        use std::io::Write as _;
        File::create(path).unwrap().write_all(bytes).unwrap();
    }

    fn long_ago() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
    }

    #[test]
    fn the_last_match_in_the_output_counts() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let not = |text: &str| Err(NoNumber::NotANumber(text.to_owned()));
        for (output, pattern, expected) in [
            (
                b"total: 80%\ntotal: 95.2%\n".as_slice(),
                r"total: ([\d.]+)",
                Ok(95.2),
            ),
            (b"total: 95.", r"total: ([\d.]+)", Ok(95.0)),
            (
                b"\xff\xfe total: 1,234 \xff",
                r"total: ([\d,]+)",
                Ok(1234.0),
            ),
            (b"a=1\nb=2\n", r"a=(\d)|b=(\d)", Ok(2.0)),
            (b"b=2\na=1\n", r"a=(\d)|b=(\d)", Ok(1.0)),
            (b"1\n2\n", r"(?m)^(\d)?$", Ok(2.0)),
            (b"x = y\n", r"x = (\S+)", not("y")),
            (b"nothing\n", r"total: ([\d.]+)", Err(NoNumber::NoMatch)),
            (b"", r"total: ([\d.]+)", Err(NoNumber::NoMatch)),
            (b"xx", r"x()", not("")),
        ] {
            write(&log, output);
            assert_eq!(
                Output::read(&log).unwrap().number(pattern),
                expected,
                "{pattern}"
            );
        }
        assert!(matches!(
            Output::read(&dir.path().join("none")),
            Err(NoNumber::NoOutput(_))
        ));
    }

    #[test]
    fn of_a_long_output_only_whole_lines_at_the_end_are_searched() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        write(&log, b"n=1\nn=2\nrest\n");
        let number = |most, pattern| last_bytes(&log, most).unwrap().number(pattern);
        assert_eq!(number(11, "n=(.)"), Ok(2.0));
        assert_eq!(number(8, "n=(.)"), Err(NoNumber::NoMatch));
        assert_eq!(
            number(11, "^n=(.)"),
            Err(NoNumber::NoMatch),
            "not the beginning"
        );
        assert_eq!(number(11, "(?m)^n=(.)"), Ok(2.0));
    }

    #[test]
    fn numbers_in_json_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("bench.json");
        let there = |pointer: &str| (String::from("bench.json"), pointer.to_owned());
        let nothing = |at| {
            let (file, pointer) = there(at);
            Err(NoNumber::NothingThere { file, pointer })
        };
        let no_number = |at| {
            let (file, pointer) = there(at);
            Err(NoNumber::NotANumberThere { file, pointer })
        };
        write(
            &file,
            b"\xef\xbb\xbf{\"a\": [{\"p~/95\": 7.5}], \"s\": \"1_000\", \"t\": \"x\", \"n\": null, \"big\": 18446744073709551615}",
        );
        for (pointer, expected) in [
            ("/a/0/p~0~195", Ok(7.5)),
            ("/s", Ok(1000.0)),
            ("/big", Ok(18_446_744_073_709_551_615.0)),
            ("/t", no_number("/t")),
            ("/n", no_number("/n")),
            ("/a", no_number("/a")),
            ("/a/1", nothing("/a/1")),
            ("/none", nothing("/none")),
        ] {
            let found = number_in_file(dir.path(), "bench.json", pointer, long_ago());
            assert_eq!(found, expected);
        }
        let ask = |name| number_in_file(dir.path(), name, "/a", long_ago());
        assert_eq!(ask("none").unwrap_err().to_string(), "none does not exist");
        assert_eq!(
            ask(".").unwrap_err().to_string(),
            ". cannot be read: it is not a file"
        );
        write(&file, b"{\"a\": ");
        let why = ask("bench.json").unwrap_err().to_string();
        assert!(
            why.starts_with("bench.json cannot be read: it is not JSON: EOF"),
            "{why}"
        );
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        let why = ask("bench.json").unwrap_err().to_string();
        assert_eq!(why, "bench.json cannot be read: it is larger than 64 MiB");
    }

    #[test]
    fn a_file_of_before_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.json");
        write(&path, b"{\"n\": 1}");
        let file = File::options().write(true).open(&path).unwrap();
        let at = |nanoseconds| long_ago() + Duration::from_nanos(nanoseconds);
        let stale = Err(NoNumber::Stale {
            file: "n.json".to_owned(),
        });
        // Written, since → its number.
        for (written, since, expected) in [
            (500, 500, Ok(1.0)),
            (500, 501, stale.clone()),
            (1_500_000_000, 1_400_000_000, Ok(1.0)),
            (1_000_000_000, 1_400_000_000, Ok(1.0)),
            (0, 1_400_000_000, stale.clone()),
            (999_999_999, 1_000_000_000, stale),
        ] {
            file.set_modified(at(written)).unwrap();
            let found = number_in_file(dir.path(), "n.json", "/n", at(since));
            assert_eq!(found, expected, "{written} {since}");
        }
    }
}
