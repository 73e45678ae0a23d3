//! A large repository from a fixed seed, with tracks as agents make them, in one `git fast-import`.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;

use super::layout::{HOT, Layout, parts};
use super::text::Text;
use super::{BASE, branch, tracks_toml, with_commit_graph};
use crate::child;
use crate::failure::Failure;
use crate::random::Random;
use crate::sealed::Sealed;

const SEED: u64 = 0x6d61_7472_6978;
/// 2026-11-23 09:00 UTC. Seconds since the epoch.
const WHEN: u64 = 1_795_424_400;
/// How far base has moved on since the oldest track was cut.
const DRIFT: u64 = 48;
/// In so many areas there is work now; tracks meet there.
const ACTIVE: u64 = 70;

/// What a repository is to look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) files: u64,
    pub(super) tracks: u64,
}

/// What differs from the files as they were first made; `None`: deleted.
type Overlay = BTreeMap<String, Option<Text>>;

/// Makes the repository. Its working tree has tracks.toml and nothing else: only commits are compared.
pub(super) fn build(sealed: &Sealed, dir: &Path, shape: Shape) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(Failure::at(dir))?;
    sealed.git(
        dir,
        &["init", "--quiet", &format!("--initial-branch={BASE}")],
    )?;
    let mut command = sealed.command("git", dir);
    command
        // What packs smallest is of no interest, what is packed soonest is.
        .args(["-c", "core.compression=1", "fast-import", "--quiet"])
        .arg("--depth=0")
        .stdin(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| child::could_not_start(&command, &error))?;
    let written = child.stdin.take().map_or(Ok(()), |stdin| {
        let mut world = World::new(BufWriter::with_capacity(1 << 16, stdin), shape);
        world.write().and_then(|()| world.out.flush())
    });
    let status = child.wait().map_err(Failure::at(dir))?;
    if !status.success() {
        return Err(Failure::new(format!("git fast-import ended with {status}")));
    }
    written.map_err(Failure::at(dir))?;
    with_commit_graph(sealed, dir)
}

/// The history as it is being written.
struct World<W> {
    out: W,
    shape: Shape,
    layout: Layout,
    commits: u64,
}

/// Where a branch stands.
#[derive(Debug, Clone)]
struct Tip {
    commit: u64,
    files: Overlay,
}

/// Somebody at work on a branch.
struct Author {
    name: String,
    branch: String,
    tip: Tip,
    random: Random,
    area: u64,
    /// What was edited already, and may be edited again.
    edited: Vec<String>,
    added: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Edit,
    /// One of the files that everybody touches, by its place in the list.
    Hot(usize),
    Add,
    Delete,
    Rename,
    MoveDirectory,
    MakeExecutable,
    /// Something renamed in somebody else's area.
    TidyElsewhere,
}

impl<W: Write> World<W> {
    fn new(out: W, shape: Shape) -> Self {
        World {
            out,
            shape,
            layout: Layout::new(shape.files),
            commits: 0,
        }
    }

    fn write(&mut self) -> std::io::Result<()> {
        let bases = self.base()?;
        let mut last = (bases[0].clone(), 0);
        for number in 1..=self.shape.tracks {
            let mut random = Random::new(SEED ^ number.wrapping_mul(0x9e37_79b9));
            let newest = bases.len() - 1;
            let (from, area) = match number {
                n if n % 16 == 9 => (last.0, last.1),
                n if n % 3 == 0 => {
                    let back = 4 + super::text::below(&mut random, newest - 8);
                    (bases[newest - back].clone(), self.active(&mut random))
                }
                _ => (bases[newest].clone(), self.active(&mut random)),
            };
            last = (self.track(number, from, area, random)?, area);
        }
        Ok(())
    }

    fn active(&self, random: &mut Random) -> u64 {
        random.below(ACTIVE) * self.layout.areas / ACTIVE
    }

    /// base, and how it moved on: every tip that it has had.
    fn base(&mut self) -> std::io::Result<Vec<Tip>> {
        let mut first = Tip {
            commit: 0,
            files: Overlay::new(),
        };
        self.commit(BASE, &mut first, "Everything")?;
        let toml = tracks_toml(self.shape.tracks);
        let toml = Text::of(toml.lines().map(str::to_owned).collect());
        self.put(&mut first, "tracks.toml", toml)?;
        for hot in HOT {
            let text = hot.text(&mut Random::new(SEED));
            self.put(&mut first, hot.path, text)?;
        }
        for number in 0..self.shape.files {
            // Not kept: it can be made again.
            self.content(&self.layout.path(number), &original(number))?;
        }
        let mut tips = vec![first];
        for number in 0..DRIFT {
            let mut random = Random::new(SEED ^ (number << 32));
            let mut author = Author {
                name: format!("base{number}"),
                branch: BASE.to_owned(),
                tip: tips[tips.len() - 1].clone(),
                area: self.active(&mut random),
                random,
                edited: Vec::new(),
                added: 0,
            };
            let mut deeds = vec![Deed::Edit; 3];
            match number % 8 {
                1 => deeds.push(Deed::Hot(1)),
                3 => deeds.extend([Deed::Rename, Deed::Delete]),
                5 => deeds.extend([Deed::Hot(2), Deed::Add]),
                7 if number == 31 => deeds.push(Deed::Hot(0)),
                _ => {}
            }
            let subject = format!("Move on, {number}");
            self.commit(BASE, &mut author.tip, &subject)?;
            for deed in deeds {
                self.deed(&mut author, deed)?;
            }
            tips.push(author.tip);
        }
        Ok(tips)
    }

