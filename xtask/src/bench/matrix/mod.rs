//! The collision matrix beside git itself: the same pairs, the same answers, and what each way needs for them.

mod clash;
mod layout;
mod moved;
mod profile;
mod question;
mod text;
mod topics;
mod watched;
mod world;

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};

use self::moved::Moved;
use self::question::{GitAnswer, Question};
use self::world::Shape;
use super::cases::Bench;
use super::measure::{Contender, Times, in_turns, table};
use crate::bench::document::Json;
use crate::child;
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;

const BASE: &str = "main";
const FILES: u64 = 57_000;
const TOPICS: usize = 80;
/// Beyond so many pairs git's batch is timed once, and one process a pair is for a sample only.
const SEVERAL_PAIRS: usize = 2_000;
/// Beyond so many it runs once at all, so that answers are compared after the measurement.
const MANY_PAIRS: usize = 5_000;
const SAMPLE: usize = 300;
const RUNS: usize = 5;
const RUNS_OF_SEVERAL: usize = 3;

/// What may be set on the command line.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Only this many, instead of 50 and 200.
    pub(super) tracks: Option<u64>,
    pub(super) files: Option<u64>,
    /// Of the repository in which all checks have passed.
    pub(super) repo_files: Option<u64>,
    /// Where real topic branches come from.
    pub(super) repository: Option<PathBuf>,
    /// Where the large repository is made, and left.
    pub(super) keep: Option<PathBuf>,
}

fn track(number: u64) -> String {
    format!("t{number:03}")
}

fn branch(number: u64) -> String {
    format!("track/{}", track(number))
}

fn tracks_toml(tracks: u64) -> String {
    let mut toml = format!("[project]\nname = \"bench\"\nbase = \"{BASE}\"\n");
    for number in 1..=tracks {
        toml.push_str(&format!("\n[track.{}]\n", track(number)));
    }
    toml
}

/// A small one, in seconds.
pub(super) fn quick(bench: &Bench) -> Result<(), Failure> {
    let shape = Shape {
        files: 2_000,
        tracks: 16,
    };
    let dir = bench.dir.join("matrix-quick");
    world::build(&bench.sealed, &dir, shape)?;
    let site = Site::new(bench, dir, shape.tracks, "")?;
    site.measure(2, false)
}

/// The whole: first 50 tracks, then real topics, then 200 tracks, which take longest.
pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let options = &bench.options;
    let shape = Shape {
        files: options.files.unwrap_or(FILES),
        tracks: options.tracks.unwrap_or(200),
    };
    let dir = match &options.keep {
        Some(dir) => Scratch::at(dir)?.path().to_path_buf(),
        None => bench.dir.join("matrix"),
    };
    world::build(&bench.sealed, &dir, shape)?;
    let title = format!(" over {} files", shape.files);
    if options.tracks.is_none() {
        let site = Site::new(bench, dir.clone(), 50, &title)?;
        site.measure(RUNS, true)?;
    }
    match &options.repository {
        Some(repository) => {
            let repository = repository.canonicalize().map_err(Failure::at(repository))?;
            let clone = bench.dir.join("topics");
            let tracks = topics::build(&bench.sealed, &repository, &clone, TOPICS)?;
            let title = format!(" that are topics of {}", repository.display());
            let site = Site::new(bench, clone, tracks, &title)?;
            site.measure(RUNS, true)?;
        }
        None => crate::say("\nReal topics: skipped (no --repo)"),
    }
    let site = Site::new(bench, dir, shape.tracks, &title)?;
    site.measure(RUNS, true)?;
    if options.keep.is_some() {
        crate::say(&format!(
            "\nThe repository is left in {}, with the pairs of commits in {}",
            site.dir.display(),
            site.question.leave()?.display()
        ));
    }
    Ok(())
}

/// A repository in which the question is put to all contenders.
struct Site<'a> {
    bench: &'a Bench,
    dir: PathBuf,
    tracks: u64,
    title: String,
    question: Question<'a>,
}

impl<'a> Site<'a> {
    fn new(bench: &'a Bench, dir: PathBuf, tracks: u64, title: &str) -> Result<Self, Failure> {
        let toml = dir.join("tracks.toml");
        std::fs::write(&toml, tracks_toml(tracks)).map_err(Failure::at(&toml))?;
        let scratch = bench.dir.join("question");
        Ok(Site {
            question: Question::new(&bench.sealed, &dir, &scratch, tracks)?,
            bench,
            tracks,
            title: format!("{tracks} tracks{title}"),
            dir,
        })
    }

    fn ask(&self) -> Result<String, Failure> {
        self.bench.tracks(
            &self.dir,
            &["conflicts", "--committed", "--format=json"],
            &[0, 1],
        )
    }

    fn forget(&self) -> Result<(), Failure> {
        Bench::forget(&self.dir)
    }

