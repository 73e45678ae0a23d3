//! The nodes of a shift: for each ground its preparation, the services that are needed there, and the checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::domain::check::{Breaker, Node, lower_bound, quickest_schedule};
use crate::ops::limits::{Limits, job_slots};
use crate::ops::setup;
use crate::ops::trust::Trust;
use crate::ops::{Emit, Event, Plan, Session};
use crate::process::clock;

use super::super::gate::{Gate, Toll};
use super::super::ground::{Stage, Worked};
use super::super::{Book, Ground, Options, RunnerError};
use super::{Instance, Kind, Shift};

/// Nodes in the making.
struct Draft<'a> {
    session: &'a Session,
    limits: Limits,
    nodes: Vec<Node>,
    kinds: Vec<Kind>,
    tolls: Vec<Toll>,
    services: Vec<Instance<'a>>,
    /// By name and ground: the service's node.
    service_nodes: BTreeMap<(&'a str, Option<usize>), usize>,
}

impl<'a> Draft<'a> {
    fn add(&mut self, kind: Kind, node: Node, who: String, lent: bool) -> usize {
        self.tolls.push(Toll {
            claims: self.limits.claims(&node.claims),
            who,
            lent,
        });
        self.nodes.push(node);
        self.kinds.push(kind);
        self.nodes.len() - 1
    }

    /// The node that makes a ground ready.
    fn prepare(&mut self, at: usize, ground: &Ground<'_>) -> usize {
        let standing = ground.site.standing();
        let due = standing
            .as_ref()
            .is_none_or(|place| setup::is_due(self.session, place));
        let dir = standing.map(|place| place.dir);
        let node = Node {
            claims: match due {
                true => self.limits.of_setup(dir.as_deref()),
                false => Vec::new(),
            },
            // Where there is nothing to do it takes no time; else nobody knows.
            expected_ms: u64::from(!due),
            prepares: true,
            ..Node::default()
        };
        let who = format!("{} setup", ground.side);
        self.add(Kind::Prepare(at), node, who, ground.site.is_lent())
    }

    /// The node of a service that one more check needs.
    fn service(&mut self, name: &'a str, at: usize) -> Option<usize> {
        let service = self.session.project.services.get(name)?;
        let ground = (!service.per_repository).then_some(at);
        if let Some(node) = self.service_nodes.get(&(name, ground)) {
            if let Kind::Service(instance) = self.kinds[*node] {
                self.services[instance].users += 1;
            }
            return Some(*node);
        }
        self.services.push(Instance {
            name,
            ground,
            users: 1,
            busy: false,
            ready: None,
        });
        let node = Node {
            expected_ms: 1,
            prepares: true,
            ..Node::default()
        };
        let kind = Kind::Service(self.services.len() - 1);
        let node = self.add(kind, node, format!("service {name}"), false);
        self.service_nodes.insert((name, ground), node);
        Some(node)
    }

    /// A service is started when it is first needed: not before everything has ended that all its users need, too.
    fn delay_services(&mut self) {
        for node in self.service_nodes.values() {
            let users = self.nodes.iter().filter(|other| other.needs.contains(node));
            let common = users
                .map(|user| user.needs.iter().copied().collect::<BTreeSet<usize>>())
                .reduce(|common, needs| &common & &needs)
                .unwrap_or_default();
            let is_service = |need: &usize| matches!(self.kinds[*need], Kind::Service(_));
            self.nodes[*node].needs = common
                .into_iter()
                .filter(|need| !is_service(need))
                .collect();
        }
    }
}

