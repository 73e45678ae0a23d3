//! Whose is a path: 500 patterns over 100,000 paths, beside one pattern after the other and git's own attributes.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::cases::Bench;
use super::measure::{Contender, in_turns, table};
use crate::child;
use crate::failure::Failure;
use crate::random::Random;

const PATTERNS: u64 = 500;
const PATHS: u64 = 100_000;

pub(super) fn owners(bench: &Bench) -> Result<(), Failure> {
    let program = build()?;
    let dir = bench.dir.join("owners");
    std::fs::create_dir_all(&dir).map_err(Failure::at(&dir))?;
    bench.sealed.git(&dir, &["init", "--quiet"])?;
    let (patterns, paths) = (patterns(), paths());
    let attributes: String = (patterns.iter().enumerate())
        .map(|(nth, pattern)| {
            // An attribute of a directory is not one of what is in it.
            let below = if pattern.contains('*') { "" } else { "/**" };
            format!("/{pattern}{below} owner=p{nth}\n")
        })
        .collect();
    write(&dir.join("patterns"), &(patterns.join("\n") + "\n"))?;
    write(&dir.join("paths"), &(paths.join("\n") + "\n"))?;
    write(&dir.join(".gitattributes"), &attributes)?;
    let ours = |how: &str| {
        let mut command = bench.sealed.command(&program, &dir);
        child::output(command.args([how, "patterns", "paths"]))
    };
    let git = || {
        let mut command = bench.sealed.command("git", &dir);
        let input = dir.join("paths");
        let input = std::fs::File::open(&input).map_err(Failure::at(&input))?;
        command
            .args(["check-attr", "--stdin", "owner"])
            .stdin(Stdio::from(input));
        let ran = command.output();
        let ran = ran.map_err(|error| child::could_not_start(&command, &error))?;
        match ran.status.success() {
            true => Ok(String::from_utf8_lossy(&ran.stdout).into_owned()),
            false => Err(Failure::new(String::from_utf8_lossy(&ran.stderr))),
        }
    };
    let answer = ours("set")?;
    for (name, other) in [("one after the other", ours("loop")?), ("git", git()?)] {
        let mut both = answer.lines().zip(other.lines());
        if let Some((one, two)) = both.find(|(one, two)| one != two) {
            return Err(Failure::new(format!("`{one}`, and by {name} `{two}`")));
        }
        let (one, two) = (answer.lines().count(), other.lines().count());
        if one != two {
            return Err(Failure::new(format!("{one} answers, and by {name} {two}")));
        }
    }
    let times = in_turns(
        9,
        vec![
            Contender::new("all patterns at once", || ours("set").map(|_| ())),
            Contender::new("one after the other", || ours("loop").map(|_| ())).at_most(3),
            Contender::new("git check-attr --stdin", || git().map(|_| ())),
        ],
    )?;
    crate::say(&table(
        "Owners: 500 patterns over 100,000 paths, with starting, reading and printing (the answers are the same)",
        &times,
    ));
    Ok(())
}

fn build() -> Result<PathBuf, Failure> {
    child::succeed(&mut child::cargo([
        "build",
        "--quiet",
        "--release",
        "--example",
        "owners",
    ]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| child::root().join("target"), PathBuf::from);
    Ok(target.join("release").join("examples").join("owners"))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::at(path))
}

/// Directories, kinds of files in directories, and names anywhere, of which no two match one path.
fn patterns() -> Vec<String> {
    let kind = |nth: u64| match nth % 10 {
        0..=5 => format!("src/d{nth:03}"),
        6 | 7 => format!("src/d{nth:03}/**/*.rs"),
        8 => format!("lib/*/m{nth:03}.c"),
        _ => format!("**/name{nth:03}.md"),
    };
    (0..PATTERNS).map(kind).collect()
}

fn paths() -> Vec<String> {
    let mut random = Random::new(6);
    let mut path = |nth: u64| {
        let directory = random.below(PATTERNS);
        match random.below(10) {
            0..=6 => format!("src/d{directory:03}/s{}/f{nth}.rs", random.below(9)),
            7 => format!("lib/l{}/m{directory:03}.c", random.below(99)),
            8 => format!("docs/x{}/name{directory:03}.md", random.below(99)),
            _ => format!("other/o{directory:03}/f{nth}.txt"),
        }
    };
    (0..PATHS).map(&mut path).collect()
}
