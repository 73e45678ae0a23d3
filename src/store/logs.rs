//! Where the output of checks and setup steps is kept.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead as _, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::naming::compact;
use super::{Store, StoreError};
use crate::domain::name::{CheckName, Side};
use crate::domain::time::Timestamp;

/// Runs whose logs are kept.
const KEPT: usize = 50;

/// A run whose logs were written to more recently may still be going on, or is about to be looked at.
const IN_USE: Duration = Duration::from_secs(24 * 60 * 60);

/// So many bytes at the end of a log are looked at for its last lines.
const TAIL: u64 = 64 * 1024;

/// Up to so many bytes, the lines of a log are counted.
const COUNTED: u64 = 32 * 1024 * 1024;

/// So many bytes of a line are shown.
const LONGEST_LINE: u64 = 4096;

impl Store {
    /// A new directory for the logs of one run, `logs/<time>-<pid>/`; the oldest beyond fifty are removed, unless a file in
    /// them was written within the last day.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_log_dir(&self, now: Timestamp) -> Result<PathBuf, StoreError> {
        let logs = self.root.join("logs");
        fs::create_dir_all(&logs).map_err(StoreError::io(&logs))?;
        let name = format!("{}-{}", compact(now), std::process::id());
        let dir = make_unique(&logs, &name)?;
        // What cannot be removed now is tried again by the next run.
        let _ = remove_oldest(&logs, now);
        Ok(dir)
    }
}

impl Store {
    /// Takes the directory of a run away where nothing was written: it would take the place of one that has logs.
    pub fn leave_log_dir(&self, dir: &Path) {
        // One with something in it stays, and one that cannot be removed does no harm.
        let _ = fs::remove_dir(dir);
    }
}

/// The last lines of a log, blank ones at its end left out; none where it cannot be read. Bytes that are no text are shown
/// as such.
pub fn log_tail(log: &Path, lines: usize) -> Vec<String> {
    let end = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(log)?;
        let start = file.metadata()?.len().saturating_sub(TAIL);
        file.seek(io::SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = end().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.trim_end().lines().collect();
    let last = &all[all.len().saturating_sub(lines)..];
    last.iter().map(|line| (*line).to_owned()).collect()
}

/// The beginning and the end of a log, each as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// Whole lines, without what ends them.
    pub first: Vec<Vec<u8>>,
    pub left_out: LeftOutOfLog,
    pub last: Vec<Vec<u8>>,
}

/// What lies between beginning and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeftOutOfLog {
    #[default]
    Nothing,
    Lines(u64),
    /// Bytes, of a log too long to be counted.
    Bytes(u64),
}

/// At most so many lines of the beginning and of the end of a log, and of the longest lines a part. However large the log is,
/// little of it is held in memory, and no more than `COUNTED` bytes read.
///
/// # Errors
/// When it cannot be read.
pub fn log_excerpt(log: &Path, first: usize, last: usize) -> io::Result<Excerpt> {
    let mut file = fs::File::open(log)?;
    let length = file.metadata()?.len();
    if length <= COUNTED {
        return excerpt(&mut io::BufReader::new(file), first, last);
    }
    let mut beginning = excerpt(&mut io::BufReader::new((&file).take(TAIL)), first, 0)?;
    // The line at which the part ends may be cut, as may be the one at which the next begins.
    if beginning.left_out == LeftOutOfLog::Nothing {
        beginning.first.pop();
    }
    let taken = |lines: &[Vec<u8>]| lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>();
    file.seek(io::SeekFrom::Start(length - TAIL))?;
    let mut end = excerpt(&mut io::BufReader::new(file.take(TAIL)), 1, last)?;
    beginning.last = std::mem::take(&mut end.last);
    let shown = taken(&beginning.first) + taken(&beginning.last);
    beginning.left_out = LeftOutOfLog::Bytes(length.saturating_sub(shown));
    Ok(beginning)
}

