//! Shares of what there is only so much of (job slots, `[resource]` of tracks.toml), counted over all processes that work on
//! this repository. What somebody holds is freed when they die, and who has waited longest is served first.
//!
//! `claims/units/NAME/0`, `1` … are files that are locked by who holds one unit, and say who that is; `claims/queue/` has a file
//! for each wait, locked by who waits. All of it is read and changed under the lock `claims/gate`, held for microseconds.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::lock::{Lock, lock_file, try_lock_file};
use super::naming::file_name;
use super::record;
use super::{Store, StoreError};
use crate::process::clock;

/// What somebody wants of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Unique among all that can be claimed in a repository.
    pub name: String,
    /// How much there is; at least 1. Processes that disagree (tracks.toml has changed meanwhile) share the lower units, so
    /// that together they use no more than the largest number that one of them believes in.
    pub capacity: u32,
    /// At least 1; more than there is counts as all of it.
    pub amount: u32,
}

/// Who holds a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// In words: `pricing unit`.
    pub who: String,
    process: u32,
    since: i64,
}

impl Holder {
    /// Whether it is this process.
    pub fn is_us(&self) -> bool {
        self.process == std::process::id()
    }

    /// For how long it has held it.
    pub fn held(&self) -> Duration {
        let seconds = clock::now().0.saturating_sub(self.since);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

/// What somebody holds, until dropped or until the process dies.
#[derive(Debug, Default)]
pub struct Grant {
    locks: Vec<Lock>,
    /// By the name of what was claimed: the lowest unit that is held.
    units: BTreeMap<String, u32>,
}

impl Grant {
    /// The number of a unit that is held of this, from 0; different for each who holds some at the same time.
    pub fn unit(&self, name: &str) -> Option<u32> {
        self.units.get(name).copied()
    }

    /// Whether children that are started from now on hold it too: should we be killed, it is taken as long as they live.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn pass_on(&self, yes: bool) -> Result<(), StoreError> {
        self.locks.iter().try_for_each(|lock| lock.pass_on(yes))
    }
}

/// Something of which there is not enough left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub name: String,
    /// Those outside this process and within, as far as they have said who they are. Empty where older waits are served
    /// first.
    pub holders: Vec<Holder>,
}

#[derive(Debug)]
pub enum Claimed {
    Granted(Grant),
    Taken(Vec<Taken>),
}

/// One who claims, again and again until it is granted. Its waits are in the queue while it goes on asking.
#[derive(Debug)]
pub struct Claimant {
    root: PathBuf,
    /// By what they wait for; with whether that was asked for in this round.
    waits: BTreeMap<String, (Wait, bool)>,
}

/// A place in the queue.
#[derive(Debug)]
struct Wait {
    number: u64,
    amount: u32,
    path: PathBuf,
    /// Others see by it that we live, and by the time of its file that we still ask.
    lock: Lock,
}

impl Drop for Wait {
    fn drop(&mut self) {
        // One that stays is nobody's, and the next who looks takes it away.
        let _ = fs::remove_file(&self.path);
    }
}

#[derive(Serialize, Deserialize)]
struct Ticket {
    name: String,
    amount: u32,
}

impl Store {
    pub fn claimant(&self) -> Claimant {
        Claimant {
            root: self.root.join("claims"),
            waits: BTreeMap::new(),
        }
    }
}

