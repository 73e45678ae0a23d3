//! Tests of `schedule`.

use proptest::prelude::*;

use super::*;

fn node(needs: &[usize], expected_ms: u64) -> Node {
    Node {
        needs: needs.to_vec(),
        claims: vec![(0, 1)],
        expected_ms,
        ..Node::default()
    }
}

fn start_all(schedule: &mut Schedule) -> Vec<usize> {
    std::iter::from_fn(|| schedule.next(|_| true))
        .map(|start| start.node)
        .collect()
}

fn outcomes(schedule: &mut Schedule) -> Vec<(usize, Outcome, u32)> {
    schedule
        .ended()
        .into_iter()
        .map(|ended| (ended.node, ended.outcome, ended.attempts))
        .collect()
}

#[test]
fn the_longest_chain_starts_first() {
    let cases: [(&str, Vec<Node>, &[usize]); 4] = [
        (
            "longest",
            vec![node(&[], 1), node(&[], 3), node(&[], 2)],
            &[1, 2, 0],
        ),
        (
            "a short one that much waits for",
            vec![node(&[], 5), node(&[], 1), node(&[1], 9)],
            &[1, 2, 0],
        ),
        (
            "the unknown one counts as average",
            vec![node(&[], 2), node(&[], 0), node(&[], 8)],
            &[2, 1, 0],
        ),
        (
            "nothing known: by the length of the chain, then in order",
            vec![node(&[], 0), node(&[], 0), node(&[1], 0)],
            &[1, 0, 2],
        ),
    ];
    for (what, nodes, expected) in cases {
        let mut schedule = Schedule::new(nodes, &[1], false);
        let mut order = Vec::new();
        while let Some(start) = schedule.next(|_| true) {
            order.push(start.node);
            schedule.finish(start.node, Outcome::Passed);
        }
        assert_eq!(order, expected, "{what}");
        assert!(schedule.is_done(), "{what}");
    }
}

#[test]
fn weights_share_the_slots() {
    let heavy = |weight, expected_ms| Node {
        claims: vec![(0, weight)],
        ..node(&[], expected_ms)
    };
    let nodes = vec![
        heavy(2, 9),
        heavy(2, 8),
        heavy(1, 1),
        heavy(7, 5),
        heavy(0, 0),
    ];
    let mut schedule = Schedule::new(nodes, &[3], false);
    assert_eq!(start_all(&mut schedule), [0, 4], "2 + 1 (0 counts as 1)");
    schedule.finish(4, Outcome::Passed);
    assert_eq!(
        start_all(&mut schedule),
        [2],
        "the smaller one passes 1 and 3"
    );
    schedule.finish(0, Outcome::Passed);
    assert_eq!(start_all(&mut schedule), [1]);
    schedule.finish(1, Outcome::Passed);
    assert_eq!(schedule.next(|_| true), None, "3 wants every slot");
    schedule.finish(2, Outcome::Passed);
    assert_eq!(start_all(&mut schedule), [3]);
}

#[test]
fn what_did_not_pass_stops_what_needs_it() {
    let chain = || vec![node(&[], 0), node(&[0], 0), node(&[1], 0), node(&[], 0)];
    for outcome in [
        Outcome::Failed,
        Outcome::TimedOut,
        Outcome::Stalled,
        Outcome::Cancelled,
        Outcome::CouldNotRun,
    ] {
        let mut schedule = Schedule::new(chain(), &[1], false);
        assert_eq!(
            schedule.next(|_| true),
            Some(Start {
                node: 0,
                attempt: 1
            })
        );
        schedule.finish(0, outcome);
        let stopped = match outcome {
            Outcome::Cancelled => Outcome::Cancelled,
            _ => Outcome::Skipped,
        };
        assert_eq!(
            outcomes(&mut schedule),
            [(0, outcome, 1), (1, stopped, 0), (2, stopped, 0)]
        );
        assert_eq!(start_all(&mut schedule), [3]);
        assert!(!schedule.is_done());
    }
}

