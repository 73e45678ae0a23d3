//! What a round has changed for the tracks, for those who are told: edges only, nothing that is as it was.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;

/// Where a track stands after a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Merged,
    /// Merged, but for its newest commits.
    Held,
    /// The reason: which kind, with whom, and at which check. That the same conflict is about more paths is no other one.
    Ejected {
        why: String,
        with: Vec<String>,
        check: Option<String>,
    },
}

impl Standing {
    pub fn as_str(&self) -> &'static str {
        match self {
            Standing::Merged => "merged",
            Standing::Held => "held",
            Standing::Ejected { .. } => "ejected",
        }
    }
}

/// What was known last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standings {
    /// The round that it is from.
    pub round: u64,
    pub base_red: bool,
    pub tracks: BTreeMap<TrackId, Standing>,
}

/// What one round has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub round: u64,
    /// The integration branch has moved.
    pub moved: bool,
    /// The candidate is what the integration branch is now; otherwise who is in it is in nothing yet.
    pub settled: bool,
    /// `None`: not found out.
    pub base_red: Option<bool>,
    /// Of the tracks that the round was to take. Those that the command line left out stand where they stood.
    pub tracks: Vec<(TrackId, Standing)>,
    /// Tracks that have nothing to merge (any more).
    pub empty: Vec<TrackId>,
}

/// A track that stands elsewhere than before, or there for another reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    pub track: TrackId,
    /// `None`: nothing was known of it.
    pub before: Option<Standing>,
    pub after: Standing,
}

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    pub moved: bool,
    /// Base has turned red (`true`), or is no longer.
    pub base_red: Option<bool>,
    pub tracks: Vec<Turned>,
}

impl News {
    pub fn is_empty(&self) -> bool {
        *self == News::default()
    }
}

/// What is new since what was known, and what is known now. Who was not known, and merges, is no news. A round that is not
/// newer than what is known brings nothing: another one has told already.
pub fn news(last: Option<&Standings>, found: &Found) -> (News, Standings) {
    if let Some(last) = last.filter(|last| last.round >= found.round) {
        return (News::default(), last.clone());
    }
    let mut known = last.cloned().unwrap_or_default();
    known.round = found.round;
    let base_red = found.base_red.filter(|red| *red != known.base_red);
    known.base_red = found.base_red.unwrap_or(known.base_red);
    let mut turned = Vec::new();
    for (track, after) in &found.tracks {
        let is_in = !matches!(after, Standing::Ejected { .. });
        if is_in && !found.settled {
            continue;
        }
        let before = known.tracks.insert(track.clone(), after.clone());
        let is_news = match &before {
            Some(before) => before != after,
            None => *after != Standing::Merged,
        };
        if is_news {
            turned.push(Turned {
                track: track.clone(),
                before,
                after: after.clone(),
            });
        }
    }
    known.tracks.retain(|track, _| !found.empty.contains(track));
    let news = News {
        moved: found.moved,
        base_red,
        tracks: turned,
    };
    (news, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a b- c~x d~x/unit`: a is merged, b is held back, c is ejected with x, d too, at check unit.
    fn standings(text: &str) -> Vec<(TrackId, Standing)> {
        let standing = |word: &str| {
            let (name, standing) = match (word.split_once('~'), word.strip_suffix('-')) {
                (Some((name, why)), _) => {
                    let (with, check) = why.split_once('/').unwrap_or((why, ""));
                    let standing = Standing::Ejected {
                        why: "conflict".to_owned(),
                        with: vec![with.to_owned()],
                        check: (!check.is_empty()).then(|| check.to_owned()),
                    };
                    (name, standing)
                }
                (None, Some(name)) => (name, Standing::Held),
                (None, None) => (word, Standing::Merged),
            };
            (TrackId::new(name).unwrap(), standing)
        };
        text.split_whitespace().map(standing).collect()
    }

    /// Rounds one after the other → what is told of each: `moved`, `red`, `green`, and tracks as `id=before>after`.
    #[test]
    fn edges_only() {
        // moved, settled, base red, who stands where, who is empty
        type Given = (bool, bool, Option<bool>, &'static str, &'static str);
        let rounds: [(Given, &str); 14] = [
            (
                (true, true, Some(false), "a b b2~a", ""),
                "moved b2=?>ejected",
            ),
            ((false, true, Some(false), "a b b2~a", ""), ""),
            (
                (true, true, Some(false), "a b b2", ""),
                "moved b2=ejected>merged",
            ),
            (
                (true, true, Some(false), "a b~a b2", ""),
                "moved b=merged>ejected",
            ),
            // Another reason, and the same again.
            (
                (false, true, Some(false), "a b~b2 b2", ""),
                "b=ejected>ejected",
            ),
            (
                (false, true, Some(false), "a b~b2/unit b2", ""),
                "b=ejected>ejected",
            ),
            ((false, true, None, "a b~b2/unit b2", ""), ""),
            // Nothing moves: who would be in is in nothing yet, who is out is out.
            (
                (false, false, Some(true), "a b b2~a", ""),
                "red b2=merged>ejected",
            ),
            ((false, false, Some(true), "a b b2~a", ""), ""),
            ((false, false, None, "a b b2~a", ""), ""),
            (
                (true, true, Some(false), "a b b2~a", ""),
                "moved green b=ejected>merged",
            ),
            // A track that the command line leaves out stands where it stood.
            (
                (true, true, Some(false), "a- b2~a", ""),
                "moved a=merged>held",
            ),
            ((true, true, Some(false), "a b", ""), "moved a=held>merged"),
            // What has landed is forgotten.
            (
                (true, true, Some(false), "a b~a", "b2"),
                "moved b=merged>ejected",
            ),
        ];
        let mut last: Option<Standings> = None;
        for (index, ((moved, settled, base_red, tracks, empty), expected)) in
            rounds.into_iter().enumerate()
        {
            let found = Found {
                round: index as u64 + 1,
                moved,
                settled,
                base_red,
                tracks: standings(tracks),
                empty: standings(empty).into_iter().map(|(id, _)| id).collect(),
            };
            let (news, known) = super::news(last.as_ref(), &found);
            let mut told: Vec<String> = Vec::new();
            told.extend(news.moved.then(|| "moved".to_owned()));
            told.extend(
                news.base_red
                    .map(|red| if red { "red" } else { "green" }.to_owned()),
            );
            told.extend(news.tracks.iter().map(|turned| {
                let before = turned.before.as_ref().map_or("?", Standing::as_str);
                format!("{}={before}>{}", turned.track, turned.after.as_str())
            }));
            assert_eq!(told.join(" "), expected, "round {}", found.round);
            assert_eq!(news.is_empty(), expected.is_empty());
            // The same round twice, told by two processes.
            let (again, kept) = super::news(Some(&known), &found);
            assert!(again.is_empty() && kept == known);
            last = Some(known);
        }
        let known = last.unwrap();
        assert_eq!(known.tracks.len(), 2);
    }
}
