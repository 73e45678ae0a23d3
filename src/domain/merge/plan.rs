//! What a merge of two sides comes down to, from their changes alone: the few questions whose answers give git's verdict,
//! or the reason why only git itself can tell.
//!
//! The model is merge-ort without rename detection, with every case sent away in which a rename could matter. Git pairs a
//! deleted file with an added one only on the side that did both, and uses the pair only if the other side changed the
//! deleted file too, or added something to a directory that vanished with it. Where neither is so, each path merges by
//! itself.

use std::collections::BTreeSet;

use super::delta::{Change, Delta, Entry, directories_of};
use crate::domain::path::RepoPath;

/// One of the two sides of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    Ours,
    Theirs,
}

impl Which {
    pub fn other(self) -> Which {
        match self {
            Which::Ours => Which::Theirs,
            Which::Theirs => Which::Ours,
        }
    }
}

/// Why a merge has to be git's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The merge base is not one tree that is known: criss-cross or unrelated histories.
    History,
    /// A file on one side where the other has a directory.
    FileAndDirectory,
    /// A symlink or a submodule that both sides changed.
    Kind,
    /// A file may have been renamed that the other side changed.
    Rename,
    /// A directory may have been renamed that the other side adds to.
    DirectoryRename,
    /// Content that both sides changed and that is no text.
    Binary,
    /// Lines repeat so often that git diffs in a way of its own.
    Repetition,
    /// A `merge` attribute or a setting decides how such files merge.
    Driver,
    /// Something could not be read in this process.
    Unreadable,
}

impl Reason {
    pub const ALL: [Reason; 9] = [
        Reason::History,
        Reason::FileAndDirectory,
        Reason::Kind,
        Reason::Rename,
        Reason::DirectoryRename,
        Reason::Binary,
        Reason::Repetition,
        Reason::Driver,
        Reason::Unreadable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Reason::History => "history",
            Reason::FileAndDirectory => "file-and-directory",
            Reason::Kind => "kind",
            Reason::Rename => "rename",
            Reason::DirectoryRename => "directory-rename",
            Reason::Binary => "binary",
            Reason::Repetition => "repetition",
            Reason::Driver => "driver",
            Reason::Unreadable => "unreadable",
        }
    }
}

/// A path that both sides changed, and differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// Both have a regular file there; `base: None`: both added it.
    Files {
        path: RepoPath,
        base: Option<Entry>,
        ours: Entry,
        theirs: Entry,
    },
    /// One side deleted what the other changed. It is a conflict, unless the deleting side has renamed it
    /// (`maybe_renamed`: it added something, too).
    Deleted {
        path: RepoPath,
        base: Entry,
        by: Which,
        kept: Entry,
        maybe_renamed: bool,
    },
    /// Both sides deleted it, and at least one of them may have renamed it.
    BothDeleted { path: RepoPath, base: Entry },
    /// `by` removed the directory, and the other side adds to it: clean only if nothing in it was renamed.
    Directory { path: RepoPath, by: Which },
}

/// What is left to be found out. Where nothing is, the merge is clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The side whose changes are those of `lone`; the other side has all of its own anyway.
    pub smaller: Which,
    /// What only the smaller side changed: the merge has it as that side does.
    pub lone: Vec<Change>,
    pub meetings: Vec<Meeting>,
}

/// Both sides' differences to one merge base.
///
/// # Errors
/// The reason why git has to be asked.
pub fn plan(ours: &Delta<'_>, theirs: &Delta<'_>) -> Result<Plan, Reason> {
    let smaller = if theirs.size() <= ours.size() {
        Which::Theirs
    } else {
        Which::Ours
    };
    let (small, large) = match smaller {
        Which::Ours => (ours, theirs),
        Which::Theirs => (theirs, ours),
    };
    let mut plan = Plan {
        smaller,
        lone: Vec::new(),
        meetings: Vec::new(),
    };
    let mut directories: BTreeSet<(RepoPath, Which)> = BTreeSet::new();
    let large_adds = large.maybe_adds();
    for change in small.each() {
        if let Some((_, other)) = large.get(&change.path) {
            let sides = match smaller {
                Which::Ours => (change.after, other),
                Which::Theirs => (other, change.after),
            };
            plan.meetings.extend(meeting(ours, theirs, &change, sides)?);
            continue;
        }
        if change.before.is_none() {
            beside_directories(&change.path, large)?;
            if large_adds {
                let gone = directories_of(&change.path).filter(|path| large.maybe_removes(path));
                directories.extend(gone.last().map(|path| (path, smaller.other())));
            }
        }
        plan.lone.push(change);
    }
    if small.maybe_adds() {
        let gone = small
            .maybe_removed()
            .filter(|path| large.maybe_adds_below(path));
        directories.extend(gone.map(|path| (path.clone(), smaller)));
    }
    let directory = |(path, by)| Meeting::Directory { path, by };
    plan.meetings.extend(directories.into_iter().map(directory));
    Ok(plan)
}

/// An added file must not be, or be below, what the other side has as the opposite.
fn beside_directories(path: &RepoPath, other: &Delta<'_>) -> Result<(), Reason> {
    let in_the_way = other.maybe_changes_below(path)
        || directories_of(path).any(|directory| other.get(&directory).is_some());
    match in_the_way {
        true => Err(Reason::FileAndDirectory),
        false => Ok(()),
    }
}

