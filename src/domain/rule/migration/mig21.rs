//! MIG21: SQL that could not be read.

use super::deed::files;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG21",
    severity: Severity::Warning,
    law: "what a migration does can be read",
    why: "What is not understood cannot be held against the tables of others. Each statement stands alone: one that cannot be read \
          hides none of the rest. The dialect is `[migrations] dialect`; a wrong one is the usual reason.",
    example: "track-a adds a migration with `ALTER TABLE users FROBNICATE;`.\n\
              warning: this statement could not be read: expected a statement",
    way_out: "Set `[migrations] dialect`, or say in a comment of the file what it does: `-- tracks: touches users, orders`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for file in files(facts.work()) {
        let Some(script) = file.script.as_ref().filter(|it| it.touches.is_empty()) else {
            continue;
        };
        for statement in &script.statements {
            let Some(why) = &statement.unreadable else {
                continue;
            };
            let mut why: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
            if why.chars().count() > 120 {
                why = why.chars().take(119).chain(['…']).collect();
            }
            let message = format!("this statement could not be read: {why}");
            let fix = "check it, or say which tables it is about in a comment of the file: \
                       `-- tracks: touches TABLE, TABLE`";
            let finding = Finding::new(&RULE, message, fix).at(&file.path);
            findings.push(finding.line(statement.line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn each_statement_by_itself() {
        for (sql, lines) in [
            ("select 1;", ""),
            ("select 1;\nfrobnicate all;\nselect 2;\nalter table;", "2 4"),
            ("-- tracks: touches users\nfrobnicate all;", ""),
        ] {
            let mut given = Given::tracks("a b");
            given.work("a", "").sql("m/1.sql", sql);
            let found = given.findings("a", &RULE);
            let found: Vec<String> = found
                .iter()
                .map(|it| it.line.unwrap().to_string())
                .collect();
            assert_eq!(found.join(" "), lines, "{sql}");
        }
    }
}
