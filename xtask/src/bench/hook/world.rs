//! A large repository whose hooks are changed from contender to contender, and the commits that are made in one worktree.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::bench::cases::Bench;
use crate::bench::repository::{self, branch, track};
use crate::child;
use crate::failure::Failure;

const COMMITS_PER_TRACK: u64 = 3;
const FILES_PER_FOLDER: u64 = 30;
/// What runs in the background after a commit is waited for so long.
const BACKGROUND_AT_MOST: Duration = Duration::from_secs(60);

const BACKGROUND_BEGINS: Duration = Duration::from_millis(50);

/// The configurations of the others, with one job that does nothing: on base, since a track may not change them.
const PRE_COMMIT: &str = "repos:
  - repo: local
    hooks:
      - id: nothing
        name: nothing
        language: system
        entry: \"true\"
        pass_filenames: false
        always_run: true
";
const LEFTHOOK: &str = "pre-commit:
  jobs:
    - name: nothing
      run: \"true\"
";

/// Whose files are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Staged {
    Own,
    OfAnother,
}

/// How a commit is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Made,
    Refused,
}

/// The repository: the main worktree, and the one of the first track, in which everything happens.
pub(super) struct World<'a> {
    bench: &'a Bench,
    pub(super) dir: PathBuf,
    pub(super) worktree: PathBuf,
    files: u64,
    tracks: u64,
    /// Where the track stands before each commit.
    pub(super) start: String,
    /// The set of hooks that stands where git looks for hooks.
    standing: RefCell<String>,
    /// No two commits have the same contents.
    turn: Cell<u64>,
}

impl<'a> World<'a> {
    pub(super) fn new(bench: &'a Bench, files: u64, tracks: u64) -> Result<Self, Failure> {
        let dir = bench.dir.join("hook");
        std::fs::create_dir_all(&dir).map_err(Failure::at(&dir))?;
        let git = |arguments: &[&str]| bench.sealed.git(&dir, arguments);
        git(&["init", "--quiet", "--initial-branch=main"])?;
        let stream = dir.join(".git").join("bench-import");
        std::fs::write(&stream, import(files, tracks)).map_err(Failure::at(&stream))?;
        let mut command = bench.sealed.command("git", &dir);
        command
            .args(["fast-import", "--quiet"])
            .stdin(File::open(&stream).map_err(Failure::at(&stream))?);
        child::succeed(&mut command)?;
        std::fs::remove_file(&stream).map_err(Failure::at(&stream))?;
        git(&["reset", "--quiet", "--hard", "main"])?;
        let world = World {
            bench,
            worktree: dir.join("worktrees").join(track(1)),
            start: git(&["rev-parse", &branch(1)])?,
            dir,
            files,
            tracks,
            standing: RefCell::new("none".to_owned()),
            turn: Cell::new(0),
        };
        // The samples that git brings along are no hooks.
        world.empty(&world.hooks())?;
        Ok(world)
    }

    /// Where git looks for hooks.
    fn hooks(&self) -> PathBuf {
        self.dir.join(".git").join("hooks")
    }

    fn set(&self, name: &str) -> PathBuf {
        self.dir.join(".git").join(format!("hooks-of-{name}"))
    }

    fn empty(&self, dir: &Path) -> Result<(), Failure> {
        if dir.is_dir() {
            std::fs::remove_dir_all(dir).map_err(Failure::at(dir))?;
        }
        std::fs::create_dir_all(dir).map_err(Failure::at(dir))
    }

    /// Puts a set of hooks in place of the one that stands.
    pub(super) fn stand(&self, name: &str) -> Result<(), Failure> {
        let mut standing = self.standing.borrow_mut();
        if *standing == name {
            return Ok(());
        }
        let (hooks, before, after) = (self.hooks(), self.set(&standing), self.set(name));
        std::fs::rename(&hooks, &before).map_err(Failure::at(&before))?;
        std::fs::rename(&after, &hooks).map_err(Failure::at(&after))?;
        name.clone_into(&mut standing);
        Ok(())
    }

