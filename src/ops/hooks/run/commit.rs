//! Before a commit, and before the commit of a merge: what is staged.

use std::path::PathBuf;

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::files::{HookFile, look_at_hook};
use crate::git::Head;
use crate::ops::Session;
use crate::ops::rules::step::{self, Step};

use super::{Asked, HookError, Judged, Report, news};

/// A round that merges more is not looked at further.
const LIMIT: usize = 1_000;

pub(super) fn judge(session: &Session, hook: Hook) -> Result<Report, HookError> {
    let repository = &session.repository;
    let (Some(branch), Head::Branch { commit: head, .. } | Head::Detached { commit: head }) =
        (repository.branch_here()?, repository.head()?)
    else {
        return Ok(Report::default());
    };
    let Some(track) = session.project.track_on(&branch) else {
        return Ok(elsewhere(session, &branch));
    };
    let mut notes = news::waiting(session)?;
    notes.extend(not_installed(session));
    let Some(mut asked) = Asked::of(session, hook, track)? else {
        return Ok(Report {
            notes,
            ..Report::default()
        });
    };
    let merged = repository.merge_heads()?;
    if let Some(note) = merges_integration(session, track, &merged)? {
        notes.push(note);
    }
    let tree = repository.tree_of(head)?;
    let made = Step {
        track,
        head,
        merged,
        changes: repository.staged(&repository.index_file()?, Some(tree))?,
    };
    let mut findings = step::judge(session, made, &asked.families)?;
    asked.skip(session, hook, Some(&track.id), &mut findings)?;
    let runs = asked.run_checks(session, track, false)?;
    notes.append(&mut asked.notes);
    Ok(Report {
        judged: vec![Judged {
            track: Some(track.id.clone()),
            what: match hook {
                Hook::PreMergeCommit => "this merge".to_owned(),
                _ => "this commit".to_owned(),
            },
            findings,
            runs,
        }],
        notes,
        ..Report::default()
    })
}

/// Hooks that tracks.toml has come to want since ours were put in place; the one that runs at every commit has to say so. Where
/// somebody else starts us, they are not looked for.
fn not_installed(session: &Session) -> Option<String> {
    let dirs = [
        session.repository.common_dir().join("hooks"),
        session.store.hooks_dir(),
    ];
    let has_ours = |dir: &&PathBuf| {
        let hook = dir.join(Hook::PreCommit.name());
        matches!(look_at_hook(&hook), Ok(HookFile::Ours { .. }))
    };
    let dir = dirs.iter().find(has_ours)?;
    let wanted = session.project.hooks_wanted().into_iter();
    let missing = wanted.filter(|hook| !dir.join(hook.name()).exists());
    let names: Vec<&str> = missing.map(Hook::name).collect();
    (!names.is_empty()).then(|| {
        format!(
            "tracks.toml has a use for {}, and that is not installed: `tracks hooks install`",
            names.join(", ")
        )
    })
}

/// On no track's branch there is nobody to judge.
fn elsewhere(session: &Session, branch: &BranchName) -> Report {
    let mut report = Report::default();
    if *branch == session.project.integration.branch {
        report.notes.push(format!(
            "{branch} is the integration branch, which every round makes anew: what is committed here is lost with the next one (OWN10); commit on a track's branch"
        ));
    }
    report
}

/// A track that contains an integration merge is refused by rounds. These are on the first line of parents of the integration
/// branch; what it merges is not.
fn merges_integration(
    session: &Session,
    track: &Track,
    merged: &[CommitId],
) -> Result<Option<String>, HookError> {
    let branch = &session.project.integration.branch;
    let mut next = match merged.is_empty() {
        true => None,
        false => session.repository.branch(branch)?,
    };
    for _ in 0..LIMIT {
        let Some(id) = next else { break };
        if session.repository.is_ancestor(id, session.base.commit)? {
            break;
        }
        if merged.contains(&id) {
            return Ok(Some(format!(
                "this merges {branch} into track {}, and a track that contains a round's merges is let into no round: take base with `tracks update {}` instead",
                track.id, track.id
            )));
        }
        next = session.repository.commit(id)?.parents.first().copied();
    }
    Ok(None)
}
