//! OWN04: what is shared is changed as its policy says.

use std::collections::BTreeMap;

use super::{deed, or_except};
use crate::domain::name::TrackId;
use crate::domain::project::{Severity, SharedPolicy, Strategy};
use crate::domain::rule::{APPROVAL, Contents, Facts, FileChange, Finding, Peer, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN04",
    severity: Severity::Error,
    law: "what is shared is changed as its policy says",
    why: "A `[shared.\"PATTERN\"]` is everybody's, under one of these policies. `free`: no rule. `serialize`: one track at a time; of \
          two that change what the pattern matches, the one that lands later is stopped and the earlier one warned, unless one is built \
          on the other. `append-only`: lines may be added anywhere, but every line that base has stays, in its order. `regenerate`: \
          nobody edits it; a round writes it with the `regenerate` of an `[[integration.resolve]]`. `integration-only`: no track touches \
          it. `owner-approves`: the owner may, others when the owner has a commit on its branch, or base has one, with the trailer \
          `Tracks-Approve: TRACK PATH`; PATH may be a pattern, and the commit may be empty.",
    example: "tracks.toml has `[shared.\"src/types/**\"] owner = \"api\", policy = \"owner-approves\"`; track ui edits src/types/user.ts:\n\
              track ui changes src/types/user.ts, which is shared (`src/types/**`): track api has not approved",
    way_out: "What the policy wants: wait for the other track or build on it (`depends_on`), only add lines, let the round regenerate, or \
              have the owner approve: `git commit --allow-empty -m 'Approve' --trailer 'Tracks-Approve: ui src/types/user.ts'` on its \
              branch. For once, an `[[allow]]` in base's tracks.toml, or the trailer `Tracks-Allow: OWN04 PATH REASON`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let mut shares = BTreeMap::new();
    for change in &facts.work().changes {
        let ownership = facts.owners.of(&change.path);
        let Some((pattern, owner, policy)) = ownership.shared else {
            continue;
        };
        if ownership.frozen.is_some() {
            continue;
        }
        findings.extend(match policy {
            SharedPolicy::Free => None,
            SharedPolicy::Serialize => shares
                .entry(pattern)
                .or_insert_with(|| sharer(facts, pattern))
                .map(|(peer, theirs)| serialize(facts, change, pattern, peer, theirs)),
            SharedPolicy::AppendOnly => append_only(facts, change, pattern),
            SharedPolicy::Regenerate => Some(regenerate(facts, change, pattern)),
            SharedPolicy::IntegrationOnly => Some(breach(
                facts,
                change,
                pattern,
                "only the integration changes it",
                "take the change back",
            )),
            SharedPolicy::OwnerApproves => approved(facts, change, pattern, owner),
        });
    }
}

fn breach(facts: &Facts<'_>, change: &FileChange, pattern: &str, why: &str, way: &str) -> Finding {
    let (deed, path) = (deed(facts, change), &change.path);
    Finding::new(
        &RULE,
        format!("{deed}, which is shared (`{pattern}`): {why}"),
        format!("{way}, or {}", or_except(&RULE, path)),
    )
    .at(path)
}

/// The first track in landing order that changes what the pattern matches, too, and what it changes.
fn sharer<'a>(facts: &Facts<'a>, pattern: &str) -> Option<(Peer<'a>, &'a FileChange)> {
    let shares = |path| (facts.owners.of(path).shared).is_some_and(|(same, _, _)| same == pattern);
    let theirs = facts.rivals().flat_map(|peer| {
        let theirs = peer.work.changes.iter();
        theirs.map(move |theirs| (peer, theirs))
    });
    theirs.into_iter().find(|(_, theirs)| shares(&theirs.path))
}

