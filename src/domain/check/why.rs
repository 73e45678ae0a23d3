//! Why a check runs, or need not: its last pass compared with how things are now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::merge::{Change, Entry};
use crate::domain::name::CheckName;
use crate::domain::path::{RepoPath, Selection};
use crate::domain::time::Timestamp;

/// What a pass goes by, in its parts. Texts are for comparing only, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Basis {
    pub command: String,
    pub directory: String,
    pub environment: String,
    pub setup: String,
    /// For people.
    pub platform: String,
    pub tools: BTreeMap<String, Tool>,
    /// The keys of what it needs.
    pub needs: BTreeMap<CheckName, String>,
    /// `inputs` as they are written; empty: the whole tree.
    pub patterns: Vec<String>,
    /// What these select, in the tree that was judged.
    pub selected: String,
}

/// A program that a check says it uses; both for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tool {
    /// Where it was found; empty: nowhere.
    pub path: String,
    /// All that it prints when asked.
    pub version: String,
}

/// Why a run was made, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Not made: it is known to pass.
    Reused {
        finished: Timestamp,
        /// Where it passed, if that is known.
        side: Option<String>,
    },
    NotApproved,
    /// What it would judge could not be told.
    NoTree,
    NoCache,
    /// On the very same.
    FailedLast,
    PassedOnlyAgain,
    /// Its numbers are beyond limits that were others, or compared with others, when it passed.
    BeyondLimits,
    /// What it left behind for others is not there.
    NotBuilt,
    NeverPassed,
    /// Since its last pass on this side; empty: the tool itself.
    Changed(Vec<Difference>),
}

/// One thing that is not as it was at the last pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Ascending; `None`: which ones cannot be told any more.
    Inputs(Option<Vec<RepoPath>>),
    Patterns,
    Command,
    Directory,
    Environment,
    Setup,
    Platform {
        before: String,
        now: String,
    },
    Tool {
        name: String,
        before: Tool,
        now: Tool,
    },
    /// It uses others than before.
    Tools,
    /// It needs others than before.
    Needs,
    /// With the reason, if that need has one.
    Need(CheckName, Option<Box<Why>>),
}

/// What the answer depends on.
#[derive(Debug, Clone, Default)]
pub struct Facts<'a> {
    pub approved: bool,
    pub no_cache: bool,
    /// `None`: there is no key.
    pub now: Option<&'a Basis>,
    /// What came out the last time with the same key.
    pub last: Option<Last>,
    /// That result stands for this run.
    pub reused: bool,
    pub last_pass: Option<&'a Basis>,
    /// The paths among its inputs that differ from the last pass; `None`: unknown.
    pub inputs: Option<Vec<RepoPath>>,
    /// Why what it needs runs, or need not.
    pub needs: BTreeMap<&'a CheckName, &'a Why>,
}

/// What came out of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    pub passed: bool,
    pub finished: Timestamp,
    pub side: Option<String>,
    /// It counts as failed, because it passed only when it was run again.
    pub unstable: bool,
    /// It does not count any more, because its numbers are beyond the limits of today.
    pub beyond: bool,
}

pub fn why(facts: &Facts<'_>) -> Why {
    if let Some(last) = facts.last.as_ref().filter(|_| facts.reused) {
        return Why::Reused {
            finished: last.finished,
            side: last.side.clone(),
        };
    }
    if !facts.approved {
        return Why::NotApproved;
    }
    let Some(now) = facts.now else {
        return Why::NoTree;
    };
    match (&facts.last, facts.last_pass) {
        _ if facts.no_cache => Why::NoCache,
        (Some(last), _) if last.unstable => Why::PassedOnlyAgain,
        (Some(last), _) if last.beyond => Why::BeyondLimits,
        (Some(last), _) if last.passed => Why::NotBuilt,
        (Some(_), _) => Why::FailedLast,
        (None, None) => Why::NeverPassed,
        (None, Some(then)) => Why::Changed(differences(then, now, facts)),
    }
}

fn differences(then: &Basis, now: &Basis, facts: &Facts<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut part = |same: bool, difference: Difference| {
        if !same {
            found.push(difference);
        }
    };
    part(then.command == now.command, Difference::Command);
    part(then.directory == now.directory, Difference::Directory);
    part(then.environment == now.environment, Difference::Environment);
    part(then.setup == now.setup, Difference::Setup);
    part(
        then.platform == now.platform,
        Difference::Platform {
            before: then.platform.clone(),
            now: now.platform.clone(),
        },
    );
    let same_tools = then.tools.keys().eq(now.tools.keys());
    part(same_tools, Difference::Tools);
    for ((name, before), tool) in then.tools.iter().zip(now.tools.values()) {
        let difference = Difference::Tool {
            name: name.clone(),
            before: before.clone(),
            now: tool.clone(),
        };
        part(!same_tools || before == tool, difference);
    }
    let same_needs = then.needs.keys().eq(now.needs.keys());
    part(same_needs, Difference::Needs);
    for ((need, before), key) in then.needs.iter().zip(now.needs.values()) {
        let reason = facts.needs.get(need).map(|why| Box::new((*why).clone()));
        let difference = Difference::Need(need.clone(), reason);
        part(!same_needs || before == key, difference);
    }
    // Other patterns may well select the same.
    if then.selected != now.selected {
        part(then.patterns == now.patterns, Difference::Patterns);
        let inputs = facts.inputs.clone().filter(|paths| !paths.is_empty());
        let said = then.patterns != now.patterns && inputs.is_none();
        part(said, Difference::Inputs(inputs));
    }
    found
}

