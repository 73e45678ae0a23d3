//! `atlas.sum`, which says what is in a directory of migrations: a line with a sum over all, then one for each file in the
//! order of names, each the SHA-256 of all names and contents so far.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;

/// A sum file that does not say what a track makes of its directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub track: TrackId,
    pub path: RepoPath,
    /// What it would have to be.
    pub right: Vec<u8>,
}

fn below(set: &RepoPath, name: &str) -> RepoPath {
    let set = set.lossy();
    let slash = if set.is_empty() { "" } else { "/" };
    RepoPath::new(format!("{set}{slash}{name}"))
}

/// Where the sum file of a directory is.
pub fn path_in(set: &RepoPath) -> RepoPath {
    below(set, "atlas.sum")
}

/// Whether a file counts for the sum of a directory.
pub fn is_summed(set: &RepoPath, path: &RepoPath) -> bool {
    let (set, path) = (set.lossy(), path.lossy());
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", &path));
    directory == set && file.ends_with(".sql")
}

/// The sum file for these files.
pub fn of(texts: &BTreeMap<RepoPath, Vec<u8>>) -> Vec<u8> {
    let (mut so_far, mut lines) = (Sha256::new(), Vec::new());
    for (path, text) in texts {
        let path = path.lossy();
        let name = path.rsplit_once('/').map_or(&*path, |(_, name)| name);
        so_far.update(name.as_bytes());
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // Such a file counts with its name only.
        if String::from_utf8_lossy(first).contains("atlas:sum ignore") {
            continue;
        }
        so_far.update(text);
        lines.push((name.to_owned(), STANDARD.encode(so_far.clone().finalize())));
    }
    let mut whole = Sha256::new();
    for (name, sum) in &lines {
        whole.update(name.as_bytes());
        whole.update(sum.as_bytes());
    }
    let mut file = format!("h1:{}\n", STANDARD.encode(whole.finalize()));
    for (name, sum) in lines {
        file.push_str(&format!("{name} h1:{sum}\n"));
    }
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_names_and_texts() {
        let sum = |files: &[(&str, &str)]| {
            let texts = files
                .iter()
                .map(|(path, text)| (RepoPath::new(path), text.as_bytes().to_vec()));
            String::from_utf8(of(&texts.collect())).unwrap()
        };
        // An empty directory: the sum of nothing.
        assert_eq!(
            sum(&[]),
            "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
        );
        let two = sum(&[("m/2.sql", "b"), ("m/1.sql", "a")]);
        let lines: Vec<&str> = two.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("1.sql h1:") && lines[2].starts_with("2.sql h1:"));
        // The first line of a file does not depend on those that come after it.
        assert_eq!(sum(&[("m/1.sql", "a")]).lines().nth(1), Some(lines[1]));
        assert_ne!(sum(&[("m/1.sql", "a\n"), ("m/2.sql", "b")]), two);
        let with_ignored = sum(&[("m/1.sql", "-- atlas:sum ignore\n"), ("m/2.sql", "b")]);
        assert_eq!(with_ignored.lines().count(), 2);
    }

    #[test]
    fn what_counts() {
        let set = RepoPath::new("m");
        for (path, counts) in [
            ("m/1.sql", true),
            ("m/in/1.sql", false),
            ("m/1.txt", false),
            ("1.sql", false),
        ] {
            assert_eq!(is_summed(&set, &RepoPath::new(path)), counts, "{path}");
        }
        assert_eq!(path_in(&set), RepoPath::new("m/atlas.sum"));
        assert_eq!(path_in(&RepoPath::new("")), RepoPath::new("atlas.sum"));
    }
}
