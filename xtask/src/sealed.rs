//! A world for the repositories that tasks make: nobody's git configuration, one fixed identity, and if wanted a fixed clock.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::child;
use crate::failure::Failure;

/// 2026-11-23 09:00 UTC, a Monday: when the work in a demo begins. Seconds since the epoch.
const MONDAY_MORNING: u64 = 1_795_424_400;
const A_WHILE: u64 = 20 * 60;

/// What every program gets that is started in this world.
#[derive(Debug)]
pub(crate) struct Sealed {
    home: PathBuf,
    /// `None`: real time. With a clock, the same run gives the same commit ids.
    clock: Option<AtomicU64>,
}

impl Sealed {
    /// A world with a clock that only [`Sealed::later`] moves. `home` is made.
    pub(crate) fn with_fixed_clock(home: &Path) -> Result<Self, Failure> {
        Self::new(home, Some(AtomicU64::new(MONDAY_MORNING)))
    }

    /// A world in real time. `home` is made.
    pub(crate) fn in_real_time(home: &Path) -> Result<Self, Failure> {
        Self::new(home, None)
    }

    fn new(home: &Path, clock: Option<AtomicU64>) -> Result<Self, Failure> {
        std::fs::create_dir_all(home).map_err(Failure::at(home))?;
        let config = home.join(".gitconfig");
        // A repository of somebody else's may be read with --on; signing and helpers of the user must not start.
        let text = "[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n[advice]\n\tdetachedHead = false\n";
        std::fs::write(&config, text).map_err(Failure::at(&config))?;
        Ok(Sealed {
            home: home.to_path_buf(),
            clock,
        })
    }

    /// Time passes.
    pub(crate) fn later(&self) {
        if let Some(clock) = &self.clock {
            clock.fetch_add(A_WHILE, Ordering::Relaxed);
        }
    }

    pub(crate) fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).env_clear();
        for kept in [
            "PATH",
            "TMPDIR",
            "TERM",
            "COLUMNS",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
            .env("HOME", &self.home)
            .env("XDG_CONFIG_HOME", self.home.join("config"))
            .env("XDG_STATE_HOME", self.home.join("state"))
            .env("XDG_CACHE_HOME", self.home.join("cache"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PAGER", "cat")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("LC_ALL", "C");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Demo")
                .env(format!("GIT_{role}_EMAIL"), "demo@example.com");
        }
        if let Some(clock) = &self.clock {
            let now = clock.load(Ordering::Relaxed);
            command
                .env("TRACKS_NOW", now.to_string())
                .env("GIT_AUTHOR_DATE", format!("{now} +0000"))
                .env("GIT_COMMITTER_DATE", format!("{now} +0000"));
        }
        command
    }

    /// Runs git and gives what it prints, without the last line end.
    pub(crate) fn git(&self, dir: &Path, arguments: &[&str]) -> Result<String, Failure> {
        let text = child::output(self.command("git", dir).args(arguments))?;
        Ok(text.strip_suffix('\n').map_or(text.clone(), str::to_owned))
    }
}
