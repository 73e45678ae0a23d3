//! Hooks as git sees them: where it looks for them from each worktree, who says so, and whether it gets as far as one of ours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::executable::{failure, fields, run, run_any};
use super::worktree::path_of;
use super::{Git, GitError, Repository};
use crate::process::{Cmd, environment};

/// The first git whose configuration can name hooks (`hook.<name>.command`); git-config(1).
const CONFIGURED_HOOKS: (u32, u32) = (2, 54);

/// Everything but our own hook, which answers at once, has been kept out of a probe.
const PROBE: Duration = Duration::from_secs(20);

const KEY: &str = "core.hooksPath";

/// Where a setting of git's configuration stands, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigScope {
    System,
    Global,
    /// The repository's own, which all its worktrees share.
    Local,
    /// Of one worktree.
    Worktree,
    /// The environment (`GIT_CONFIG_COUNT`, `git -c`).
    Command,
}

/// One `core.hooksPath`; an empty one means no directory at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HooksPath {
    pub scope: ConfigScope,
    /// As git says it: `file:/home/ada/.gitconfig`.
    pub origin: String,
    /// With `~` expanded; a relative one counts from the top of each worktree.
    pub value: PathBuf,
}

/// A hook that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredHook {
    pub name: String,
    pub command: Option<String>,
    /// The hooks of git that start it.
    pub events: Vec<String>,
    pub enabled: bool,
}

impl Git {
    /// Whether the configuration can name hooks.
    pub fn has_configured_hooks(&self) -> bool {
        let (major, minor, _) = self.version();
        (major, minor) >= CONFIGURED_HOOKS
    }
}

