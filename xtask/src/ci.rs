//! `cargo xtask ci`: exactly what CI runs, step by step, with the time of each.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::child;
use crate::failure::{Failure, no_arguments};
use crate::{docs, tidy};

/// One thing that must hold.
struct Step {
    name: &'static str,
    /// How to run this step alone.
    alone: &'static str,
    run: fn() -> Result<(), Failure>,
}

const STEPS: &[Step] = &[
    Step {
        name: "format",
        alone: "cargo fmt --all --check",
        run: format,
    },
    Step {
        name: "lints",
        alone: "cargo clippy --workspace --all-targets -- -D warnings",
        run: lints,
    },
    Step {
        name: "tidy",
        alone: "cargo xtask tidy",
        run: || tidy::run(&[]),
    },
    Step {
        name: "tests",
        alone: "cargo xtask test",
        run: || crate::test::run(&[]),
    },
    Step {
        name: "docs",
        alone: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps",
        run: rustdoc,
    },
    Step {
        name: "reference",
        alone: "cargo xtask docs --check",
        run: || docs::run(&["--check".to_owned()]),
    },
];

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    no_arguments("ci", arguments)?;
    let started = Instant::now();
    for step in STEPS {
        crate::say(&format!("==> {}: {}", step.name, step.alone));
        let step_started = Instant::now();
        (step.run)().map_err(|failure| {
            Failure::new(format!(
                "{failure}\n{} failed; run it alone with: {}",
                step.name, step.alone
            ))
        })?;
        crate::say(&format!(
            "    {} ok, {:.1} s",
            step.name,
            step_started.elapsed().as_secs_f64()
        ));
    }
    crate::say(&format!(
        "==> all {} steps ok, {:.1} s",
        STEPS.len(),
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn format() -> Result<(), Failure> {
    component("rustfmt", "fmt")?;
    child::succeed(&mut child::cargo(["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    component("clippy", "clippy")?;
    child::succeed(&mut child::cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn rustdoc() -> Result<(), Failure> {
    let mut command = child::cargo(["doc", "--workspace", "--no-deps"]);
    child::succeed(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Sees to it that a component of the toolchain is there: rustup's minimal profile comes without.
fn component(name: &str, subcommand: &str) -> Result<(), Failure> {
    let there = || {
        child::cargo([subcommand, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if there() {
        return Ok(());
    }
    crate::say(&format!(
        "    {name} is not installed: trying rustup component add {name}"
    ));
    let mut rustup = Command::new("rustup");
    let installed = child::succeed(
        rustup
            .args(["component", "add", name])
            .current_dir(child::root()),
    );
    if installed.is_ok() && there() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} is missing and could not be installed; install it with: rustup component add {name}"
    )))
}
