//! Which side of a conflict a rule takes.

use crate::domain::merge::ConflictType;
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Strategy};
use crate::domain::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pick {
    Ours,
    Theirs,
}

/// The types of conflict whose paths are what one side has, where one side is taken.
const WHOLE: [&str; 8] = [
    "contents",
    "add/add",
    "binary",
    "modify/delete",
    "rename/delete",
    "rename/rename",
    "rename involved in collision",
    "distinct modes",
];

/// Whether a path with a conflict of this type has sides to choose from.
pub fn has_sides(kind: &ConflictType) -> bool {
    WHOLE.contains(&kind.as_str())
}

/// What is known of the two sides of one path. Theirs is one track; ours is base with earlier tracks.
#[derive(Debug, Clone)]
pub struct Facts<'f> {
    pub project: &'f Project,
    pub path: &'f RepoPath,
    pub track: &'f TrackId,
    /// Those of the earlier tracks that changed the path. None: the other side is base.
    pub earlier: &'f [TrackId],
    /// The tracks of every green round, in the order merged, oldest round first.
    pub green: &'f [Vec<TrackId>],
    /// When the path was last changed in ours and in theirs; only [`Strategy::Newest`] asks.
    pub changed: [Option<Timestamp>; 2],
}

/// The side that the strategy takes; the error is one clause that says why it takes none.
///
/// # Errors
/// When the strategy takes no side: it is none that does, or the facts do not decide.
pub fn pick(strategy: Strategy, facts: &Facts<'_>) -> Result<Pick, String> {
    match strategy {
        Strategy::Ours => Ok(Pick::Ours),
        Strategy::Theirs => Ok(Pick::Theirs),
        Strategy::Owner => owner(facts),
        Strategy::Priority => priority(facts),
        Strategy::First => first(facts),
        Strategy::Newest => newest(facts),
        Strategy::Union | Strategy::Driver | Strategy::Regenerate => {
            Err("it takes no side".to_owned())
        }
    }
}

fn owner(facts: &Facts<'_>) -> Result<Pick, String> {
    let Some(owner) = owner_of(facts.project, facts.path) else {
        return Err("no track owns it alone".to_owned());
    };
    match (owner == facts.track, facts.earlier.contains(owner)) {
        (true, false) => Ok(Pick::Theirs),
        (false, true) => Ok(Pick::Ours),
        (true, true) => Err(format!("{owner} owns it and is on both sides")),
        (false, false) => Err(format!("{owner} owns it and is on neither side")),
    }
}

/// The one track that owns a path: what `[shared]` says of it counts before `owns`.
pub fn owner_of<'p>(project: &'p Project, path: &RepoPath) -> Option<&'p TrackId> {
    let shared = project
        .shared
        .iter()
        .find(|shared| shared.pattern.matches(path));
    if let Some(shared) = shared {
        return shared.owner.as_ref();
    }
    let owns =
        |track: &&crate::domain::project::Track| track.owns.iter().any(|owned| owned.matches(path));
    let mut owners = project.tracks.iter().filter(owns);
    let first = owners.next()?;
    match owners.next() {
        None => Some(&first.id),
        Some(_) => None,
    }
}

fn priority(facts: &Facts<'_>) -> Result<Pick, String> {
    let of = |id: &TrackId| facts.project.track(id).map_or(0, |track| track.priority);
    let theirs = of(facts.track);
    let Some(ours) = facts.earlier.iter().map(of).max() else {
        return Err("base, which is the other side, has no priority".to_owned());
    };
    match theirs.cmp(&ours) {
        std::cmp::Ordering::Greater => Ok(Pick::Theirs),
        std::cmp::Ordering::Less => Ok(Pick::Ours),
        std::cmp::Ordering::Equal => Err(format!("both sides have priority {theirs}")),
    }
}

fn first(facts: &Facts<'_>) -> Result<Pick, String> {
    let since = |id: &TrackId| {
        let mut rounds = facts.green.iter().enumerate();
        rounds.find_map(|(round, tracks)| {
            let place = tracks.iter().position(|track| track == id)?;
            Some((round, place))
        })
    };
    if facts.earlier.is_empty() {
        return Err("the other side is base".to_owned());
    }
    let ours = facts.earlier.iter().filter_map(since).min();
    match (ours, since(facts.track)) {
        (None, None) => Err("neither side was in a green round".to_owned()),
        (Some(_), None) => Ok(Pick::Ours),
        (None, Some(_)) => Ok(Pick::Theirs),
        (Some(ours), Some(theirs)) if ours < theirs => Ok(Pick::Ours),
        (Some(_), Some(_)) => Ok(Pick::Theirs),
    }
}

