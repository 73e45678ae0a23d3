//! MIG18: the sum file says what is there.

use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Mend, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG18",
    severity: Severity::Error,
    law: "the sum file of a directory of migrations is up to date",
    why: "Atlas keeps `atlas.sum` beside the migrations and stops where it does not match them. It is computed anew from base's \
          migrations and the track's: a line for each .sql file in the order of names, each the SHA-256 of all names and \
          contents so far, and one over all lines on top. Where base's own file is not what that gives (it was made in another \
          way), nothing is said. Lock files that do not depend on the migrations (prisma's migration_lock.toml, sqlx's query \
          data) are not judged.",
    example: "A track adds db/migrations/20241001_users.sql and leaves atlas.sum as it was:\n\
              db/migrations/atlas.sum does not match the migrations beside it",
    way_out: "Run `atlas migrate hash`, or `tracks validate --fix`. Two tracks that both do it collide in the file: a \
              `[[integration.resolve]]` with `strategy = \"regenerate\"` and that command settles it.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let track = &facts.work().track;
    for sum in migrations.sums.iter().filter(|sum| sum.track == *track) {
        let message = format!("{} does not match the migrations beside it", sum.path);
        let fix = "make it anew: `atlas migrate hash`";
        findings.push(
            Finding::new(&RULE, message, fix)
                .at(&sum.path)
                .mended_by(Mend::Write {
                    path: sum.path.clone(),
                    content: sum.right.clone(),
                }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::{Preset, Sum};
    use crate::domain::path::RepoPath;

    #[test]
    fn only_the_tracks_own_is_told() {
        let mut given = given(
            Preset::Plain,
            "",
            "",
            &[("a", "+m/1.sql"), ("b", "+m/2.sql")],
        );
        let sum = Sum {
            track: given.works[0].track.clone(),
            path: RepoPath::new("m/atlas.sum"),
            right: b"h1:".to_vec(),
        };
        given.migrations.as_mut().unwrap().sums.push(sum);
        assert_eq!(
            given.found("a", &RULE),
            ["error m/atlas.sum: m/atlas.sum does not match the migrations beside it"]
        );
        assert_eq!(given.found("b", &RULE), [""; 0]);
    }
}