impl<'a, 'r> Shift<'a, 'r> {
    /// `wave`: grounds, and which of their tasks are to run.
    pub(in crate::ops::runner) fn new(
        session: &'a Session,
        trust: &'a Trust,
        grounds: &'a [Ground<'a>],
        wave: &[(usize, Vec<usize>)],
        options: &'a Options<'a>,
        book: &'r mut Book,
        emit: Emit<'a>,
    ) -> Result<Self, RunnerError> {
        let mut draft = Draft {
            session,
            limits: Limits::new(&session.project),
            nodes: Vec::new(),
            kinds: Vec::new(),
            tolls: Vec::new(),
            services: Vec::new(),
            service_nodes: BTreeMap::new(),
        };
        let mut worked = Vec::new();
        for (at, (index, todo)) in wave.iter().enumerate() {
            let ground = &grounds[*index];
            let may_run = |task: &usize| trust.allows_check(ground.tasks[*task].check);
            let prepares = ground.blocked.is_none() && todo.iter().any(may_run);
            let prepared = prepares.then(|| draft.prepare(at, ground));
            let mut node_of: BTreeMap<usize, usize> = BTreeMap::new();
            for &task in todo {
                let check = ground.tasks[task].check;
                let needs = ground.tasks[task].needs.iter();
                let mut needs: Vec<usize> = needs
                    .filter_map(|need| node_of.get(need).copied())
                    .collect();
                needs.extend(prepared);
                if prepared.is_some() && may_run(&task) {
                    let services = check.services.iter();
                    needs.extend(services.filter_map(|name| draft.service(name, at)));
                }
                let name = check.name.as_str();
                let expected = session.store.last_duration(name, &ground.side.to_string());
                let node = Node {
                    needs,
                    // What cannot run anyway takes nothing to say so.
                    claims: match prepared.is_some() && may_run(&task) {
                        true => draft.limits.of_check(&session.project, check, &ground.side),
                        false => Vec::new(),
                    },
                    retries: check.settings.retries,
                    expected_ms: expected.map_or(0, milliseconds),
                    allow_failure: check.allow_failure,
                    prepares: false,
                };
                let kind = Kind::Check { ground: at, task };
                let who = format!("{} {}", ground.side, check.name);
                node_of.insert(task, draft.add(kind, node, who, false));
            }
            worked.push(Worked {
                index: *index,
                place: None,
                variables: Vec::new(),
                stage: Stage::Untouched,
                node: prepared,
                began: Instant::now(),
                left: todo.len(),
                running: Vec::new(),
                is_ours: ground.site.is_ours(),
                looking: false,
                lost: None,
                looked: None,
                unproven: Vec::new(),
            });
        }
        draft.delay_services();
        let Draft {
            limits,
            nodes,
            kinds,
            tolls,
            services,
            ..
        } = draft;
        let capacities = limits.capacities();
        say_plan(&nodes, &kinds, &capacities, emit);
        let (give, given) = channel();
        let claimant = session.store.claimant();
        Ok(Shift {
            session,
            trust,
            grounds,
            options,
            emit,
            worked,
            services,
            schedule: quickest_schedule(nodes.clone(), &capacities, options.fail_fast),
            gate: Gate::new(claimant, tolls, job_slots(&session.project)),
            breaker: Breaker::new(session.project.run.breaker),
            purposes: Vec::new(),
            follow_ups: std::collections::VecDeque::new(),
            results: vec![None; nodes.len()],
            since: vec![clock::file_time(); nodes.len()],
            taken: vec![None; nodes.len()],
            notes: vec![None; nodes.len()],
            flaky_red: vec![false; nodes.len()],
            took: vec![Duration::ZERO; nodes.len()],
            kinds,
            nodes,
            limits,
            give,
            given,
            waits: Vec::new(),
            book,
            failure: None,
        })
    }
}

fn say_plan(nodes: &[Node], kinds: &[Kind], capacities: &[u32], emit: Emit<'_>) {
    let is_check = |kind: &&Kind| matches!(kind, Kind::Check { .. });
    let expected: Vec<Duration> = (nodes.iter().zip(kinds))
        .map(|(node, kind)| match kind {
            Kind::Check { .. } => Duration::from_millis(node.expected_ms),
            Kind::Prepare(_) | Kind::Service(_) => Duration::ZERO,
        })
        .collect();
    emit(&Event::Planned(Plan {
        checks: kinds.iter().filter(is_check).count(),
        work: expected.iter().sum(),
        at_least: lower_bound(nodes, capacities, &expected),
    }));
}

/// At least one: 0 would say that nothing is known.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}
