//! Real topic branches: the newest merges of a repository become tracks again, in a clone that shares its objects.

use std::collections::BTreeSet;
use std::path::Path;

use super::{BASE, branch, fast_import, with_commit_graph};
use crate::failure::Failure;
use crate::sealed::Sealed;

/// base is at least so many first-parent commits back: behind where most topics began.
const BACK: usize = 300;

/// Makes the clone and says how many tracks it has: at most `most`. `repository` is only read.
pub(super) fn build(
    sealed: &Sealed,
    repository: &Path,
    dir: &Path,
    most: usize,
) -> Result<u64, Failure> {
    let (from, to) = (repository.to_string_lossy(), dir.to_string_lossy());
    sealed.git(
        Path::new("/"),
        &["clone", "--quiet", "--shared", "--no-checkout", &from, &to],
    )?;
    let log = sealed.git(
        dir,
        &["rev-list", "--first-parent", "--parents", "HEAD", "--"],
    )?;
    let (base, merged) = choose(&log, most)
        .ok_or_else(|| Failure::new(format!("{from} has no commits to go back to")))?;
    let mut topics = Vec::new();
    for topic in merged {
        // A topic may be merged more than once: base may have it already.
        let contained = ["merge-base", "--is-ancestor", &topic, &base];
        if sealed.git(dir, &contained).is_err() {
            topics.push(topic);
        }
    }
    let mut stream = String::new();
    for (number, topic) in (1..).zip(&topics) {
        stream.push_str(&format!(
            "reset refs/heads/{}\nfrom {topic}\n\n",
            branch(number)
        ));
    }
    let tracks = u64::try_from(topics.len()).unwrap_or(u64::MAX);
    stream.push_str(&format!("reset refs/heads/{BASE}\nfrom {base}\n\n"));
    fast_import(sealed, dir, &stream)?;
    sealed.git(
        dir,
        &["symbolic-ref", "HEAD", &format!("refs/heads/{BASE}")],
    )?;
    with_commit_graph(sealed, dir)?;
    Ok(tracks)
}

/// The newest second parents of two-parent merges, and a commit behind them all. The lines are `commit parent…`, newest
/// first.
fn choose(log: &str, most: usize) -> Option<(String, Vec<String>)> {
    let (mut base, mut topics, mut seen) = (None, Vec::new(), BTreeSet::new());
    for (back, line) in log.lines().enumerate() {
        let commits: Vec<&str> = line.split(' ').collect();
        base = commits.first().copied();
        if topics.len() == most && back >= BACK {
            break;
        }
        if let [_, _, topic] = commits[..]
            && topics.len() < most
            && seen.insert(topic)
        {
            topics.push(topic.to_owned());
        }
    }
    Some((base?.to_owned(), topics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_newest_merges_are_taken_and_base_is_behind_them() {
        let mut log = String::new();
        for n in (1..600).rev() {
            let line = match n % 3 {
                0 => format!("c{n} c{} t{n}\n", n - 1),
                1 => format!("c{n} c{} t{n} o{n}\n", n - 1),
                _ => format!("c{n} c{}\n", n - 1),
            };
            log.push_str(&line);
        }
        let (base, topics) = choose(&log, 80).unwrap();
        assert_eq!(topics.len(), 80);
        assert_eq!((topics[0].as_str(), topics[79].as_str()), ("t597", "t360"));
        assert_eq!(base, "c299");

        let (base, topics) = choose(&log, 10).unwrap();
        assert_eq!((topics[9].as_str(), base.as_str()), ("t570", "c299"));
        let (base, topics) = choose(&log, 150).unwrap();
        assert_eq!((topics[149].as_str(), base.as_str()), ("t150", "c149"));
        assert_eq!(choose("", 80), None);
    }

    #[test]
    fn merged_topics_are_tracks_again_and_the_repository_is_only_read() {
        let scratch = Scratch::new("xtask-topics").unwrap();
        let sealed = Sealed::with_fixed_clock(&scratch.path().join("home")).unwrap();
        let origin = scratch.path().join("origin");
        std::fs::create_dir(&origin).unwrap();
        let git = |arguments: &[&str]| sealed.git(&origin, arguments).unwrap();
        git(&["init", "-q"]);
        git(&["commit", "-q", "--allow-empty", "-m", "one"]);
        for topic in ["old", "middle", "new"] {
            git(&["switch", "-q", "-c", topic]);
            std::fs::write(origin.join(topic), topic).unwrap();
            git(&["add", "."]);
            git(&["commit", "-q", "-m", topic]);
            git(&["switch", "-q", "main"]);
            git(&["merge", "-q", "--no-ff", "-m", "merge", topic]);
        }
        let before = git(&["for-each-ref"]);

        let clone = scratch.path().join("clone");
        assert_eq!(build(&sealed, &origin, &clone, 80).unwrap(), 3);
        let there = |arguments: &[&str]| sealed.git(&clone, arguments).unwrap();
        assert_eq!(there(&["log", "-1", "--format=%s", &branch(1)]), "new");
        assert_eq!(there(&["log", "-1", "--format=%s", &branch(3)]), "old");
        assert_eq!(there(&["log", "--format=%s", BASE]), "one");
        assert_eq!(git(&["for-each-ref"]), before);
    }
}
