//! `cargo xtask bench`: the tool beside the git commands that it stands in for, measured in turns in one run.

mod cases;
mod measure;
mod repository;
mod snapshot;

use std::time::Instant;

use crate::child::{self, Profile};
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;
use cases::Bench;

pub(crate) const ARGUMENTS: &str = "[version|status|conflicts|snapshot|init|check]…";

/// A measurement by name.
struct Case {
    name: &'static str,
    run: fn(&Bench) -> Result<(), Failure>,
}

const CASES: &[Case] = &[
    Case {
        name: "version",
        run: cases::version,
    },
    Case {
        name: "status",
        run: cases::status,
    },
    Case {
        name: "conflicts",
        run: cases::conflicts,
    },
    Case {
        name: "snapshot",
        run: snapshot::snapshot,
    },
    Case {
        name: "init",
        run: cases::init,
    },
    Case {
        name: "check",
        run: cases::check,
    },
];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    for word in arguments {
        if !CASES.iter().any(|case| case.name == word) {
            let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
            return Err(Failure::usage(format!(
                "there is no measurement called `{word}`; there are {}",
                names.join(", ")
            )));
        }
    }
    let started = Instant::now();
    let tracks = child::build_tracks(Profile::Release)?;
    let scratch = Scratch::new("tracks-bench")?;
    let bench = Bench {
        tracks,
        sealed: Sealed::in_real_time(&scratch.path().join("home"))?,
        dir: scratch.path().to_path_buf(),
    };
    crate::say("median and least of the runs; × is the median as a multiple of the first row's");
    for case in CASES {
        if arguments.is_empty() || arguments.iter().any(|word| word == case.name) {
            (case.run)(&bench)?;
        }
    }
    crate::say(&format!(
        "\n{:.0} s in all",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}
