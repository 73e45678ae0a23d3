//! The numbers and tests of runs, for people and for programs.

use serde_json::{Map, Value, json};

use crate::domain::check::{Figure, Run, Tests, score};
use crate::ui::style::{DIM, WARN, paint, tame};

/// So many failing tests are named on one line.
const NAMED: usize = 3;

/// The keys of one run.
pub(super) fn run_fields(run: &Run) -> Map<String, Value> {
    let mut fields = Map::new();
    let values = run
        .figures
        .iter()
        .filter_map(|figure| Some((figure.name.clone(), json!(figure.value?))));
    fields.insert("metrics".to_owned(), values.collect::<Map<_, _>>().into());
    let figures: Vec<Value> = run.figures.iter().map(figure_json).collect();
    fields.insert("figures".to_owned(), figures.into());
    if let Some(tests) = &run.tests {
        fields.insert("tests".to_owned(), tests_json(tests));
    }
    fields
}

fn figure_json(figure: &Figure) -> Value {
    json!({
        "name": figure.name,
        "value": figure.value,
        "base": figure.base,
        "last": figure.last,
        "complaint": figure.complaint,
    })
}

fn tests_json(tests: &Tests) -> Value {
    let failing = tests.failing.iter();
    let failing: Vec<Value> = failing
        .map(|test| json!({ "name": test.name, "message": test.message }))
        .collect();
    json!({
        "total": tests.total,
        "failed": tests.failed,
        "errors": tests.errors,
        "skipped": tests.skipped,
        "failing": failing,
        "more": tests.more,
    })
}

/// See [`score`].
pub(super) fn score_of(runs: &[Run]) -> Option<f64> {
    score(runs.iter().flat_map(|run| &run.figures))
}

/// "0.97", never rounded up: 1 means that every limit is met.
pub(super) fn score_text(score: f64) -> String {
    format!("{:.2}", (score * 100.0).floor() / 100.0)
}

/// A line for the numbers and a line for the tests of each run that has some.
pub(super) fn lines(runs: &[Run]) -> String {
    let mut text = String::new();
    for run in runs {
        let trends: Vec<String> = run.figures.iter().filter_map(Figure::trend).collect();
        let mut told = Vec::new();
        if !trends.is_empty() {
            told.push((DIM, trends.join(", ")));
        }
        if let Some(tests) = &run.tests {
            let style = if tests.failing.is_empty() { DIM } else { WARN };
            told.push((style, tests_line(tests)));
        }
        for (style, line) in told {
            let line = tame(&format!("{} {}: {line}", run.side, run.check));
            text.push_str(&paint(style, &line));
            text.push('\n');
        }
    }
    text
}

/// "312 tests, 2 failed: a::x (assert 1 == 2), b::y".
fn tests_line(tests: &Tests) -> String {
    let named: Vec<String> = tests
        .failing
        .iter()
        .take(NAMED)
        .map(|test| match test.message.as_str() {
            "" => test.name.clone(),
            message => format!("{} ({message})", test.name),
        })
        .collect();
    if named.is_empty() {
        return tests.counts();
    }
    let more = tests.failing.len() - named.len() + tests.more;
    let more = match more {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{}: {}{more}", tests.counts(), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_tests() {
        let mut tests = Tests {
            total: 9,
            ..Tests::default()
        };
        assert_eq!(tests_line(&tests), "9 tests");
        tests.failed = 2;
        tests.add_failing("a::x", "1 != 2");
        tests.add_failing("b", "");
        assert_eq!(tests_line(&tests), "9 tests, 2 failed: a::x (1 != 2), b");
        tests.failed = 22;
        for _ in 0..20 {
            tests.add_failing("c", "");
        }
        assert_eq!(
            tests_line(&tests),
            "9 tests, 22 failed: a::x (1 != 2), b, c, and 19 more"
        );
    }

    #[test]
    fn a_score_is_not_rounded_up() {
        for (score, text) in [(1.0, "1.00"), (0.999, "0.99"), (0.5, "0.50"), (0.0, "0.00")] {
            assert_eq!(score_text(score), text);
        }
    }
}
