//! What has been counted so far, the disagreements as they are found, and the summary.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use super::answer::{Answer, Basis, Difference, Group, Verdict, difference};
use crate::failure::Failure;

/// More than so many are counted, and no longer shown.
const MOST_SHOWN: usize = 50;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Tracks against base.
    pub(crate) merges: usize,
    pub(crate) pairs: usize,
    clean: usize,
    conflicts: usize,
    unavailable: usize,
    tips: usize,
    in_process: usize,
    /// Clean merges whose tree the tool told.
    trees: usize,
    pub(crate) tool_time: Duration,
    pub(crate) git_time: Duration,
    differences: BTreeMap<Difference, usize>,
}

impl Tally {
    pub(super) fn count(
        &mut self,
        repository: &Path,
        group: &Group,
        question: (usize, Option<usize>),
        git: &Answer,
        (tool, in_process): &(Answer, bool),
    ) {
        if question.1.is_some() {
            self.pairs += 1;
            self.tips += usize::from(git.basis == Basis::Tips);
        } else {
            self.merges += 1;
        }
        match &git.verdict {
            Verdict::Clean(_) => self.clean += 1,
            Verdict::Conflict(_) => self.conflicts += 1,
            Verdict::Unavailable(_) => self.unavailable += 1,
        }
        self.trees += usize::from(matches!(tool.verdict, Verdict::Clean(Some(_))));
        self.in_process += usize::from(*in_process);
        let Some(found) = difference(git, tool) else {
            return;
        };
        if self.disagreements() < MOST_SHOWN {
            let by = if *in_process { "in process" } else { "by git" };
            crate::say(&format!(
                "{found}: {}\n    git:    {git}\n    tracks: {tool} ({by})\n{}",
                group.line(question),
                by_hand(repository, group, question, git.basis)
            ));
        }
        *self.differences.entry(found).or_default() += 1;
    }

    pub(crate) fn disagreements(&self) -> usize {
        self.differences.values().sum()
    }

    fn asked(&self) -> usize {
        self.merges + self.pairs
    }

    /// One line on stderr: in place on a terminal, else a new one.
    pub(super) fn progress(&self, what: &str) {
        let mut stream = std::io::stderr().lock();
        let end = if stream.is_terminal() { "\r" } else { "\n" };
        let _ = write!(
            stream,
            "{what}: {} merges, {} pairs, {} disagreements{end}",
            self.merges,
            self.pairs,
            self.disagreements()
        )
        .and_then(|()| stream.flush());
    }

    pub(crate) fn summary(&self) -> String {
        let share = |part: usize| 100.0 * ratio(part, self.asked());
        let each = |time: Duration| 1000.0 * time.as_secs_f64() / whole(self.asked());
        let mut text = format!(
            "{} merges into base, {} pairs ({} of them tip against tip)\n{} clean, {} conflicts, {} without a verdict (git's words)\ndecided in process {:.1} %, by git {:.1} %; {} clean trees compared\ntracks {:.1} s ({:.2} ms each), git {:.1} s ({:.2} ms each, {} at a time)\n",
            self.merges,
            self.pairs,
            self.tips,
            self.clean,
            self.conflicts,
            self.unavailable,
            share(self.in_process),
            share(self.asked() - self.in_process),
            self.trees,
            self.tool_time.as_secs_f64(),
            each(self.tool_time),
            self.git_time.as_secs_f64(),
            each(self.git_time),
            super::GIT_PROCESSES,
        );
        text.push_str(&match self.disagreements() {
            0 => "no disagreement".to_owned(),
            count => {
                let kinds: Vec<String> = self
                    .differences
                    .iter()
                    .map(|(kind, count)| format!("{count} × {kind}"))
                    .collect();
                format!("{count} disagreements: {}", kinds.join(", "))
            }
        });
        text
    }

    /// A disagreement is a failure, and so is to have compared nothing.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        crate::say(&self.summary());
        match (self.asked(), self.disagreements()) {
            (0, _) => Err(Failure::new("there was nothing to compare")),
            (_, 0) => Ok(()),
            (_, count) => Err(Failure::new(format!("{count} disagreements with git"))),
        }
    }
}

fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX))
}

fn ratio(part: usize, all: usize) -> f64 {
    if part == 0 {
        0.0
    } else {
        whole(part) / whole(all)
    }
}

/// How to see git's answer without this program.
fn by_hand(
    repository: &Path,
    group: &Group,
    (track, other): (usize, Option<usize>),
    basis: Basis,
) -> String {
    let base = &group.base;
    let merge = format!(
        "git -C {} --attr-source={base} merge-tree --write-tree",
        repository.display()
    );
    let tip = |number: usize| &group.tracks[number];
    match (other, basis) {
        (None, _) => format!("    by hand: {merge} {base} {}", tip(track)),
        (Some(other), Basis::Tips) => {
            format!("    by hand: {merge} {} {}", tip(track), tip(other))
        }
        (Some(other), Basis::BasePlusTrack) => {
            let on_base = |number: usize| {
                format!(
                    "$(git -C {} commit-tree -m x -p {base} -p {tip} $({merge} {base} {tip}))",
                    repository.display(),
                    tip = tip(number)
                )
            };
            format!("    by hand: {merge} {} {}", on_base(track), on_base(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_compared_and_any_disagreement_are_failures() {
        let mut tally = Tally::default();
        assert!(tally.end().is_err());
        let group = Group {
            base: "o".to_owned(),
            tracks: vec!["a".to_owned(), "b".to_owned()],
            pairs: true,
        };
        let answer = |verdict| Answer {
            basis: Basis::Tips,
            verdict,
        };
        let clean = answer(Verdict::Clean(None));
        let mut count = |git: &Answer, tool: Answer, question| {
            tally.count(Path::new("r"), &group, question, git, &(tool, true));
            (tally.end().is_ok(), tally.summary())
        };
        assert!(count(&clean, clean.clone(), (0, None)).0);
        let conflict = answer(Verdict::Conflict(BTreeMap::new()));
        let (ok, summary) = count(&conflict, clean.clone(), (0, Some(1)));
        assert!(!ok);
        assert!(summary.starts_with("1 merges into base, 1 pairs (1 of them"));
        assert!(summary.contains("1 clean, 1 conflicts"), "{summary}");
        assert!(summary.ends_with("1 × FALSE CLEAN"), "{summary}");
    }
}
