//! Histories of conflicts in a few lines of text, made by one `git fast-import` for many of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::against_git::feed;
use crate::world::{MONDAY_MORNING, World};

/// A file as git keeps it: its mode, and its bytes or what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum File {
    Regular { executable: bool, bytes: Vec<u8> },
    Link(String),
    Submodule(String),
}

type Tree = BTreeMap<String, File>;

/// One commit.
#[derive(Debug)]
struct Step {
    branch: String,
    parents: Vec<String>,
    tree: Tree,
}

/// A stream for `git fast-import` under construction. A history is a list of commits and of what each changes:
///
/// ```text
/// main
///     f = 1..9
///     d/g = one | two
/// a
///     f = 1..4 | A | 6..9
///     mv d e
/// b from a
///     - f
/// main
///     +x run = 1
/// a merges main
/// u orphan
///     link -> f
///     sub @ 1
/// ```
///
/// A new branch starts at `main` unless it says where, or is an `orphan`. A merge keeps the branch's own tree, but for what
/// stands below it. In a content `|` separates lines, `x1..3` is `x1 | x2 | x3`, `\0`, `\r` and `\s` are NUL, CR and a
/// blank, and `\c` at the end is no end of line. `sub @ NAME` is a submodule at the commit of that name. `-` and `mv` take
/// files and directories; `+x` and `-x` without a content change only the mode.
#[derive(Debug, Default)]
pub(super) struct Import {
    stream: String,
    commits: u64,
    /// The mark of each branch's last commit.
    tips: BTreeMap<String, u64>,
}

impl Import {
    /// Adds a history, its branches under `name/`, and gives the branches in the order of their first commits.
    pub(super) fn add(
        &mut self,
        name: &str,
        history: &str,
        submodules: &BTreeMap<String, String>,
    ) -> Vec<String> {
        let steps = steps(history, submodules);
        let mut branches: Vec<String> = Vec::new();
        for step in &steps {
            if !branches.contains(&step.branch) {
                branches.push(step.branch.clone());
            }
            self.commit(name, step);
        }
        branches
    }

    fn commit(&mut self, name: &str, step: &Step) {
        let when = MONDAY_MORNING + 60 * self.commits;
        self.commits += 1;
        let mark = self.commits;
        let branch = format!("{name}/{}", step.branch);
        let _ = write!(
            self.stream,
            "commit refs/heads/{branch}\nmark :{mark}\ncommitter Ada <ada@example.com> {when} +0000\n"
        );
        self.data(format!("Step {mark} of {branch}").as_bytes());
        for (parent, word) in step.parents.iter().zip(["from", "merge"]) {
            let _ = writeln!(
                self.stream,
                "{word} :{}",
                self.tips[&format!("{name}/{parent}")]
            );
        }
        self.tips.insert(branch, mark);
        self.stream.push_str("deleteall\n");
        for (path, file) in &step.tree {
            match file {
                File::Regular { executable, bytes } => {
                    let mode = if *executable { "100755" } else { "100644" };
                    let _ = writeln!(self.stream, "M {mode} inline {path}");
                    self.data(bytes);
                }
                File::Link(target) => {
                    let _ = writeln!(self.stream, "M 120000 inline {path}");
                    self.data(target.as_bytes());
                }
                File::Submodule(id) => {
                    let _ = writeln!(self.stream, "M 160000 {id} {path}");
                }
            }
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).expect("histories are text");
        let _ = write!(self.stream, "data {}\n{text}\n", text.len());
    }

    /// Makes all of it in the repository in `dir` of the world.
    pub(super) fn into_repository(self, world: &World, dir: &str) {
        let dir = world.root().join(dir);
        feed(world, &dir, &["fast-import", "--quiet"], &self.stream);
    }
}

fn steps(history: &str, submodules: &BTreeMap<String, String>) -> Vec<Step> {
    let lines: Vec<&str> = history
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.iter().map(|line| indentation(line)).min();
    let mut tips: BTreeMap<String, Tree> = BTreeMap::new();
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        if Some(indentation(line)) == margin {
            if let Some(last) = steps.last() {
                tips.insert(last.branch.clone(), last.tree.clone());
            }
            steps.push(step(line.trim(), &tips));
        } else {
            let step = steps.last_mut().expect("a history begins with a commit");
            change(&mut step.tree, line.trim(), submodules);
        }
    }
    steps
}

fn step(line: &str, tips: &BTreeMap<String, Tree>) -> Step {
    let words: Vec<&str> = line.split(' ').collect();
    let branch = words[0];
    let known = tips.contains_key(branch);
    let parents = match words[1..] {
        [] if known => vec![branch],
        [] if branch == "main" => vec![],
        [] => vec!["main"],
        ["orphan"] => vec![],
        ["from", start] => vec![start],
        ["merges", other] => vec![branch, other],
        ["from", start, "merges", other] => vec![start, other],
        _ => panic!("`{line}`: not a commit"),
    };
    let tree = parents.first().map_or_else(Tree::new, |first| {
        let tree = tips.get(*first);
        tree.unwrap_or_else(|| panic!("`{line}`: no `{first}` yet"))
            .clone()
    });
    Step {
        branch: branch.to_owned(),
        parents: parents.into_iter().map(str::to_owned).collect(),
        tree,
    }
}

