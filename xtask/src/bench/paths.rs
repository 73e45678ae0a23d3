//! The answer for editors and agents, from start to end, beside the git commands that say anything of paths.

use std::fs::File;
use std::path::Path;

use super::cases::Bench;
use super::measure::{Contender, in_turns, table};
use super::repository::{Shape, track};
use crate::child;
use crate::failure::Failure;

const SHAPE: Shape = Shape {
    files: 50_000,
    tracks: 20,
};

pub(super) fn paths(bench: &Bench) -> Result<(), Failure> {
    let dir = bench.repository("paths", SHAPE, "")?;
    bench.tracks(&dir, &["init", "--yes"], &[0])?;
    let listed = bench.sealed.git(&dir, &["ls-files"])?;
    let files: Vec<&str> = listed.lines().collect();
    let worktree = dir.join("worktrees").join(track(1));
    let list = |name: &str, every: usize| -> Result<std::path::PathBuf, Failure> {
        let path = bench.dir.join(name);
        let some: Vec<&str> = files.iter().copied().step_by(every).collect();
        std::fs::write(&path, some.join("\n")).map_err(Failure::at(&path))?;
        Ok(path)
    };
    let (one, many) = (list("one", files.len())?, list("many", 50)?);
    let run = |program: &Path, arguments: &[&str], input: &Path| {
        let mut command = bench.sealed.command(program, &worktree);
        command
            .args(arguments)
            .stdin(File::open(input).map_err(Failure::at(input))?);
        let ran = command
            .output()
            .map_err(|error| child::could_not_start(&command, &error))?;
        match ran.status.code() {
            Some(0 | 1) => Ok(()),
            _ => Err(Failure::new(format!(
                "`{}` ended with {}\n{}",
                child::shown(&command),
                ran.status,
                String::from_utf8_lossy(&ran.stderr)
            ))),
        }
    };
    let git = Path::new("git");
    let ours = ["validate", "--stdin-paths"];
    let times = in_turns(
        15,
        vec![
            Contender::new("tracks validate --stdin-paths, 1 path", || {
                run(&bench.tracks, &ours, &one)
            }),
            Contender::new("the same, 1000 paths", || run(&bench.tracks, &ours, &many)),
            Contender::new("git check-attr --stdin, 1 path", || {
                run(git, &["check-attr", "--stdin", "text"], &one)
            }),
            Contender::new("git check-attr --stdin, 1000 paths", || {
                run(git, &["check-attr", "--stdin", "text"], &many)
            }),
            Contender::new("git status --porcelain", || {
                run(git, &["status", "--porcelain"], &one)
            }),
        ],
    )?;
    let title = format!(
        "Paths on stdin, {} files, {} tracks",
        SHAPE.files, SHAPE.tracks
    );
    crate::say(&table(&title, &times));
    Ok(())
}
