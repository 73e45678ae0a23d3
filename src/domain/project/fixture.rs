//! A project as a tracks.toml with nothing but bare tracks gives it, for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Admit, Calendar, Check, CheckSettings, Command, CommitRules, Coordination, Dependency, Flaky,
    Hooks, Integration, Land, Layout, OnConflict, OnFailure, Ownership, Profile, Project, Run,
    Stall, Track, Unowned, When,
};
use crate::domain::name::{BranchName, CheckName, ProfileName, TrackId};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn project(tracks: &[&str]) -> Project {
    Project {
        name: "demo".to_owned(),
        phase: None,
        base: None,
        remote: "origin".to_owned(),
        calendar: Calendar::Weekdays,
        start: None,
        layout: Layout {
            worktrees: "worktrees".to_owned(),
            worktree: "{track}".to_owned(),
            branch: "track/{track}".to_owned(),
            setup: Vec::new(),
            setup_inputs: Vec::new(),
            copy: Vec::new(),
        },
        run: Run {
            jobs: 3,
            per_track: 0,
            retries: 0,
            backoff: Duration::from_secs(1),
            timeout: 30 * MINUTE,
            grace: Duration::from_secs(5),
            stall_timeout: 10 * MINUTE,
            stall: Stall::Report,
            fail_fast: false,
            flaky: Flaky::Pass,
            breaker: 3,
            env: BTreeMap::new(),
        },
        resources: BTreeMap::new(),
        services: BTreeMap::new(),
        profiles: Vec::new(),
        tracks: tracks.iter().map(|id| track(id)).collect(),
        checks: Vec::new(),
        integration: Integration {
            branch: BranchName::new("integration").unwrap(),
            every: 48 * 60 * MINUTE,
            admit: Admit::All,
            quorum: None,
            required: Vec::new(),
            on_conflict: OnConflict::Eject,
            on_failure: OnFailure::Isolate,
            critical: Vec::new(),
            max_age: None,
            resolve: Vec::new(),
        },
        ownership: Ownership {
            unowned: Unowned::Warn,
            frozen: Vec::new(),
            codeowners: None,
        },
        shared: Vec::new(),
        allow: Vec::new(),
        migrations: None,
        contracts: Vec::new(),
        commit: CommitRules::default(),
        names: Vec::new(),
        severity: BTreeMap::new(),
        hooks: Hooks::default(),
        notify: BTreeMap::new(),
        coordination: Coordination::default(),
        land: Land {
            approve: Vec::new(),
            after: Vec::new(),
            rollback_auto: false,
        },
        report_templates: None,
    }
}

/// A profile that changes nothing.
pub(crate) fn profile(name: &str, project: &Project) -> Profile {
    Profile {
        name: ProfileName::new(name).unwrap(),
        when: None,
        run: project.run.clone(),
        checks: project.checks.clone(),
        integration: project.integration.clone(),
        overrides: BTreeMap::new(),
    }
}

pub(crate) fn track(id: &str) -> Track {
    Track::bare(
        TrackId::new(id).unwrap(),
        BranchName::new(&format!("track/{id}")).unwrap(),
        id.to_owned(),
    )
}

/// Comma-separated track ids.
pub(crate) fn depends_on(needs: &str) -> Vec<Dependency> {
    needs
        .split(',')
        .filter(|need| !need.is_empty())
        .map(|need| Dependency::Track(TrackId::new(need).unwrap()))
        .collect()
}

pub(crate) fn check(name: &str, run: Command) -> Check {
    Check {
        name: CheckName::new(name).unwrap(),
        run,
        tracks: None,
        when: vec![When::Track, When::Integration],
        needs: Vec::new(),
        inputs: Vec::new(),
        tools: Vec::new(),
        cwd: ".".to_owned(),
        settings: CheckSettings {
            timeout: 30 * MINUTE,
            retries: 0,
            backoff: Duration::from_secs(1),
            stall_timeout: 10 * MINUTE,
            stall: Stall::Report,
            flaky: Flaky::Pass,
            env: BTreeMap::new(),
        },
        weight: 1,
        jobs: 0,
        resources: Vec::new(),
        services: Vec::new(),
        allow_failure: false,
        retry: None,
        metrics: Vec::new(),
        junit: Vec::new(),
    }
}
