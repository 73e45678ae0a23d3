//! Which merges of a repository are asked about: the newest, or a sample that a seed decides.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use crate::child;
use crate::failure::Failure;
use crate::judge::answer::Group;
use crate::random::Random;
use crate::sealed::Sealed;

/// The parents of a two-parent merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merge {
    first: String,
    second: String,
}

/// How many are taken, and how they are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) count: usize,
    /// `None`: the newest.
    pub(super) seed: Option<u64>,
}

impl Choice {
    /// Keeps so many items of a stream as are wanted, in its order, and never more in memory.
    fn of<T>(self, items: impl Iterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
        let Some(seed) = self.seed else {
            return items.take(self.count).collect();
        };
        let mut random = Random::new(seed);
        let mut kept: Vec<(u64, T)> = Vec::new();
        for (seen, item) in (0_u64..).zip(items) {
            let item = item?;
            if kept.len() < self.count {
                kept.push((seen, item));
                continue;
            }
            let place = random.below(seen + 1);
            if let Some(slot) = usize::try_from(place)
                .ok()
                .and_then(|place| kept.get_mut(place))
            {
                *slot = (seen, item);
            }
        }
        kept.sort_by_key(|(seen, _)| *seen);
        Ok(kept.into_iter().map(|(_, item)| item).collect())
    }
}

/// Each merge alone: its second parent into its first.
pub(super) fn alone(
    sealed: &Sealed,
    repository: &Path,
    choice: Choice,
) -> Result<Vec<Group>, Failure> {
    let merges = choice.of(Merges::start(sealed, repository, &["--all"])?)?;
    Ok(merges
        .into_iter()
        .map(|merge| Group {
            base: merge.first,
            tracks: vec![merge.second],
            pairs: false,
        })
        .collect())
}

/// Runs of `size` merges that follow one another on the main line, newest first in each.
pub(super) fn windows(
    sealed: &Sealed,
    repository: &Path,
    size: usize,
    choice: Choice,
) -> Result<Vec<Vec<Merge>>, Failure> {
    let mut merges = Merges::start(sealed, repository, &["--first-parent", "HEAD"])?;
    let windows = std::iter::from_fn(|| {
        let window: Result<Vec<Merge>, Failure> = merges.by_ref().take(size).collect();
        match window {
            Ok(window) if window.len() < size => None,
            window => Some(window),
        }
    });
    choice.of(windows)
}

/// What was merged in a window as tracks side by side, on what the oldest merge of it was merged into.
pub(super) fn side_by_side(
    sealed: &Sealed,
    repository: &Path,
    window: &[Merge],
) -> Result<Group, Failure> {
    let base = window
        .last()
        .map(|oldest| oldest.first.clone())
        .unwrap_or_default();
    let hidden = format!("^{base}");
    let mut arguments = vec!["rev-list", &hidden];
    arguments.extend(window.iter().map(|merge| merge.second.as_str()));
    let mut tracks: Vec<String> = Vec::new();
    // Oldest first, as they came; those that base already has are not listed.
    let listed = sealed.git(repository, &arguments)?;
    let listed: std::collections::HashSet<&str> = listed.lines().collect();
    for merge in window.iter().rev() {
        if listed.contains(merge.second.as_str()) && !tracks.contains(&merge.second) {
            tracks.push(merge.second.clone());
        }
    }
    Ok(Group {
        base,
        tracks,
        pairs: true,
    })
}

/// The two-parent merges as git lists them, one after the other.
struct Merges {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Merges {
    fn start(sealed: &Sealed, repository: &Path, from: &[&str]) -> Result<Self, Failure> {
        let mut command = sealed.command("git", repository);
        command
            .args([
                "rev-list",
                "--parents",
                "--min-parents=2",
                "--max-parents=2",
            ])
            .args(from)
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| child::could_not_start(&command, &error))?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| Failure::new("a child without a pipe"))?;
        Ok(Merges {
            child,
            lines: BufReader::new(stdout).lines(),
        })
    }
}

impl Iterator for Merges {
    type Item = Result<Merge, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.lines.next()? {
            Ok(line) => line,
            Err(error) => return Some(Err(Failure::new(format!("git rev-list: {error}")))),
        };
        let ids: Vec<&str> = line.split(' ').collect();
        let [_, first, second] = ids[..] else {
            return Some(Err(Failure::new(format!("git rev-list says `{line}`"))));
        };
        Some(Ok(Merge {
            first: first.to_owned(),
            second: second.to_owned(),
        }))
    }
}

impl Drop for Merges {
    fn drop(&mut self) {
        // It may have more to say than anybody wants to hear.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_the_wanted_size_in_order_and_always_the_same() {
        let choose = |count, seed| {
            let items = (0..1000).map(Ok);
            Choice { count, seed }.of(items).unwrap()
        };
        assert_eq!(choose(3, None), [0, 1, 2]);
        let sample = choose(10, Some(7));
        assert_eq!(sample.len(), 10);
        assert!(sample.is_sorted() && sample[9] > 100);
        assert_eq!(sample, choose(10, Some(7)));
        assert_ne!(sample, choose(10, Some(8)));
        assert_eq!(choose(5000, Some(7)).len(), 1000);
    }
}
