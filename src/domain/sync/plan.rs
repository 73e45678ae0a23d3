//! The plan of a round: the tracks that will be merged, in order, and those that stay out before anything is merged.

use crate::domain::name::{BranchName, CheckName, Side, TrackId};
use crate::domain::order::landing_order;
use crate::domain::path::RepoPath;
use crate::domain::project::{Admit, Project, Share, Track};
use crate::domain::revision::CommitId;
use crate::domain::state::State;

/// What was read of a track before the round decided anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    pub track: TrackId,
    /// `None`: no branch of that name, locally or remotely.
    pub tip: Option<CommitId>,
    /// Everything of the tip is in base already.
    pub contained_in_base: bool,
    /// An integration merge in the track's own history, if there is one.
    pub contains_integration: Option<CommitId>,
    /// No history in common with base.
    pub unrelated: bool,
    /// Not admitted by `--only` or `--without`, with the reason.
    pub not_admitted: Option<String>,
    /// What is declared of it.
    pub state: State,
}

/// Why a track is not in the integration branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Conflict,
    Check,
    Blocked,
    NotAdmitted,
    Rule,
    Dependency,
    NotAnOwnHistory,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Conflict => "conflict",
            Why::Check => "check",
            Why::Blocked => "blocked",
            Why::NotAdmitted => "not-admitted",
            Why::Rule => "rule",
            Why::Dependency => "dependency",
            Why::NotAnOwnHistory => "not-an-own-history",
        }
    }
}

/// A track that a round left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ejected {
    pub track: TrackId,
    pub why: Why,
    /// Whom it collides with or waits for.
    pub with: Vec<Side>,
    pub paths: Vec<RepoPath>,
    pub check: Option<CheckName>,
    /// One sentence for people: what happened, and the way out where there is one.
    pub reason: String,
}

/// A track to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub track: TrackId,
    /// Its tip, or the newest commit of it that fits.
    pub tip: CommitId,
    pub held: Option<Held>,
}

/// The newest commits of a track, which stay out where the rest of it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Newest first; never empty.
    pub commits: Vec<CommitId>,
    /// What the whole track would have been left out for.
    pub cause: Ejected,
}

/// The frozen plan of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are merged.
    pub entries: Vec<Entry>,
    pub ejected: Vec<Ejected>,
    /// Tracks without work of their own: no branch yet, or all of it in base. They count as met dependencies, except
    /// those without a branch.
    pub empty: Vec<TrackId>,
    /// For the quorum: tracks that have work and are not dropped.
    pub with_work: Vec<TrackId>,
}

impl Plan {
    /// `pinned` has every track of the project, once. Order: dependencies, priority, order of the file. A track whose
    /// dependency stays out is ejected as [`Why::Dependency`] naming it; one whose dependency has no branch yet waits, as
    /// [`Why::Blocked`]; a dependency that is in base already is met. Where several reasons hold, the one told is: not
    /// admitted, not an own history, dependencies.
    pub fn new(project: &Project, pinned: &[Pinned]) -> Plan {
        let mut plan = Plan {
            entries: Vec::new(),
            ejected: Vec::new(),
            empty: Vec::new(),
            with_work: Vec::new(),
        };
        for track in in_landing_order(project) {
            let Some(pin) = pinned.iter().find(|pin| pin.track == track.id) else {
                continue;
            };
            let Some(tip) = pin.tip.filter(|_| !pin.contained_in_base) else {
                plan.empty.push(track.id.clone());
                continue;
            };
            if pin.state != State::Dropped {
                plan.with_work.push(track.id.clone());
            }
            let ejected = not_admitted(project.integration.admit, pin)
                .or_else(|| not_an_own_history(project, track, pin))
                .or_else(|| plan.dependency_out(track, pinned));
            match ejected {
                Some(ejected) => plan.ejected.push(ejected),
                None => plan.entries.push(Entry {
                    track: track.id.clone(),
                    tip,
                    held: None,
                }),
            }
        }
        plan
    }

    /// Puts the entries into this order; tracks that it does not name come last, as they were.
    pub fn arrange(&mut self, order: &[TrackId]) {
        let place = |entry: &Entry| order.iter().position(|track| *track == entry.track);
        self.entries
            .sort_by_key(|entry| place(entry).unwrap_or(order.len()));
    }

