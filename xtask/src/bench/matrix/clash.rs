//! clash-sh, another tool for the question, where it can be had: never a dependency, built once and kept beside our own
//! build.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::branch;
use crate::bench::document::Json;
use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

const VERSION: &str = "0.2.0";

/// Its program. Building takes minutes, so `build` says whether that is wanted.
pub(super) fn program(build: bool) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| child::root().join("target"), PathBuf::from);
    let root = target.join("bench-clash");
    let program = root.join("bin").join("clash");
    if build && !program.is_file() {
        crate::say("clash-sh is being built, which takes minutes, once");
        let mut command = child::cargo(["install", "clash-sh", "--locked", "--quiet"]);
        command
            .args(["--version", VERSION, "--root"])
            .arg(&root)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let _ = command.status();
    }
    program.is_file().then_some(program)
}

/// It knows worktrees only: makes one for each track, with an index but without files, which spares it to look at each.
pub(super) fn worktrees(
    sealed: &Sealed,
    dir: &Path,
    beside: &Path,
    tracks: u64,
) -> Result<(), Failure> {
    for number in 1..=tracks {
        let worktree = beside.join(super::track(number));
        let path = worktree.to_string_lossy();
        sealed.git(
            dir,
            &[
                "worktree",
                "add",
                "--quiet",
                "--no-checkout",
                &path,
                &branch(number),
            ],
        )?;
        sealed.git(&worktree, &["read-tree", "HEAD"])?;
    }
    Ok(())
}

pub(super) fn without_worktrees(sealed: &Sealed, dir: &Path, beside: &Path) -> Result<(), Failure> {
    if beside.is_dir() {
        std::fs::remove_dir_all(beside).map_err(Failure::at(beside))?;
    }
    sealed.git(dir, &["worktree", "prune"]).map(|_| ())
}

pub(super) fn run(sealed: &Sealed, program: &Path, dir: &Path) -> Result<String, Failure> {
    child::output(sealed.command(program, dir).args(["status", "--json"]))
}

/// What came of it, in words: pairs in conflict, and pairs it could not tell.
pub(super) fn summary(document: &str) -> Result<String, Failure> {
    let document = Json::read(document)?;
    let pairs = document.get("conflicts").items();
    let failed = pairs
        .iter()
        .filter(|pair| !pair.get("error").text().is_empty())
        .count();
    let conflicting = pairs
        .iter()
        .filter(|pair| !pair.get("conflicting_files").items().is_empty())
        .count();
    Ok(format!(
        "clash-sh {VERSION} merges tip with tip: it finds {conflicting} pairs in conflict, and could not tell of {failed}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_pairs_are_counted() {
        let document = r#"{"worktrees": [], "conflicts": [
            {"wt1_id": "main", "wt2_id": "a", "conflicting_files": ["x"]},
            {"wt1_id": "main", "wt2_id": "b", "conflicting_files": []},
            {"wt1_id": "a", "wt2_id": "b", "conflicting_files": [], "error": "no merge base"}]}"#;
        let summary = summary(document).unwrap();
        assert!(summary.contains("1 pairs in conflict"), "{summary}");
        assert!(summary.ends_with("could not tell of 1"), "{summary}");
    }
}
