//! `cargo xtask demo`: a walk through the tool that says what it shows, and fails where the tool does not show it.

mod replay;
mod shop;
mod walk;

use std::path::PathBuf;

use crate::child::Profile;
use crate::failure::Failure;

pub(crate) const ARGUMENTS: &str =
    "[--keep] [--dir DIR] [--quick] | --on REPO [--tracks N] [--keep] [--dir DIR] [--debug]";

const USE: &str = "use: cargo xtask demo [--keep] [--dir DIR] [--quick]
     cargo xtask demo --on REPO [--tracks N] [--keep] [--dir DIR] [--debug]

  --keep       leave the repository and say where it is
  --dir DIR    make it there (new or empty), and leave it
  --quick      the tool's output only where it is not as expected
  --on REPO    instead of the small shop: the newest merges of an existing repository, which is only read
  --tracks N   how many of its merges (default 12)
  --debug      with a development build, as the small shop has; otherwise an optimised one, since times are shown";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Options {
    keep: bool,
    dir: Option<PathBuf>,
    quick: bool,
    debug: bool,
    on: Option<PathBuf>,
    tracks: usize,
}

impl Options {
    fn profile(&self) -> Profile {
        match self.on {
            Some(_) if !self.debug => Profile::Release,
            _ => Profile::Dev,
        }
    }
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    match &options.on {
        Some(repository) => replay::run(&options, repository),
        None => walk::run(&options),
    }
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        keep: false,
        dir: None,
        quick: false,
        debug: false,
        on: None,
        tracks: 12,
    };
    let mut tracks = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| Failure::usage(format!("`{word}` needs a value\n{USE}")))
        };
        match word.as_str() {
            "--keep" => options.keep = true,
            "--quick" => options.quick = true,
            "--debug" => options.debug = true,
            "--dir" => options.dir = Some(PathBuf::from(value()?)),
            "--on" => options.on = Some(PathBuf::from(value()?)),
            "--tracks" => tracks = Some(count(value()?)?),
            _ => return Err(Failure::usage(format!("`demo` takes no `{word}`\n{USE}"))),
        }
    }
    if (tracks.is_some() || options.debug) && options.on.is_none() {
        return Err(Failure::usage(format!(
            "`--tracks` and `--debug` go with `--on`\n{USE}"
        )));
    }
    options.tracks = tracks.unwrap_or(options.tracks);
    Ok(options)
}

fn count(word: &str) -> Result<usize, Failure> {
    match word.parse() {
        Ok(n @ 1..=200) => Ok(n),
        _ => Err(Failure::usage(format!(
            "`--tracks {word}`: a number from 1 to 200 is expected"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read_or_refused() {
        let read = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            parse(&words)
        };
        let options = read("--on /some/repo --tracks 3 --keep").unwrap();
        assert_eq!(
            (options.tracks, options.keep, options.profile()),
            (3, true, Profile::Release)
        );
        assert_eq!(read("--quick").unwrap().profile(), Profile::Dev);
        assert_eq!(read("").unwrap().tracks, 12);
        for line in [
            "--on",
            "--tracks 3",
            "--debug",
            "--on r --tracks 0",
            "--on r --tracks many",
            "now",
        ] {
            assert!(matches!(read(line), Err(Failure::Usage(_))), "{line}");
        }
    }
}
