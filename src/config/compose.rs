//! Which copy of tracks.toml counts for what: the working copy says which tracks there are, base says what judges them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use crate::domain::name::{ProfileName, TrackId};
use crate::domain::project::{
    Check, CheckSettings, Condition, Coordination, Dependency, Flaky, Integration, Layout, Profile,
    Project, Stall, Track,
};

/// The project as it counts, and how the two copies differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    pub project: Project,
    /// Tracks that base does not know: judged by the working copy. Empty where base has no tracks.toml, because then
    /// everything is.
    pub unknown_to_base: Vec<TrackId>,
    /// Whether base has no tracks.toml at all.
    pub base_has_none: bool,
    /// Keys whose values differ where base's value counts, as people write them: `[check.unit]`, `[track.a] owns`.
    pub overruled: Vec<String>,
}

/// From `working`: which tracks exist, their branch, worktree, title, agent, contact, priority, `copy`, `sparse`, the
/// coordination keys, and the layout's templates and `copy`. All else from `base`, except for tracks that it does not know.
///
/// What base says of a track that exists no more goes with the track, so that every track that is referred to exists.
pub fn compose(working: Project, base: Option<Project>) -> Composed {
    let Some(base) = base else {
        return Composed {
            project: working,
            unknown_to_base: Vec::new(),
            base_has_none: true,
            overruled: Vec::new(),
        };
    };
    let overruled = overruled(&working, &base);
    let unknown_to_base = working
        .tracks
        .iter()
        .filter(|track| base.track(&track.id).is_none())
        .map(|track| track.id.clone())
        .collect();
    let mut project = judged_by(working, base);
    forget_missing_tracks(&mut project);
    Composed {
        project,
        unknown_to_base,
        base_has_none: false,
        overruled,
    }
}

fn judged_by(working: Project, base: Project) -> Project {
    let tracks = working
        .tracks
        .into_iter()
        .map(|track| match base.track(&track.id) {
            Some(judge) => track_judged_by(track, judge.clone()),
            None => track,
        })
        .collect();
    Project {
        tracks,
        // What says where base is cannot come from there.
        base: working.base,
        remote: working.remote,
        // The calendar that due dates count in, and the phase that the branches are named after.
        phase: working.phase,
        calendar: working.calendar,
        start: working.start,
        layout: Layout {
            setup: base.layout.setup,
            setup_inputs: base.layout.setup_inputs,
            ..working.layout
        },
        coordination: Coordination {
            reviewers: base.coordination.reviewers,
            ..working.coordination
        },
        ..base
    }
}

fn track_judged_by(track: Track, judge: Track) -> Track {
    Track {
        code: judge.code,
        depends_on: judge.depends_on,
        owns: judge.owns,
        tables: judge.tables,
        objects: judge.objects,
        deliverables: judge.deliverables,
        reviewers: judge.reviewers,
        setup: judge.setup,
        hooks: judge.hooks,
        notify: judge.notify,
        ..track
    }
}

fn forget_missing_tracks(project: &mut Project) {
    let ids: Vec<TrackId> = project
        .tracks
        .iter()
        .map(|track| track.id.clone())
        .collect();
    let exists = |id: &TrackId| ids.contains(id);
    for track in &mut project.tracks {
        track.depends_on.retain(|dependency| match dependency {
            Dependency::Track(id) => exists(id),
            Dependency::Contract { name, .. } => project
                .contracts
                .iter()
                .any(|contract| contract.name == *name),
        });
    }
    let forget_in = |checks: &mut [Check], integration: &mut Integration| {
        let lists = checks.iter_mut().filter_map(|check| check.tracks.as_mut());
        lists.for_each(|tracks| tracks.retain(exists));
        integration.required.retain(exists);
    };
    forget_in(&mut project.checks, &mut project.integration);
    for profile in &mut project.profiles {
        forget_in(&mut profile.checks, &mut profile.integration);
    }
    for shared in &mut project.shared {
        shared.owner.take_if(|owner| !exists(owner));
        shared.consumers.retain(exists);
    }
    for contract in &mut project.contracts {
        contract.owner.take_if(|owner| !exists(owner));
        contract.consumers.retain(exists);
    }
    // An exception for a track that is gone must not become one for every track.
    project
        .allow
        .retain(|allow| allow.track.as_ref().is_none_or(exists));
}

