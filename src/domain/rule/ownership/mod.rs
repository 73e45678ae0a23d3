//! Rules about who may change what, and the exceptions from all rules.

mod own01;
mod own02;
mod own03;
mod own04;
mod own05;
mod own06;
mod own07;
mod own08;
mod own10;
mod own12;
mod own13;

use super::{Facts, FileChange, Rule};
use crate::domain::path::{Pattern, RepoPath};
use crate::domain::{quote, trailer};

pub(super) const RULES: &[&Rule] = &[
    &own01::RULE,
    &own02::RULE,
    &own03::RULE,
    &own04::RULE,
    &own05::RULE,
    &own06::RULE,
    &own07::RULE,
    &own08::RULE,
    &own10::RULE,
    &own12::RULE,
    &own13::RULE,
];

pub(super) use own12::except;

/// What the judged track does with a path, as the start of a sentence: `track b adds src/x.rs (moved from src/y.rs)`.
fn deed(facts: &Facts<'_>, change: &FileChange) -> String {
    let (track, verb, path) = (&facts.work().track, change.verb(), &change.path);
    match &change.moved {
        Some(from) if change.is_new() => format!("track {track} {verb} {path} (moved from {from})"),
        Some(to) => format!("track {track} {verb} {path} (to {to})"),
        None => format!("track {track} {verb} {path}"),
    }
}

/// How to be excepted, as the end of a fix.
fn or_except(rule: &Rule, path: &RepoPath) -> String {
    let (code, path) = (rule.code, trailer::word(&path.lossy()));
    format!(
        "except it: `[[allow]]` with `code = \"{code}\"` in base's tracks.toml, or the trailer `Tracks-Allow: {code} {path} REASON`"
    )
}

/// A path as an argument of `tracks own`, which takes patterns.
fn to_own(path: &RepoPath) -> String {
    quote::shell_path(&RepoPath::new(Pattern::literally(&path.lossy())))
}