    fn track(&mut self, number: u64, from: Tip, area: u64, random: Random) -> std::io::Result<Tip> {
        let mut author = Author {
            name: super::track(number),
            branch: branch(number),
            tip: from,
            random,
            area,
            edited: Vec::new(),
            added: 0,
        };
        let deeds = deeds(number, &mut author.random);
        let commits = 3 + super::text::below(&mut author.random, 4);
        let each = deeds.len().div_ceil(commits);
        for (nth, deeds) in deeds.chunks(each).enumerate() {
            let subject = format!("Step {nth} of {}", author.name);
            let branch = author.branch.clone();
            self.commit(&branch, &mut author.tip, &subject)?;
            for deed in deeds {
                self.deed(&mut author, *deed)?;
            }
            if nth > 0 {
                self.once_more(&mut author)?;
            }
        }
        Ok(author.tip)
    }

    fn deed(&mut self, author: &mut Author, deed: Deed) -> std::io::Result<()> {
        match deed {
            Deed::Edit => {
                let area = match author.random.below(8) {
                    0 => self.active(&mut author.random),
                    _ => author.area,
                };
                let (path, text) = self.pick(author, area);
                let text = text.edited(&mut author.random);
                author.edited.push(path.clone());
                self.put(&mut author.tip, &path, text)
            }
            Deed::Hot(index) => {
                let hot = HOT[index];
                let text = self.read(&author.tip, hot.path, None);
                let Some(text) = text else { return Ok(()) };
                let text = hot.touched(&text, &mut author.random, &author.name);
                self.put(&mut author.tip, hot.path, text)
            }
            Deed::Add => self.add(author),
            Deed::Delete => {
                let (path, _) = self.pick(author, author.area);
                self.delete(&mut author.tip, &path)
            }
            Deed::Rename => self.rename(author, author.area),
            Deed::TidyElsewhere => {
                let area = self.active(&mut author.random);
                self.rename(author, area)
            }
            Deed::MoveDirectory => self.move_directory(author),
            Deed::MakeExecutable => {
                let (path, mut text) = self.pick(author, author.area);
                text.executable = true;
                self.put(&mut author.tip, &path, text)
            }
        }
    }

    fn add(&mut self, author: &mut Author) -> std::io::Result<()> {
        let (beside, like) = self.pick(author, author.area);
        let directory = beside.rsplit_once('/').map_or("", |(before, _)| before);
        author.added += 1;
        let name = match author.random.below(10) {
            0 => "helpers.rs".to_owned(),
            _ => format!("new_{}_{}.rs", author.name, author.added),
        };
        let text = match author.random.below(5) {
            0 => like.edited(&mut author.random),
            _ => Text::new(&mut author.random),
        };
        self.put(&mut author.tip, &format!("{directory}/{name}"), text)
    }

    /// Half of the renamed files are edited, too.
    fn rename(&mut self, author: &mut Author, area: u64) -> std::io::Result<()> {
        let (path, text) = self.pick(author, area);
        author.added += 1;
        let stem = path.rsplit_once('.').map_or("", |(before, _)| before);
        let to = format!("{stem}_{}_{}.rs", author.name, author.added);
        let text = match author.random.below(2) {
            0 => text,
            _ => text.edited(&mut author.random),
        };
        self.delete(&mut author.tip, &path)?;
        self.put(&mut author.tip, &to, text)
    }

    fn move_directory(&mut self, author: &mut Author) -> std::io::Result<()> {
        let from = parts(author.area, 0);
        let to = from.replace("/parts", "/pieces");
        for number in self.layout.in_parts(author.area) {
            let path = self.layout.path(number);
            if let Some(text) = self.read(&author.tip, &path, Some(number)) {
                self.delete(&mut author.tip, &path)?;
                self.put(&mut author.tip, &path.replace(&from, &to), text)?;
            }
        }
        Ok(())
    }

    /// A later commit changes again what an earlier one has changed.
    fn once_more(&mut self, author: &mut Author) -> std::io::Result<()> {
        let at = super::text::below(&mut author.random, author.edited.len());
        let Some(path) = author.edited.get(at).cloned() else {
            return Ok(());
        };
        let Some(text) = self.read(&author.tip, &path, None) else {
            return Ok(());
        };
        let text = text.edited(&mut author.random);
        self.put(&mut author.tip, &path, text)
    }

