//! Which of many patterns match which of many paths, for `cargo xtask bench owners`: `owners set|loop PATTERNS PATHS` prints for
//! each path the pattern that matches it, as `git check-attr` would print an attribute.

use std::io::Write as _;
use std::time::Instant;

use tracks::domain::path::{Pattern, PatternSet, RepoPath};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, patterns, paths] = arguments.as_slice() else {
        return Err("owners set|loop PATTERNS PATHS".into());
    };
    let patterns = std::fs::read_to_string(patterns)?;
    let patterns: Vec<Pattern> = patterns
        .lines()
        .map(Pattern::new)
        .collect::<Result<_, _>>()?;
    let paths = std::fs::read_to_string(paths)?;
    let paths: Vec<RepoPath> = paths.lines().map(RepoPath::new).collect();
    let started = Instant::now();
    let found: Vec<Option<usize>> = match how.as_str() {
        "set" => {
            let set = PatternSet::new(&patterns);
            let last = |path| set.matches(path).last().copied();
            paths.iter().map(last).collect()
        }
        _ => {
            let last = |path| patterns.iter().rposition(|pattern| pattern.matches(path));
            paths.iter().map(last).collect()
        }
    };
    let time = started.elapsed();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (path, found) in paths.iter().zip(found) {
        match found {
            Some(pattern) => writeln!(out, "{path}: owner: p{pattern}")?,
            None => writeln!(out, "{path}: owner: unspecified")?,
        }
    }
    out.flush()?;
    writeln!(
        std::io::stderr(),
        "{:.1} ms of it matching",
        time.as_secs_f64() * 1000.0
    )?;
    Ok(())
}
