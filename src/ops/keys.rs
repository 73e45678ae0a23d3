//! What a check's pass is keyed by: everything that it reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env::consts;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::check::why::{Basis, Tool};
use crate::domain::name::CheckName;
use crate::domain::path::{Pattern, Selection};
use crate::domain::project::{Check, MetricSource, Project};
use crate::domain::revision::TreeId;
use crate::domain::trust::{TrustedCommand, commands_of_check, commands_of_service};
use crate::git::{GitError, Merger, SelectedMemo};
use crate::process::{Cmd, cores, find_program, in_parallel};
use crate::store::ResultKey;

use super::Session;
use super::trust::Trust;

/// Bump when what goes into a key changes its meaning.
const FORMAT: &[u8] = b"5";

/// A tool that does not tell its version by then has none; what asks for it would hang with it.
const TOOL_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes keys. What several keys have in common is found out once: the versions of tools (only of those that checks use
/// which may run), what inputs select in a tree, the keys of what is needed.
#[derive(Debug)]
pub(super) struct Keys<'p> {
    session: &'p Session,
    trust: &'p Trust,
    tools: Mutex<BTreeMap<String, Tool>>,
    selected: SelectedMemo,
    /// What earlier runs have selected has been read.
    recalled: Mutex<bool>,
    known: Mutex<HashMap<Question, Option<Arc<Keyed>>>>,
}

/// A check, the setup of its worktree, and the tree.
type Question = (CheckName, Vec<String>, TreeId);

/// A key, with what it was made of.
#[derive(Debug)]
pub(super) struct Keyed {
    pub key: ResultKey,
    pub basis: Basis,
}