    /// The dependents of `lost` among `remaining`, transitively, in order: what goes with it when it goes.
    pub fn dependents(project: &Project, lost: &TrackId, remaining: &[TrackId]) -> Vec<TrackId> {
        let mut going = vec![lost];
        let mut next = 0;
        while let Some(&gone) = going.get(next) {
            next += 1;
            let new = remaining.iter().filter(|id| {
                project
                    .track(id)
                    .is_some_and(|track| track.tracks_needed().any(|need| need == gone))
            });
            for id in new {
                if !going.contains(&id) {
                    going.push(id);
                }
            }
        }
        remaining
            .iter()
            .filter(|id| *id != lost && going.contains(id))
            .cloned()
            .collect()
    }

    /// Whether a dependency of `track`, all of which have had their turn, is missing from the round.
    fn dependency_out(&self, track: &Track, pinned: &[Pinned]) -> Option<Ejected> {
        let (mut out, mut without_branch) = (Vec::new(), Vec::new());
        for need in track.tracks_needed() {
            if self.ejected.iter().any(|ejected| ejected.track == *need) {
                out.push(need);
            } else if pinned
                .iter()
                .any(|pin| pin.track == *need && pin.tip.is_none())
            {
                without_branch.push(need);
            }
        }
        let (id, both) = (&track.id, out.iter().chain(&without_branch));
        let with = both.map(|need| Side::Track((*need).clone())).collect();
        if !out.is_empty() {
            let reason = format!(
                "{id} depends on {}, left out of this round; bring that in first, or take it out of `depends_on`",
                listed(&out)
            );
            Some(Ejected::new(id, Why::Dependency, with, reason))
        } else if !without_branch.is_empty() {
            let reason = format!(
                "{id} waits for {}, which {} no branch yet; `tracks init` makes what is missing",
                listed(&without_branch),
                if without_branch.len() == 1 {
                    "has"
                } else {
                    "have"
                }
            );
            Some(Ejected::new(id, Why::Blocked, with, reason))
        } else {
            None
        }
    }
}

impl Ejected {
    /// Left out before anything was merged: no paths, no check.
    fn new(track: &TrackId, why: Why, with: Vec<Side>, reason: String) -> Ejected {
        Ejected {
            track: track.clone(),
            why,
            with,
            paths: Vec::new(),
            check: None,
            reason,
        }
    }
}

fn in_landing_order(project: &Project) -> impl Iterator<Item = &Track> {
    // A valid project has no cycle, and so always an order.
    let order = landing_order(&project.tracks).unwrap_or_else(|_| {
        project
            .tracks
            .iter()
            .map(|track| track.id.clone())
            .collect()
    });
    order.into_iter().filter_map(|id| project.track(&id))
}

fn not_admitted(admit: Admit, pin: &Pinned) -> Option<Ejected> {
    let reason = pin
        .not_admitted
        .clone()
        .or_else(|| not_admitted_as(admit, pin.state, &pin.track))?;
    Some(Ejected::new(
        &pin.track,
        Why::NotAdmitted,
        Vec::new(),
        reason,
    ))
}

/// Why a track that is declared to be in this state is not admitted. A draft is work like any other, unless only what is
/// ready is wanted.
pub fn not_admitted_as(admit: Admit, state: State, id: &TrackId) -> Option<String> {
    match (admit, state) {
        (_, State::Dropped) => Some(format!(
            "dropped; `tracks mark {id} in-progress` takes it up again"
        )),
        (Admit::Ready, state) if !state.is_ready() => Some(format!(
            "{state}, and only tracks marked ready are wanted; `tracks mark {id} ready`",
            state = state.as_str()
        )),
        _ => None,
    }
}

/// That a track has grown from elsewhere, with the way out.
pub fn no_common_history(id: &TrackId, base: &str, branch: &BranchName) -> String {
    format!(
        "{id} has no history in common with base; put its commits onto it with \
         `git rebase --onto {base} --root {branch}`"
    )
}

/// That a track has merged the integration branch, with the way out.
pub fn contains_integration(
    id: &TrackId,
    merge: CommitId,
    base: &str,
    branch: &BranchName,
) -> String {
    let merge = merge.short();
    format!(
        "{id} contains the integration merge {merge}, and with it the work of other tracks; put its own commits onto base: \
         `git rebase --onto {base} {merge} {branch}` takes those after that merge, `git cherry-pick` any before it"
    )
}

fn not_an_own_history(project: &Project, track: &Track, pin: &Pinned) -> Option<Ejected> {
    let (id, branch) = (&track.id, &track.branch);
    let base = project.base.as_ref().map_or("BASE", BranchName::as_str);
    if pin.unrelated {
        let reason = no_common_history(id, base, branch);
        return Some(Ejected::new(id, Why::NotAnOwnHistory, Vec::new(), reason));
    }
    let reason = contains_integration(id, pin.contains_integration?, base, branch);
    Some(Ejected::new(
        id,
        Why::NotAnOwnHistory,
        vec![Side::Integration],
        reason,
    ))
}

