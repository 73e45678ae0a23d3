//! `cargo xtask runners`: plants what migration runners trip over into two branches, merges them, lets the real runner run on
//! the merged tree, and shows that `tracks` had found it before.

mod cases;
mod environment;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;

pub(crate) const ARGUMENTS: &str = "[alembic|django|sqlx]… [--keep DIR]";

/// What is planted, and what is to be found.
pub(crate) struct Case {
    /// Such as `alembic: two heads`.
    pub(crate) name: &'static str,
    pub(crate) runner: &'static str,
    /// Of `main`, beside tracks.toml.
    pub(crate) base: Vec<(&'static str, String)>,
    pub(crate) config: &'static str,
    /// What the tracks core and billing add.
    pub(crate) core: Vec<(&'static str, String)>,
    pub(crate) billing: Vec<(&'static str, String)>,
    /// Whether base has run before the tracks come.
    pub(crate) landed_first: bool,
    /// The rule that is to find it in track billing.
    pub(crate) code: &'static str,
    /// What the runner is to say; `None`: it runs late.
    pub(crate) says: Option<&'static str>,
}

/// A runner that can be started on a directory; `Err`: why not.
type Runner = Result<Box<dyn Fn(&Path) -> Command>, String>;

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let (wanted, mut scratch) = parse(arguments)?;
    let tracks = child::build_tracks(Profile::Dev)?;
    let sealed = Sealed::in_real_time(&scratch.path().join("home"))?;
    let (mut found, mut skipped, mut wrong) = (0, 0, 0);
    for runner in ["alembic", "django", "sqlx"] {
        if !(wanted.is_empty() || wanted.iter().any(|it| it == runner)) {
            continue;
        }
        let start = match environment::prepare(runner, scratch.path()) {
            Ok(start) => start,
            Err(why) => {
                crate::say(&format!("{runner}: skipped, {why}"));
                skipped += 1;
                continue;
            }
        };
        for case in cases::all()
            .into_iter()
            .filter(|case| case.runner == runner)
        {
            match try_one(&case, &tracks, &sealed, scratch.path(), &*start) {
                Ok(said) => {
                    found += 1;
                    crate::say(&format!(
                        "{}: found by {} before the merge; {said}",
                        case.name, case.code
                    ));
                }
                Err(failure) => {
                    wrong += 1;
                    crate::say(&format!("{}: WRONG: {failure}", case.name));
                }
            }
        }
    }
    crate::say(&format!(
        "{found} found, {wrong} wrong, {skipped} runners skipped"
    ));
    if wrong > 0 {
        scratch.keep();
        return Err(Failure::new(format!("see {}", scratch.path().display())));
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(Vec<String>, Scratch), Failure> {
    let (mut wanted, mut keep) = (Vec::new(), None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--keep" => {
                let dir = words
                    .next()
                    .ok_or_else(|| Failure::usage("`--keep` needs a directory"))?;
                keep = Some(PathBuf::from(dir));
            }
            "alembic" | "django" | "sqlx" => wanted.push(word.clone()),
            _ => {
                return Err(Failure::usage(format!(
                    "there is no runner `{word}` here: {ARGUMENTS}"
                )));
            }
        }
    }
    let scratch = match keep {
        Some(dir) => Scratch::at(&dir)?,
        None => Scratch::new("tracks-runners")?,
    };
    Ok((wanted, scratch))
}

/// What the runner said.
fn try_one(
    case: &Case,
    tracks: &Path,
    sealed: &Sealed,
    scratch: &Path,
    start: &dyn Fn(&Path) -> Command,
) -> Result<String, Failure> {
    let dir = scratch.join(case.name.replace([':', ' '], "-"));
    std::fs::create_dir_all(&dir).map_err(Failure::at(&dir))?;
    let git = |arguments: &[&str]| sealed.git(&dir, arguments);
    git(&["init", "--quiet", "--initial-branch=main"])?;
    write(
        &dir,
        &[
            ("tracks.toml", case.config.to_owned()),
            (".gitignore", "*.sqlite3\n__pycache__/\n".to_owned()),
        ],
    )?;
    write(&dir, &case.base)?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "Begin"])?;
    if case.landed_first {
        let (ok, said) = ran(start(&dir))?;
        if !ok {
            return Err(Failure::new(format!("base itself does not run: {said}")));
        }
    }
    for (track, files) in [("core", &case.core), ("billing", &case.billing)] {
        git(&[
            "checkout",
            "--quiet",
            "-b",
            &format!("track/{track}"),
            "main",
        ])?;
        write(&dir, files)?;
        git(&["add", "--all"])?;
        git(&["commit", "--quiet", "--allow-empty", "--message", "Work"])?;
        if !case.landed_first {
            let (ok, said) = ran(start(&dir))?;
            if !ok {
                return Err(Failure::new(format!(
                    "track {track} alone does not run: {said}"
                )));
            }
            forget_database(&dir)?;
        }
    }
    git(&["checkout", "--quiet", "main"])?;
    let mut validate = sealed.command(tracks, &dir);
    validate.args(["validate", "billing", "--format", "json"]);
    let output = validate
        .output()
        .map_err(|error| child::could_not_start(&validate, &error))?;
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    if !answer.contains(&format!("\"{}\"", case.code)) {
        return Err(Failure::new(format!(
            "tracks did not find {}: {answer}",
            case.code
        )));
    }
    // Git has nothing against it.
    git(&["merge", "--quiet", "--no-edit", "track/core"])?;
    git(&["merge", "--quiet", "--no-edit", "track/billing"])?;
    let (ok, said) = ran(start(&dir))?;
    match case.says {
        Some(word) => match said.lines().find(|line| line.contains(word)) {
            Some(line) => Ok(format!(
                "the runner {}: {}",
                if ok { "warns" } else { "stops" },
                line.trim()
            )),
            None => Err(Failure::new(format!(
                "the runner was to say `{word}`, and said: {said}"
            ))),
        },
        None if !ok => Err(Failure::new(format!(
            "the runner was to run it late, and stopped with: {said}"
        ))),
        None => Ok("the runner runs it late, after what was to come after it".to_owned()),
    }
}

fn write(dir: &Path, files: &[(&str, String)]) -> Result<(), Failure> {
    for (path, text) in files {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Failure::at(parent))?;
        }
        std::fs::write(&path, text).map_err(Failure::at(&path))?;
    }
    Ok(())
}

fn forget_database(dir: &Path) -> Result<(), Failure> {
    let path = dir.join("db.sqlite3");
    match path.exists() {
        true => std::fs::remove_file(&path).map_err(Failure::at(&path)),
        false => Ok(()),
    }
}

/// Whether it succeeded, and all that it said.
fn ran(mut command: Command) -> Result<(bool, String), Failure> {
    let output = command
        .output()
        .map_err(|error| child::could_not_start(&command, &error))?;
    let said = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}
