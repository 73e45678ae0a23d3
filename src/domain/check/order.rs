//! Which of the nodes that may start goes first: of a few rules of thumb, the one by which all of it is over soonest, should
//! everything take as long as is expected.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Outcome;
use super::schedule::{Node, Schedule, chains, expected};

/// With more nodes than this, playing it through takes longer than it gains: the more there are, the less the order matters.
const MOST: usize = 300;

/// The schedule by the order in which all is expected to be over soonest. `capacities`: as of [`Schedule::new`].
pub fn quickest_schedule(nodes: Vec<Node>, capacities: &[u32], fail_fast: bool) -> Schedule {
    let took = expected(&nodes);
    let chains = chains(&nodes, &took);
    let order = priorities(&nodes, capacities, &took, chains);
    Schedule::in_order(nodes, capacities, fail_fast, order)
}

/// By node; the greatest goes first. `chains`: how long the longest chain takes that starts with it, which is as good as
/// anything where nodes only need each other and a slot each. What is wide, or scarce, is better begun early: at the end
/// the others wait for it.
fn priorities(
    nodes: &[Node],
    capacities: &[u32],
    took: &[Duration],
    chains: Vec<Duration>,
) -> Vec<Duration> {
    let scarce = scarce(nodes, capacities, took);
    let wide: Vec<u32> = nodes.iter().map(width).collect();
    let differ = scarce.iter().any(|load| !load.is_zero()) || wide.iter().any(|wide| *wide > 1);
    if nodes.len() > MOST || !differ {
        return chains;
    }
    let all = took
        .iter()
        .fold(Duration::ZERO, |all, took| all.saturating_add(*took));
    let wide_first = |order: &[Duration]| -> Vec<Duration> {
        let pairs = order.iter().zip(&wide);
        pairs
            .map(|(own, wide)| own.saturating_add(all.saturating_mul(wide - 1)))
            .collect()
    };
    let pairs = chains.iter().zip(&scarce);
    let scarce: Vec<Duration> = pairs.map(|(chain, load)| *chain.max(load)).collect();
    let orders = [
        wide_first(&scarce),
        wide_first(&chains),
        scarce,
        vec![Duration::ZERO; nodes.len()],
    ];
    // The first of those that are equally good stays.
    let first = (makespan(nodes, capacities, took, &chains), chains);
    let better = orders.into_iter().fold(first, |best, order| {
        let takes = makespan(nodes, capacities, took, &order);
        if takes < best.0 { (takes, order) } else { best }
    });
    better.1
}

/// The most that it takes of one thing; 1 where that is nothing.
fn width(node: &Node) -> u32 {
    let amounts = node.claims.iter().map(|(_, amount)| *amount);
    amounts.max().unwrap_or(1).max(1)
}

/// By node: how long the busiest of the things that it takes is needed altogether. What every node takes tells nothing.
fn scarce(nodes: &[Node], capacities: &[u32], took: &[Duration]) -> Vec<Duration> {
    let mut loads = vec![Duration::ZERO; capacities.len()];
    let mut users = vec![0_usize; capacities.len()];
    for (node, took) in nodes.iter().zip(took) {
        for (what, amount) in &node.claims {
            let capacity = capacities[*what].max(1);
            let share = took.saturating_mul((*amount).clamp(1, capacity)) / capacity;
            loads[*what] = loads[*what].saturating_add(share);
            users[*what] += 1;
        }
    }
    let takers = nodes.iter().filter(|node| !node.claims.is_empty()).count();
    let of = |node: &Node| {
        let things = node.claims.iter().map(|(what, _)| *what);
        let loads = things
            .filter(|what| users[*what] < takers)
            .map(|what| loads[what]);
        loads.max().unwrap_or_default()
    };
    nodes.iter().map(of).collect()
}

/// How long all of it takes in this order.
fn makespan(nodes: &[Node], capacities: &[u32], took: &[Duration], order: &[Duration]) -> Duration {
    let mut schedule = Schedule::in_order(nodes.to_vec(), capacities, false, order.to_vec());
    let mut running = BinaryHeap::new();
    let mut now = Duration::ZERO;
    loop {
        while let Some(start) = schedule.next(|_| true) {
            running.push(Reverse((now.saturating_add(took[start.node]), start.node)));
        }
        let Some(Reverse((end, node))) = running.pop() else {
            return now;
        };
        now = end;
        schedule.finish(node, Outcome::Passed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: usize = 0;
    const DATABASE: usize = 1;

    fn node(ms: u64, claims: &[(usize, u32)]) -> Node {
        Node {
            claims: claims.to_vec(),
            expected_ms: ms,
            ..Node::default()
        }
    }

    /// In which order they start, and when all is over, with two jobs and one database.
    fn played(nodes: &[Node]) -> (Vec<usize>, u64) {
        let took: Vec<Duration> = nodes
            .iter()
            .map(|node| Duration::from_millis(node.expected_ms))
            .collect();
        let order = priorities(nodes, &[2, 1], &took, took.clone());
        let mut first: Vec<usize> = (0..nodes.len()).collect();
        first.sort_by_key(|node| Reverse(order[*node]));
        let makespan = makespan(nodes, &[2, 1], &took, &order);
        (first, u64::try_from(makespan.as_millis()).unwrap())
    }

    #[test]
    fn what_is_scarce_or_wide_is_begun_in_time() {
        let plain = |ms| node(ms, &[(JOBS, 1)]);
        let query = |ms| node(ms, &[(JOBS, 1), (DATABASE, 1)]);
        let wide = |ms| node(ms, &[(JOBS, 2)]);
        // Nodes, which goes first, and how long all takes.
        let table = [
            (vec![plain(100), plain(300), plain(200)], 1, 300),
            // By their length alone, the queries would come one after the other at the end: 450.
            (
                vec![plain(150), plain(150), query(100), query(100), query(100)],
                2,
                300,
            ),
            // To begin with the wide one would gain nothing.
            (vec![plain(300), wide(200), plain(100), plain(200)], 0, 500),
            (vec![wide(100), wide(200)], 1, 300),
        ];
        for (nodes, first, takes) in table {
            let (order, makespan) = played(&nodes);
            assert_eq!((order[0], makespan), (first, takes), "{nodes:?}");
        }
    }

    #[test]
    fn a_wide_one_that_others_need_does_not_wait_for_the_long_one() {
        let test = Node {
            needs: vec![1],
            ..node(200, &[(JOBS, 1)])
        };
        let nodes = [node(300, &[(JOBS, 1)]), node(100, &[(JOBS, 2)]), test];
        let [took, chains] = [[300, 100, 200], [300, 300, 200]]
            .map(|times| times.map(Duration::from_millis).to_vec());
        let takes = |order: &[Duration]| makespan(&nodes, &[2], &took, order).as_millis();
        assert_eq!(takes(&chains), 600);
        let order = priorities(&nodes, &[2], &took, chains);
        assert_eq!(takes(&order), 400);
    }

    #[test]
    fn many_are_left_in_the_order_of_their_chains() {
        let mut nodes = vec![node(9, &[(JOBS, 1), (DATABASE, 1)]); MOST + 1];
        nodes.push(node(99, &[(JOBS, 1)]));
        let (order, _) = played(&nodes);
        assert_eq!(order[0], MOST + 1);
    }
}