fn listed(ids: &[&TrackId]) -> String {
    let names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    names.join(", ")
}

/// How many tracks `share` of `of` is, rounded up; none is no requirement. A count stays what it is, however few tracks
/// there are.
pub fn needed(share: Option<Share>, of: usize) -> Option<usize> {
    // 0.07 of 100 is a hair above 7 in binary, and still means 7.
    const HAIR: f64 = 1e-9;
    Some(match share? {
        Share::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
        Share::Fraction(fraction) => (0..of)
            .find(|count| *count as f64 + HAIR >= fraction * of as f64)
            .unwrap_or(of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;

    fn id(name: &str) -> TrackId {
        TrackId::new(name).unwrap()
    }

    fn ids(names: &str) -> Vec<TrackId> {
        names.split_whitespace().map(id).collect()
    }

    fn commit(name: &str) -> CommitId {
        let byte = name.bytes().next().unwrap();
        CommitId::from_bytes(&[byte; 20]).unwrap()
    }

    /// Tracks written as `id` or `id<need,need`, with what was read of them behind a colon: `base` (all of it is there),
    /// `gone` (no branch), `foreign` (unrelated), `mixed` (has an integration merge), `not` (not admitted), or a state.
    fn round(text: &str) -> (Project, Vec<Pinned>) {
        let mut project = fixture::project(&[]);
        let mut pinned = Vec::new();
        for word in text.split_whitespace() {
            let (word, facts) = word.split_once(':').unwrap_or((word, ""));
            let (name, needs) = word.split_once('<').unwrap_or((word, ""));
            let fact = |fact: &str| facts.split('+').any(|each| each == fact);
            let mut track = fixture::track(name);
            track.depends_on = fixture::depends_on(needs);
            project.tracks.push(track);
            pinned.push(Pinned {
                track: id(name),
                tip: (!fact("gone")).then(|| commit(name)),
                contained_in_base: fact("base"),
                contains_integration: fact("mixed").then(|| commit("m")),
                unrelated: fact("foreign"),
                not_admitted: fact("not").then(|| "left out by `--without`".to_owned()),
                state: State::ALL
                    .into_iter()
                    .find(|state| fact(state.as_str()))
                    .unwrap_or_default(),
            });
        }
        (project, pinned)
    }

    #[test]
    fn plans() {
        // The tracks → merged, ejected as `id=why/with`, empty.
        let cases = [
            ("", "", "", ""),
            ("b a", "b a", "", ""),
            ("a<b b", "b a", "", ""),
            ("a:base b:gone c", "c", "", "a b"),
            ("a<b b:base", "a", "", "b"),
            ("a<b b:gone", "", "a=blocked/b", "b"),
            ("a<b b:not", "", "b=not-admitted a=dependency/b", ""),
            (
                "a<b b<c c:foreign",
                "",
                "c=not-an-own-history b=dependency/c a=dependency/b",
                "",
            ),
            ("a:mixed b", "b", "a=not-an-own-history/integration", ""),
            (
                "a<b,c b:gone c:not",
                "",
                "c=not-admitted a=dependency/c,b",
                "b",
            ),
            ("a<b b<c c:gone", "", "b=blocked/c a=dependency/b", "c"),
            ("a:not+mixed+foreign", "", "a=not-admitted", ""),
            ("a:base+mixed b:gone+not", "", "", "a b"),
            (
                "a:dropped b<a c:draft d:done",
                "c d",
                "a=not-admitted b=dependency/a",
                "",
            ),
        ];
        for (given, merged, ejected, empty) in cases {
            let (project, pinned) = round(given);
            let plan = Plan::new(&project, &pinned);
            let entries: Vec<TrackId> = plan
                .entries
                .iter()
                .map(|entry| entry.track.clone())
                .collect();
            assert_eq!(entries, ids(merged), "{given}");
            for entry in &plan.entries {
                assert_eq!(entry.tip, commit(entry.track.as_str()), "{given}");
            }
            let out: Vec<String> = plan
                .ejected
                .iter()
                .map(|out| {
                    let with: Vec<String> = out.with.iter().map(ToString::to_string).collect();
                    let slash = if with.is_empty() { "" } else { "/" };
                    format!(
                        "{}={}{slash}{}",
                        out.track,
                        out.why.as_str(),
                        with.join(",")
                    )
                })
                .collect();
            assert_eq!(out.join(" "), ejected, "{given}");
            assert_eq!(plan.empty, ids(empty), "{given}");
            let dropped = given.matches(":dropped").count();
            assert_eq!(
                plan.with_work.len() + dropped,
                plan.entries.len() + plan.ejected.len()
            );
        }
    }

    #[test]
    fn who_is_admitted_by_what_is_declared() {
        use Admit::{All, Green, Ready};
        let wanted = "draft, and only tracks marked ready are wanted; `tracks mark a ready`";
        let undeclared = wanted.replace("draft", "in-progress");
        let dropped = "dropped; `tracks mark a in-progress` takes it up again";
        // The state → the reason, and whether the quorum counts it.
        let cases = [
            (All, "draft", None, true),
            (All, "in-progress", None, true),
            (All, "dropped", Some(dropped), false),
            (Green, "draft", None, true),
            (Green, "dropped", Some(dropped), false),
            (Ready, "draft", Some(wanted), true),
            (Ready, "in-progress", Some(undeclared.as_str()), true),
            (Ready, "ready", None, true),
            (Ready, "done", None, true),
            (Ready, "dropped", Some(dropped), false),
            (Ready, "not+draft", Some("left out by `--without`"), true),
        ];
        for (admit, state, reason, counts) in cases {
            let (mut project, pinned) = round(&format!("a:{state}"));
            project.integration.admit = admit;
            let plan = Plan::new(&project, &pinned);
            let found = plan.ejected.first().map(|out| out.reason.as_str());
            assert_eq!(found, reason, "{admit:?} {state}");
            assert_eq!(
                plan.with_work.len(),
                usize::from(counts),
                "{admit:?} {state}"
            );
        }
    }

    #[test]
    fn reasons_tell_the_way_out() {
        let cases = [
            ("a:not", "left out by `--without`"),
            (
                "a:foreign",
                "a has no history in common with base; put its commits onto it with \
                 `git rebase --onto main --root track/a`",
            ),
            (
                "a:mixed",
                "a contains the integration merge 6d6d6d6d6d, and with it the work of other tracks; put its own commits \
                 onto base: `git rebase --onto main 6d6d6d6d6d track/a` takes those after that merge, `git cherry-pick` \
                 any before it",
            ),
            (
                "b<a a:gone",
                "b waits for a, which has no branch yet; `tracks init` makes what is missing",
            ),
        ];
        for (given, reason) in cases {
            let (mut project, pinned) = round(given);
            project.base = Some(BranchName::new("main").unwrap());
            let plan = Plan::new(&project, &pinned);
            assert_eq!(plan.ejected[0].reason, reason, "{given}");
        }
        let (project, pinned) = round("c<a,b a:gone b:gone");
        assert_eq!(
            Plan::new(&project, &pinned).ejected[0].reason,
            "c waits for a, b, which have no branch yet; `tracks init` makes what is missing"
        );
        let (project, pinned) = round("a:not b<a");
        assert_eq!(
            Plan::new(&project, &pinned).ejected[1].reason,
            "b depends on a, left out of this round; bring that in first, or take it out of `depends_on`"
        );
    }

    #[test]
    fn who_goes_with_whom() {
        let (project, _) = round("a b<a c<b d e<c,d f<a");
        for (lost, remaining, expected) in [
            ("a", "a b c d e f", "b c e f"),
            ("a", "d f b c", "f b c"),
            ("a", "c d e", ""),
            ("d", "a b c e", "e"),
            ("e", "a b c d f", ""),
        ] {
            assert_eq!(
                Plan::dependents(&project, &id(lost), &ids(remaining)),
                ids(expected),
                "{lost} of {remaining}"
            );
        }
    }

    #[test]
    fn shares() {
        for (share, of, expected) in [
            (None, 4, None),
            (Some(Share::Count(3)), 4, Some(3)),
            (Some(Share::Count(3)), 2, Some(3)),
            (Some(Share::Fraction(0.75)), 4, Some(3)),
            (Some(Share::Fraction(0.75)), 3, Some(3)),
            (Some(Share::Fraction(0.75)), 1, Some(1)),
            (Some(Share::Fraction(0.75)), 0, Some(0)),
            (Some(Share::Fraction(0.07)), 100, Some(7)),
            (Some(Share::Fraction(0.071)), 100, Some(8)),
            (Some(Share::Fraction(0.0)), 5, Some(0)),
            (Some(Share::Fraction(1.0)), 5, Some(5)),
        ] {
            assert_eq!(needed(share, of), expected, "{share:?} of {of}");
        }
    }
}
