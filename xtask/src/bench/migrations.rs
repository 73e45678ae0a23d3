//! `tracks validate` in a repository with very many migrations, and tracks that each add a few.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use super::cases::Bench;
use super::repository::branch;
use crate::child;
use crate::failure::Failure;
use crate::random::Random;

const SEED: u64 = 0x6d69_6772_6174;
/// 2026-11-23 09:00 UTC. Seconds since the epoch.
const WHEN: u64 = 1_795_424_400;
const MIGRATIONS: u64 = 10_000;
const TRACKS: u64 = 50;
const EACH: u64 = 4;
const TABLES: u64 = 400;

/// How often each question is asked.
const RUNS: usize = 5;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let files = bench.options.files.unwrap_or(MIGRATIONS);
    let tracks = bench.options.tracks.unwrap_or(TRACKS);
    let dir = bench.dir.join("migrations");
    std::fs::create_dir_all(&dir).map_err(Failure::at(&dir))?;
    bench
        .sealed
        .git(&dir, &["init", "--quiet", "--initial-branch=main"])?;
    import(bench, &dir, files, tracks)?;
    crate::say(&format!(
        "\nmigrations: {files} on base, {tracks} tracks with {EACH} each, one pair of one version; median and least of {RUNS}"
    ));
    let first = time(bench, &dir, &["validate", "t01"], 1)?;
    crate::say(&format!(
        "  validate t01, the first time      {:7.0} ms",
        first.0
    ));
    for (what, arguments) in [
        ("validate t01                 ", &["validate", "t01"][..]),
        ("validate --all               ", &["validate", "--all"]),
        (
            "new migration x --dry-run    ",
            &["new", "migration", "x", "--track", "t01", "--dry-run"],
        ),
    ] {
        let (median, least) = time(bench, &dir, arguments, RUNS)?;
        crate::say(&format!("  {what}     {median:7.0} ms  {least:7.0} ms"));
    }
    let answer = bench.tracks(&dir, &["validate", "t01", "--format", "json"], &[0, 1])?;
    match answer.contains("MIG04") {
        true => Ok(()),
        false => Err(Failure::new("the pair of one version was not found")),
    }
}

fn time(bench: &Bench, dir: &Path, arguments: &[&str], runs: usize) -> Result<(f64, f64), Failure> {
    let mut times = Vec::new();
    for _ in 0..runs {
        let started = Instant::now();
        bench.tracks(dir, arguments, &[0, 1])?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[0]))
}

fn import(bench: &Bench, dir: &Path, files: u64, tracks: u64) -> Result<(), Failure> {
    let mut random = Random::new(SEED);
    let mut stream = String::new();
    let mut config = String::from(
        "[migrations]\npaths = 'db/migrations/*.sql'\nname = '{timestamp}_{slug}.sql'\npreset = 'sqlx'\n",
    );
    for number in 0..tracks {
        let _ = write!(
            config,
            "[track.t{number:02}]\ntables = ['own_{number}_*']\n"
        );
    }
    commit(&mut stream, "main", WHEN, None);
    file(&mut stream, "tracks.toml", &config);
    for number in 0..files {
        let table = random.below(TABLES);
        let text = match number < TABLES {
            true => format!("create table t{number} (id bigint primary key);\n"),
            false => format!("alter table t{table} add column c{number} text;\n"),
        };
        let path = format!(
            "db/migrations/{}_step_{number}.sql",
            20_200_101_000_000 + number
        );
        file(&mut stream, &path, &text);
    }
    for track in 0..tracks {
        commit(
            &mut stream,
            &branch(track),
            WHEN + 3600,
            Some("refs/heads/main"),
        );
        for number in 0..EACH {
            // The first of the first two tracks have one version.
            let version = match (track, number) {
                (0 | 1, 0) => 20_260_101_000_000,
                _ => 20_260_101_000_000 + track * 100 + number + 1,
            };
            let text = format!("create table own_{track}_{number} (id bigint primary key);\n");
            file(
                &mut stream,
                &format!("db/migrations/{version}_own_{track}_{number}.sql"),
                &text,
            );
        }
    }
    let path = dir.join(".git").join("bench-import");
    std::fs::write(&path, stream).map_err(Failure::at(&path))?;
    let mut command = bench.sealed.command("git", dir);
    command
        .args(["fast-import", "--quiet"])
        .stdin(File::open(&path).map_err(Failure::at(&path))?);
    child::succeed(&mut command)?;
    std::fs::remove_file(&path).map_err(Failure::at(&path))?;
    bench
        .sealed
        .git(dir, &["reset", "--quiet", "--hard", "main"])?;
    Ok(())
}

fn commit(stream: &mut String, branch: &str, when: u64, from: Option<&str>) {
    let _ = write!(
        stream,
        "commit refs/heads/{branch}\ncommitter Bench <bench@example.com> {when} +0000\ndata 5\nStep\n\n"
    );
    if let Some(from) = from {
        let _ = writeln!(stream, "from {from}");
    }
}

fn file(stream: &mut String, path: &str, text: &str) {
    let _ = write!(
        stream,
        "M 100644 inline {path}\ndata {}\n{text}\n",
        text.len()
    );
}
