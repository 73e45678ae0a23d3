//! Repositories with many tracks from a fixed seed, made by one `git fast-import`: the same commit ids on every machine.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use crate::child;
use crate::failure::Failure;
use crate::random::Random;
use crate::sealed::Sealed;

const SEED: u64 = 0x7472_6163_6b73;
/// 2026-11-23 09:00 UTC. Seconds since the epoch.
const WHEN: u64 = 1_795_424_400;
const LINES: u64 = 60;
const FILES_PER_FOLDER: u64 = 30;
/// Files that any track may touch: what makes some of the pairs collide.
const HOT_FILES: u64 = 8;
const COMMITS_PER_TRACK: usize = 3;
const EDITS_PER_COMMIT: usize = 4;

/// What a repository is to look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) files: u64,
    pub(super) tracks: u64,
}

pub(super) fn track(number: u64) -> String {
    format!("t{number:02}")
}

pub(super) fn branch(number: u64) -> String {
    format!("track/{}", track(number))
}

/// Makes the repository with `main` checked out and a branch per track; `checks` goes to the end of its tracks.toml.
pub(super) fn build(
    sealed: &Sealed,
    dir: &Path,
    shape: Shape,
    checks: &str,
) -> Result<(), Failure> {
    make(sealed, dir, shape, checks, true)
}

/// The same with tracks that touch no file of each other.
pub(super) fn build_apart(
    sealed: &Sealed,
    dir: &Path,
    shape: Shape,
    checks: &str,
) -> Result<(), Failure> {
    make(sealed, dir, shape, checks, false)
}

fn make(
    sealed: &Sealed,
    dir: &Path,
    shape: Shape,
    checks: &str,
    meet: bool,
) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(Failure::at(dir))?;
    sealed.git(dir, &["init", "--quiet", "--initial-branch=main"])?;
    let stream = dir.join(".git").join("bench-import");
    std::fs::write(&stream, import(shape, checks, meet)).map_err(Failure::at(&stream))?;
    let mut command = sealed.command("git", dir);
    command
        .args(["fast-import", "--quiet"])
        .stdin(File::open(&stream).map_err(Failure::at(&stream))?);
    child::succeed(&mut command)?;
    std::fs::remove_file(&stream).map_err(Failure::at(&stream))?;
    sealed.git(dir, &["reset", "--quiet", "--hard", "main"])?;
    Ok(())
}

/// The whole history as a fast-import stream.
fn import(shape: Shape, checks: &str, meet: bool) -> String {
    let mut stream = String::new();
    commit(&mut stream, "main", "Everything", None);
    let mut toml = String::from("[project]\nname = \"bench\"\nbase = \"main\"\n");
    for number in 1..=shape.tracks {
        let _ = write!(toml, "\n[track.{}]\n", track(number));
    }
    toml.push_str(checks);
    file(&mut stream, "tracks.toml", &toml);
    for number in 0..shape.files {
        file(&mut stream, &path(number), &content(number, &[]));
    }
    for number in 1..=shape.tracks {
        edits(&mut stream, shape, number, meet);
    }
    stream
}

fn edits(stream: &mut String, shape: Shape, number: u64, meet: bool) {
    let mut random = Random::new(SEED ^ number.wrapping_mul(0x9e37_79b9));
    // Files stay edited from commit to commit of the same track.
    let mut edited: Vec<(u64, Vec<u64>)> = Vec::new();
    for nth in 0..COMMITS_PER_TRACK {
        let from = (nth == 0).then_some("main");
        commit(
            stream,
            &branch(number),
            &format!("Step {nth} of {}", track(number)),
            from,
        );
        for _ in 0..EDITS_PER_COMMIT {
            let own = HOT_FILES + (number * FILES_PER_FOLDER + random.below(FILES_PER_FOLDER));
            let hot = random.below(HOT_FILES);
            let meets = random.below(5) == 0 && meet;
            let chosen = if meets { hot } else { own } % shape.files;
            let line = random.below(LINES);
            match edited.iter_mut().find(|(file, _)| *file == chosen) {
                Some((_, lines)) => lines.push(line),
                None => edited.push((chosen, vec![line])),
            }
        }
        for (chosen, lines) in &edited {
            let lines: Vec<(u64, u64)> = lines.iter().map(|line| (*line, number)).collect();
            file(stream, &path(*chosen), &content(*chosen, &lines));
        }
    }
}

fn path(number: u64) -> String {
    format!("src/d{:03}/f{number:05}.txt", number / FILES_PER_FOLDER)
}

/// A file's lines, of which some were changed by a track: (line, track).
fn content(number: u64, changed: &[(u64, u64)]) -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let _ = match changed.iter().find(|(at, _)| *at == line) {
            Some((_, track)) => writeln!(text, "line {line} of file {number}, by track {track}"),
            None => writeln!(text, "line {line} of file {number}"),
        };
    }
    text
}

pub(super) fn commit(stream: &mut String, branch: &str, subject: &str, from: Option<&str>) {
    let _ = write!(
        stream,
        "commit refs/heads/{branch}\ncommitter Bench <bench@example.com> {WHEN} +0000\ndata {}\n{subject}\n",
        subject.len()
    );
    if let Some(from) = from {
        let _ = writeln!(stream, "from refs/heads/{from}");
    }
}

pub(super) fn file(stream: &mut String, path: &str, text: &str) {
    let _ = write!(
        stream,
        "M 100644 inline {path}\ndata {}\n{text}\n",
        text.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn tracks_that_are_apart_touch_no_file_of_each_other() {
        let shape = Shape {
            files: 600,
            tracks: 6,
        };
        let paths = |stream: &str| -> Vec<String> {
            let work = stream.split("commit refs/heads/track/").skip(1);
            let mut paths = Vec::new();
            for part in work.collect::<Vec<_>>().chunks(COMMITS_PER_TRACK) {
                let mut own: Vec<String> = part
                    .iter()
                    .flat_map(|commit| commit.lines())
                    .filter_map(|line| line.strip_prefix("M 100644 inline "))
                    .map(str::to_owned)
                    .collect();
                own.sort();
                own.dedup();
                paths.extend(own);
            }
            paths.sort();
            paths
        };
        for (meet, apart) in [(false, true), (true, false)] {
            let all = paths(&import(shape, "", meet));
            let mut once = all.clone();
            once.dedup();
            assert_eq!(all == once, apart);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_tracks_with_work_of_their_own() {
        let scratch = Scratch::new("xtask-bench").unwrap();
        let sealed = Sealed::in_real_time(&scratch.path().join("home")).unwrap();
        let shape = Shape {
            files: 300,
            tracks: 4,
        };
        let [one, two] = ["one", "two"].map(|name| {
            let dir = scratch.path().join(name);
            build(&sealed, &dir, shape, "").unwrap();
            assert_eq!(sealed.git(&dir, &["status", "--porcelain"]).unwrap(), "");
            for number in 1..=shape.tracks {
                let range = format!("main..{}", branch(number));
                assert_eq!(
                    sealed.git(&dir, &["rev-list", "--count", &range]).unwrap(),
                    "3"
                );
                assert!(
                    !sealed
                        .git(&dir, &["diff", "--name-only", &range])
                        .unwrap()
                        .is_empty()
                );
            }
            sealed
                .git(&dir, &["for-each-ref", "--format=%(objectname) %(refname)"])
                .unwrap()
        });
        assert_eq!(one, two);
    }
}
