//! Which commands a tracks.toml would run, in the exact form that somebody approves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::contract::Format;
use super::name::ProfileName;
use super::project::{Check, Command, Contract, Project, Resolve, Strategy, Track};
use super::sql::Dialect;

/// One command with everything that decides what it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustedCommand {
    /// Where it stands, for people: `[check.unit] run`.
    pub place: String,
    pub command: Command,
    /// Relative to the root of the worktree that it runs in.
    pub cwd: String,
    /// What tracks.toml sets, ascending by name.
    pub env: Vec<(String, String)>,
}

impl TrustedCommand {
    /// The text that an approval is bound to: unambiguous, so that no two different commands share it. The place is not
    /// part of it: the same command elsewhere in the file does nothing new.
    ///
    /// The format is a list of lists of netstrings (`LENGTH:BYTES,`), each list preceded by how many it has.
    pub fn exact_text(&self) -> String {
        let (kind, words) = match &self.command {
            Command::Shell(line) => ("shell", vec![line.as_str()]),
            Command::Argv(words) => ("argv", words.iter().map(String::as_str).collect()),
        };
        let env: Vec<&str> = self
            .env
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value.as_str()])
            .collect();
        [vec![kind], words, vec![self.cwd.as_str()], env]
            .iter()
            .fold(String::new(), |mut text, list| {
                let _ = write!(text, "{};", list.len());
                for part in list {
                    let _ = write!(text, "{}:{part},", part.len());
                }
                text
            })
    }
}

/// Every command of the project that this version can run, in the order of the file (the layout, the services, the tracks,
/// the checks, the rules for conflicts, contracts, what runs after a landing, who is told), then what profiles change of that; each exact text once, where it stands first.
pub fn commands(project: &Project) -> Vec<TrustedCommand> {
    let plain: Vec<TrustedCommand> = commands_without_profiles(project).collect();
    let with_profiles = project.profiles.iter().flat_map(|profile| {
        commands_without_profiles(&project.with_profile(profile))
            .map(|command| with_place_in_profile(command, &plain, &profile.name))
            .collect::<Vec<_>>()
    });
    let mut seen = BTreeSet::new();
    let mut commands = plain.clone();
    commands.extend(with_profiles);
    commands.retain(|command| seen.insert(command.exact_text()));
    commands
}

/// A profile's command where it is another than without the profile, or the same one where only its environment is.
fn with_place_in_profile(
    command: TrustedCommand,
    plain: &[TrustedCommand],
    profile: &ProfileName,
) -> TrustedCommand {
    let is_same = |other: &TrustedCommand| {
        other.place == command.place && other.command == command.command && other.cwd == command.cwd
    };
    let place = match command.place.strip_prefix("[check.") {
        Some(rest) if !plain.iter().any(is_same) => {
            format!("[profile.{profile}.check.{rest}")
        }
        _ => format!("{} with [profile.{profile}]", command.place),
    };
    TrustedCommand { place, ..command }
}

fn commands_without_profiles(project: &Project) -> impl Iterator<Item = TrustedCommand> + '_ {
    let services = project.services.keys();
    let own_setups = project.tracks.iter().filter(|track| track.setup.is_some());
    commands_of_setup(project, None)
        .into_iter()
        .chain(services.flat_map(|name| commands_of_service(project, name)))
        .chain(own_setups.flat_map(|track| commands_of_setup(project, Some(track))))
        .chain(project.checks.iter().flat_map(commands_of_check))
        .chain(commands_of_land(project))
        .chain(project.integration.resolve.iter().flat_map(|rule| {
            {
                [
                    command_of_driver(project, rule),
                    command_of_regenerate(project, rule),
                ]
            }
            .into_iter()
            .flatten()
        }))
        .chain(
            (project.contracts.iter())
                .filter_map(|contract| command_of_contract(project, contract)),
        )
        .chain(commands_of_notify(project, None))
        .chain(
            project
                .tracks
                .iter()
                .flat_map(|track| commands_of_notify(project, Some(track))),
        )
}

