//! `cargo xtask fuzz-merges`: thousands of random histories, every pair of their tracks judged by the tool and by git.

mod history;
pub(crate) mod parsers;

use std::path::Path;
use std::process::Stdio;

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::judge::answer::Group;
use crate::judge::{Court, Tally};
use crate::random::Random;
use crate::replay::number;
use crate::scratch::Scratch;
use crate::sealed::Sealed;
use history::History;

pub(crate) const ARGUMENTS: &str = "[--cases N] [--seed S] [--config KEY=VALUE]… [--debug]";

const USE: &str = "use: cargo xtask fuzz-merges [--cases N] [--seed S] [--config KEY=VALUE]… [--debug]

  --cases N           how many histories (default 2000), each with three to five tracks
  --seed S            the first of their seeds (default 1); a history depends on its own seed only
  --config KEY=VALUE  a git setting that both sides obey; without any, rounds take turns with what git has to offer
  --debug             with a development build instead of an optimised one";

/// So many histories share a repository and a setting.
const ROUND: u64 = 100;

/// What rounds take turns with.
const SETTINGS: [&str; 12] = [
    "",
    "",
    "",
    "",
    "",
    "merge.conflictStyle=diff3",
    "",
    "merge.directoryRenames=true",
    "",
    "merge.directoryRenames=false",
    "merge.renameLimit=1",
    "merge.renormalize=true",
];

#[derive(Debug, PartialEq)]
struct Options {
    cases: u64,
    seed: u64,
    settings: Vec<String>,
    debug: bool,
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    let profile = match options.debug {
        true => Profile::Dev,
        false => Profile::Release,
    };
    let program = child::build_tracks(profile)?;
    let mut scratch = Scratch::new("tracks-fuzz")?;
    let sealed = Sealed::in_real_time(&scratch.path().join("home"))?;
    let mut tally = Tally::default();
    let end = options.seed.saturating_add(options.cases);
    for (round, first) in (0..).zip((options.seed..end).step_by(100)) {
        let setting: &[String] = match SETTINGS[round % SETTINGS.len()] {
            "" => &[],
            one => &[one.to_owned()],
        };
        let settings = match options.settings.as_slice() {
            [] => setting,
            given => given,
        };
        let dir = scratch.path().join(format!("round-{first}"));
        let court = Court::new(&sealed, program.clone(), &dir, "sha1", settings)?;
        let seeds = first..end.min(first + ROUND);
        let groups = import(&sealed, &dir, seeds)?;
        let before = tally.disagreements();
        let what = format!("from seed {first}, {}", shown(settings));
        court.judge(&what, groups.into_iter().map(Ok), &mut tally)?;
        if tally.disagreements() == before {
            std::fs::remove_dir_all(&dir).map_err(Failure::at(&dir))?;
        } else {
            scratch.keep();
            crate::say(&format!("{what}: kept in {}", dir.display()));
        }
    }
    tally.end()
}

fn shown(settings: &[String]) -> String {
    match settings {
        [] => "no settings".to_owned(),
        settings => settings.join(" "),
    }
}

/// Makes the histories of these seeds in one go.
fn import(sealed: &Sealed, dir: &Path, seeds: std::ops::Range<u64>) -> Result<Vec<Group>, Failure> {
    let mut stream = String::new();
    let mut places = Vec::new();
    let mut next = 1;
    for seed in seeds {
        let mut random = Random::new(seed);
        let history = History::new(&mut |limit| random.below(limit));
        let (text, base, tracks) = history.stream(next);
        next += history.size();
        stream.push_str(&text);
        places.push((base, tracks));
    }
    let (input, marks) = (dir.join("import"), dir.join("marks"));
    std::fs::write(&input, stream).map_err(Failure::at(&input))?;
    let mut command = sealed.command("git", dir);
    command
        .args(["fast-import", "--quiet", "--force"])
        .arg(format!("--export-marks={}", marks.display()))
        .stdin(std::fs::File::open(&input).map_err(Failure::at(&input))?)
        .stderr(Stdio::null());
    child::succeed(&mut command)?;
    let text = std::fs::read_to_string(&marks).map_err(Failure::at(&marks))?;
    let ids: std::collections::HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let id = |mark: usize| {
        ids.get(format!(":{mark}").as_str())
            .map(|id| (*id).to_owned())
            .ok_or_else(|| Failure::new(format!("git made no commit :{mark}")))
    };
    places
        .into_iter()
        .map(|(base, tracks)| {
            Ok(Group {
                base: id(base)?,
                tracks: tracks.into_iter().map(id).collect::<Result<_, Failure>>()?,
                pairs: true,
            })
        })
        .collect()
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        cases: 2000,
        seed: 1,
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
            "--cases" => options.cases = number(word, value()?)?,
            "--seed" => options.seed = number(word, value()?)?,
            "--config" => options.settings.push(value()?.clone()),
            "--debug" => options.debug = true,
            _ => {
                return Err(Failure::usage(format!(
                    "`fuzz-merges` takes no `{word}`\n{USE}"
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
        let options = read("--cases 9 --seed 4 --config a.b=c").unwrap();
        assert_eq!((options.cases, options.seed, options.debug), (9, 4, false));
        for line in ["9", "--cases", "--cases many"] {
            assert!(matches!(read(line), Err(Failure::Usage(_))), "{line}");
        }
    }

    #[test]
    fn a_seed_is_always_the_same_history_and_no_other() {
        let stream = |seed| {
            let mut random = Random::new(seed);
            History::new(&mut |limit| random.below(limit)).stream(1).0
        };
        assert_eq!(stream(7), stream(7));
        assert_ne!(stream(7), stream(8));
    }
}
