//! A load of checks as a table, and what no schedule of it can undercut: worked out here from the durations that it is
//! configured with, so that the tool cannot flatter itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// One check, in every track.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) name: &'static str,
    /// Milliseconds.
    pub(super) takes: u64,
    pub(super) needs: &'static [&'static str],
    pub(super) weight: u32,
    pub(super) resource: Option<&'static str>,
}

/// A resource, and how many there are.
pub(super) const RESOURCES: [(&str, u32); 2] = [("database", 1), ("device", 2)];

pub(super) const JOBS: u32 = 4;

const fn plain(name: &'static str, takes: u64, needs: &'static [&'static str]) -> Load {
    Load {
        name,
        takes,
        needs,
        weight: 1,
        resource: None,
    }
}

const fn heavy(name: &'static str, takes: u64, weight: u32) -> Load {
    Load {
        weight,
        ..plain(name, takes, &[])
    }
}

const fn with(name: &'static str, takes: u64, resource: &'static str) -> Load {
    Load {
        resource: Some(resource),
        ..plain(name, takes, &[])
    }
}

/// A fork that is joined, a pipeline, checks that take turns at a resource, and heavy ones.
pub(super) const LOADS: [Load; 20] = [
    plain("fetch", 150, &[]),
    plain("part-a", 400, &["fetch"]),
    plain("part-b", 250, &["fetch"]),
    plain("part-c", 300, &["fetch"]),
    plain("part-d", 100, &["fetch"]),
    plain("part-e", 350, &["fetch"]),
    plain(
        "join",
        200,
        &["part-a", "part-b", "part-c", "part-d", "part-e"],
    ),
    plain("ship", 250, &["join"]),
    plain("first", 100, &[]),
    plain("second", 300, &["first"]),
    plain("third", 200, &["second"]),
    plain("fourth", 150, &["third"]),
    with("query", 300, "database"),
    with("migrate", 450, "database"),
    with("flash", 500, "device"),
    with("measure", 350, "device"),
    heavy("build", 500, 2),
    heavy("whole", 200, 4),
    plain("long", 800, &[]),
    plain("short", 50, &[]),
];

/// The configuration for it. `takes` gives the command of a check.
pub(super) fn checks(command: impl Fn(&Load) -> String) -> String {
    let mut text = format!("\n[run]\njobs = {JOBS}\n\n[resource]\n");
    for (name, count) in RESOURCES {
        let _ = writeln!(text, "{name} = {count}");
    }
    for load in &LOADS {
        let _ = write!(
            text,
            "\n[check.{}]\nrun = '''{}'''\nneeds = {:?}\nweight = {}\n",
            load.name,
            command(load),
            load.needs,
            load.weight
        );
        if let Some(resource) = load.resource {
            let _ = writeln!(text, "resources = [\"{resource}\"]");
        }
    }
    text
}

/// The longest of: the longest chain of needs, the work over the jobs, and the work with each resource over its count.
pub(super) fn lower_bound(loads: &[Load], tracks: u32) -> Duration {
    let mut chain: BTreeMap<&str, u64> = BTreeMap::new();
    for load in loads {
        let before = load.needs.iter().filter_map(|need| chain.get(need));
        let until = before.max().copied().unwrap_or(0) + load.takes;
        chain.insert(load.name, until);
    }
    let longest = chain.values().max().copied().unwrap_or(0);
    let shared = |work: u64, count: u32| work as f64 * f64::from(tracks) / f64::from(count);
    let work = loads.iter().map(|load| load.takes * u64::from(load.weight));
    let mut bound = (longest as f64).max(shared(work.sum(), JOBS));
    for (name, count) in RESOURCES {
        let users = loads.iter().filter(|load| load.resource == Some(name));
        bound = bound.max(shared(users.map(|load| load.takes).sum(), count));
    }
    Duration::from_secs_f64(bound / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_is_longest_bounds() {
        let bound = |loads: &[Load], tracks| lower_bound(loads, tracks).as_millis();
        let chain = [
            plain("a", 100, &[]),
            plain("b", 200, &["a"]),
            plain("c", 50, &["a"]),
            plain("d", 300, &["b", "c"]),
        ];
        assert_eq!(bound(&chain, 1), 600);
        assert_eq!(bound(&chain, 8), 1300);
        assert_eq!(bound(&[heavy("h", 400, 3)], 1), 400);
        assert_eq!(bound(&[heavy("h", 400, 3)], 4), 1200);
        let database = [with("q", 100, "database"), with("r", 150, "database")];
        assert_eq!(bound(&database, 2), 500);
        assert_eq!(bound(&[with("q", 100, "device")], 4), 200);
    }

    #[test]
    fn the_load_is_what_it_is_to_be() {
        for (at, load) in LOADS.iter().enumerate() {
            assert!((50..=800).contains(&load.takes) && load.weight <= JOBS);
            for need in load.needs {
                assert!(LOADS[..at].iter().any(|before| before.name == *need));
            }
        }
        let text = checks(|load| format!("sleep {}", load.takes));
        assert!(text.contains(
            "[check.query]\nrun = '''sleep 300'''\nneeds = []\nweight = 1\nresources = [\"database\"]\n"
        ));
    }
}
