//! Migrations that a round is going to call by another name, where `[migrations] renumber` wants that.

use std::collections::BTreeSet;

use crate::domain::migration::{MigrationFile, Renumbered, Renumbering};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{self, FileChange, Finding};

use super::Rules;

/// What another name puts right.
const ABOUT_VERSIONS: [&str; 2] = ["MIG04", "MIG07"];

impl Rules<'_> {
    /// `None`: nothing is called by another name.
    pub(in super::super) fn renumbering(&self) -> Option<Renumbering<'_>> {
        let wanted = self.session.project.migrations.as_ref()?.renumber;
        self.migrations
            .as_ref()
            .filter(|_| wanted)
            .map(Renumbering::new)
    }

    /// What the migrations of a track are to be called, by what was found in it.
    pub(in super::super) fn renumbered(
        &self,
        renumbering: &Renumbering<'_>,
        track: &TrackId,
        findings: &[Finding],
    ) -> Renumbered {
        let Some(work) = self.work(track) else {
            return Renumbered::new();
        };
        let new: Vec<&MigrationFile> = (work.migrations.iter())
            .filter(|file| work.change(&file.path).is_some_and(FileChange::is_new))
            .collect();
        let named: BTreeSet<RepoPath> = (findings.iter())
            .filter(|finding| ABOUT_VERSIONS.contains(&finding.code) && finding.refuses())
            .filter_map(|finding| finding.path.clone())
            .collect();
        // Not the clock: the same tips give the same names.
        let info = work.tip.map(|tip| self.session.repository.commit(tip));
        match info {
            Some(Ok(info)) => renumbering.of(&new, &named, info.committed),
            Some(Err(_)) | None => Renumbered::new(),
        }
    }

    /// Takes in what a track has, by what it is called in the round.
    pub(in super::super) fn take(
        &self,
        renumbering: &mut Renumbering<'_>,
        track: &TrackId,
        renumbered: &Renumbered,
    ) {
        if let Some(work) = self.work(track) {
            renumbering.take(&work.migrations, renumbered);
        }
    }

    /// Makes those findings good to know that a round puts right, as long as all before this track go in.
    pub(super) fn foresee_renumbering(
        &self,
        track: &TrackId,
        without: &BTreeSet<TrackId>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(mut renumbering) = self.renumbering() else {
            return;
        };
        if !findings.iter().any(is_about_version) {
            return;
        }
        let about_versions = || rule::all().filter(|rule| ABOUT_VERSIONS.contains(&rule.code));
        let earlier = self.works.iter().take_while(|work| work.track != *track);
        for work in earlier.filter(|work| !without.contains(&work.track)) {
            let found = self.judge_by(&work.track, without, None, about_versions());
            let renumbered = self.renumbered(&renumbering, &work.track, &found);
            self.take(&mut renumbering, &work.track, &renumbered);
        }
        let renumbered = self.renumbered(&renumbering, track, findings);
        for finding in findings
            .iter_mut()
            .filter(|finding| is_about_version(finding))
        {
            let to = finding.path.as_ref().and_then(|path| renumbered.get(path));
            let Some(to) = to else { continue };
            finding.severity = Severity::Info;
            finding.message = format!("{}; the integration calls it {to}", finding.message);
            finding.mend = None;
        }
        rule::sort(findings);
    }
}

fn is_about_version(finding: &Finding) -> bool {
    ABOUT_VERSIONS.contains(&finding.code)
}

/// Leaves out what the new names put right.
pub(in super::super) fn put_right(findings: &mut Vec<Finding>, renumbered: &Renumbered) {
    findings.retain(|finding| {
        let path = finding.path.as_ref();
        let renamed = path.is_some_and(|path| renumbered.contains_key(path));
        !(renamed && is_about_version(finding))
    });
}
