//! A child that leads a process group of its own, so that whatever it starts can be ended together with it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Interrupt;
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
    /// A second interrupt, which ends us at once, kills the group too.
    pub(super) fn spawn(command: &mut Command, interrupt: &Interrupt) -> io::Result<Group> {
        let leader = interrupt.register(|| {
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

    /// Kills what is left of the group and waits for the leader's end.
    pub(super) fn reap(mut self) -> io::Result<(ExitStatus, Usage)> {
        self.finish()
    }

    fn finish(&mut self) -> io::Result<(ExitStatus, Usage)> {
        self.kill();
        self.interrupt.forget(self.leader);
        self.reaped = true;
        wait_with_usage(self.leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.finish();
        }
    }
}
