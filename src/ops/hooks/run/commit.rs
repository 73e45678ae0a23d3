//! Before a commit, and before the commit of a merge: what is staged.

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::project::Track;
use crate::git::Head;
use crate::ops::Session;
use crate::ops::rules::staged::{self, StagedWork};

use super::{Asked, HookError, Judged, Report, news};

pub(super) fn judge(session: &Session, hook: Hook) -> Result<Report, HookError> {
    let repository = &session.repository;
    let (Some(branch), Head::Branch { commit: head, .. } | Head::Detached { commit: head }) =
        (repository.branch_here()?, repository.head()?)
    else {
        return Ok(Report::default());
    };
    let Some(track) = (session.project.tracks.iter()).find(|track| track.branch == branch) else {
        return Ok(elsewhere(session, &branch));
    };
    let mut notes = news::waiting(session)?;
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
    let work = StagedWork {
        track,
        head,
        merged,
        changes: repository.staged(&repository.index_file()?, Some(tree))?,
    };
    let mut findings = staged::judge(session, work, &asked.families)?;
    asked.skip(session, hook, track, &mut findings)?;
    let runs = asked.run_checks(session, track)?;
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

/// A track that contains an integration merge is refused by rounds.
fn merges_integration(
    session: &Session,
    track: &Track,
    merged: &[crate::domain::revision::CommitId],
) -> Result<Option<String>, HookError> {
    let branch = &session.project.integration.branch;
    let Some(tip) = session.repository.branch(branch)? else {
        return Ok(None);
    };
    let base = session.base.commit;
    for head in merged {
        let is_of_integration = session.repository.is_ancestor(*head, tip)?
            && !session.repository.is_ancestor(*head, base)?
            && session.repository.commit(*head)?.parents.len() > 1;
        if is_of_integration {
            return Ok(Some(format!(
                "this merges {branch} into track {}, and a track that contains a round's merges is let into no round: take base with `tracks update {}` instead",
                track.id, track.id
            )));
        }
    }
    Ok(None)
}
