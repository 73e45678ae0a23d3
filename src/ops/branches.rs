//! Branches that somebody names, as if a tracks.toml had a track for each: for any repository, whatever its tracks.toml
//! says, if there is one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::name::{BranchName, TrackId, nearest};
use crate::domain::project::{Project, Track};
use crate::domain::revision::CommitId;
use crate::git::{BranchRef, GitError, Repository, glob_matches};
use crate::store::Store;

use super::open_repository;
use super::session::{self, BasePoint, Notice, OpenOptions, Session, SessionError};
use super::tips::{self, Origin, Tip};

/// What somebody asked for instead of tracks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Globs over branch names.
    pub patterns: Vec<String>,
    /// A revision; `None`: the branch that would be base without a tracks.toml.
    pub base: Option<String>,
}

/// The branches of a session that has no tracks.
#[derive(Debug, Clone)]
pub struct Branches {
    pub asked: Asked,
    /// By the track's branch: what it stood at when the session was opened. A remote-tracking branch that was asked for by
    /// its own name is found under that name.
    pub(super) tips: BTreeMap<BranchName, Tip>,
}

/// Why there is no session of branches.
#[derive(Debug, thiserror::Error)]
pub enum BranchesError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("no branch matches `{pattern}`")]
    NoMatch {
        pattern: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error("`{revision}` is no branch, tag or commit here")]
    NoSuchBase {
        revision: String,
        nearest: Option<String>,
    },
    #[error("there is no branch to take as base; looked for {}", tried.join(", "))]
    NoBase { tried: Vec<String> },
    /// All that matched are base or integration.
    #[error("there is nothing to compare with {base}: only {} matched", matched.join(", "))]
    NothingLeft { base: String, matched: Vec<String> },
    #[error("`{name}` is not among the branches that are compared")]
    NotAmong {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
}

impl Session {
    /// A session whose tracks are branches. Nothing that a tracks.toml says of tracks counts, and it may be broken or missing.
    ///
    /// # Errors
    /// When there is no usable repository or base, or a pattern matches no branch.
    pub fn of_branches(options: OpenOptions, asked: Asked) -> Result<Session, BranchesError> {
        let repository = open_repository(&options.dir)?;
        let mut project = bare_project(&repository)?;
        let known = repository.branches()?;
        let prefer_remote = options.prefer_remote;
        let base = base(&repository, &project, &known, &asked, prefer_remote)?;
        let store = Store::new(repository.common_dir());
        let choice = Choice {
            repository: &repository,
            remote: &project.remote,
            known: &known,
            base: &base,
            integration: session::integration_branch(&repository, &base),
            candidates: candidates(&store),
            prefer_remote,
        };
        let chosen = choice.make(&asked.patterns)?;
        project.tracks = chosen
            .branches
            .iter()
            .map(|(id, branch, _)| Track::bare(id.clone(), branch.clone(), id.to_string()))
            .collect();
        project.base.clone_from(&base.branch);
        Ok(Session {
            order: chosen.branches.iter().map(|(id, ..)| id.clone()).collect(),
            branches: Some(Branches {
                asked,
                tips: (chosen.branches.into_iter())
                    .map(|(_, branch, tip)| (branch, tip))
                    .collect(),
            }),
            notices: chosen.notes.into_iter().map(Notice::Text).collect(),
            repository,
            store,
            project,
            profile: None,
            base,
            prefer_remote,
            interrupt: options.interrupt,
        })
    }

    /// The one of these branches that is called so.
    ///
    /// # Errors
    /// When there is none.
    pub fn branch_named(&self, name: &str) -> Result<&Track, BranchesError> {
        let tracks = &self.project.tracks;
        let named = |track: &&Track| track.id.as_str() == name;
        tracks.iter().find(named).ok_or_else(|| {
            let known: Vec<String> = tracks.iter().map(|track| track.id.to_string()).collect();
            BranchesError::NotAmong {
                name: name.to_owned(),
                nearest: near(name, known.iter().map(String::as_str)),
                known,
            }
        })
    }
}

/// What an empty tracks.toml says, of the remote that is there.
fn bare_project(repository: &Repository) -> Result<Project, BranchesError> {
    let mut project = session::bare_project(repository)?;
    let remotes = repository.remotes();
    if let [only] = remotes.as_slice() {
        project.remote.clone_from(only);
    }
    Ok(project)
}

