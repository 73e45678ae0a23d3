//! OWN03: what a track changes has an owner, as far as the project wants that.

use super::own06::is_grant;
use super::{deed, or_except};
use crate::domain::path::RepoPath;
use crate::domain::project::{Severity, Unowned};
use crate::domain::rule::{Facts, Finding, Peer, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN03",
    severity: Severity::Warning,
    law: "a track changes no path that nobody owns",
    why: "A path without an owner is where tracks meet without knowing. `[ownership] unowned` says what follows: nothing (`allow`), a \
          warning (`warn`, the default), an error (`deny`), or the path is the track's that takes it first (`claim`): the track that \
          lands later is stopped, the earlier one warned. Patterns in `owns`, `[shared]`, frozen ones and contracts count as owners, and \
          so does the track that a migration's name names. Silent while no track declares `owns`.",
    example: "Every track owns a directory, nobody owns scripts/; track ui adds a file there:\n\
              track ui adds scripts/release.sh, which nobody owns",
    way_out: "Give the path an owner on base: `tracks own PATH --track ui`, or `[shared.\"PATH\"]` where several need it; or set \
              `[ownership] unowned = \"allow\"`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let policy = facts.project.ownership.unowned;
    let nobody_owns = (facts.project.tracks.iter()).all(|track| track.owns.is_empty());
    if nobody_owns || policy == Unowned::Allow {
        return;
    }
    let work = facts.work();
    for change in &work.changes {
        let path = &change.path;
        if facts.owners.of(path).is_claimed()
            || is_grant(facts.project, path)
            || is_signed(facts, path)
        {
            continue;
        }
        let deed = deed(facts, change);
        if policy == Unowned::Claim {
            findings.extend(claimed_by(facts, path).map(|peer| claim(&deed, path, peer)));
            continue;
        }
        let finding = Finding::new(
            &RULE,
            format!("{deed}, which nobody owns"),
            format!(
                "give it an owner on base, such as `tracks own '{path}' --track {}`, or {}",
                work.track,
                or_except(&RULE, path)
            ),
        );
        let severity = match policy {
            Unowned::Deny => Severity::Error,
            Unowned::Allow | Unowned::Warn | Unowned::Claim => Severity::Warning,
        };
        findings.push(finding.at(path).as_severe_as(severity));
    }
}

/// The first track in landing order that takes the path, too.
fn claimed_by<'a>(facts: &Facts<'a>, path: &RepoPath) -> Option<Peer<'a>> {
    facts.rivals().find(|peer| peer.work.change(path).is_some())
}

fn claim(deed: &str, path: &RepoPath, peer: Peer<'_>) -> Finding {
    let other = &peer.work.track;
    let (message, fix) = match peer.earlier {
        true => (
            format!(
                "{deed}, which nobody owns and track {other}, which lands earlier, has claimed by changing it"
            ),
            format!("leave it to track {other}, or give the path an owner on base"),
        ),
        false => (
            format!("{deed}, which nobody owns and track {other}, which lands later, changes, too"),
            format!(
                "give the path an owner on base, or tell track {other}, which is stopped until this track has landed"
            ),
        ),
    };
    let finding = Finding::new(&RULE, message, fix)
        .at(path)
        .with(other)
        .as_severe_as(Severity::Error);
    match peer.earlier {
        true => finding,
        false => finding.at_most_warning(),
    }
}

/// Whether it is a migration whose name says which track it is of.
fn is_signed(facts: &Facts<'_>, path: &RepoPath) -> bool {
    let mut of_track = facts.work().migrations.iter();
    let mut on_base = facts.migrations.into_iter();
    let file = (of_track.find(|file| file.path == *path))
        .or_else(|| on_base.find_map(|migrations| migrations.at(path)));
    let token = file.and_then(|file| file.token.as_deref());
    token.is_some_and(|token| facts.project.tracks.iter().any(|track| track.code == token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::{Given, pattern};

    #[test]
    fn policies() {
        use Unowned::{Allow, Claim, Deny, Warn};
        let nobody = |severity: &str| {
            vec![format!(
                "{severity} scripts/x: track b adds scripts/x, which nobody owns"
            )]
        };
        let claimed = |severity: &str, what: &str| {
            vec![format!(
                "{severity} scripts/x: track b adds scripts/x, which nobody owns and {what}"
            )]
        };
        let earlier = "track a, which lands earlier, has claimed by changing it";
        let later = "track c, which lands later, changes, too";
        let cases = [
            (Allow, "", "", vec![]),
            (Warn, "", "", nobody("warning")),
            (Deny, "", "", nobody("error")),
            (Claim, "", "", vec![]),
            (Claim, "+scripts/x", "", claimed("error", earlier)),
            (Claim, "", "+scripts/x", claimed("warning", later)),
            (Claim, "+scripts/x", "+scripts/x", claimed("error", earlier)),
            (Claim, "+scripts/y", "", vec![]),
        ];
        for (policy, of_a, of_c, expected) in cases {
            let mut given = Given::tracks("a b c");
            given.owns("a", "src");
            given.project.ownership.unowned = policy;
            given.work("a", of_a);
            given.work("b", "+scripts/x ~src/x ~tracks.toml");
            given.work("c", of_c);
            assert_eq!(
                given.found("b", &RULE),
                expected,
                "{policy:?} {of_a} {of_c}"
            );
        }
    }

    #[test]
    fn silence() {
        let mut given = Given::tracks("a b");
        given.project.ownership.unowned = Unowned::Deny;
        given.work("b", "+scripts/x");
        assert_eq!(given.found("b", &RULE), [""; 0], "nobody owns anything");
        given.owns("a", "src");
        assert_eq!(given.found("b", &RULE).len(), 1);
        given.project.ownership.frozen = vec![pattern("scripts")];
        assert_eq!(given.found("b", &RULE), [""; 0], "frozen");
    }
}
