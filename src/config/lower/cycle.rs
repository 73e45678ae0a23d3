//! Circles in what waits for what.

use std::ops::Range;

use super::Context;

/// One "this waits for that", by index, and where it is written.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) span: Range<usize>,
}

impl Context<'_> {
    /// Complains about each circle once, at the edge that closes it; of a circle that only a profile makes, at one of the
    /// profile's own. `waiting` is such as "these tracks".
    pub(super) fn no_cycles(&mut self, names: &[String], edges: &[Edge], waiting: &str) {
        let mut search = Search {
            edges,
            state: vec![State::New; names.len()],
            path: Vec::new(),
            cycles: Vec::new(),
        };
        for node in 0..names.len() {
            search.visit(node);
        }
        for (nodes, closing) in search.cycles {
            let span = self.own_edge(&nodes, edges).unwrap_or(closing);
            let mut circle: Vec<&str> = nodes.iter().map(|node| names[*node].as_str()).collect();
            circle.push(circle[0]);
            let message = if nodes.len() == 1 {
                format!("`{}` waits for itself", circle[0])
            } else {
                format!("{waiting} wait for each other: {}", circle.join(" → "))
            };
            self.error(span, message).label = Some("this closes the circle".to_owned());
        }
    }

    /// Where the profile on top says that one of the circle waits for the next.
    fn own_edge(&self, nodes: &[usize], edges: &[Edge]) -> Option<Range<usize>> {
        let own = self.own?;
        let next = nodes.iter().cycle().skip(1);
        nodes.iter().zip(next).find_map(|(from, to)| {
            let mut found = edges
                .iter()
                .filter(|edge| edge.from == *from && edge.to == *to);
            found
                .find(|edge| own.has(&edge.span))
                .map(|edge| edge.span.clone())
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Search<'e> {
    edges: &'e [Edge],
    state: Vec<State>,
    path: Vec<usize>,
    cycles: Vec<(Vec<usize>, Range<usize>)>,
}

impl Search<'_> {
    fn visit(&mut self, node: usize) {
        if self.state[node] != State::New {
            return;
        }
        self.state[node] = State::Open;
        self.path.push(node);
        let edges = self.edges;
        for edge in edges.iter().filter(|edge| edge.from == node) {
            if self.state[edge.to] == State::Open {
                let start = self.path.iter().position(|on_path| *on_path == edge.to);
                let circle = self.path[start.unwrap_or(0)..].to_vec();
                self.cycles.push((circle, edge.span.clone()));
            } else {
                self.visit(edge.to);
            }
        }
        self.path.pop();
        self.state[node] = State::Done;
    }
}