    /// A new set of hooks, which stands from now on: what `install` puts where git looks for hooks.
    pub(super) fn install(
        &self,
        name: &str,
        install: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.empty(&self.set(name))?;
        self.stand(name)?;
        install()?;
        match self.hooks().join("pre-commit").is_file() {
            true => Ok(()),
            false => Err(Failure::new(format!("no pre-commit hook came of {name}"))),
        }
    }

    /// A new set with one hook of sh.
    pub(super) fn install_script(
        &self,
        name: &str,
        hooks: &[&str],
        script: &str,
    ) -> Result<(), Failure> {
        self.empty(&self.set(name))?;
        for hook in hooks {
            let path = self.set(name).join(hook);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).map_err(Failure::at(&path))?;
            executable(&path)?;
        }
        Ok(())
    }

    /// A copy of a set of hooks without one of them.
    pub(super) fn install_without(
        &self,
        name: &str,
        from: &str,
        without: &str,
    ) -> Result<(), Failure> {
        self.stand("none")?;
        let (from, to) = (self.set(from), self.set(name));
        self.empty(&to)?;
        for entry in std::fs::read_dir(&from).map_err(Failure::at(&from))? {
            let entry = entry.map_err(Failure::at(&from))?;
            if entry.file_name() != without && entry.path().is_file() {
                let copy = to.join(entry.file_name());
                std::fs::copy(entry.path(), &copy).map_err(Failure::at(&copy))?;
            }
        }
        Ok(())
    }

    /// The names of the hooks of a set.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, Failure> {
        self.stand(name)?;
        let hooks = self.hooks();
        let entries = std::fs::read_dir(&hooks).map_err(Failure::at(&hooks))?;
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The worktree as it was, with so many files changed and staged, and this set of hooks.
    pub(super) fn prepare(&self, hooks: &str, files: u64, staged: Staged) -> Result<(), Failure> {
        // Nobody's hook has a say in what is not measured.
        self.stand("none")?;
        self.in_worktree(&["reset", "--quiet", "--hard", &self.start])?;
        self.turn.set(self.turn.get() + 1);
        let of = match staged {
            Staged::Own => 1,
            Staged::OfAnother => 2,
        };
        let paths = self.spread(of, files);
        for path in &paths {
            let text = format!("{}turn {} of {path}\n", content(0, None), self.turn.get());
            let path = self.worktree.join(path);
            std::fs::write(&path, text).map_err(Failure::at(&path))?;
        }
        let mut add = vec!["add", "--"];
        add.extend(paths.iter().map(String::as_str));
        self.in_worktree(&add)?;
        self.stand(hooks)?;
        self.wait_for_background()?;
        Ok(())
    }

    fn in_worktree(&self, arguments: &[&str]) -> Result<String, Failure> {
        self.bench.sealed.git(&self.worktree, arguments)
    }

    /// So many paths of a track, over all its folders.
    fn spread(&self, of: u64, files: u64) -> Vec<String> {
        let each = self.files / self.tracks;
        let step = (each / files).max(1);
        (0..files.min(each))
            .map(|nth| path((of - 1) * each + nth * step, self.files, self.tracks))
            .collect()
    }

    /// Commits what is staged; where that does not end as it should, it fails.
    pub(super) fn commit(
        &self,
        arguments: &[&str],
        environment: &[(&str, PathBuf)],
        ends: Ends,
    ) -> Result<Output, Failure> {
        let mut command = self.command("git");
        command
            .args(["commit", "--quiet", "--message=Work"])
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        let ran = command
            .output()
            .map_err(|error| child::could_not_start(&command, &error))?;
        let right = match ends {
            Ends::Made => ran.status.success(),
            Ends::Refused => ran.status.code() == Some(1),
        };
        match right {
            true => Ok(ran),
            false => Err(Failure::new(format!(
                "a commit with the hooks of {} is to be {ends:?}, and ended with {}\n{}{}",
                self.standing.borrow(),
                ran.status,
                String::from_utf8_lossy(&ran.stdout),
                String::from_utf8_lossy(&ran.stderr),
            ))),
        }
    }

    pub(super) fn command(&self, program: &str) -> Command {
        self.bench.sealed.command(program, &self.worktree)
    }

    /// Whether the branch has moved as the last commit says.
    pub(super) fn check(&self, ends: Ends) -> Result<(), Failure> {
        let parent = self.in_worktree(&["rev-parse", "HEAD~"])?;
        match (parent == self.start) == (ends == Ends::Made) {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "a commit with the hooks of {} was {ends:?}, and the branch says otherwise",
                self.standing.borrow()
            ))),
        }
    }

    /// What the tool does after a commit has to be over before somebody else is measured.
    fn wait_for_background(&self) -> Result<(), Failure> {
        let started = Instant::now();
        while self.in_background()? == Some(true) {
            if started.elapsed() > BACKGROUND_AT_MOST {
                return Err(Failure::new(
                    "what runs in the background after a commit does not end",
                ));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Whether the tool runs; `None` where the system does not tell.
    fn in_background(&self) -> Result<Option<bool>, Failure> {
        let program = &self.bench.tracks;
        let program = program.canonicalize().map_err(Failure::at(program))?;
        Ok(runs(&program))
    }

    /// How long the tool goes on in the background after a commit; `None` where it was not seen.
    pub(super) fn background(&self, hooks: &str) -> Result<Option<Duration>, Failure> {
        self.prepare(hooks, 1, Staged::Own)?;
        self.commit(&[], &[], Ends::Made)?;
        let started = Instant::now();
        // It is not there at once: a shell becomes the program.
        while self.in_background()? != Some(true) {
            if started.elapsed() > BACKGROUND_BEGINS {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.wait_for_background()?;
        Ok(Some(started.elapsed()))
    }
}

/// Whether a process of this program is there.
fn runs(program: &Path) -> Option<bool> {
    let processes = std::fs::read_dir("/proc").ok()?;
    let is_it = |exe: PathBuf| std::fs::read_link(exe).is_ok_and(|exe| exe == program);
    Some(
        processes
            .flatten()
            .any(|process| is_it(process.path().join("exe"))),
    )
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).map_err(Failure::at(path))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// The tracks' own parts of one tree after the other, and a few commits in each.
fn import(files: u64, tracks: u64) -> String {
    let mut stream = String::new();
    repository::commit(&mut stream, "main", "Everything", None);
    let mut toml = String::from("[project]\nname = \"bench\"\nbase = \"main\"\n\n");
    // In the file for all, and in place as a hook only for some: so nothing else differs between them.
    toml.push_str("[hooks]\nreference_transaction = true\n");
    for number in 1..=tracks {
        let track = track(number);
        let _ = write!(toml, "\n[track.{track}]\nowns = [\"src/{track}/**\"]\n");
    }
    for (path, text) in [
        ("tracks.toml", toml.as_str()),
        (".pre-commit-config.yaml", PRE_COMMIT),
        ("lefthook.yml", LEFTHOOK),
    ] {
        repository::file(&mut stream, path, text);
    }
    for number in 0..files {
        repository::file(
            &mut stream,
            &path(number, files, tracks),
            &content(number, None),
        );
    }
    let each = files / tracks;
    for number in 1..=tracks {
        for nth in 0..COMMITS_PER_TRACK {
            let from = (nth == 0).then_some("main");
            let subject = format!("Step {nth} of {}", track(number));
            repository::commit(&mut stream, &branch(number), &subject, from);
            // None that a commit of the measurement changes.
            let file = (number - 1) * each + each - 1 - nth;
            let text = content(file, Some(number));
            repository::file(&mut stream, &path(file, files, tracks), &text);
        }
    }
    stream
}

fn path(number: u64, files: u64, tracks: u64) -> String {
    let owner = (number / (files / tracks)).min(tracks - 1) + 1;
    let folder = number / FILES_PER_FOLDER;
    format!("src/{}/d{folder:04}/f{number:05}.txt", track(owner))
}

fn content(number: u64, by: Option<u64>) -> String {
    let by = by.map(|track| format!(", by track {track}"));
    let by = by.unwrap_or_default();
    (0..20)
        .map(|line| format!("line {line} of file {number}{by}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_lies_below_its_owner() {
        for (number, path_of_it) in [
            (0, "src/t01/d0000/f00000.txt"),
            (49, "src/t01/d0001/f00049.txt"),
            (50, "src/t02/d0001/f00050.txt"),
            (100, "src/t02/d0003/f00100.txt"),
        ] {
            assert_eq!(path(number, 101, 2), path_of_it);
        }
    }
}
