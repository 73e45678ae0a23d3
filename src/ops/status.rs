//! One row a track: where it stands against base, what is uncommitted, what its checks said, with whom it collides, and
//! whether it may enter the next round.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::change::Dirty;
use crate::domain::contract::Behind;
use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::project::{Admit, Track, When};
use crate::domain::readiness::{Facts, Readiness, judge};
use crate::domain::revision::CommitId;
use crate::domain::rule::Finding;
use crate::domain::state::State;
use crate::domain::sync::{Why, not_admitted_as, overdue_text};
use crate::domain::time::{Timestamp, ago};
use crate::domain::trust::commands_of_setup;
use crate::git::{GitError, Merger, Worktree};
use crate::process::{clock, cores, in_parallel};

use super::behind::{Acknowledged, Looker};
use super::declared::Declared;
use super::figures::Earlier;
use super::integration_side::last_round;
use super::keys::Keys;
use super::landed::{self, Line};
use super::matrix::{self, Matrix, Scope, TrackSide};
use super::overdue;
use super::rules::{self, WithUncommitted};
use super::runner;
use super::tasks::{Judged, Tasks};
use super::trust::Trust;
use super::{BasePoint, Session, sync};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCommit {
    pub time: Timestamp,
    pub subject: String,
}

/// Names of checks by what is known of them on the track's present tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checks {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub track: TrackId,
    pub title: Option<String>,
    pub agent: Option<String>,
    pub branch: BranchName,
    pub worktree: Option<PathBuf>,
    pub commit: Option<CommitId>,
    /// `None`: no branch, or the history needed is not here.
    pub ahead: Option<usize>,
    pub behind: Option<usize>,
    /// `None`: no worktree, or it could not be read.
    pub dirty: Option<Dirty>,
    pub last_commit: Option<LastCommit>,
    pub checks: Checks,
    /// Tracks it conflicts with.
    pub collisions: Vec<TrackId>,
    pub conflicts_with_base: bool,
    /// What refuses it by rules, each as a sentence; the worst first.
    pub broken: Vec<String>,
    /// The last round left it out by a rule, and it is still what was judged.
    pub out_by_rule: bool,
    /// What of the contracts that it consumes it has not taken in.
    pub not_taken_in: Vec<Behind>,
    pub declared: State,
    /// All of its work is in base.
    pub landed: bool,
    pub readiness: Readiness,
    pub missing: Vec<String>,
    /// What could not be found out, one sentence each.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationState {
    pub branch: BranchName,
    pub commit: Option<CommitId>,
    /// Commits of base that it lacks.
    pub behind_base: Option<usize>,
    /// What the round that made this commit found; `None` where no round did.
    pub green: Option<bool>,
    pub merged: Vec<TrackId>,
    pub coverage: Coverage,
}

/// How much of the tracks' work the integration branch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    None,
    Partial,
    Full,
}

#[derive(Debug)]
pub struct Report {
    pub base: BasePoint,
    pub integration: IntegrationState,
    pub rows: Vec<Row>,
    /// What to do next, most useful first.
    pub next: Vec<NextStep>,
}

/// Something worth doing, and the command that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    pub what: String,
    pub command: String,
}

