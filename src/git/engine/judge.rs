//! The answers to the questions that a plan leaves.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::Memo;
use super::answer::{Combined, Made, Outcome, Want};
use super::renames::{Moved, Renamed};
use super::settings::Settings;
use super::texts::TextAnswer;
use crate::domain::merge::{
    Change, Conflict, ConflictType, Delta, Entry, Meeting, Plan, Reason, Which,
};
use crate::domain::path::RepoPath;
use crate::domain::revision::BlobId;
use crate::git::views::Views;

/// A merge decided in this process, if git's attributes let it stand.
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    /// Whose contents were merged.
    pub(super) texts: Vec<RepoPath>,
}

/// One merge and what is needed to judge it.
pub(super) struct Judge<'a> {
    memo: &'a Memo,
    settings: &'a Settings,
    views: &'a Views,
    ours: &'a Delta<'a>,
    theirs: &'a Delta<'a>,
    want: Want,
    moved: [OnceCell<Moved>; 2],
}

/// What has been found out so far.
#[derive(Default)]
struct Found {
    conflicts: Vec<Conflict>,
    changes: Vec<(RepoPath, Option<Entry>)>,
    texts: Vec<RepoPath>,
}

/// How the two sides' files at one path merge.
enum Files {
    Clean(Entry),
    Conflict(Conflict),
}

/// Stands for a content with conflict markers, which is only in git's merge base. Where both sides have put the same in its
/// place, what it was does not matter.
fn undecided(like: BlobId) -> BlobId {
    BlobId::from_bytes(&vec![0xff; like.as_bytes().len()]).unwrap_or(like)
}

