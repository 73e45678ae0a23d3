//! A terminal for children: a pseudo-terminal of a given size, and what is written to it.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A child in a terminal, with a process group of its own.
pub(crate) struct InTerminal {
    pub(crate) child: Child,
    output: JoinHandle<String>,
}

/// Starts it with all three streams on a new terminal.
pub(crate) fn start(mut command: Command, rows: u16, columns: u16) -> InTerminal {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("its other end");
    unlockpt(&master).expect("its other end");
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).expect("a size");
    let name = ptsname(&master, Vec::new()).expect("its name");
    let path = std::ffi::OsStr::from_bytes(name.as_bytes());
    let slave = File::options()
        .read(true)
        .write(true)
        .open(path)
        .expect("its other end");
    let stream = || slave.try_clone().expect("one more of it");
    let child = command
        .stdin(stream())
        .stdout(stream())
        .stderr(stream())
        .env("TERM", "xterm")
        .process_group(0)
        .spawn()
        .expect("the program starts");
    drop((command, slave));
    let output = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // Once nobody has the other end any more, reading it is an error.
        let _ = File::from(master).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        // What comes before the last time that a line was wiped out was progress.
        let left = text.rsplit("\r\u{1b}[2K").next().unwrap_or_default();
        left.to_owned()
    });
    InTerminal { child, output }
}

impl InTerminal {
    /// Exit status, and what is left on the screen once progress is gone.
    pub(crate) fn end(mut self) -> (i32, String) {
        let status = self.child.wait().expect("its end");
        let output = self.output.join().expect("what it wrote");
        (status.code().unwrap_or(-1), output)
    }
}
