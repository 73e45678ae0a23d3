//! `cargo xtask bench`: the tool beside the git commands that it stands in for, measured in turns in one run.

mod cases;
mod check;
mod document;
mod hook;
mod matrix;
mod measure;
mod migrations;
mod owners;
mod paths;
mod repository;
mod snapshot;
mod sync;

use std::path::PathBuf;
use std::time::Instant;

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;
use cases::Bench;
use matrix::Options;

pub(crate) const ARGUMENTS: &str = "[version|status|conflicts|matrix-quick|snapshot|paths|init|owners|check-quick|check|sync|migrations|hook|matrix]… [--tracks N] [--files N] [--repo PATH] [--keep DIR] [--repo-files N]";

const USE: &str =
    "  --tracks N   for matrix, sync, migrations and hook: so many tracks instead of 50 and 200, 20 and 50, 50, 20
  --files N    over so many files instead of 57000, 50000, 10000, 50000
  --repo PATH  topic branches of an existing repository, too, which is only read (or REPO=PATH)
  --keep DIR   makes the large repository there (new or empty), and leaves it
  --repo-files N  for check: so many files instead of 50000";

/// A measurement by name.
struct Case {
    name: &'static str,
    run: fn(&Bench) -> Result<(), Failure>,
    /// Takes minutes, and is therefore to be asked for.
    long: bool,
}

const CASES: &[Case] = &[
    Case {
        name: "version",
        run: cases::version,
        long: false,
    },
    Case {
        name: "status",
        run: cases::status,
        long: false,
    },
    Case {
        name: "conflicts",
        run: cases::conflicts,
        long: false,
    },
    Case {
        name: "matrix-quick",
        run: matrix::quick,
        long: false,
    },
    Case {
        name: "snapshot",
        run: snapshot::snapshot,
        long: false,
    },
    Case {
        name: "paths",
        run: paths::paths,
        long: false,
    },
    Case {
        name: "init",
        run: cases::init,
        long: false,
    },
    Case {
        name: "owners",
        run: owners::owners,
        long: true,
    },
    Case {
        name: "check-quick",
        run: cases::check,
        long: false,
    },
    Case {
        name: "check",
        run: check::run,
        long: true,
    },
    Case {
        name: "sync",
        run: sync::run,
        long: true,
    },
    Case {
        name: "migrations",
        run: migrations::run,
        long: true,
    },
    Case {
        name: "hook",
        run: hook::run,
        long: true,
    },
    Case {
        name: "matrix",
        run: matrix::run,
        long: true,
    },
];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let (names, options) = parse(arguments)?;
    let started = Instant::now();
    let tracks = child::build_tracks(Profile::Release)?;
    let scratch = Scratch::new("tracks-bench")?;
    let bench = Bench {
        tracks,
        sealed: Sealed::in_real_time(&scratch.path().join("home"))?,
        dir: scratch.path().to_path_buf(),
        options,
    };
    crate::say("median and least of the runs; × is the median as a multiple of the first row's");
    for case in CASES {
        if names.contains(&case.name) || (names.is_empty() && !case.long) {
            (case.run)(&bench)?;
        }
    }
    crate::say(&format!(
        "\n{:.0} s in all",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// The measurements asked for, and what is set about the long one.
fn parse(arguments: &[String]) -> Result<(Vec<&'static str>, Options), Failure> {
    let mut options = Options {
        repository: std::env::var_os("REPO").map(PathBuf::from),
        ..Options::default()
    };
    let mut names = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| Failure::usage(format!("`{word}` needs a value\n{USE}")))
        };
        match word.as_str() {
            "--tracks" => options.tracks = Some(count(value()?)?),
            "--files" => options.files = Some(count(value()?)?),
            "--repo-files" => options.repo_files = Some(count(value()?)?),
            "--repo" => options.repository = Some(PathBuf::from(value()?)),
            "--keep" => options.keep = Some(PathBuf::from(value()?)),
            _ => names.push(named(word)?),
        }
    }
    Ok((names, options))
}

fn named(word: &str) -> Result<&'static str, Failure> {
    let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    names
        .iter()
        .copied()
        .find(|name| *name == word)
        .ok_or_else(|| {
            Failure::usage(format!(
                "there is no measurement called `{word}`; there are {}\n{USE}",
                names.join(", ")
            ))
        })
}

fn count(text: &str) -> Result<u64, Failure> {
    text.parse()
        .ok()
        .filter(|count| *count >= 2)
        .ok_or_else(|| Failure::usage(format!("`{text}` is no number from 2 up\n{USE}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn names_and_sizes_are_read_and_mistakes_are_usage_errors() {
        let line = "matrix --tracks 20 --files 3000 --repo-files 9 --repo r --keep k version";
        let (names, options) = parse(&words(line)).unwrap();
        assert_eq!(names, ["matrix", "version"]);
        assert_eq!((options.tracks, options.files), (Some(20), Some(3000)));
        assert_eq!(options.repo_files, Some(9));
        assert_eq!(options.repository, Some(PathBuf::from("r")));
        assert_eq!(options.keep, Some(PathBuf::from("k")));
        for line in [
            "matrixx",
            "--tracks",
            "--tracks 1",
            "--files many",
            "--turbo",
        ] {
            let failure = parse(&words(line)).unwrap_err();
            assert_eq!(failure.exit_status(), 2, "{line}");
        }
    }
}