    /// `build`: whether another tool may be built that is not there yet.
    fn measure(&self, runs: usize, build: bool) -> Result<(), Failure> {
        let many = self.question.pairs.len() > MANY_PAIRS;
        self.forget()?;
        let first = Json::read(&self.ask()?)?;
        let answers = RefCell::new(Vec::new());
        let before = match many {
            true => None,
            false => {
                self.question.refresh(1)?;
                Some(self.question.agreed(&first, &self.question.answers(1)?)?)
            }
        };
        let moved = RefCell::new(Moved::new(&self.bench.sealed, &self.dir, self.tracks / 2)?);
        let documents = RefCell::new([String::new(), String::new(), String::new()]);
        let several = self.question.pairs.len() > SEVERAL_PAIRS;
        let runs = if several { RUNS_OF_SEVERAL } else { runs };
        let times = in_turns(runs, self.contenders(&moved, &documents, &answers)?)?;
        crate::say(&table(&self.title, &times));
        self.moved_is_right(&moved.borrow(), &documents.borrow()[2])?;
        let (conflicts, when) = match before {
            Some(conflicts) => (conflicts, ""),
            None => (
                self.question.agreed(&first, &answers.borrow())?,
                " (compared after the measurement: git's batch takes minutes, and runs once)",
            ),
        };
        crate::say(&format!(
            "{} pairs, {conflicts} in conflict: git says the same of every one{when}; after the move all is as if made afresh",
            self.question.pairs.len(),
        ));
        for (row, document) in times.iter().zip(documents.borrow().iter()) {
            crate::say(&profile::text(row, &Json::read(document)?));
        }
        crate::say(&watched::text(
            self.bench,
            &self.dir,
            &mut moved.borrow_mut(),
        )?);
        if many {
            return Ok(());
        }
        let Some(program) = clash::program(build) else {
            crate::say("\nclash-sh: unavailable");
            return Ok(());
        };
        // What another tool cannot do is no failure of ours.
        if let Err(failure) = self.clash(&program, &times[0]) {
            crate::say(&format!("\nclash-sh: failed\n{failure}"));
        }
        let beside = self.clash_worktrees();
        clash::without_worktrees(&self.bench.sealed, &self.dir, &beside)
    }

    fn clash_worktrees(&self) -> PathBuf {
        self.bench.dir.join("clash-worktrees")
    }

    fn contenders<'s>(
        &'s self,
        moved: &'s RefCell<Moved<'a>>,
        documents: &'s RefCell<[String; 3]>,
        answers: &'s RefCell<Vec<GitAnswer>>,
    ) -> Result<Vec<Contender<'s>>, Failure> {
        let question = &self.question;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let ours = move |nth: usize| {
            move || {
                documents.borrow_mut()[nth] = self.ask()?;
                Ok(())
            }
        };
        let batch = Contender::new("git merge-tree --stdin, one batch", || {
            *answers.borrow_mut() = question.answers(1)?;
            Ok(())
        })
        .prepared_by(|| question.refresh(1));
        let batches = Contender::new(
            format!("git merge-tree --stdin, {cores} batches at once"),
            move || question.answers(cores).map(|_| ()),
        )
        .prepared_by(move || question.refresh(cores));
        let all = question.pairs.len();
        let sampled = all > SEVERAL_PAIRS;
        let batch_runs = if sampled { 1 } else { 2 };
        let step = if sampled { all.div_ceil(SAMPLE) } else { 1 };
        let sample: Vec<_> = question.pairs.iter().step_by(step).cloned().collect();
        let list = question.list("sample", &sample)?;
        let name = match sampled {
            true => format!(
                "git merge-tree, one process a pair ({} scaled)",
                sample.len()
            ),
            false => "git merge-tree, one process a pair".to_owned(),
        };
        let (part, whole) = (as_number(sample.len()), as_number(all));
        let single = Contender::new(name, move || question.one_by_one(&list))
            .prepared_by(|| question.refresh(1))
            .once()
            .part_of_the_whole(part / whole);
        Ok(vec![
            Contender::new("tracks conflicts, cold", ours(0)).prepared_by(|| {
                moved.borrow().back()?;
                self.forget()
            }),
            Contender::new("tracks conflicts, again", ours(1)),
            Contender::new("tracks conflicts, one track moved", ours(2))
                .prepared_by(|| moved.borrow_mut().forward()),
            batch.at_most(batch_runs),
            batches.at_most(batch_runs),
            single,
        ])
    }

    /// What is answered after a move is what is answered by somebody who knows nothing.
    fn moved_is_right(&self, moved: &Moved<'_>, document: &str) -> Result<(), Failure> {
        self.forget()?;
        let afresh = Json::read(&self.ask()?)?;
        moved.back()?;
        if afresh.get("pairs") == Json::read(document)?.get("pairs") {
            return Ok(());
        }
        Err(Failure::new(
            "after one track moved, the matrix is another than one made afresh",
        ))
    }

    fn clash(&self, program: &Path, ours: &Times) -> Result<(), Failure> {
        let (sealed, beside) = (&self.bench.sealed, self.clash_worktrees());
        clash::worktrees(sealed, &self.dir, &beside, self.tracks)?;
        let document = RefCell::new(String::new());
        let contender = Contender::new("clash status --json", || {
            *document.borrow_mut() = clash::run(sealed, program, &self.dir)?;
            Ok(())
        });
        let mut times = vec![ours.clone()];
        times.extend(in_turns(1, vec![contender.once()])?);
        let title = clash::summary(&document.borrow())?;
        crate::say(&table(&title, &times));
        Ok(())
    }
}

fn as_number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// As upkeep leaves it in every repository that is in use; without one, git looks for merge bases for most of the time.
fn with_commit_graph(sealed: &Sealed, dir: &Path) -> Result<(), Failure> {
    sealed
        .git(dir, &["commit-graph", "write", "--reachable"])
        .map(|_| ())
}

/// Hands git a stream of commits; branches may go back.
fn fast_import(sealed: &Sealed, dir: &Path, stream: &str) -> Result<(), Failure> {
    let path = dir.join(".git").join("bench-import");
    std::fs::write(&path, stream).map_err(Failure::at(&path))?;
    let mut command = sealed.command("git", dir);
    command
        .args(["fast-import", "--quiet", "--force"])
        .stdin(File::open(&path).map_err(Failure::at(&path))?);
    child::succeed(&mut command)?;
    std::fs::remove_file(&path).map_err(Failure::at(&path))
}