#[test]
fn an_allowed_failure_stops_nothing() {
    for (outcome, goes_on) in [
        (Outcome::Failed, true),
        (Outcome::TimedOut, true),
        (Outcome::CouldNotRun, false),
    ] {
        let allowed = Node {
            allow_failure: true,
            ..node(&[], 9)
        };
        let nodes = vec![allowed, node(&[0], 0), node(&[], 0)];
        let mut schedule = Schedule::new(nodes, &[1], true);
        schedule.next(|_| true);
        schedule.finish(0, outcome);
        let expected: &[usize] = if goes_on { &[1, 2] } else { &[2] };
        let mut order = Vec::new();
        while let Some(start) = schedule.next(|_| true) {
            order.push(start.node);
            schedule.finish(start.node, Outcome::Passed);
        }
        assert_eq!(order, expected, "{outcome:?}");
    }
}

#[test]
fn red_runs_are_tried_again() {
    let retried = Node {
        retries: 2,
        ..node(&[], 0)
    };
    // Attempts, what became of it, flaky.
    let cases: [(&[Outcome], Outcome, bool); 5] = [
        (&[Outcome::Passed], Outcome::Passed, false),
        (&[Outcome::Failed, Outcome::Passed], Outcome::Passed, true),
        (
            &[Outcome::TimedOut, Outcome::Stalled, Outcome::Failed],
            Outcome::Failed,
            false,
        ),
        (&[Outcome::CouldNotRun], Outcome::CouldNotRun, false),
        (
            &[Outcome::Failed, Outcome::Cancelled],
            Outcome::Cancelled,
            false,
        ),
    ];
    for (attempts, outcome, flaky) in cases {
        let mut schedule = Schedule::new(vec![retried.clone()], &[1], false);
        for (attempt, outcome) in (1..).zip(attempts) {
            assert_eq!(schedule.next(|_| true), Some(Start { node: 0, attempt }));
            assert_eq!(schedule.ended(), []);
            schedule.finish(0, *outcome);
        }
        assert_eq!(schedule.next(|_| true), None);
        let ended = Ended {
            node: 0,
            outcome,
            attempts: u32::try_from(attempts.len()).unwrap(),
            flaky,
            because: None,
        };
        assert_eq!(schedule.ended(), [ended]);
        assert_eq!(schedule.ended(), [], "each is told once");
        assert!(schedule.is_done());
    }
}

#[test]
fn fail_fast_cancels_what_has_not_started() {
    let nodes = vec![
        node(&[], 9),
        node(&[], 8),
        Node {
            retries: 1,
            ..node(&[], 7)
        },
        node(&[0], 1),
        node(&[1], 1),
        node(&[], 1),
    ];
    let mut schedule = Schedule::new(nodes, &[3], true);
    assert_eq!(start_all(&mut schedule), [0, 1, 2]);
    schedule.finish(0, Outcome::Failed);
    assert_eq!(
        outcomes(&mut schedule),
        [
            (0, Outcome::Failed, 1),
            (3, Outcome::Skipped, 0),
            (4, Outcome::Cancelled, 0),
            (5, Outcome::Cancelled, 0),
        ]
    );
    assert_eq!(schedule.next(|_| true), None);
    schedule.finish(2, Outcome::Failed);
    assert!(!schedule.is_done(), "1 still runs");
    schedule.finish(1, Outcome::Passed);
    assert_eq!(
        outcomes(&mut schedule),
        [(2, Outcome::Failed, 1), (1, Outcome::Passed, 1)],
        "no further attempt once cancelled"
    );
    assert!(schedule.is_done());
}

