//! Histories made at random: small trees, and everything that can happen to them, so that merges meet all that git knows.
//!
//! The tests of the tool draw theirs from this file, too; it uses nothing but the standard library.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Gives a number from 0 to below its argument.
pub(crate) type Choose<'c> = &'c mut dyn FnMut(u64) -> u64;

/// What a tree has at a path: mode and content.
type Tree = BTreeMap<String, (&'static str, String)>;

const FILE: &str = "100644";
const EXECUTABLE: &str = "100755";
const LINK: &str = "120000";

const DIRECTORIES: [&str; 6] = ["", "", "d/", "d/s/", "e/", "g/"];
const NAMES: [&str; 6] = ["a", "b", "f", "x", "y", "s"];
const ATTRIBUTES: [&str; 6] = [
    "* merge=union\n",
    "a -merge\n",
    "*.txt text\n",
    "d/** binary\n",
    "f merge=nobody\n",
    "x !merge\ny merge\n",
];

/// A commit of a history, by its place in it.
#[derive(Debug, Clone)]
struct Commit {
    parents: Vec<usize>,
    tree: Tree,
    /// Seconds after the first.
    time: u64,
}

/// Base, and the tracks beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    commits: Vec<Commit>,
    base: usize,
    tracks: Vec<usize>,
}

impl History {
    pub(crate) fn new(choose: Choose<'_>) -> Self {
        let mut history = History::default();
        let tree = first_tree(choose);
        history.commit(Vec::new(), tree, choose);
        let mut tracks: Vec<usize> = Vec::new();
        let count = 3 + choose(3);
        for _ in 0..count {
            if choose(6) == 0 {
                history.base = history.grow(history.base, choose);
            }
            let start = match choose(10) {
                0..=3 if !tracks.is_empty() => pick(choose, &tracks),
                4 => choose_place(choose, history.base + 1),
                _ => history.base,
            };
            let mut tip = start;
            for _ in 0..1 + choose(3) {
                tip = match choose(12) {
                    0 if tip != history.base => history.merge(tip, history.base, choose),
                    1 if !tracks.is_empty() => {
                        let other = pick(choose, &tracks);
                        history.merge(tip, other, choose)
                    }
                    _ => history.grow(tip, choose),
                };
            }
            tracks.push(tip);
            if choose(12) == 0 {
                history.base = history.merge(history.base, tip, choose);
            }
        }
        if choose(3) == 0 {
            history.base = history.grow(history.base, choose);
        }
        history.tracks = tracks;
        history
    }

    fn last(&self) -> usize {
        self.commits.len() - 1
    }

    fn commit(&mut self, parents: Vec<usize>, tree: Tree, choose: Choose<'_>) -> usize {
        // Now and then two commits of one second, or a clock that is wrong.
        let time = match choose(20) {
            0 => self.commits.last().map_or(0, |last| last.time),
            1 => choose(100_000),
            _ => 3600 * (1 + self.commits.len() as u64),
        };
        self.commits.push(Commit {
            parents,
            tree,
            time,
        });
        self.last()
    }

    /// A commit with one to three things done.
    fn grow(&mut self, parent: usize, choose: Choose<'_>) -> usize {
        let mut tree = self.commits[parent].tree.clone();
        for _ in 0..1 + choose(3) {
            let earlier = choose_place(choose, self.commits.len());
            let earlier = self.commits[earlier].tree.clone();
            happen(&mut tree, &earlier, choose);
        }
        self.commit(vec![parent], tree, choose)
    }

    /// A merge that somebody resolved, rightly or wrongly.
    fn merge(&mut self, ours: usize, theirs: usize, choose: Choose<'_>) -> usize {
        let mut tree = self.commits[ours].tree.clone();
        let other = self.commits[theirs].tree.clone();
        for (path, file) in &other {
            if tree.get(path) != Some(file) && choose(3) > 0 {
                put(&mut tree, path, file.clone());
            }
        }
        self.commit(vec![ours, theirs], tree, choose)
    }

    /// A stream for `git fast-import` that makes it all, with marks from `first` on; and the marks of base and the tracks.
    pub(crate) fn stream(&self, first: usize) -> (String, usize, Vec<usize>) {
        let mut stream = String::new();
        for (place, commit) in self.commits.iter().enumerate() {
            let _ = write!(
                stream,
                "reset refs/heads/fuzz\n\ncommit refs/heads/fuzz\nmark :{}\ncommitter Ada <ada@example.com> {} +0000\ndata 0\n",
                first + place,
                1_795_424_400 + commit.time,
            );
            for (parent, word) in commit.parents.iter().zip(["from", "merge"]) {
                let _ = writeln!(stream, "{word} :{}", first + parent);
            }
            stream.push_str("deleteall\n");
            for (path, (mode, content)) in &commit.tree {
                let _ = write!(
                    stream,
                    "M {mode} inline {path}\ndata {}\n{content}\n",
                    content.len()
                );
            }
            stream.push('\n');
        }
        let tracks = self.tracks.iter().map(|track| first + track).collect();
        (stream, first + self.base, tracks)
    }

    pub(crate) fn size(&self) -> usize {
        self.commits.len()
    }
}

fn choose_place(choose: Choose<'_>, count: usize) -> usize {
    usize::try_from(choose(count as u64)).unwrap_or(0)
}

fn pick<T: Clone>(choose: Choose<'_>, items: &[T]) -> T {
    items[choose_place(choose, items.len())].clone()
}

