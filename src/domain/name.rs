//! The only place where a string becomes the name of a track, a check, a profile, a contract or a branch.

use std::fmt;

/// Why a string is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct NameError {
    pub text: String,
    /// Continues a sentence that starts with the text, for example "contains a space".
    pub why: String,
}

impl NameError {
    fn new(text: &str, why: impl Into<String>) -> Self {
        NameError {
            text: text.to_owned(),
            why: why.into(),
        }
    }
}

/// Words that stand beside track ids wherever a side of a merge is named.
const RESERVED: [&str; 2] = ["base", "integration"];

fn check_id(text: &str) -> Result<(), NameError> {
    let mut chars = text.chars();
    match chars.next() {
        None => return Err(NameError::new(text, "is empty")),
        Some('a'..='z' | '0'..='9') => {}
        Some(_) => {
            return Err(NameError::new(
                text,
                "must start with a lower-case letter or a digit",
            ));
        }
    }
    match chars.find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
        None => Ok(()),
        Some(c) => Err(NameError::new(
            text,
            format!(
                "contains {c:?}; only lower-case letters, digits, `.`, `_` and `-` are allowed"
            ),
        )),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// When the text is empty or has a character outside `[a-z0-9][a-z0-9._-]*`.
            pub fn new(text: &str) -> Result<Self, NameError> {
                check_id(text)?;
                Ok($name(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// A track's id. `base` and `integration` are reserved.
///
/// Where branches are compared that no tracks.toml knows, each of them is a track by the branch's own name
/// ([`TrackId::of_branch`]). Such a project is asked what merges with what and nothing else: only an id of tracks.toml ever
/// becomes part of a name or a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(String);

impl TrackId {
    /// # Errors
    /// When the text is empty, reserved, has a character outside `[a-z0-9][a-z0-9._-]*`, or could not be part of a ref
    /// (`a..b`, `a.`, `a.lock`).
    pub fn new(text: &str) -> Result<Self, NameError> {
        check_id(text)?;
        if RESERVED.contains(&text) {
            return Err(NameError::new(
                text,
                "is a reserved word; choose another id",
            ));
        }
        // An id becomes part of branch and ref names and of directories.
        BranchName::new(text)?;
        Ok(TrackId(text.to_owned()))
    }

    /// The id of a branch that stands for itself: its name, as git would write it where `base` and `integration` mean
    /// something else (`heads/base`).
    pub fn of_branch(name: &BranchName) -> Self {
        TrackId(if RESERVED.contains(&name.as_str()) {
            format!("heads/{name}")
        } else {
            name.to_string()
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

id!(
    /// The name of a check.
    CheckName
);
id!(
    /// The name of a profile.
    ProfileName
);
id!(
    /// The name of a contract.
    ContractName
);

/// A branch's short name, as in `git switch NAME`; always a valid ref below `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

impl BranchName {
    /// The rules are those of `git check-ref-format --branch`.
    ///
    /// # Errors
    /// When git would refuse the name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let fail = |why: &str| Err(NameError::new(text, why));
        if text.is_empty() {
            return fail("is empty");
        }
        if text.starts_with('-') {
            return fail("starts with `-`, which git would read as an option");
        }
        if text == "HEAD" || text == "@" {
            return fail("is a word that git reserves");
        }
        if text.contains("..") {
            return fail("contains `..`");
        }
        if text.contains("@{") {
            return fail("contains `@{`");
        }
        if let Some(c) = text
            .chars()
            .find(|c| c.is_ascii_control() || " ~^:?*[\\".contains(*c))
        {
            return Err(NameError::new(
                text,
                format!("contains {c:?}, which git does not allow in a branch name"),
            ));
        }
        if text.ends_with('.') {
            return fail("ends with `.`");
        }
        for part in text.split('/') {
            if part.is_empty() {
                return fail("has an empty part (a leading, trailing or doubled `/`)");
            }
            if part.starts_with('.') {
                return fail("has a part that starts with `.`");
            }
            if part.ends_with(".lock") {
                return fail("has a part that ends with `.lock`");
            }
        }
        Ok(BranchName(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full ref, `refs/heads/NAME`.
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One side of a merge as people name it: a track, or one of the two branches that every track is measured against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Base,
    Integration,
    Track(TrackId),
    /// Two tracks, merged together.
    Both(TrackId, TrackId),
    /// Some tracks of a candidate, merged together; counted within a round, in the order in which they were asked about.
    Part(u32),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Side::Base => f.pad("base"),
            Side::Integration => f.pad("integration"),
            Side::Track(id) => f.pad(id.as_str()),
            // Part of a log's name, and no id has a `+`.
            Side::Both(a, b) => f.pad(&format!("{a}+{b}")),
            // Nor does any begin with one.
            Side::Part(number) => f.pad(&format!("+part-{number}")),
        }
    }
}

/// The candidate that a person who typed `text` most likely meant, if any is near.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match text.chars().count() {
        // Any other single letter would be one edit away.
        0 | 1 => 0,
        length => (length / 3).max(1),
    };
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(text, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= allowed || (text.len() >= 3 && candidate.starts_with(text))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for good in ["a", "track-a", "0", "a.b_c-d", "x1"] {
            assert!(TrackId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "-x",
            ".x",
            "a b",
            "a/b",
            "ä",
            "a\n",
            "base",
            "integration",
            "a..b",
            "a.",
            "a.lock",
        ] {
            assert!(TrackId::new(bad).is_err(), "{bad:?}");
        }
        assert!(
            CheckName::new("base").is_ok(),
            "only tracks share a namespace with the sides"
        );
    }

    #[test]
    fn branches_that_stand_for_themselves() {
        for (name, id) in [
            ("topic/a.b", "topic/a.b"),
            ("ü/Ñ", "ü/Ñ"),
            ("base", "heads/base"),
            ("integration", "heads/integration"),
            ("integration/x", "integration/x"),
        ] {
            let name = BranchName::new(name).unwrap();
            assert_eq!(TrackId::of_branch(&name).as_str(), id);
        }
    }

    #[test]
    fn branch_names_follow_git() {
        for good in [
            "main",
            "feature/phase-1-track-a",
            "a.b",
            "ü/ñ",
            "x@y",
            "feature/a.lockx",
            "a.LOCK",
            "HEAD/x",
            "a/@",
        ] {
            assert!(BranchName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "-x", "HEAD", "@", "a..b", "a@{b", "a b", "a~", "a^", "a:b", "a?", "a*", "a[",
            "a\\b", "a.", "a/", "/a", "a//b", "a/.b", ".a", "a.lock", "a.lock/b", "a\u{7f}",
            "a\tb",
        ] {
            assert!(BranchName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nearest_names() {
        let keys = ["branch", "worktree", "depends_on", "owns"];
        assert_eq!(nearest("brnch", keys), Some("branch"));
        assert_eq!(nearest("depend", keys), Some("depends_on"));
        assert_eq!(nearest("worktrees", keys), Some("worktree"));
        assert_eq!(nearest("zzz", keys), None);
        assert_eq!(nearest("d", ["a", "b"]), None);
        assert_eq!(nearest("au", ["ui", "ai"]), Some("ai"));
    }
}
