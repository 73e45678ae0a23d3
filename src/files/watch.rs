//! Watching directories: what has changed in them, gathered until it is quiet.
//!
//! On Linux every directory is watched by itself, so that those that are left out (what git ignores) cost nothing, however
//! much is written there. Elsewhere the system watches whole trees, and what is left out is dropped here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// So long nothing may happen before a batch is complete: an editor writes a file in several steps, git many files.
const QUIET: Duration = Duration::from_millis(120);

/// A batch is complete after this time whatever goes on.
const LATEST: Duration = Duration::from_millis(900);

const WHOLE_TREES: bool = !cfg!(any(target_os = "linux", target_os = "android"));

/// Why something cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system's limit for this user, over all programs.
    #[error("this system allows no more directories to be watched (fs.inotify.max_user_watches)")]
    TooManyDirectories,
    #[error("this system allows no more programs that watch (fs.inotify.max_user_instances)")]
    TooManyWatchers,
    #[error("{} cannot be watched: {message}", path.display())]
    Other { path: PathBuf, message: String },
}

/// What happened, each path once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub paths: BTreeSet<PathBuf>,
    /// The system could not keep up: anything may have changed.
    pub lost: bool,
}

/// Ends the waiting of [`DirWatcher::next`] from another thread.
#[derive(Debug, Clone)]
pub struct Waker(Sender<Message>);

impl Waker {
    pub fn wake(&self) {
        // Nobody waits any more.
        let _ = self.0.send(Message::Wake);
    }
}

#[derive(Debug)]
enum Message {
    Changed(PathBuf),
    /// The directory may be another one by now, or none: it has to be watched anew.
    Gone(PathBuf),
    Lost,
    Wake,
}

/// Watches directories. Dropping it ends that.
#[derive(Debug)]
pub struct DirWatcher {
    /// `None`: nothing can be watched here.
    system: Option<RecommendedWatcher>,
    messages: Receiver<Message>,
    waker: Waker,
    trees: BTreeMap<PathBuf, Tree>,
}

#[derive(Debug, Default)]
struct Tree {
    /// What is watched; where whole trees are, the root alone.
    dirs: BTreeSet<PathBuf>,
    left_out: BTreeSet<PathBuf>,
}

impl DirWatcher {
    /// With an error where the system gives us no means to watch; it can be waited with all the same.
    pub fn new() -> (DirWatcher, Option<WatchError>) {
        let mut watcher = DirWatcher::blind();
        let sender = watcher.waker.0.clone();
        match notify::recommended_watcher(move |event| hand_on(&sender, event)) {
            Ok(system) => {
                watcher.system = Some(system);
                (watcher, None)
            }
            Err(error) => (watcher, Some(refused(Path::new("anything"), &error))),
        }
    }

    /// One that sees nothing and only waits.
    pub fn blind() -> DirWatcher {
        let (sender, messages) = channel();
        DirWatcher {
            system: None,
            messages,
            waker: Waker(sender),
            trees: BTreeMap::new(),
        }
    }

    pub fn is_blind(&self) -> bool {
        self.system.is_none()
    }

    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Watches `root` and every directory below it but those left out, repositories of their own and what symbolic links
    /// point to. Called again, it watches what is new, and no more what is gone or left out by now. A root that is not there
    /// is no error.
    ///
    /// # Errors
    /// When the system refuses; nothing of this root is watched then.
    pub fn watch_tree(
        &mut self,
        root: &Path,
        left_out: BTreeSet<PathBuf>,
    ) -> Result<(), WatchError> {
        let mut before = self.trees.remove(root).unwrap_or_default();
        let mut tree = Tree {
            dirs: BTreeSet::new(),
            left_out,
        };
        let result = self.add_below(root, &mut before.dirs, &mut tree);
        if result.is_err() {
            before.dirs.append(&mut tree.dirs);
        } else {
            self.trees.insert(root.to_owned(), tree);
        }
        self.release(&before.dirs);
        result
    }

