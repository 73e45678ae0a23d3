//! 200 checks that do nothing, beside GNU parallel, make and xargs doing the same nothing: what a runner itself costs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{milliseconds, number, worktrees};
use crate::bench::cases::Bench;
use crate::bench::measure::{Contender, Times, in_turns, table};
use crate::bench::repository::Shape;
use crate::child;
use crate::failure::Failure;

const CHECKS: usize = 200;
const RUNS: usize = 5;
/// So much slower than GNU parallel is no longer in its range.
const RANGE: f64 = 1.25;
const PARALLEL: &str = "GNU parallel";

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let parallel = has_parallel(bench);
    if !parallel {
        crate::say("\nskipped: GNU parallel is not here");
    }
    for tracks in [1, 10] {
        let site = Site::new(bench, tracks)?;
        for width in [2, 8] {
            site.measure(width, parallel)?;
        }
    }
    Ok(())
}

/// Where it lacks and may be installed, it is.
fn has_parallel(bench: &Bench) -> bool {
    let is_here = || {
        let mut command = bench.sealed.command("parallel", &bench.dir);
        command.args(["--will-cite", "--version"]);
        child::output(&mut command).is_ok_and(|text| text.starts_with("GNU parallel"))
    };
    if is_here() {
        return true;
    }
    let mut id = Command::new("id");
    let root = child::output(id.arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "parallel"]);
    root && child::output(&mut install).is_ok() && is_here()
}

/// The same commands for everybody.
struct Site<'a> {
    bench: &'a Bench,
    dir: PathBuf,
    /// Where each of the 200 runs.
    places: Vec<PathBuf>,
    tracks: usize,
}

impl<'a> Site<'a> {
    fn new(bench: &'a Bench, tracks: usize) -> Result<Self, Failure> {
        let each = CHECKS / tracks;
        let mut checks = String::from("\n[run]\njobs = 2\n[profile.wide]\njobs = 8\n");
        for check in 0..each {
            let _ = write!(checks, "\n[check.c{check:03}]\nrun = \"true\"\n");
        }
        let shape = Shape {
            files: 300,
            tracks: tracks as u64,
        };
        let dir = bench.repository(&format!("trivial-{tracks}"), shape, &checks)?;
        let worktrees = worktrees(bench, &dir)?;
        let places = worktrees
            .iter()
            .flat_map(|place| vec![place.clone(); each])
            .collect();
        Ok(Site {
            bench,
            dir,
            places,
            tracks,
        })
    }

    fn measure(&self, width: u32, parallel: bool) -> Result<(), Failure> {
        let mut contenders = vec![Contender::new("tracks check", move || self.ours(width))];
        let theirs = |name: &str, command: Command| {
            let command = std::cell::RefCell::new(command);
            Contender::new(name, move || {
                child::output(&mut command.borrow_mut())?;
                self.all_written()
            })
            .prepared_by(move || self.fresh_outputs())
        };
        if parallel {
            contenders.push(theirs(PARALLEL, self.parallel(width)?));
        }
        contenders.push(theirs("make", self.make(width)?));
        contenders.push(theirs("xargs, sh", self.xargs(width)?));
        let times = in_turns(RUNS, contenders)?;
        let layout = match self.tracks {
            1 => format!("{CHECKS} trivial checks in one track"),
            tracks => format!(
                "{} trivial checks in each of {tracks} tracks",
                CHECKS / tracks
            ),
        };
        crate::say(&table(&format!("{layout}, {width} at once"), &times));
        crate::say(&per_check(&times));
        within_range(&times)
    }