/// # Errors
/// When the repository cannot be read or git cannot be run.
pub fn run(session: &Session, trust: &Trust) -> Result<Report, GitError> {
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let ids: Vec<TrackId> = session
        .project
        .tracks
        .iter()
        .map(|track| track.id.clone())
        .collect();
    let sides = matrix::track_sides(session, &merger, &ids, false)?;
    let memo = matrix::memory(session);
    let scope = Scope::WithoutIntegration;
    let mut matrix = Matrix::new(session, &merger, &memo, &sides, scope)?;
    let mut pairs = matrix.pairs()?;
    // What a round resolves keeps nobody out. Where that cannot be told, a conflict is one.
    let foreseen = sync::foresee(session, &merger, &pairs).unwrap_or_default();
    pairs.retain(|pair| !foreseen.contains_key(&(pair.a.clone(), pair.b.clone())));
    matrix::remember(session, &memo);
    let worktrees = session.repository.worktrees()?;
    let checks = session.project.checks.iter();
    let keys = Keys::new(
        session,
        trust,
        checks.filter(|check| check.when.contains(&When::Track)),
    );
    let of_tasks = Tasks {
        session,
        keys: &keys,
        earlier: &Earlier::read(session)?,
    };
    let tracks: Vec<(&Track, &TrackSide)> = session.project.tracks.iter().zip(&sides).collect();
    let rows: Result<Vec<Row>, GitError> = in_parallel(&tracks, cores().get(), |(track, side)| {
        row(session, &merger, &of_tasks, &worktrees, &pairs, track, side)
    })
    .into_iter()
    .collect();
    let mut rows = rows?;
    note_landings(session, &mut rows);
    note_last_round(session, &mut rows);
    note_what_is_declared(session, &mut rows)?;
    note_broken_rules(session, &matrix, &mut rows)?;
    note_what_is_behind(session, &merger, &mut rows)?;
    note_what_is_overdue(session, &mut rows);
    let waiting = waiting_for(session, &rows);
    let admit = session.project.integration.admit;
    for (row, waiting) in rows.iter_mut().zip(waiting) {
        (row.readiness, row.missing) = readiness(admit, row, &waiting);
    }
    let integration = integration(session, &rows)?;
    let next = next_steps(session, &rows, &integration);
    Ok(Report {
        base: session.base.clone(),
        integration,
        rows,
        next,
    })
}

fn row(
    session: &Session,
    merger: &Merger<'_>,
    of_tasks: &Tasks<'_, '_>,
    worktrees: &[Worktree],
    pairs: &[Pair],
    track: &Track,
    side: &TrackSide,
) -> Result<Row, GitError> {
    let worktree = Worktree::of_branch(worktrees, &track.branch);
    let mut notes: Vec<String> = side.unavailable.iter().chain(&side.note).cloned().collect();
    let dirty = worktree.and_then(
        |entry| match session.repository.worktree_status(&entry.path) {
            Ok(status) => {
                if let Some(unfinished) = status.unfinished.filter(|_| side.note.is_none()) {
                    notes.push(format!("in the middle of a {}", unfinished.as_str()));
                }
                Some(status.dirty)
            }
            Err(error) => {
                notes.push(error.to_string());
                None
            }
        },
    );
    let (mut ahead, mut behind, mut last_commit) = (None, None, None);
    if let Some(tip) = side.tip {
        match session.repository.ahead_behind(tip, session.base.commit) {
            Ok(count) => (ahead, behind) = (Some(count.ahead), Some(count.behind)),
            Err(error) => notes.push(error.to_string()),
        }
        let info = session.repository.commit(tip)?;
        last_commit = Some(LastCommit {
            time: info.committed,
            subject: info.subject,
        });
    }
    let me = Side::Track(track.id.clone());
    let mut collisions = Vec::new();
    let mut conflicts_with_base = false;
    for pair in pairs
        .iter()
        .filter(|pair| matches!(pair.verdict, Verdict::Conflict(_)))
    {
        let other = match (pair.a == me, pair.b == me) {
            (true, _) => &pair.b,
            (_, true) => &pair.a,
            _ => continue,
        };
        match other {
            Side::Track(id) => collisions.push(id.clone()),
            Side::Base => conflicts_with_base = true,
            Side::Integration | Side::Both(..) | Side::Part(_) => {}
        }
    }
    Ok(Row {
        track: track.id.clone(),
        title: track.title.clone(),
        agent: track.agent.clone(),
        branch: track.branch.clone(),
        worktree: worktree.map(|entry| entry.path.clone()),
        commit: side.tip,
        landed: false,
        ahead,
        behind,
        dirty,
        last_commit,
        checks: known_checks(of_tasks, merger, track, side)?,
        collisions,
        conflicts_with_base,
        broken: Vec::new(),
        out_by_rule: false,
        not_taken_in: Vec::new(),
        declared: State::default(),
        readiness: Readiness::Empty,
        missing: Vec::new(),
        notes,
    })
}

