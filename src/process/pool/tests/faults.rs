//! Children that do not behave, disks that are full, and ourselves killed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Bench, DEAF_GRANDCHILD, wait_until_gone};
use crate::process::{Cmd, End, environment};

#[test]
fn silence_is_announced_and_may_be_the_end() {
    let mut bench = Bench::new();
    let mut patient = bench.job("echo up; sleep 0.7; echo again; sleep 0.1");
    patient.stall = Some(Duration::from_millis(250));
    bench.add(patient);
    let mut strict = bench.job("echo up; sleep 60");
    strict.stall = Some(Duration::from_millis(250));
    strict.end_stalled = true;
    bench.add(strict);
    let mut chatty = bench.job("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done");
    chatty.stall = Some(Duration::from_secs(20));
    bench.add(chatty);
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(0), End::Stalled, End::Exited(0)]);
    let stalled = |what: &str| bench.events.iter().filter(|event| *event == what).count();
    assert!(
        (1..=2).contains(&stalled("0 stalled")),
        "{:?}",
        bench.events
    );
    assert_eq!((stalled("1 stalled"), stalled("2 stalled")), (1, 0));
}

#[test]
fn what_is_left_behind_is_told() {
    let mut bench = Bench::new();
    bench.add_script("true");
    bench.add_script("sleep 100 & exit 3");
    bench.add_script("sleep 100 >/dev/null 2>&1 & exit 0");
    bench.add_script("(sleep 0.05; echo late) & exit 0");
    bench.run();
    let leaked: Vec<bool> = bench.jobs.results.values().map(|r| r.leaked).collect();
    assert_eq!(
        leaked,
        [false, true, true, false],
        "the last one ends in time"
    );
    assert_eq!(bench.log(3), "late\n");
}

#[test]
fn what_closes_its_output_is_waited_for() {
    let mut bench = Bench::new();
    bench.add_script("exec >&- 2>&-; sleep 0.3; exit 5");
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::Exited(5)]);
    assert!(wall >= Duration::from_millis(300), "{wall:?}");
}

#[test]
fn bytes_that_are_no_text_are_logged_as_they_are() {
    let mut bench = Bench::new();
    bench.add_script(r"printf '\377\000\376\n'");
    bench.run();
    let log = fs::read(bench.dir.path().join("logs/0.log")).unwrap();
    assert_eq!(log, b"\xff\x00\xfe\n");
}

/// Only Linux has a file that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_change_how_a_job_ends() {
    let mut bench = Bench::new();
    let mut job = bench.job("echo lost; exit 4");
    job.log = "/dev/full".into();
    bench.add(job);
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(4)]);
    let trouble = bench.jobs.results[&0].log_trouble.clone().unwrap();
    assert!(
        trouble.starts_with("its log could not be written: No space"),
        "{trouble}"
    );
}

#[test]
fn of_a_flood_the_beginning_and_the_end_are_kept() {
    let mut bench = Bench::new();
    bench.add_script("echo first; yes 0123456789abcdef | head -c 120000000; echo last");
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(0)]);
    let log = bench.log(0);
    assert!(log.starts_with("first\n") && log.ends_with("last\n"));
    assert!(log.len() < 40_000_000, "{}", log.len());
    assert!(log.contains("bytes are left out here]"));
    assert!(bench.jobs.results[&0].log_trouble.is_some());
}

/// The test starts itself once more, to be the process that is killed.
#[test]
fn who_is_killed_takes_its_children_along() {
    const CHILD: &str = "TRACKS_TEST_KILLED";
    if let Some(dir) = environment::var(CHILD) {
        let mut bench = Bench::below(Path::new(&dir));
        let mut job = bench.job(&format!("{DEAF_GRANDCHILD}; kill -KILL $PPID; sleep 100"));
        job.cwd = dir.into();
        bench.add(job);
        bench.run();
        panic!("it was not killed");
    }
    let bench = Bench::new();
    let watched = bench.watched();
    let name = "process::pool::tests::faults::who_is_killed_takes_its_children_along";
    let child = Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, bench.dir.path())
        .output()
        .unwrap();
    assert_eq!(child.status, None);
    wait_until_gone(watched);
}
