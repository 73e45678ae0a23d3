//! Where to look for changes, and whose change one is: the worktrees of the tracks without what git ignores, and of the
//! common git directory refs, rules and what a worktree keeps there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::Warning;
use crate::domain::name::TrackId;
use crate::files::{Batch, DirWatcher, WatchError};
use crate::git::{GitError, Worktree};
use crate::ops::Session;
use crate::ops::session::FILE_NAME;
use crate::process::{cores, in_parallel};

/// So many paths of one batch are looked up in git's rules; with more, looking at the worktree is as quick.
const ASKED: usize = 2000;

/// So many ignored paths are remembered.
const REMEMBERED: usize = 20_000;

/// What of a worktree's private directory says that its work is another, or that git is in the middle of something.
const STATE: [&str; 10] = [
    "HEAD",
    "index",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "BISECT_LOG",
    "BISECT_START",
];

/// Where one track's work is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    worktree: PathBuf,
    /// Its index and HEAD.
    git_dir: PathBuf,
}

/// Everything that is watched.
#[derive(Debug, Default)]
pub(super) struct Places {
    common: PathBuf,
    config_file: Option<PathBuf>,
    tracks: BTreeMap<TrackId, Place>,
    /// Whose worktrees the system does not watch for us.
    pub(super) polled: BTreeSet<TrackId>,
    /// Whether refs, worktrees and tracks.toml are not watched for us either.
    pub(super) all_polled: bool,
    /// Paths that were found to be ignored, so that a log that is written all the time is asked about once.
    ignored: BTreeSet<PathBuf>,
}

/// What a batch of changes may be about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// Tracks whose work may have changed.
    pub(super) tracks: BTreeSet<TrackId>,
    /// Tracks with new directories, or other rules about what is ignored.
    pub(super) rearrange: BTreeSet<TrackId>,
    /// Worktrees may have come or gone.
    pub(super) list: bool,
    pub(super) refs: bool,
    /// tracks.toml, or git's configuration.
    pub(super) project: bool,
    /// What git merges by: verdicts may be others although nothing else is.
    pub(super) rules: bool,
}

impl Moves {
    pub(super) fn all(tracks: impl Iterator<Item = TrackId>) -> Moves {
        let tracks: BTreeSet<TrackId> = tracks.collect();
        Moves {
            rearrange: tracks.clone(),
            tracks,
            list: true,
            refs: true,
            project: true,
            rules: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Moves::default()
    }

    pub(super) fn add(&mut self, other: Moves) {
        self.tracks.extend(other.tracks);
        self.rearrange.extend(other.rearrange);
        self.list |= other.list;
        self.refs |= other.refs;
        self.project |= other.project;
        self.rules |= other.rules;
    }
}

/// How much is to be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Refs only.
    Committed,
    Worktrees,
}

impl Places {
    /// Watches what there is to be watched now: worktrees that came, and no more those that went; a track that is in
    /// `anew` is gone through again. The result is the tracks that are in another place than before.
    pub(super) fn arrange(
        &mut self,
        session: &Session,
        wanted: &[TrackId],
        anew: &BTreeSet<TrackId>,
        depth: Depth,
        watcher: &mut DirWatcher,
    ) -> Result<(BTreeSet<TrackId>, Vec<Warning>), GitError> {
        let repository = &session.repository;
        self.common = repository.common_dir().to_owned();
        self.config_file = repository.main_worktree().map(|dir| dir.join(FILE_NAME));
        let before = std::mem::take(&mut self.tracks);
        self.tracks = places(session, wanted, &repository.worktrees()?);
        let elsewhere: BTreeSet<TrackId> = wanted
            .iter()
            .filter(|track| before.get(track) != self.tracks.get(track))
            .cloned()
            .collect();
        if watcher.is_blind() {
            self.polled = self.tracks.keys().cloned().collect();
            self.all_polled = true;
            return Ok((elsewhere, Vec::new()));
        }
        let mut warnings = Vec::new();
        let watched = self.watch_git(session, watcher);
        self.all_polled = watched.is_err();
        if let Err(error) = watched {
            warnings.push(Warning::NotWatched {
                tracks: Vec::new(),
                error,
            });
        }
        if depth == Depth::Worktrees {
            let due = self.tracks.keys().filter(|track| {
                let roots = || {
                    watcher
                        .roots()
                        .any(|root| root == self.tracks[*track].worktree)
                };
                elsewhere.contains(track) || anew.contains(track) || !roots()
            });
            let due: Vec<TrackId> = due.cloned().collect();
            warnings.extend(self.watch_worktrees(session, &due, watcher)?);
        }
        self.forget_the_rest(watcher, depth);
        Ok((elsewhere, warnings))
    }

