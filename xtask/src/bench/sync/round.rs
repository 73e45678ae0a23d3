//! Rounds of many tracks over many files, without checks: merging, publishing and moving the integration branch.

use std::path::{Path, PathBuf};

use crate::bench::cases::Bench;
use crate::bench::document::Json;
use crate::bench::measure::{Contender, in_turns, table};
use crate::bench::repository::{self, Shape, branch};
use crate::child;
use crate::failure::Failure;

const FILES: u64 = 50_000;
const TRACKS: [u64; 2] = [20, 50];
const RUNS: usize = 3;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let files = bench.options.files.unwrap_or(FILES);
    let tracks = match bench.options.tracks {
        Some(tracks) => vec![tracks],
        None => TRACKS.to_vec(),
    };
    for tracks in tracks {
        let shape = Shape { files, tracks };
        Site::new(bench, shape, Meet::Nowhere)?.measure()?;
        Site::new(bench, shape, Meet::InHotFiles)?.measure()?;
    }
    Ok(())
}

/// Where the tracks' changes meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meet {
    /// So that an octopus works.
    Nowhere,
    InHotFiles,
}

struct Site<'a> {
    bench: &'a Bench,
    shape: Shape,
    meet: Meet,
    dir: PathBuf,
    /// Where git merges.
    worktree: PathBuf,
    branches: Vec<String>,
}

impl<'a> Site<'a> {
    fn new(bench: &'a Bench, shape: Shape, meet: Meet) -> Result<Self, Failure> {
        let name = format!("sync-{}-{meet:?}", shape.tracks);
        let dir = bench.dir.join(&name);
        match meet {
            Meet::Nowhere => repository::build_apart(&bench.sealed, &dir, shape, "")?,
            Meet::InHotFiles => repository::build(&bench.sealed, &dir, shape, "")?,
        }
        let worktree = bench.dir.join(format!("{name}-worktree"));
        let path = worktree.display().to_string();
        let add = ["worktree", "add", "--quiet", "--detach", &path, "main"];
        bench.sealed.git(&dir, &add)?;
        Ok(Site {
            bench,
            shape,
            meet,
            dir,
            worktree,
            branches: (1..=shape.tracks).map(branch).collect(),
        })
    }

    fn measure(&self) -> Result<(), Failure> {
        let what = self.compare()?;
        let mut contenders = vec![
            Contender::new("tracks sync, first round", || self.ours().map(drop))
                .prepared_by(|| self.forget()),
            // Its round is the one that is there.
            Contender::new("tracks sync, nothing new", || self.ours().map(drop))
                .prepared_by(|| self.ours().map(drop)),
            Contender::new("git merge in a loop, in a worktree", || self.in_a_loop())
                .prepared_by(|| self.forget()),
        ];
        if self.meet == Meet::Nowhere {
            contenders.push(
                Contender::new("git merge, one octopus", || self.octopus())
                    .prepared_by(|| self.forget()),
            );
        }
        let times = in_turns(RUNS, contenders)?;
        let title = format!(
            "A round of {} tracks over {} files, no checks: {what}",
            self.shape.tracks, self.shape.files
        );
        crate::say(&table(&title, &times));
        Ok(())
    }

    /// What comes of all ways; not the same where it must be is a failure.
    fn compare(&self) -> Result<String, Failure> {
        self.forget()?;
        let document = self.ours()?;
        let (merged, ejected) = (
            document.get("merged").items().len(),
            document.get("ejected").items().len(),
        );
        let ours = self.tree(&self.dir, "integration")?;
        self.forget()?;
        self.in_a_loop()?;
        let loops = self.tree(&self.worktree, "HEAD")?;
        let count = ["rev-list", "--count", "--first-parent", "main..HEAD"];
        let theirs = self.bench.sealed.git(&self.worktree, &count)?;
        if self.meet == Meet::InHotFiles {
            return Ok(format!(
                "{merged} merged and {ejected} ejected; the loop merges {theirs}, in the order of names"
            ));
        }
        self.forget()?;
        self.octopus()?;
        let octopus = self.tree(&self.worktree, "HEAD")?;
        if loops != ours || octopus != ours || ejected > 0 {
            return Err(Failure::new(format!(
                "{ejected} of tracks that meet nowhere are ejected; the trees are {ours}, {loops} in a loop and {octopus} by an octopus"
            )));
        }
        Ok("all of them merge, to the same tree in all ways".to_owned())
    }

    fn tree(&self, dir: &Path, revision: &str) -> Result<String, Failure> {
        let revision = format!("{revision}^{{tree}}");
        self.bench.sealed.git(dir, &["rev-parse", &revision])
    }

    fn ours(&self) -> Result<Json, Failure> {
        let arguments = ["sync", "--format=json"];
        Json::read(&self.bench.tracks(&self.dir, &arguments, &[0, 1])?)
    }

    fn in_a_loop(&self) -> Result<(), Failure> {
        let script = "for branch; do
            git merge --quiet --no-ff --no-edit \"$branch\" >/dev/null 2>&1 || git merge --abort
        done";
        let mut command = self.bench.sealed.command("sh", &self.worktree);
        command
            .args(["-e", "-c", script, "sh"])
            .args(&self.branches);
        child::output(&mut command).map(drop)
    }

    fn octopus(&self) -> Result<(), Failure> {
        let mut command = self.bench.sealed.command("git", &self.worktree);
        command
            .args(["merge", "--quiet", "--no-ff", "--no-edit"])
            .args(&self.branches);
        child::output(&mut command).map(drop)
    }

    /// As if nobody had merged anything: what earlier runs have made must not be found again.
    fn forget(&self) -> Result<(), Failure> {
        Bench::forget(&self.dir)?;
        let git = |dir: &Path, arguments: &[&str]| self.bench.sealed.git(dir, arguments);
        git(&self.worktree, &["reset", "--quiet", "--hard", "main"])?;
        let patterns = ["refs/heads/integration", "refs/tracks"];
        let list = [&["for-each-ref", "--format=%(refname)"], &patterns[..]].concat();
        for name in git(&self.dir, &list)?.lines() {
            git(&self.dir, &["update-ref", "-d", name])?;
        }
        git(&self.dir, &["reflog", "expire", "--expire=now", "--all"])?;
        git(&self.dir, &["prune", "--expire=now"])?;
        Ok(())
    }
}