/// The setup of a track's worktree; without a track, of a tree that belongs to none.
pub fn commands_of_setup(project: &Project, track: Option<&Track>) -> Vec<TrustedCommand> {
    let own = track
        .and_then(|track| Some((format!("[track.{}] setup", track.id), track.setup.as_ref()?)));
    let (place, setup) =
        own.unwrap_or_else(|| ("[layout] setup".to_owned(), &project.layout.setup));
    setup
        .iter()
        .map(|command| trusted(&place, command, ".", &project.run.env))
        .collect()
}

/// The setup of the integration worktree: the layout's, and what these tracks want instead of it, each once.
pub fn commands_of_integration_setup(project: &Project, tracks: &[&Track]) -> Vec<TrustedCommand> {
    let mut seen = BTreeSet::new();
    let own = tracks.iter().filter(|track| track.setup.is_some());
    std::iter::once(None)
        .chain(own.map(|track| Some(*track)))
        .flat_map(|track| commands_of_setup(project, track))
        .filter(|command| seen.insert(command.exact_text()))
        .collect()
}

/// What a service runs, as far as it says so: `start`, `ready`, `stop`, told apart by their places, such as
/// `[service.pg] start`. Nothing where there is no such service.
pub fn commands_of_service(project: &Project, name: &str) -> Vec<TrustedCommand> {
    let Some(service) = project.services.get(name) else {
        return Vec::new();
    };
    [
        ("start", Some(&service.start)),
        ("ready", service.ready.as_ref()),
        ("stop", service.stop.as_ref()),
    ]
    .into_iter()
    .filter_map(|(key, command)| {
        let place = format!("[service.{name}] {key}");
        Some(trusted(&place, command?, ".", &project.run.env))
    })
    .collect()
}

/// What a check runs: its command, the narrower form for further attempts, and the versions it asks for.
pub fn commands_of_check(check: &Check) -> Vec<TrustedCommand> {
    let run = [("run", Some(&check.run)), ("retry", check.retry.as_ref())];
    let mut commands: Vec<TrustedCommand> = run
        .into_iter()
        .filter_map(|(key, command)| {
            let place = format!("[check.{}] {key}", check.name);
            Some(trusted(&place, command?, &check.cwd, &check.settings.env))
        })
        .collect();
    for tool in &check.tools {
        let version = Command::Argv(vec![tool.clone(), "--version".to_owned()]);
        let place = format!("[check.{}] tools", check.name);
        commands.push(trusted(&place, &version, ".", &BTreeMap::new()));
    }
    commands
}

/// What runs after a landing, on what has landed.
pub fn commands_of_land(project: &Project) -> impl Iterator<Item = TrustedCommand> + '_ {
    let after = project.land.after.iter();
    after.map(|command| trusted("[land] after", command, ".", &project.run.env))
}

/// The merge driver of a rule, in the words of tracks.toml: what git is configured with under that name is git's to trust.
pub fn command_of_driver(project: &Project, rule: &Resolve) -> Option<TrustedCommand> {
    let driver = Command::Shell(rule.driver.clone()?);
    let wanted = rule.strategies.contains(&Strategy::Driver);
    let place = "[[integration.resolve]] driver";
    wanted.then(|| trusted(place, &driver, ".", &project.run.env))
}

/// What makes the paths of a rule anew.
pub fn command_of_regenerate(project: &Project, rule: &Resolve) -> Option<TrustedCommand> {
    let command = rule.command.as_ref()?;
    let wanted = rule.strategies.contains(&Strategy::Regenerate);
    let place = "[[integration.resolve]] command";
    wanted.then(|| trusted(place, command, ".", &project.run.env))
}

/// What compares two versions of a contract, where that is a program.
pub fn command_of_contract(project: &Project, contract: &Contract) -> Option<TrustedCommand> {
    let command = contract.compatible.as_ref()?;
    let place = format!("[contract.{}] compatible", contract.name);
    let is_program = Format::of(command, Dialect::Postgres).is_none();
    is_program.then(|| trusted(&place, command, ".", &project.run.env))
}