/// Collects the names of keys that differ.
struct Differences(Vec<String>);

impl Differences {
    fn note<T: PartialEq>(&mut self, name: &str, working: &T, base: &T) {
        if working != base {
            self.0.push(name.to_owned());
        }
    }

    /// Each element under its name, in the order of `working`, then what only `base` has.
    fn by_name<T: PartialEq + Debug>(
        &mut self,
        working: &[T],
        base: &[T],
        name: impl Fn(&T) -> String,
    ) {
        let find = |all: &[T], wanted: &str| all.iter().position(|one| name(one) == wanted);
        for one in working {
            let other = find(base, &name(one)).map(|at| &base[at]);
            if other != Some(one) {
                self.0.push(name(one));
            }
        }
        for one in base {
            if find(working, &name(one)).is_none() {
                self.0.push(name(one));
            }
        }
    }
}

macro_rules! note_each {
    ($differences:ident, $header:expr, $working:expr, $base:expr, $($key:ident),+) => {
        $($differences.note(
            &format!("{} {}", $header, stringify!($key)),
            &$working.$key,
            &$base.$key,
        );)+
    };
}

fn overruled(working: &Project, base: &Project) -> Vec<String> {
    let mut d = Differences(Vec::new());
    note_each!(d, "[project]", working, base, name);
    note_each!(
        d,
        "[layout]",
        working.layout,
        base.layout,
        setup,
        setup_inputs
    );
    note_each!(
        d,
        "[run]",
        working.run,
        base.run,
        jobs,
        per_track,
        retries,
        backoff,
        timeout,
        grace,
        stall_timeout,
        stall,
        fail_fast,
        flaky,
        breaker,
        env
    );
    d.note("[resource]", &working.resources, &base.resources);
    d.note("[service]", &working.services, &base.services);
    d.by_name(
        &profiles_alone(working),
        &profiles_alone(base),
        |(name, _, _)| format!("[profile.{name}]"),
    );
    for track in &working.tracks {
        if let Some(judge) = base.track(&track.id) {
            let header = format!("[track.{}]", track.id);
            note_each!(
                d,
                header,
                track,
                judge,
                code,
                depends_on,
                owns,
                tables,
                objects,
                deliverables,
                reviewers,
                setup,
                hooks,
                notify
            );
        }
    }
    d.by_name(&checks_alone(working), &checks_alone(base), |(check, _)| {
        format!("[check.{}]", check.name)
    });
    note_each!(
        d,
        "[integration]",
        working.integration,
        base.integration,
        branch,
        every,
        admit,
        quorum,
        required,
        on_conflict,
        on_failure,
        critical,
        max_age,
        resolve
    );
    d.note("[ownership]", &working.ownership, &base.ownership);
    d.by_name(&working.shared, &base.shared, |shared| {
        format!("[shared.\"{}\"]", shared.pattern)
    });
    d.note("[[allow]]", &working.allow, &base.allow);
    d.note("[migrations]", &working.migrations, &base.migrations);
    d.by_name(&working.contracts, &base.contracts, |contract| {
        format!("[contract.{}]", contract.name)
    });
    d.note("[commit]", &working.commit, &base.commit);
    d.note("[names]", &working.names, &base.names);
    d.note("[severity]", &working.severity, &base.severity);
    d.note("[hooks]", &working.hooks, &base.hooks);
    d.note("[notify]", &working.notify, &base.notify);
    let reviewers = |project: &Project| project.coordination.reviewers.clone();
    d.note("[reviewers]", &reviewers(working), &reviewers(base));
    note_each!(
        d,
        "[land]",
        working.land,
        base.land,
        approve,
        after,
        rollback_auto
    );
    d.note(
        "[report]",
        &working.report_templates,
        &base.report_templates,
    );
    d.0
}

type ProfileAlone = (ProfileName, Option<Condition>, BTreeMap<String, String>);

/// What each profile says itself: what it takes over from elsewhere is named there.
fn profiles_alone(project: &Project) -> Vec<ProfileAlone> {
    let alone = |profile: &Profile| {
        let (name, when) = (profile.name.clone(), profile.when.clone());
        (name, when, profile.overrides.clone())
    };
    project.profiles.iter().map(alone).collect()
}

