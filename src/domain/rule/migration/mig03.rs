//! MIG03: the date in a name is one, and not far ahead.

use super::versions;
use crate::domain::migration::{Direction, Migrations};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::time::{
    Timestamp, compact_date, format_duration, from_compact_date, from_compact_digits,
};

pub(super) const RULE: Rule = Rule {
    code: "MIG03",
    severity: Severity::Warning,
    law: "the date in a new migration's name is a real one, in UTC, and not ahead of now",
    why: "A date that there is not (20240231), or one that is still to come, is mostly a slip of the hand, and whatever is \
          added after it sorts before it for as long. Judged is what `{date}`, `{time}` or `{timestamp}` of a template reads, \
          against the clock and the newest commit of the track, whichever is later; `[migrations] max_ahead` is what is let \
          pass. It is a warning, since some teams use dates as ordinals.",
    example: "On 2024-10-01 a track adds db/migrations/20251001_trackA_users.sql:\n\
              db/migrations/20251001_trackA_users.sql has a date more than 1d ahead of 20241001",
    way_out: "Rename the file to today's date, raise `[migrations] max_ahead`, or set `MIG03 = \"off\"` in [severity].",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let work = facts.work();
    for file in versions::own(facts).filter(|file| versions::is_new(work, file)) {
        let Some(fault) = fault(facts, migrations, &file.path, file.direction) else {
            continue;
        };
        let (fix, mend) = versions::to_rename(
            versions::free_name(facts, migrations, file, findings),
            file,
            &format!(
                "rename it to a date not after {}",
                compact_date(today(facts))
            ),
        );
        let message = format!("{} {fault}", file.path);
        findings.push(versions::mended(
            Finding::new(&RULE, message, fix).at(&file.path),
            mend,
        ));
    }
}

/// The clock, or the newest commit, whichever is later.
fn today(facts: &Facts<'_>) -> Timestamp {
    let commits = facts.work().commits.iter();
    let newest = commits.map(|commit| commit.committed).max();
    newest.map_or(facts.now, |newest| newest.max(facts.now))
}

/// What is wrong with the date in a name, to stand behind it.
pub(super) fn fault(
    facts: &Facts<'_>,
    migrations: &Migrations,
    path: &RepoPath,
    direction: Direction,
) -> Option<String> {
    let max_ahead = facts.project.migrations.as_ref()?.max_ahead;
    let path = path.lossy();
    let name = migrations.reader.named(&path, direction);
    let fields = migrations.reader.fields(&name)?;
    let time = |text: &str| from_compact_digits(&format!("20000101{text}"));
    let (text, read) = match (fields.timestamp, fields.date, fields.time) {
        (Some(text), _, _) => (text, from_compact_digits(text)),
        (None, Some(text), Some(at)) if time(at).is_none() => (
            if from_compact_date(text).is_none() {
                text
            } else {
                at
            },
            None,
        ),
        (None, Some(text), _) => (text, from_compact_date(text)),
        (None, None, Some(at)) => (at, time(at).map(|_| Timestamp(i64::MIN))),
        (None, None, None) => return None,
    };
    let now = today(facts);
    let ahead = i64::try_from(max_ahead.as_secs()).unwrap_or(i64::MAX);
    match read {
        None => Some(format!(
            "has {text} for a date and time, which there is not"
        )),
        Some(at) if at.0 > now.0.saturating_add(ahead) => Some(format!(
            "has a date more than {} ahead of {}",
            format_duration(max_ahead),
            compact_date(now)
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn dates_are_looked_at() {
        // It is 2026-11-25, noon, and a day ahead is let pass.
        let ahead = "ahead of 20261125";
        for (templates, name, expected) in [
            ("{date}_{slug}.sql", "20261125_x.sql", None),
            ("{date}_{slug}.sql", "20261126_x.sql", None),
            (
                "{date}_{slug}.sql",
                "20261127_x.sql",
                Some(format!("has a date more than 1d {ahead}")),
            ),
            ("{date}_{slug}.sql", "20240229_x.sql", None),
            (
                "{date}_{slug}.sql",
                "20230229_x.sql",
                Some("has 20230229 for a date and time, which there is not".to_owned()),
            ),
            (
                "{date}_{slug}.sql",
                "20261301_x.sql",
                Some("has 20261301 for a date and time, which there is not".to_owned()),
            ),
            ("{timestamp}_{slug}.sql", "20261126120000_x.sql", None),
            (
                "{timestamp}_{slug}.sql",
                "20261126120001_x.sql",
                Some(format!("has a date more than 1d {ahead}")),
            ),
            (
                "{timestamp}_{slug}.sql",
                "20261125256100_x.sql",
                Some("has 20261125256100 for a date and time, which there is not".to_owned()),
            ),
            (
                "{date}_{time}_{slug}.sql",
                "20261125_256100_x.sql",
                Some("has 256100 for a date and time, which there is not".to_owned()),
            ),
            ("{date}_{time}_{slug}.sql", "20261125_115900_x.sql", None),
            ("{serial}_{slug}.sql", "99999999_x.sql", None),
            ("{date}_{slug}.sql", "nonsense.sql", None),
        ] {
            let given = given(
                Preset::Plain,
                templates,
                "",
                &[("a", &format!("+m/{name}"))],
            );
            let expected: Vec<String> = expected
                .iter()
                .map(|it| format!("warning m/{name}: m/{name} {it}"))
                .collect();
            assert_eq!(given.found("a", &RULE), expected, "{name}");
        }
    }

    #[test]
    fn a_commit_made_later_than_now_counts() {
        let mut given = given(
            Preset::Plain,
            "{date}_{slug}.sql",
            "",
            &[("a", "+m/20261125_x.sql")],
        );
        given.now = crate::domain::time::Timestamp(0);
        assert_eq!(given.found("a", &RULE).len(), 1);
        given.works[0].commit("Add x");
        assert_eq!(given.found("a", &RULE), [""; 0]);
    }
}
