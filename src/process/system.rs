//! The system calls that no safe crate of ours wraps: resource usage, of a child that is waited for and of this process,
//! asking how a signal is handled, and doing for once what the system does of itself.
#![expect(
    unsafe_code,
    reason = "wait4, getrusage and sigaction have no safe wrapper; they fill in a structure of ours, or put one back"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::ptr;
use std::time::Duration;

use rustix::process::Pid;

/// What a child, and those of its descendants that were waited for, used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) cpu: Duration,
    /// Bytes, of the largest single process. The system starts counting before the child's program replaces ours, so it
    /// is never less than what we occupy ourselves.
    pub(super) peak_memory: u64,
}

/// Reaps a child, waiting for its end if need be.
pub(super) fn wait_with_usage(pid: Pid) -> io::Result<(ExitStatus, Usage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are valid for writes during the call.
        let reaped = unsafe {
            libc::wait4(
                pid.as_raw_nonzero().get(),
                &raw mut status,
                0,
                usage.as_mut_ptr(),
            )
        };
        if reaped != -1 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: all-zero is a value of this structure of integers, and the call has filled it in.
    let usage = unsafe { usage.assume_init() };
    Ok((
        ExitStatus::from_raw(status),
        Usage {
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            peak_memory: u64::try_from(usage.ru_maxrss).unwrap_or(0) * MAXRSS_UNIT,
        },
    ))
}

/// The most memory that this process has occupied so far, in bytes; `None` where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for writes during the call.
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: all-zero is a value of this structure of integers, and the call has filled it in.
    let usage = unsafe { usage.assume_init() };
    let units = u64::try_from(usage.ru_maxrss).ok()?;
    (status == 0 && units > 0).then_some(units * MAXRSS_UNIT)
}

/// getrusage(2): kibibytes everywhere but on macOS, which has bytes.
const MAXRSS_UNIT: u64 = if cfg!(target_vendor = "apple") {
    1
} else {
    1024
};

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0))
        + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

/// Whether who started us wants the signal ignored (`nohup`, a background job of a shell without job control).
pub(super) fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call changes nothing, and the pointer is valid for writes during it.
    let result = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all-zero is a value of this structure (no handler), and a successful call has filled it in.
    result == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

/// Stops this process as Ctrl-Z does where nobody catches it; returns once it goes on. Where nobody could continue it, the
/// system does not stop it.
pub(super) fn suspend() {
    let mut default = MaybeUninit::<libc::sigaction>::zeroed();
    let mut caught = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all-zero is the default action with no flags and an empty mask, and both pointers are valid during the call.
    // What is put back afterwards is what the same call has given.
    unsafe {
        (*default.as_mut_ptr()).sa_sigaction = libc::SIG_DFL;
        if libc::sigaction(libc::SIGTSTP, default.as_ptr(), caught.as_mut_ptr()) == 0 {
            // To this thread: the whole process has stopped when the call returns.
            libc::raise(libc::SIGTSTP);
            libc::sigaction(libc::SIGTSTP, caught.as_ptr(), ptr::null_mut());
        }
    }
}

/// Leaves the terminal and gives way to whoever is waited for: what is done now, nobody waits for.
pub fn go_on_alone() {
    // Who leads a group already stays where it is.
    let _ = rustix::process::setsid();
    let _ = rustix::process::nice(10);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_that_break_are_ignored_by_the_rust_runtime() {
        assert!(is_ignored(libc::SIGPIPE));
        assert!(!is_ignored(libc::SIGWINCH));
    }

    #[test]
    fn what_has_been_occupied_counts() {
        let before = peak_memory().expect("a figure");
        let block = std::hint::black_box(vec![1_u8; 64 * 1024 * 1024]);
        let after = peak_memory().expect("a figure");
        assert!(after >= before && after >= block.len() as u64);
    }
}