    /// Some file of the area that is still there.
    fn pick(&self, author: &mut Author, area: u64) -> (String, Text) {
        loop {
            let number = self.layout.pick(&mut author.random, area);
            let path = self.layout.path(number);
            if let Some(text) = self.read(&author.tip, &path, Some(number)) {
                return (path, text);
            }
        }
    }

    /// `number`: which one of the files of the first commit it would be.
    fn read(&self, tip: &Tip, path: &str, number: Option<u64>) -> Option<Text> {
        match (tip.files.get(path), number) {
            (Some(text), _) => text.clone(),
            (None, Some(number)) => Some(original(number)),
            (None, None) => None,
        }
    }

    fn commit(&mut self, branch: &str, tip: &mut Tip, subject: &str) -> std::io::Result<()> {
        self.commits += 1;
        let (mark, when) = (self.commits, WHEN + 60 * self.commits);
        write!(
            self.out,
            "commit refs/heads/{branch}\nmark :{mark}\ncommitter Bench <bench@example.com> {when} +0000\ndata {}\n{subject}\n",
            subject.len()
        )?;
        if tip.commit > 0 {
            writeln!(self.out, "from :{}", tip.commit)?;
        }
        tip.commit = mark;
        Ok(())
    }

    fn put(&mut self, tip: &mut Tip, path: &str, text: Text) -> std::io::Result<()> {
        self.content(path, &text)?;
        tip.files.insert(path.to_owned(), Some(text));
        Ok(())
    }

    fn content(&mut self, path: &str, text: &Text) -> std::io::Result<()> {
        let mode = if text.executable { "100755" } else { "100644" };
        let bytes = text.bytes();
        write!(
            self.out,
            "M {mode} inline {path}\ndata {}\n{bytes}\n",
            bytes.len()
        )
    }

    fn delete(&mut self, tip: &mut Tip, path: &str) -> std::io::Result<()> {
        tip.files.insert(path.to_owned(), None);
        writeln!(self.out, "D {path}")
    }
}

/// What a track does, in which order: ten to forty files.
fn deeds(number: u64, random: &mut Random) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut some = |deed: Deed, times: u64| {
        deeds.extend((0..times).map(|_| deed));
    };
    some(Deed::Add, random.below(6));
    some(Deed::Delete, random.below(6).saturating_sub(2));
    some(Deed::Rename, random.below(6).saturating_sub(1));
    some(Deed::MakeExecutable, u64::from(number % 20 == 5));
    some(Deed::TidyElsewhere, if number % 10 == 7 { 4 } else { 0 });
    for (index, hot) in HOT.iter().enumerate() {
        some(Deed::Hot(index), u64::from(random.below(100) < hot.share));
    }
    some(Deed::Edit, 8 + random.below(18));
    for at in (1..deeds.len()).rev() {
        deeds.swap(at, super::text::below(random, at + 1));
    }
    if number % 50 == 2 {
        deeds.insert(0, Deed::MoveDirectory);
    }
    deeds
}

/// A file as the first commit has it.
fn original(number: u64) -> Text {
    Text::new(&mut Random::new(
        SEED ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_same_seed_gives_the_same_tracks_of_every_kind() {
        let scratch = Scratch::new("xtask-world").unwrap();
        let sealed = Sealed::in_real_time(&scratch.path().join("home")).unwrap();
        let shape = Shape {
            files: 1200,
            tracks: 12,
        };
        let [one, two] = ["one", "two"].map(|name| {
            let dir = scratch.path().join(name);
            build(&sealed, &dir, shape).unwrap();
            sealed
                .git(&dir, &["for-each-ref", "--format=%(objectname) %(refname)"])
                .unwrap()
        });
        assert_eq!(one, two);

        let dir = scratch.path().join("one");
        let git = |arguments: &[&str]| sealed.git(&dir, arguments).unwrap();
        let files = git(&["ls-tree", "-r", "--name-only", BASE]);
        assert!((1200..1220).contains(&files.lines().count()));
        let (mut kinds, mut behind, mut stacked) = (String::new(), 0, 0);
        for number in 1..=shape.tracks {
            let branch = branch(number);
            let changed = git(&["diff", "--name-only", &format!("{BASE}...{branch}")]);
            assert!((8..60).contains(&changed.lines().count()), "{branch}");
            kinds += &git(&["diff", "--raw", "-M", &format!("{BASE}...{branch}")]);
            behind +=
                usize::from(git(&["rev-list", "--count", &format!("{branch}..{BASE}")]) != "0");
            let own = git(&["rev-list", "--count", &format!("{BASE}..{branch}")]);
            stacked += usize::from(own.parse::<u64>().unwrap() > 6);
        }
        for kind in [
            "\tM",
            " A\t",
            " D\t",
            " R100\t",
            " R0",
            ":100644 100755",
            "/pieces/",
        ] {
            let kind = kind.replace("\tM", " M\t");
            assert!(kinds.contains(&kind), "none of the tracks has {kind:?}");
        }
        assert_eq!((behind, stacked), (3, 1));
    }
}
