//! OWN10: a commit is where its track works.

use crate::domain::name::TrackId;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule, StrayPlace, short};
use crate::domain::trailer;

pub(super) const RULE: Rule = Rule {
    code: "OWN10",
    severity: Severity::Error,
    law: "a track's commits are on its branch",
    why: "Whose a commit is, its trailer `Track: ID` says. One that names another track than the branch it is on was made in the wrong \
          worktree. The integration branch belongs to rounds, which rewrite it: what is committed straight on it is lost with the next \
          one. On base (a warning) it has come past every check. Looked at are the track's own commits, what the integration branch has \
          beyond the last round, and base since the track left it; merges are not.",
    example: "Somebody commits with `Track: api` in the worktree of track ui:\n\
              commit 1a2b3c4 on the branch of track ui says that it is of track api: Add users",
    way_out: "Bring the commit to its branch (`git cherry-pick` there, then `git revert` or `git reset` here), or correct the trailer \
              with `git commit --amend`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let work = facts.work();
    for commit in work.commits.iter().filter(|commit| !commit.is_merge) {
        let named = trailer::values(&commit.message, trailer::TRACK);
        if named.iter().any(|name| *name == work.track.as_str()) {
            continue;
        }
        let ids = named.iter().filter_map(|name| TrackId::new(name).ok());
        let Some(other) = ids.into_iter().find(|id| facts.project.track(id).is_some()) else {
            continue;
        };
        // What it is built on, and has in its history still after that was squashed onto base and its branch deleted.
        if facts.is_built_on(&work.track, &other) {
            continue;
        }
        let called = commit.called();
        let finding = Finding::new(
            &RULE,
            format!(
                "{called} on the branch of track {} says that it is of track {other}: {}",
                work.track, commit.subject
            ),
            match commit.id {
                Some(id) => format!(
                    "bring it to {} with `git cherry-pick {}` there and take it out here, or correct its trailer to `Track: {}`",
                    branch_of(facts, &other),
                    short(id),
                    work.track
                ),
                None => format!(
                    "commit it on {}, or correct its trailer to `Track: {}`",
                    branch_of(facts, &other),
                    work.track
                ),
            },
        );
        findings.push(finding.of_commit(commit.id).with(&other));
    }
    for stray in facts.strays {
        let short = short(stray.commit);
        let branch = &facts.track().branch;
        let (place, severity) = match stray.place {
            StrayPlace::Integration => (facts.project.integration.branch.as_str(), Severity::Error),
            StrayPlace::Base => match &facts.project.base {
                Some(name) => (name.as_str(), Severity::Warning),
                None => ("base", Severity::Warning),
            },
        };
        let lost = match stray.place {
            StrayPlace::Integration => ", where the next round drops it",
            StrayPlace::Base => "",
        };
        let finding = Finding::new(
            &RULE,
            format!(
                "commit {short} of track {} is straight on {place}{lost}: {}",
                work.track, stray.subject
            ),
            format!("bring it to the track: `git cherry-pick {short}` on {branch}"),
        );
        findings.push(finding.of_commit(stray.commit).as_severe_as(severity));
    }
}

fn branch_of(facts: &Facts<'_>, track: &TrackId) -> String {
    let track = facts.project.track(track);
    track.map_or_else(String::new, |track| track.branch.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::Dependency;
    use crate::domain::rule::Stray;
    use crate::domain::rule::testing::{Given, commit_id, track_id};

    #[test]
    fn strays() {
        let cases: [(&str, &[&str]); 6] = [
            ("Add x\n", &[]),
            ("Add x\n\nTrack: a\n", &[]),
            ("Add x\n\nTrack: unknown\n", &[]),
            ("Merge branch 'track/b'\n\nTrack: b\n", &[]),
            ("Add x\n\nTrack: b\nTrack: a\n", &[]),
            (
                "Add x\n\nTrack: b\n",
                &[
                    "error: commit 0000000 on the branch of track a says that it is of track b: Add x",
                ],
            ),
        ];
        for (message, expected) in cases {
            let mut given = Given::tracks("a b");
            given.work("a", "~x").commit(message);
            assert_eq!(given.found("a", &RULE), expected, "{message}");
        }
        // Built on b, by way of c.
        let mut given = Given::tracks("a b c");
        for (track, need) in [(0, "c"), (2, "b")] {
            given.project.tracks[track].depends_on = vec![Dependency::Track(track_id(need))];
        }
        given.work("a", "~x").commit("Add x\n\nTrack: b\n");
        given.work("b", "~y").commit("Add y\n\nTrack: a\n");
        assert_eq!(given.found("a", &RULE), [""; 0]);
        assert_eq!(given.found("b", &RULE).len(), 1);

        let mut given = Given::tracks("a b");
        given.work("a", "~x");
        for place in [StrayPlace::Integration, StrayPlace::Base] {
            given.strays.push(Stray {
                commit: commit_id(5),
                subject: "Add x".to_owned(),
                place,
            });
        }
        assert_eq!(
            given.found("a", &RULE),
            [
                "error: commit 0000000 of track a is straight on integration, where the next round drops it: Add x",
                "warning: commit 0000000 of track a is straight on base: Add x",
            ]
        );
    }
}