fn known_checks(
    of_tasks: &Tasks<'_, '_>,
    merger: &Merger<'_>,
    track: &Track,
    side: &TrackSide,
) -> Result<Checks, GitError> {
    let mut checks = Checks::default();
    let (session, project) = (of_tasks.session, &of_tasks.session.project);
    let setup = commands_of_setup(project, Some(track));
    let own = project
        .checks
        .iter()
        .filter(|check| check.when.contains(&When::Track) && check.applies_to(&track.id));
    let judged = Judged {
        side: &Side::Track(track.id.clone()),
        tree: side.tree.filter(|_| side.note.is_none()),
        setup: &setup,
        setups_of_base: &[&setup],
    };
    for task in of_tasks.of(merger, &judged, &own.collect::<Vec<_>>())? {
        let result = task.key.and_then(|key| session.store.result(&key));
        let name = task.check.name.to_string();
        match result {
            Some(result) if runner::is_pass(task.check, &result, &task.before) => {
                checks.passed.push(name);
            }
            Some(result) if result.outcome.is_red() => checks.failed.push(name),
            // A pass that is none any more is run again, and may come out either way.
            _ => checks.unknown.push(name),
        }
    }
    Ok(checks)
}

/// Whether tracks had work and base has all of it, or had it once.
fn note_landings(session: &Session, rows: &mut [Row]) {
    let (repository, base) = (&session.repository, session.base.commit);
    let asked = |row: &Row| row.commit.is_some_and(|tip| tip != base);
    let is_in_base = |row: &Row| row.ahead == Some(0);
    let limit = match rows.iter().any(|row| asked(row) && is_in_base(row)) {
        true => landed::LIMIT,
        // What took something back is among the commits that a track does not have.
        false => rows.iter().filter_map(|row| row.behind).max().unwrap_or(0),
    };
    let line = Line::read(repository, base, limit);
    for row in rows.iter_mut().filter(|row| asked(row)) {
        let Some(tip) = row.commit else { continue };
        if let Some(taken) = line.taken_back(repository, &row.track, tip) {
            let dir = (row.worktree.as_ref())
                .map(|dir| format!(" -C {}", dir.display()))
                .unwrap_or_default();
            row.notes.push(format!(
                "{}; to land it again, give them new ids: {}",
                taken.what_happened(&session.base.name),
                taken.way_in_again(&dir, &session.base.name),
            ));
        } else if is_in_base(row) {
            row.landed = !line.has(tip);
        }
    }
}

/// What the last round had against a track, as long as the track is still what was judged.
fn note_last_round(session: &Session, rows: &mut [Row]) {
    let rounds = session.store.rounds().unwrap_or_default();
    let Some(last) = rounds.last() else { return };
    for row in rows {
        let said = last.ejected.iter().find(|left| {
            left.track == row.track && left.commit.is_some() && left.commit == row.commit
        });
        row.out_by_rule = said.is_some_and(|left| left.why == Why::Rule.as_str());
        row.notes
            .extend(said.map(|left| format!("not in round {}: {}", last.number, left.reason)));
    }
}

/// What keeps tracks out by rules.
fn note_broken_rules(
    session: &Session,
    matrix: &Matrix<'_, '_>,
    rows: &mut [Row],
) -> Result<(), GitError> {
    let rules = match WithUncommitted::read(session, matrix, rules::Asked::default(), &[]) {
        Ok(rules) => rules,
        // Every pair says so already, and is no "yes".
        Err(GitError::Shallow) => return Ok(()),
        Err(error) => return Err(error),
    };
    for row in rows {
        let findings = rules.judge(&row.track, &BTreeSet::new(), None);
        let broken = findings.iter().filter(|finding| finding.refuses());
        let sentence = |finding: &Finding| format!("{} {}", finding.code, finding.message);
        row.broken = broken.map(sentence).collect();
        row.notes.extend(rules.not_compared(&row.track));
    }
    Ok(())
}

