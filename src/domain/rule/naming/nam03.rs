//! NAM03: a commit says which track it is of.

use crate::domain::name::TrackId;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::trailer;

pub(super) const RULE: Rule = Rule {
    code: "NAM03",
    severity: Severity::Error,
    law: "a commit has the trailer `Track: ID` of its track",
    why: "With `[commit] trailer = true`, whose a commit is stays known where its branch is gone: after landing, cherry-picks and squashes. \
          A trailer stands in the last paragraph of the message, as git reads it. Judged are the track's own commits; merges are not. One \
          that names another track is for OWN10.",
    example: "tracks.toml has `[commit] trailer = true`; a commit of track ui has no trailer:\n\
              commit 1a2b3c4 has no trailer `Track: ui`: Add users",
    way_out: "`git commit --amend --no-edit --trailer 'Track: ui'` for the newest commit, \
              `git rebase --exec \"git commit --amend --no-edit --trailer 'Track: ui'\" BASE` for all. The prepare-commit-msg hook adds it \
              by itself.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if !facts.project.commit.trailer {
        return;
    }
    let work = facts.work();
    let track = &work.track;
    let base = facts
        .project
        .base
        .as_ref()
        .map_or("BASE", |base| base.as_str());
    for commit in work.commits.iter().filter(|commit| !commit.is_merge) {
        let named = trailer::values(&commit.message, trailer::TRACK);
        let is_track =
            |name: &String| TrackId::new(name).is_ok_and(|id| facts.project.track(&id).is_some());
        if named.iter().any(is_track) {
            continue;
        }
        let called = commit.called();
        let message = match named.first() {
            None => format!(
                "{called} has no trailer `Track: {track}`: {}",
                commit.subject
            ),
            Some(name) => format!(
                "{called} has the trailer `Track: {name}`, and there is no such track: {}",
                commit.subject
            ),
        };
        let amend = format!("git commit --amend --no-edit --trailer 'Track: {track}'");
        let finding = Finding::new(
            &RULE,
            message,
            match commit.id {
                Some(_) => format!(
                    "add it: `{amend}` where it is the newest, `git rebase --exec \"{amend}\" {base}` for all"
                ),
                None => format!("end the message with an empty line and `Track: {track}`"),
            },
        );
        findings.push(finding.of_commit(commit.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn trailers() {
        let missing = "error: commit 0000000 has no trailer `Track: a`: Add x";
        let unknown =
            "error: commit 0000000 has the trailer `Track: c`, and there is no such track: Add x";
        let cases = [
            (false, "Add x\n", ""),
            (true, "Add x\n\nTrack: a\n", ""),
            (
                true,
                "Add x\n\nWhy.\n\ntrack: a\nSigned-off-by: X <x@y>\n",
                "",
            ),
            (true, "Merge branch 'main'\n", ""),
            (true, "Add x\n", missing),
            (true, "Add x\n\nTrack: a\n\nMore.\n", missing),
            (true, "Add x\n\nTrack: c\n", unknown),
            // For OWN10.
            (true, "Add x\n\nTrack: b\n", ""),
        ];
        for (wanted, message, expected) in cases {
            let mut given = Given::tracks("a b");
            given.project.commit.trailer = wanted;
            given.work("a", "~x").commit(message);
            assert_eq!(given.found("a", &RULE).join("\n"), expected, "{message:?}");
        }
    }
}