fn first_tree(choose: Choose<'_>) -> Tree {
    let mut tree = Tree::new();
    for _ in 0..2 + choose(7) {
        add(&mut tree, choose);
    }
    if choose(8) == 0 {
        let text = pick(choose, &ATTRIBUTES).to_owned();
        tree.insert(".gitattributes".to_owned(), (FILE, text));
    }
    tree
}

fn path(choose: Choose<'_>) -> String {
    let directory = pick(choose, &DIRECTORIES);
    format!("{directory}{}", pick(choose, &NAMES))
}

fn add(tree: &mut Tree, choose: Choose<'_>) {
    let path = path(choose);
    let file = match choose(12) {
        0 => (LINK, pick(choose, &NAMES).to_owned()),
        1 => (EXECUTABLE, content(choose)),
        _ => (FILE, content(choose)),
    };
    put(tree, &path, file);
}

/// A file takes the place of a directory, and a directory that of a file.
fn put(tree: &mut Tree, path: &str, file: (&'static str, String)) {
    let below = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    tree.retain(|other, _| !below(other, path) && !below(path, other));
    tree.insert(path.to_owned(), file);
}

/// Few lines that repeat, or many of their own, so that both what is alike and what differs come up often.
fn content(choose: Choose<'_>) -> String {
    match choose(10) {
        0 => String::new(),
        1 => "one\n".to_owned(),
        2 => format!("\0binary {}\n", choose(3)),
        3..=5 => {
            let lines = (0..3 + choose(8)).map(|_| pick(choose, &["c", "x", "}"]));
            lines.collect::<Vec<_>>().join("\n") + "\n"
        }
        _ => {
            let kind = choose(3);
            let lines = (0..6 + choose(14)).map(|line| format!("line {line} of kind {kind}\n"));
            lines.collect()
        }
    }
}

/// One thing that happens to a tree. `earlier` is a tree that there was before.
fn happen(tree: &mut Tree, earlier: &Tree, choose: Choose<'_>) {
    let paths: Vec<String> = tree.keys().cloned().collect();
    if paths.is_empty() {
        return add(tree, choose);
    }
    let chosen = pick(choose, &paths);
    match choose(22) {
        0..=7 => edit(tree, &chosen, choose),
        8 | 9 => add(tree, choose),
        10 => {
            tree.remove(&chosen);
        }
        11 | 12 => {
            rename(tree, &chosen, choose);
        }
        13 => {
            let target = rename(tree, &chosen, choose);
            edit(tree, &target, choose);
        }
        14 => {
            let copy = tree[&chosen].clone();
            let target = path(choose);
            put(tree, &target, copy);
            if choose(2) == 0 {
                edit(tree, &target, choose);
            }
        }
        15 | 16 => move_directory(tree, choose),
        17 => {
            let directory = pick(choose, &DIRECTORIES[2..]);
            tree.retain(|path, _| !path.starts_with(directory));
        }
        18 => {
            if let Some((mode, _)) = tree.get_mut(&chosen) {
                *mode = match *mode {
                    FILE => EXECUTABLE,
                    EXECUTABLE => FILE,
                    other => other,
                };
            }
        }
        19 => {
            let link = (LINK, pick(choose, &NAMES).to_owned());
            put(tree, &chosen, link);
        }
        20 => {
            // A file becomes a directory.
            let file = tree[&chosen].clone();
            put(tree, &format!("{chosen}/{}", pick(choose, &NAMES)), file);
        }
        _ => {
            // Back to what there was.
            match earlier.get(&chosen) {
                Some(file) => put(tree, &chosen, file.clone()),
                None => {
                    tree.remove(&chosen);
                }
            }
        }
    }
}

fn rename(tree: &mut Tree, from: &str, choose: Choose<'_>) -> String {
    let to = path(choose);
    if let Some(file) = tree.remove(from) {
        put(tree, &to, file);
    }
    to
}

fn move_directory(tree: &mut Tree, choose: Choose<'_>) {
    let from = pick(choose, &DIRECTORIES[2..]);
    let to = pick(choose, &["d/", "e/", "g/", "h/", "", "d/t/", "D/"]);
    // Sometimes one of its files stays, or goes elsewhere.
    let stays = choose(4);
    let moved: Vec<String> = tree
        .keys()
        .filter(|path| path.starts_with(from))
        .cloned()
        .collect();
    for (place, path) in moved.iter().enumerate() {
        if stays == 0 && place == 0 {
            continue;
        }
        if let Some(file) = tree.remove(path) {
            put(tree, &format!("{to}{}", &path[from.len()..]), file);
        }
    }
}

fn edit(tree: &mut Tree, path: &str, choose: Choose<'_>) {
    let Some((mode, text)) = tree.get_mut(path) else {
        return;
    };
    if *mode == LINK {
        *text = pick(choose, &NAMES).to_owned();
        return;
    }
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..1 + choose(3) {
        let place = choose_place(choose, lines.len() + 1);
        let new = match choose(5) {
            0 => format!("new {}\n", choose(4)),
            1 => "x\n".to_owned(),
            2 => "}\n".to_owned(),
            _ => "c\n".to_owned(),
        };
        match choose(9) {
            0..=2 => lines.insert(place, new),
            3 | 4 if place < lines.len() => {
                lines.remove(place);
            }
            5 if place < lines.len() => lines[place] = lines[place].replace('\n', "\r\n"),
            6 => {
                if let Some(last) = lines.last_mut() {
                    *last = last.trim_end().to_owned();
                }
            }
            7 if place < lines.len() => lines.truncate(place),
            _ if place < lines.len() => lines[place] = new,
            _ => lines.push(new),
        }
    }
    *text = lines.concat();
}
