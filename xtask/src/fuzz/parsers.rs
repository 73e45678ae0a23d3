//! `cargo xtask fuzz-parsers`: thousands of broken inputs for every parser of text that others write.
//!
//! What is run is `examples/fuzz_parsers.rs`, in processes of its own: a stack that overflows ends one of them, and is found.

use std::io::Write;
use std::process::Command;

use crate::child::{self, cargo};
use crate::failure::Failure;
use crate::replay::number;

pub(crate) const ARGUMENTS: &str = "[--cases N] [--seed S] [--debug]";

const USE: &str = "use: cargo xtask fuzz-parsers [--cases N] [--seed S] [--debug]

  --cases N  how many inputs for each parser (default 2000)
  --seed S   the first of their seeds (default 1); an input depends on its own seed only
  --debug    with a development build instead of an optimised one";

/// So many inputs share a process.
const BATCH: u64 = 250;

#[derive(Debug, PartialEq)]
struct Options {
    cases: u64,
    seed: u64,
    debug: bool,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    let end = options.seed.saturating_add(options.cases);
    let mut from = options.seed;
    while from < end {
        let many = BATCH.min(end - from);
        match child::output(&mut command(&options, from, many)) {
            Ok(said) => {
                let _ = write!(std::io::stdout(), "from seed {from}: {said}");
            }
            Err(failure) => return Err(first_of(&options, from, many).unwrap_or(failure)),
        }
        from += many;
    }
    Ok(())
}

/// The first input by itself that does not do, of a batch that did not: a process that was aborted says nothing.
fn first_of(options: &Options, from: u64, many: u64) -> Option<Failure> {
    (from..from + many).find_map(|seed| {
        let failure = child::output(&mut command(options, seed, 1)).err()?;
        Some(Failure::new(format!("seed {seed}: {failure}")))
    })
}

fn command(options: &Options, first: u64, many: u64) -> Command {
    let mut command = cargo([
        "run",
        "--quiet",
        "--package=tracks",
        "--example=fuzz_parsers",
    ]);
    if !options.debug {
        command.arg("--release");
    }
    command.args(["--", &first.to_string(), &many.to_string()]);
    command
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        cases: 2000,
        seed: 1,
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
            "--cases" => options.cases = number(word, value()?)?,
            "--seed" => options.seed = number(word, value()?)?,
            "--debug" => options.debug = true,
            _ => {
                return Err(Failure::usage(format!(
                    "`fuzz-parsers` takes no `{word}`\n{USE}"
                )));
            }
        }
    }
    Ok(options)
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
        let options = read("--cases 9 --seed 4").unwrap();
        assert_eq!((options.cases, options.seed, options.debug), (9, 4, false));
        assert!(read("--cases").is_err());
        assert!(read("--cases x").is_err());
        assert!(read("all").is_err());
    }
}