fn meeting(
    ours: &Delta<'_>,
    theirs: &Delta<'_>,
    change: &Change,
    sides: (Option<Entry>, Option<Entry>),
) -> Result<Option<Meeting>, Reason> {
    let path = change.path.clone();
    if sides.0 == sides.1 && sides.0.is_some() {
        return Ok(None);
    }
    let all = [change.before, sides.0, sides.1];
    if all.iter().flatten().any(|entry| !entry.mode.is_regular()) {
        return Err(Reason::Kind);
    }
    match (change.before, sides) {
        (base, (Some(our), Some(their))) => Ok(Some(Meeting::Files {
            path,
            base,
            ours: our,
            theirs: their,
        })),
        (Some(base), (None, None)) => {
            let maybe_renamed = ours.maybe_adds() || theirs.maybe_adds();
            Ok(maybe_renamed.then_some(Meeting::BothDeleted { path, base }))
        }
        (Some(base), (None, Some(kept))) => deleted(path, base, Which::Ours, kept, ours).map(Some),
        (Some(base), (Some(kept), None)) => {
            deleted(path, base, Which::Theirs, kept, theirs).map(Some)
        }
        // Both changed it, so base and sides cannot all be absent.
        (None, _) => Err(Reason::Unreadable),
    }
}

/// A file that one side deleted; `deleter` is everything that side did.
fn deleted(
    path: RepoPath,
    base: Entry,
    by: Which,
    kept: Entry,
    deleter: &Delta<'_>,
) -> Result<Meeting, Reason> {
    beside_directories(&path, deleter)?;
    Ok(Meeting::Deleted {
        maybe_renamed: deleter.maybe_adds(),
        path,
        base,
        by,
        kept,
    })
}

#[cfg(test)]
mod tests {
    use super::super::delta::tests::{changes, forward};
    use super::*;

    fn summary(ours: &str, theirs: &str) -> String {
        let (ours, theirs) = (changes(ours), changes(theirs));
        let plan = match plan(&forward(&ours), &forward(&theirs)) {
            Ok(plan) => plan,
            Err(reason) => return format!("ask: {}", reason.as_str()),
        };
        let words: Vec<String> = plan
            .meetings
            .iter()
            .map(|meeting| match meeting {
                Meeting::Files {
                    path, base: None, ..
                } => format!("both-add {path}"),
                Meeting::Files { path, .. } => format!("files {path}"),
                Meeting::Deleted {
                    path,
                    by,
                    maybe_renamed,
                    ..
                } => format!(
                    "{path} deleted by {by:?}{}",
                    if *maybe_renamed { " or renamed" } else { "" }
                ),
                Meeting::BothDeleted { path, .. } => format!("{path} deleted by both"),
                Meeting::Directory { path, by } => format!("{path}/ removed by {by:?}"),
            })
            .collect();
        words.join(", ")
    }

    #[test]
    fn what_is_left_to_be_found_out() {
        let cases = [
            ("", "", ""),
            ("a:1>2", "b:1>2", ""),
            ("a:1>2", "a:1>2", ""),
            ("a:1>2", "a:1>3", "files a"),
            ("a:>2", "a:>3", "both-add a"),
            ("a:>2", "a:>2", ""),
            ("a:1>", "a:1>2", "a deleted by Ours"),
            ("a:1>2", "a:1>", "a deleted by Theirs"),
            ("a:1> n:>9", "a:1>2", "a deleted by Ours or renamed"),
            ("a:1>", "a:1>2 n:>9", "a deleted by Ours"),
            ("a:1>", "a:1>", ""),
            ("a:1> n:>9", "a:1>", "a deleted by both"),
            // A rename of what the other side left alone: no matter.
            ("a:1> n:>1", "b:1>2", ""),
            ("d:>1", "d/x:>1", "ask: file-and-directory"),
            ("d/x:>1", "d:>1", "ask: file-and-directory"),
            ("d/x:1> d:>1 -d", "d/x:1>2", "ask: file-and-directory"),
            ("d/x:1>2", "d/x:1> d:>1 -d", "ask: file-and-directory"),
            ("d:1> d/x:>1", "d:1>2", "ask: file-and-directory"),
            ("d/x:1> d:>1 -d", "d/y:>2", "ask: file-and-directory"),
            ("d/x:1> d:>1 -d", "b:1>2", ""),
            ("d/x:1> -d", "d/y:>2", ""),
            ("d/x:1> e/x:>1 -d", "d/y:>2", "d/ removed by Ours"),
            ("d/y:>2", "d/x:1> e/x:>1 -d", "d/ removed by Theirs"),
            ("d/s/x:1> e/x:>1 -d -d/s", "d/s/y:>2", "d/ removed by Ours"),
            (
                "d/x:1> e/x:>1 -d",
                "d/x:1>2",
                "d/x deleted by Ours or renamed",
            ),
            ("d/x:1> e/x:>1 -d", "f/y:>2", ""),
        ];
        for (ours, theirs, expected) in cases {
            assert_eq!(summary(ours, theirs), expected, "{ours} | {theirs}");
        }
    }

    #[test]
    fn links_and_submodules_that_both_changed_are_gits() {
        use crate::domain::merge::Mode;
        for mode in [Mode::Link, Mode::Submodule] {
            let ours = changes("a:1>2");
            let mut their_list = changes("a:1>3").list().to_vec();
            for change in &mut their_list {
                if let Some(entry) = &mut change.after {
                    entry.mode = mode;
                }
            }
            let theirs = super::super::Changes::new(their_list, BTreeSet::new(), BTreeSet::new());
            let planned = plan(&forward(&ours), &forward(&theirs));
            assert_eq!(planned, Err(Reason::Kind));
        }
    }
}