/// A check, and which of its settings are its own: what it takes over from `[run]` is named there.
fn checks_alone(project: &Project) -> Vec<(Check, OwnSettings)> {
    let own_settings = |check: &Check| {
        let (settings, run) = (&check.settings, &project.run);
        let own_env = settings.env.iter();
        OwnSettings {
            timeout: (settings.timeout != run.timeout).then_some(settings.timeout),
            stall_timeout: (settings.stall_timeout != run.stall_timeout)
                .then_some(settings.stall_timeout),
            stall: (settings.stall != run.stall).then_some(settings.stall),
            retries: (settings.retries != run.retries).then_some(settings.retries),
            backoff: (settings.backoff != run.backoff).then_some(settings.backoff),
            flaky: (settings.flaky != run.flaky).then_some(settings.flaky),
            env: own_env
                .filter(|(key, value)| run.env.get(*key) != Some(*value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        }
    };
    let without_settings = |check: &Check| Check {
        settings: CheckSettings {
            timeout: Duration::ZERO,
            retries: 0,
            backoff: Duration::ZERO,
            stall_timeout: Duration::ZERO,
            stall: Stall::Report,
            flaky: Flaky::Pass,
            env: BTreeMap::new(),
        },
        ..check.clone()
    };
    project
        .checks
        .iter()
        .map(|check| (without_settings(check), own_settings(check)))
        .collect()
}

#[derive(Debug, PartialEq)]
struct OwnSettings {
    timeout: Option<Duration>,
    stall_timeout: Option<Duration>,
    stall: Option<Stall>,
    retries: Option<u32>,
    backoff: Option<Duration>,
    flaky: Option<Flaky>,
    env: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(text: &str) -> Project {
        let parsed = super::super::parse(text, "app");
        parsed
            .project
            .unwrap_or_else(|| panic!("{text}\n{:?}", parsed.diagnostics))
    }

    #[test]
    fn without_a_base_the_working_copy_counts() {
        let working = project("[track.a]\nowns = 'x'\n");
        let composed = compose(working.clone(), None);
        assert!(composed.base_has_none);
        assert_eq!(composed.project, working);
        assert!(composed.unknown_to_base.is_empty() && composed.overruled.is_empty());
    }

    #[test]
    fn the_same_copy_twice_differs_in_nothing() {
        let text = include_str!("every_key.toml");
        let composed = compose(project(text), Some(project(text)));
        assert_eq!(composed.project, project(text));
        assert_eq!(composed.overruled, Vec::<String>::new());
    }

    /// (working, base, what the result is the same as, what is said to be overruled)
    #[test]
    fn which_copy_counts() {
        let cases: &[(&str, &str, &str, &[&str])] = &[
            // From the working copy.
            (
                "[track.a]\ntitle = 'new'\nagent = 'x'\nbranch = 'b'\nworktree = 'w'\npriority = 3\ncopy = 'c'\nsparse = true\ndue = 'day 2'\n",
                "[track.a]\ntitle = 'old'\n",
                "[track.a]\ntitle = 'new'\nagent = 'x'\nbranch = 'b'\nworktree = 'w'\npriority = 3\ncopy = 'c'\nsparse = true\ndue = 'day 2'\n",
                &[],
            ),
            (
                "[project]\nphase = 'p2'\nbase = 'trunk'\n[integration]\nbranch = 'i'\n[layout]\nworktrees = '../w'\ncopy = 'x'\n[track.a]\n",
                "[project]\nphase = 'p1'\n[integration]\nbranch = 'i'\n[track.a]\n",
                "[project]\nphase = 'p2'\nbase = 'trunk'\n[integration]\nbranch = 'i'\n[layout]\nworktrees = '../w'\ncopy = 'x'\n[track.a]\n",
                &[],
            ),
            (
                "[track.a]\n[[checkpoint]]\nname = 'x'\n",
                "[track.a]\n[[step]]\nname = 'y'\n",
                "[track.a]\n[[checkpoint]]\nname = 'x'\n",
                &[],
            ),
            // From base.
            (
                "[track.a]\nowns = '**'\nsetup = 'evil'\n[track.b]\n",
                "[track.a]\nowns = 'src'\n[track.b]\n",
                "[track.a]\nowns = 'src'\n[track.b]\n",
                &["[track.a] owns", "[track.a] setup"],
            ),
            (
                "[track.a]\n[check.unit]\nrun = 'true'\n[check.mine]\nrun = 'x'\n",
                "[track.a]\n[check.unit]\nrun = 'make test'\n[check.lint]\nrun = 'y'\n",
                "[track.a]\n[check.unit]\nrun = 'make test'\n[check.lint]\nrun = 'y'\n",
                &["[check.unit]", "[check.mine]", "[check.lint]"],
            ),
            (
                "[run]\nretries = 2\n[track.a]\n[profile.p]\njobs = 9\nwhen = 'files > 1'\n[profile.mine]\n[profile.same]\njobs = 1\n",
                "[track.a]\n[profile.p]\njobs = 9\nwhen = 'files > 2'\n[profile.same]\njobs = 1\n[profile.theirs]\n",
                "[track.a]\n[profile.p]\njobs = 9\nwhen = 'files > 2'\n[profile.same]\njobs = 1\n[profile.theirs]\n",
                &[
                    "[run] retries",
                    "[profile.p]",
                    "[profile.mine]",
                    "[profile.theirs]",
                ],
            ),
            (
                "[run]\ntimeout = '1s'\nenv = { A = '1' }\n[layout]\nsetup = 'x'\nsetup_inputs = 'x'\n[track.a]\n[check.u]\nrun = 'x'\nstall = 'kill'\n[check.v]\nrun = 'x'\n",
                "[track.a]\n[check.u]\nrun = 'x'\n[check.v]\nrun = 'x'\n",
                "[track.a]\n[check.u]\nrun = 'x'\n[check.v]\nrun = 'x'\n",
                &[
                    "[layout] setup",
                    "[layout] setup_inputs",
                    "[run] timeout",
                    "[run] env",
                    "[check.u]",
                ],
            ),
            (
                "[track.a]\n[integration]\nquorum = 1\n[severity]\nOWN01 = 'off'\n[[allow]]\ncode = 'OWN01'\nreason = 'x'\n[reviewers]\n'x' = 'me'\n[land]\napprove = []\n",
                "[track.a]\n[land]\napprove = 'lead'\n",
                "[track.a]\n[land]\napprove = 'lead'\n",
                &[
                    "[integration] quorum",
                    "[[allow]]",
                    "[severity]",
                    "[reviewers]",
                    "[land] approve",
                ],
            ),
            // A track that is gone takes what refers to it along.
            (
                "[track.a]\n",
                "[track.a]\ndepends_on = 'b'\n[track.b]\n[integration]\nrequired = ['a', 'b']\n[shared.x]\nowner = 'b'\nconsumers = ['a']\n[[allow]]\ncode = 'OWN01'\ntrack = 'b'\nreason = 'x'\n",
                "[track.a]\n[integration]\nrequired = ['a']\n[shared.x]\nconsumers = ['a']\n",
                &[
                    "[track.a] depends_on",
                    "[integration] required",
                    "[shared.\"x\"]",
                    "[[allow]]",
                ],
            ),
        ];
        for (working, base, expected, overruled) in cases {
            let composed = compose(project(working), Some(project(base)));
            assert_eq!(composed.project, project(expected), "{working}\n{base}");
            assert_eq!(composed.overruled, *overruled, "{working}\n{base}");
            assert!(composed.unknown_to_base.is_empty());
        }
    }

    #[test]
    fn a_track_that_is_gone_is_gone_from_profiles_too() {
        let base = "[track.a]\n[track.b]\n[check.u]\nrun = 'x'\n\
            [profile.p.check.u]\ntracks = ['a', 'b']\n[profile.p.integration]\nrequired = ['b']\n";
        let composed = compose(project("[track.a]\n"), Some(project(base)));
        let profile = &composed.project.profiles[0];
        let a = TrackId::new("a").unwrap();
        assert_eq!(profile.checks[0].tracks, Some(vec![a]));
        assert_eq!(profile.integration.required, []);
    }

    #[test]
    fn a_track_that_base_does_not_know_is_judged_by_the_working_copy() {
        let composed = compose(
            project("[track.a]\n[track.new]\nowns = 'new'\ndepends_on = 'a'\n"),
            Some(project("[track.a]\nowns = 'a'\n")),
        );
        let expected = "[track.a]\nowns = 'a'\n[track.new]\nowns = 'new'\ndepends_on = 'a'\n";
        assert_eq!(composed.project, project(expected));
        assert_eq!(composed.unknown_to_base, [TrackId::new("new").unwrap()]);
        assert_eq!(composed.overruled, ["[track.a] owns"]);
    }
}
