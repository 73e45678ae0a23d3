//! What people have resolved and decided, as it is kept.

use super::key::digest;
use super::{Pick, Sides, Version};
use crate::domain::name::{CheckName, TrackId};
use crate::domain::path::{Pattern, RepoPath};
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

/// The resolution of a conflict, or the repair of a merge that was clean and did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    /// Name and address, as git has them.
    pub who: String,
    pub when: Timestamp,
    /// In the order in which they were merged, each with the commit that was.
    pub tracks: [(TrackId, CommitId); 2],
    pub kind: RecordKind,
    /// What was changed where nothing conflicted.
    pub fixed: Vec<Fixed>,
    pub proof: Proof,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordKind {
    Resolution(Vec<Entry>),
    /// Of a pair that merges clean.
    Fix,
}

/// One conflicted path and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: RepoPath,
    /// What conflicted: on base first, then as the one and the other track has it, where they differ from base.
    pub sides: Vec<Sides>,
    /// `None`: it is not there any more.
    pub result: Option<Version>,
}

/// One path that was changed although it did not conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    pub path: RepoPath,
    pub from: Option<Version>,
    pub to: Option<Version>,
}

/// What was found out about a result before it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// These passed.
    Checks(Vec<CheckName>),
    /// Nothing was to be run, or nobody wanted it.
    Unchecked,
    /// It could not be found out.
    CouldNotRun,
}

impl Record {
    /// The id of what these people made of these contents: the same work has the same id.
    pub fn id_of(tracks: &[(TrackId, CommitId); 2], kind: &RecordKind, fixed: &[Fixed]) -> String {
        let version = |version: &Option<Version>| match version {
            Some(version) => format!("{:o} {}", version.mode, version.id),
            None => "absent".to_owned(),
        };
        let mut parts: Vec<Vec<u8>> = Vec::new();
        if let RecordKind::Resolution(entries) = kind {
            for entry in entries {
                parts.push(entry.path.as_bytes().to_vec());
                let keys = entry.sides.iter().map(super::path_key);
                parts.extend(keys.map(|key| key.as_str().as_bytes().to_vec()));
                parts.push(version(&entry.result).into_bytes());
            }
        } else {
            let mut names = [&tracks[0].0, &tracks[1].0].map(ToString::to_string);
            names.sort();
            parts.extend(names.map(String::into_bytes));
        }
        for fixed in fixed {
            parts.push(fixed.path.as_bytes().to_vec());
            parts.push(version(&fixed.from).into_bytes());
            parts.push(version(&fixed.to).into_bytes());
        }
        short(digest(parts.iter().map(Vec::as_slice)))
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            RecordKind::Resolution(entries) => entries,
            RecordKind::Fix => &[],
        }
    }

    pub fn is_of(&self, track: &TrackId) -> bool {
        self.tracks.iter().any(|(of, _)| of == track)
    }

    pub fn paths(&self) -> impl Iterator<Item = &RepoPath> {
        let entries = self.entries().iter().map(|entry| &entry.path);
        entries.chain(self.fixed.iter().map(|fixed| &fixed.path))
    }

    /// Every version that it names.
    pub fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        let entries = self.entries().iter().flat_map(|entry| {
            let sides = entry.sides.iter();
            let sides = sides.flat_map(|sides| [sides.base, sides.ours, sides.theirs]);
            sides.chain([entry.result])
        });
        let fixed = self.fixed.iter().flat_map(|fixed| [fixed.from, fixed.to]);
        entries.chain(fixed).flatten()
    }
}

/// What was recorded for exactly these contents, at this path or else under another name that it had; the newest counts.
pub fn recorded<'r>(
    records: &'r [Record],
    path: &RepoPath,
    names: &[RepoPath],
    sides: &Sides,
) -> Option<(&'r Record, &'r Entry)> {
    let key = super::path_key(sides);
    let mut found: Option<(&Record, &Entry)> = None;
    for record in records {
        let same = |entry: &&Entry| {
            let keys = entry.sides.iter();
            (entry.path == *path || names.contains(&entry.path))
                && keys.map(super::path_key).any(|known| known == key)
        };
        for entry in record.entries().iter().filter(same) {
            let better = found.is_none_or(|(old, known)| {
                let rank = |of: &Record, entry: &Entry| (entry.path == *path, of.when);
                rank(record, entry) >= rank(old, known)
            });
            if better {
                found = Some((record, entry));
            }
        }
    }
    found
}