    fn watch_git(&self, session: &Session, watcher: &mut DirWatcher) -> Result<(), WatchError> {
        let common = session.repository.common_dir();
        for dir in self.single_dirs() {
            watcher.watch_dir(&dir)?;
        }
        for name in ["refs/heads", "refs/remotes"] {
            watcher.watch_tree(&common.join(name), BTreeSet::new())?;
        }
        Ok(())
    }

    /// Directories that are watched without what is below.
    fn single_dirs(&self) -> BTreeSet<PathBuf> {
        let common = &self.common;
        let mut dirs = BTreeSet::from([
            common.clone(),
            common.join("info"),
            common.join("worktrees"),
            // `refs/heads` may have no directory yet.
            common.join("refs"),
        ]);
        dirs.extend(self.config_file.iter().filter_map(|file| parent(file)));
        for place in self.tracks.values() {
            dirs.insert(place.git_dir.clone());
            // Where the worktree itself comes and goes.
            dirs.extend(parent(&place.worktree));
        }
        dirs
    }

    /// Where the limit of the system is reached, the track is polled, and the next is tried all the same: it may be smaller.
    fn watch_worktrees(
        &mut self,
        session: &Session,
        due: &[TrackId],
        watcher: &mut DirWatcher,
    ) -> Result<Vec<Warning>, GitError> {
        let known = self.polled.clone();
        let left_out = in_parallel(due, cores().get(), |track| {
            session
                .repository
                .ignored_directories(&self.tracks[track].worktree)
        });
        let mut refused: Option<WatchError> = None;
        for (track, left_out) in due.iter().zip(left_out) {
            let worktree = &self.tracks[track].worktree;
            // What git cannot tell of now, it cannot take a snapshot of either; the look at it says why.
            let left_out = left_out.unwrap_or_default();
            self.polled.remove(track);
            if let Err(error) = watcher.watch_tree(worktree, left_out) {
                self.polled.insert(track.clone());
                refused.get_or_insert(error);
            }
        }
        let tracks: Vec<TrackId> = self.polled.difference(&known).cloned().collect();
        Ok(refused
            .filter(|_| !tracks.is_empty())
            .map(|error| Warning::NotWatched { tracks, error })
            .into_iter()
            .collect())
    }

    fn forget_the_rest(&mut self, watcher: &mut DirWatcher, depth: Depth) {
        let mut kept = self.single_dirs();
        kept.extend(["refs/heads", "refs/remotes"].map(|name| self.common.join(name)));
        if depth == Depth::Worktrees {
            kept.extend(self.tracks.values().map(|place| place.worktree.clone()));
        }
        let gone: Vec<PathBuf> = watcher
            .roots()
            .filter(|root| !kept.contains(*root))
            .map(Path::to_owned)
            .collect();
        for root in gone {
            watcher.forget(&root);
        }
        let tracks = &self.tracks;
        self.polled.retain(|track| tracks.contains_key(track));
    }

    /// Whether git holds the lock of the worktree's index: it is in the middle of something.
    pub(super) fn is_locked(&self, track: &TrackId) -> bool {
        self.tracks
            .get(track)
            .is_some_and(|place| place.git_dir.join("index.lock").exists())
    }

    /// What a batch is about. Paths that git ignores are about nothing.
    pub(super) fn sort(
        &mut self,
        session: &Session,
        batch: &Batch,
        watcher: &DirWatcher,
    ) -> Result<Moves, GitError> {
        let mut moves = Moves::default();
        let mut inside: BTreeMap<TrackId, Vec<&Path>> = BTreeMap::new();
        for path in &batch.paths {
            self.sort_one(path, &mut moves, &mut inside);
        }
        for (track, paths) in inside {
            self.sort_work(session, &track, &paths, watcher, &mut moves)?;
        }
        Ok(moves)
    }

