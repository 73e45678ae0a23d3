//! `demo --on REPO`: the newest merges of a real repository become tracks again, in a clone that shares its objects.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Options;
use crate::child;
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;

const BASE: &str = "base-demo";

/// One merge of two parents on the first-parent history.
#[derive(Debug, PartialEq)]
struct Merge {
    onto: String,
    topic: String,
    subject: String,
}

/// The walk, with the statuses that may come out: what collides is up to the repository.
const STEPS: &[(&[&str], &[i32])] = &[
    (&["init", "--yes"], &[0]),
    (&["status"], &[0]),
    (&["conflicts"], &[0, 1]),
    (&["sync", "--no-checks", "--yes"], &[0, 1]),
];

pub(super) fn run(options: &Options, repository: &Path) -> Result<(), Failure> {
    let repository = repository.canonicalize().map_err(Failure::at(repository))?;
    let tracks = child::build_tracks(options.profile())?;
    let mut scratch = match &options.dir {
        Some(dir) => Scratch::at(dir)?,
        None => Scratch::new("tracks-demo")?,
    };
    if options.keep {
        scratch.keep();
    }
    let sealed = Sealed::in_real_time(&scratch.path().join("home"))?;
    let clone = scratch.path().join("clone");
    let result = replay(&sealed, &repository, &clone, options.tracks)
        .and_then(|()| walk(&sealed, &tracks, &clone, options.quick));
    if scratch.kept() {
        crate::say(&format!("\nThe clone is left in {}", clone.display()));
    }
    result
}

/// Makes the clone: `base-demo` with a tracks.toml, and a branch for every merge's second parent.
fn replay(sealed: &Sealed, repository: &Path, clone: &Path, most: usize) -> Result<(), Failure> {
    let (from, to) = (repository.to_string_lossy(), clone.to_string_lossy());
    sealed.git(
        Path::new("/"),
        &["clone", "--quiet", "--shared", "--no-checkout", &from, &to],
    )?;
    let merges = newest_merges(&sealed.git(
        clone,
        &[
            "log",
            "--first-parent",
            "--min-parents=2",
            "--max-parents=2",
            &format!("--max-count={most}"),
            "--format=%P %s",
            "HEAD",
        ],
    )?);
    let Some(oldest) = merges.last() else {
        return Err(Failure::new(format!(
            "{from} has no merge of two parents on its first-parent history: there is nothing to replay"
        )));
    };
    sealed.git(
        clone,
        &["switch", "--quiet", "--create", BASE, &oldest.onto],
    )?;
    crate::say(&format!(
        "{} merges of {from}, as tracks on {BASE}:",
        merges.len()
    ));
    for (number, merge) in (1..).zip(&merges) {
        crate::say(&format!("  topic-{number}: {}", merge.subject));
        sealed.git(
            clone,
            &[
                "branch",
                "--quiet",
                &format!("topic-{number}"),
                &merge.topic,
            ],
        )?;
    }
    let file = clone.join("tracks.toml");
    std::fs::write(&file, tracks_toml(&merges)).map_err(Failure::at(&file))?;
    // A .gitignore of the repository may well name it.
    sealed.git(clone, &["add", "--force", "tracks.toml"])?;
    sealed.git(
        clone,
        &[
            "commit",
            "--quiet",
            "--no-verify",
            "--message",
            "Describe the tracks",
        ],
    )?;
    Ok(())
}

fn newest_merges(log: &str) -> Vec<Merge> {
    log.lines()
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            Some(Merge {
                onto: words.next()?.to_owned(),
                topic: words.next()?.to_owned(),
                subject: words.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

fn tracks_toml(merges: &[Merge]) -> String {
    let mut text = format!("[project]\nname = \"replay\"\nbase = \"{BASE}\"\n");
    for (number, merge) in (1..).zip(merges) {
        text.push_str(&format!(
            "\n[track.topic-{number}]\ntitle = {}\nbranch = \"topic-{number}\"\n",
            basic_string(&merge.subject)
        ));
    }
    text
}

/// A TOML basic string: control characters have to be escaped, too.
fn basic_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn walk(sealed: &Sealed, tracks: &PathBuf, clone: &Path, quick: bool) -> Result<(), Failure> {
    let mut times = Vec::new();
    for (arguments, expected) in STEPS {
        let line = format!("tracks {}", arguments.join(" "));
        crate::say(&format!("\n$ {line}"));
        let mut command = sealed.command(tracks, clone);
        command.args(*arguments);
        if quick {
            command.stdout(std::process::Stdio::null());
        }
        let started = Instant::now();
        let status = command
            .status()
            .map_err(|error| child::could_not_start(&command, &error))?;
        times.push((line.clone(), started.elapsed(), status));
        if !status.code().is_some_and(|code| expected.contains(&code)) {
            return Err(Failure::new(format!("`{line}` ended with {status}")));
        }
    }
    crate::say("\n    seconds  exit  command");
    for (line, time, status) in times {
        let code = status.code().unwrap_or_default();
        crate::say(&format!("  {:>9.3}  {code:>4}  {line}", time.as_secs_f64()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_all_kinds_fit_into_the_file() {
        for (subject, expected) in [
            ("Merge branch 'x'", r#""Merge branch 'x'""#),
            (r#"Say "hi" \o/"#, r#""Say \"hi\" \\o/""#),
            ("a\tb", r#""a\u0009b""#),
        ] {
            assert_eq!(basic_string(subject), expected);
        }
    }

    #[test]
    fn merges_become_branches_on_the_first_parent_of_the_oldest() {
        let scratch = Scratch::new("xtask-replay").unwrap();
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
            git(&[
                "merge",
                "-q",
                "--no-ff",
                "-m",
                &format!("Bring in {topic}"),
                topic,
            ]);
        }
        let before = git(&["for-each-ref"]);

        let clone = scratch.path().join("clone");
        replay(&sealed, &origin, &clone, 2).unwrap();

        let there = |arguments: &[&str]| sealed.git(&clone, arguments).unwrap();
        assert_eq!(there(&["log", "-1", "--format=%s", "topic-1"]), "new");
        assert_eq!(there(&["log", "-1", "--format=%s", "topic-2"]), "middle");
        assert_eq!(
            there(&["log", "--first-parent", "--format=%s", BASE]),
            "Describe the tracks\nBring in old\none"
        );
        assert_eq!(there(&["status", "--porcelain"]), "");
        let text = std::fs::read_to_string(clone.join("tracks.toml")).unwrap();
        assert!(
            text.contains("[track.topic-2]\ntitle = \"Bring in middle\"\nbranch = \"topic-2\"\n")
        );
        assert_eq!(
            git(&["for-each-ref"]),
            before,
            "the repository itself is only read"
        );
    }

    #[test]
    fn a_history_without_merges_is_one_sentence() {
        let scratch = Scratch::new("xtask-replay").unwrap();
        let sealed = Sealed::with_fixed_clock(&scratch.path().join("home")).unwrap();
        let origin = scratch.path().join("origin");
        std::fs::create_dir(&origin).unwrap();
        sealed.git(&origin, &["init", "-q"]).unwrap();
        sealed
            .git(&origin, &["commit", "-q", "--allow-empty", "-m", "one"])
            .unwrap();
        let failure = replay(&sealed, &origin, &scratch.path().join("clone"), 2).unwrap_err();
        assert!(
            failure.to_string().contains("nothing to replay"),
            "{failure}"
        );
    }
}
