//! Giving a path to a track: which lines of tracks.toml say so without two tracks claiming it.

use super::name::TrackId;
use super::path::{Pattern, RepoPath};
use super::project::Project;

/// One line that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A pattern more in the `owns` of a track.
    Add { track: TrackId, pattern: String },
    /// One less.
    Remove { track: TrackId, pattern: String },
    /// `[shared."PATTERN"]` says who answers for what two tracks would claim otherwise: it beats both.
    Share { pattern: String, owner: TrackId },
}

/// What is to be done for one path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Empty: it is so already.
    pub edits: Vec<Edit>,
    /// Why it is done in this way, one sentence each without a full stop.
    pub notes: Vec<String>,
}

/// Why a path cannot be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{path} is frozen (`{pattern}`)")]
    Frozen { path: String, pattern: String },
    #[error("{path} is shared (`{pattern}`), and that decides whose it is")]
    Shared { path: String, pattern: String },
    #[error("track {owner} owns {path} (`{pattern}`)")]
    Owned {
        path: String,
        pattern: String,
        owner: TrackId,
        to: TrackId,
    },
    #[error("track {from} does not own {path}")]
    NotOwned { path: String, from: TrackId },
}

/// `path`: a path, or a pattern. `from`: who is to give it up; without, nobody is to lose anything.
///
/// # Errors
/// When it is frozen, shared under another pattern, or owned by others than `from`.
pub fn plan(
    project: &Project,
    path: &Pattern,
    to: &TrackId,
    from: Option<&TrackId>,
) -> Result<Plan, Refusal> {
    let text = path.as_str();
    let place = RepoPath::new(Pattern::plainly(bare(text)));
    let frozen = project.ownership.frozen.iter();
    if let Some(pattern) = frozen.into_iter().find(|pattern| pattern.matches(&place)) {
        return Err(Refusal::Frozen {
            path: text.to_owned(),
            pattern: pattern.to_string(),
        });
    }
    let shared = project.shared.iter();
    if let Some(shared) = shared
        .into_iter()
        .find(|shared| shared.pattern.matches(&place))
    {
        if bare(shared.pattern.as_str()) != bare(text) {
            return Err(Refusal::Shared {
                path: text.to_owned(),
                pattern: shared.pattern.to_string(),
            });
        }
        let edits = match shared.owner.as_ref() == Some(to) {
            true => Vec::new(),
            false => vec![Edit::Share {
                pattern: shared.pattern.to_string(),
                owner: to.clone(),
            }],
        };
        return Ok(Plan {
            edits,
            notes: Vec::new(),
        });
    }
    let mut plan = Plan::default();
    let (mut has_it, mut given, mut broader) = (false, false, false);
    for track in &project.tracks {
        for pattern in &track.owns {
            let same = bare(pattern.as_str()) == bare(text);
            let around = !same && pattern.matches(&place);
            let inside =
                !same && place.contains(&RepoPath::new(Pattern::plainly(bare(pattern.as_str()))));
            if track.id == *to {
                has_it |= same || around;
                continue;
            }
            if !(same || around || inside) {
                continue;
            }
            if from != Some(&track.id) {
                return Err(Refusal::Owned {
                    path: text.to_owned(),
                    pattern: pattern.to_string(),
                    owner: track.id.clone(),
                    to: to.clone(),
                });
            }
            given = true;
            if around {
                broader = true;
                plan.notes.push(format!(
                    "track {} keeps `{pattern}`, and [shared] says that track {to} answers for `{text}`, which beats it: others change it with the approval of {to}",
                    track.id
                ));
            } else {
                plan.edits.push(Edit::Remove {
                    track: track.id.clone(),
                    pattern: pattern.to_string(),
                });
            }
        }
    }
    match from.filter(|_| !given) {
        Some(from) if !has_it => {
            return Err(Refusal::NotOwned {
                path: text.to_owned(),
                from: from.clone(),
            });
        }
        _ => {}
    }
    if broader {
        plan.edits.push(Edit::Share {
            pattern: text.to_owned(),
            owner: to.clone(),
        });
    } else if !has_it {
        plan.edits.push(Edit::Add {
            track: to.clone(),
            pattern: text.to_owned(),
        });
    }
    Ok(plan)
}