/// The events of `[notify]` that this version tells of.
const NOTIFIED: [&str; 3] = [ON_CONFLICT, ON_SYNC, ON_LAND];
/// A pair has turned from clean to conflict, or back.
pub const ON_CONFLICT: &str = "on_conflict";
/// A round has changed something.
pub const ON_SYNC: &str = "on_sync";
/// Base has moved to the work of tracks.
pub const ON_LAND: &str = "on_land";

fn commands_of_notify<'p>(
    project: &'p Project,
    track: Option<&'p Track>,
) -> impl Iterator<Item = TrustedCommand> + 'p {
    NOTIFIED
        .into_iter()
        .filter_map(move |event| notify(project, track, event))
}

/// Who is told of an event: `[notify]`, or that of one track.
pub fn notify(project: &Project, track: Option<&Track>, event: &str) -> Option<TrustedCommand> {
    let (table, commands) = match track {
        None => ("[notify]".to_owned(), &project.notify),
        Some(track) => (format!("[track.{}.notify]", track.id), &track.notify),
    };
    let command = commands.get(event)?;
    let place = format!("{table} {event}");
    Some(trusted(&place, command, ".", &project.run.env))
}

fn trusted(
    place: &str,
    command: &Command,
    cwd: &str,
    env: &BTreeMap<String, String>,
) -> TrustedCommand {
    TrustedCommand {
        place: place.to_owned(),
        command: command.clone(),
        cwd: cwd.to_owned(),
        env: env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy as Generated, prop, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::domain::project::{Profile, Regenerate, Service, fixture};

    fn shell(line: &str) -> Command {
        Command::Shell(line.to_owned())
    }

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn commands_of_a_project() {
        let mut project = fixture::project(&["a", "b"]);
        project.run.env = env(&[("CI", "1")]);
        project.layout.setup = vec![shell("npm ci")];
        project.tracks[0].setup = Some(vec![shell("npm ci"), shell("make tools")]);
        project.tracks[1].setup = Some(vec![]);
        let unit = fixture::check("unit", shell("npm test"));
        let mut lint = fixture::check("lint", Command::Argv(vec!["npm".into(), "test".into()]));
        lint.cwd = "ui".to_owned();
        lint.retry = Some(shell("npm test"));
        lint.settings.env = env(&[("A", "2"), ("CI", "1")]);
        let again = fixture::check("again", shell("npm test"));
        project.checks = vec![unit, lint, again];
        let service = Service {
            start: shell("serve"),
            ready: None,
            stop: Some(shell("npm ci")),
            per_repository: false,
        };
        project.services = BTreeMap::from([("pg".to_owned(), service)]);
        let rule = Resolve {
            paths: Vec::new(),
            strategies: vec![Strategy::Driver, Strategy::Regenerate],
            accept: None,
            driver: Some("mergiraf".to_owned()),
            command: Some(shell("npm install")),
            when: Regenerate::OnConflict,
            inputs: Vec::new(),
        };
        let idle = Resolve {
            strategies: vec![Strategy::Union],
            driver: Some("idle".to_owned()),
            ..rule.clone()
        };
        project.integration.resolve = vec![rule, idle];
        let told = |event: &str, line: &str| (event.to_owned(), shell(line));
        project.notify = BTreeMap::from([
            told("on_conflict", "mail"),
            told("on_blocker", "later"),
            told("on_land", "ring"),
        ]);
        project.tracks[0].notify =
            BTreeMap::from([told("on_conflict", "call"), told("on_sync", "say")]);
        project.tracks[1].notify = BTreeMap::from([told("on_conflict", "mail")]);

        let found: Vec<(String, String, usize)> = commands(&project)
            .into_iter()
            .map(|command| (command.place, command.cwd, command.env.len()))
            .collect();
        let expected = [
            ("[layout] setup", ".", 1),
            ("[service.pg] start", ".", 1),
            ("[track.a] setup", ".", 1),
            ("[check.unit] run", ".", 0),
            ("[check.lint] run", "ui", 2),
            ("[check.lint] retry", "ui", 2),
            ("[[integration.resolve]] driver", ".", 1),
            ("[[integration.resolve]] command", ".", 1),
            ("[notify] on_conflict", ".", 1),
            ("[notify] on_land", ".", 1),
            ("[track.a.notify] on_conflict", ".", 1),
            ("[track.a.notify] on_sync", ".", 1),
        ]
        .map(|(place, cwd, env)| (place.to_owned(), cwd.to_owned(), env));
        assert_eq!(found, expected);
    }

    #[test]
    fn commands_of_profiles() {
        let mut project = fixture::project(&["a"]);
        project.layout.setup = vec![shell("npm ci")];
        project.checks = vec![
            fixture::check("unit", shell("npm test")),
            fixture::check("lint", shell("npm lint")),
        ];
        let profile = |name: &str, change: &dyn Fn(&mut Profile)| {
            let mut profile = fixture::profile(name, &project);
            change(&mut profile);
            profile
        };
        let profiles = vec![
            profile("same", &|profile| profile.run.jobs = 1),
            profile("quick", &|profile| {
                profile.checks[0].run = shell("npm quick");
                profile.checks[1].retry = Some(shell("npm test"));
            }),
            profile("env", &|profile| {
                profile.run.env = env(&[("CI", "1")]);
                profile.checks[1].settings.env = env(&[("CI", "1")]);
            }),
            profile("quick-too", &|profile| {
                profile.checks[0].run = shell("npm quick");
            }),
        ];
        project.profiles = profiles;
        let found: Vec<String> = commands(&project)
            .into_iter()
            .map(|command| command.place)
            .collect();
        let expected = [
            "[layout] setup",
            "[check.unit] run",
            "[check.lint] run",
            "[profile.quick.check.unit] run",
            "[layout] setup with [profile.env]",
            "[check.lint] run with [profile.env]",
        ];
        assert_eq!(found, expected);
        let texts = |project: &Project| -> BTreeSet<String> {
            commands(project)
                .iter()
                .map(TrustedCommand::exact_text)
                .collect()
        };
        for profile in &project.profiles {
            let with = project.with_profile(profile);
            assert!(texts(&with).is_subset(&texts(&project)), "{}", profile.name);
        }
    }

    #[test]
    fn the_exact_text_is_pinned() {
        let command = TrustedCommand {
            place: "[check.unit] run".to_owned(),
            command: Command::Argv(vec!["npm".to_owned(), "tést".to_owned()]),
            cwd: ".".to_owned(),
            env: vec![("CI".to_owned(), String::new())],
        };
        assert_eq!(
            command.exact_text(),
            "1;4:argv,2;3:npm,5:tést,1;1:.,2;2:CI,0:,",
            "a change here takes back every approval"
        );
    }

    fn any_command() -> impl Generated<Value = TrustedCommand> {
        let word = "[a1:;, ]{0,3}";
        let command = prop_oneof![
            word.prop_map(Command::Shell),
            prop::collection::vec(word, 1..3).prop_map(Command::Argv),
        ];
        let env = prop::collection::vec((word, word), 0..2);
        (command, word, env).prop_map(|(command, cwd, env)| TrustedCommand {
            place: String::new(),
            command,
            cwd,
            env,
        })
    }

    /// Reads the text back, which is only possible where it is unambiguous.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let mut rest = text;
        let number = |rest: &mut &str, end: char| -> usize {
            let (digits, after) = rest.split_once(end).unwrap();
            *rest = after;
            digits.parse().unwrap()
        };
        let mut lists = Vec::new();
        while !rest.is_empty() {
            let count = number(&mut rest, ';');
            let list = (0..count).map(|_| {
                let len = number(&mut rest, ':');
                let part = rest[..len].to_owned();
                rest = rest[len..].strip_prefix(',').unwrap();
                part
            });
            lists.push(list.collect());
        }
        lists
    }

    proptest! {
        #[test]
        fn the_exact_text_can_be_read_back(command in any_command()) {
            let (kind, words) = match &command.command {
                Command::Shell(line) => ("shell", vec![line.clone()]),
                Command::Argv(words) => ("argv", words.clone()),
            };
            let env: Vec<String> = command.env.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect();
            let expected = vec![vec![kind.to_owned()], words, vec![command.cwd.clone()], env];
            prop_assert_eq!(parse(&command.exact_text()), expected);
        }
    }
}
