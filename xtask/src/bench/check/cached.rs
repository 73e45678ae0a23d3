//! Nothing to do, on a large repository: 200 checks with inputs of their own whose passes are all known.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::{all_ran, number, worktrees};
use crate::bench::cases::Bench;
use crate::bench::document::Json;
use crate::bench::measure::{Contender, in_turns, table};
use crate::bench::repository::Shape;
use crate::child;
use crate::failure::Failure;

const CHECKS: usize = 200;
const FILES: u64 = 50_000;
const TRACKS: usize = 10;
const RUNS: usize = 5;
/// For one track.
const AT_MOST: Duration = Duration::from_secs(1);

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let files = bench.options.repo_files.unwrap_or(FILES);
    let folders = files.div_ceil(30);
    let mut checks = String::from("\n[run]\njobs = 8\n");
    for check in 0..CHECKS {
        let folder = check as u64 % folders;
        let _ = write!(
            checks,
            "\n[check.c{check:03}]\nrun = \"true\"\ninputs = [\"src/d{folder:03}/**\"]\n"
        );
    }
    let shape = Shape {
        files,
        tracks: TRACKS as u64,
    };
    let dir = bench.repository("cached", shape, &checks)?;
    let worktrees = worktrees(bench, &dir)?;
    all_ran(bench, &dir, &[], CHECKS * TRACKS)?;
    for worktree in &worktrees {
        // What a first status would write down for the next ones.
        bench.sealed.git(worktree, &["status", "--porcelain"])?;
    }
    let one = crate::bench::repository::track(1);
    let one = one.as_str();
    let status = |places: &[std::path::PathBuf]| {
        for place in places {
            let mut command = bench.sealed.command("git", place);
            let text = child::output(command.args(["status", "--porcelain"]))?;
            if !text.is_empty() {
                return Err(Failure::new(format!("there is work left behind:\n{text}")));
            }
        }
        Ok(())
    };
    let again = |arguments: &[&str], tracks: usize| all_known(bench, &dir, arguments, tracks);
    let cold = || forget_all_but_results(&dir);
    let times = in_turns(
        RUNS,
        vec![
            Contender::new("one track, again", || again(&[one], 1)),
            Contender::new("one track, keys unknown", || again(&[one], 1)).prepared_by(cold),
            Contender::new("git status there", || status(&worktrees[..1])),
            Contender::new(format!("{TRACKS} tracks, again"), || again(&[], TRACKS)),
            Contender::new(format!("{TRACKS} tracks, keys unknown"), || {
                again(&[], TRACKS)
            })
            .prepared_by(cold),
            Contender::new("git status in each", || status(&worktrees)),
        ],
    )?;
    crate::say(&table(
        &format!("{CHECKS} checks that have passed, each with inputs of its own, {files} files"),
        &times,
    ));
    let median = times[0].median();
    if median <= AT_MOST {
        return Ok(());
    }
    Err(Failure::new(format!(
        "it takes {median:.1?} to find that nothing is to do; at most {AT_MOST:?} is promised"
    )))
}

/// As if no key had ever been made: what is kept to find things out faster goes, what passed stays.
fn forget_all_but_results(dir: &Path) -> Result<(), Failure> {
    let cache = dir.join(".git").join("tracks").join("cache");
    if cache.is_dir() {
        std::fs::remove_dir_all(&cache).map_err(Failure::at(&cache))?;
    }
    Ok(())
}

fn all_known(bench: &Bench, dir: &Path, arguments: &[&str], tracks: usize) -> Result<(), Failure> {
    let all = [&["check", "--yes", "--format=json"], arguments].concat();
    let document = bench.tracks(dir, &all, &[0])?;
    // The summary stands at the end: reading all of it would take longer than some of what is measured.
    let summary = document.rsplit("\"summary\":").next().unwrap_or_default();
    let summary = summary.split('}').next().unwrap_or_default();
    let summary = Json::read(&format!("{summary}}}"))?;
    let cached = summary.get("cached").number();
    if cached == Some(number(CHECKS * tracks)) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "of {} checks, {cached:?} were reused",
        CHECKS * tracks
    )))
}
