//! `cargo xtask commits`: commits in eight worktrees at once, a hundred times each, through the installed hooks; nothing may be
//! lost. Every branch must have every commit, in order, with every file as it was written, and no lock may be left.

use std::path::Path;
use std::thread;

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;

pub(crate) const ARGUMENTS: &str = "[--times N]";

const TRACKS: usize = 8;

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let times = match arguments {
        [] => 100,
        [flag, times] if flag == "--times" => times
            .parse()
            .map_err(|_| Failure::usage(format!("{times} is no number of times")))?,
        _ => return Err(Failure::usage(format!("use it as `commits {ARGUMENTS}`"))),
    };
    let tracks = child::build_tracks(Profile::Dev)?;
    let scratch = Scratch::new("tracks-commits")?;
    let sealed = Sealed::in_real_time(&scratch.path().join("home"))?;
    let repo = scratch.path().join("repo");
    prepare(&sealed, &tracks, &repo)?;
    let made: Vec<Result<(), Failure>> = thread::scope(|scope| {
        let all = (0..TRACKS).map(|nth| {
            let (sealed, repo) = (&sealed, &repo);
            scope.spawn(move || commits(sealed, repo, nth, times))
        });
        let all: Vec<_> = all.collect();
        let joined = all.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|made| made.unwrap_or_else(|_| Err(Failure::new("a thread has given up"))))
            .collect()
    });
    made.into_iter().collect::<Result<(), _>>()?;
    for nth in 0..TRACKS {
        verify(&sealed, &repo, nth, times)?;
    }
    sealed.git(&repo, &["fsck", "--no-dangling"])?;
    let locks = sealed.git(&repo, &["rev-parse", "--git-common-dir"])?;
    let left = locks_below(&repo.join(locks.trim()))?;
    if !left.is_empty() {
        return Err(Failure::new(format!("locks are left: {}", left.join(", "))));
    }
    crate::say(&format!(
        "{TRACKS} worktrees, {times} commits each at once through the hooks: {} commits, nothing lost\n",
        TRACKS * times
    ));
    Ok(())
}

fn prepare(sealed: &Sealed, tracks: &Path, repo: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(repo).map_err(Failure::at(repo))?;
    sealed.git(repo, &["init", "--quiet"])?;
    let mut config = "[commit]\ntrailer = true\n[hooks]\nreference_transaction = true\n".to_owned();
    for nth in 0..TRACKS {
        config.push_str(&format!("[track.t{nth}]\nowns = [\"t{nth}\"]\n"));
    }
    let path = repo.join("tracks.toml");
    std::fs::write(&path, config).map_err(Failure::at(&path))?;
    sealed.git(repo, &["add", "."])?;
    sealed.git(repo, &["commit", "--quiet", "-m", "Begin"])?;
    let mut init = sealed.command(tracks, repo);
    child::output(init.args(["init", "--yes"])).map(drop)
}

/// Every commit changes one file of all and adds another.
fn commits(sealed: &Sealed, repo: &Path, nth: usize, times: usize) -> Result<(), Failure> {
    let dir = repo.join(format!("worktrees/t{nth}"));
    let folder = dir.join(format!("t{nth}"));
    std::fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    for time in 0..times {
        for name in ["same".to_owned(), format!("new-{time}")] {
            let path = folder.join(name);
            std::fs::write(&path, format!("{nth} {time}\n")).map_err(Failure::at(&path))?;
        }
        sealed.git(&dir, &["add", "."])?;
        sealed.git(&dir, &["commit", "--quiet", "-m", &format!("Time {time}")])?;
    }
    Ok(())
}

fn verify(sealed: &Sealed, repo: &Path, nth: usize, times: usize) -> Result<(), Failure> {
    let branch = format!("track/t{nth}");
    let subjects = sealed.git(
        repo,
        &[
            "log",
            "--reverse",
            "--format=%s %(trailers:key=Track,valueonly,separator=%x2C)",
            &format!("main..{branch}"),
        ],
    )?;
    let expected: Vec<String> = (0..times)
        .map(|time| format!("Time {time} t{nth}"))
        .collect();
    if subjects.lines().ne(expected.iter().map(String::as_str)) {
        return Err(Failure::new(format!(
            "{branch} has lost commits:\n{subjects}"
        )));
    }
    for time in 0..times {
        let file = format!("{branch}:t{nth}/new-{time}");
        let text = sealed.git(repo, &["show", &file])?;
        if text.trim_end() != format!("{nth} {time}") {
            return Err(Failure::new(format!("{file} is {text}")));
        }
    }
    let dirty = sealed.git(
        &repo.join(format!("worktrees/t{nth}")),
        &["status", "--porcelain"],
    )?;
    match dirty.trim().is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!("{branch} is dirty:\n{dirty}"))),
    }
}

/// Files of git that end in `.lock`.
fn locks_below(dir: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Failure::at(dir))? {
        let path = entry.map_err(Failure::at(dir))?.path();
        if path.is_dir() && !path.ends_with("tracks") {
            found.extend(locks_below(&path)?);
        } else if path.extension().is_some_and(|it| it == "lock") {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}
