//! Git's names for the kinds of conflict.

use std::fmt;

/// A conflict's type: git's own short string without its `CONFLICT` prefix, as merge-ort prints it.
///
/// Git keeps these strings stable; the messages beside them it does not. `add/add` is ours: git says `contents` there
/// too, and what tells them apart is that no merge base has the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConflictType(String);

impl ConflictType {
    /// Reads git's informational string. `None` for one that does not announce a conflict ("Auto-merging" …).
    pub fn from_git(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("CONFLICT")?;
        let inner = rest.trim_start().strip_prefix('(')?.strip_suffix(')')?;
        Some(ConflictType(inner.to_owned()))
    }

    /// A type by the name that [`ConflictType::as_str`] gave.
    pub fn known(name: String) -> Self {
        ConflictType(name)
    }

    pub fn add_add() -> Self {
        ConflictType("add/add".to_owned())
    }

    pub fn modify_delete() -> Self {
        ConflictType("modify/delete".to_owned())
    }

    pub fn contents() -> Self {
        ConflictType("contents".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConflictType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_strings() {
        let cases = [
            ("CONFLICT (contents)", Some("contents")),
            ("CONFLICT (modify/delete)", Some("modify/delete")),
            (
                "CONFLICT(directory rename unclear split)",
                Some("directory rename unclear split"),
            ),
            ("Auto-merging", None),
            ("Adding as|to be merged", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                ConflictType::from_git(text)
                    .as_ref()
                    .map(ConflictType::as_str),
                expected,
                "{text}"
            );
        }
    }
}
