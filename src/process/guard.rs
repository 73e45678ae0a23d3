//! Who ends our children's process groups if we are killed and cannot: a small shell that reads which groups there are, and
//! sees by the end of its input that we are gone.

use std::ffi::OsString;
use std::fs;
use std::io::{self, PipeWriter, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::Pid;

use super::cmd::unbound;

/// A list of groups, `+ID` and `-ID` a line; what is on it when the list ends is ended: asked first, and killed a second
/// later. The variable is a list with a blank on both sides of each element. `=OUTPUT` says that a group is about to be
/// started, and is followed by its `+ID`, or by `=` where that failed: should we be killed just then, its leader is found by
/// what it has for its output, where the system tells (proc(5)).
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
output=
while IFS= read -r line; do
    id=${line#?}
    case $line in
    =*) output=$id ;;
    +*) groups="$groups$id " output= ;;
    -*) case $groups in
        *" $id "*) groups="${groups%% "$id" *} ${groups#* "$id" }" ;;
        esac ;;
    esac
done
case $output in ?*)
    started=$(ls -l /proc/[0-9]*/fd/1 | while IFS= read -r line; do
        case $line in *" -> $output")
            line=${line#*/proc/}
            echo "${line%%/*}" ;;
        esac
    done)
    groups="$groups$started " ;;
esac
for id in $groups; do kill -s TERM -- "-$id"; kill -s CONT -- "-$id"; done
case $groups in *[0-9]*) sleep 1 ;; esac
for id in $groups; do kill -s KILL -- "-$id"; done
"#;

/// It ends when this is dropped, or when this process dies, however that happens.
#[derive(Debug)]
pub(super) struct Guard {
    list: Option<PipeWriter>,
    shell: Child,
}

impl Guard {
    /// # Errors
    /// When there is no shell, or the system refuses.
    pub(super) fn start() -> io::Result<Guard> {
        let (reader, list) = io::pipe()?;
        let shell = unbound(Path::new("sh"))
            .args(["-c", SCRIPT])
            // In a group of its own: who signals ours does not mean it.
            .process_group(0)
            .current_dir("/")
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Guard {
            list: Some(list),
            shell,
        })
    }

    /// A group is about to be started whose leader has this output.
    pub(super) fn begins(&mut self, output: &Mark) {
        self.tell(b"=", output.0.as_bytes());
    }

    /// It has not been started.
    pub(super) fn failed(&mut self) {
        self.tell(b"=", b"");
    }

    pub(super) fn began(&mut self, leader: Pid) {
        self.tell(b"+", leader.to_string().as_bytes());
    }

    pub(super) fn ended(&mut self, leader: Pid) {
        self.tell(b"-", leader.to_string().as_bytes());
    }

    fn tell(&mut self, sign: &[u8], what: &[u8]) {
        if let Some(list) = &mut self.list {
            // Where it has been killed, nobody guards any more; nothing else depends on it.
            let _ = list.write_all(&[sign, what, b"\n"].concat());
        }
    }
}

/// What the system calls an open file that only one child will have for its output. Empty where it does not tell.
#[derive(Debug, Default)]
pub(super) struct Mark(OsString);

impl Mark {
    pub(super) fn of(output: &impl AsRawFd) -> Mark {
        let name = fs::read_link(format!("/proc/self/fd/{}", output.as_raw_fd()));
        let name = name.map(PathBuf::into_os_string).unwrap_or_default();
        match name.as_bytes().contains(&b'\n') {
            true => Mark::default(),
            false => Mark(name),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.list = None;
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn what_is_just_being_started_is_ended_too() {
        if !Path::new("/proc/self/fd").exists() {
            return;
        }
        let mut guard = Guard::start().unwrap();
        let start = || {
            let (_reader, output) = io::pipe().unwrap();
            let mark = Mark::of(&output);
            let child = unbound(Path::new("sleep"))
                .arg("600")
                .process_group(0)
                .stdout(output)
                .spawn();
            (mark, child.unwrap())
        };
        let (told, failed, untold) = (start(), start(), start());
        guard.begins(&told.0);
        guard.began(Pid::from_child(&told.1));
        guard.begins(&failed.0);
        guard.failed();
        guard.begins(&untold.0);
        drop(guard);
        for (_, mut child) in [told, untold] {
            let signal = child.wait().unwrap().signal();
            assert_eq!(signal, Some(15));
        }
        let mut unguarded = failed.1;
        assert_eq!(unguarded.try_wait().unwrap(), None, "nobody began it");
        unguarded.kill().unwrap();
        unguarded.wait().unwrap();
    }
}
