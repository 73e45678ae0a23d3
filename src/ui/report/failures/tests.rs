//! The order of failures, how much of them is shown, and what annotations say.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::domain::name::{Side, TrackId};

fn run(name: &str, outcome: Outcome, ended: usize) -> Run {
    Run {
        attempts: 1,
        exit_status: (outcome == Outcome::Failed).then_some(7),
        wall: Duration::from_millis(1200),
        ended,
        ..Run::new(
            CheckName::new(name).unwrap(),
            Side::Track(TrackId::new("pricing").unwrap()),
            outcome,
        )
    }
}

fn skipped(name: &str, note: &str) -> Run {
    Run {
        note: Some(note.to_owned()),
        attempts: 0,
        ..run(name, Outcome::Skipped, 0)
    }
}

fn with_log(dir: &Path, name: &str, ended: usize, log: &str) -> Run {
    let path = dir.join(format!("{name}.log"));
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), log.as_bytes()).unwrap();
    Run {
        log: Some(path),
        ..run(name, Outcome::Failed, ended)
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_root_comes_last() {
    let allowed = Run {
        allow_failure: true,
        ..run("lint", Outcome::Failed, 1)
    };
    let other_side = Run {
        side: Side::Base,
        ..run("build", Outcome::Failed, 5)
    };
    for (runs, expected) in [
        (vec![], vec![]),
        (
            vec![run("a", Outcome::Passed, 1), skipped("b", "a")],
            vec![],
        ),
        (
            vec![run("a", Outcome::Failed, 1), run("b", Outcome::TimedOut, 2)],
            vec!["pricing b", "pricing a"],
        ),
        (
            vec![
                run("early", Outcome::Failed, 2),
                allowed,
                run("build", Outcome::Failed, 4),
                other_side,
                run("build-docs", Outcome::Stalled, 3),
                skipped("test", "`build`, which it needs, did not pass."),
            ],
            vec![
                "pricing lint",
                "base build",
                "pricing build-docs",
                "pricing early",
                "pricing build",
            ],
        ),
    ] {
        let order: Vec<String> = (in_order(&runs).iter())
            .map(|run| format!("{} {}", run.side, run.check))
            .collect();
        assert_eq!(order, expected);
    }
}

#[test]
fn a_failure_in_full() {
    let dir = tempfile::tempdir().unwrap();
    let failed = with_log(
        dir.path(),
        "unit",
        1,
        "\u{1b}[31mred\u{1b}[2J\n10%\r20%\r\nend",
    );
    let text = block(&failed, Length::Full, None);
    assert!(
        text.contains("\u{1b}[31mred\\u{1b}[2J\n20%\nend\u{1b}[0m\n"),
        "{text:?}"
    );
    let log = dir.path().join("unit.log");
    assert_eq!(
        plain(&text),
        format!(
            "──── failed pricing unit 1.2s: exit status 7\nred\\u{{1b}}[2J\n20%\nend\n──── log of pricing unit: {}\n",
            log.display()
        )
    );
    let workflow = Workflow::with_token("T".to_owned());
    let grouped = plain(&block(&failed, Length::Full, Some(&workflow)));
    assert!(
        grouped
            .starts_with("::group::pricing unit failed\n::stop-commands::T\nfailed pricing unit"),
        "{grouped}"
    );
    assert!(
        grouped.ends_with("unit.log\n::T::\n::endgroup::\n"),
        "{grouped}"
    );
}

#[test]
fn long_logs_are_cut() {
    let dir = tempfile::tempdir().unwrap();
    let lines: String = (1..=2000).map(|number| format!("{number}\n")).collect();
    let failed = with_log(dir.path(), "unit", 1, &lines);
    let full = plain(&block(&failed, Length::Full, None));
    assert!(
        full.contains(
            "\n100\n… 1,500 lines left out; all of it: tracks check --logs pricing/unit\n1601\n"
        ),
        "{full}"
    );
    let end = plain(&block(&failed, Length::End, None));
    assert!(end.contains("7\n… 1,980 lines left out"), "{end}");
    assert!(end.contains("pricing/unit\n1981\n"), "{end}");
    for (number, expected) in [
        (7, "7"),
        (999, "999"),
        (1000, "1,000"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(in_thousands(number), expected);
    }
}

#[test]
fn of_many_failures_the_first_to_end_are_shown_in_full() {
    let dir = tempfile::tempdir().unwrap();
    let lines: String = (1..=50).map(|number| format!("line {number}\n")).collect();
    let runs: Vec<Run> = (1..=12)
        .map(|ended| with_log(dir.path(), &format!("c{ended}"), ended, &lines))
        .collect();
    let text = plain(&text(&runs, None));
    let blocks: Vec<&str> = text.split("──── failed").skip(1).collect();
    assert_eq!(blocks.len(), 12);
    for (number, block) in blocks.iter().enumerate() {
        assert!(
            block.starts_with(&format!(" pricing c{} ", 12 - number)),
            "{block}"
        );
        assert_eq!(block.contains("line 1\n"), number >= 2, "{block}");
        assert_eq!(block.contains("… 30 lines left out"), number < 2, "{block}");
    }
}

#[test]
fn logs_that_are_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let empty = with_log(dir.path(), "unit", 1, "");
    assert!(plain(&block(&empty, Length::Full, None)).contains("\nit printed nothing\n"));
    let gone = Run {
        log: Some(dir.path().join("gone")),
        ..empty
    };
    assert!(plain(&block(&gone, Length::Full, None)).contains("\nits log cannot be read: "));
}

#[test]
fn annotations_say_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    for (log, expected) in [
        ("", "exit status 7"),
        ("a\nb\n\n", "b"),
        (
            "0 failed\nsrc/a.rs: error: 1%\nerror: in full\n",
            "error: in full",
        ),
        (
            "0 failed\nsrc/a.rs: error: 1%\nend\n",
            "src/a.rs: error: 1%25",
        ),
        ("\u{1b}[31mFAIL\u{1b}[0m a.test\nend", "FAIL a.test"),
        ("::set-output::x\n", "::set-output::x"),
    ] {
        let failed = with_log(dir.path(), "unit", 1, log);
        assert_eq!(
            annotations(&[failed]),
            format!("::error title=pricing unit::{expected}\n"),
            "{log:?}"
        );
    }
}