impl<'p> Keys<'p> {
    /// `checks` are those that keys will be asked for.
    pub(super) fn new<'c>(
        session: &'p Session,
        trust: &'p Trust,
        checks: impl IntoIterator<Item = &'c Check>,
    ) -> Self {
        let keys = Keys {
            session,
            trust,
            tools: Mutex::default(),
            selected: SelectedMemo::default(),
            recalled: Mutex::default(),
            known: Mutex::default(),
        };
        keys.ask_tools(checks);
        keys
    }

    /// The key of `check` on a tree that `merger` can read, in a worktree with this setup. `None` where it would take
    /// running something that nobody has approved.
    pub(super) fn key(
        &self,
        merger: &Merger<'_>,
        check: &Check,
        setup: &[TrustedCommand],
        tree: TreeId,
    ) -> Result<Option<ResultKey>, GitError> {
        let keyed = self.keyed(merger, check, setup, tree)?;
        Ok(keyed.map(|keyed| keyed.key.clone()))
    }

    /// As [`Keys::key`].
    pub(super) fn keyed(
        &self,
        merger: &Merger<'_>,
        check: &Check,
        setup: &[TrustedCommand],
        tree: TreeId,
    ) -> Result<Option<Arc<Keyed>>, GitError> {
        let setup: Vec<String> = setup.iter().map(TrustedCommand::exact_text).collect();
        self.answer(merger, &(check.name.clone(), setup, tree), check)
    }

    fn answer(
        &self,
        merger: &Merger<'_>,
        question: &Question,
        check: &Check,
    ) -> Result<Option<Arc<Keyed>>, GitError> {
        if let Some(known) = lock(&self.known).get(question) {
            return Ok(known.clone());
        }
        let keyed = self.make(merger, question, check)?.map(Arc::new);
        lock(&self.known).insert(question.clone(), keyed.clone());
        Ok(keyed)
    }

    fn make(
        &self,
        merger: &Merger<'_>,
        question: &Question,
        check: &Check,
    ) -> Result<Option<Keyed>, GitError> {
        if !check.tools.is_empty() && !self.trust.allows_check(check) {
            return Ok(None);
        }
        let (_, setup, tree) = question;
        let mut needs = BTreeMap::new();
        // What a check needs prepares its worktree, so whatever that reads, this one reads too.
        for need in needs_of(&self.session.project, check) {
            let question = (need.name.clone(), setup.clone(), *tree);
            match self.answer(merger, &question, need)? {
                Some(keyed) => needs.insert(need.name.clone(), keyed.key.as_str().to_owned()),
                None => return Ok(None),
            };
        }
        let selected = if check.inputs.is_empty() {
            tree.to_string()
        } else {
            self.selected(merger, &check.inputs, *tree)?
        };
        // What setup makes of its own inputs is part of what the check finds. Where it may read everything, nothing would ever
        // be known again: then its commands have to do.
        let set_up_from = &self.session.project.layout.setup_inputs;
        let set_up_from =
            match setup.is_empty() || check.inputs.is_empty() || set_up_from.is_empty() {
                true => None,
                false => Some(self.selected(merger, set_up_from, *tree)?),
            };
        let services: Vec<String> = (check.services.iter())
            .flat_map(|name| commands_of_service(&self.session.project, name))
            .map(|command| command.exact_text())
            .collect();
        let basis = Basis {
            command: digest(&(&check.run, &check.retry, figures(check), &services)),
            directory: check.cwd.clone(),
            environment: digest(&check.settings.env),
            setup: digest(&(setup, &set_up_from)),
            platform: format!("{} {}", consts::OS, consts::ARCH),
            tools: (check.tools.iter())
                .map(|tool| (tool.clone(), self.tool(tool)))
                .collect(),
            needs,
            patterns: check.inputs.iter().map(ToString::to_string).collect(),
            selected,
        };
        Ok(Some(Keyed {
            key: key(check, &services, setup, &basis),
            basis,
        }))
    }

    fn selected(
        &self,
        merger: &Merger<'_>,
        inputs: &[Pattern],
        tree: TreeId,
    ) -> Result<String, GitError> {
        let selection = Selection::new(inputs);
        if selection.looks_everywhere() {
            let mut recalled = lock(&self.recalled);
            if !*recalled {
                self.selected.recall(self.session.store.known_selections());
                *recalled = true;
            }
        }
        let selected = merger.selected(tree, &selection, &self.selected)?;
        Ok(match selected {
            Some(digest) => digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            None => "nothing".to_owned(),
        })
    }

    /// All at once: each may take a second.
    fn ask_tools<'c>(&self, checks: impl IntoIterator<Item = &'c Check>) {
        let mut names: Vec<&CheckName> = checks.into_iter().map(|check| &check.name).collect();
        names.sort_unstable();
        names.dedup();
        let project = &self.session.project;
        let asked: BTreeSet<&String> = with_needs(project, names)
            .into_iter()
            .filter(|check| !check.tools.is_empty() && self.trust.allows_check(check))
            .flat_map(|check| &check.tools)
            .collect();
        let asked: Vec<&String> = asked.into_iter().collect();
        let dir = self.dir();
        let answers = in_parallel(&asked, cores().get().max(4), |tool| ask_tool(tool, &dir));
        let named = asked.into_iter().cloned().zip(answers);
        lock(&self.tools).extend(named);
    }

    fn tool(&self, tool: &str) -> Tool {
        if let Some(known) = lock(&self.tools).get(tool) {
            return known.clone();
        }
        let answer = ask_tool(tool, &self.dir());
        lock(&self.tools).insert(tool.to_owned(), answer.clone());
        answer
    }

    /// Where tools are asked: version managers go by the directory.
    fn dir(&self) -> PathBuf {
        let repository = &self.session.repository;
        let main = repository.main_worktree();
        main.unwrap_or(repository.common_dir()).to_owned()
    }
}

impl Drop for Keys<'_> {
    /// Keeps what took long to find out. It is a cache: that it cannot be written is no news.
    fn drop(&mut self) {
        let learned = self.selected.learned();
        if !learned.is_empty() {
            let _ = self.session.store.keep_selections(&learned);
        }
    }
}