impl Claimant {
    /// All of `claims`, or nothing of them: never holds one and waits for another. What is not granted waits in the queue
    /// from now on. `who` is what others are told while it is held.
    ///
    /// # Errors
    /// When our files cannot be made or locked.
    pub fn claim(&mut self, who: &str, claims: &[Claim]) -> Result<Claimed, StoreError> {
        let _gate = lock_file(&self.root.join("gate"))?;
        let queue = self.queue()?;
        let mut grant = Grant::default();
        let mut taken = Vec::new();
        for claim in claims {
            let amount = claim.amount.clamp(1, claim.capacity.max(1));
            match self.units(claim, amount, &queue)? {
                Some((unit, locks)) => {
                    grant.locks.extend(locks);
                    grant.units.insert(claim.name.clone(), unit);
                }
                None => taken.push(claim),
            }
        }
        if !taken.is_empty() {
            drop(grant);
            let mut named = Vec::new();
            let next = queue.last().map_or(0, |(last, _)| last + 1);
            for (number, claim) in (next..).zip(taken) {
                self.wait_for(claim, number)?;
                named.push(Taken {
                    name: claim.name.clone(),
                    holders: self.holders(claim),
                });
            }
            return Ok(Claimed::Taken(named));
        }
        for claim in claims {
            self.waits.remove(&claim.name);
        }
        let holder = Holder {
            who: who.to_owned(),
            process: std::process::id(),
            since: clock::now().0,
        };
        for lock in &mut grant.locks {
            let path = &self.root;
            let text = record::encode(path, &holder)?;
            lock.put(&text).map_err(StoreError::io(path))?;
        }
        Ok(Claimed::Granted(grant))
    }

    /// Ends a round of claims: waits for what was not claimed in it are given up.
    pub fn end_round(&mut self) {
        self.waits.retain(|_, (_, asked)| std::mem::take(asked));
    }

    /// The units of one claim, where that many are free beside what older waits are to get.
    fn units(
        &self,
        claim: &Claim,
        amount: u32,
        queue: &[(u64, Ticket)],
    ) -> Result<Option<(u32, Vec<Lock>)>, StoreError> {
        let own = self.waits.get(&claim.name).map(|(wait, _)| wait.number);
        let reserved: u32 = queue
            .iter()
            .filter(|(number, ticket)| {
                ticket.name == claim.name && own.is_none_or(|own| *number < own)
            })
            .map(|(_, ticket)| ticket.amount)
            .fold(0, u32::saturating_add);
        let wanted = u64::from(amount) + u64::from(reserved);
        let dir = self.units_of(claim);
        let mut locks: Vec<(u32, Lock)> = Vec::new();
        for unit in 0..claim.capacity.max(1) {
            locks.extend(try_lock_file(&dir.join(unit.to_string()))?.map(|lock| (unit, lock)));
            if locks.len() as u64 == wanted {
                // The lower ones are for who waits longer: they may believe that there are no others.
                locks.drain(..reserved as usize);
                return Ok(locks.first().map(|(unit, _)| *unit).map(|first| {
                    let locks = locks.into_iter().map(|(_, lock)| lock);
                    (first, locks.collect())
                }));
            }
        }
        Ok(None)
    }

    /// Who holds units of this.
    fn holders(&self, claim: &Claim) -> Vec<Holder> {
        let dir = self.units_of(claim);
        let mut holders: Vec<Holder> = Vec::new();
        for unit in 0..claim.capacity.max(1) {
            // Only who holds a unit leaves something in its file; who has just been killed may have.
            let holder = record::read(&dir.join(unit.to_string())).ok().flatten();
            holders.extend(holder.filter(|holder| !holders.contains(holder)));
        }
        holders
    }

    fn units_of(&self, claim: &Claim) -> PathBuf {
        self.root.join("units").join(file_name(&claim.name))
    }

    fn wait_for(&mut self, claim: &Claim, next: u64) -> Result<(), StoreError> {
        let number = match self.waits.get_mut(&claim.name) {
            Some((wait, asked)) if wait.amount == claim.amount => {
                *asked = true;
                return wait.lock.touch().map_err(StoreError::io(&wait.path));
            }
            // Another claim of ours comes first now: it takes over the place in the queue.
            Some((wait, _)) => wait.number,
            None => next,
        };
        let path = self
            .queue_dir()
            .join(format!("{number:020}-{}", std::process::id()));
        self.waits.remove(&claim.name);
        let Some(mut lock) = try_lock_file(&path)? else {
            return Ok(());
        };
        let ticket = Ticket {
            name: claim.name.clone(),
            amount: claim.amount,
        };
        let text = record::encode(&path, &ticket)?;
        lock.put(&text).map_err(StoreError::io(&path))?;
        let wait = Wait {
            number,
            amount: claim.amount,
            path,
            lock,
        };
        self.waits.insert(claim.name.clone(), (wait, true));
        Ok(())
    }