fn base(
    repository: &Repository,
    project: &Project,
    known: &[BranchRef],
    asked: &Asked,
    prefer_remote: bool,
) -> Result<BasePoint, BranchesError> {
    let Some(revision) = &asked.base else {
        return match session::resolve_base(repository, Some(project), prefer_remote) {
            Err(SessionError::NoBase { tried, .. }) => Err(BranchesError::NoBase { tried }),
            resolved => Ok(resolved?),
        };
    };
    if let Ok(name) = BranchName::new(revision)
        && let Some(tip) = tips::resolve(repository, &project.remote, &name, prefer_remote)?
    {
        return Ok(session::base_point(name, &project.remote, tip));
    }
    let Some(commit) = repository.resolve(revision)? else {
        return Err(BranchesError::NoSuchBase {
            revision: revision.clone(),
            nearest: near(revision, known.iter().map(BranchRef::short)),
        });
    };
    let tracking = known
        .iter()
        .find(|branch| branch.remote.is_some() && branch.short() == *revision);
    Ok(BasePoint {
        name: revision.clone(),
        branch: tracking.map(|branch| branch.name.clone()),
        remote: tracking.and_then(|branch| branch.remote.clone()),
        commit,
    })
}

/// What rounds have built: a branch that stands at one of these is an integration branch.
fn candidates(store: &Store) -> BTreeSet<CommitId> {
    let rounds = store.rounds().unwrap_or_default();
    rounds
        .into_iter()
        .filter(|round| round.moved)
        .filter_map(|round| round.candidate)
        .collect()
}

/// What is chosen from.
struct Choice<'a> {
    repository: &'a Repository,
    remote: &'a str,
    known: &'a [BranchRef],
    base: &'a BasePoint,
    integration: Option<BranchName>,
    candidates: BTreeSet<CommitId>,
    prefer_remote: bool,
}

#[derive(Default)]
struct Chosen {
    /// What each is called, where it is looked up, and where it stands; in the order of the patterns, then by name.
    branches: Vec<(TrackId, BranchName, Tip)>,
    /// What somebody might miss.
    notes: Vec<String>,
}

/// What one pattern means.
enum Meant {
    /// Local branches, and with `prefer_remote` those of the remote too.
    Plain(Vec<BranchName>),
    /// Remote-tracking branches only, named with their remote.
    Tracking(Vec<BranchRef>),
}

/// Why a branch that matched is not compared.
enum LeftOut {
    Base,
    Integration,
}

