//! MIG02: a migration is signed by the track that adds it.

use super::versions;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG02",
    severity: Severity::Error,
    law: "a new migration carries the code of the track that adds it",
    why: "`{track}` in a template stands for the `code` of a track (its id, where it has none). A migration under another \
          track's code looks as if that track answered for it, and one under no track's code as if nobody did. Names by a \
          template without `{track}` are not judged: there the branch says whose they are.",
    example: "Track billing has `code = \"trackB\"` and adds db/migrations/20241001_trackA_invoices.sql:\n\
              db/migrations/20241001_trackA_invoices.sql is signed trackA, which is the code of track core, but track billing \
              adds it",
    way_out: "Rename the file to the track's own code, or correct `code` in the track's table on base.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let (work, track) = (facts.work(), facts.track());
    for file in versions::own(facts).filter(|file| versions::is_new(work, file)) {
        let Some(token) = file.token.as_ref().filter(|token| **token != track.code) else {
            continue;
        };
        // Of two codes one may begin with the other: `core` and `core_api`.
        let name = file.path.lossy();
        let name = migrations.reader.named(&name, file.direction);
        let mut templates = migrations.reader.templates.iter();
        if templates.any(|it| it.may_be_signed(&name, &track.code)) {
            continue;
        }
        let other = facts.project.tracks.iter().find(|it| it.code == *token);
        let (path, id, code) = (&file.path, &track.id, &track.code);
        let message = match other {
            Some(other) => format!(
                "{path} is signed {token}, which is the code of track {}, but track {id} adds it",
                other.id
            ),
            None => format!("{path} is signed {token}, which is the code of no track"),
        };
        let to = migrations.signed(file, code);
        let otherwise = format!("rename it so that it has {code} in the place of {token}");
        let (fix, mend) = versions::to_rename(to, file, &otherwise);
        findings.push(versions::mended(
            Finding::new(&RULE, message, fix).at(path),
            mend,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn who_signs() {
        for (templates, work, expected) in [
            ("{date}_{track}_{slug}.sql", "+m/20261125_a_x.sql", &[][..]),
            ("{date}_{slug}.sql", "+m/20261125_b_x.sql", &[]),
            (
                "{date}_{track}_{slug}.sql {date}_{slug}.sql",
                "+m/20261125_who_x.sql",
                &[],
            ),
            ("{date}_{track}_{slug}.sql", "~m/20261125_b_x.sql", &[]),
            (
                "{date}_{track}_{slug}.sql",
                "+m/20261125_b_x.sql",
                &[
                    "error m/20261125_b_x.sql: m/20261125_b_x.sql is signed b, which is the code of track b, but track a adds it",
                ],
            ),
            (
                "{date}_{track}_{slug}.sql",
                "+m/20261125_who_x.sql",
                &[
                    "error m/20261125_who_x.sql: m/20261125_who_x.sql is signed who, which is the code of no track",
                ],
            ),
        ] {
            let given = given(Preset::Plain, templates, "", &[("a", work)]);
            assert_eq!(given.found("a", &RULE), expected, "{work}");
        }
        let given = given(
            Preset::Plain,
            "{date}_{track}_{slug}.sql",
            "",
            &[("a", "+m/20261125_b_x.sql")],
        );
        let fix = &given.findings("a", &RULE)[0].fix;
        assert_eq!(
            fix,
            "rename it: `git mv m/20261125_b_x.sql m/20261125_a_x.sql`"
        );
    }
}