    fn queue_dir(&self) -> PathBuf {
        self.root.join("queue")
    }

    /// What the living wait for, in the order in which they came. Places of the dead are taken away.
    fn queue(&self) -> Result<Vec<(u64, Ticket)>, StoreError> {
        let dir = self.queue_dir();
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(StoreError::io(&dir))?,
        };
        let mut queue = Vec::new();
        for entry in entries {
            let path = entry.map_err(StoreError::io(&dir))?.path();
            let Some(number) = number_of(&path) else {
                continue;
            };
            if !self.is_ours(&path) {
                if try_lock_file(&path)?.is_some() {
                    record::remove(&path)?;
                    continue;
                }
                if asked_last(&path).is_some_and(|time| time + ASKS_AT_LEAST < clock::file_time()) {
                    continue;
                }
            }
            // Gone meanwhile: it no longer waits.
            if let Some(ticket) = record::read::<Ticket>(&path).ok().flatten() {
                queue.push((number, ticket));
            }
        }
        queue.sort_by_key(|(number, _)| *number);
        Ok(queue)
    }

    fn is_ours(&self, path: &Path) -> bool {
        self.waits.values().any(|(wait, _)| wait.path == path)
    }
}

/// Who does not ask for so long is suspended, and nobody waits for them.
const ASKS_AT_LEAST: Duration = Duration::from_secs(3);

fn asked_last(ticket: &Path) -> Option<SystemTime> {
    ticket.metadata().ok()?.modified().ok()
}