#[test]
fn cancelling_keeps_what_is_known() {
    let retried = Node {
        retries: 1,
        ..node(&[], 9)
    };
    let nodes = vec![retried, node(&[0], 0), node(&[], 5), node(&[2], 0)];
    let mut schedule = Schedule::new(nodes, &[2], false);
    assert_eq!(start_all(&mut schedule), [0, 2]);
    schedule.finish(0, Outcome::Failed);
    schedule.cancel();
    assert_eq!(
        outcomes(&mut schedule),
        [
            (0, Outcome::Failed, 1),
            (1, Outcome::Skipped, 0),
            (3, Outcome::Cancelled, 0),
        ]
    );
    schedule.finish(2, Outcome::Cancelled);
    assert_eq!(outcomes(&mut schedule), [(2, Outcome::Cancelled, 1)]);
    schedule.finish(2, Outcome::Passed);
    assert_eq!(outcomes(&mut schedule), [], "what has ended stays so");
    assert!(schedule.is_done());
}

#[test]
fn no_schedule_is_faster() {
    let ms = Duration::from_millis;
    let claiming = |claims: &[(usize, u32)]| Node {
        claims: claims.to_vec(),
        ..Node::default()
    };
    let diamond = [node(&[], 0), node(&[0], 0), node(&[0], 0), node(&[1, 2], 0)];
    let wide = [
        claiming(&[(0, 1)]),
        claiming(&[(0, 1), (1, 1)]),
        claiming(&[(0, 4)]),
    ];
    /// What, nodes, capacities, milliseconds that each takes, and all of them at the least.
    type Case<'a> = (&'a str, &'a [Node], &'a [u32], &'a [u64], u64);
    let cases: [Case<'_>; 5] = [
        ("the longest chain", &diamond, &[9], &[1, 5, 2, 3], 9),
        ("work over width", &diamond, &[1], &[1, 5, 2, 3], 11),
        ("weights count", &wide, &[2], &[2, 2, 4], 6),
        ("a resource of one", &wide[..2], &[4, 1], &[2, 8], 8),
        ("nothing", &[], &[1], &[], 0),
    ];
    for (what, nodes, capacities, took, bound) in cases {
        let nodes = nodes.iter().cloned().map(|mut node| {
            node.claims.retain(|(what, _)| *what < capacities.len());
            node
        });
        let nodes: Vec<Node> = nodes.collect();
        let took: Vec<Duration> = took.iter().copied().map(ms).collect();
        assert_eq!(lower_bound(&nodes, capacities, &took), ms(bound), "{what}");
    }
}

#[test]
fn resources_are_counted_beside_slots() {
    let claiming = |claims: &[(usize, u32)], expected_ms| Node {
        claims: claims.to_vec(),
        ..node(&[], expected_ms)
    };
    let nodes = vec![
        claiming(&[(0, 1), (1, 1)], 9),
        claiming(&[(0, 1), (1, 1)], 8),
        claiming(&[(0, 1)], 1),
        claiming(&[], 0),
    ];
    let mut schedule = Schedule::new(nodes, &[3, 1], false);
    assert_eq!(start_all(&mut schedule), [0, 3, 2], "one of the resource");
    schedule.finish(2, Outcome::Passed);
    assert!(start_all(&mut schedule).is_empty());
    schedule.finish(0, Outcome::Passed);
    assert_eq!(start_all(&mut schedule), [1]);
}

#[test]
fn who_may_not_start_lets_the_next_one_pass() {
    let nodes = vec![node(&[], 9), node(&[], 8), node(&[], 7)];
    let mut schedule = Schedule::new(nodes, &[3], false);
    let mut offered = Vec::new();
    let start = schedule.next(|start| {
        offered.push(start.node);
        start.node == 1
    });
    assert_eq!(
        (offered, start.map(|start| start.node)),
        (vec![0, 1], Some(1))
    );
    assert_eq!(schedule.next(|_| false), None);
    assert_eq!(start_all(&mut schedule), [0, 2]);
}

