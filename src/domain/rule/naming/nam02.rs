//! NAM02: subjects of commits look as the project wants.

use regex::Regex;

use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule, short};

pub(super) const RULE: Rule = Rule {
    code: "NAM02",
    severity: Severity::Error,
    law: "the subject of a commit matches `[commit] pattern`",
    why: "`[commit] pattern` is a regular expression that is looked for in the subject (write `^` and `$` where it must be all of it), or \
          `conventional`: a type (build, chore, ci, docs, feat, fix, perf, refactor, revert, style, test), an optional scope in \
          parentheses, an optional `!`, and `: ` with a description. Judged are the track's own commits. Merges are not, nor the subjects \
          that `git revert` writes; of `fixup!`, `squash!` and `amend!` what stands behind.",
    example: "tracks.toml has `[commit] pattern = \"conventional\"`; somebody commits \"Added users\":\n\
              the subject of commit 1a2b3c4 is not conventional: Added users",
    way_out: "`git commit --amend` for the newest commit, `git rebase -i` for older ones.",
    judge,
};

const CONVENTIONAL: &str =
    r"^(build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(\([^()\s][^()]*\))?!?: \S";

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(pattern) = &facts.project.commit.pattern else {
        return;
    };
    let conventional = pattern == "conventional";
    let Ok(regex) = Regex::new(if conventional { CONVENTIONAL } else { pattern }) else {
        // Whoever reads tracks.toml has refused it.
        return;
    };
    for commit in facts
        .work()
        .commits
        .iter()
        .filter(|commit| !commit.is_merge)
    {
        let subject = bare(&commit.subject);
        let by_git = ["Revert \"", "Reapply \""]
            .iter()
            .any(|it| subject.starts_with(it));
        if by_git || regex.is_match(subject) {
            continue;
        }
        let (what, wanted) = match conventional {
            true => (
                "is not conventional".to_owned(),
                "such as `feat(api): add users`".to_owned(),
            ),
            false => (
                format!("does not match `{pattern}`"),
                format!("that matches `{pattern}`"),
            ),
        };
        let finding = Finding::new(
            &RULE,
            format!(
                "the subject of {} {what}: {}",
                commit.called(),
                commit.subject
            ),
            match commit.id {
                Some(id) => format!(
                    "give it a subject {wanted}: `git commit --amend` where it is the newest, `git rebase -i {}^` else",
                    short(id)
                ),
                None => format!("give it a subject {wanted}"),
            },
        );
        findings.push(finding.of_commit(commit.id));
    }
}

/// Without what marks a commit as one to be squashed.
fn bare(subject: &str) -> &str {
    let mut rest = subject;
    loop {
        let marks = ["fixup! ", "squash! ", "amend! "];
        match marks.iter().find_map(|mark| rest.strip_prefix(mark)) {
            Some(behind) => rest = behind,
            None => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn subjects() {
        let cases = [
            (None, "whatever", true),
            (Some("conventional"), "feat: add x", true),
            (Some("conventional"), "fix(api)!: drop x", true),
            (Some("conventional"), "fix(api, ui): drop x", true),
            (Some("conventional"), "feat:add x", false),
            (Some("conventional"), "feat(): add x", false),
            (Some("conventional"), "feat : add x", false),
            (Some("conventional"), "feature: add x", false),
            (Some("conventional"), "Feat: add x", false),
            (Some("conventional"), "Add x", false),
            (Some("conventional"), "Merge branch 'main'", true),
            (Some("conventional"), "Revert \"Add x\"", true),
            (Some("conventional"), "fixup! feat: add x", true),
            (Some("conventional"), "fixup! squash! Add x", false),
            (Some(r"^[A-Z]+-\d+ "), "ABC-12 Add x", true),
            (Some(r"^[A-Z]+-\d+ "), "Add x for ABC-12", false),
            (Some(r"[A-Z]+-\d+"), "Add x for ABC-12", true),
        ];
        for (pattern, subject, fits) in cases {
            let mut given = Given::tracks("a");
            given.project.commit.pattern = pattern.map(str::to_owned);
            given.work("a", "~x").commit(subject);
            assert_eq!(
                given.found("a", &RULE).is_empty(),
                fits,
                "{pattern:?} {subject}"
            );
        }
        let mut given = Given::tracks("a");
        given.project.commit.pattern = Some("conventional".to_owned());
        given.work("a", "~x").commit("Add x");
        assert_eq!(
            given.found("a", &RULE),
            ["error: the subject of commit 0000000 is not conventional: Add x"]
        );
    }
}
