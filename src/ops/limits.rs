//! What there is only so much of: job slots, resources, and how many of one check or of one track may run at once. Counted
//! over all processes of the repository.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::domain::name::Side;
use crate::domain::project::{Check, Project};
use crate::store::{Claim, Holder, Taken};

use super::Wait;

/// How job slots are called where somebody has to wait for them.
const JOB_SLOTS: &str = "job slots";

/// How soon something that somebody else frees is noticed.
pub(super) const BETWEEN_CLAIMS: Duration = Duration::from_millis(5);

/// The things that the nodes of one schedule claim, each with an index.
#[derive(Debug, Default)]
pub(super) struct Limits {
    things: Vec<Thing>,
    index_of: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Thing {
    /// Unique over all kinds.
    claim: String,
    /// For people.
    name: String,
    capacity: u32,
}

impl Limits {
    /// Job slots come first.
    pub(super) fn new(project: &Project) -> Self {
        let mut limits = Limits::default();
        limits.thing("jobs".to_owned(), JOB_SLOTS, job_slots(project));
        limits
    }

    fn thing(&mut self, claim: String, name: &str, capacity: u32) -> usize {
        let things = &mut self.things;
        *self.index_of.entry(claim.clone()).or_insert_with(|| {
            things.push(Thing {
                claim,
                name: name.to_owned(),
                capacity: capacity.max(1),
            });
            things.len() - 1
        })
    }

    /// What one run of the check takes.
    pub(super) fn of_check(
        &mut self,
        project: &Project,
        check: &Check,
        side: &Side,
    ) -> Vec<(usize, u32)> {
        let mut claims = vec![(0, check.weight)];
        for name in &check.resources {
            claims.push((self.resource(project, name), 1));
        }
        if check.jobs > 0 {
            let name = format!("at most {} of {}", check.jobs, check.name);
            let thing = self.thing(format!("check {}", check.name), &name, check.jobs);
            claims.push((thing, 1));
        }
        let most = project.run.per_track;
        if let (1.., Side::Track(track)) = (most, side) {
            let name = format!("at most {most} of {track}");
            claims.push((self.thing(format!("track {track}"), &name, most), 1));
        }
        claims
    }

    pub(super) fn resource(&mut self, project: &Project, name: &str) -> usize {
        let count = project.resources.get(name).copied().unwrap_or(1);
        self.thing(format!("resource {name}"), name, count)
    }

    pub(super) fn slots(&self, amount: u32) -> (usize, u32) {
        (0, amount)
    }

    /// What a setup takes: nobody else sets up the same worktree meanwhile.
    pub(super) fn of_setup(&mut self, dir: Option<&Path>) -> Vec<(usize, u32)> {
        let mut claims = vec![(0, 1)];
        if let Some(dir) = dir {
            let claim = format!("setup {}", dir.display());
            let name = format!("the setup of {}", dir.display());
            claims.push((self.thing(claim, &name, 1), 1));
        }
        claims
    }

    pub(super) fn capacities(&self) -> Vec<u32> {
        self.things.iter().map(|thing| thing.capacity).collect()
    }

    /// The same as the store counts it.
    pub(super) fn claims(&self, claims: &[(usize, u32)]) -> Vec<Claim> {
        let claim = |(what, amount): &(usize, u32)| Claim {
            name: self.things[*what].claim.clone(),
            capacity: self.things[*what].capacity,
            amount: *amount,
        };
        claims.iter().map(claim).collect()
    }

    /// For people: what the store calls `claim`.
    pub(super) fn name<'s>(&'s self, claim: &'s str) -> &'s str {
        let known = self.index_of.get(claim);
        known.map_or(claim, |what| self.things[*what].name.as_str())
    }
}

/// How much may run at once in this repository.
pub(super) fn job_slots(project: &Project) -> u32 {
    match project.run.jobs {
        0 => u32::try_from(crate::process::cores().get()).unwrap_or(1),
        jobs => jobs,
    }
}

/// For people: what has to be waited for. `name`: what the store's name of a thing means.
pub(super) fn waits(taken: &[Taken], name: impl Fn(&str) -> String) -> Vec<Wait> {
    let wait = |taken: &Taken| {
        // What we hold ourselves is no news to who watches us.
        let other = taken.holders.iter().find(|holder| !holder.is_us());
        Wait {
            resource: name(&taken.name),
            holder: other.map_or_else(
                || "others that wait longer".to_owned(),
                |holder| holder.who.clone(),
            ),
            held: other.map_or(Duration::ZERO, Holder::held),
        }
    };
    taken.iter().map(wait).collect()
}