fn serialize(
    facts: &Facts<'_>,
    change: &FileChange,
    pattern: &str,
    peer: Peer<'_>,
    theirs: &FileChange,
) -> Finding {
    let other = &peer.work.track;
    let (why, way) = match peer.earlier {
        true => (
            format!(
                "one track at a time, and track {other}, which lands earlier, changes {}",
                theirs.path
            ),
            format!(
                "wait until track {other} has landed, or build on it with `depends_on = [\"{other}\"]`"
            ),
        ),
        false => (
            format!(
                "one track at a time, and track {other}, which lands later, changes {}, too",
                theirs.path
            ),
            format!("tell track {other}, which is stopped until this track has landed"),
        ),
    };
    let finding = breach(facts, change, pattern, &why, &way).with(other);
    match peer.earlier {
        true => finding,
        false => finding.at_most_warning(),
    }
}

fn append_only(facts: &Facts<'_>, change: &FileChange, pattern: &str) -> Option<Finding> {
    let way = "put back what base has there, and add to it";
    if change.is_new() {
        return None;
    }
    if change.is_gone() {
        let why = "lines may only be added";
        return Some(breach(facts, change, pattern, why, way));
    }
    let (number, line) = first_lost(facts.work().contents.get(&change.path)?)?;
    let why = format!("lines may only be added, and line {number} of base is gone: `{line}`");
    Some(breach(facts, change, pattern, &why, way))
}