fn number_of(ticket: &Path) -> Option<u64> {
    let name = ticket.file_name()?.to_str()?;
    name.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &str, capacity: u32, amount: u32) -> Claim {
        Claim {
            name: name.to_owned(),
            capacity,
            amount,
        }
    }

    fn jobs(capacity: u32, amount: u32) -> Claim {
        claim("jobs", capacity, amount)
    }

    fn take(claimant: &mut Claimant, claims: &[Claim]) -> Option<Grant> {
        match claimant.claim("a unit", claims).unwrap() {
            Claimed::Granted(grant) => Some(grant),
            Claimed::Taken(_) => None,
        }
    }

    fn claimants<const N: usize>(dir: &Path) -> [Claimant; N] {
        [(); N].map(|()| Store::new(dir).claimant())
    }

    #[test]
    fn weights_are_counted_over_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let [mut ours, mut theirs] = claimants(dir.path());
        let one = take(&mut ours, &[jobs(3, 1)]).unwrap();
        let two = take(&mut theirs, &[jobs(3, 2)]).unwrap();
        assert_eq!((one.locks.len(), two.locks.len()), (1, 2));
        assert!(take(&mut ours, &[jobs(3, 1)]).is_none());
        drop(one);
        assert!(take(&mut theirs, &[jobs(3, 2)]).is_none(), "one is free");
        theirs.end_round();
        theirs.end_round();
        let again = take(&mut ours, &[jobs(3, 1)]).unwrap();
        drop((two, again));
        let all = take(&mut ours, &[jobs(3, 9)]).unwrap();
        assert_eq!(all.locks.len(), 3, "at most all");
        drop(all);
        assert_eq!(take(&mut ours, &[jobs(0, 0)]).unwrap().locks.len(), 1);
    }

    #[test]
    fn another_capacity() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c, mut d] = claimants(dir.path());
        let _both = take(&mut a, &[jobs(2, 2)]).unwrap();
        assert!(take(&mut b, &[jobs(1, 1)]).is_none());
        drop(b);
        assert!(take(&mut c, &[jobs(3, 2)]).is_none());
        drop(c);
        assert!(take(&mut d, &[jobs(3, 1)]).is_some());
    }

    #[test]
    fn all_or_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let postgres = || claim("postgres", 1, 1);
        let _held = take(&mut a, &[jobs(2, 1), postgres()]).unwrap();
        match b.claim("b", &[jobs(2, 1), postgres()]).unwrap() {
            Claimed::Taken(taken) => {
                let names: Vec<&str> = taken.iter().map(|taken| taken.name.as_str()).collect();
                assert_eq!(names, ["postgres"], "that alone is lacking");
                assert_eq!(taken[0].holders[0].who, "a unit");
            }
            Claimed::Granted(_) => panic!("there is one postgres"),
        }
        // Who waits for a database does not keep a job slot from others.
        assert!(take(&mut c, &[jobs(2, 1)]).is_some());
    }

    #[test]
    fn who_waits_longest_is_served_first() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let first = take(&mut a, &[jobs(2, 1)]).unwrap();
        assert!(take(&mut b, &[jobs(2, 2)]).is_none());
        assert!(
            take(&mut c, &[jobs(2, 1)]).is_none(),
            "the big one would starve"
        );
        drop(first);
        assert!(take(&mut c, &[jobs(2, 1)]).is_none());
        let big = take(&mut b, &[jobs(2, 2)]).unwrap();
        assert!(take(&mut c, &[jobs(2, 1)]).is_none());
        drop(big);
        assert!(take(&mut c, &[jobs(2, 1)]).is_some());
    }

    #[test]
    fn who_waits_longest_gets_the_units_that_it_knows_of() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let held = take(&mut a, &[jobs(1, 1)]).unwrap();
        assert!(take(&mut b, &[jobs(1, 1)]).is_none());
        drop(held);
        let other = take(&mut c, &[jobs(8, 1)]).unwrap();
        assert_eq!(other.unit("jobs"), Some(1));
        assert!(take(&mut b, &[jobs(1, 1)]).is_some());
    }

    #[test]
    fn who_is_suspended_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let held = take(&mut a, &[jobs(1, 1)]).unwrap();
        assert!(take(&mut b, &[jobs(1, 1)]).is_none());
        drop(held);
        assert!(take(&mut c, &[jobs(1, 1)]).is_none());
        let ticket = &b.waits["jobs"].0.path;
        let long_ago = clock::file_time() - Duration::from_secs(60);
        fs::File::open(ticket)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        let _held = take(&mut c, &[jobs(1, 1)]).unwrap();
        assert!(take(&mut b, &[jobs(1, 1)]).is_none(), "it asks again");
        assert!(asked_last(&b.waits["jobs"].0.path).unwrap() > long_ago);
    }

    #[test]
    fn two_waits_of_one_claim() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b] = claimants(dir.path());
        let both = [jobs(1, 1), claim("postgres", 1, 1)];
        let _held = take(&mut a, &both).unwrap();
        assert!(take(&mut b, &both).is_none());
        assert_eq!(b.waits.len(), 2);
        let queue = dir.path().join("tracks/claims/queue");
        assert_eq!(fs::read_dir(queue).unwrap().count(), 2);
    }

    #[test]
    fn who_gives_up_or_dies_does_not_wait() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let held = take(&mut a, &[jobs(2, 1)]).unwrap();
        assert!(take(&mut b, &[jobs(2, 2)]).is_none());
        assert!(take(&mut c, &[jobs(2, 1)]).is_none());
        c.end_round();
        b.end_round();
        assert_eq!(b.waits.len(), 1, "asked for in this round");
        b.end_round();
        assert!(take(&mut c, &[jobs(2, 1)]).is_some(), "no longer asked for");

        // What is left of one that was killed: a place in the queue that nobody has locked.
        let dead = dir
            .path()
            .join("tracks/claims/queue/00000000000000000000-1");
        let ticket = Ticket {
            name: "jobs".to_owned(),
            amount: 2,
        };
        record::write(&dead, &ticket).unwrap();
        assert!(take(&mut c, &[jobs(2, 1)]).is_some());
        assert!(!dead.exists());
        drop(held);
    }

    #[test]
    fn a_wait_may_change_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let [mut a, mut b, mut c] = claimants(dir.path());
        let _held = take(&mut a, &[jobs(3, 2)]).unwrap();
        assert!(take(&mut b, &[jobs(3, 3)]).is_none());
        assert!(take(&mut b, &[jobs(3, 2)]).is_none());
        assert_eq!(b.waits.len(), 1);
        assert!(take(&mut c, &[jobs(3, 1)]).is_none());
        assert!(take(&mut b, &[jobs(3, 1)]).is_some());
    }
}
