//! What somebody has resolved before: used again where the same contents meet, or the same lines of contents that have
//! changed elsewhere; and repairs of pairs that merge clean and do not work.

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::resolution::{
    Entry, Fixed, Record, RecordKind, Version, hunk_key, recorded, side_digest,
};
use crate::domain::revision::CommitId;
use crate::domain::sync::ResolvedBy;
use crate::git::{GitError, Unmerged, is_binary, regions};

use super::super::SyncError;
use super::lines::Texts;
use super::rules::Step;
use super::work::{Choice, Work};

const RECORDED: &str = "recorded";
const FIX: &str = "fix";

impl Work<'_> {
    /// What is known of a path before any rule is asked.
    pub(super) fn before_rules(&mut self, index: usize) -> Result<Step, SyncError> {
        let unmerged = &self.unmerged[index];
        let path = &unmerged.path;
        if Work::is_nameless(unmerged) {
            let kind = unmerged.types.first().map(ToString::to_string);
            let kind = kind.unwrap_or_default();
            return Ok(Step::Left(format!(
                "is a conflict ({kind}) of which git names no versions"
            )));
        }
        if self.mender.refuses(self.meeting.track, path) {
            return Ok(Step::Left(
                "was resolved automatically, and what came of it was red".to_owned(),
            ));
        }
        let critical = self.mender.is_critical(path);
        let exact = self.exact(index)?;
        if let Some(choice) = exact.filter(|choice| choice.exact || !critical) {
            if let Some(line) = self.marker_in_version(path, choice.version)? {
                return Ok(Step::Left(format!(
                    "was resolved, but a conflict marker was left in line {line} of what was recorded"
                )));
            }
            return Ok(Step::Chosen(choice));
        }
        if critical {
            return Ok(Step::Left("is critical".to_owned()));
        }
        if let Some(choice) = self.adapted(index)? {
            return Ok(Step::Chosen(choice));
        }
        Ok(match self.by_decision(index)? {
            Some(Ok(choice)) => Step::Chosen(choice),
            Some(Err(why)) if self.rule_of(path).is_none() => Step::Left(why),
            Some(Err(_)) | None => Step::Rules,
        })
    }

    fn exact(&self, index: usize) -> Result<Option<Choice>, GitError> {
        let unmerged = &self.unmerged[index];
        let (path, sides) = (&unmerged.path, &unmerged.sides);
        let records = &self.mender.notebook.records;
        let mut found = recorded(records, path, &[], sides);
        if found.is_none() && !records.is_empty() {
            let names = self.other_names(unmerged)?;
            found = recorded(records, path, &names, sides);
        }
        let found = found.filter(|(_, entry)| self.is_here(entry.result));
        Ok(found
            .map(|(record, entry)| by_record(record, RECORDED, entry.result, entry.path == *path)))
    }

    /// What the file is called where it was renamed: as git says, or where git followed the rename without a word.
    fn other_names(&self, unmerged: &Unmerged) -> Result<Vec<RepoPath>, GitError> {
        let mut names = unmerged.named.clone();
        let sides = [self.meeting.ours, self.meeting.theirs];
        names.extend(self.merger.other_names(unmerged, sides)?);
        Ok(names)
    }

    /// A ref that was fetched without its objects must not end in a tree without them.
    fn is_here(&self, version: Option<Version>) -> bool {
        version.is_none_or(|version| {
            version.mode & 0o170_000 == 0o160_000 || self.merger.has_blob(version.id)
        })
    }

    /// The same lines in a file that has changed elsewhere: what somebody made of the conflict then, merged into the conflict
    /// now; only where that is clean.
    fn adapted(&self, index: usize) -> Result<Option<Choice>, GitError> {
        let unmerged = &self.unmerged[index];
        let about = |entry: &&Entry| entry.path == unmerged.path;
        let mut records = self.mender.notebook.records.iter().rev();
        if !records.any(|record| record.entries().iter().any(|entry| about(&entry))) {
            return Ok(None);
        }
        let Some(now) = self.texts(&unmerged.sides)? else {
            return Ok(None);
        };
        let Some(key) = key_of(&now) else {
            return Ok(None);
        };
        for record in self.mender.notebook.records.iter().rev() {
            for entry in record.entries().iter().filter(about) {
                let Some(result) = entry.result.filter(|result| result.is_regular()) else {
                    continue;
                };
                for sides in &entry.sides {
                    let Some(then) = self.texts(sides)? else {
                        continue;
                    };
                    if key_of(&then).as_ref() != Some(&key) {
                        continue;
                    }
                    if let Some(content) = self.adapt(&unmerged.path, &now, &then, result)? {
                        let version = Version {
                            mode: result.mode,
                            id: self.merger.write_blob(&content)?,
                        };
                        return Ok(Some(by_record(record, RECORDED, Some(version), false)));
                    }
                }
            }
        }
        Ok(None)
    }

    fn adapt(
        &self,
        path: &RepoPath,
        now: &Texts,
        then: &Texts,
        result: Version,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let result = self.merger.read_blob(result.id)?;
        if is_binary(&result) {
            return Ok(None);
        }
        let [base, ours, theirs] = now.each_ref().map(Vec::as_slice);
        let now_in_order = match our_side(now) == our_side(then) {
            true => [base, ours, theirs],
            false => [base, theirs, ours],
        };
        let preimage = self.merge_file(then.each_ref().map(Vec::as_slice), None)?;
        let current = self.merge_file(now_in_order, None)?;
        let merged = self.merge_file([&preimage.content, &current.content, &result], None)?;
        let whole = !merged.conflicted && self.marker_in(path, &merged.content)?.is_none();
        Ok(whole.then_some(merged.content))
    }

    /// What was changed beside conflicts when they were resolved, and the repairs of pairs that are both in, as they fit what
    /// was chosen so far. May be asked again when something else was chosen.
    pub(super) fn apply_fixes(&mut self) -> Result<(), SyncError> {
        self.fixes.clear();
        self.unfit.clear();
        let mender = self.mender;
        for record in &mender.notebook.records {
            let applies = match record.kind {
                RecordKind::Resolution(_) => self.made_by(record).next().is_some(),
                RecordKind::Fix => self.both_are_in(record)?,
            };
            if !applies || record.fixed.is_empty() {
                continue;
            }
            match (self.fixed(record)?, &record.kind) {
                (Ok(choices), _) => self.fixes.extend(choices),
                (Err(why), RecordKind::Fix) => self.unfit.push(format!(
                    "what {} recorded as {} {why} and was not applied",
                    record.who, record.id
                )),
                (Err(why), RecordKind::Resolution(_)) => self.withdraw(record, &why),
            }
        }
        Ok(())
    }

    /// The unmerged paths that a record resolves.
    fn made_by<'s>(&'s self, record: &'s Record) -> impl Iterator<Item = usize> + 's {
        let by =
            |choice: &Choice| matches!(&choice.by, ResolvedBy::Recorded(id) if *id == record.id);
        let made = self.choices.iter().filter(move |(_, choice)| by(choice));
        made.map(|(index, _)| *index)
    }

    /// Half of what somebody made of a merge is not what they made of it.
    fn withdraw(&mut self, record: &Record, why: &str) {
        let indices: Vec<usize> = self.made_by(record).collect();
        for index in indices {
            self.choices.remove(&index);
            self.open.push(self.unmerged[index].path.clone());
        }
        self.left.push(format!(
            "what {} recorded as {} {why}",
            record.who, record.id
        ));
    }

    /// Whether this merge brings in the later one of the pair, and base has not got over it.
    fn both_are_in(&self, record: &Record) -> Result<bool, GitError> {
        let track = self.meeting.track;
        let of_track = |(of, _): &&(TrackId, CommitId)| of == track;
        let Some((_, own)) = record.tracks.iter().find(of_track) else {
            return Ok(false);
        };
        let Some((other, commit)) = record.tracks.iter().find(|one| !of_track(one)) else {
            return Ok(false);
        };
        let other_is_in_base = self.base_has(*commit)?;
        // It has landed with them, or they have landed without it.
        if other_is_in_base && self.base_has(*own)? {
            return Ok(false);
        }
        if self
            .meeting
            .earlier
            .iter()
            .any(|(earlier, _)| earlier == other)
        {
            return Ok(true);
        }
        Ok(other_is_in_base && !self.mender.took_back(other, *commit)?)
    }

    /// A commit that is not here is not in base's history.
    fn base_has(&self, commit: CommitId) -> Result<bool, GitError> {
        let session = self.mender.session;
        Ok(self.merger.has_commit(commit)
            && (session.repository).is_ancestor(commit, session.base.commit)?)
    }

    /// All changes of a record as they fit now; the error is a clause that says why they do not.
    fn fixed(&self, record: &Record) -> Result<Result<Vec<(RepoPath, Choice)>, String>, SyncError> {
        let strategy = match record.kind {
            RecordKind::Fix => FIX,
            RecordKind::Resolution(_) => RECORDED,
        };
        let mut choices = Vec::new();
        for fixed in &record.fixed {
            let path = &fixed.path;
            let now = self.version_at(path)?;
            if now == fixed.to {
                continue;
            }
            let unfit = || Ok(Err(format!("does not fit {path} any more")));
            let (version, exact) = match now == fixed.from {
                true => (fixed.to, true),
                false => match self.carried_over(fixed, now)? {
                    Some(version) if Some(version) == now => continue,
                    Some(version) => (Some(version), false),
                    None => return unfit(),
                },
            };
            let refused = self.mender.refuses(self.meeting.track, path);
            if refused || !self.is_here(version) || (!exact && self.mender.is_critical(path)) {
                return unfit();
            }
            if let Some(line) = self.marker_in_version(path, version)? {
                return Ok(Err(format!(
                    "leaves a conflict marker in line {line} of {path}"
                )));
            }
            choices.push((path.clone(), by_record(record, strategy, version, exact)));
        }
        Ok(Ok(choices))
    }

    /// A change of a text, merged into what it is now.
    fn carried_over(
        &self,
        fixed: &Fixed,
        now: Option<Version>,
    ) -> Result<Option<Version>, GitError> {
        let (Some(from), Some(to), Some(now)) = (fixed.from, fixed.to, now) else {
            return Ok(None);
        };
        let sides = crate::domain::resolution::Sides {
            base: Some(from),
            ours: Some(now),
            theirs: Some(to),
        };
        let Some(texts) = self.texts(&sides)? else {
            return Ok(None);
        };
        let merged = self.merge_file(texts.each_ref().map(Vec::as_slice), None)?;
        let Some(mode) = sides.merged_mode(None).filter(|_| !merged.conflicted) else {
            return Ok(None);
        };
        let id = self.merger.write_blob(&merged.content)?;
        Ok(Some(Version { mode, id }))
    }
}

fn by_record(record: &Record, strategy: &str, version: Option<Version>, exact: bool) -> Choice {
    Choice {
        version,
        strategy: strategy.to_owned(),
        by: ResolvedBy::Recorded(record.id.clone()),
        exact,
        pick: None,
    }
}

fn key_of([base, ours, theirs]: &Texts) -> Option<crate::domain::resolution::HunkKey> {
    hunk_key(&regions(base, ours, theirs), base, ours, theirs)
}

fn our_side([base, ours, theirs]: &Texts) -> Option<crate::domain::resolution::SideDigest> {
    side_digest(&regions(base, ours, theirs), base, ours, true)
}