    fn sort_one<'p>(
        &mut self,
        path: &'p Path,
        moves: &mut Moves,
        inside: &mut BTreeMap<TrackId, Vec<&'p Path>>,
    ) {
        if self.config_file.as_deref() == Some(path) {
            moves.project = true;
        }
        if let Ok(below) = path.strip_prefix(&self.common) {
            self.sort_git(below, moves);
            return;
        }
        let containing = self
            .tracks
            .iter()
            .filter(|(_, place)| path.starts_with(&place.worktree))
            .max_by_key(|(_, place)| place.worktree.components().count());
        match containing {
            Some((track, place)) => {
                if path == place.worktree || path == place.worktree.join(".git") {
                    moves.list = true;
                    moves.rearrange.insert(track.clone());
                    moves.tracks.insert(track.clone());
                } else {
                    inside.entry(track.clone()).or_default().push(path);
                }
            }
            // Beside the worktrees: one may have come.
            None => moves.list |= path.join(".git").exists(),
        }
    }

    /// Something in the common git directory.
    fn sort_git(&mut self, below: &Path, moves: &mut Moves) {
        let parts: Vec<&str> = below
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        match parts.as_slice() {
            [.., last] if last.ends_with(".lock") => {}
            ["refs", ..] | ["packed-refs"] => moves.refs = true,
            // What is ignored, and how files are merged.
            ["config"] | ["info", ..] => {
                self.ignored.clear();
                moves.rules = true;
                moves.add(Moves::all(self.tracks.keys().cloned()));
            }
            ["worktrees"] | ["worktrees", _] => moves.list = true,
            ["worktrees", name, state, ..] => {
                let git_dir = self.common.join("worktrees").join(name);
                self.sort_private(&git_dir, state, moves);
            }
            [state, ..] => {
                let git_dir = self.common.clone();
                self.sort_private(&git_dir, state, moves);
            }
            [] => {}
        }
    }

    fn sort_private(&mut self, git_dir: &Path, state: &str, moves: &mut Moves) {
        match state {
            "gitdir" | "locked" | "commondir" => moves.list = true,
            "config.worktree" => {
                moves.rules = true;
                moves.add(Moves::all(self.tracks.keys().cloned()));
            }
            _ => {}
        }
        if !STATE.contains(&state) {
            return;
        }
        // What was ignored may be tracked by now.
        self.ignored.clear();
        // An index is written all the time; the others say which branch is worked on.
        moves.list |= state != "index";
        let concerned = self
            .tracks
            .iter()
            .filter(|(_, place)| place.git_dir == git_dir);
        moves
            .tracks
            .extend(concerned.map(|(track, _)| track.clone()));
    }

    /// Changes inside one worktree.
    fn sort_work(
        &mut self,
        session: &Session,
        track: &TrackId,
        paths: &[&Path],
        watcher: &DirWatcher,
        moves: &mut Moves,
    ) -> Result<(), GitError> {
        let rules = |path: &Path| path.file_name().is_some_and(|name| name == ".gitignore");
        if paths.iter().any(|path| rules(path)) {
            self.ignored.clear();
            moves.rearrange.insert(track.clone());
        }
        let mut unknown: Vec<&Path> = paths.to_vec();
        unknown.retain(|path| !self.ignored.contains(*path));
        if unknown.len() <= ASKED {
            let worktree = &self.tracks[track].worktree;
            let ignored = session
                .repository
                .ignored_among(worktree, unknown.iter().copied())?;
            unknown.retain(|path| !ignored.contains(*path));
            if self.ignored.len() > REMEMBERED {
                self.ignored.clear();
            }
            self.ignored.extend(ignored);
        }
        if unknown.is_empty() {
            return Ok(());
        }
        moves.tracks.insert(track.clone());
        let is_new = |path: &&Path| {
            !watcher.is_watched(path)
                && std::fs::symlink_metadata(path).is_ok_and(|facts| facts.is_dir())
        };
        if unknown.iter().any(is_new) {
            moves.rearrange.insert(track.clone());
        }
        Ok(())
    }
}

fn places(
    session: &Session,
    wanted: &[TrackId],
    worktrees: &[Worktree],
) -> BTreeMap<TrackId, Place> {
    let place = |track: &TrackId| {
        let branch = &session.project.track(track)?.branch;
        let worktree = Worktree::of_branch(worktrees, branch)?.path.clone();
        let git_dir = session.repository.git_dir_of(&worktree).ok()?;
        // Events name paths as they were asked for, and this one may climb with `..`.
        let git_dir = git_dir.canonicalize().unwrap_or(git_dir);
        Some((track.clone(), Place { worktree, git_dir }))
    };
    wanted.iter().filter_map(place).collect()
}

