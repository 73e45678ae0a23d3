//! Random histories: whatever comes up in one, every pair of its tracks is as git has it.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::{asked_by_id, feed, matrix};
use crate::world::World;
use made_up::History;

#[path = "../../../xtask/src/fuzz/history.rs"]
mod made_up;

/// `cargo xtask fuzz-merges` looks at thousands; these are for what breaks at once.
const CASES: u32 = 24;

/// What a history decides by: numbers that shrink, and then nothing but zeros.
fn tape() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..400)
}

#[test]
fn random_histories() {
    let world = World::of("main: One\n  one = 1\n");
    let config = Config {
        cases: CASES,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    // Always the same ones, so that a commit that breaks none of them is not called guilty.
    let numbers = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let judged = TestRunner::new_with_rng(config, numbers).run(&tape(), |tape| {
        let mut tape = tape.into_iter();
        let mut choose = |limit: u64| u64::from(tape.next().unwrap_or(0)) % limit;
        let history = History::new(&mut choose);
        let (stream, base, tracks) = history.stream(1);
        let marks = world.root().join("tmp/made");
        let option = format!("--export-marks={}", marks.display());
        feed(
            &world,
            &world.repo(),
            &["fast-import", "--quiet", "--force", &option],
            &stream,
        );
        let text = std::fs::read_to_string(&marks).expect("the marks");
        let id = |mark: usize| {
            let begin = format!(":{mark} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&begin));
            line.expect("a mark").to_owned()
        };
        let tracks: Vec<(String, String)> = tracks
            .into_iter()
            .enumerate()
            .map(|(number, mark)| (format!("t{number}"), id(mark)))
            .collect();
        let base = id(base);
        let cells = matrix(&world, &base, &tracks);
        asked_by_id(&world, &base, &tracks, &cells, "made up").map_err(|why| {
            let mut about = why;
            let _ = write!(about, "\n{} commits:\n{stream}", history.size());
            TestCaseError::fail(about)
        })
    });
    match judged {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(other) => panic!("{other}"),
    }
}
