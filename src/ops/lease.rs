//! Holding resources of tracks.toml while something else runs: what checks hold is held against it, and the other way round.

use std::thread;

use crate::domain::name::nearest;
use crate::store::{Claimed, Grant, StoreError};

use super::limits::{BETWEEN_CLAIMS, Limits, waits};
use super::variables::as_part;
use super::{Emit, Event, Session, Wait};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names of `[resource]`, one unit of each.
    pub resources: Vec<String>,
    /// Job slots to hold beside.
    pub slots: u32,
    /// What others are told while it is held.
    pub who: String,
}

/// What is held, until it is dropped or everybody is dead who it was passed on to.
#[derive(Debug)]
pub struct Lease {
    grant: Grant,
    /// For the command that runs meanwhile: which unit of each resource it has, from 0.
    pub variables: Vec<(String, String)>,
}

impl Lease {
    /// Whether children that are started from now on hold it too.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn pass_on(&self, yes: bool) -> Result<(), StoreError> {
        self.grant.pass_on(yes)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    #[error("there is no resource `{name}`")]
    UnknownResource {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Waits until everything is there; `None` where somebody interrupts that.
///
/// # Errors
/// When there is no such resource, or our files cannot be used.
pub fn take(
    session: &Session,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Option<Lease>, LeaseError> {
    let project = &session.project;
    let mut limits = Limits::new(project);
    let mut wanted = Vec::new();
    for name in &options.resources {
        if !project.resources.contains_key(name) {
            let known: Vec<String> = project.resources.keys().cloned().collect();
            let nearest = nearest(name, known.iter().map(String::as_str));
            return Err(LeaseError::UnknownResource {
                name: name.clone(),
                nearest: nearest.map(str::to_owned),
                known,
            });
        }
        let resource = (limits.resource(project, name), 1);
        // Named twice, it is meant once.
        if !wanted.contains(&resource) {
            wanted.push(resource);
        }
    }
    if options.slots > 0 {
        wanted.push(limits.slots(options.slots));
    }
    let claims = limits.claims(&wanted);
    let mut claimant = session.store.claimant();
    let mut said: Vec<Wait> = Vec::new();
    loop {
        if session.interrupt.exit_status().is_some() {
            return Ok(None);
        }
        let taken = match claimant.claim(&options.who, &claims)? {
            Claimed::Granted(grant) => {
                if !said.is_empty() {
                    emit(&Event::Waiting(&[]));
                }
                let unit = |name: &String| {
                    let unit = grant.unit(&format!("resource {name}"))?;
                    Some((
                        format!("TRACKS_RESOURCE_{}", as_part(name)),
                        unit.to_string(),
                    ))
                };
                let variables = options.resources.iter().filter_map(unit).collect();
                return Ok(Some(Lease { grant, variables }));
            }
            Claimed::Taken(taken) => taken,
        };
        let waits = waits(&taken, |claim| limits.name(claim).to_owned());
        let holders = |waits: &[Wait]| -> Vec<String> {
            waits.iter().map(|wait| wait.holder.clone()).collect()
        };
        if said.is_empty() || holders(&said) != holders(&waits) {
            emit(&Event::Waiting(&waits));
            said = waits;
        }
        thread::park_timeout(BETWEEN_CLAIMS);
    }
}
