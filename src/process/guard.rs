//! Who ends our children's process groups if we are killed and cannot: a small shell that reads which groups there are, and
//! sees by the end of its input that we are gone.

use std::io::{self, PipeWriter, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::Pid;

use super::cmd::unbound;

/// A list of groups, `+ID` and `-ID` a line; what is on it when the list ends is ended: asked first, and killed a second
/// later. The variable is a list with a blank on both sides of each element.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
while IFS= read -r line; do
    id=${line#?}
    case $line in
    +*) groups="$groups$id " ;;
    -*) case $groups in
        *" $id "*) groups="${groups%% "$id" *} ${groups#* "$id" }" ;;
        esac ;;
    esac
done
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

    pub(super) fn began(&mut self, leader: Pid) {
        self.tell('+', leader);
    }

    pub(super) fn ended(&mut self, leader: Pid) {
        self.tell('-', leader);
    }

    fn tell(&mut self, sign: char, leader: Pid) {
        let line = format!("{sign}{}\n", leader.as_raw_nonzero());
        if let Some(list) = &mut self.list {
            // Where it has been killed, nobody guards any more; nothing else depends on it.
            let _ = list.write_all(line.as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.list = None;
        let _ = self.shell.wait();
    }
}
