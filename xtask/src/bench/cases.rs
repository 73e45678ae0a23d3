//! What is measured, each beside what a person would otherwise run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::matrix::Options;
use super::measure::{Contender, in_turns, table};
use super::repository::{self, Shape, branch};
use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

/// Beyond this, a command that every prompt and hook may start is felt.
const VERSION_AT_MOST: Duration = Duration::from_millis(5);

/// What every measurement works with.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) tracks: PathBuf,
    pub(super) sealed: Sealed,
    pub(super) dir: PathBuf,
    pub(super) options: Options,
}

impl Bench {
    pub(super) fn repository(
        &self,
        name: &str,
        shape: Shape,
        checks: &str,
    ) -> Result<PathBuf, Failure> {
        let dir = self.dir.join(name);
        repository::build(&self.sealed, &dir, shape, checks)?;
        Ok(dir)
    }

    /// Runs the tool where one of the statuses is right, and gives its stdout.
    pub(super) fn tracks(
        &self,
        dir: &Path,
        arguments: &[&str],
        statuses: &[i32],
    ) -> Result<String, Failure> {
        let mut command = self.sealed.command(&self.tracks, dir);
        command.args(arguments).stdin(Stdio::null());
        let ran = command
            .output()
            .map_err(|error| child::could_not_start(&command, &error))?;
        if ran
            .status
            .code()
            .is_some_and(|code| statuses.contains(&code))
        {
            return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        Err(Failure::new(format!(
            "`{}` ended with {}\n{}",
            child::shown(&command),
            ran.status,
            String::from_utf8_lossy(&ran.stderr)
        )))
    }

    /// Forgets every cached answer of a repository, as if the tool had never run there.
    pub(super) fn forget(dir: &Path) -> Result<(), Failure> {
        let state = dir.join(".git").join("tracks");
        if state.is_dir() {
            std::fs::remove_dir_all(&state).map_err(Failure::at(&state))?;
        }
        Ok(())
    }

    /// A program whose git writes to a scratch object directory, so that no run finds the objects of an earlier one.
    fn in_quarantine(&self, program: &str, dir: &Path) -> Result<Command, Failure> {
        let objects = self.dir.join("quarantine");
        if objects.is_dir() {
            std::fs::remove_dir_all(&objects).map_err(Failure::at(&objects))?;
        }
        std::fs::create_dir(&objects).map_err(Failure::at(&objects))?;
        let mut command = self.sealed.command(program, dir);
        command.env("GIT_OBJECT_DIRECTORY", &objects).env(
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            dir.join(".git").join("objects"),
        );
        Ok(command)
    }
}

/// Starting up, which every command and every hook pays.
pub(super) fn version(bench: &Bench) -> Result<(), Failure> {
    let start = |program: &Path| {
        let mut command = bench.sealed.command(program, &bench.dir);
        child::output(command.arg("--version")).map(|_| ())
    };
    let times = in_turns(
        40,
        vec![
            Contender::new("tracks --version", || start(&bench.tracks)),
            Contender::new("git --version", || start(Path::new("git"))),
        ],
    )?;
    crate::say(&table("Starting up", &times));
    // The least: what the program needs, not what else the machine was doing.
    let least = times[0].least();
    if least > VERSION_AT_MOST {
        return Err(Failure::new(format!(
            "`tracks --version` needs {least:.1?} at best; at most {VERSION_AT_MOST:?} is promised"
        )));
    }
    Ok(())
}

/// The morning question: how do all tracks stand?
pub(super) fn status(bench: &Bench) -> Result<(), Failure> {
    let shape = Shape {
        files: 1000,
        tracks: 20,
    };
    let dir = bench.repository("status", shape, "")?;
    bench.tracks(&dir, &["init", "--yes"], &[0])?;
    let worktrees = worktrees(&bench.sealed, &dir)?;
    let script = "for tree in \"$@\"; do
        git -C \"$tree\" status --porcelain
        git -C \"$tree\" rev-list --left-right --count main...HEAD
        git -C \"$tree\" log -1 --format='%cr %s'
    done";
    let times = in_turns(
        7,
        vec![
            Contender::new("tracks status", || {
                bench.tracks(&dir, &["status"], &[0]).map(|_| ())
            }),
            Contender::new("shell loop: git status, rev-list, log", || {
                let mut command = bench.sealed.command("sh", &dir);
                command.args(["-c", script, "sh"]).args(&worktrees);
                child::output(&mut command).map(|_| ())
            }),
        ],
    )?;
    crate::say(&table(
        "Status of 20 tracks, 1000 files (the loop finds no collisions)",
        &times,
    ));
    Ok(())
}

/// Who collides with whom.
pub(super) fn conflicts(bench: &Bench) -> Result<(), Failure> {
    for tracks in [20, 50] {
        let dir = bench.repository(
            &format!("conflicts-{tracks}"),
            Shape {
                files: 3000,
                tracks,
            },
            "",
        )?;
        let pairs = pairs(tracks);
        let list = bench.dir.join(format!("pairs-{tracks}"));
        let lines: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        std::fs::write(&list, lines.concat()).map_err(Failure::at(&list))?;

        let ask = || {
            bench.tracks(
                &dir,
                &["conflicts", "--committed", "--format=json"],
                &[0, 1],
            )
        };
        Bench::forget(&dir)?;
        let ours = conflicting(&ask()?);
        let theirs = batch(bench, &dir, &list)?;
        if ours != theirs {
            return Err(Failure::new(format!(
                "of {tracks} tracks, `tracks conflicts` finds {ours} pairs in conflict and git {theirs}"
            )));
        }

        let times = in_turns(
            if tracks > 20 { 3 } else { 5 },
            vec![
                Contender::new("tracks conflicts, first time", || ask().map(|_| ()))
                    .prepared_by(|| Bench::forget(&dir)),
                Contender::new("tracks conflicts, again", || ask().map(|_| ())),
                Contender::new("git merge-tree --stdin, one batch", || {
                    batch(bench, &dir, &list).map(|_| ())
                }),
                Contender::new("git merge-tree, one process a pair", || {
                    let mut command = bench.in_quarantine("sh", &dir)?;
                    let script = "while read -r a b; do git merge-tree --write-tree \"$a\" \"$b\"; done >/dev/null; :";
                    command.args(["-c", script]).stdin(open(&list)?);
                    child::succeed(&mut command)
                }),
            ],
        )?;
        let title = format!(
            "Conflicts between {tracks} tracks: {} pairs, {theirs} in conflict (git says the same)",
            pairs.len()
        );
        crate::say(&table(&title, &times));
    }
    Ok(())
}

/// From one file to twelve places to work in.
pub(super) fn init(bench: &Bench) -> Result<(), Failure> {
    let shape = Shape {
        files: 500,
        tracks: 12,
    };
    let template = bench.repository("init", shape, "")?;
    let fresh = |name: &str| -> Result<(), Failure> {
        let dir = bench.dir.join(name);
        if dir.is_dir() {
            std::fs::remove_dir_all(&dir).map_err(Failure::at(&dir))?;
        }
        let (from, to) = (template.to_string_lossy(), dir.to_string_lossy());
        bench
            .sealed
            .git(&bench.dir, &["clone", "--quiet", &from, &to])?;
        for number in 1..=shape.tracks {
            let branch = branch(number);
            let remote = format!("origin/{branch}");
            bench
                .sealed
                .git(&dir, &["branch", "--quiet", "--no-track", &branch, &remote])?;
        }
        Ok(())
    };
    let by_hand: String = (1..=shape.tracks)
        .map(|number| {
            format!(
                "git worktree add -q worktrees/{number} {} || exit 1\n",
                branch(number)
            )
        })
        .collect();
    let times = in_turns(
        3,
        vec![
            Contender::new("tracks init", || {
                bench
                    .tracks(&bench.dir.join("init-ours"), &["init", "--yes"], &[0])
                    .map(|_| ())
            })
            .prepared_by(|| fresh("init-ours")),
            Contender::new("git worktree add, one after the other", || {
                let mut command = bench.sealed.command("sh", &bench.dir.join("init-theirs"));
                child::output(command.args(["-c", &by_hand])).map(|_| ())
            })
            .prepared_by(|| fresh("init-theirs")),
        ],
    )?;
    crate::say(&table("Worktrees for 12 tracks, 500 files", &times));
    Ok(())
}

/// Nothing passes twice on the same tree.
pub(super) fn check(bench: &Bench) -> Result<(), Failure> {
    let checks = "\n[check.read]\nrun = \"git grep -c line >/dev/null && git grep -c 'line.*file.*track' >/dev/null || :\"\n";
    let dir = bench.repository(
        "check",
        Shape {
            files: 500,
            tracks: 12,
        },
        checks,
    )?;
    bench.tracks(&dir, &["init", "--yes"], &[0])?;
    let ask = || bench.tracks(&dir, &["check", "--yes"], &[0]).map(|_| ());
    let times = in_turns(
        5,
        vec![
            Contender::new("tracks check, nothing known", ask).prepared_by(|| Bench::forget(&dir)),
            Contender::new("tracks check, again", ask),
        ],
    )?;
    crate::say(&table("One check in each of 12 tracks, 500 files", &times));
    Ok(())
}

pub(super) fn worktrees(sealed: &Sealed, dir: &Path) -> Result<Vec<String>, Failure> {
    let list = sealed.git(dir, &["worktree", "list", "--porcelain"])?;
    let all = list
        .lines()
        .filter_map(|line| line.strip_prefix("worktree "));
    Ok(all.skip(1).map(str::to_owned).collect())
}

fn pairs(tracks: u64) -> Vec<(String, String)> {
    (1..=tracks)
        .flat_map(|a| (a + 1..=tracks).map(move |b| (branch(a), branch(b))))
        .collect()
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(Failure::at(path))
}

/// How many pairs conflict, from git in one process.
fn batch(bench: &Bench, dir: &Path, list: &Path) -> Result<usize, Failure> {
    let mut command = bench.in_quarantine("git", dir)?;
    let ran = command
        .args(["merge-tree", "--write-tree", "--stdin"])
        .stdin(open(list)?)
        .output()
        .map_err(|error| child::could_not_start(&command, &error))?;
    if !ran.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&ran.stderr)));
    }
    Ok(conflicts_in_batch(&ran.stdout))
}