fn excerpt(log: &mut impl io::BufRead, first: usize, last: usize) -> io::Result<Excerpt> {
    let mut excerpt = Excerpt::default();
    let mut end = VecDeque::new();
    let mut left_out = 0;
    while let Some(line) = next_line(log)? {
        if excerpt.first.len() < first {
            excerpt.first.push(line);
            continue;
        }
        end.push_back(line);
        if end.len() > last {
            end.pop_front();
            left_out += 1;
        }
    }
    if left_out > 0 {
        excerpt.left_out = LeftOutOfLog::Lines(left_out);
    }
    excerpt.last = end.into();
    Ok(excerpt)
}

/// The next line, or the part of it that is shown of a long one.
fn next_line(log: &mut impl io::BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if log.take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    match line.last() {
        Some(b'\n') => drop(line.pop()),
        _ => drop(log.skip_until(b'\n')?),
    }
    Ok(Some(line))
}

/// How the log of a check is called; no other side, check or setup has the same: none of their names has an `@`.
pub fn check_log(side: &Side, check: &CheckName) -> String {
    format!("{side}@{check}.log")
}

/// The log of something else that runs for a side, such as `setup`.
pub fn other_log(side: &str, what: &str) -> String {
    // No check's name begins with a dot.
    format!("{side}@.{what}.log")
}

/// The side and the check that a log is about, by its name; `None`: it is no check's.
pub fn read_log_name(log: &Path) -> Option<(String, String)> {
    let name = log.file_name()?.to_str()?;
    let (side, check) = name.strip_suffix(".log")?.split_once('@')?;
    (!check.starts_with('.')).then(|| (side.to_owned(), check.to_owned()))
}

/// Keeps the log of an attempt beside that of the next: `a@unit.log.1` is the first's.
pub fn keep_earlier_log(log: &Path, attempt: u32) {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{attempt}"));
    // It is for who looks for it: where it cannot be kept, the next one takes its place.
    let _ = fs::rename(log, name);
}

fn make_unique(logs: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let mut dir = logs.join(name);
    let mut number = 1;
    loop {
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                dir = logs.join(format!("{name}-{number}"));
            }
            Err(error) => return Err(StoreError::io(&dir)(error)),
        }
    }
}

fn remove_oldest(logs: &Path, now: Timestamp) -> io::Result<()> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(logs)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            runs.push(entry.path());
        }
    }
    // Their names sort by time.
    runs.sort();
    runs.truncate(runs.len().saturating_sub(KEPT));
    let now = Duration::from_secs(u64::try_from(now.0).unwrap_or(0));
    let since = UNIX_EPOCH + now.saturating_sub(IN_USE);
    for run in runs {
        if !in_use(&run, since)? {
            fs::remove_dir_all(&run)?;
        }
    }
    Ok(())
}