impl Repository {
    /// The directory in which git looks for the hooks of a worktree (of a bare repository: where `at` is the repository
    /// itself). Absolute; where an empty `core.hooksPath` means none, it is the root of the file system.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn hook_directory(&self, at: &Path) -> Result<PathBuf, GitError> {
        // Of the directory itself git says something else where the setting is empty.
        let cmd = self
            .hooks_cmd(at)
            .args(["rev-parse", "--git-path", "hooks/pre-commit"]);
        let output = run(&cmd, "rev-parse --git-path hooks")?;
        let path = path_of(output.strip_suffix(b"\n").unwrap_or(&output));
        let dir = path.parent().unwrap_or(Path::new(""));
        Ok(at.join(dir))
    }

    /// Every `core.hooksPath` that is set where `at` is, the one that counts last.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn hooks_paths(&self, at: &Path) -> Result<Vec<HooksPath>, GitError> {
        let cmd = self.hooks_cmd(at).args([
            "config",
            "--null",
            "--show-scope",
            "--show-origin",
            "--type=path",
            "--get-all",
            KEY,
        ]);
        let output = settings(&cmd)?;
        let all: Vec<&[u8]> = fields(&output).collect();
        let paths = all.chunks_exact(3).map(|setting| HooksPath {
            scope: scope(setting[0]),
            origin: String::from_utf8_lossy(setting[1]).into_owned(),
            value: path_of(setting[2]),
        });
        Ok(paths.collect())
    }

    /// What the repository's own configuration file says of `core.hooksPath`, letter by letter.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn own_hooks_paths(&self) -> Result<Vec<PathBuf>, GitError> {
        let cmd = self.cmd().args([
            "config",
            "--null",
            "--local",
            "--no-includes",
            "--get-all",
            KEY,
        ]);
        let output = settings(&cmd)?;
        Ok(fields(&output).map(path_of).collect())
    }

    /// Makes this the only `core.hooksPath` of the repository's own configuration file.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn set_hooks_path(&self, dir: &Path) -> Result<(), GitError> {
        let cmd = self
            .cmd()
            .args(["config", "--local", "--replace-all", KEY])
            .arg(dir);
        run(&cmd, "config core.hooksPath").map(drop)
    }

    /// Puts back what [`Repository::own_hooks_paths`] said.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn restore_hooks_path(&self, values: &[PathBuf]) -> Result<(), GitError> {
        let Some((first, rest)) = values.split_first() else {
            let cmd = self.cmd().args(["config", "--local", "--unset-all", KEY]);
            return run(&cmd, "config --unset-all core.hooksPath").map(drop);
        };
        self.set_hooks_path(first)?;
        for value in rest {
            let cmd = self.cmd().args(["config", "--local", "--add", KEY]);
            run(&cmd.arg(value), "config --add core.hooksPath")?;
        }
        Ok(())
    }

    /// Where the repository's own configuration is.
    pub fn config_file(&self) -> PathBuf {
        self.common_dir().join("config")
    }

    /// The hooks that the configuration names where `at` is, ours and others'; none where git is too old for them.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn configured_hooks(&self, at: &Path) -> Result<Vec<ConfiguredHook>, GitError> {
        if !self.git().has_configured_hooks() {
            return Ok(Vec::new());
        }
        let cmd = self.hooks_cmd(at).args([
            "config",
            "--null",
            "--get-regexp",
            r"^hook\..*\.(command|event|enabled)$",
        ]);
        Ok(configured(&settings(&cmd)?))
    }

    /// The names of the hooks in the repository's own configuration file that begin so, whatever this git makes of them.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn own_configured_hooks(&self, prefix: &str) -> Result<Vec<String>, GitError> {
        let cmd = self.cmd().args([
            "config",
            "--null",
            "--local",
            "--no-includes",
            "--get-regexp",
            r"^hook\..*\.(command|event|enabled)$",
        ]);
        let all = configured(&settings(&cmd)?).into_iter();
        let names = all.map(|hook| hook.name);
        Ok(names.filter(|name| name.starts_with(prefix)).collect())
    }

    /// Names a hook in the repository's own configuration, or changes what it runs.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn configure_hook(&self, name: &str, event: &str, command: &str) -> Result<(), GitError> {
        // The command first: one that has an event and no command would stop git altogether.
        for (key, value) in [("command", command), ("event", event)] {
            let key = format!("hook.{name}.{key}");
            let cmd = self
                .cmd()
                .args(["config", "--local", "--replace-all", &key, value]);
            run(&cmd, "config hook")?;
        }
        Ok(())
    }

    /// Takes a hook out of the repository's own configuration.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn forget_configured_hook(&self, name: &str) -> Result<(), GitError> {
        let section = format!("hook.{name}");
        let cmd = self
            .cmd()
            .args(["config", "--local", "--remove-section", &section]);
        run(&cmd, "config --remove-section hook").map(drop)
    }

    /// Lets git itself start a hook of ours where `at` is, and tells whether `token` came back from it, else what was said
    /// instead. Other hooks that git would start are kept out of it; those in its directory, too, unless `ours_is_file`.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn probe_hook(
        &self,
        at: &Path,
        hook: &str,
        token: &str,
        ours_is_file: bool,
        others: &[String],
    ) -> Result<Result<(), String>, GitError> {
        let mut settings: Vec<(String, &str)> = others
            .iter()
            .map(|name| (format!("hook.{name}.enabled"), "false"))
            .collect();
        if !ours_is_file {
            settings.push((KEY.to_owned(), "/dev/null"));
        }
        let mut cmd = self.hooks_cmd(at);
        if !settings.is_empty() {
            let first = environment::var("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok());
            let first: usize = first.unwrap_or(0);
            for (number, (key, value)) in settings.iter().enumerate() {
                let number = first + number;
                cmd = cmd
                    .env(format!("GIT_CONFIG_KEY_{number}"), key)
                    .env(format!("GIT_CONFIG_VALUE_{number}"), value);
            }
            cmd = cmd.env("GIT_CONFIG_COUNT", (first + settings.len()).to_string());
        }
        let cmd = cmd
            .env(environment::HOOKS_PROBE, token)
            .env_remove(environment::OWN_MOVE)
            .args(["hook", "run", "--ignore-missing", hook]);
        let output = cmd
            .output_within(PROBE)
            .map_err(|error| GitError::Protocol {
                command: "hook run".to_owned(),
                message: error.to_string(),
            })?;
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        if said.lines().any(|line| line == token) {
            return Ok(Ok(()));
        }
        let first = said.lines().find(|line| !line.trim().is_empty());
        Ok(Err(first.unwrap_or("nothing answered").trim().to_owned()))
    }

    /// git where `at` is, with the settings that the environment gives, which count for whoever works in this shell.
    fn hooks_cmd(&self, at: &Path) -> Cmd {
        let cmd = match at == self.common_dir() {
            true => self.cmd().cwd(at),
            false => self.cmd_in(at),
        };
        ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"]
            .iter()
            .fold(cmd, |cmd, name| match environment::set(name) {
                Some(value) => cmd.env(name, value),
                None => cmd,
            })
    }
}

/// What `git config` prints; nothing is set where it ends with 1.
fn settings(cmd: &Cmd) -> Result<Vec<u8>, GitError> {
    let output = run_any(cmd, "config")?;
    match output.status {
        Some(0) => Ok(output.stdout),
        Some(1) if output.stderr.is_empty() => Ok(Vec::new()),
        _ => Err(failure(&output, "config")),
    }
}

fn scope(word: &[u8]) -> ConfigScope {
    match word {
        b"system" => ConfigScope::System,
        b"global" => ConfigScope::Global,
        b"worktree" => ConfigScope::Worktree,
        b"command" => ConfigScope::Command,
        _ => ConfigScope::Local,
    }
}