fn key(check: &Check, services: &[String], setup: &[String], basis: &Basis) -> ResultKey {
    let mut parts = Parts::default();
    let text = |text: &String| text.clone().into_bytes();
    parts.list("format", [FORMAT.to_vec()]);
    parts.list("platform", [text(&basis.platform)]);
    let exact = |command: &TrustedCommand| command.exact_text().into_bytes();
    parts.list("run", commands_of_check(check).iter().map(exact));
    parts.list("services", services.iter().map(text));
    parts.list("setup", setup.iter().chain([&basis.setup]).map(text));
    parts.list("figures", figures(check));
    let tools = basis.tools.values();
    parts.list(
        "tools",
        tools.flat_map(|tool| [text(&tool.path), text(&tool.version)]),
    );
    parts.list("needs", basis.needs.values().map(text));
    let what = if basis.patterns.is_empty() {
        "tree"
    } else {
        "inputs"
    };
    parts.list(what, [text(&basis.selected)]);
    ResultKey::of(parts.0.iter().map(Vec::as_slice))
}

/// For comparing with that of another time: what it stands for need not be kept.
fn digest<T: Debug + ?Sized>(value: &T) -> String {
    let key = ResultKey::of([format!("{value:?}").as_bytes()]);
    key.as_str().to_owned()
}

fn needs_of<'a>(project: &'a Project, check: &'a Check) -> impl Iterator<Item = &'a Check> {
    check.needs.iter().filter_map(|need| project.check(need))
}

/// The checks of these names and all that they need, in the order of the file.
pub(super) fn with_needs<'a>(
    project: &'a Project,
    mut wanted: Vec<&'a CheckName>,
) -> Vec<&'a Check> {
    let mut seen: BTreeSet<&CheckName> = wanted.iter().copied().collect();
    let mut next = 0;
    while next < wanted.len() {
        for need in project
            .check(wanted[next])
            .into_iter()
            .flat_map(|check| &check.needs)
        {
            if seen.insert(need) {
                wanted.push(need);
            }
        }
        next += 1;
    }
    project
        .checks
        .iter()
        .filter(|check| seen.contains(&check.name))
        .collect()
}

/// Named lists with their lengths, so that nothing can move from one into the next unnoticed.
#[derive(Default)]
struct Parts(Vec<Vec<u8>>);

impl Parts {
    fn list(&mut self, name: &str, items: impl IntoIterator<Item = Vec<u8>>) {
        let items: Vec<Vec<u8>> = items.into_iter().collect();
        self.0.push(format!("{name} {}", items.len()).into_bytes());
        self.0.extend(items);
    }
}

/// Where a check's numbers and tests come from: a result without them is no answer. Their limits are no part of it, what was
/// found is held against those of today.
fn figures(check: &Check) -> Vec<Vec<u8>> {
    let mut figures = Vec::new();
    for metric in &check.metrics {
        figures.push(metric.name.clone());
        match &metric.source {
            MetricSource::Pattern(pattern) => {
                figures.extend(["pattern".to_owned(), pattern.clone()]);
            }
            MetricSource::File { file, pointer } => {
                figures.extend(["file".to_owned(), file.clone(), pointer.clone()]);
            }
        }
    }
    for pattern in &check.junit {
        figures.extend(["junit".to_owned(), pattern.to_string()]);
    }
    figures.into_iter().map(String::into_bytes).collect()
}

/// Where the tool is, and what `TOOL --version` prints; a tool that is missing or refuses has an answer too: that one.
fn ask_tool(tool: &str, dir: &Path) -> Tool {
    // A path could name a file of the repository.
    let Some(program) = find_program(tool).filter(|_| !tool.contains('/')) else {
        return Tool::default();
    };
    let asked = Cmd::new(&program).arg("--version").cwd(dir);
    let version = match asked.output_within(TOOL_TIMEOUT) {
        Ok(output) => String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into(),
        Err(error) => error.to_string(),
    };
    Tool {
        path: program.to_string_lossy().into_owned(),
        version,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
