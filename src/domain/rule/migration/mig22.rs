//! MIG22: a migration changes a view, type, function or another object that another track owns.

use std::collections::BTreeSet;

use super::deed::{deeds, dialect, one_more, verb};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Kind};
use crate::domain::tables::TableOwners;

pub(super) const RULE: Rule = Rule {
    code: "MIG22",
    severity: Severity::Error,
    law: "a migration changes only views, types, functions and the like of its own track",
    why: "The same as for tables (MIG10), for what else a database has. `objects` of a track are patterns with their kind in front: \
          view, type, function, sequence, policy, extension, schema, role. Rights and comments are warnings.",
    example: "track-b adds `CREATE OR REPLACE VIEW analytics_daily AS …;`, and `[track.track-a]` has `objects = [\"view:analytics_*\"]`.\n\
              error: track-b creates view analytics_daily, which track-a owns",
    way_out: "Let the owner make the change, move the object in tracks.toml, or have an `[[allow]]` with a reason.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let owners = TableOwners::new(facts.project, dialect);
    let track = &facts.work().track;
    let mut seen = BTreeSet::new();
    for deed in deeds(facts.work(), dialect) {
        let object = &deed.effect.object;
        let uses = matches!(deed.effect.action, Action::Read | Action::Reference(_));
        // Rows are written to a view as to a table.
        let is_view = object.kind == Kind::Table && matches!(deed.effect.action, Action::Write(..));
        let kind = if is_view { Kind::View } else { object.kind };
        if uses || kind == Kind::Table {
            continue;
        }
        let of = owners.of(kind, &object.name);
        let Some(owner) = of.first().filter(|_| !of.contains(&track)) else {
            continue;
        };
        if !seen.insert((deed.path, kind, object.name.clone())) {
            continue;
        }
        let name = &object.name;
        let message = format!(
            "{track} {} {kind} {name}, which {owner} owns",
            verb(&deed.effect)
        );
        let objects = &facts.track().objects;
        let fix = format!(
            "leave it to {owner}, or give it to {track}: `{}`",
            one_more("objects", objects, &format!("{kind}:{name}"))
        );
        let mut finding = Finding::new(&RULE, message, fix).at(deed.path).with(owner);
        if let Some(line) = deed.line {
            finding = finding.line(line);
        }
        if matches!(deed.effect.action, Action::Grant | Action::Comment) {
            finding = finding.as_severe_as(Severity::Warning);
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn objects_have_owners_by_kind() {
        for (sql, expected) in [
            (
                "create or replace view analytics_x as select 1;",
                "error m/1.sql:1: b creates view analytics_x, which a owns",
            ),
            (
                "drop materialized view analytics_x;",
                "error m/1.sql:1: b drops view analytics_x, which a owns",
            ),
            (
                "alter type mood add value 'x';",
                "error m/1.sql:1: b changes type mood, which a owns",
            ),
            (
                "create extension pgcrypto;",
                "error m/1.sql:1: b creates extension pgcrypto, which a owns",
            ),
            (
                "grant usage on schema billing to x;",
                "warning m/1.sql:1: b grants rights on schema billing, which a owns",
            ),
            (
                "insert into analytics_x values (1);",
                "error m/1.sql:1: b writes to view analytics_x, which a owns",
            ),
            ("select * from analytics_x;", ""),
            ("create table mood (x int);", ""),
            ("create view other as select 1;", ""),
        ] {
            let mut given = Given::tracks("a b");
            let objects = [
                "view:analytics_*",
                "type:mood",
                "extension:pgcrypto",
                "schema:billing",
            ];
            given.project.tracks[0].objects = objects.map(str::to_owned).to_vec();
            given.work("b", "").sql("m/1.sql", sql);
            assert_eq!(given.found("b", &RULE).join("|"), expected, "{sql}");
        }
    }

    #[test]
    fn the_fix_can_be_pasted() {
        let mut given = Given::tracks("a b");
        given.project.tracks[0].objects = vec!["type:mood".to_owned()];
        given.project.tracks[1].objects = vec!["view:daily".to_owned()];
        given.work("b", "").sql("m/1.sql", "drop type mood;");
        assert_eq!(
            given.findings("b", &RULE)[0].fix,
            "leave it to a, or give it to b: `objects = [\"view:daily\", \"type:mood\"]`"
        );
    }
}
