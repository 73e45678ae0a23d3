//! Children that go on while others run, such as a database that checks need: in a process group of their own, with their
//! output straight in a log.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Interrupt;
use super::group::{Group, exit_status, has_living_members};
use super::guard::Mark;
use super::job::{cannot_start, child};
use crate::domain::project::Command;

/// What to start.
#[derive(Debug, Clone)]
pub struct DaemonJob {
    pub command: Command,
    pub cwd: PathBuf,
    /// As in [`super::ShellJob::env`].
    pub env: Vec<(String, String)>,
    pub log: PathBuf,
}

/// A child of ours that goes on. Dropping it kills its group, as our own death does.
#[derive(Debug)]
pub struct Daemon {
    group: Group,
}

/// How soon the end of something is noticed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl Daemon {
    /// # Errors
    /// Why it cannot be started, in one sentence.
    pub fn start(job: &DaemonJob, interrupt: &Interrupt) -> Result<Daemon, String> {
        let (mut command, program, mark) = command(job)?;
        let group = Group::spawn(&mut command, &mark, interrupt)
            .map_err(|error| cannot_start(program, &job.cwd, &error))?;
        Ok(Daemon { group })
    }

    /// Whether the process that was started has ended; it may have left others in its group.
    pub fn has_ended(&self) -> bool {
        self.group.has_ended()
    }

    /// How the process that was started has ended; `None`: not yet, or by a signal.
    pub fn exit_status(&self) -> Option<i32> {
        self.group.exit_status()
    }

    /// Ends the whole group: TERM, and KILL after `grace`. The status, if it ended by itself.
    pub fn stop(mut self, grace: Duration) -> Option<i32> {
        self.group.terminate();
        let start = Instant::now();
        while !self.group.has_ended() && start.elapsed() < grace {
            thread::park_timeout(BETWEEN_LOOKS);
        }
        if !self.group.has_ended() {
            self.group.kill();
        }
        let status = self.group.reap().ok()?.0.code();
        // The leader may be a shell that is gone at once, while what it started is still putting its affairs in order.
        while self.group.others_live() && start.elapsed() < grace {
            thread::park_timeout(BETWEEN_LOOKS);
        }
        status
    }
}

/// A process group that may outlive who started it, known by the number of its leader and by when that started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detached {
    pub leader: i32,
    /// The system's own measure, where it tells: another process with the same number has another.
    pub started: Option<u64>,
}

impl Detached {
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start(job: &DaemonJob) -> Result<Detached, String> {
        use std::os::unix::process::CommandExt as _;
        let (mut command, program, _) = command(job)?;
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| cannot_start(program, &job.cwd, &error))?;
        let leader = Pid::from_child(&child).as_raw_nonzero().get();
        Ok(Detached {
            leader,
            started: started(leader),
        })
    }

    /// Whether anything of the group is alive.
    pub fn is_alive(&self) -> bool {
        let Some(leader) = Pid::from_raw(self.leader) else {
            return false;
        };
        let same = match (self.started, started(self.leader)) {
            (Some(then), Some(now)) => then == now,
            // The leader may be gone and others go on; their number stays theirs.
            _ => true,
        };
        same && has_living_members(leader)
    }

    /// How the process that was started has ended, where it is a child of ours; `None`: not yet, or that cannot be told.
    pub fn exit_status(&self) -> Option<i32> {
        Pid::from_raw(self.leader).and_then(exit_status)
    }

    /// TERM, and KILL after `grace`.
    pub fn stop(&self, grace: Duration) {
        let Some(leader) = Pid::from_raw(self.leader).filter(|_| self.is_alive()) else {
            return;
        };
        // It fails only where nobody is left who could receive it.
        let _ = kill_process_group(leader, Signal::TERM);
        let start = Instant::now();
        while self.is_alive() && start.elapsed() < grace {
            thread::park_timeout(BETWEEN_LOOKS);
        }
        if self.is_alive() {
            let _ = kill_process_group(leader, Signal::KILL);
        }
        // Where it is our own child, nobody else asks for its end.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let _ = waitid(WaitId::Pid(leader), options);
    }
}

fn command(job: &DaemonJob) -> Result<(std::process::Command, &str, Mark), String> {
    let no_log =
        |error: io::Error| format!("the log {} cannot be made: {error}", job.log.display());
    if let Some(dir) = job.log.parent() {
        fs::create_dir_all(dir).map_err(no_log)?;
    }
    let log = File::create(&job.log).map_err(no_log)?;
    let (mark, second) = (Mark::of(&log), log.try_clone().map_err(no_log)?);
    let (program, mut command) = child(&job.command, &job.cwd, &job.env)?;
    command
        .stdin(std::process::Stdio::null())
        .stdout(log)
        .stderr(second);
    Ok((command, program, mark))
}

/// When a process started, in ticks since the system did: proc(5), the 22nd field. `None` where the system does not tell.
fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may have blanks and parentheses itself.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn job(dir: &Path, script: &str) -> DaemonJob {
        DaemonJob {
            command: Command::Shell(script.to_owned()),
            cwd: dir.to_owned(),
            env: vec![("NAME".to_owned(), "value".to_owned())],
            log: dir.join("deep/log"),
        }
    }

    fn wait_until(what: impl Fn() -> bool) {
        let start = Instant::now();
        while !what() {
            assert!(start.elapsed() < Duration::from_secs(10));
            thread::yield_now();
        }
    }

    #[test]
    fn it_goes_on_until_it_is_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let job = job(
            dir.path(),
            "echo $NAME; trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done",
        );
        let daemon = Daemon::start(&job, &Interrupt::never()).unwrap();
        let log = || fs::read_to_string(&job.log).unwrap_or_default();
        wait_until(|| log().contains("value"));
        assert!(!daemon.has_ended());
        assert_eq!(daemon.stop(Duration::from_secs(20)), Some(3));
        // Some shells say that their own child was ended, too.
        let log = log();
        assert!(
            log.starts_with("value\n") && log.ends_with("bye\n"),
            "{log}"
        );
    }

    #[test]
    fn one_that_is_deaf_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let job = job(
            dir.path(),
            "trap '' TERM; echo up; while :; do sleep 1; done",
        );
        let daemon = Daemon::start(&job, &Interrupt::never()).unwrap();
        wait_until(|| fs::read_to_string(&job.log).is_ok_and(|log| !log.is_empty()));
        assert_eq!(daemon.stop(Duration::from_millis(100)), None);
    }

    #[test]
    fn what_cannot_start_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let missing = DaemonJob {
            command: Command::Argv(vec!["no-such-program-here".to_owned()]),
            ..job(dir.path(), "")
        };
        let error = Daemon::start(&missing, &Interrupt::never()).unwrap_err();
        assert!(
            error.starts_with("there is no program `no-such-program-here`"),
            "{error}"
        );
    }

    #[test]
    fn a_detached_one_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let detached = Detached::start(&job(dir.path(), "exec sleep 100")).unwrap();
        assert!(detached.is_alive());
        let stranger = Detached {
            started: detached.started.map(|ticks| ticks + 1),
            ..detached
        };
        assert_eq!(stranger.is_alive(), detached.started.is_none());
        detached.stop(Duration::from_secs(20));
        wait_until(|| !detached.is_alive());
    }
}
