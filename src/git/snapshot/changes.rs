//! What `git status` tells about uncommitted work, path by path.

use super::super::executable::fields;
use crate::domain::path::RepoPath;
use crate::domain::revision::BlobId;

/// A file as an index or a tree has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: RepoPath,
    pub(super) mode: u32,
    pub(super) id: BlobId,
}

/// A file that has to be read from the worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) path: RepoPath,
    /// Mode and content in the index; `None` for what is not there, or only announced (`git add -N`).
    pub(super) staged: Option<(u32, BlobId)>,
    /// The mode that git will give it, where git has told.
    pub(super) mode: Option<u32>,
}

/// The difference between the tree of HEAD and what `git add -A` would make of the worktree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Gone from the worktree, or from the index and not brought back.
    pub(super) removed: Vec<RepoPath>,
    /// As in the index.
    pub(super) staged: Vec<Entry>,
    pub(super) edited: Vec<Edited>,
    pub(super) unmerged: bool,
    /// What is no file: submodules, repositories inside the worktree, and what a newer git may come up with.
    pub(super) others: bool,
}

impl Changes {
    /// Format: git-status(1), "Porcelain Format Version 2".
    pub(super) fn parse(output: &[u8]) -> Changes {
        let mut changes = Changes::default();
        for field in fields(output) {
            match field.first() {
                Some(b'1') if changes.add_tracked(field).is_none() => changes.others = true,
                Some(b'1' | b'#') => {}
                Some(b'?') => changes.add_untracked(field),
                Some(b'u') => changes.unmerged = true,
                _ => changes.others = true,
            }
        }
        changes
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// `1 XY sub mH mI mW hH hI path`; `None` for what is not understood.
    fn add_tracked(&mut self, field: &[u8]) -> Option<()> {
        let parts: Vec<&[u8]> = field.splitn(9, |byte| *byte == b' ').collect();
        let &[_, &[x, y], sub, head, index, worktree, _, id, path] = parts.as_slice() else {
            return None;
        };
        let [head, index, worktree] = [head, index, worktree].map(octal);
        let (index, worktree) = (index?, worktree?);
        if sub != b"N..." || [head?, index, worktree].contains(&GITLINK) {
            return None;
        }
        let path = RepoPath::new(path);
        let id = BlobId::from_hex(std::str::from_utf8(id).ok()?).ok()?;
        match (x, y) {
            (_, b'D') | (b'D', b'.') => self.removed.push(path),
            (b'A' | b'M' | b'T', b'.') => self.staged.push(Entry {
                path,
                mode: index,
                id,
            }),
            (_, b'A' | b'M' | b'T') => self.edited.push(Edited {
                path,
                staged: (index != 0).then_some((index, id)),
                mode: Some(worktree),
            }),
            _ => return None,
        }
        Some(())
    }

    /// `? path`; a directory is listed as such only where it is a repository.
    fn add_untracked(&mut self, field: &[u8]) {
        match field.get(2..) {
            Some(path) if !path.is_empty() && !path.ends_with(b"/") => self.edited.push(Edited {
                path: RepoPath::new(path),
                staged: None,
                mode: None,
            }),
            _ => self.others = true,
        }
    }
}

const GITLINK: u32 = 0o160_000;

fn octal(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn parse(record: &str) -> Changes {
        Changes::parse(format!("# stash 1\0{record}\0").as_bytes())
    }

    #[test]
    fn what_becomes_of_a_path() {
        let one = BlobId::from_hex(ONE).unwrap();
        let path = || RepoPath::new("a b");
        let removed = || Changes {
            removed: vec![path()],
            ..Changes::default()
        };
        let staged = |mode| Changes {
            staged: vec![Entry {
                path: path(),
                mode,
                id: one,
            }],
            ..Changes::default()
        };
        let edited = |staged, mode| Changes {
            edited: vec![Edited {
                path: path(),
                staged,
                mode,
            }],
            ..Changes::default()
        };
        let (file, link) = (0o100_644, 0o120_000);
        let known = Some((file, one));
        for (record, expected) in [
            (
                format!(".D N... 100644 100644 000000 {ONE} {ONE}"),
                removed(),
            ),
            (
                format!("D. N... 100644 000000 000000 {ONE} {NONE}"),
                removed(),
            ),
            (
                format!("AD N... 000000 100644 000000 {NONE} {ONE}"),
                removed(),
            ),
            (
                format!("M. N... 100644 100644 100644 {NONE} {ONE}"),
                staged(file),
            ),
            (
                format!("T. N... 100644 120000 120000 {NONE} {ONE}"),
                staged(link),
            ),
            (
                format!("AM N... 000000 100644 100644 {NONE} {ONE}"),
                edited(known, Some(file)),
            ),
            (
                format!(".T N... 100644 100644 120000 {ONE} {ONE}"),
                edited(known, Some(link)),
            ),
            (
                format!(".A N... 000000 000000 100644 {NONE} {NONE}"),
                edited(None, Some(file)),
            ),
            (
                format!("DA N... 100644 000000 100644 {ONE} {NONE}"),
                edited(None, Some(file)),
            ),
        ] {
            assert_eq!(parse(&format!("1 {record} a b")), expected, "{record}");
        }
        assert_eq!(parse("? a b"), edited(None, None));
        assert!(Changes::parse(b"# stash 1\0").is_empty() && Changes::parse(b"").is_empty());
    }

    #[test]
    fn what_is_no_file() {
        for record in [
            format!("1 .M SC.. 160000 160000 160000 {ONE} {ONE} sub"),
            format!("1 A. N... 000000 160000 160000 {NONE} {ONE} sub"),
            format!("1 .X N... 100644 100644 100644 {ONE} {ONE} a"),
            format!("1 .M N... 100644 100644 100644 {ONE} a"),
            "? nested/".to_owned(),
            "?".to_owned(),
            "! ignored".to_owned(),
            format!("2 R. N... 100644 100644 100644 {ONE} {ONE} R100 b"),
        ] {
            assert!(parse(&record).others, "{record}");
        }
        assert!(parse("u UU N... 100644 100644 100644 100644 x y z a").unmerged);
    }
}