impl Choice<'_> {
    fn make(&self, patterns: &[String]) -> Result<Chosen, BranchesError> {
        let mut chosen = Chosen::default();
        let mut left_out: BTreeMap<String, LeftOut> = BTreeMap::new();
        let mut copies = Vec::new();
        for pattern in patterns {
            let found = match self.meant(pattern, &mut chosen.notes)? {
                Meant::Plain(names) => self.tips(names)?,
                Meant::Tracking(branches) => self.tracking(branches)?,
            };
            for (name, branch, tip) in found {
                let id = TrackId::of_branch(&branch);
                if let Some(why) = self.left_out(&name, tip.commit)? {
                    // Who asks for `*` does not ask for base.
                    let said = *pattern == name.short() || matches!(why, LeftOut::Integration);
                    if said && !left_out.contains_key(id.as_str()) {
                        chosen.notes.push(why.note(&id));
                    }
                    left_out.insert(id.to_string(), why);
                } else if chosen.branches.iter().any(|(taken, ..)| *taken == id) {
                    // Two patterns match it.
                } else if name.remote.is_some() && is_there(&chosen, &name.name, tip.commit) {
                    copies.push(id);
                } else {
                    chosen.branches.push((id, branch, tip));
                }
            }
        }
        chosen.notes.extend(note_of_copies(&copies));
        if chosen.branches.is_empty() {
            return Err(BranchesError::NothingLeft {
                base: self.base.name.clone(),
                matched: left_out.into_keys().collect(),
            });
        }
        Ok(chosen)
    }

    fn meant(&self, pattern: &str, notes: &mut Vec<String>) -> Result<Meant, BranchesError> {
        let local = |branch: &&BranchRef| branch.remote.is_none();
        let of_remote = |branch: &&BranchRef| branch.remote.as_deref() == Some(self.remote);
        let fits = |branch: &&BranchRef| glob_matches(pattern, branch.name.as_str());
        let names = |branches: Vec<&BranchRef>| -> Vec<BranchName> {
            let names: BTreeSet<_> = branches.iter().map(|branch| branch.name.clone()).collect();
            names.into_iter().collect()
        };
        let wanted = |branch: &&BranchRef| local(branch) || self.prefer_remote && of_remote(branch);
        let found: Vec<&BranchRef> = self.known.iter().filter(wanted).filter(fits).collect();
        if !found.is_empty() {
            return Ok(Meant::Plain(names(found)));
        }
        let tracking: Vec<BranchRef> = self
            .known
            .iter()
            .filter(|branch| named_with_remote(pattern, branch))
            .cloned()
            .collect();
        if !tracking.is_empty() {
            return Ok(Meant::Tracking(tracking));
        }
        // As in a fresh clone: `git switch NAME` would make the local branch from there.
        let found: Vec<&BranchRef> = self.known.iter().filter(of_remote).filter(fits).collect();
        if found.is_empty() {
            return Err(self.no_match(pattern));
        }
        notes.push(format!(
            "no local branch matches `{pattern}`; what {} has is compared",
            self.remote
        ));
        Ok(Meant::Plain(names(found)))
    }

    fn tips(
        &self,
        names: Vec<BranchName>,
    ) -> Result<Vec<(BranchRef, BranchName, Tip)>, BranchesError> {
        let mut found = Vec::new();
        for name in names {
            let tip = tips::resolve(self.repository, self.remote, &name, self.prefer_remote)?;
            let branch = BranchRef {
                name: name.clone(),
                remote: None,
            };
            // Without one it has gone since, or is about something that is no commit.
            found.extend(tip.map(|tip| (branch, name, tip)));
        }
        Ok(found)
    }

    fn tracking(
        &self,
        branches: Vec<BranchRef>,
    ) -> Result<Vec<(BranchRef, BranchName, Tip)>, BranchesError> {
        let mut found = Vec::new();
        for branch in branches {
            let (Ok(name), Some(commit)) = (
                BranchName::new(&branch.short()),
                self.repository.reference(&branch.full())?,
            ) else {
                continue;
            };
            let origin = Origin::Remote;
            found.push((branch, name, Tip { commit, origin }));
        }
        Ok(found)
    }

    fn left_out(&self, branch: &BranchRef, tip: CommitId) -> Result<Option<LeftOut>, GitError> {
        let named = Some(&branch.name);
        // A local `main` may well have work of its own where `origin/main` is base.
        if self.base.branch.as_ref() == named
            && self.repository.is_ancestor(tip, self.base.commit)?
        {
            return Ok(Some(LeftOut::Base));
        }
        let integration = self.integration.as_ref() == named || self.candidates.contains(&tip);
        Ok(integration.then_some(LeftOut::Integration))
    }

    fn no_match(&self, pattern: &str) -> BranchesError {
        let local = |branch: &&BranchRef| branch.remote.is_none();
        let mut known: Vec<String> = (self.known.iter().filter(local))
            .map(BranchRef::short)
            .collect();
        if known.is_empty() {
            known = self.known.iter().map(BranchRef::short).collect();
        }
        let all: BTreeSet<String> = self.known.iter().map(BranchRef::short).collect();
        // A glob is near another one: `topik/*` to `topic/*`.
        let globs: BTreeSet<String> = (all.iter())
            .filter_map(|name| Some(format!("{}/*", name.rsplit_once('/')?.0)))
            .collect();
        let nearest = near(pattern, globs.into_iter().filter(|_| pattern.contains('*')))
            .or_else(|| near(pattern, all));
        BranchesError::NoMatch {
            pattern: pattern.to_owned(),
            nearest,
            known,
        }
    }
}

/// Only what begins with the remote's name: `*` is not for the branches of others.
fn named_with_remote(pattern: &str, branch: &BranchRef) -> bool {
    let Some(remote) = &branch.remote else {
        return false;
    };
    pattern
        .strip_prefix(remote.as_str())
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|rest| glob_matches(rest, branch.name.as_str()))
}

/// Whether the branch is already taken under its short name, at the same commit.
fn is_there(chosen: &Chosen, name: &BranchName, commit: CommitId) -> bool {
    let same =
        |(_, branch, tip): &(TrackId, BranchName, Tip)| branch == name && tip.commit == commit;
    chosen.branches.iter().any(same)
}

impl LeftOut {
    fn note(&self, id: &TrackId) -> String {
        match self {
            LeftOut::Base => format!("{id} is the base, and left out"),
            LeftOut::Integration => {
                format!("{id} is an integration branch, made of others, and left out")
            }
        }
    }
}

fn note_of_copies(copies: &[TrackId]) -> Option<String> {
    let first = copies.first()?;
    Some(match copies.len() {
        1 => format!("{first} is the same commit as the local branch, and left out"),
        count => format!(
            "{first} and {} more are the same commits as the local branches, and left out",
            count - 1
        ),
    })
}

fn near(text: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let names: Vec<_> = names.into_iter().collect();
    nearest(text, names.iter().map(AsRef::as_ref)).map(str::to_owned)
}