    fn ours(&self, width: u32) -> Result<(), Failure> {
        let mut arguments = vec!["check", "--yes", "--no-cache", "--format=json"];
        if width == 8 {
            arguments.extend(["--profile", "wide"]);
        }
        let document = self.bench.tracks(&self.dir, &arguments, &[0])?;
        // Counted, not read: reading would take longer than some of what is measured.
        let passed = document.matches(r#""outcome": "passed""#).count();
        let fresh = document.matches(r#""cached": false"#).count();
        let logs = document
            .split(r#""log": ""#)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|log| Path::new(log).is_file());
        let logs = logs.count();
        if [passed, fresh, logs] == [CHECKS; 3] {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{passed} checks passed, {fresh} of them afresh, and left {logs} logs: not {CHECKS}"
        )))
    }

    fn outputs(&self) -> PathBuf {
        self.bench.dir.join(format!("outputs-{}", self.tracks))
    }

    fn fresh_outputs(&self) -> Result<(), Failure> {
        let dir = self.outputs();
        if dir.is_dir() {
            std::fs::remove_dir_all(&dir).map_err(Failure::at(&dir))?;
        }
        std::fs::create_dir(&dir).map_err(Failure::at(&dir))
    }

    fn all_written(&self) -> Result<(), Failure> {
        let dir = self.outputs();
        let written = std::fs::read_dir(&dir).map_err(Failure::at(&dir))?.count();
        if written == CHECKS {
            return Ok(());
        }
        Err(Failure::new(format!("{written} outputs, not {CHECKS}")))
    }

    /// Each keeps its output in a file of its own, and runs where its check does.
    fn lines(&self) -> Vec<String> {
        let outputs = self.outputs();
        let line = |(number, place): (usize, &PathBuf)| {
            let (place, outputs) = (place.display(), outputs.display());
            format!("cd {place} && true >{outputs}/{number} 2>&1")
        };
        self.places.iter().enumerate().map(line).collect()
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.bench.dir.join(format!("{name}-{}", self.tracks));
        std::fs::write(&path, text).map_err(Failure::at(&path))?;
        Ok(path)
    }

    fn parallel(&self, width: u32) -> Result<Command, Failure> {
        let list = self.file("lines", &(self.lines().join("\n") + "\n"))?;
        let mut command = self.bench.sealed.command("parallel", &self.bench.dir);
        command
            .args(["--will-cite", "-j", &width.to_string(), "--arg-file"])
            .arg(list);
        Ok(command)
    }

    fn make(&self, width: u32) -> Result<Command, Failure> {
        let mut text = String::from("all:");
        for number in 0..CHECKS {
            let _ = write!(text, " c{number}");
        }
        text.push('\n');
        for (number, line) in self.lines().iter().enumerate() {
            let _ = write!(text, "c{number}:\n\t@{line}\n");
        }
        let file = self.file("makefile", &text)?;
        let mut command = self.bench.sealed.command("make", &self.bench.dir);
        command.arg(format!("-j{width}")).arg("-sf").arg(file);
        Ok(command)
    }

    /// The least that can be had of a shell each.
    fn xargs(&self, width: u32) -> Result<Command, Failure> {
        let list = self.file("lines-0", &(self.lines().join("\0") + "\0"))?;
        let mut command = self.bench.sealed.command("sh", &self.bench.dir);
        let script = format!("xargs -0 -n1 -P{width} sh -c <{}", list.display());
        command.args(["-c", &script]);
        Ok(command)
    }
}

fn per_check(times: &[Times]) -> String {
    let row = |row: &Times| {
        let each = |time| milliseconds(time) / number(CHECKS);
        format!(
            "{} {:.2} ({:.2} to {:.2})",
            row.name,
            each(row.median()),
            each(row.least()),
            each(row.most())
        )
    };
    let rows: Vec<String> = times.iter().map(row).collect();
    format!("  ms a check, median and spread: {}", rows.join(", "))
}

fn within_range(times: &[Times]) -> Result<(), Failure> {
    let of = |name: &str| times.iter().find(|row| row.name == name).map(Times::median);
    let (Some(ours), Some(parallel)) = (times.first().map(Times::median), of(PARALLEL)) else {
        return Ok(());
    };
    let ratio = ours.as_secs_f64() / parallel.as_secs_f64();
    if ratio <= RANGE {
        return Ok(());
    }
    Err(Failure::new(format!(
        "tracks needs {ratio:.2} times what {PARALLEL} does; at most {RANGE} is promised"
    )))
}
