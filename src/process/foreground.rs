//! A command of the user's in the foreground: with our own input, output and environment, while we stand back.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

use super::Interrupt;
use super::cmd::unbound;
use super::interrupt;

/// Runs it to its end; its exit status, or 128 and the number of the signal that ended it. The keys that interrupt are for
/// it alone, and a request to us to end (SIGTERM, SIGHUP) is passed on to it.
///
/// # Errors
/// When it cannot be started.
pub fn run_in_front(
    words: &[OsString],
    env: &[(String, String)],
    interrupt: &Interrupt,
) -> io::Result<u8> {
    let (program, args) = words
        .split_first()
        .map_or((OsStr::new(""), &[][..]), |(program, args)| {
            (program.as_os_str(), args)
        });
    // From before the start: whoever interrupts means the child.
    let _left = interrupt::leave_to_child()?;
    let mut child = unbound(Path::new(program))
        .args(args)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .spawn()?;
    let running = Arc::new(Mutex::new(Some(Pid::from_child(&child))));
    let told = running.clone();
    interrupt.on_request(move || {
        let running = told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(child) = *running {
            // A moment after its end it may be gone; its number is not given to anybody else so soon.
            let _ = kill_process(child, Signal::TERM);
        }
    });
    let ended = child.wait();
    *running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    Ok(status(ended?))
}

fn status(status: ExitStatus) -> u8 {
    let number = match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, signal) => 128 + signal.unwrap_or_default(),
    };
    u8::try_from(number & 0xff).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> io::Result<u8> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let env = [("TRACKS_TEST_X".to_owned(), "7".to_owned())];
        run_in_front(&words, &env, &Interrupt::never())
    }

    #[test]
    fn the_status_is_the_childs() {
        for (script, status) in [
            ("exit 0", 0),
            ("exit $TRACKS_TEST_X", 7),
            ("exit 255", 255),
            ("kill -9 $$", 137),
        ] {
            assert_eq!(run(&["sh", "-c", script]).unwrap(), status, "{script}");
        }
        let error = run(&["no-such-program-here"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_request_to_end_is_passed_on() {
        let interrupt = Interrupt::never();
        interrupt.raise(143);
        let words = ["sh", "-c", "sleep 100"].map(OsString::from);
        assert_eq!(run_in_front(&words, &[], &interrupt).unwrap(), 143);
    }
}
