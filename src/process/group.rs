//! A child that leads a process group of its own, so that whatever it starts can be ended together with it.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};

use super::Interrupt;
use super::guard::Mark;
use super::system::{Usage, wait_with_usage};

/// The leader stays unreaped until [`Group::reap`], so the number of the group cannot be given to strangers meanwhile.
/// Dropping it kills the group.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
    interrupt: Interrupt,
    reaped: bool,
}

impl Group {
    /// A second interrupt, which ends us at once, kills the group too. `output` is that of the command.
    pub(super) fn spawn(
        command: &mut Command,
        output: &Mark,
        interrupt: &Interrupt,
    ) -> io::Result<Group> {
        let leader = interrupt.register(output, || {
            let child = command.process_group(0).spawn()?;
            Ok(Pid::from_child(&child))
        })?;
        Ok(Group {
            leader,
            interrupt: interrupt.clone(),
            reaped: false,
        })
    }

    /// Asks the whole group to end; a stopped process can hear it only when it is continued.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // It fails only where nobody is left who could receive it.
        let _ = kill_process_group(self.leader, signal);
    }

    /// Whether the leader has ended. It may have left others behind.
    pub(super) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // No error can come of a child of our own; should one come, waiting on would not help.
        waitid(WaitId::Pid(self.leader), options).map_or(true, |status| status.is_some())
    }

    /// How the leader has ended; `None`: not yet, or by a signal.
    pub(super) fn exit_status(&self) -> Option<i32> {
        exit_status(self.leader)
    }

    /// Waits for the leader's end.
    pub(super) fn reap(&mut self) -> io::Result<(ExitStatus, Usage)> {
        self.reaped = true;
        wait_with_usage(self.leader)
    }

    /// Once the leader is reaped: whether it has left others behind. As long as there are some, the number of the group cannot
    /// be given to anybody else; and where there are none, the system gives a number that has just become free to a new
    /// process only after all other numbers.
    pub(super) fn others_live(&self) -> bool {
        has_living_members(self.leader)
    }
}

/// How a child of ours has ended by itself, which can be asked again; `None`: not yet, by a signal, or it is no child of ours.
pub(super) fn exit_status(child: Pid) -> Option<i32> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(child), options).ok()??.exit_status()
}

/// Whether somebody of the group lives. A member that is dead and that nobody has asked for its end still counts for the
/// system; where it tells more of each process (proc(5)), that is looked at.
pub(super) fn has_living_members(group: Pid) -> bool {
    if test_kill_process_group(group).is_err() {
        return false;
    }
    let Ok(processes) = fs::read_dir("/proc") else {
        return true;
    };
    let mut seen_any = false;
    let mut living = processes.filter_map(Result::ok).filter(|process| {
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else {
            return false;
        };
        seen_any = true;
        // The second field is the program's name in parentheses, and may have blanks and parentheses itself; then come the
        // state, the parent and the group.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest);
        let mut fields = fields.unwrap_or_default().split_ascii_whitespace();
        let state = fields.next();
        let own = fields.nth(1).and_then(|field| field.parse().ok());
        own == Some(group.as_raw_nonzero().get()) && !matches!(state, Some("Z" | "X"))
    });
    living.next().is_some() || !seen_any
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        self.interrupt.forget(self.leader);
        if !self.reaped {
            let _ = wait_with_usage(self.leader);
        }
    }
}