    /// Watches one directory and nothing below.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn watch_dir(&mut self, dir: &Path) -> Result<(), WatchError> {
        let known = self.trees.entry(dir.to_owned()).or_default();
        if known.dirs.contains(dir) {
            return Ok(());
        }
        if add(&mut self.system, dir, RecursiveMode::NonRecursive)?
            && let Some(tree) = self.trees.get_mut(dir)
        {
            tree.dirs.insert(dir.to_owned());
        }
        Ok(())
    }

    /// The roots and directories that are watched.
    pub fn roots(&self) -> impl Iterator<Item = &Path> {
        self.trees.keys().map(PathBuf::as_path)
    }

    pub fn forget(&mut self, root: &Path) {
        if let Some(tree) = self.trees.remove(root) {
            self.release(&tree.dirs);
        }
    }

    /// Whether a directory of this path would be news.
    pub fn is_watched(&self, dir: &Path) -> bool {
        self.trees
            .iter()
            .any(|(root, tree)| tree.dirs.contains(dir) || (WHOLE_TREES && dir.starts_with(root)))
    }

    /// Waits until something has changed and it is quiet again, until `until`, or until somebody wakes us, in which cases
    /// the batch is empty.
    pub fn next(&mut self, until: Option<Instant>) -> Batch {
        let mut batch = Batch::default();
        let mut first = None;
        loop {
            let now = Instant::now();
            let deadline = match first {
                None => until,
                Some(first) => Some((now + QUIET).min(first + LATEST)),
            };
            let message = match deadline {
                None => self
                    .messages
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => self
                    .messages
                    .recv_timeout(deadline.saturating_duration_since(now)),
            };
            match message {
                // While there are messages all the time, waiting never times out.
                Ok(Message::Wake) => return batch,
                Ok(message) => {
                    if self.take(message, &mut batch) {
                        first.get_or_insert(now);
                    }
                    if first.is_some_and(|first| first.elapsed() >= LATEST) {
                        return batch;
                    }
                }
                Err(_) => return batch,
            }
        }
    }

    /// Whether it was news.
    fn take(&mut self, message: Message, batch: &mut Batch) -> bool {
        let path = match message {
            Message::Changed(path) => path,
            Message::Gone(path) => {
                self.lose(&path);
                path
            }
            Message::Lost => {
                batch.lost = true;
                return true;
            }
            Message::Wake => return false,
        };
        !self.is_left_out(&path) && batch.paths.insert(path)
    }

    /// Where the system has lost sight of directories, they count as new when they are back.
    fn lose(&mut self, path: &Path) {
        for tree in self.trees.values_mut() {
            tree.dirs.remove(path);
            let below: Vec<PathBuf> = tree
                .dirs
                .range(path.to_owned()..)
                .take_while(|dir| dir.starts_with(path))
                .cloned()
                .collect();
            for dir in below {
                tree.dirs.remove(&dir);
            }
        }
    }

    fn is_left_out(&self, path: &Path) -> bool {
        WHOLE_TREES
            && self.trees.iter().any(|(root, tree)| {
                path.starts_with(root) && path.ancestors().any(|dir| tree.left_out.contains(dir))
            })
    }

    /// Moves what is still there from `before` to the tree, and adds the rest. A directory is watched before it is read, so
    /// that one that comes into being meanwhile is seen in one way or the other.
    fn add_below(
        &mut self,
        root: &Path,
        before: &mut BTreeSet<PathBuf>,
        tree: &mut Tree,
    ) -> Result<(), WatchError> {
        if WHOLE_TREES {
            if before.remove(root) || add(&mut self.system, root, RecursiveMode::Recursive)? {
                tree.dirs.insert(root.to_owned());
            }
            return Ok(());
        }
        let mut todo = vec![root.to_owned()];
        while let Some(dir) = todo.pop() {
            let known = before.remove(&dir);
            if !known && !add(&mut self.system, &dir, RecursiveMode::NonRecursive)? {
                continue;
            }
            // Gone again, or not ours to read: nothing to watch below.
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let path = entry.path();
                if is_dir
                    && entry.file_name() != ".git"
                    && !tree.left_out.contains(&path)
                    && std::fs::symlink_metadata(path.join(".git")).is_err()
                {
                    todo.push(path);
                }
            }
            tree.dirs.insert(dir);
        }
        Ok(())
    }

    fn release(&mut self, dirs: &BTreeSet<PathBuf>) {
        for dir in dirs {
            let needed = self.trees.values().any(|tree| tree.dirs.contains(dir));
            if let Some(system) = self.system.as_mut().filter(|_| !needed) {
                // It may be gone, and its watch with it.
                let _ = system.unwatch(dir);
            }
        }
    }
}

