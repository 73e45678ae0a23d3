//! A pager: a program of the user's that shows a long text, while we stand back.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use super::cmd::unbound;
use super::interrupt;

/// What pagers are told unless the user has told them otherwise, as git does it: show colours, end at once where it all
/// fits, leave the screen as it is.
const SETTINGS: [(&str, &str); 2] = [("LESS", "FRX"), ("LV", "-c")];

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paged {
    /// Shown, as far as the reader wanted to see it.
    Shown,
    /// Nothing that counts was shown; why, as the end of a sentence.
    Failed(String),
}

/// Gives the text to a pager, which a shell starts, and waits until the reader has left it. Ctrl-C is for the pager
/// meanwhile, and leaving it before the end is no error.
pub fn page(command: &str, text: &[u8]) -> Paged {
    match run(command, text) {
        Ok((status, interrupted)) => judge(status, interrupted),
        Err(error) => Paged::Failed(error.to_string()),
    }
}

/// How it ended, and whether somebody pressed Ctrl-C meanwhile.
fn run(command: &str, text: &[u8]) -> io::Result<(ExitStatus, bool)> {
    // From before the start: whoever interrupts means the pager.
    let left = interrupt::leave_to_child()?;
    let mut pager = unbound(Path::new("sh"));
    pager.args(["-c", command]).stdin(Stdio::piped());
    for (name, value) in SETTINGS {
        if super::environment::set(name).is_none() {
            pager.env(name, value);
        }
    }
    let mut child = pager.spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // All that can go wrong is that the reader has left, or the pager died; its status tells.
        let _ = pipe.write_all(text).and_then(|()| pipe.flush());
    }
    let status = child.wait()?;
    Ok((status, !status.success() && left.was_used()))
}

/// A pager that was left by its keys or by Ctrl-C has done its work, whatever it says; one that could not start, or that
/// complains by itself, has not.
fn judge(status: ExitStatus, interrupted: bool) -> Paged {
    match status.code() {
        Some(126 | 127) => Paged::Failed("it could not be started".to_owned()),
        Some(code @ 1..=125) if !interrupted => {
            Paged::Failed(format!("it ended with status {code}"))
        }
        // From 128 on: the shell reports a signal, as no code does too.
        _ => Paged::Shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pager's own output would go to that of the tests.
    fn paged(script: &str, text: &[u8]) -> (Paged, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shown");
        let script = format!("{{ {script}\n}} > '{}' 2>&1", file.display());
        let result = page(&script, text);
        (result, std::fs::read(&file).unwrap_or_default())
    }

    #[test]
    fn all_of_it_arrives() {
        let text = vec![b'x'; 1 << 20];
        assert_eq!(paged("cat", &text), (Paged::Shown, text));
    }

    #[test]
    fn leaving_early_is_no_error() {
        let text = "line\n".repeat(1 << 20);
        assert_eq!(
            paged("head -n 1", text.as_bytes()),
            (Paged::Shown, b"line\n".to_vec())
        );
        assert_eq!(paged("kill -9 $$", b"x\n").0, Paged::Shown);
        assert_eq!(paged("sh -c 'kill -PIPE $$'", b"x\n").0, Paged::Shown);
    }

    #[test]
    fn one_that_fails_says_so() {
        let failed = |why: &str| Paged::Failed(why.to_owned());
        assert_eq!(
            paged("no-such-pager --flag", b"x\n").0,
            failed("it could not be started")
        );
        assert_eq!(paged("false", b"x\n").0, failed("it ended with status 1"));
    }

    #[test]
    fn pagers_show_colours_unless_told_otherwise() {
        let (_, shown) = paged("echo \"$LV\"", b"");
        assert_eq!(shown, b"-c\n");
    }

    #[test]
    fn after_an_interrupt_no_status_is_a_complaint() {
        use std::os::unix::process::ExitStatusExt as _;
        let ended = |code: i32| ExitStatus::from_raw(code << 8);
        assert_eq!(judge(ended(2), true), Paged::Shown);
        assert!(matches!(judge(ended(2), false), Paged::Failed(_)));
        assert!(matches!(judge(ended(127), true), Paged::Failed(_)));
    }
}
