//! What `cargo xtask fuzz-parsers` runs: every parser of text that others write, with inputs that are wrong in many ways.
//!
//! One number is one input for each parser. Each runs on a stack as small as the tool's own threads have, and is timed.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::exit,
    clippy::disallowed_methods
)]

use std::process::exit;
use std::time::{Duration, Instant};

use tracks::domain::sql::{self, Dialect};

/// Longer than this is as bad as a panic; far above what an unoptimised build needs.
const SLOW: Duration = Duration::from_secs(5);

const STACK: usize = 2 * 1024 * 1024;

const SEEDS: &[(&str, &str)] = &[
    (
        "postgres",
        include_str!("../src/domain/sql/corpus/postgres.txt"),
    ),
    ("mysql", include_str!("../src/domain/sql/corpus/mysql.txt")),
    (
        "sqlite",
        include_str!("../src/domain/sql/corpus/sqlite.txt"),
    ),
    ("toml", include_str!("../tracks.toml")),
    ("toml", include_str!("fuzz_parsers.toml")),
    (
        "pattern",
        "src/api/**\ncrates/*/src\n{a,b}/**\ndb/[ab]*\n**/mod.rs\nsrc/?.rs\nsrc/*/\n.github\n*.{rs,md}\n[!a]*\n\\*\n",
    ),
    (
        "template",
        "{date}_{track}_{slug}.sql\n{timestamp}_{slug}.sql\nV{serial:4}__{slug}.sql\n{serial}_{slug}.up.sql\n{date}{time}_{track}.rb\n{{x}}\n{slug:3}\n",
    ),
];

/// Pieces that mean something to one of the parsers.
const WORDS: &[&str] = &[
    "'",
    "\"",
    "`",
    "[",
    "]",
    "(",
    ")",
    "((((",
    "))))",
    "$$",
    "$a$",
    ";",
    ";;",
    "--",
    "/*",
    "*/",
    "/*!40101 ",
    "\\",
    "\\.",
    "\n",
    "#",
    "DELIMITER //\n",
    "//",
    "BEGIN ",
    "END ",
    "END IF;",
    "CASE ",
    "CREATE TRIGGER x ",
    "CREATE ",
    "TABLE ",
    "COPY a FROM stdin;\n",
    "WITH a AS (",
    "SELECT ",
    "FROM ",
    ",",
    ".",
    "..",
    "*",
    "**",
    "{",
    "}",
    "{{",
    "${x}",
    "E'\\",
    "U&\"",
    "\0",
    "\u{feff}",
    "é",
    "\u{202e}",
    "-- +goose Down\n",
    "-- tracks: touches a, b\n",
    "=",
    "[[",
    "]]",
    "'''",
    "\"\"\"",
    "[track.a]\n",
    "owns = ",
    "1e999",
    "{serial:",
    "99999999999999999999",
    "{date}",
    "[a-",
    "[!",
    "?",
    "/",
    "<<x>>",
    "LANGUAGE plpgsql AS $$ ",
    "DO $$ ",
    "EXECUTE '",
    "INTO ",
    "::",
    "||",
    "->>",
    "IF ",
    "LOOP ",
    "NOT ",
];

/// Splitmix: every seed has a sequence of its own.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|it| it.parse().ok())
        .collect();
    let [first, cases] = numbers.as_slice() else {
        println!("use: fuzz_parsers FIRST CASES");
        exit(2);
    };
    // The parsers' own panics are caught by the code under test; their messages are noise here.
    std::panic::set_hook(Box::new(|_| {}));
    let mut slowest = (Duration::ZERO, 0, "");
    for seed in *first..first.saturating_add(*cases) {
        for (kind, text) in SEEDS {
            let input = input(seed, text);
            let begun = Instant::now();
            let shown = input.clone();
            let ran = std::thread::Builder::new()
                .stack_size(STACK)
                .spawn(move || check(kind, &input))
                .unwrap()
                .join();
            let took = begun.elapsed();
            if took > slowest.0 {
                slowest = (took, seed, kind);
            }
            let why = match ran {
                Err(_) => "panics".to_owned(),
                Ok(Err(why)) => why,
                Ok(Ok(())) if took > SLOW => format!("takes {took:?}"),
                Ok(Ok(())) => continue,
            };
            println!("seed {seed}: {kind} {why}:\n{shown}\n{shown:?}");
            exit(1);
        }
    }
    let (took, seed, kind) = slowest;
    println!(
        "{cases} inputs for each of {} texts; the slowest took {took:?} ({kind}, seed {seed})",
        SEEDS.len()
    );
}

