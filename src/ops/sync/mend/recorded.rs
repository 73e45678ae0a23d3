//! What somebody has resolved before: used again where the same contents meet, or the same lines of contents that have
//! changed elsewhere; and repairs of pairs that merge clean and do not work.

use crate::domain::path::RepoPath;
use crate::domain::resolution::{
    Entry, Fixed, Record, RecordKind, Version, hunk_key, recorded, side_digest, stray_marker,
};
use crate::domain::sync::ResolvedBy;
use crate::git::{GitError, is_binary, regions};

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
        if let Some(choice) = self.exact(index).filter(|choice| choice.exact || !critical) {
            return Ok(Step::Chosen(choice));
        }
        if critical {
            return Ok(Step::Left("is critical".to_owned()));
        }
        if let Some(choice) = self.adapted(index)? {
            return Ok(Step::Chosen(choice));
        }
        Ok(match self.by_decision(index)? {
            Some(choice) => Step::Chosen(choice),
            None => Step::Rules,
        })
    }

    fn exact(&self, index: usize) -> Option<Choice> {
        let unmerged = &self.unmerged[index];
        let records = &self.mender.notebook.records;
        let (record, entry) = recorded(records, &unmerged.path, &unmerged.sides)?;
        self.is_here(entry.result).then(|| {
            let exact = entry.path == unmerged.path;
            by_record(record, RECORDED, entry.result, exact)
        })
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
                    if let Some(content) = self.adapt(&now, &then, result)? {
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
        let whole =
            !merged.conflicted && stray_marker(&merged.content, &[base, ours, theirs]).is_none();
        Ok(whole.then_some(merged.content))
    }

    /// What was changed beside conflicts when they were resolved, and the repairs of pairs that are both in.
    pub(super) fn apply_fixes(&mut self) -> Result<(), SyncError> {
        let used: Vec<String> = (self.choices.values())
            .filter_map(|choice| match &choice.by {
                ResolvedBy::Recorded(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        for record in self.mender.notebook.records.iter() {
            let applies = match record.kind {
                RecordKind::Resolution(_) => used.contains(&record.id),
                RecordKind::Fix => self.both_are_in(record),
            };
            if !applies || record.fixed.is_empty() {
                continue;
            }
            match self.fixed(record)? {
                Ok(choices) => self.others.extend(choices),
                Err(path) => self.notes.push(format!(
                    "what {} recorded as {} does not fit {path} any more and was not applied",
                    record.who, record.id
                )),
            }
        }
        Ok(())
    }

    /// Whether this merge brings in the later one of the pair.
    fn both_are_in(&self, record: &Record) -> bool {
        let Some((other, commit)) =
            (record.tracks.iter()).find(|(track, _)| track != self.meeting.track)
        else {
            return false;
        };
        record.is_of(self.meeting.track)
            && (self.meeting.earlier.iter().any(|(earlier, _)| earlier == other)
                // It may have landed meanwhile. A commit that is not here any more has not.
                || self.merger.is_ancestor(*commit, self.meeting.ours).unwrap_or(false))
    }

    /// All changes of a record as they fit now; the error is the first path that they do not fit.
    fn fixed(
        &self,
        record: &Record,
    ) -> Result<Result<Vec<(RepoPath, Choice)>, RepoPath>, SyncError> {
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
            let (version, exact) = match now == fixed.from {
                true => (fixed.to, true),
                false => match self.carried_over(fixed, now)? {
                    Some(version) if Some(version) == now => continue,
                    Some(version) => (Some(version), false),
                    None => return Ok(Err(path.clone())),
                },
            };
            let refused = self.mender.refuses(self.meeting.track, path);
            if refused || !self.is_here(version) || (!exact && self.mender.is_critical(path)) {
                return Ok(Err(path.clone()));
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
