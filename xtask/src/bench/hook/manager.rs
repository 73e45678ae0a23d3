//! The hook managers beside which the tool is measured, from the Python package index into a directory of the measurement's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::world::World;
use crate::child;
use crate::failure::Failure;

/// As they are called and pinned there.
const PACKAGES: [(&str, &str); 3] = [
    ("prek", "0.5.11"),
    ("lefthook", "2.2.2"),
    ("pre-commit", "4.7.0"),
];

/// A hook manager that is installed.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) name: &'static str,
    version: &'static str,
    program: PathBuf,
    /// What its hooks are to find in the environment so that they are as quick as they can be.
    pub(super) environment: Vec<(&'static str, PathBuf)>,
}

impl Manager {
    /// Those that can be had; of each other one it is said why it cannot.
    pub(super) fn all(scratch: &Path) -> Vec<Manager> {
        let dir = scratch.join("managers");
        let had = PACKAGES.map(|(name, version)| (name, Self::one(&dir, name, version)));
        let had = had.into_iter().filter_map(|(name, manager)| {
            let skipped = |why: &String| crate::say(&format!("{name}: skipped, {why}"));
            manager.inspect_err(skipped).ok()
        });
        had.collect()
    }

    fn one(dir: &Path, name: &'static str, version: &'static str) -> Result<Manager, String> {
        let python = dir.join("bin").join("python");
        if !python.exists() {
            let mut make = Command::new("python3");
            make.args(["-m", "venv"]).arg(dir);
            quiet(&mut make, "there is no python3 with venv")?;
        }
        let mut install = Command::new(&python);
        install
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--only-binary=:all:"])
            .arg(format!("{name}=={version}"));
        let why = format!("pip cannot install {name} {version}");
        quiet(&mut install, &why)?;
        let program = match name {
            "lefthook" => native_lefthook(&python)?,
            _ => dir.join("bin").join(name),
        };
        let environment = match name {
            // Else its hook starts it once more to see whether it starts.
            "lefthook" => vec![("LEFTHOOK_BIN", program.clone())],
            _ => Vec::new(),
        };
        Ok(Manager {
            name,
            version,
            program,
            environment,
        })
    }

    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Its hooks become a set of hooks, by its own way to install them.
    pub(super) fn install(&self, world: &World<'_>) -> Result<(), Failure> {
        world.install(self.name, || {
            let mut command = world.command(&self.program.to_string_lossy());
            command.current_dir(&world.dir).arg("install");
            child::output(&mut command).map(|_| ())
        })
    }
}

/// The package starts its program through Python; the program by itself is quicker.
fn native_lefthook(python: &Path) -> Result<PathBuf, String> {
    let mut ask = Command::new(python);
    ask.args(["-c", "import lefthook; print(lefthook.__path__[0])"]);
    let package = quiet(&mut ask, "lefthook cannot be found")?;
    let bin = Path::new(package.trim_end()).join("bin");
    let below = std::fs::read_dir(&bin).map_err(|error| format!("{}: {error}", bin.display()))?;
    let mut programs = below
        .flatten()
        .map(|entry| entry.path().join("lefthook"))
        .filter(|program| program.is_file());
    programs
        .next()
        .ok_or_else(|| "the package of lefthook has no program for this machine".to_owned())
}

/// What it prints. `why`: what to say where it does not work out.
fn quiet(command: &mut Command, why: &str) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{why}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().last().unwrap_or("it does not say why");
    Err(format!("{why}: {last}"))
}