fn check(kind: &str, input: &str) -> Result<(), String> {
    match kind {
        "toml" => {
            let parsed = tracks::config::parse(input, "demo");
            let inside = parsed
                .diagnostics
                .iter()
                .all(|it| input.get(it.span.clone()).is_some());
            return inside
                .then_some(())
                .ok_or_else(|| "has a place outside the text".to_owned());
        }
        "pattern" => {
            for line in input.lines() {
                if let Ok(pattern) = tracks::domain::path::Pattern::new(line) {
                    pattern.matches(&tracks::domain::path::RepoPath::new("src/api/a/mod.rs"));
                    pattern.matches(&tracks::domain::path::RepoPath::new(line));
                }
            }
            return Ok(());
        }
        "template" => {
            let codes = ["trackA".to_owned(), "a".to_owned()];
            for line in input.lines() {
                if let Ok(template) = tracks::domain::migration::Template::new(line) {
                    template.read("20241001_trackA_agent_registry_core.sql", &codes);
                    template.read(line, &codes);
                }
            }
            return Ok(());
        }
        _ => {}
    }
    let lines = input.lines().count().max(1);
    for dialect in Dialect::ALL {
        let script = sql::parse(dialect, input);
        let mut before = 1;
        for statement in &script.statements {
            if statement.line < before || statement.line > lines {
                return Err(format!(
                    "({dialect}) has a statement on line {}",
                    statement.line
                ));
            }
            before = statement.line;
            if statement
                .effects
                .iter()
                .any(|it| it.object.name.name.is_empty())
            {
                return Err(format!("({dialect}) has an object without a name"));
            }
        }
    }
    Ok(())
}

/// A few lines of the text, changed in a few places; now and then nothing but noise.
fn input(seed: u64, text: &str) -> String {
    let mut random =
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ u64::try_from(text.len()).unwrap());
    if random.below(20) == 0 {
        let bytes: Vec<u8> = (0..random.below(400))
            .map(|_| u8::try_from(random.below(256)).unwrap())
            .collect();
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("=>"))
        .collect();
    let from = random.below(lines.len());
    let many = 1 + random.below(12);
    let mut chars: Vec<char> = lines[from..lines.len().min(from + many)]
        .join("\n")
        .chars()
        .collect();
    for _ in 0..random.below(8) {
        let at = random.below(chars.len() + 1);
        let to = (at + random.below(20)).min(chars.len());
        match random.below(7) {
            0 => drop(chars.drain(at..to)),
            1 => {
                let piece: Vec<char> = chars[at..to].to_vec();
                let place = random.below(chars.len() + 1);
                chars.splice(place..place, piece);
            }
            2 => {
                let word = WORDS[random.below(WORDS.len())];
                let many = 1 << random.below(12);
                let run = word.chars().cycle().take(word.chars().count() * many);
                let run: Vec<char> = run.take(6000).collect();
                chars.splice(at..at, run);
            }
            3 => {
                let c = u32::try_from(random.below(0x11_0000)).unwrap();
                chars.insert(at, char::from_u32(c).unwrap_or('\u{fffd}'));
            }
            4 => chars.truncate(at),
            _ => {
                let word = WORDS[random.below(WORDS.len())];
                chars.splice(at..at, word.chars());
            }
        }
    }
    chars.into_iter().collect()
}
