//! What a check's pass is keyed by: everything that it reads.

use std::collections::BTreeMap;

use crate::domain::name::CheckName;
use crate::domain::project::{Check, Command, Project, Track};
use crate::domain::revision::TreeId;
use crate::git::{GitError, Merger};
use crate::process::{Cmd, find_program};
use crate::store::ResultKey;

/// Bump when what goes into a key changes its meaning.
const FORMAT: &str = "2";

/// Makes keys; asks each tool for its version once.
#[derive(Debug)]
pub(super) struct Keys<'p> {
    project: &'p Project,
    versions: BTreeMap<String, Vec<u8>>,
}

impl<'p> Keys<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        let mut versions = BTreeMap::new();
        for tool in project.checks.iter().flat_map(|check| &check.tools) {
            versions
                .entry(tool.clone())
                .or_insert_with(|| tool_version(tool));
        }
        Keys { project, versions }
    }

    /// The key of `check` on a tree that `merger` can read, in a worktree set up for `track`. What it needs is part of it:
    /// a check reads what those have built.
    pub(super) fn key(
        &self,
        merger: &Merger<'_>,
        check: &Check,
        track: Option<&Track>,
        tree: TreeId,
    ) -> Result<ResultKey, GitError> {
        let mut parts: Vec<Vec<u8>> = vec![FORMAT.into()];
        parts.extend(
            setup_commands(self.project, track)
                .iter()
                .map(command_bytes),
        );
        for check in with_needs(self.project, vec![&check.name]) {
            self.add(&mut parts, merger, check, tree)?;
        }
        Ok(ResultKey::of(parts.iter().map(Vec::as_slice)))
    }

    /// What `check` reads by itself.
    fn add(
        &self,
        parts: &mut Vec<Vec<u8>>,
        merger: &Merger<'_>,
        check: &Check,
        tree: TreeId,
    ) -> Result<(), GitError> {
        parts.push(b"check".to_vec());
        parts.push(command_bytes(&check.run));
        parts.push(check.cwd.clone().into_bytes());
        for (name, value) in &check.settings.env {
            parts.push(format!("{name}={value}").into_bytes());
        }
        for tool in &check.tools {
            parts.push(self.versions.get(tool).cloned().unwrap_or_default());
        }
        parts.push(b"tree".to_vec());
        if check.inputs.is_empty() {
            parts.push(tree.as_bytes().to_vec());
            return Ok(());
        }
        for (path, mode, blob) in merger.tree_entries(tree)? {
            if check.inputs.iter().any(|input| input.matches(&path)) {
                parts.push(path.as_bytes().to_vec());
                parts.push(format!("{mode:o} {blob}").into_bytes());
            }
        }
        Ok(())
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

/// The setup of a track's worktree, or of a tree that belongs to no track.
pub(super) fn setup_commands<'a>(project: &'a Project, track: Option<&'a Track>) -> &'a [Command] {
    track
        .and_then(|track| track.setup.as_deref())
        .unwrap_or(&project.layout.setup)
}

/// Bytes that differ for different commands.
pub(super) fn command_bytes(command: &Command) -> Vec<u8> {
    match command {
        Command::Shell(line) => [b"sh\0", line.as_bytes()].concat(),
        Command::Argv(argv) => format!("argv\0{}", argv.join("\0")).into_bytes(),
    }
}

/// What `TOOL --version` prints; a tool that is missing or refuses has an answer too: that one.
fn tool_version(tool: &str) -> Vec<u8> {
    // A path could name a file of the repository, and nothing of it runs before somebody has approved it.
    let Some(program) = find_program(tool).filter(|_| !tool.contains('/')) else {
        return b"missing".to_vec();
    };
    match Cmd::new(program).arg("--version").output() {
        Ok(output) => [output.stdout, output.stderr].concat(),
        Err(error) => error.to_string().into_bytes(),
    }
}