/// The first line of the old content that the new one no longer has in the same order, from 1.
fn first_lost(contents: &Contents) -> Option<(usize, String)> {
    const SHOWN: usize = 60;
    let lines = |side: &Option<std::sync::Arc<[u8]>>| -> Vec<Vec<u8>> {
        let bytes = side.as_deref().unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        match bytes {
            [] => Vec::new(),
            bytes => bytes
                .split(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect(),
        }
    };
    let after = lines(&contents.after);
    let mut rest = after.iter();
    let before = lines(&contents.before);
    let lost = before
        .iter()
        .position(|line| !rest.any(|new| new == line))?;
    let text = String::from_utf8_lossy(&before[lost]);
    Some((lost + 1, text.trim().chars().take(SHOWN).collect()))
}

fn regenerate(facts: &Facts<'_>, change: &FileChange, pattern: &str) -> Finding {
    let path = &change.path;
    let written = facts.project.integration.resolve.iter().any(|rule| {
        rule.strategies.contains(&Strategy::Regenerate)
            && rule.paths.iter().any(|pattern| pattern.matches(path))
    });
    let way = match written {
        true => "take the change back; the next round writes it again".to_owned(),
        false => format!(
            "take the change back, and have rounds write it: `[[integration.resolve]]` with `paths = [\"{path}\"]`, `strategy = \"regenerate\"` and a `command`"
        ),
    };
    let why = "it is generated, and nobody edits it";
    breach(facts, change, pattern, why, &way)
}

fn approved(
    facts: &Facts<'_>,
    change: &FileChange,
    pattern: &str,
    owner: Option<&TrackId>,
) -> Option<Finding> {
    let (track, path) = (&facts.work().track, &change.path);
    let owner = owner.filter(|owner| *owner != track)?;
    let is_approved = facts.approvals.iter().any(|approval| {
        approval.track == *track
            && approval.by.as_ref().is_none_or(|by| by == owner)
            && approval.path.matches(path)
    });
    if is_approved {
        return None;
    }
    let why = format!("track {owner} has not approved");
    let way = format!(
        "have track {owner} approve on its branch: `git commit --allow-empty -m 'Approve' --trailer '{APPROVAL}: {track} {path}'`"
    );
    Some(breach(facts, change, pattern, &why, &way).with(owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{Shared, fixture};
    use crate::domain::rule::Approval;
    use crate::domain::rule::testing::{Given, commit_id, pattern, track_id};

    fn given(policy: SharedPolicy) -> Given {
        let mut given = Given::tracks("a b c");
        given.owns("a", "**");
        given.project.shared = vec![Shared {
            pattern: pattern("types"),
            owner: Some(track_id("a")),
            consumers: Vec::new(),
            policy,
        }];
        given
    }

    #[test]
    fn policies_that_look_at_the_change_alone() {
        use SharedPolicy::{Free, IntegrationOnly, Regenerate};
        for (policy, changes, expected) in [
            (Free, "~types/x", ""),
            (IntegrationOnly, "~x", ""),
            (
                IntegrationOnly,
                "~types/x",
                "error types/x: track b changes types/x, which is shared (`types`): only the integration changes it",
            ),
            (
                Regenerate,
                "+types/x",
                "error types/x: track b adds types/x, which is shared (`types`): it is generated, and nobody edits it",
            ),
        ] {
            let mut given = given(policy);
            given.work("b", changes);
            assert_eq!(
                given.found("b", &RULE).join("\n"),
                expected,
                "{policy:?} {changes}"
            );
        }
    }

    #[test]
    fn one_at_a_time() {
        let earlier = "one track at a time, and track a, which lands earlier, changes types/y";
        let later = "one track at a time, and track c, which lands later, changes types/z, too";
        let cases = [
            ("~y", "~z", "", String::new()),
            (
                "~types/y",
                "~types/z",
                "",
                format!(
                    "error types/x: track b changes types/x, which is shared (`types`): {earlier}"
                ),
            ),
            (
                "~y",
                "~types/z",
                "",
                format!(
                    "warning types/x: track b changes types/x, which is shared (`types`): {later}"
                ),
            ),
            ("~types/y", "~z", "a", String::new()),
        ];
        for (of_a, of_c, needs, expected) in cases {
            let mut given = given(SharedPolicy::Serialize);
            given.project.tracks[1].depends_on = fixture::depends_on(needs);
            given.work("a", of_a);
            given.work("b", "~types/x ~types/xx");
            given.work("c", of_c);
            // One for each path, so that excusing one excuses that alone.
            let found = given.found("b", &RULE);
            let of_each: Vec<String> = [&expected, &expected.replace("types/x", "types/xx")]
                .into_iter()
                .filter(|it| !it.is_empty())
                .cloned()
                .collect();
            assert_eq!(found, of_each, "{of_a} {of_c} {needs}");
        }
    }

    #[test]
    fn only_additions() {
        let gone = |line: &str| {
            format!(
                "error types/x: track b changes types/x, which is shared (`types`): lines may only be added, and line {line}"
            )
        };
        for (before, after, expected) in [
            ("a\nb\n", "a\nb\nc\n", String::new()),
            ("a\nb\n", "new\na\nmore\nb\n", String::new()),
            ("a\nb", "a\nb\nc", String::new()),
            ("", "a\n", String::new()),
            ("a\nb\n", "a\nc\n", gone("2 of base is gone: `b`")),
            ("a\nb\n", "b\na\n", gone("2 of base is gone: `b`")),
            ("a\na\n", "a\n", gone("2 of base is gone: `a`")),
        ] {
            let mut given = given(SharedPolicy::AppendOnly);
            given
                .work("b", "~types/x")
                .content("types/x", before, after);
            assert_eq!(
                given.found("b", &RULE).join("\n"),
                expected,
                "{before:?} {after:?}"
            );
        }
        let mut given = given(SharedPolicy::AppendOnly);
        given.work("b", "-types/x +types/new");
        assert_eq!(given.found("b", &RULE).len(), 1);
    }

    #[test]
    fn who_approves() {
        let missing = "error types/x: track b changes types/x, which is shared (`types`): track a has not approved";
        for (by, track, path, expected) in [
            (Some("a"), "b", "types/x", ""),
            (Some("a"), "b", "types", ""),
            (None, "b", "types/x", ""),
            (Some("a"), "c", "types/x", missing),
            (Some("c"), "b", "types/x", missing),
            (Some("a"), "b", "types/y", missing),
        ] {
            let mut given = given(SharedPolicy::OwnerApproves);
            given.work("a", "~types/x");
            given.work("b", "~types/x");
            given.approvals = vec![Approval {
                by: by.map(track_id),
                track: track_id(track),
                path: pattern(path),
                commit: commit_id(7),
            }];
            assert_eq!(
                given.found("b", &RULE).join("\n"),
                expected,
                "{by:?} {track} {path}"
            );
            assert_eq!(given.found("a", &RULE), [""; 0], "the owner");
        }
    }
}