/// Which consumers have not taken in what contracts say now.
fn note_what_is_behind(
    session: &Session,
    merger: &Merger<'_>,
    rows: &mut [Row],
) -> Result<(), GitError> {
    // Where the log cannot be read, that is told of what is declared; nothing counts as acknowledged.
    let acknowledged = Acknowledged::read(session).unwrap_or_default();
    let looker = Looker::new(session, merger, acknowledged)?;
    for row in rows {
        let Some(tip) = row.commit.filter(|_| !row.landed) else {
            continue;
        };
        let open = looker.of(&row.track, tip)?;
        row.not_taken_in = open.into_iter().map(|open| open.behind).collect();
        let coming = row.not_taken_in.iter().filter_map(Behind::coming_text);
        row.notes.extend(coming.collect::<Vec<_>>());
    }
    Ok(())
}

fn note_what_is_declared(session: &Session, rows: &mut [Row]) -> Result<(), GitError> {
    let declared = match Declared::read(session) {
        Ok(declared) => declared,
        Err(error) => {
            for row in rows {
                row.notes.push(error.to_string());
            }
            return Ok(());
        }
    };
    for (row, track) in rows.iter_mut().zip(&session.project.tracks) {
        row.declared = declared.state(session, track, row.commit)?;
    }
    Ok(())
}

fn note_what_is_overdue(session: &Session, rows: &mut [Row]) {
    for found in overdue::find(session).unwrap_or_default() {
        let rows = rows.iter_mut().filter(|row| row.track == found.track);
        rows.for_each(|row| row.notes.push(overdue_text(found.age, found.max_age)));
    }
}

/// Dependencies that hold a track up: without a branch, or in conflict with base.
fn waiting_for(session: &Session, rows: &[Row]) -> Vec<Vec<TrackId>> {
    let holds_up = |id: &TrackId| {
        rows.iter()
            .any(|row| row.track == *id && (row.commit.is_none() || row.conflicts_with_base))
    };
    rows.iter()
        .map(|row| match session.project.track(&row.track) {
            Some(track) => track
                .tracks_needed()
                .filter(|id| holds_up(id))
                .cloned()
                .collect(),
            None => Vec::new(),
        })
        .collect()
}

fn readiness(admit: Admit, row: &Row, waiting: &[TrackId]) -> (Readiness, Vec<String>) {
    let track = &row.track;
    let on_base = row
        .not_taken_in
        .iter()
        .filter(|it| it.coming_from.is_none());
    let late: Vec<String> = on_base
        .map(|it| {
            let contract = &it.contract;
            format!(
                "contract {contract} has changed on base: `tracks update {track}`, or `tracks ack {contract} --track {track}`"
            )
        })
        .collect();
    judge(&Facts {
        track: &row.track,
        has_branch: row.commit.is_some(),
        has_worktree: row.worktree.is_some(),
        ahead: row.ahead,
        behind: row.behind,
        dirty: row.dirty.is_some_and(|dirty| !dirty.is_clean()),
        checks_failed: &row.checks.failed,
        checks_unknown: &row.checks.unknown,
        conflicts_with_base: row.conflicts_with_base,
        collisions: &row.collisions,
        broken: &row.broken,
        not_taken_in: &late,
        waiting_for: waiting,
        not_admitted: not_admitted_as(admit, row.declared, &row.track),
    })
}