/// Three ways to write one subtree.
fn bare(pattern: &str) -> &str {
    let bare = pattern.strip_suffix("/**").unwrap_or(pattern);
    bare.strip_suffix('/').unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::owners::Owners;
    use crate::domain::project::{Shared, SharedPolicy, fixture};

    fn given(of_a: &str, of_b: &str) -> Project {
        let mut project = fixture::project(&["a", "b"]);
        for (track, owns) in project.tracks.iter_mut().zip([of_a, of_b]) {
            let patterns = owns.split_whitespace();
            track.owns = patterns.map(|text| Pattern::new(text).unwrap()).collect();
        }
        project.ownership.frozen = vec![Pattern::new("LICENSE").unwrap()];
        project
    }

    fn shown(edit: &Edit) -> String {
        match edit {
            Edit::Add { track, pattern } => format!("{track} + {pattern}"),
            Edit::Remove { track, pattern } => format!("{track} - {pattern}"),
            Edit::Share { pattern, owner } => format!("{pattern} = {owner}"),
        }
    }

    #[test]
    fn plans() {
        let cases = [
            ("", "", "src/x", None, "b + src/x"),
            ("", "src", "src/x", None, ""),
            ("src/x", "", "src/x", Some("a"), "a - src/x, b + src/x"),
            (
                "src/x/**",
                "",
                "src/x",
                Some("a"),
                "a - src/x/**, b + src/x",
            ),
            (
                "src/x src/y",
                "",
                "src",
                Some("a"),
                "a - src/x, a - src/y, b + src",
            ),
            ("src/**", "", "src/x", Some("a"), "src/x = b"),
            ("src/**", "src/x", "src/x", Some("a"), "src/x = b"),
            ("src/x", "src", "src/x", Some("a"), "a - src/x"),
            ("src", "", "src/x", None, "track a owns src/x (`src`)"),
            ("src/x", "", "src", None, "track a owns src (`src/x`)"),
            ("", "", "src", Some("a"), "track a does not own src"),
            ("", "", "LICENSE", None, "LICENSE is frozen (`LICENSE`)"),
            (
                "",
                "",
                "types/x",
                None,
                "types/x is shared (`types`), and that decides whose it is",
            ),
            ("", "", "types", None, "types = b"),
        ];
        for (of_a, of_b, path, from, expected) in cases {
            let mut project = given(of_a, of_b);
            project.shared.push(Shared {
                pattern: Pattern::new("types").unwrap(),
                owner: None,
                consumers: Vec::new(),
                policy: SharedPolicy::Free,
            });
            let [a, b] = ["a", "b"].map(|id| TrackId::new(id).unwrap());
            let from = from.map(|_| &a);
            let found = match plan(&project, &Pattern::new(path).unwrap(), &b, from) {
                Ok(plan) => plan.edits.iter().map(shown).collect::<Vec<_>>().join(", "),
                Err(refusal) => refusal.to_string(),
            };
            assert_eq!(found, expected, "{of_a} | {of_b} | {path} {from:?}");
        }
    }

    #[test]
    fn afterwards_one_track_answers_for_it() {
        for (of_a, of_b, path) in [
            ("src/x", "", "src/x"),
            ("src/**", "", "src/x"),
            ("src/x src/x/y/** src/x/y", "", "src/x"),
            ("src/*/", "src/x/y", "src/x"),
        ] {
            let mut project = given(of_a, of_b);
            let [a, b] = ["a", "b"].map(|id| TrackId::new(id).unwrap());
            let plan = plan(&project, &Pattern::new(path).unwrap(), &b, Some(&a)).unwrap();
            for edit in plan.edits {
                match edit {
                    Edit::Add { track, pattern } => {
                        let mut tracks = project.tracks.iter_mut();
                        let track = tracks.find(|it| it.id == track).unwrap();
                        track.owns.push(Pattern::new(&pattern).unwrap());
                    }
                    Edit::Remove { track, pattern } => {
                        let mut tracks = project.tracks.iter_mut();
                        let track = tracks.find(|it| it.id == track).unwrap();
                        track.owns.retain(|it| it.as_str() != pattern);
                    }
                    Edit::Share { pattern, owner } => project.shared.push(Shared {
                        pattern: Pattern::new(&pattern).unwrap(),
                        owner: Some(owner),
                        consumers: Vec::new(),
                        policy: SharedPolicy::OwnerApproves,
                    }),
                }
            }
            let owners = Owners::new(&project);
            for file in ["src/x/file", "src/x/y/file"] {
                let owner = owners.of(&RepoPath::new(file)).owner().cloned();
                assert_eq!(owner, Some(b.clone()), "{of_a} {of_b} {file}");
            }
        }
    }
}
