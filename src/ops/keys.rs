//! What a check's pass is keyed by: everything that it reads.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::domain::name::CheckName;
use crate::domain::project::{Check, MetricSource, Project};
use crate::domain::revision::TreeId;
use crate::domain::trust::{TrustedCommand, commands_of_check};
use crate::git::{GitError, Merger};
use crate::process::{Cmd, find_program};
use crate::store::ResultKey;

use super::trust::Trust;

/// Bump when what goes into a key changes its meaning.
const FORMAT: &[u8] = b"2";

/// Makes keys; asks each tool for its version once, and only for checks that may run.
#[derive(Debug)]
pub(super) struct Keys<'p> {
    project: &'p Project,
    trust: &'p Trust,
    versions: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl<'p> Keys<'p> {
    pub(super) fn new(project: &'p Project, trust: &'p Trust) -> Self {
        Keys {
            project,
            trust,
            versions: Mutex::new(BTreeMap::new()),
        }
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
        if !check.tools.is_empty() && !self.trust.allows_check(check) {
            return Ok(None);
        }
        let mut parts = Parts::default();
        parts.list("format", [FORMAT.to_vec()]);
        let exact = |command: &TrustedCommand| command.exact_text().into_bytes();
        parts.list("run", commands_of_check(check).iter().map(exact));
        parts.list("setup", setup.iter().map(exact));
        parts.list("tools", check.tools.iter().map(|tool| self.version(tool)));
        let figures = figures(check);
        if !figures.is_empty() {
            parts.list("figures", figures);
        }
        let mut needs = Vec::new();
        // What a check needs prepares its worktree, so whatever that reads, this one reads too.
        for need in check
            .needs
            .iter()
            .filter_map(|need| self.project.check(need))
        {
            match self.key(merger, need, setup, tree)? {
                Some(key) => needs.push(key.as_str().as_bytes().to_vec()),
                None => return Ok(None),
            }
        }
        parts.list("needs", needs);
        if check.inputs.is_empty() {
            parts.list("tree", [tree.as_bytes().to_vec()]);
        } else {
            let mut inputs = Vec::new();
            for (path, mode, blob) in merger.tree_entries(tree)? {
                if check.inputs.iter().any(|input| input.matches(&path)) {
                    inputs.push(path.as_bytes().to_vec());
                    inputs.push(format!("{mode:o} {blob}").into_bytes());
                }
            }
            parts.list("inputs", inputs);
        }
        Ok(Some(ResultKey::of(parts.0.iter().map(Vec::as_slice))))
    }

    fn version(&self, tool: &str) -> Vec<u8> {
        let Ok(mut versions) = self.versions.lock() else {
            return Vec::new();
        };
        versions
            .entry(tool.to_owned())
            .or_insert_with(|| tool_version(tool))
            .clone()
    }
}

/// The checks of these names and all that they need, in the order of the file.
pub(super) fn with_needs<'a>(
    project: &'a Project,
    mut wanted: Vec<&'a CheckName>,
) -> Vec<&'a Check> {
    let mut next = 0;
    while next < wanted.len() {
        for need in project
            .check(wanted[next])
            .into_iter()
            .flat_map(|check| &check.needs)
        {
            if !wanted.iter().any(|name| **name == *need) {
                wanted.push(need);
            }
        }
        next += 1;
    }
    project
        .checks
        .iter()
        .filter(|check| wanted.iter().any(|name| **name == check.name))
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

/// What `TOOL --version` prints; a tool that is missing or refuses has an answer too: that one.
fn tool_version(tool: &str) -> Vec<u8> {
    // A path could name a file of the repository.
    let Some(program) = find_program(tool).filter(|_| !tool.contains('/')) else {
        return b"missing".to_vec();
    };
    match Cmd::new(program).arg("--version").output() {
        Ok(output) => [output.stdout, output.stderr].concat(),
        Err(error) => error.to_string().into_bytes(),
    }
}