fn in_use(run: &Path, since: SystemTime) -> io::Result<bool> {
    for entry in fs::read_dir(run)? {
        let entry = entry?;
        let used = if entry.file_type()?.is_dir() {
            in_use(&entry.path(), since)?
        } else {
            entry.metadata()?.modified()? > since
        };
        if used {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn log(dir: &Path, written: SystemTime) {
        fs::create_dir_all(dir).unwrap();
        let file = File::create(dir.join("unit.log")).unwrap();
        file.set_modified(written).unwrap();
    }

    #[test]
    fn a_log_has_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("unit.log");
        assert_eq!(log_tail(&log, 2), Vec::<String>::new());
        let write = |text: &str| {
            let mut file = File::create(&log).unwrap();
            io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        write("one\ntwo\r\nthree x\n\n");
        assert_eq!(log_tail(&log, 2), ["two", "three x"]);
        assert_eq!(log_tail(&log, 9), ["one", "two", "three x"]);
        write(&"long line\n".repeat(100_000));
        assert_eq!(log_tail(&log, 1), ["long line"]);
    }

    #[test]
    fn an_excerpt_is_of_both_ends() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("unit.log");
        let write = |text: &str| {
            let mut file = File::create(&log).unwrap();
            io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        let texts = |lines: &[Vec<u8>]| -> Vec<String> {
            let text = |line: &Vec<u8>| String::from_utf8_lossy(line).into_owned();
            lines.iter().map(text).collect()
        };
        assert!(log_excerpt(&log, 2, 3).is_err());
        for (text, first, left_out, last) in [
            ("", "", LeftOutOfLog::Nothing, ""),
            ("1\n2", "1 2", LeftOutOfLog::Nothing, ""),
            ("1\n2\n\n4\n5\n", "1 2", LeftOutOfLog::Nothing, " 4 5"),
            (
                "1\n2\n3\n4\n5\n6\n7\n",
                "1 2",
                LeftOutOfLog::Lines(2),
                "5 6 7",
            ),
        ] {
            write(text);
            let excerpt = log_excerpt(&log, 2, 3).unwrap();
            assert_eq!(texts(&excerpt.first).join(" "), first, "{text:?}");
            assert_eq!(texts(&excerpt.last).join(" "), last, "{text:?}");
            assert_eq!(excerpt.left_out, left_out, "{text:?}");
        }
        write(&format!("{}\nend\n", "x".repeat(100_000)));
        let excerpt = log_excerpt(&log, 1, 9).unwrap();
        assert_eq!(excerpt.first[0].len(), 4096);
        assert_eq!(texts(&excerpt.last), ["end"]);
    }

    #[test]
    fn of_an_endless_log_little_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("unit.log");
        let mut file = File::create(&log).unwrap();
        io::Write::write_all(&mut file, b"first\nsecond\n").unwrap();
        // A hole, which takes no room on the disk.
        file.set_len(1 << 40).unwrap();
        file.seek(io::SeekFrom::End(0)).unwrap();
        io::Write::write_all(&mut file, b"\nlast\n").unwrap();
        let excerpt = log_excerpt(&log, 2, 1).unwrap();
        assert_eq!(excerpt.first, [b"first".to_vec(), b"second".to_vec()]);
        assert_eq!(excerpt.last, [b"last".to_vec()]);
        let shown = "first\nsecond\nlast\n".len() as u64;
        assert_eq!(excerpt.left_out, LeftOutOfLog::Bytes((1 << 40) + 6 - shown));
    }

    #[test]
    fn names_say_what_a_log_is_about() {
        let (check, side) = (CheckName::new("b.unit").unwrap(), Side::Integration);
        let name = check_log(&side, &check);
        let read = |name: &str| read_log_name(&Path::new("logs/x").join(name));
        let told = ("integration".to_owned(), "b.unit".to_owned());
        assert_eq!(read(&name), Some(told));
        assert_eq!(
            read("a+b@unit.log"),
            Some(("a+b".to_owned(), "unit".to_owned()))
        );
        for other in [
            &other_log("a", "setup"),
            "ended.json",
            "a.log",
            "a@unit.log.1",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn each_run_has_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let first = store.new_log_dir(Timestamp(0)).unwrap();
        let second = store.new_log_dir(Timestamp(0)).unwrap();
        assert_ne!(first, second);
        assert!(first.is_dir() && second.is_dir());
        let name = format!("19700101T000000Z-{}", std::process::id());
        assert_eq!(first, store.root().join("logs").join(name));
    }

    #[test]
    fn the_oldest_go_unless_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let now = 100 * 86_400;
        let old = UNIX_EPOCH + Duration::from_secs(86_400);
        let fresh = UNIX_EPOCH + Duration::from_secs(now - 3600);
        let runs: Vec<PathBuf> = (0..55)
            .map(|second| store.new_log_dir(Timestamp(second)).unwrap())
            .collect();
        assert!(!runs[0].exists(), "nothing was written to it");
        for run in &runs {
            log(&run.join("track-a"), old);
        }
        log(&runs[1].join("track-b"), fresh);
        let latest = store
            .new_log_dir(Timestamp(i64::try_from(now).unwrap()))
            .unwrap();
        assert!(runs[1].exists(), "in use");
        assert!(!runs[0].exists() && !runs[2].exists() && !runs[5].exists());
        assert!(runs[6].exists() && latest.exists());
    }
}
