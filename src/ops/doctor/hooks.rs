//! Git hooks that would not run, and agents that would not ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::agent::Agent;
use crate::files::program_in;
use crate::git::Worktree;
use crate::ops::Session;
use crate::ops::hooks::status::{self, State};
use crate::process::environment;
use crate::store::{AgentSettings, StoreError};

use super::Report;

const CODE: &str = "DOC-HOOK";
const INSTALL: &str = "`tracks hooks install`; `tracks hooks status` shows each";

pub(super) fn git(report: &mut Report, session: &Session) {
    report.looked_at("hooks");
    let found = match status::look(session) {
        Ok(found) => found,
        Err(error) => {
            report.error(CODE, error.to_string(), "see `tracks hooks status`");
            return;
        }
    };
    for shadow in &found.shadows {
        let place = match &shadow.worktree {
            Some(dir) => format!(" (in {})", dir.display()),
            None => String::new(),
        };
        report.error(CODE, format!("{}{place}", shadow.what), shadow.fix.clone());
    }
    // By what is the matter: hooks, in how many worktrees each is told by `tracks hooks status`.
    let mut wrong: BTreeMap<(bool, String), Vec<&str>> = BTreeMap::new();
    let mut programs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in &found.hooks {
        let name = row.hook.name();
        let what = match (row.state, &row.runs) {
            (State::Missing, _) => Some((false, "not installed".to_owned())),
            (State::Foreign, _) => Some((false, "not ours: another one stands there".to_owned())),
            (State::Shadowed, _) => None,
            (_, Err(why)) => Some((true, format!("installed and would not run: {why}"))),
            (State::Outdated, Ok(())) => {
                Some((false, "other than they would be installed now".to_owned()))
            }
            (State::Installed, Ok(())) => None,
        };
        let add = |names: &mut Vec<&'static str>| {
            if !names.contains(&name) {
                names.push(name);
            }
        };
        if let Some(what) = what {
            add(wrong.entry(what).or_default());
        }
        let text = std::fs::read_to_string(&row.path).unwrap_or_default();
        if let Some(program) = program_in(&text).filter(|it| !is_this(it)) {
            add(programs.entry(program).or_default());
        }
    }
    for ((is_error, what), names) in wrong {
        let verb = if names.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} {what}", names.join(", "));
        match is_error {
            true => report.error(CODE, message, INSTALL),
            false => report.warning(CODE, message, INSTALL),
        }
    }
    for program in programs.into_keys() {
        report.warning(
            CODE,
            format!("hooks start {program}, which is not this program"),
            "if this is the one that is meant: `tracks hooks install`",
        );
    }
}

/// Whether a path leads to this program.
fn is_this(program: &str) -> bool {
    let Ok(this) = environment::program() else {
        return true;
    };
    match (Path::new(program).canonicalize(), this.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => Path::new(program) == this,
    }
}

/// Settings that we have written, and that name a program which is gone: the agent would write without asking, and not say so.
pub(super) fn agents(report: &mut Report, session: &Session) -> Result<(), StoreError> {
    let mut list = None;
    for agent in Agent::ALL {
        let known = session.store.agent_settings(agent.name())?;
        if known.is_empty() {
            continue;
        }
        report.looked_at(format!("settings of {}", agent.name()));
        let this = environment::program().unwrap_or_default();
        let command = agent.command(&this.to_string_lossy());
        let other = known.iter().filter(|it| {
            let text = std::fs::read_to_string(&it.file).unwrap_or_default();
            text.contains(&agent.mark()) && !text.contains(&command.replace('\\', r"\\"))
        });
        if let Some(first) = other.clone().next() {
            report.warning(
                "DOC-AGENT",
                format!(
                    "{} lets {} ask another program than this ({} of {} files)",
                    first.file.display(),
                    agent.name(),
                    other.count(),
                    known.len()
                ),
                format!("`tracks hooks install --agent {}`", agent.name()),
            );
        }
        let list = list.get_or_insert_with(|| session.repository.worktrees().unwrap_or_default());
        let mut without: Vec<PathBuf> = session
            .project
            .tracks
            .iter()
            .filter_map(|track| Worktree::of_branch(list, &track.branch))
            .map(|entry| entry.path.join(agent.settings()))
            .filter(|file| !is_in(file, agent))
            .collect();
        let is_gone = |it: &&AgentSettings| it.file.exists() && !is_in(&it.file, agent);
        without.extend(known.iter().filter(is_gone).map(|it| it.file.clone()));
        without.sort();
        without.dedup();
        if let Some(first) = without.first() {
            let more = match without.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            report.warning(
                "DOC-AGENT",
                format!(
                    "{}{more} does not have {} ask before it writes, as it does elsewhere",
                    first.display(),
                    agent.name()
                ),
                format!(
                    "`tracks hooks install --agent {0}`, or `tracks hooks uninstall --agent {0}` for none at all",
                    agent.name()
                ),
            );
        }
    }
    Ok(())
}

fn is_in(file: &Path, agent: Agent) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.contains(&agent.mark()))
}