/// Whether it is watched now; not where it is gone, or nothing can be watched.
fn add(
    system: &mut Option<RecommendedWatcher>,
    dir: &Path,
    mode: RecursiveMode,
) -> Result<bool, WatchError> {
    let Some(system) = system else {
        return Ok(false);
    };
    match system.watch(dir, mode) {
        Ok(()) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(refused(dir, &error)),
    }
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(
            error.kind(),
            std::io::ErrorKind::NotFound
                | std::io::ErrorKind::NotADirectory
                // Nobody can write there either, and git could not read it.
                | std::io::ErrorKind::PermissionDenied
        ),
        _ => false,
    }
}

fn refused(path: &Path, error: &notify::Error) -> WatchError {
    /// "Too many open files": for inotify, the number of its instances.
    const EMFILE: i32 = 24;
    match &error.kind {
        ErrorKind::MaxFilesWatch => WatchError::TooManyDirectories,
        ErrorKind::Io(io) if io.raw_os_error() == Some(EMFILE) => WatchError::TooManyWatchers,
        _ => WatchError::Other {
            path: path.to_owned(),
            message: error.to_string(),
        },
    }
}

/// In the system's thread: what is no change goes no further.
fn hand_on(sender: &Sender<Message>, event: Result<notify::Event, notify::Error>) {
    // The other end is gone when the watcher is being dropped.
    let send = |message| drop(sender.send(message));
    let Ok(event) = event else {
        return send(Message::Lost);
    };
    if event.need_rescan() {
        send(Message::Lost);
    }
    let message: fn(PathBuf) -> Message = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Message::Changed,
        EventKind::Access(_) | EventKind::Other => return,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => Message::Gone,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) => Message::Changed,
    };
    for path in event.paths {
        send(message(path));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Place {
        dir: tempfile::TempDir,
        watcher: DirWatcher,
    }

    impl Place {
        fn new(dirs: &[&str]) -> Place {
            let dir = tempfile::tempdir().unwrap();
            for path in dirs {
                fs::create_dir_all(dir.path().join(path)).unwrap();
            }
            let (watcher, error) = DirWatcher::new();
            assert!(error.is_none(), "{error:?}");
            Place { dir, watcher }
        }

        fn root(&self) -> PathBuf {
            self.dir.path().canonicalize().unwrap()
        }

        fn at(&self, path: &str) -> PathBuf {
            self.root().join(path)
        }

        fn watch(&mut self, left_out: &[&str]) {
            let left_out = left_out.iter().map(|path| self.at(path)).collect();
            self.watcher.watch_tree(&self.root(), left_out).unwrap();
        }

        fn write(&self, path: &str) {
            fs::File::create(self.at(path)).unwrap();
        }

        /// Everything that is seen up to and with a last change, which is made here.
        fn seen(&mut self) -> Vec<String> {
            self.write("last");
            let deadline = Instant::now() + Duration::from_secs(20);
            let mut seen = BTreeSet::new();
            while !seen.contains(&self.at("last")) {
                assert!(Instant::now() < deadline, "the last change is never seen");
                seen.extend(self.watcher.next(Some(deadline)).paths);
            }
            fs::remove_file(self.at("last")).unwrap();
            while !self
                .watcher
                .next(Some(deadline))
                .paths
                .contains(&self.at("last"))
            {
                assert!(Instant::now() < deadline);
            }
            let root = self.root();
            seen.iter()
                .map(|path| {
                    path.strip_prefix(&root)
                        .unwrap()
                        .to_string_lossy()
                        .into_owned()
                })
                .filter(|path| path != "last")
                .collect()
        }
    }

    #[test]
    fn what_is_left_out_is_not_seen() {
        let mut place = Place::new(&["src/deep", "target/debug", "nested/.git", ".git/refs"]);
        place.watch(&["target"]);
        for path in [
            "src/deep/a",
            "target/b",
            "target/debug/c",
            "nested/d",
            ".git/refs/e",
            "f",
        ] {
            place.write(path);
        }
        let seen = place.seen();
        for (path, yes) in [
            ("src/deep/a", true),
            ("f", true),
            ("target/b", false),
            ("target/debug/c", false),
        ] {
            assert_eq!(seen.contains(&path.to_owned()), yes, "{path} {seen:?}");
        }
        #[cfg(target_os = "linux")]
        assert_eq!(seen, ["f", "src/deep/a"]);
    }

    #[test]
    fn reading_is_no_change() {
        let mut place = Place::new(&["src"]);
        place.write("src/a");
        place.watch(&[]);
        place.seen();
        fs::read(place.at("src/a")).unwrap();
        assert_eq!(fs::read_dir(place.at("src")).unwrap().count(), 1);
        assert_eq!(place.seen(), Vec::<String>::new());
    }

    #[test]
    fn directories_come_and_go() {
        let mut place = Place::new(&["a/b"]);
        place.watch(&[]);
        assert!(place.watcher.is_watched(&place.at("a/b")));
        fs::create_dir_all(place.at("new/deep")).unwrap();
        assert!(place.seen().contains(&"new".to_owned()));
        place.watch(&[]);
        place.write("new/deep/x");
        assert_eq!(place.seen(), ["new/deep/x"]);

        fs::remove_dir_all(place.at("a")).unwrap();
        fs::create_dir_all(place.at("a/b")).unwrap();
        assert!(place.seen().contains(&"a".to_owned()));
        place.watch(&[]);
        place.write("a/b/y");
        assert_eq!(place.seen(), ["a/b/y"]);

        fs::rename(place.at("a"), place.at("moved")).unwrap();
        place.seen();
        place.watch(&["new"]);
        place.write("moved/b/z");
        place.write("new/deep/z");
        assert_eq!(place.seen(), ["moved/b/z"]);
    }

    #[test]
    fn one_directory_without_what_is_below() {
        let mut place = Place::new(&["a"]);
        place.watcher.watch_dir(&place.root()).unwrap();
        place.watcher.watch_dir(&place.root()).unwrap();
        place.watcher.watch_dir(&place.at("missing")).unwrap();
        place.write("b");
        place.write("a/c");
        assert_eq!(place.seen(), ["b"]);
        let missing = place.at("missing");
        let root = place.root();
        assert_eq!(place.watcher.roots().collect::<Vec<_>>(), [&root, &missing]);
        place.watcher.forget(&missing);
        assert_eq!(place.watcher.roots().collect::<Vec<_>>(), [&root]);
    }

    #[test]
    fn waiting_ends() {
        let mut watcher = DirWatcher::blind();
        assert!(watcher.is_blind());
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(watcher.next(Some(soon)), Batch::default());
        assert!(Instant::now() >= soon);
        watcher.waker().wake();
        assert_eq!(watcher.next(None), Batch::default());
    }

    #[test]
    fn a_batch_ends_although_it_is_never_quiet() {
        let mut watcher = DirWatcher::blind();
        let sender = watcher.waker().0;
        let (stop, stopped) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut number = 0;
                while stopped.recv_timeout(Duration::from_millis(5)).is_err() {
                    number += 1;
                    let path = PathBuf::from(format!("/{number}"));
                    sender.send(Message::Changed(path)).unwrap();
                }
            });
            let start = Instant::now();
            let batch = watcher.next(None);
            assert!(batch.paths.len() > 1);
            assert!(start.elapsed() >= LATEST);
            stop.send(()).unwrap();
        });
    }

    #[test]
    fn refusals() {
        let cases = [
            (
                notify::Error::new(ErrorKind::MaxFilesWatch),
                "max_user_watches",
            ),
            (
                notify::Error::io(std::io::Error::from_raw_os_error(24)),
                "max_user_instances",
            ),
            (notify::Error::generic("odd"), "/x cannot be watched: odd"),
        ];
        for (error, expected) in cases {
            let message = refused(Path::new("/x"), &error).to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