/// Who takes precedence over whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub id: String,
    pub who: String,
    pub when: Timestamp,
    pub prefer: TrackId,
    pub over: TrackId,
    pub because: String,
    /// Where; empty: everywhere.
    pub paths: Vec<Pattern>,
}

impl Decision {
    pub fn id_of(
        prefer: &TrackId,
        over: &TrackId,
        because: &str,
        paths: &[Pattern],
        when: Timestamp,
    ) -> String {
        let when = when.0.to_string();
        let head = [prefer.as_str(), over.as_str(), because, when.as_str()];
        let paths = paths.iter().map(Pattern::as_str);
        short(digest(head.into_iter().chain(paths).map(str::as_bytes)))
    }

    /// Whether it is about these two and this path.
    pub fn is_about(&self, a: &TrackId, b: &TrackId, path: &RepoPath) -> bool {
        let pair = [&self.prefer, &self.over];
        a != b
            && pair.contains(&a)
            && pair.contains(&b)
            && (self.paths.is_empty() || self.paths.iter().any(|paths| paths.matches(path)))
    }
}

/// Which side takes precedence, and by which decision: where several were made about a pair, the newest counts. With more than
/// one earlier track that changed the path, all of them must have been decided about in the same way.
pub fn decided<'d>(
    decisions: &'d [Decision],
    track: &TrackId,
    earlier: &[TrackId],
    path: &RepoPath,
) -> Option<(Pick, &'d Decision)> {
    let mut found: Option<(Pick, &Decision)> = None;
    for other in earlier {
        let decision = decisions
            .iter()
            .filter(|decision| decision.is_about(track, other, path))
            .max_by_key(|decision| (decision.when, &decision.id))?;
        let pick = match decision.prefer == *track {
            true => Pick::Theirs,
            false => Pick::Ours,
        };
        match found {
            Some((known, _)) if known != pick => return None,
            Some(_) => {}
            None => found = Some((pick, decision)),
        }
    }
    found
}

/// Long enough that two records never share one, and short enough to be typed.
fn short(digest: String) -> String {
    let mut digest = digest;
    digest.truncate(10);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(name: &str) -> TrackId {
        TrackId::new(name).unwrap()
    }

    fn decision(prefer: &str, over: &str, when: i64, paths: &[&str]) -> Decision {
        let paths = paths.iter().map(|text| Pattern::new(text).unwrap());
        let (prefer, over) = (track(prefer), track(over));
        let paths: Vec<Pattern> = paths.collect();
        Decision {
            id: Decision::id_of(&prefer, &over, "so", &paths, Timestamp(when)),
            who: "Ada".to_owned(),
            when: Timestamp(when),
            prefer,
            over,
            because: "so".to_owned(),
            paths,
        }
    }

    #[test]
    fn who_takes_precedence() {
        let decisions = [
            decision("a", "b", 1, &[]),
            decision("b", "a", 2, &["docs"]),
            decision("a", "c", 1, &["src/**"]),
        ];
        for (one, earlier, path, expected) in [
            ("b", vec!["a"], "x", Some(Pick::Ours)),
            ("a", vec!["b"], "x", Some(Pick::Theirs)),
            ("b", vec!["a"], "docs/x", Some(Pick::Theirs)),
            ("c", vec!["a"], "x", None),
            ("a", vec!["b", "c"], "src/x", Some(Pick::Theirs)),
            ("a", vec!["b", "c"], "x", None),
            ("a", vec!["b", "c"], "docs/x", None),
            ("a", vec![], "x", None),
            ("c", vec!["b"], "src/x", None),
        ] {
            let earlier: Vec<TrackId> = earlier.into_iter().map(track).collect();
            let found = decided(&decisions, &track(one), &earlier, &RepoPath::new(path));
            assert_eq!(
                found.map(|(pick, _)| pick),
                expected,
                "{one} {earlier:?} {path}"
            );
        }
    }
}