/// Which selected paths are different in a tree from what they were, where `then` is what was different from another tree
/// at that time, and `since` what is different between that other tree and this one. Ascending.
pub fn changed_inputs(
    then: &[(RepoPath, Option<Entry>)],
    since: &[Change],
    selection: Option<&Selection>,
) -> Vec<RepoPath> {
    let then: BTreeMap<&RepoPath, Option<Entry>> =
        then.iter().map(|(path, entry)| (path, *entry)).collect();
    let since: BTreeMap<&RepoPath, Option<Entry>> = since
        .iter()
        .map(|change| (&change.path, change.after))
        .collect();
    let paths: BTreeSet<&RepoPath> = then.keys().chain(since.keys()).copied().collect();
    let differs = |path: &&RepoPath| match (then.get(path), since.get(path)) {
        (Some(before), Some(after)) => before != after,
        // One of both has it as the other tree does, which the other one does not.
        _ => true,
    };
    paths
        .into_iter()
        .filter(differs)
        .filter(|path| selection.is_none_or(|selection| selection.matches(path)))
        .cloned()
        .collect()
}

impl fmt::Display for Why {
    /// One sentence, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Reused { finished, side } => {
                let finished = format!("{finished:.16}").replace('T', " ");
                write!(f, "passed before on the same inputs, {finished}")?;
                match side {
                    Some(side) => write!(f, ", in {side}"),
                    None => Ok(()),
                }
            }
            Why::NotApproved => f.write_str("its command is not approved"),
            Why::NoTree => f.write_str("what it would judge cannot be told"),
            Why::NoCache => f.write_str("--no-cache was given"),
            Why::FailedLast => f.write_str("it failed last time, and failures are run again"),
            Why::PassedOnlyAgain => {
                f.write_str("it passed only when run again, and `flaky = \"fail\"`")
            }
            Why::BeyondLimits => {
                f.write_str("it passed before, but its numbers are beyond today's limits")
            }
            Why::NotBuilt => f.write_str("what it builds is not in this worktree"),
            Why::NeverPassed => f.write_str("no pass is known yet"),
            Why::Changed(differences) if differences.is_empty() => {
                f.write_str("this version of tracks knows passes by something else")
            }
            Why::Changed(differences) => {
                let texts: Vec<String> = differences.iter().map(Difference::to_string).collect();
                f.write_str(&texts.join("; "))
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Inputs(None) => f.write_str("its inputs changed"),
            Difference::Inputs(Some(paths)) => write!(f, "{} changed", listed(paths)),
            Difference::Patterns => f.write_str("`inputs` names others"),
            Difference::Command => f.write_str("its command changed"),
            Difference::Directory => f.write_str("its directory changed"),
            Difference::Environment => f.write_str("its environment changed"),
            Difference::Setup => f.write_str("the setup changed"),
            Difference::Platform { before, now } => write!(f, "the platform: {before} -> {now}"),
            Difference::Tool { name, before, now } => {
                let (was, is) = (before.first_line(), now.first_line());
                if before.path == now.path && was == is {
                    write!(f, "{name}: it describes itself differently than before")
                } else if was == is {
                    write!(f, "{name}: {} -> {}", before.place(), now.place())
                } else {
                    write!(f, "{name}: {was} -> {is}")
                }
            }
            Difference::Tools => f.write_str("`tools` names others"),
            Difference::Needs => f.write_str("`needs` names others"),
            Difference::Need(check, Some(why)) if !matches!(**why, Why::Reused { .. }) => {
                write!(f, "{check}, which it needs: {why}")
            }
            Difference::Need(check, _) => write!(f, "{check}, which it needs, has changed"),
        }
    }
}

impl Tool {
    fn place(&self) -> &str {
        match self.path.as_str() {
            "" => "missing",
            path => path,
        }
    }

    fn first_line(&self) -> &str {
        let mut lines = self.version.lines().map(str::trim);
        match lines.find(|line| !line.is_empty()) {
            Some(line) => line,
            None if self.path.is_empty() => "missing",
            None => "no version",
        }
    }
}

/// "a", "a and b", "a, b, c and 12 more".
fn listed(paths: &[RepoPath]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = paths.iter().take(SHOWN).map(RepoPath::to_string).collect();
    match (names.split_last(), paths.len().saturating_sub(SHOWN)) {
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
