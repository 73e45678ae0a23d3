//! `cargo xtask replay`: the real merges of any repository, judged by the tool and by git; every disagreement is shown.

mod merges;

use std::path::{Path, PathBuf};

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::judge::{Court, Tally};
use crate::scratch::Scratch;
use crate::sealed::Sealed;
use merges::Choice;

pub(crate) const ARGUMENTS: &str =
    "REPO [--merges N] [--window K] [--seed S] [--config KEY=VALUE]… [--debug]";

const USE: &str = "use: cargo xtask replay REPO [--merges N] [--window K] [--seed S] [--config KEY=VALUE]… [--debug]

  REPO                a repository with or without a working tree; it is only read
  --merges N          how many of its two-parent merges (default 500), each alone: its second parent into its first
  --window K          so many merges at a time of the main line, side by side on what the oldest was merged into, each
                      against each (default 8; 0: none), until N merges have been seen
  --seed S            a sample that S decides, instead of the newest
  --config KEY=VALUE  a git setting that both sides obey
  --debug             with a development build; otherwise an optimised one, since times are shown";

#[derive(Debug, PartialEq)]
struct Options {
    repository: PathBuf,
    merges: usize,
    window: usize,
    seed: Option<u64>,
    settings: Vec<String>,
    debug: bool,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    let profile = if options.debug {
        Profile::Dev
    } else {
        Profile::Release
    };
    let program = child::build_tracks(profile)?;
    replay(&options, program)?.end()
}

fn replay(options: &Options, program: PathBuf) -> Result<Tally, Failure> {
    let scratch = Scratch::new("tracks-replay")?;
    let sealed = Sealed::in_real_time(&scratch.path().join("home"))?;
    let repository = options
        .repository
        .canonicalize()
        .map_err(Failure::at(&options.repository))?;
    refuse_shallow(&sealed, &repository)?;
    let format = sealed.git(&repository, &["rev-parse", "--show-object-format"])?;
    let dir = scratch.path().join("repository");
    let mut court = Court::new(&sealed, program, &dir, &format, &options.settings)?;
    court.borrow(&repository)?;
    let mut tally = Tally::default();
    let choice = Choice {
        count: options.merges,
        seed: options.seed,
    };
    let alone = merges::alone(&sealed, &repository, choice)?;
    court.judge("alone", alone.into_iter().map(Ok), &mut tally)?;
    if options.window > 1 {
        let choice = Choice {
            count: options.merges / options.window,
            ..choice
        };
        let windows = merges::windows(&sealed, &repository, options.window, choice)?;
        let groups = windows
            .iter()
            .map(|window| merges::side_by_side(&sealed, &repository, window));
        court.judge("windows", groups, &mut tally)?;
    }
    Ok(tally)
}

/// Git merges from too old a base where history is cut off, and the tool rightly does not.
fn refuse_shallow(sealed: &Sealed, repository: &Path) -> Result<(), Failure> {
    match sealed
        .git(repository, &["rev-parse", "--is-shallow-repository"])?
        .as_str()
    {
        "false" => Ok(()),
        _ => Err(Failure::new(format!(
            "{} is a shallow clone; its merges cannot be replayed",
            repository.display()
        ))),
    }
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        repository: PathBuf::new(),
        merges: 500,
        window: 8,
        seed: None,
        settings: Vec::new(),
        debug: false,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| Failure::usage(format!("`{word}` needs a value\n{USE}")))
        };
        match word.as_str() {
            "--merges" => options.merges = number(word, value()?)?,
            "--window" => options.window = number(word, value()?)?,
            "--seed" => options.seed = Some(number(word, value()?)?),
            "--config" => options.settings.push(value()?.clone()),
            "--debug" => options.debug = true,
            word if !word.starts_with('-') && options.repository.as_os_str().is_empty() => {
                options.repository = PathBuf::from(word);
            }
            _ => return Err(Failure::usage(format!("`replay` takes no `{word}`\n{USE}"))),
        }
    }
    if options.repository.as_os_str().is_empty() {
        return Err(Failure::usage(USE));
    }
    Ok(options)
}

/// The number after an option.
pub(crate) fn number<T: std::str::FromStr>(option: &str, word: &str) -> Result<T, Failure> {
    word.parse()
        .map_err(|_| Failure::usage(format!("`{option} {word}`: a number is expected")))
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
        let options = read("r --merges 9 --config a.b=c --seed 3 --config d.e=f --debug").unwrap();
        assert_eq!(
            options,
            Options {
                repository: "r".into(),
                merges: 9,
                window: 8,
                seed: Some(3),
                settings: vec!["a.b=c".to_owned(), "d.e=f".to_owned()],
                debug: true,
            }
        );
        for line in [
            "",
            "--merges 3",
            "r s",
            "r --merges",
            "r --window x",
            "r -x",
        ] {
            assert!(matches!(read(line), Err(Failure::Usage(_))), "{line}");
        }
    }
}
