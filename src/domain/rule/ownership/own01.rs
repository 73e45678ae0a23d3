//! OWN01: a track changes only what no other track owns.

use super::{deed, or_except, to_own};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN01",
    severity: Severity::Error,
    law: "a track changes no path that another track owns",
    why: "What two tracks change at the same time is what they collide in. The track's own change is judged: what it adds to base and \
          to the tracks that it is built on, not what it has taken in from them. Edits count, new and deleted files, modes, links, \
          submodules, and both ends of a move. What is frozen is for OWN05, what is `[shared]` for OWN04, what two tracks claim for \
          OWN02.",
    example: "tracks.toml has `[track.api] owns = [\"src/api\"]`; track ui edits src/api/users.rs:\n\
              track ui changes src/api/users.rs, which track api owns (`src/api`)",
    way_out: "Leave the change to the owner, or have the path handed over: `tracks own PATH --track ui --from api`. For once, an \
              `[[allow]]` in base's tracks.toml, or the trailer `Tracks-Allow: OWN01 PATH REASON` on one of the track's commits.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let track = &facts.work().track;
    for change in &facts.work().changes {
        let path = &change.path;
        let ownership = facts.owners.of(path);
        if ownership.frozen.is_some() || ownership.shared.is_some() {
            continue;
        }
        // Of several owners, none can be asked; if the track is one of them, that is no trespass.
        let mine = ownership.owners.iter().any(|(owner, _)| *owner == track);
        let Some((owner, pattern)) = ownership.owners.first().filter(|_| !mine) else {
            continue;
        };
        let finding = Finding::new(
            &RULE,
            format!(
                "{}, which track {owner} owns (`{pattern}`)",
                deed(facts, change)
            ),
            format!(
                "leave it to track {owner}, or have it handed over with `tracks own {} --track {track} --from {owner}`, or {}",
                to_own(path),
                or_except(&RULE, path)
            ),
        );
        findings.push(finding.at(path).with(owner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{Shared, SharedPolicy};
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn whose_path_it_is() {
        let cases: [(&str, &[&str]); 12] = [
            ("~src/b/x.rs ~README.md", &[]),
            (
                "~src/a/x.rs",
                &["error src/a/x.rs: track b changes src/a/x.rs, which track a owns (`src/a`)"],
            ),
            (
                "+src/a/x.rs",
                &["error src/a/x.rs: track b adds src/a/x.rs, which track a owns (`src/a`)"],
            ),
            (
                "-src/a/x.rs",
                &["error src/a/x.rs: track b deletes src/a/x.rs, which track a owns (`src/a`)"],
            ),
            (
                "~src/a/x.rs*",
                &["error src/a/x.rs: track b changes src/a/x.rs, which track a owns (`src/a`)"],
            ),
            (
                "+src/a/link@",
                &["error src/a/link: track b adds src/a/link, which track a owns (`src/a`)"],
            ),
            (
                "+src/a/module&",
                &["error src/a/module: track b adds src/a/module, which track a owns (`src/a`)"],
            ),
            // Both ends of a move.
            (
                "src/a/x.rs>src/b/x.rs",
                &[
                    "error src/a/x.rs: track b moves away src/a/x.rs (to src/b/x.rs), which track a owns (`src/a`)",
                ],
            ),
            (
                "src/b/x.rs>src/a/x.rs",
                &[
                    "error src/a/x.rs: track b adds src/a/x.rs (moved from src/b/x.rs), which track a owns (`src/a`)",
                ],
            ),
            // For other rules.
            ("~src/a/LICENSE", &[]),
            ("~src/a/types.rs", &[]),
            ("~both.rs", &[]),
        ];
        for (changes, expected) in cases {
            let mut given = Given::tracks("a b");
            given.owns("a", "src/a both.rs");
            given.owns("b", "src/b both.rs");
            given.project.ownership.frozen = vec![pattern("**/LICENSE")];
            given.project.shared = vec![Shared {
                pattern: pattern("src/a/types.rs"),
                owner: None,
                consumers: Vec::new(),
                policy: SharedPolicy::Free,
            }];
            given.work("a", "~src/a/x.rs ~src/a/y.rs");
            given.work("b", changes);
            assert_eq!(given.found("b", &RULE), expected, "{changes}");
            assert_eq!(given.found("a", &RULE), [""; 0], "the owner: {changes}");
        }
    }
}