fn parent(path: &Path) -> Option<PathBuf> {
    path.parent().map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::OpenOptions;
    use crate::process::{Cmd, Interrupt};

    /// Track a in a linked worktree, and a session of its repository.
    fn world() -> (tempfile::TempDir, Session) {
        let dir = tempfile::tempdir().unwrap();
        let script = "git init -q -b main && git config user.name A && git config user.email a@example.com \
            && printf 'target/\\n*.log\\n' >.gitignore && echo '[track.a]' >tracks.toml && mkdir src && echo 1 >src/f \
            && git add -A && git commit -q -m One && git worktree add -q -b track/a wt/a";
        let ran = Cmd::new("sh")
            .args(["-c", script])
            .cwd(dir.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert_eq!(ran.status, Some(0), "{ran:?}");
        let session = Session::open(OpenOptions {
            dir: dir.path().to_owned(),
            prefer_remote: false,
            interrupt: Interrupt::never(),
        });
        (dir, session.unwrap())
    }

    #[test]
    fn what_a_change_is_about() {
        let (_dir, session) = world();
        let root = session.repository.main_worktree().unwrap().to_owned();
        let a = TrackId::new("a").unwrap();
        let wanted = [a.clone()];
        let (mut watcher, refused) = DirWatcher::new();
        assert!(refused.is_none());
        let mut places = Places::default();
        let nothing = BTreeSet::new();
        let (elsewhere, warnings) = places
            .arrange(&session, &wanted, &nothing, Depth::Worktrees, &mut watcher)
            .unwrap();
        assert!(elsewhere.contains(&a) && warnings.is_empty());
        let (elsewhere, _) = places
            .arrange(&session, &wanted, &nothing, Depth::Worktrees, &mut watcher)
            .unwrap();
        assert!(elsewhere.is_empty());
        std::fs::create_dir_all(root.join("wt/a/target/deep")).unwrap();
        std::fs::create_dir_all(root.join("wt/a/new")).unwrap();

        let cases = [
            ("wt/a/src/f", "tracks"),
            ("wt/a/src/gone", "tracks"),
            ("wt/a/new", "tracks rearrange"),
            ("wt/a/src/.gitignore", "tracks rearrange"),
            ("wt/a/x.log", ""),
            ("wt/a/target", ""),
            ("wt/a/target/deep/x", ""),
            ("wt/a", "tracks rearrange list"),
            ("src/f", ""),
            ("tracks.toml", "project"),
            (".git/packed-refs", "refs"),
            (".git/refs/heads/track/a", "refs"),
            (".git/refs/heads/track/a.lock", ""),
            (".git/worktrees/a/index", "tracks"),
            (".git/worktrees/a/MERGE_HEAD", "tracks list"),
            (".git/COMMIT_EDITMSG", ""),
            (".git/config", "tracks rearrange list refs project rules"),
        ];
        for (path, expected) in cases {
            let batch = Batch {
                paths: BTreeSet::from([root.join(path)]),
                lost: false,
            };
            let moves = places.sort(&session, &batch, &watcher).unwrap();
            let found: Vec<&str> = [
                (moves.tracks.contains(&a), "tracks"),
                (moves.rearrange.contains(&a), "rearrange"),
                (moves.list, "list"),
                (moves.refs, "refs"),
                (moves.project, "project"),
                (moves.rules, "rules"),
            ]
            .into_iter()
            .filter_map(|(yes, name)| yes.then_some(name))
            .collect();
            assert_eq!(found.join(" "), expected, "{path}");
            assert_eq!(moves.is_empty(), expected.is_empty(), "{path}");
        }
    }

    #[test]
    fn ignored_paths_are_asked_about_once() {
        let (_dir, session) = world();
        let (mut watcher, _) = DirWatcher::new();
        let mut places = Places::default();
        let wanted = [TrackId::new("a").unwrap()];
        places
            .arrange(
                &session,
                &wanted,
                &BTreeSet::new(),
                Depth::Worktrees,
                &mut watcher,
            )
            .unwrap();
        let worktree = session.repository.main_worktree().unwrap().join("wt/a");
        let mut batch = Batch::default();
        batch.paths.insert(worktree.join("x.log"));
        assert!(places.sort(&session, &batch, &watcher).unwrap().is_empty());
        assert_eq!(places.ignored, batch.paths);
        batch.paths = BTreeSet::from([worktree.join(".gitignore")]);
        assert!(!places.sort(&session, &batch, &watcher).unwrap().is_empty());
        assert!(places.ignored.is_empty(), "other rules, other answers");
    }
}
