//! Two tracks that merge and do not work together, planted among others that do: how many checks run until both are named.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use crate::bench::cases::Bench;
use crate::bench::document::Json;
use crate::bench::repository::{branch, commit, file, track};
use crate::child;
use crate::failure::Failure;

const SIZES: [u64; 3] = [8, 16, 32];

/// What one round needed.
struct Needed {
    /// Checks that were run, none of them reused, until both tracks were known; beyond these the new candidate is checked.
    runs: usize,
    planted: (u64, u64),
}

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let mut text = String::from(
        "\nChecks run until a planted pair is named, the red candidate, its repetition and base among them\n  \
         tracks  least  median  most  every prefix  every pair\n",
    );
    for tracks in SIZES {
        let mut all = Vec::new();
        for planted in pairs(tracks) {
            all.push(needed(bench, tracks, planted)?);
        }
        all.sort_by_key(|needed| needed.runs);
        let [least, most] = [&all[0], &all[all.len() - 1]];
        let _ = writeln!(
            text,
            "  {tracks:>6}  {:>5}  {:>6}  {:>4}  {tracks:>12}  {:>10}    the most for {} and {}",
            least.runs,
            all[all.len() / 2].runs,
            most.runs,
            tracks * (tracks - 1) / 2,
            track(most.planted.0),
            track(most.planted.1),
        );
    }
    crate::say(text.trim_end());
    Ok(())
}

/// Early and late, side by side and far apart.
fn pairs(tracks: u64) -> Vec<(u64, u64)> {
    let (half, last) = (tracks / 2, tracks);
    vec![
        (1, 2),
        (1, half),
        (1, last),
        (2, last - 1),
        (half, half + 1),
        (half, last),
        (last - 1, last),
    ]
}

fn needed(bench: &Bench, tracks: u64, planted: (u64, u64)) -> Result<Needed, Failure> {
    let (one, other) = (track(planted.0), track(planted.1));
    let dir = bench.dir.join(format!("pair-{tracks}-{one}-{other}"));
    let log = bench.dir.join(format!("pair-{tracks}-{one}-{other}.log"));
    build(bench, &dir, tracks, planted, &log)?;
    let told = bench.tracks(&dir, &["sync", "--yes", "--format=json-lines"], &[1])?;
    let documents: Result<Vec<Json>, Failure> = told.lines().map(Json::read).collect();
    let mut documents = documents?;
    let answer = documents.pop().unwrap_or(Json::Null);
    named(&answer, [&one, &other])?;
    let ran = |event: &&Json| {
        let run = event.get("run");
        event.get("event").text() == "check-ended" && *run.get("cached") == Json::Bool(false)
    };
    let runs = documents.iter().filter(ran).count();
    // What the tool says it has run, the checks themselves have put down.
    let lines = std::fs::read_to_string(&log).map_err(Failure::at(&log))?;
    let attempts = lines.lines().count();
    if attempts < runs || *answer.get("moved") != Json::Bool(true) {
        return Err(Failure::new(format!(
            "{attempts} checks ran and {runs} were told of; the branch moved: {:?}",
            answer.get("moved")
        )));
    }
    Ok(Needed {
        // The last one is about the candidate without the ejected track.
        runs: attempts - 1,
        planted,
    })
}

/// One of the two is ejected, with the other.
fn named(answer: &Json, planted: [&String; 2]) -> Result<(), Failure> {
    let ejected = answer.get("ejected").items();
    let mut found: Vec<&str> = Vec::new();
    for ejected in ejected {
        found.push(ejected.get("track").text());
        found.extend(ejected.get("with").items().iter().map(Json::text));
    }
    found.sort_unstable();
    if ejected.len() == 1 && found == planted {
        return Ok(());
    }
    Err(Failure::new(format!(
        "planted were {} and {}, and named are {}",
        planted[0],
        planted[1],
        found.join(", ")
    )))
}

/// Every track adds a file of its own; with those of both planted ones, the check is red.
fn build(
    bench: &Bench,
    dir: &Path,
    tracks: u64,
    planted: (u64, u64),
    log: &Path,
) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(Failure::at(dir))?;
    let sealed = &bench.sealed;
    sealed.git(dir, &["init", "--quiet", "--initial-branch=main"])?;
    let mut toml = String::new();
    for number in 1..=tracks {
        let _ = write!(toml, "[track.{}]\n\n", track(number));
    }
    let _ = write!(
        toml,
        "[check.together]\nrun = \"echo ran >>'{}'; ! test -e {} || ! test -e {}\"\n",
        log.display(),
        track(planted.0),
        track(planted.1)
    );
    let mut stream = String::new();
    commit(&mut stream, "main", "Everything", None);
    file(&mut stream, "tracks.toml", &toml);
    for number in 1..=tracks {
        let name = track(number);
        commit(&mut stream, &branch(number), "Work", Some("main"));
        file(&mut stream, &name, "done\n");
    }
    let import = dir.join(".git").join("bench-import");
    std::fs::write(&import, stream).map_err(Failure::at(&import))?;
    let mut command = sealed.command("git", dir);
    command
        .args(["fast-import", "--quiet"])
        .stdin(File::open(&import).map_err(Failure::at(&import))?);
    child::succeed(&mut command)?;
    sealed.git(dir, &["reset", "--quiet", "--hard", "main"])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_planted_pair_is_right() {
        let (a, b) = ("t01".to_owned(), "t02".to_owned());
        let answer = |text: &str| Json::read(text).unwrap();
        for (text, right) in [
            (r#"{"ejected": [{"track": "t02", "with": ["t01"]}]}"#, true),
            (r#"{"ejected": [{"track": "t01", "with": ["t02"]}]}"#, true),
            (r#"{"ejected": [{"track": "t02", "with": []}]}"#, false),
            (r#"{"ejected": [{"track": "t02", "with": ["t03"]}]}"#, false),
            (
                r#"{"ejected": [{"track": "t01", "with": []}, {"track": "t02", "with": []}]}"#,
                false,
            ),
            (r#"{"ejected": []}"#, false),
        ] {
            assert_eq!(named(&answer(text), [&a, &b]).is_ok(), right, "{text}");
        }
    }

    #[test]
    fn pairs_are_in_order_and_there() {
        for tracks in SIZES {
            let pairs = pairs(tracks);
            assert!(pairs.iter().all(|(a, b)| 1 <= *a && a < b && *b <= tracks));
        }
    }
}
