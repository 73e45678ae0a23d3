//! How right the reading of SQL is: precision and recall over statements that were labelled by hand.

use std::collections::BTreeSet;

use super::{Dialect, Script, parse};

pub(super) const FILES: [(Dialect, &str); 3] = [
    (Dialect::Postgres, include_str!("corpus/postgres.txt")),
    (Dialect::MySql, include_str!("corpus/mysql.txt")),
    (Dialect::Sqlite, include_str!("corpus/sqlite.txt")),
];

/// What is really reached; a change that falls below has made something worse.
const LEAST: f64 = 0.98;

/// A statement, or a few that belong together, and what was said of it.
pub(super) struct Case {
    pub(super) line: usize,
    pub(super) sql: String,
    labels: BTreeSet<String>,
}

pub(super) fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut sql = String::new();
    let mut from = 0;
    for (at, line) in text.lines().enumerate() {
        if let Some(labels) = line.strip_prefix("=>") {
            let labels = labels.split(',').map(|it| it.trim().to_owned());
            cases.push(Case {
                line: from,
                sql: std::mem::take(&mut sql),
                labels: labels.filter(|it| !it.is_empty()).collect(),
            });
        } else if !(sql.is_empty() && (line.is_empty() || line.starts_with('#'))) {
            if sql.is_empty() {
                from = at + 1;
            }
            sql.push_str(line);
            sql.push('\n');
        }
    }
    cases
}

fn found(script: &Script) -> BTreeSet<String> {
    script
        .effects()
        .map(|(_, effect)| {
            let object = &effect.object;
            format!("{} {} {}", effect.action.verb(), object.kind, object.name)
        })
        .collect()
}

#[test]
#[allow(clippy::print_stdout, clippy::cast_possible_truncation)]
fn what_statements_do_is_read_right() {
    let mut wrong = Vec::new();
    for (dialect, text) in FILES {
        let cases = cases(text);
        assert!(cases.len() >= 100, "{dialect}: {} cases", cases.len());
        let (mut right, mut given, mut labelled, mut misses) = (0, 0, 0, Vec::new());
        let mut unreadable = 0;
        for case in &cases {
            let script = parse(dialect, &case.sql);
            let found = found(&script);
            right += found.intersection(&case.labels).count();
            (given, labelled) = (given + found.len(), labelled + case.labels.len());
            for statement in &script.statements {
                if let Some(why) = &statement.unreadable {
                    unreadable += 1;
                    misses.push(format!("{dialect}.txt:{}: unreadable: {why}", case.line));
                }
            }
            for extra in found.difference(&case.labels) {
                misses.push(format!("{dialect}.txt:{}: not so: {extra}", case.line));
            }
            for missing in case.labels.difference(&found) {
                misses.push(format!("{dialect}.txt:{}: missed: {missing}", case.line));
            }
        }
        let precision = f64::from(right as u32) / f64::from(given as u32);
        let recall = f64::from(right as u32) / f64::from(labelled as u32);
        println!(
            "{dialect}: {} cases, {labelled} labels, precision {precision:.3}, recall {recall:.3}, {unreadable} unreadable",
            cases.len(),
        );
        for miss in &misses {
            println!("  {miss}");
        }
        if precision < LEAST || recall < LEAST || unreadable * 50 > cases.len() {
            wrong.push(format!(
                "{dialect}: precision {precision:.3}, recall {recall:.3}:\n{}",
                misses.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