#[test]
fn what_is_not_made_ready_could_not_run() {
    let prepares = Node {
        prepares: true,
        ..node(&[], 0)
    };
    for (outcome, expected) in [
        (Outcome::Failed, Outcome::CouldNotRun),
        (Outcome::CouldNotRun, Outcome::CouldNotRun),
        (Outcome::Cancelled, Outcome::Cancelled),
    ] {
        let nodes = vec![prepares.clone(), node(&[0], 0), node(&[1], 0)];
        let mut schedule = Schedule::new(nodes, &[1], false);
        assert_eq!(start_all(&mut schedule), [0]);
        schedule.finish(0, outcome);
        let ended = schedule.ended();
        assert_eq!((ended[1].node, ended[1].outcome), (1, expected));
        let further = match expected {
            Outcome::Cancelled => Outcome::Cancelled,
            _ => Outcome::Skipped,
        };
        assert_eq!((ended[2].node, ended[2].outcome), (2, further));
        let because = (outcome != Outcome::Cancelled).then_some(0);
        assert_eq!(ended[1].because, because);
    }
}

#[test]
fn what_is_not_made_ready_for_the_sake_of_a_check_is_skipped() {
    let prepares = Node {
        prepares: true,
        ..node(&[0], 0)
    };
    let nodes = vec![node(&[], 0), prepares, node(&[0, 1], 0)];
    let mut schedule = Schedule::new(nodes, &[1], false);
    assert_eq!(start_all(&mut schedule), [0]);
    schedule.finish(0, Outcome::Failed);
    let ended = schedule.ended();
    for (place, node) in [(1, 1), (2, 2)] {
        let of = &ended[place];
        assert_eq!(
            (of.node, of.outcome, of.because),
            (node, Outcome::Skipped, Some(0))
        );
    }
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let one = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        0_u32..4,
        0_u32..3,
        0_u64..5,
        any::<bool>(),
    );
    prop::collection::vec(one, 0..12).prop_map(|nodes| {
        nodes
            .into_iter()
            .enumerate()
            .map(
                |(index, (needs, weight, retries, expected_ms, allow_failure))| Node {
                    prepares: false,
                    needs: (needs.iter())
                        .filter(|_| index > 0)
                        .map(|need| need.index(index))
                        .collect(),
                    claims: vec![(0, weight)],
                    retries,
                    expected_ms,
                    allow_failure,
                },
            )
            .collect()
    })
}

proptest! {
    #[test]
    fn every_node_ends_once_and_slots_are_kept(
        nodes in nodes(),
        slots in 1_u32..4,
        fail_fast in any::<bool>(),
        answers in prop::collection::vec(0_usize..4, 64),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 64),
    ) {
        let count = nodes.len();
        let mut schedule = Schedule::new(nodes.clone(), &[slots], fail_fast);
        let mut running: Vec<usize> = Vec::new();
        let mut ended: Vec<Option<Outcome>> = vec![None; count];
        for (answer, pick) in answers.iter().zip(&picks) {
            while let Some(start) = schedule.next(|_| true) {
                for &need in &nodes[start.node].needs {
                    let opens = ended[need] == Some(Outcome::Passed)
                        || nodes[need].allow_failure && ended[need].is_some_and(Outcome::is_red);
                    prop_assert!(opens, "{} before {need}", start.node);
                }
                prop_assert!(start.attempt <= nodes[start.node].retries + 1);
                running.push(start.node);
            }
            let used: u32 = running.iter().map(|&node| nodes[node].claims[0].1.clamp(1, slots)).sum();
            prop_assert!(used <= slots);
            if running.is_empty() {
                break;
            }
            let node = running.remove(pick.index(running.len()));
            let outcome = [Outcome::Passed, Outcome::Passed, Outcome::Failed, Outcome::CouldNotRun][*answer];
            schedule.finish(node, outcome);
            for end in schedule.ended() {
                prop_assert_eq!(ended[end.node], None);
                ended[end.node] = Some(end.outcome);
            }
        }
        prop_assert!(schedule.is_done());
        prop_assert!(ended.iter().all(Option::is_some));
    }
}
