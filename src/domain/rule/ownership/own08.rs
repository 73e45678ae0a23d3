//! OWN08: the CODEOWNERS file says what tracks.toml says.

use crate::domain::codeowners;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Mend, Rule};

pub(super) const RULE: Rule = Rule {
    code: "OWN08",
    severity: Severity::Warning,
    law: "the generated CODEOWNERS is up to date",
    why: "Where `[ownership] codeowners` names a file, that file is written from tracks.toml: from `owns`, the owners in `[shared]` and of \
          contracts, each with the `contact` (else the `agent`) of the track where that is `@name`, `@org/team` or an e-mail address. \
          One that says something else asks the wrong people to review. Where base's copy is stale and the track does not touch it, \
          that is told and is not the track's fault.",
    example: "A pattern has been added to `[track.ui] owns` on base, and CODEOWNERS is as it was:\n\
              .github/CODEOWNERS is not what tracks.toml says: line 4 should be `/src/ui @org/ui`",
    way_out: "`tracks own --codeowners` writes the file into the main worktree; commit it on base. A file that was written by hand is written \
              over with `--force` only, and never by `validate --fix`: move its lines into tracks.toml first.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(name) = &facts.project.ownership.codeowners else {
        return;
    };
    let path = RepoPath::new(name);
    let work = facts.work();
    let touched = work.change(&path);
    // Where a rule judges the work alone, what base has is not read.
    if touched.is_none() && facts.files.is_none() {
        return;
    }
    let there = match touched {
        Some(_) => (work.contents.get(&path)).and_then(|contents| contents.after.clone()),
        None => facts.texts.get(&path).cloned(),
    };
    let wanted = codeowners::written(facts.project);
    let Some(message) = difference(name, there.as_deref(), &wanted) else {
        return;
    };
    let mut finding = Finding::new(
        &RULE,
        message.0,
        "write it again with `tracks own --codeowners`, and commit it on base",
    )
    .at(&path);
    finding.line = message.1;
    // A file that somebody has written by hand is not ours to write over.
    let by_hand = [there.as_deref(), facts.texts.get(&path).map(|text| &**text)];
    let by_hand = by_hand
        .into_iter()
        .flatten()
        .any(|text| !codeowners::is_ours(text));
    let finding = match by_hand {
        true => {
            finding.fix = "it was not written from tracks.toml: move what it says into tracks.toml (`owns` and `contact` of tracks), and then write it with `tracks own --codeowners --force`".to_owned();
            finding
        }
        false => finding.mended_by(Mend::Write {
            path: path.clone(),
            content: wanted.into_bytes(),
        }),
    };
    findings.push(match touched {
        Some(_) => finding,
        None => finding.on_base(),
    });
}

/// The first line that differs, from 1.
fn difference(name: &str, there: Option<&[u8]>, wanted: &str) -> Option<(String, Option<usize>)> {
    let Some(there) = there else {
        return Some((
            format!("{name} is not there, and tracks.toml names it"),
            None,
        ));
    };
    if there == wanted.as_bytes() {
        return None;
    }
    let there = String::from_utf8_lossy(there);
    let (mut is, mut should) = (there.lines(), wanted.lines());
    let mut number = 1;
    let what = loop {
        match (is.next(), should.next()) {
            (Some(is), Some(should)) if is == should => number += 1,
            (_, Some(should)) => break format!("line {number} should be `{should}`"),
            (Some(_), None) => break format!("line {number} should not be there"),
            (None, None) => break "its line ends differ".to_owned(),
        }
    };
    let message = format!("{name} is not what tracks.toml says: {what}");
    Some((message, Some(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn stale_files() {
        let mut given = Given::tracks("a");
        given.owns("a", "src docs");
        given.project.tracks[0].contact = Some("@a".to_owned());
        given.on_base("x");
        given.work("a", "~src/x");
        assert_eq!(given.found("a", &RULE), [""; 0], "none is wanted");

        given.project.ownership.codeowners = Some("CODEOWNERS".to_owned());
        let fresh = codeowners::written(&given.project);
        let head = fresh.lines().next().unwrap().to_owned();
        let stale = |what: &str| format!("CODEOWNERS is not what tracks.toml says: {what}");
        let cases = [
            (
                None,
                "CODEOWNERS is not there, and tracks.toml names it".to_owned(),
                "",
            ),
            (Some(fresh.clone()), String::new(), ""),
            (
                Some(format!("{head}\n/src @b\n/docs @a\n")),
                stale("line 2 should be `/src @a`"),
                ":2",
            ),
            (
                Some(format!("{head}\n/src @a\n")),
                stale("line 3 should be `/docs @a`"),
                ":3",
            ),
            (
                Some(format!("{fresh}/x @a\n")),
                stale("line 4 should not be there"),
                ":4",
            ),
            (
                Some(fresh.replace('\n', "\r\n")),
                stale("its line ends differ"),
                ":4",
            ),
        ];
        for (there, message, line) in cases {
            let line = match message.is_empty() {
                true => Vec::new(),
                false => vec![format!("warning CODEOWNERS{line}: {message}")],
            };
            given.works.clear();
            given.work("a", "~src/x");
            given.texts.clear();
            if let Some(there) = &there {
                let bytes = there.as_bytes().into();
                given.texts.insert(RepoPath::new("CODEOWNERS"), bytes);
            }
            let excused = line.iter().map(|line| format!("{line} (OnBase)"));
            assert_eq!(
                given.found("a", &RULE),
                excused.collect::<Vec<_>>(),
                "{there:?}"
            );
            given.works.clear();
            let after = there.unwrap_or_default();
            given
                .work("a", "~CODEOWNERS")
                .content("CODEOWNERS", "x", &after);
            assert_eq!(given.found("a", &RULE), line, "changed: {after:?}");
        }
        // `after` of the last one is ours, as base's is.
        let found = given.findings("a", &RULE);
        let mend = Mend::Write {
            path: RepoPath::new("CODEOWNERS"),
            content: fresh.into_bytes(),
        };
        assert_eq!(found[0].mend, Some(mend));
    }
    #[test]
    fn what_was_written_by_hand_is_not_mended() {
        let ours = "# Written by tracks from tracks.toml\n/x @a\n";
        let by_hand = "# our owners\n/src @boss\n";
        for (base, after, mended) in [
            (None, Some(ours), true),
            (Some(ours), Some(ours), true),
            (Some(by_hand), None, false),
            (Some(by_hand), Some(ours), false),
            (Some(ours), Some(by_hand), false),
            (None, Some(by_hand), false),
            (None, None, true),
        ] {
            let mut given = Given::tracks("a");
            given.owns("a", "src");
            given.project.ownership.codeowners = Some("CODEOWNERS".to_owned());
            given.on_base("x");
            let work = given.work(
                "a",
                if after.is_some() {
                    "~CODEOWNERS"
                } else {
                    "~src/x"
                },
            );
            if let Some(after) = after {
                work.content("CODEOWNERS", "x", after);
            }
            if let Some(base) = base {
                let bytes = base.as_bytes().into();
                given.texts.insert(RepoPath::new("CODEOWNERS"), bytes);
            }
            let found = given.findings("a", &RULE);
            assert_eq!(found.len(), 1, "{base:?} {after:?}");
            assert_eq!(found[0].mend.is_some(), mended, "{base:?} {after:?}");
            assert_eq!(
                found[0].fix.contains("--force"),
                !mended,
                "{base:?} {after:?}"
            );
        }
    }
}