fn is_undecided(id: BlobId) -> bool {
    id.as_bytes().iter().all(|byte| *byte == 0xff)
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        memo: &'a Memo,
        settings: &'a Settings,
        views: &'a Views,
        (ours, theirs): (&'a Delta<'a>, &'a Delta<'a>),
        want: Want,
    ) -> Self {
        Judge {
            memo,
            settings,
            views,
            ours,
            theirs,
            want,
            moved: Default::default(),
        }
    }

    pub(super) fn judge(&self, plan: Plan) -> Result<Tried, Reason> {
        let mut found = Found::default();
        for meeting in plan.meetings {
            self.meet(meeting, &mut found)?;
        }
        found.conflicts.sort_by(|a, b| a.path.cmp(&b.path));
        let outcome = if !found.conflicts.is_empty() {
            // Where anything conflicts, git also reports files that one side made directories of, and else does not.
            if self.ours.swaps() || self.theirs.swaps() {
                return Err(Reason::FileAndDirectory);
            }
            Outcome::Conflicted(found.conflicts)
        } else {
            Outcome::Clean(Combined(match self.want {
                Want::Verdicts => Made::Nothing,
                Want::Results | Want::MergeBase => {
                    self.made(plan.smaller, plan.lone, found.changes)
                }
            }))
        };
        Ok(Tried {
            outcome,
            texts: found.texts,
        })
    }

    fn side(&self, which: Which) -> &Delta<'_> {
        match which {
            Which::Ours => self.ours,
            Which::Theirs => self.theirs,
        }
    }

    /// What has to be done to the larger side's tree.
    fn made(
        &self,
        smaller: Which,
        lone: Vec<Change>,
        merged: Vec<(RepoPath, Option<Entry>)>,
    ) -> Made {
        let larger = self.side(smaller.other());
        let small = self.side(smaller);
        // A renamed file is among those of its side, too, as that side has it.
        let merged: BTreeMap<RepoPath, Option<Entry>> = merged.into_iter().collect();
        let mut changes = lone;
        changes.retain(|change| !merged.contains_key(&change.path));
        for (path, after) in merged {
            let before = match larger.get(&path) {
                Some((_, before)) => before,
                // The larger side has it as the merge base has.
                None => small.get(&path).and_then(|(before, _)| before),
            };
            changes.push(Change {
                path,
                before,
                after,
            });
        }
        if changes.is_empty() {
            return Made::AsIs(smaller.other());
        }
        Made::Changes { smaller, changes }
    }

    fn meet(&self, meeting: Meeting, found: &mut Found) -> Result<(), Reason> {
        match meeting {
            Meeting::Files {
                path,
                base,
                ours,
                theirs,
            } => {
                let files = self.files(&path, base, ours, theirs, found)?;
                self.note(path, files, found);
            }
            Meeting::Deleted {
                path,
                base,
                by,
                kept,
                maybe_renamed,
            } => match self.renamed(by, base, maybe_renamed) {
                _ if is_undecided(base.id) => return Err(Reason::History),
                // Git may find that it differs in its line ends only, and so not at all.
                Renamed::No if self.settings.texts_are_gits => return Err(Reason::Driver),
                Renamed::No => found.conflicts.push(Conflict {
                    path,
                    types: vec![ConflictType::modify_delete()],
                    regions: Vec::new(),
                }),
                Renamed::To(target, entry) => {
                    // Something else of that name on the other side is one more conflict of its own kind.
                    if self.settings.odd_renames || self.side(by.other()).get(&target).is_some() {
                        return Err(Reason::Rename);
                    }
                    let (ours, theirs) = match by {
                        Which::Ours => (entry, kept),
                        Which::Theirs => (kept, entry),
                    };
                    found.texts.push(path.clone());
                    let files = self.files(&target, Some(base), ours, theirs, found)?;
                    found.changes.push((path, None));
                    self.note(target, files, found);
                }
                Renamed::Maybe => return Err(Reason::Rename),
            },
            Meeting::BothDeleted { base, .. } => {
                for by in [Which::Ours, Which::Theirs] {
                    if self.renamed(by, base, true) != Renamed::No {
                        return Err(Reason::Rename);
                    }
                }
            }
            Meeting::Directory { path, by } => {
                for (_, entry) in self.side(by).deleted_below(&path) {
                    if !entry.mode.is_regular() || self.renamed(by, entry, true) != Renamed::No {
                        return Err(Reason::DirectoryRename);
                    }
                }
            }
        }
        Ok(())
    }

    fn note(&self, path: RepoPath, files: Files, found: &mut Found) {
        match files {
            Files::Clean(entry) => found.changes.push((path, Some(entry))),
            Files::Conflict(conflict) => found.conflicts.push(conflict),
        }
    }

    fn renamed(&self, by: Which, source: Entry, maybe: bool) -> Renamed {
        if !maybe {
            return Renamed::No;
        }
        let [ours, theirs] = &self.moved;
        let moved = match by {
            Which::Ours => ours.get_or_init(|| Moved::by(self.ours)),
            Which::Theirs => theirs.get_or_init(|| Moved::by(self.theirs)),
        };
        let memo = self.memo;
        memo.renames.of(self.views, &memo.texts, moved, source)
    }

    /// Git's merge of two regular files. `base: None`: both were added.
    fn files(
        &self,
        path: &RepoPath,
        base: Option<Entry>,
        ours: Entry,
        theirs: Entry,
        found: &mut Found,
    ) -> Result<Files, Reason> {
        let conflict = |regions: Vec<_>| {
            let kind = match base {
                None => ConflictType::add_add(),
                Some(_) => ConflictType::contents(),
            };
            Ok(Files::Conflict(Conflict {
                path: path.clone(),
                types: vec![kind],
                regions,
            }))
        };
        let (mode, modes_agree) = match base {
            Some(base) if ours.mode == base.mode => (theirs.mode, true),
            Some(_) => (ours.mode, true),
            None => (ours.mode, ours.mode == theirs.mode),
        };
        let base_id = base.map(|base| base.id);
        let id = if ours.id == theirs.id || base_id == Some(theirs.id) {
            ours.id
        } else if base_id == Some(ours.id) {
            theirs.id
        } else {
            if self.settings.texts_are_gits {
                return Err(Reason::Driver);
            }
            if base_id.is_some_and(is_undecided) || is_undecided(ours.id) || is_undecided(theirs.id)
            {
                return Err(Reason::History);
            }
            found.texts.push(path.clone());
            let texts = &self.memo.texts;
            match texts.merge(self.views, base_id, ours.id, theirs.id) {
                TextAnswer::Binary => return Err(Reason::Binary),
                TextAnswer::Repetitive => return Err(Reason::Repetition),
                TextAnswer::Unreadable => return Err(Reason::Unreadable),
                TextAnswer::Clean { adds_up: true } if self.settings.strict_style => {
                    return Err(Reason::Driver);
                }
                TextAnswer::Conflict(_) if self.want == Want::MergeBase => undecided(ours.id),
                TextAnswer::Conflict(regions) => return conflict(regions.to_vec()),
                TextAnswer::Clean { .. } if self.want == Want::Verdicts => ours.id,
                TextAnswer::Clean { .. } => texts
                    .merged(self.views, base_id, ours.id, theirs.id)
                    .ok_or(Reason::Unreadable)?,
            }
        };
        match modes_agree {
            true => Ok(Files::Clean(Entry { mode, id })),
            false => conflict(Vec::new()),
        }
    }
}