/// Reads the output of `git config --null --get-regexp`: the key and, after a line end, the value.
fn configured(output: &[u8]) -> Vec<ConfiguredHook> {
    let mut hooks: Vec<ConfiguredHook> = Vec::new();
    for entry in fields(output) {
        let entry = String::from_utf8_lossy(entry);
        let (key, value) = entry.split_once('\n').unwrap_or((&entry, "true"));
        let Some((name, what)) = key.strip_prefix("hook.").and_then(|it| it.rsplit_once('.'))
        else {
            continue;
        };
        let at = hooks.iter().position(|hook| hook.name == name);
        let at = at.unwrap_or_else(|| {
            hooks.push(ConfiguredHook {
                name: name.to_owned(),
                command: None,
                events: Vec::new(),
                enabled: true,
            });
            hooks.len() - 1
        });
        let hook = &mut hooks[at];
        match what {
            "command" => hook.command = Some(value.to_owned()),
            "event" if value.is_empty() => hook.events.clear(),
            "event" => hook.events.push(value.to_owned()),
            _ => {
                let no = ["false", "no", "off", "0", ""];
                hook.enabled = !no.iter().any(|word| value.eq_ignore_ascii_case(word));
            }
        }
    }
    hooks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, write_script};

    fn world() -> World {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "x", "../linked"]);
        world
    }

    #[test]
    fn where_git_looks() {
        let world = world();
        let repository = world.open();
        let (main, linked) = (world.root(), world.outside().join("linked"));
        let hooks = main.join(".git/hooks");
        let dirs = || [&main, &linked].map(|at| repository.hook_directory(at).unwrap());
        assert_eq!(dirs(), [hooks.clone(), hooks.clone()]);
        assert_eq!(repository.hooks_paths(&main).unwrap(), []);
        for (value, expected) in [
            ("/else/where", ["/else/where".into(), "/else/where".into()]),
            (".husky/_", [main.join(".husky/_"), linked.join(".husky/_")]),
            ("", ["/".into(), "/".into()]),
        ] {
            repository.set_hooks_path(Path::new(value)).unwrap();
            assert_eq!(dirs(), expected, "{value}");
            let paths = repository.hooks_paths(&linked).unwrap();
            assert_eq!(paths.len(), 1);
            assert_eq!(
                (paths[0].scope, paths[0].value.as_path()),
                (ConfigScope::Local, Path::new(value))
            );
            assert_eq!(
                repository.own_hooks_paths().unwrap(),
                [PathBuf::from(value)]
            );
        }
        repository.restore_hooks_path(&[]).unwrap();
        assert_eq!(dirs(), [hooks.clone(), hooks.clone()]);
        world.git(&["config", "extensions.worktreeConfig", "true"]);
        world.git_in(
            &linked,
            &["config", "--worktree", "core.hooksPath", "/mine"],
        );
        assert_eq!(dirs(), [hooks, "/mine".into()]);
        let paths = repository.hooks_paths(&linked).unwrap();
        assert_eq!(paths[0].scope, ConfigScope::Worktree);
        assert_eq!(
            repository.own_hooks_paths().unwrap(),
            [""; 0].map(PathBuf::from)
        );
    }

    #[test]
    fn a_bare_repository_has_its_own() {
        let world = world();
        world.git_in(
            &world.outside(),
            &["clone", "-q", "--bare", "repo", "b.git"],
        );
        let bare = world.outside().join("b.git");
        let repository = world.open_at(&bare);
        assert_eq!(
            repository.hook_directory(&bare).unwrap(),
            bare.join("hooks")
        );
    }

    #[test]
    fn what_was_set_comes_back_as_it_was() {
        let world = world();
        let repository = world.open();
        for values in [&["a b"][..], &[""], &["x", "", "y"], &[]] {
            world.git_any(&["config", "--unset-all", "core.hooksPath"]);
            for value in values {
                world.git(&["config", "--add", "core.hooksPath", value]);
            }
            let before = std::fs::read(repository.config_file()).unwrap();
            let own = repository.own_hooks_paths().unwrap();
            repository.set_hooks_path(Path::new("/ours")).unwrap();
            assert_eq!(
                repository.own_hooks_paths().unwrap(),
                [PathBuf::from("/ours")]
            );
            repository.restore_hooks_path(&own).unwrap();
            let after = std::fs::read(repository.config_file()).unwrap();
            assert_eq!(before, after, "{values:?}");
        }
    }

    #[test]
    fn a_probe_tells_whether_git_gets_there() {
        let world = world();
        let repository = world.open();
        let linked = world.outside().join("linked");
        let probe = || {
            let probe = repository.probe_hook(&linked, "pre-commit", "the token", true, &[]);
            probe.unwrap()
        };
        assert_eq!(probe(), Err("nothing answered".to_owned()));
        let hook = world.root().join(".git/hooks/pre-commit");
        write_script(&hook, "echo \"$TRACKS_HOOKS_PROBE\"");
        assert_eq!(probe(), Ok(()));
        write_script(&hook, "echo 'no such program' >&2; exit 1");
        assert_eq!(probe(), Err("no such program".to_owned()));
    }

    #[test]
    fn configured_hooks_are_read_together() {
        let output = b"hook.tracks-pre-push.command\n/x 'y\0hook.tracks-pre-push.event\npre-push\0\
            hook.a.b.event\ncommit-msg\0hook.a.b.event\n\0hook.a.b.event\npre-push\0hook.a.b.enabled\nno\0";
        let hook = |name: &str, command: Option<&str>, enabled| ConfiguredHook {
            name: name.to_owned(),
            command: command.map(str::to_owned),
            events: vec!["pre-push".to_owned()],
            enabled,
        };
        assert_eq!(
            configured(output),
            [
                hook("tracks-pre-push", Some("/x 'y"), true),
                hook("a.b", None, false)
            ]
        );
    }
}