#[test]
fn annotations_are_few_and_begin_with_the_root() {
    let mut runs: Vec<Run> = (1..=12)
        .map(|ended| run(&format!("c{ended}"), Outcome::Failed, ended))
        .collect();
    runs.push(skipped("test", "needs c5, which failed"));
    let text = annotations(&runs);
    let titles: Vec<&str> = (text.lines())
        .map(|line| {
            line.trim_start_matches("::error title=")
                .split("::")
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(titles.len(), 10);
    assert_eq!(titles[..3], ["pricing c5", "pricing c1", "pricing c2"]);
    assert!(
        text.ends_with("::error title=tracks::3 more checks failed\n"),
        "{text}"
    );
    let allowed = Run {
        allow_failure: true,
        ..run("lint", Outcome::Failed, 1)
    };
    assert_eq!(annotations(&[allowed]), "");
}

#[test]
fn one_line_says_how_a_run_ended() {
    let flaky = Run {
        flaky: true,
        attempts: 2,
        leaked: true,
        ..run("unit", Outcome::Passed, 1)
    };
    for (run, expected) in [
        (run("unit", Outcome::Passed, 1), "passed pricing unit 1.2s"),
        (
            flaky.clone(),
            "passed pricing unit 1.2s: attempt 2, left processes behind, ended",
        ),
        (
            skipped("test", "unit did not pass"),
            "skipped pricing test: unit did not pass",
        ),
    ] {
        assert_eq!(plain(&line(&run)), expected);
    }
    let failed = Run {
        outcome: Outcome::Failed,
        ..flaky.clone()
    };
    assert_eq!(
        plain(&super::flaky(&[
            flaky,
            failed,
            run("a", Outcome::Passed, 1)
        ])),
        "flaky: pricing unit passed at attempt 2\n\
         flaky: pricing unit passed at attempt 2, which counts as failed\n"
    );
}