/// Counts the records of `git merge-tree --stdin`, which imply `-z`: each begins with a field `0` for a conflict or `1`.
fn conflicts_in_batch(output: &[u8]) -> usize {
    // A clean record is `1 NUL tree NUL NUL`; after a conflicted one's messages comes an empty field, too. The status is
    // therefore the field that precedes a tree id.
    let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
    let is_tree =
        |field: &[u8]| matches!(field.len(), 40 | 64) && field.iter().all(u8::is_ascii_hexdigit);
    fields
        .windows(2)
        .filter(|pair| pair[0] == b"0" && is_tree(pair[1]))
        .count()
}

/// How many pairs of the document conflict. This crate reads no JSON: the key and its value are enough.
fn conflicting(document: &str) -> usize {
    let dense: String = document.split_whitespace().collect();
    dense.matches(r#""verdict":"conflict""#).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn conflicts_are_counted_alike_in_gits_batch_and_in_our_document() {
        let scratch = Scratch::new("xtask-batch").unwrap();
        let bench = Bench {
            tracks: PathBuf::from("tracks"),
            sealed: Sealed::in_real_time(&scratch.path().join("home")).unwrap(),
            dir: scratch.path().to_path_buf(),
            options: Options::default(),
        };
        let dir = bench
            .repository(
                "r",
                Shape {
                    files: 300,
                    tracks: 12,
                },
                "",
            )
            .unwrap();
        let pairs = pairs(12);
        assert_eq!(pairs.len(), 66);
        let list = scratch.path().join("pairs");
        let lines: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        std::fs::write(&list, lines.concat()).unwrap();
        let one_by_one = pairs
            .iter()
            .filter(|(a, b)| {
                bench
                    .sealed
                    .git(&dir, &["merge-tree", "--write-tree", a, b])
                    .is_err()
            })
            .count();
        assert!(
            (1..66).contains(&one_by_one),
            "{one_by_one}: the seed has to give both kinds"
        );
        assert_eq!(batch(&bench, &dir, &list).unwrap(), one_by_one);

        let document = "{\"pairs\": [{\"verdict\": \"conflict\"}, {\"verdict\":\"clean\"},\n{\"verdict\" : \"conflict\"}]}";
        assert_eq!(conflicting(document), 2);
    }
}