fn change(tree: &mut Tree, line: &str, submodules: &BTreeMap<String, String>) {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["-", path] => {
            let before = tree.len();
            tree.retain(|file, _| below(file, path).is_none());
            assert!(tree.len() < before, "`{line}`: nothing to remove");
        }
        ["mv", from, to] => {
            let moved: Vec<String> = tree.keys().cloned().collect();
            let moved = moved
                .iter()
                .filter_map(|file| Some((file, below(file, from)?)));
            let moved: Vec<_> = moved.collect();
            assert!(!moved.is_empty(), "`{line}`: nothing to move");
            for (file, rest) in moved {
                let content = tree.remove(file).expect("a file that was listed");
                tree.insert(format!("{to}{rest}"), content);
            }
        }
        [mode @ ("+x" | "-x"), path] => match tree.get_mut(path) {
            Some(File::Regular { executable, .. }) => *executable = mode == "+x",
            other => panic!("`{line}`: {other:?}"),
        },
        [path, "->", target] => put(tree, path, File::Link(target.to_owned())),
        [path, "@", name] => {
            let id = submodules.get(name).expect("a commit of the submodule");
            put(tree, path, File::Submodule(id.clone()));
        }
        _ => {
            let (head, text) = line
                .split_once('=')
                .unwrap_or_else(|| panic!("`{line}`: not a change"));
            let head = head.trim();
            let path = head.strip_prefix("+x ");
            let executable = path.is_some();
            let bytes = content(text.trim());
            put(
                tree,
                path.unwrap_or(head),
                File::Regular { executable, bytes },
            );
        }
    }
}

/// A file takes the place of a directory, and a directory that of a file.
fn put(tree: &mut Tree, path: &str, file: File) {
    tree.retain(|other, _| below(other, path).is_none() && below(path, other).is_none());
    tree.insert(path.to_owned(), file);
}

/// What of `file` follows `path`, if that is the file itself or a directory that it is in.
fn below<'f>(file: &'f str, path: &str) -> Option<&'f str> {
    let rest = file.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

fn content(text: &str) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    let (text, end) = match text.strip_suffix("\\c") {
        Some(text) => (text, ""),
        None => (text, "\n"),
    };
    let lines: Vec<String> = text
        .split('|')
        .flat_map(|line| range(line.trim()))
        .collect();
    let text = lines.join("\n") + end;
    text.replace("\\0", "\0")
        .replace("\\r", "\r")
        .replace("\\s", " ")
        .into_bytes()
}

/// `x1..3` is three lines, everything else one.
fn range(line: &str) -> Vec<String> {
    let counted = || {
        let (start, end) = line.split_once("..")?;
        let digits = start.trim_end_matches(|c: char| c.is_ascii_digit());
        let first: u32 = start[digits.len()..].parse().ok()?;
        let last: u32 = end.parse().ok()?;
        let lines = (first..=last).map(|number| format!("{digits}{number}"));
        Some(lines.collect())
    };
    counted().unwrap_or_else(|| vec![line.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents() {
        for (text, expected) in [
            ("", ""),
            ("a | b", "a\nb\n"),
            ("x8..10 | 1..2", "x8\nx9\nx10\n1\n2\n"),
            ("a\\r | \\0\\c", "a\r\n\0"),
            ("a..b", "a..b\n"),
        ] {
            assert_eq!(content(text), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_history_is_what_it_says() {
        let world = World::of("main: One\n  x = 1\n");
        let mut import = Import::default();
        let branches = import.add(
            "s",
            "
            main
                f = 1..2
                d/g = 1
                d/h = 2
            a
                mv d e
                +x f
            u orphan
                link -> f
            b from a
                e = now a file
                - f
            main
                n = 1
            a merges main
                n = 2
            ",
            &BTreeMap::new(),
        );
        assert_eq!(branches, ["main", "a", "u", "b"]);
        import.into_repository(&world, "repo");
        let tree =
            |branch: &str| world.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", branch]);
        assert_eq!(tree("s/main"), "100644 d/g\n100644 d/h\n100644 f\n100644 n");
        assert_eq!(tree("s/a"), "100644 e/g\n100644 e/h\n100755 f\n100644 n");
        assert_eq!(tree("s/b"), "100644 e");
        assert_eq!(tree("s/u"), "120000 link");
        assert_eq!(world.git(&["show", "s/main:f", "s/a:n"]), "1\n2\n2");
        let parents = |branch: &str| world.git(&["rev-list", "--parents", "--max-count=1", branch]);
        assert_eq!(parents("s/a").split(' ').count(), 3);
        assert_eq!(parents("s/u").split(' ').count(), 1);
        assert_eq!(
            world.git(&["merge-base", "s/b", "s/main"]),
            world.git(&["rev-parse", "s/main~1"])
        );
    }
}