fn integration(session: &Session, rows: &[Row]) -> Result<IntegrationState, GitError> {
    let branch = session.project.integration.branch.clone();
    let commit = session.tip(&branch)?.map(|tip| tip.commit);
    let behind_base = commit
        .and_then(|commit| {
            session
                .repository
                .ahead_behind(commit, session.base.commit)
                .ok()
        })
        .map(|count| count.behind);
    let round = last_round(session)
        .ok()
        .flatten()
        .filter(|round| round.candidate == commit);
    let with_work = rows
        .iter()
        .filter(|row| row.ahead.is_some_and(|ahead| ahead > 0));
    let (mut inside, mut outside) = (0, 0);
    for row in with_work {
        let is_in = match (row.commit, commit) {
            (Some(tip), Some(commit)) => match session.repository.is_ancestor(tip, commit) {
                // Not known to be in it.
                Err(GitError::Shallow) => false,
                answer => answer?,
            },
            _ => false,
        };
        if is_in { inside += 1 } else { outside += 1 }
    }
    let coverage = match (inside, outside) {
        (0, _) => Coverage::None,
        (_, 0) => Coverage::Full,
        _ => Coverage::Partial,
    };
    Ok(IntegrationState {
        branch,
        commit,
        behind_base,
        green: round.as_ref().and_then(|round| round.green),
        merged: round
            .map(|round| {
                round
                    .merged
                    .into_iter()
                    .map(|merged| merged.track)
                    .collect()
            })
            .unwrap_or_default(),
        coverage,
    })
}

/// When the last round was, where that is longer ago than `[integration] every`.
fn round_is_old(session: &Session) -> Option<String> {
    let last = session.store.rounds().ok()?.pop()?;
    let age = clock::now().since(last.time);
    (age >= session.project.integration.every).then(|| ago(age))
}

fn next_steps(session: &Session, rows: &[Row], integration: &IntegrationState) -> Vec<NextStep> {
    let mut next = Vec::new();
    let mut step = |command: String, what: String| next.push(NextStep { what, command });
    let names = |wanted: &dyn Fn(&Row) -> bool| -> Vec<&str> {
        rows.iter()
            .filter(|row| wanted(row))
            .map(|row| row.track.as_str())
            .collect()
    };
    let missing = names(&|row| row.worktree.is_none() && !row.landed);
    if !missing.is_empty() {
        step(
            "tracks init".to_owned(),
            format!("make the worktrees of {}", missing.join(", ")),
        );
    }
    for (index, row) in rows.iter().enumerate() {
        let later = |other: &&TrackId| rows[index..].iter().any(|row| row.track == **other);
        for other in row.collisions.iter().filter(later) {
            step(
                format!("tracks conflicts {} {other}", row.track),
                format!("see where {} and {other} conflict", row.track),
            );
        }
    }
    for row in rows.iter().filter(|row| row.conflicts_with_base) {
        step(
            format!("tracks resolve {}", row.track),
            format!(
                "solve the conflict of {} with base, in its worktree",
                row.track
            ),
        );
    }
    // What a rule cannot tell here, such as what programs compare, a round could.
    let by_rule = |row: &&Row| !row.broken.is_empty() || row.out_by_rule;
    for row in rows.iter().filter(by_rule) {
        step(
            format!("tracks validate {}", row.track),
            format!(
                "see which rules {} {}, and how to set it right",
                row.track,
                match row.broken.is_empty() {
                    true => "was left out by",
                    false => "breaks",
                }
            ),
        );
    }
    let unknown = names(&|row| !row.checks.unknown.is_empty() && row.readiness != Readiness::Empty);
    if !unknown.is_empty() {
        step(
            format!("tracks check {}", unknown.join(" ")),
            "run what has not been checked".to_owned(),
        );
    }
    let ready = (rows.iter()).any(|row| row.readiness == Readiness::Ready && !row.out_by_rule);
    let fits = ready && integration.coverage != Coverage::Full;
    let old = round_is_old(session);
    if fits || old.is_some() {
        let what = match old {
            Some(age) => format!("the last round was {age}"),
            None => "bring together what fits".to_owned(),
        };
        step("tracks sync".to_owned(), what);
    }
    let can_land = integration.green == Some(true) && integration.behind_base == Some(0);
    if can_land && integration.commit != Some(session.base.commit) {
        step(
            "tracks land".to_owned(),
            format!("move {} to the green integration commit", session.base.name),
        );
    }
    next
}