fn newest(facts: &Facts<'_>) -> Result<Pick, String> {
    match facts.changed {
        [Some(ours), Some(theirs)] if ours > theirs => Ok(Pick::Ours),
        [Some(ours), Some(theirs)] if ours < theirs => Ok(Pick::Theirs),
        [Some(_), Some(_)] => Err("both sides changed it at the same time".to_owned()),
        _ => Err("when it was changed cannot be told".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::Pattern;
    use crate::domain::project::{Shared, SharedPolicy, fixture};

    fn ids(names: &str) -> Vec<TrackId> {
        let names = names.split(',').filter(|name| !name.is_empty());
        names.map(|name| TrackId::new(name).unwrap()).collect()
    }

    /// a owns `a/**`, both own `both`; c owns the shared file; priorities 1, 2, 2.
    fn project() -> Project {
        let mut project = fixture::project(&["a", "b", "c"]);
        let pattern = |text: &str| Pattern::new(text).unwrap();
        project.tracks[0].owns = vec![pattern("a/**"), pattern("both"), pattern("shared")];
        project.tracks[1].owns = vec![pattern("both")];
        for (track, priority) in project.tracks.iter_mut().zip([1, 2, 2]) {
            track.priority = priority;
        }
        project.shared = vec![Shared {
            pattern: pattern("shared"),
            owner: Some(TrackId::new("c").unwrap()),
            consumers: Vec::new(),
            policy: SharedPolicy::Free,
        }];
        project
    }

    #[test]
    fn sides() {
        use Strategy::{First, Newest, Ours, Owner, Priority, Theirs, Union};
        let project = project();
        // Strategy, path, earlier tracks, the track, and what comes of it: `<` ours, `>` theirs, or why neither.
        for (strategy, path, earlier, track, expected) in [
            (Ours, "x", "a", "b", "<"),
            (Theirs, "x", "a", "b", ">"),
            (Union, "x", "a", "b", "it takes no side"),
            (Owner, "a/x", "a", "b", "<"),
            (Owner, "a/x", "b,c", "a", ">"),
            (Owner, "a/x", "b", "c", "a owns it and is on neither side"),
            (Owner, "both", "a", "b", "no track owns it alone"),
            (Owner, "shared", "a", "c", ">"),
            (Owner, "none", "a", "b", "no track owns it alone"),
            (Priority, "x", "a", "b", ">"),
            (Priority, "x", "a,c", "b", "both sides have priority 2"),
            (Priority, "x", "b", "a", "<"),
            (
                Priority,
                "x",
                "",
                "a",
                "base, which is the other side, has no priority",
            ),
            (First, "x", "a", "b", "<"),
            (First, "x", "b", "a", ">"),
            (First, "x", "c", "b", ">"),
            (First, "x", "c", "c", "neither side was in a green round"),
            (First, "x", "", "a", "the other side is base"),
            (Newest, "x", "a", "b", ">"),
        ] {
            let (earlier, track) = (ids(earlier), ids(track).remove(0));
            let facts = Facts {
                project: &project,
                path: &RepoPath::new(path),
                track: &track,
                earlier: &earlier,
                green: &[ids("a,b"), ids("b,a")],
                changed: [Some(Timestamp(1)), Some(Timestamp(2))],
            };
            let found = match pick(strategy, &facts) {
                Ok(Pick::Ours) => "<".to_owned(),
                Ok(Pick::Theirs) => ">".to_owned(),
                Err(why) => why,
            };
            assert_eq!(found, expected, "{strategy:?} {path} {earlier:?} {track}");
        }
    }

    #[test]
    fn who_changed_it_last() {
        let project = project();
        let track = TrackId::new("a").unwrap();
        let time = |seconds: i64| (seconds > 0).then_some(Timestamp(seconds));
        for (ours, theirs, expected) in [
            (1, 2, Some(Pick::Theirs)),
            (2, 1, Some(Pick::Ours)),
            (2, 2, None),
            (0, 2, None),
        ] {
            let facts = Facts {
                project: &project,
                path: &RepoPath::new("x"),
                track: &track,
                earlier: &[],
                green: &[],
                changed: [time(ours), time(theirs)],
            };
            assert_eq!(pick(Strategy::Newest, &facts).ok(), expected);
        }
    }
}
