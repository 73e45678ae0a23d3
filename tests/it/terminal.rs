//! A terminal for children: a pseudo-terminal of a given size, and what is written to it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A child in a terminal, with a process group of its own.
pub(crate) struct InTerminal {
    pub(crate) child: Child,
    keyboard: File,
    written: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

/// Starts it with all three streams on a new terminal.
pub(crate) fn start(mut command: Command, rows: u16, columns: u16) -> InTerminal {
    command.process_group(0);
    on_terminal(command, rows, columns)
}

/// Starts a script with all three streams on a new terminal that is its own: what is pressed there goes to it, and to what it
/// starts. `command` is of the program `setsid`.
#[cfg(target_os = "linux")]
pub(crate) fn start_session(mut command: Command, script: &str, size: (u16, u16)) -> InTerminal {
    command.args(["--ctty", "sh", "-c", script]);
    on_terminal(command, size.0, size.1)
}

fn on_terminal(mut command: Command, rows: u16, columns: u16) -> InTerminal {
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
        .spawn()
        .expect("the program starts");
    drop((command, slave));
    let keyboard = File::from(master.try_clone().expect("one more of it"));
    let written = Arc::new(Mutex::new(Vec::new()));
    let reader = std::thread::spawn({
        let written = written.clone();
        move || {
            let (mut master, mut buffer) = (File::from(master), [0; 4096]);
            // Once nobody has the other end any more, reading it is an error.
            while let Ok(length @ 1..) = master.read(&mut buffer) {
                written.lock().expect("no panic").extend(&buffer[..length]);
            }
        }
    });
    InTerminal {
        child,
        keyboard,
        written,
        reader,
    }
}

impl InTerminal {
    /// Everything that was written until now, what moved the cursor included.
    pub(crate) fn written(&self) -> String {
        text(&self.written)
    }

    pub(crate) fn press(&mut self, keys: &[u8]) {
        self.keyboard
            .write_all(keys)
            .expect("the terminal takes keys");
    }

    /// Exit status, and what is left on the screen once progress is gone.
    pub(crate) fn end(self) -> (i32, String) {
        let mut child = self.child;
        let status = child.wait().expect("its end");
        self.reader.join().expect("no panic");
        let text = text(&self.written);
        // What comes before the last time that a line was wiped out was progress.
        let left = text.rsplit("\r\u{1b}[2K").next().unwrap_or_default();
        (status.code().unwrap_or(-1), left.to_owned())
    }
}

fn text(written: &Mutex<Vec<u8>>) -> String {
    let written = written.lock().expect("no panic");
    String::from_utf8_lossy(&written).replace("\r\n", "\n")
}
