//! Why git does not merge a file, in one sentence a type, where the lines alone do not say it.

use crate::domain::merge::Conflict;
use crate::domain::path::RepoPath;
use crate::git::{Content, Version};
use crate::ops::details::Detail;

use super::super::show;

const EXECUTABLE: u32 = 0o100;

/// The sentences about one conflict; `a` and `b` are the names of the sides.
pub(super) fn sentences(conflict: &Conflict, detail: &Detail, a: &str, b: &str) -> Vec<String> {
    let told = Told { detail, a, b };
    let mut sentences: Vec<String> = Vec::new();
    for kind in &conflict.types {
        let sentence = told.of(kind.as_str());
        sentences.extend(sentence.filter(|sentence| !sentences.contains(sentence)));
    }
    sentences.extend(told.other_names());
    sentences.extend(told.executable());
    sentences
}

struct Told<'d> {
    detail: &'d Detail,
    a: &'d str,
    b: &'d str,
}

impl Told<'_> {
    fn of(&self, kind: &str) -> Option<String> {
        let [base, ours, theirs] = &self.detail.versions;
        let (a, b) = (self.a, self.b);
        let named = |index: usize| self.detail.named.get(index).map(show);
        // For what only one side has: that side, then the other.
        let (one, other) = match (ours, theirs) {
            (None, Some(_)) => (b, a),
            _ => (a, b),
        };
        Some(match kind {
            "add/add" => format!("both add it; {a} {}, {b} {}", is(ours), is(theirs)),
            "contents" => return self.contents(),
            "modify/delete" => format!("{other} deletes it, {one} modifies it"),
            "rename/delete" => {
                let (new, old) = (named(0)?, named(1)?);
                format!("{one} renames {old} to {new}, {other} deletes it")
            }
            "rename/rename" => match (named(0), named(1), named(2)) {
                (Some(old), Some(ours), Some(theirs)) => {
                    format!("{a} renames {old} to {ours}, {b} renames it to {theirs}")
                }
                _ => "both sides rename it, to different names".to_owned(),
            },
            "rename involved in collision" => {
                "different files end under this name by being renamed".to_owned()
            }
            "file/directory" => format!("{one} has a file there, {other} a directory"),
            "distinct modes" => format!("{a} {}, {b} {}", is(ours), is(theirs)),
            "directory rename suggested" => {
                let (new, old) = (named(0)?, named(1)?);
                format!(
                    "{one} adds {old} to a directory that {other} renames; perhaps it belongs at {new}"
                )
            }
            "file in way of directory rename" => {
                "a file is in the way where a renamed directory would take it".to_owned()
            }
            "directory rename collision" => {
                "renamed directories would put several files at one place".to_owned()
            }
            "directory rename unclear split" => {
                "one side splits a directory evenly, so that where the other's new files belong is unclear"
                    .to_owned()
            }
            "binary" => format!(
                "no text, so that it is one side or the other: {a} {}, {b} {}, base {}",
                is(ours),
                is(theirs),
                is(base)
            ),
            kind if kind.starts_with("submodule") => {
                format!("{a} {}, {b} {}, base {}", is(ours), is(theirs), is(base))
            }
            _ => return None,
        })
    }

    /// Of text the lines tell.
    fn contents(&self) -> Option<String> {
        let [_, Some(ours), Some(theirs)] = &self.detail.versions else {
            return None;
        };
        let link = |version: &Version| matches!(version.content, Content::Link(_));
        (link(ours) || link(theirs)).then(|| {
            let is = |version: &Version| is(&Some(version.clone()));
            format!("{} {}, {} {}", self.a, is(ours), self.b, is(theirs))
        })
    }

    fn other_names(&self) -> impl Iterator<Item = String> {
        let sides = [self.a, self.b].into_iter().zip(&self.detail.other_names);
        sides.filter_map(|(side, name)| Some(format!("in {side} it is {}", show(name.as_ref()?))))
    }

    fn executable(&self) -> Option<String> {
        let [base, ours, theirs] = &self.detail.versions;
        let mode = |version: &Option<Version>| {
            let file = version.as_ref()?;
            (file.mode & 0o170_000 == 0o100_000).then_some(file.mode & EXECUTABLE != 0)
        };
        let (ours, theirs) = (mode(ours)?, mode(theirs)?);
        if ours == theirs {
            return None;
        }
        let side = match mode(base) {
            Some(before) if before == ours => self.b,
            Some(_) => self.a,
            None => {
                let side = if ours { self.a } else { self.b };
                return Some(format!("only {side} has it executable"));
            }
        };
        let now = if mode(base) == Some(true) {
            "no longer executable"
        } else {
            "executable"
        };
        Some(format!("{side} makes it {now}"))
    }
}

/// What a side has there, as the end of a sentence that starts with the side.
fn is(version: &Option<Version>) -> String {
    let Some(version) = version else {
        return "has nothing there".to_owned();
    };
    match &version.content {
        Content::Text(text) => {
            let lines = text.split_inclusive(|byte| *byte == b'\n').count();
            format!("has {}", super::super::count(lines, "line"))
        }
        Content::Binary(bytes) => format!("has {}", super::super::count(*bytes, "byte")),
        Content::Link(target) => {
            format!("has a link to {}", show(&RepoPath::new(target.as_slice())))
        }
        Content::Submodule(commit) => {
            format!(
                "has the submodule at {}",
                commit.get(..10).unwrap_or(commit)
            )
        }
    }
}
