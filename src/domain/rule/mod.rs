//! The rules: one law per file, each a pure function from facts to findings. What is looked up, parsed or compared before
//! a rule can judge is not here: facts are gathered by `ops::rules`.
//!
//! A new rule is a file in the folder of its family and a line in that family's list.

mod collision;
mod contract;
mod facts;
mod family;
mod finding;
mod migration;
mod naming;
mod ownership;
#[cfg(test)]
mod testing;

use std::collections::BTreeSet;
use std::fmt;

pub use collision::{Collision, colliding, collisions};
use facts::short;
pub use facts::{
    APPROVAL, Approval, Commit, Contents, Facts, FileChange, Peer, Stray, StrayPlace, Work,
};
pub use family::Family;
pub use finding::{Excuse, Finding, Mend, sort};

use super::project::Severity;

/// One law, with what people are told of it.
pub struct Rule {
    /// Such as `OWN01`; never given to another rule.
    pub code: &'static str,
    /// Of a finding that does not say otherwise, where `[severity]` does not.
    pub severity: Severity,
    /// What holds, as one line without a full stop: "a track changes only what is its own".
    pub law: &'static str,
    /// Why, and what exactly is judged: a few sentences.
    pub why: &'static str,
    /// What somebody does that breaks it, and what they are told; a few lines.
    pub example: &'static str,
    /// How to set it right, and how to be excepted.
    pub way_out: &'static str,
    pub judge: fn(&Facts<'_>, &mut Vec<Finding>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// Every rule, in the order in which they are documented.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        ownership::RULES,
        migration::RULES,
        contract::RULES,
        naming::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Those that tell something of a change by its path alone, with neither history nor other tracks nor contents.
pub fn of_paths() -> impl Iterator<Item = &'static Rule> {
    const CODES: &[&str] = &[
        "OWN01", "OWN03", "OWN04", "OWN05", "OWN06", "OWN13", "MIG01", "MIG02", "MIG20", "CON03",
        "NAM04",
    ];
    all().filter(|rule| CODES.contains(&rule.code))
}

/// Those that tell something of a commit by what it changes and by the names of migrations elsewhere: what needs the whole work
/// of a track, or the contents of others, is not among them.
pub fn of_commits() -> impl Iterator<Item = &'static Rule> {
    const CODES: &[&str] = &[
        "OWN01", "OWN02", "OWN03", "OWN04", "OWN05", "OWN06", "OWN13", "MIG01", "MIG02", "MIG03",
        "MIG04", "MIG06", "MIG07", "MIG08", "MIG10", "MIG11", "MIG20", "MIG21", "MIG22", "MIG23",
        "CON03", "NAM04",
    ];
    all().filter(|rule| CODES.contains(&rule.code))
}

/// Those that tell something of a commit by its message alone.
pub fn of_messages() -> impl Iterator<Item = &'static Rule> {
    const CODES: &[&str] = &["OWN10", "NAM02", "NAM03"];
    all().filter(|rule| CODES.contains(&rule.code))
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}

/// Everything that is found in the work of one track: what refuses it first, then by severity, code and place.
pub fn judge(facts: &Facts<'_>) -> Vec<Finding> {
    judge_by(facts, all())
}

/// The same by some of the rules.
pub fn judge_by(facts: &Facts<'_>, rules: impl Iterator<Item = &'static Rule>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut asked = BTreeSet::new();
    for rule in rules {
        if facts.project.severity.get(rule.code) != Some(&Severity::Off) {
            asked.insert(rule.code);
            (rule.judge)(facts, &mut findings);
        }
    }
    for finding in &mut findings {
        finding.weigh(facts.project.severity.get(finding.code).copied());
    }
    ownership::except(facts, &asked, &mut findings);
    finding::sort(&mut findings);
    findings
}
