//! Uncommitted work of many worktrees as trees, beside one `git status` for each of them.

use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use super::cases::{Bench, worktrees};
use super::measure::{Contender, in_turns, table};
use super::repository::Shape;
use crate::child;
use crate::failure::Failure;

const SHAPE: Shape = Shape {
    files: 57_000,
    tracks: 20,
};
const EDITED: usize = 6;
const UNTRACKED: usize = 4;

/// Only the tracks that have uncommitted work, and nothing but that, tell the first contender from the second.
pub(super) fn snapshot(bench: &Bench) -> Result<(), Failure> {
    let dir = bench.repository("snapshot", SHAPE, "")?;
    bench.tracks(&dir, &["init", "--yes"], &[0])?;
    let worktrees = worktrees(&bench.sealed, &dir)?;
    for (number, worktree) in worktrees.iter().enumerate() {
        work_in(Path::new(worktree), number)?;
        // What a first status would write down for the next ones.
        bench
            .sealed
            .git(Path::new(worktree), &["status", "--porcelain"])?;
    }
    let ask = |arguments: &[&str]| bench.tracks(&dir, arguments, &[0, 1]);
    let all = ["conflicts", "--format=json"];
    let committed = ["conflicts", "--format=json", "--committed"];
    let dirty = dirty(&ask(&all)?);
    if dirty != worktrees.len() {
        return Err(Failure::new(format!(
            "`tracks conflicts` finds uncommitted work in {dirty} of {} worktrees",
            worktrees.len()
        )));
    }
    let at_once = available_parallelism().map_or(1, usize::from).to_string();
    let statuses = |words: &str| {
        let script = format!(
            "at_once=$1; shift; printf '%s\\0' \"$@\" | xargs -0 -P \"$at_once\" -I TREE git -C TREE status {words}"
        );
        let mut command = bench.sealed.command("sh", &dir);
        command
            .args(["-c", &script, "sh", &at_once])
            .args(&worktrees);
        child::output(&mut command).map(|_| ())
    };
    let times = in_turns(
        7,
        vec![
            Contender::new("tracks conflicts", || ask(&all).map(|_| ())),
            Contender::new("tracks conflicts --committed", || {
                ask(&committed).map(|_| ())
            }),
            Contender::new(format!("git status, {at_once} at once"), || {
                statuses("--porcelain")
            }),
            Contender::new(
                format!("git status --untracked-files=all, {at_once} at once"),
                || statuses("--porcelain --untracked-files=all"),
            ),
        ],
    )?;
    let title = format!(
        "Uncommitted work in {} worktrees, {} files each",
        worktrees.len(),
        SHAPE.files
    );
    crate::say(&table(&title, &times));
    let [with, without, git, _] = times.as_slice() else {
        return Err(Failure::new("a contender has no times"));
    };
    crate::say(&verdict(
        with.median().saturating_sub(without.median()),
        git.median(),
    ));
    Ok(())
}

/// Edits and new files that no other worktree has.
fn work_in(worktree: &Path, number: usize) -> Result<(), Failure> {
    let mut folders: Vec<_> = std::fs::read_dir(worktree.join("src"))
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(Failure::at(worktree))?;
    folders.sort();
    for nth in 0..EDITED {
        let folder = &folders[(100 + number * EDITED + nth) % folders.len()];
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect()
            })
            .map_err(Failure::at(folder))?;
        files.sort();
        let Some(file) = files.first() else { continue };
        let mut text = std::fs::read_to_string(file).map_err(Failure::at(file))?;
        text.push_str("not yet committed\n");
        std::fs::write(file, text).map_err(Failure::at(file))?;
    }
    for nth in 0..UNTRACKED {
        let folder = worktree.join(format!("new-{number}"));
        std::fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
        let file = folder.join(format!("{nth}.txt"));
        std::fs::write(&file, format!("{number} {nth}\n")).map_err(Failure::at(&file))?;
    }
    Ok(())
}

/// How many tracks of the document have uncommitted work. This crate reads no JSON: the key and its value are enough.
fn dirty(document: &str) -> usize {
    let dense: String = document.split_whitespace().collect();
    dense.matches(r#""dirty":true"#).count()
}

fn verdict(ours: Duration, git: Duration) -> String {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    format!(
        "  the uncommitted work alone: {:.1} ms, {:.2} × git status",
        milliseconds(ours),
        ours.as_secs_f64() / git.as_secs_f64().max(f64::MIN_POSITIVE),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn every_worktree_gets_work_of_its_own() {
        let scratch = Scratch::new("xtask-snapshot").unwrap();
        let mut edited = std::collections::BTreeSet::new();
        for number in 0..2 {
            let tree = scratch.path().join(number.to_string());
            for folder in 0..200 {
                let folder = tree.join(format!("src/d{folder:03}"));
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join("f"), "1\n").unwrap();
            }
            work_in(&tree, number).unwrap();
            for folder in 0..200 {
                let file = format!("src/d{folder:03}/f");
                if std::fs::read_to_string(tree.join(&file)).unwrap() != "1\n" {
                    assert!(edited.insert(file), "edited in two worktrees");
                }
            }
            let new = tree.join(format!("new-{number}"));
            assert_eq!(std::fs::read_dir(new).unwrap().count(), UNTRACKED);
        }
        assert_eq!(edited.len(), 2 * EDITED);
    }

    #[test]
    fn what_the_documents_and_the_times_say() {
        let document = "{\"tracks\": [{\"dirty\" : true}, {\"dirty\": false},\n{\"dirty\":true}]}";
        assert_eq!(dirty(document), 2);
        let [ours, git] = [30, 40].map(Duration::from_millis);
        assert_eq!(
            verdict(ours, git),
            "  the uncommitted work alone: 30.0 ms, 0.75 × git status"
        );
    }
}
