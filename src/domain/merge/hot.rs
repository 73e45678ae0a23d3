//! The files that most conflicts are about, and what would make them fewer.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Conflict, ConflictType, Pair};
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;

/// A file that tracks conflict in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotFile {
    pub path: RepoPath,
    /// How many pairs of tracks conflict there.
    pub pairs: usize,
    /// The tracks of these pairs: those in most of them first, then by name.
    pub tracks: Vec<TrackId>,
    /// `None`: nothing that is known speaks for anything.
    pub advice: Option<Advice>,
}

/// What would help, each with what it is concluded from; the first that applies is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// Every conflict is about lines that both sides added at the very end of the file, and nothing else: a file that only
    /// ever grows there merges by taking both.
    AppendOnly,
    /// Every conflict is about lines that both sides added at the same place, and nothing else: taking both (`merge=union`)
    /// would dissolve all of them. Whether the result means what it should is not for us to know.
    Union,
    /// The tracks fall into groups that do not conflict with each other there, and the groups' conflicts are at least
    /// 30 lines of base from each other: several concerns live in one file.
    Split,
    /// Two or more pairs conflict there, and no track owns it. The track is one that every pair has in common.
    Owner(Option<TrackId>),
}

impl Advice {
    pub fn as_str(&self) -> &'static str {
        match self {
            Advice::AppendOnly => "append-only",
            Advice::Union => "union",
            Advice::Split => "split",
            Advice::Owner(_) => "owner",
        }
    }
}

/// From so many lines on, two places of a file are taken for places of their own: more than a hunk with its context, about
/// what a screen shows.
const APART: usize = 30;

/// Every path that two tracks conflict in; the most pairs first, then by path. Base and integration do not count.
///
/// Nothing is advised but what [`Advice`] says it is concluded from. Conflicts that are not about lines alone (a deletion, a
/// rename, a binary file, a file that both added) only ever speak for an owner.
pub fn hot_files(pairs: &[Pair], owners: &BTreeMap<RepoPath, TrackId>) -> Vec<HotFile> {
    let mut by_path: BTreeMap<&RepoPath, Vec<Met<'_>>> = BTreeMap::new();
    for pair in pairs {
        let (Side::Track(a), Side::Track(b)) = (&pair.a, &pair.b) else {
            continue;
        };
        for conflict in pair.verdict.conflicts() {
            let met = Met { a, b, conflict };
            by_path.entry(&conflict.path).or_default().push(met);
        }
    }
    let mut files: Vec<HotFile> = by_path
        .into_iter()
        .map(|(path, met)| HotFile {
            path: path.clone(),
            pairs: met.len(),
            tracks: involved(&met),
            advice: advice(&met, owners.contains_key(path)),
        })
        .collect();
    files.sort_by(|a, b| b.pairs.cmp(&a.pairs).then_with(|| a.path.cmp(&b.path)));
    files
}

/// One pair's conflict in the file.
struct Met<'a> {
    a: &'a TrackId,
    b: &'a TrackId,
    conflict: &'a Conflict,
}

impl Met<'_> {
    fn is_about_lines(&self) -> bool {
        self.conflict.types == [ConflictType::contents()] && !self.conflict.regions.is_empty()
    }

    fn only_adds(&self) -> bool {
        let mut regions = self.conflict.regions.iter();
        // Where one side's lines are those the other's begin or end with, that side has added nothing of its own.
        regions.all(|region| {
            region.base.is_empty() && !region.ours.is_empty() && !region.theirs.is_empty()
        })
    }

    fn is_at_the_end(&self) -> bool {
        self.conflict.regions.iter().all(|region| region.at_end)
    }

    /// From the first to the last conflicting line of base.
    fn span(&self) -> Range<usize> {
        let regions = &self.conflict.regions;
        let start = regions.iter().map(|region| region.base.start).min();
        let end = regions.iter().map(|region| region.base.end).max();
        start.unwrap_or(0)..end.unwrap_or(0)
    }
}

