//! `cargo xtask`: the chores of this repository, one file each; this one reads the command line and picks.

#![expect(
    clippy::disallowed_methods,
    reason = "a chore starts programs, reads its environment and writes files; the rooms of the tool are not its rooms"
)]

mod bench;
mod child;
mod ci;
mod commits;
mod demo;
mod docs;
mod failure;
mod fuzz;
mod judge;
mod random;
mod replay;
mod runners;
mod scratch;
mod sealed;
mod test;
mod tidy;

use std::io::Write as _;
use std::process::ExitCode;

use failure::Failure;

/// One chore: what it is called, how it is used, and the function that does it.
struct Task {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: &[Task] = &[
    Task {
        name: "ci",
        arguments: "",
        about: "everything that must hold before a merge: format, lints, house rules, tests, docs",
        run: ci::run,
    },
    Task {
        name: "test",
        arguments: "[ARGS]",
        about: "the tests of the whole workspace; ARGS go to `cargo test`",
        run: test::run,
    },
    Task {
        name: "tidy",
        arguments: "",
        about: "the house rules that no compiler knows: storeys, crate rooms, file headers and lengths",
        run: tidy::run,
    },
    Task {
        name: "demo",
        arguments: demo::ARGUMENTS,
        about: "a guided walk through the tool, in a small repository or with `--on` in one of yours",
        run: demo::run,
    },
    Task {
        name: "bench",
        arguments: bench::ARGUMENTS,
        about: "measures the tool beside the git commands that it stands in for",
        run: bench::run,
    },
    Task {
        name: "replay",
        arguments: replay::ARGUMENTS,
        about: "judges the real merges of a repository with the tool and with git, and shows every disagreement",
        run: replay::run,
    },
    Task {
        name: "runners",
        arguments: runners::ARGUMENTS,
        about: "plants what real migration runners trip over in the merged tree, and shows that the tool finds it before",
        run: runners::run,
    },
    Task {
        name: "commits",
        arguments: commits::ARGUMENTS,
        about: "commits in eight worktrees at once through the hooks, a hundred times each: nothing may be lost",
        run: commits::run,
    },
    Task {
        name: "fuzz-merges",
        arguments: fuzz::ARGUMENTS,
        about: "judges the merges of random histories with the tool and with git, and shows every disagreement",
        run: fuzz::run,
    },
    Task {
        name: "fuzz-parsers",
        arguments: fuzz::parsers::ARGUMENTS,
        about: "gives the parsers of SQL, tracks.toml, patterns and templates thousands of broken inputs",
        run: fuzz::parsers::run,
    },
    Task {
        name: "docs",
        arguments: "[--check]",
        about: "writes docs/commands.md, docs/keys.md and docs/rules.md from the built tool, or says that they are stale",
        run: docs::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "xtask: {failure}");
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Failure::usage(usage()));
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        say(&usage());
        return Ok(());
    }
    let task = TASKS.iter().find(|task| task.name == name).ok_or_else(|| {
        Failure::usage(format!("there is no task called `{name}`\n\n{}", usage()))
    })?;
    // Past `--` the words belong to whatever the task starts.
    let own = rest.iter().take_while(|word| *word != "--");
    if own.into_iter().any(|word| word == "--help" || word == "-h") {
        say(&format!(
            "cargo xtask {} {}\n    {}",
            task.name, task.arguments, task.about
        ));
        return Ok(());
    }
    (task.run)(rest)
}

fn usage() -> String {
    let mut text = String::from("Usage: cargo xtask TASK [ARGS]\n\nTasks:\n");
    for task in TASKS {
        text.push_str(&format!(
            "  {}\n      {}\n",
            format!("{} {}", task.name, task.arguments).trim_end(),
            task.about
        ));
    }
    text
}

/// One line, or several, for the reader. A closed pipe (`… | head`) is no reason to stop without clearing up.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_task_is_a_usage_error_that_lists_the_tasks() {
        let failure = dispatch(&words("cii")).unwrap_err();
        assert_eq!(failure.exit_status(), 2);
        assert!(failure.to_string().contains("no task called `cii`"));
        assert!(failure.to_string().contains("cargo xtask TASK"));
    }

    #[test]
    fn every_task_appears_in_the_usage() {
        for task in TASKS {
            assert!(usage().contains(task.about), "{}", task.name);
        }
    }

    #[test]
    fn tasks_without_arguments_refuse_them() {
        for line in [
            "ci --fast",
            "tidy src",
            "docs --chekc",
            "demo --on",
            "bench nonsense",
            "replay",
            "fuzz-merges --cases",
            "fuzz-parsers --cases",
        ] {
            assert_eq!(
                dispatch(&words(line)).unwrap_err().exit_status(),
                2,
                "{line}"
            );
        }
    }
}
