//! Which branches there are, here and as last seen on remotes, and which of them a pattern means.

use super::object::unreadable;
use super::{GitError, Repository};
use crate::domain::name::BranchName;

/// A branch that exists here, or that a remote had when it was last fetched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchRef {
    /// Without the remote.
    pub name: BranchName,
    /// `None`: a local branch.
    pub remote: Option<String>,
}

impl BranchRef {
    /// The full name of the ref.
    pub fn full(&self) -> String {
        match &self.remote {
            None => self.name.full(),
            Some(remote) => format!("refs/remotes/{remote}/{}", self.name),
        }
    }

    /// As people name it: `topic`, `origin/topic`.
    pub fn short(&self) -> String {
        match &self.remote {
            None => self.name.to_string(),
            Some(remote) => format!("{remote}/{}", self.name),
        }
    }
}

impl Repository {
    /// Every local and every remote-tracking branch, sorted by name and then local first. A remote's `HEAD` is none, nor is
    /// a ref below `refs/remotes/` that belongs to no remote.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn branches(&self) -> Result<Vec<BranchRef>, GitError> {
        let remotes = self.remotes();
        let mut branches: Vec<BranchRef> = self
            .names_below("refs/heads/")?
            .iter()
            .filter_map(|name| {
                let name = BranchName::new(name).ok()?;
                Some(BranchRef { name, remote: None })
            })
            .collect();
        for name in self.names_below("refs/remotes/")? {
            let Some((remote, short)) = of_remote(&name, &remotes) else {
                continue;
            };
            // `HEAD` is no branch name either.
            if let Ok(name) = BranchName::new(short) {
                branches.push(BranchRef {
                    name,
                    remote: Some(remote.to_owned()),
                });
            }
        }
        branches.sort();
        Ok(branches)
    }

    /// The remotes that are configured, sorted.
    pub fn remotes(&self) -> Vec<String> {
        let names = self.local();
        let names = names.remote_names();
        names.iter().map(ToString::to_string).collect()
    }

    pub(super) fn names_below(&self, prefix: &str) -> Result<Vec<String>, GitError> {
        let fail = |error: gix::Error| unreadable("refs", &error);
        let gix = self.local();
        let platform = gix.references().map_err(fail)?;
        let mut names = Vec::new();
        for reference in platform.prefixed(prefix).map_err(fail)? {
            let full = reference.map_err(fail)?.name().as_bstr().to_string();
            names.extend(full.strip_prefix(prefix).map(str::to_owned));
        }
        Ok(names)
    }
}

/// `origin/a/b` → `origin`, `a/b`, with the longest remote that fits.
fn of_remote<'n>(name: &'n str, remotes: &[String]) -> Option<(&'n str, &'n str)> {
    let longest = remotes
        .iter()
        .filter(|remote| {
            name.strip_prefix(remote.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
        .map(String::len)
        .max();
    match longest {
        Some(length) => Some((&name[..length], &name[length + 1..])),
        // Fetched from a remote that is no longer configured.
        None => name.split_once('/'),
    }
}

/// Whether a name fits a glob: `*` stays inside a segment unless the glob ends with it, as in `git branch --list`. A name
/// has none of the characters that are special in a glob, so that every name is a glob for itself alone.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    let matches = |glob: &str| {
        gix::glob::wildmatch(
            glob.into(),
            name.into(),
            gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL,
        )
    };
    matches(glob) || (glob.ends_with('*') && matches(&format!("{glob}/**")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("topic/*", "topic/a", true),
            ("topic/*", "topic/deep/b", true),
            ("topic/*", "topic", false),
            ("topic/*/b", "topic/deep/b", true),
            ("topic/*/b", "topic/very/deep/b", false),
            ("topic/**/b", "topic/very/deep/b", true),
            ("*/b", "topic/deep/b", false),
            ("*", "topic/deep/b", true),
            ("topi?", "topix", true),
            ("[st]opix", "topix", true),
            ("topic", "topic", true),
            ("topic", "topic/a", false),
            ("ü/*", "ü/ñ", true),
            ("", "topic", false),
        ] {
            assert_eq!(glob_matches(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn branches_here_and_on_remotes() {
        let origin = World::new();
        origin.write("a", "1\n");
        origin.commit("one");
        for name in ["topic/a", "topic/deep/b"] {
            origin.git(&["branch", name]);
        }
        let url = origin.root().display().to_string();
        let clone = World::with(&["clone", "-q", &url, "repo"]);
        clone.git(&["branch", "topic/a"]);
        clone.git(&["remote", "add", "team/x", &url]);
        clone.git(&["update-ref", "refs/remotes/team/x/a", "HEAD"]);
        clone.git(&["update-ref", "refs/remotes/gone/b", "HEAD"]);
        clone.git(&["update-ref", "refs/remotes/trunk", "HEAD"]);
        let branches = clone.open().branches().unwrap();
        let names: Vec<String> = branches.iter().map(BranchRef::short).collect();
        assert_eq!(
            names,
            [
                "team/x/a",
                "gone/b",
                "main",
                "origin/main",
                "topic/a",
                "origin/topic/a",
                "origin/topic/deep/b",
            ]
        );
        assert_eq!(branches[0].remote.as_deref(), Some("team/x"));
        assert_eq!(branches[0].full(), "refs/remotes/team/x/a");
        assert_eq!(branches[2].full(), "refs/heads/main");
        assert_eq!(clone.open().remotes(), ["origin", "team/x"]);
    }
}