fn involved(met: &[Met<'_>]) -> Vec<TrackId> {
    let mut counts: BTreeMap<&TrackId, usize> = BTreeMap::new();
    for track in met.iter().flat_map(|met| [met.a, met.b]) {
        *counts.entry(track).or_default() += 1;
    }
    let mut tracks: Vec<_> = counts.into_iter().collect();
    tracks.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    tracks.into_iter().map(|(track, _)| track.clone()).collect()
}

fn advice(met: &[Met<'_>], owned: bool) -> Option<Advice> {
    if met.iter().all(Met::is_about_lines) {
        if met.iter().all(Met::only_adds) {
            let at_end = met.iter().all(Met::is_at_the_end);
            return Some(if at_end {
                Advice::AppendOnly
            } else {
                Advice::Union
            });
        }
        if lies_apart(met) {
            return Some(Advice::Split);
        }
    }
    (met.len() > 1 && !owned).then(|| Advice::Owner(in_every_pair(met)))
}

fn in_every_pair(met: &[Met<'_>]) -> Option<TrackId> {
    let first = met.first()?;
    let everywhere = |track: &&TrackId| met.iter().all(|met| [met.a, met.b].contains(track));
    [first.a, first.b].into_iter().find(everywhere).cloned()
}

/// Pairs are compared by the lines of each one's own base. For stacked tracks these are not the same file; but tracks that
/// change one place also conflict with each other, and then are one group.
fn lies_apart(met: &[Met<'_>]) -> bool {
    let mut groups: Vec<(BTreeSet<&TrackId>, Vec<Range<usize>>)> = Vec::new();
    for met in met {
        let mut joined = (BTreeSet::from([met.a, met.b]), vec![met.span()]);
        groups.retain_mut(|(tracks, spans)| {
            let apart = tracks.is_disjoint(&BTreeSet::from([met.a, met.b]));
            if !apart {
                joined.0.append(tracks);
                joined.1.append(spans);
            }
            apart
        });
        groups.push(joined);
    }
    let mut spans: Vec<Range<usize>> = groups
        .into_iter()
        .filter_map(|(_, spans)| {
            let start = spans.iter().map(|span| span.start).min()?;
            Some(start..spans.iter().map(|span| span.end).max()?)
        })
        .collect();
    spans.sort_by_key(|span| (span.start, span.end));
    spans.len() > 1
        && spans
            .windows(2)
            .all(|two| two[1].start >= two[0].end + APART)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::{Basis, Region, Verdict};

    fn id(name: &str) -> TrackId {
        TrackId::new(name).unwrap()
    }

    /// `a-b 5+2` conflicts in two lines of base from line 5; `+0` are lines added there, `$` is at the end; `add/add` or
    /// another word is a type instead of lines.
    fn pair(text: &str) -> Pair {
        let mut words = text.split_whitespace();
        let (a, b) = words.next().unwrap().split_once('-').unwrap();
        let mut conflict = Conflict {
            path: RepoPath::new("f"),
            types: Vec::new(),
            regions: Vec::new(),
        };
        for word in words {
            let Some((start, lines)) = word.split_once('+') else {
                let kinds = [ConflictType::add_add(), ConflictType::contents()];
                conflict
                    .types
                    .extend(kinds.into_iter().filter(|kind| kind.as_str() == word));
                continue;
            };
            let start: usize = start.parse().unwrap();
            let length: usize = lines.trim_end_matches(['$', '!']).parse().unwrap();
            conflict.regions.push(Region {
                ours: start..start + 2,
                theirs: if lines.ends_with('!') {
                    start..start
                } else {
                    start..start + 1
                },
                base: start..start + length,
                at_end: lines.ends_with('$'),
            });
        }
        if conflict.types.is_empty() {
            conflict.types.push(ConflictType::contents());
        }
        let side = |name: &str| match name {
            "base" => Side::Base,
            name => Side::Track(id(name)),
        };
        Pair {
            a: side(a),
            b: side(b),
            basis: Basis::BasePlusTrack,
            verdict: Verdict::Conflict(vec![conflict]),
            merged: None,
        }
    }

    fn files(text: &str, owner: Option<&str>) -> Vec<HotFile> {
        let pairs: Vec<Pair> = text.split(" ; ").map(pair).collect();
        let owners = owner.map(|owner| (RepoPath::new("f"), id(owner)));
        hot_files(&pairs, &owners.into_iter().collect())
    }

    #[test]
    fn advice_follows_from_what_is_known() {
        let owner = |track: &str| Some(Advice::Owner(Some(id(track))));
        for (pairs, expected) in [
            // One pair, changed lines: nothing is known that would help.
            ("a-b 5+2", None),
            ("a-b add/add 0+0$", None),
            ("a-b 5+0", Some(Advice::Union)),
            ("a-b 9+0$", Some(Advice::AppendOnly)),
            ("a-b 9+0$ ; a-c 9+0$", Some(Advice::AppendOnly)),
            ("a-b 2+0 9+0$", Some(Advice::Union)),
            ("a-b 9+0$ ; a-c 4+0", Some(Advice::Union)),
            // One side's lines are a part of the other's.
            ("a-b 5+0!", None),
            ("a-b 5+0 7+1", None),
            ("a-b 5+0 ; a-c 7+1", owner("a")),
            ("a-b 5+0 ; a-c add/add", owner("a")),
            ("a-b 5+1 ; b-c 5+1", owner("b")),
            ("a-b 5+1 ; b-c 5+1 ; a-c 5+1", Some(Advice::Owner(None))),
            ("a-b 5+1 ; c-d 35+1", Some(Advice::Owner(None))),
            ("a-b 5+1 ; c-d 36+1", Some(Advice::Split)),
            ("c-d 36+1 ; a-b 5+1", Some(Advice::Split)),
            // One of them works in both places.
            ("a-b 5+1 ; a-c 90+1", owner("a")),
            ("a-b 5+1 ; c-d 90+1 ; b-c 90+1", Some(Advice::Owner(None))),
            ("a-b 5+1 ; c-d 90+1 ; d-e 60+1", Some(Advice::Split)),
            ("a-b 5+1 90+1 ; c-d 50+1", Some(Advice::Owner(None))),
        ] {
            let files = files(pairs, None);
            assert_eq!(files[0].advice, expected, "{pairs}");
        }
        assert_eq!(files("a-b 5+1 ; b-c 5+1", Some("c"))[0].advice, None);
        assert_eq!(
            files("a-b 5+0 ; b-c 5+0", Some("c"))[0].advice,
            Some(Advice::Union),
            "that helps with an owner, too"
        );
    }

    #[test]
    fn files_with_most_pairs_first_and_tracks_with_most_pairs_first() {
        let mut pairs: Vec<Pair> = ["a-b 5+1", "c-b 5+1", "base-a 5+1"].map(pair).into();
        let mut other = pair("c-d 1+1");
        if let Verdict::Conflict(conflicts) = &mut other.verdict {
            conflicts[0].path = RepoPath::new("e");
        }
        pairs.insert(0, other);
        let files = hot_files(&pairs, &BTreeMap::new());
        let shown: Vec<_> = files
            .iter()
            .map(|file| (file.path.to_string(), file.pairs, file.tracks.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("f".to_owned(), 2, vec![id("b"), id("a"), id("c")]),
                ("e".to_owned(), 1, vec![id("c"), id("d")]),
            ]
        );
        assert_eq!(hot_files(&[], &BTreeMap::new()), []);
    }
}
