//! One track moves, again and again, while `tracks conflicts --watch` looks on.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use super::moved::Moved;
use crate::bench::cases::Bench;
use crate::bench::document::Json;
use crate::child;
use crate::failure::Failure;

const MOVES: usize = 9;

/// A running watch, ended when dropped.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(bench: &Bench, dir: &std::path::Path) -> Result<Watch, Failure> {
        let mut command = bench.sealed.command(&bench.tracks, dir);
        command
            .args(["conflicts", "--committed", "--watch", "--format=json-lines"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| child::could_not_start(&command, &error))?;
        let stdout = child.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::new("the watch has no stdout"))?;
        Ok(Watch {
            child,
            lines: BufReader::new(stdout).lines(),
        })
    }

    /// The next event of that name.
    fn event(&mut self, name: &str) -> Result<Json, Failure> {
        for line in self.lines.by_ref() {
            let event = Json::read(&line.map_err(|error| Failure::new(error.to_string()))?)?;
            if event.get("event").text() == name {
                return Ok(event);
            }
        }
        Err(Failure::new(format!("the watch ended without `{name}`")))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a move costs who watches: from the new tree to the new matrix, as the tool tells it, and from the moved branch to
/// the line that tells of it, with the time that is waited for more.
pub(super) fn text(
    bench: &Bench,
    dir: &std::path::Path,
    moved: &mut Moved<'_>,
) -> Result<String, Failure> {
    let mut watch = Watch::start(bench, dir)?;
    watch.event("start")?;
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for _ in 0..MOVES {
        moved.forward()?;
        let since = Instant::now();
        let event = watch.event("moved")?;
        outside.push(since.elapsed());
        let seconds = event.get("seconds").number();
        let seconds = seconds.ok_or_else(|| Failure::new("a move without its `seconds`"))?;
        inside.push(Duration::from_secs_f64(seconds));
    }
    drop(watch);
    moved.back()?;
    let of = |mut times: Vec<Duration>| {
        times.sort();
        let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        format!(
            "median {}, least {}, most {}",
            milliseconds(times[times.len() / 2]),
            milliseconds(times[0]),
            milliseconds(times[times.len() - 1])
        )
    };
    Ok(format!(
        "tracks conflicts --watch, one track moved {MOVES} times\n  from its new tree to the new matrix: {}\n  from the moved branch to the line that tells of it: {}",
        of(inside),
        of(outside)
    ))
}
