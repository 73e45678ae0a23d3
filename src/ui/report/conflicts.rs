//! The answer of `tracks conflicts`: the matrix, each conflict with its place, and for one pair the lines themselves.

use std::ops::Range;

use serde_json::{Map, Value, json};
use similar::{ChangeTag, TextDiff};

use super::{count, document, lines, names, path_fields, show, types, with};
use crate::domain::merge::{Basis, Conflict, Pair, Region, Verdict};
use crate::domain::name::Side;
use crate::domain::path::RepoPath;
use crate::ops::conflicts::{ConflictText, Report};
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

/// Up to so many tracks the matrix is drawn as a grid.
const GRID: usize = 24;
/// So many conflicted paths are listed for a pair; the rest are counted.
const PATHS: usize = 8;

pub fn json(report: &Report, ok: bool) -> Value {
    let tracks: Vec<Value> = report
        .tracks
        .iter()
        .map(|side| {
            json!({
                "track": side.track.as_str(),
                "commit": side.tip.map(|id| id.to_string()),
                "tree": side.tree.map(|id| id.to_string()),
                "dirty": side.dirty,
                "note": side.unavailable.as_ref().or(side.note.as_ref()),
            })
        })
        .collect();
    let hot: Vec<Value> = report
        .hot_files
        .iter()
        .map(|(path, pairs)| {
            let mut map = path_fields(path);
            map.insert("pairs".to_owned(), json!(pairs));
            Value::Object(map)
        })
        .collect();
    with(
        document("conflicts", ok),
        json!({
            "base": { "branch": report.base.name.as_str(), "commit": report.base.commit.to_string() },
            "uncommitted": report.uncommitted,
            "tracks": tracks,
            "pairs": report.pairs.iter().map(|pair| pair_json(report, pair)).collect::<Vec<_>>(),
            "largest_clean_set": report.largest_clean_set.as_ref().map(|set| names(&set.tracks)),
            "largest_clean_set_exact": report.largest_clean_set.as_ref().map(|set| set.exact),
            "order": names(&report.order),
            "hot_files": hot,
            "stats": {
                "pairs": report.pairs.len(),
                "disjoint": report.stats.disjoint,
                "merged_in_process": report.stats.in_process,
                "merged_by_git": report.stats.by_git.values().sum::<usize>(),
                "asked_git_because": by_reason(report),
                "seconds_by_phase": by_phase(report),
                "cached": 0,
                "seconds": report.elapsed.as_secs_f64(),
                "peak_memory_bytes": null,
            },
        }),
    )
}

fn by_reason(report: &Report) -> Map<String, Value> {
    let reasons = report.stats.by_git.iter();
    reasons
        .map(|(reason, merges)| (reason.as_str().to_owned(), json!(merges)))
        .collect()
}

fn by_phase(report: &Report) -> Map<String, Value> {
    let phases = report.stats.phases.iter();
    phases
        .map(|(phase, time)| ((*phase).to_owned(), json!(time.as_secs_f64())))
        .collect()
}

fn pair_json(report: &Report, pair: &Pair) -> Value {
    let mut map = Map::new();
    map.insert("a".to_owned(), json!(pair.a.to_string()));
    map.insert("b".to_owned(), json!(pair.b.to_string()));
    map.insert("verdict".to_owned(), json!(verdict_name(&pair.verdict)));
    map.insert(
        "basis".to_owned(),
        json!(match pair.basis {
            Basis::BasePlusTrack => "base+track",
            Basis::Tips => "tips",
        }),
    );
    if let Verdict::Unavailable(reason) = &pair.verdict {
        map.insert("reason".to_owned(), json!(reason));
    }
    let conflicts: Vec<Value> = pair
        .verdict
        .conflicts()
        .iter()
        .map(|conflict| conflict_json(report, conflict))
        .collect();
    map.insert("conflicts".to_owned(), json!(conflicts));
    map.insert("collisions".to_owned(), json!([]));
    Value::Object(map)
}

pub(super) fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "clean",
        Verdict::Conflict(_) => "conflict",
        Verdict::Unavailable(_) => "unavailable",
    }
}

fn conflict_json(report: &Report, conflict: &Conflict) -> Value {
    let mut map = path_fields(&conflict.path);
    let types: Vec<&str> = conflict
        .types
        .iter()
        .map(crate::domain::merge::ConflictType::as_str)
        .collect();
    map.insert("type".to_owned(), json!(types.first()));
    map.insert("types".to_owned(), json!(types));
    map.insert("owner".to_owned(), json!(owner(report, &conflict.path)));
    let side = |range: &Range<usize>| json!({ "start": range.start + 1, "lines": range.len() });
    let regions: Vec<Value> = conflict
        .regions
        .iter()
        .map(|region| json!({ "ours": side(&region.ours), "theirs": side(&region.theirs) }))
        .collect();
    map.insert("regions".to_owned(), json!(regions));
    Value::Object(map)
}

fn owner(report: &Report, path: &RepoPath) -> Option<String> {
    report.owners.get(path).map(ToString::to_string)
}

pub fn text(report: &Report) -> String {
    let between = report.pairs.iter().filter(|pair| is_track(&pair.a)).count();
    let mut text = format!(
        "{} on {} {}, {}{}\n",
        count(report.tracks.len(), "track"),
        paint(STRONG, report.base.name.as_str()),
        paint(DIM, &report.base.commit.short()),
        count(between, "pair"),
        if report.uncommitted {
            ", uncommitted work included"
        } else {
            ", committed work only"
        },
    );
    for side in &report.tracks {
        let note = match side.tip {
            None => Some("no branch yet; nothing to compare".to_owned()),
            Some(_) => side.unavailable.clone().or_else(|| side.note.clone()),
        };
        if let Some(note) = note {
            text.push_str(&format!(
                "{} {}: {}\n",
                paint(WARN, "note"),
                side.track,
                tame(&note)
            ));
        }
    }
    if (3..=GRID).contains(&report.tracks.len()) {
        text.push('\n');
        text.push_str(&grid(report));
    }
    text.push_str(&pairs(report));
    text.push_str(&answers(report));
    text
}

/// The verdicts of all pairs with a track, as a triangle.
fn grid(report: &Report) -> String {
    let mut columns: Vec<Side> = vec![Side::Base];
    if report.pairs.iter().any(|pair| pair.a == Side::Integration) {
        columns.push(Side::Integration);
    }
    let tracks: Vec<Side> = report
        .tracks
        .iter()
        .map(|side| Side::Track(side.track.clone()))
        .collect();
    let mut table = Table::default();
    let mut head = vec![cell("")];
    let all: Vec<&Side> = columns
        .iter()
        .chain(&tracks[..tracks.len().saturating_sub(1)])
        .collect();
    // Beyond a few tracks full names make the grid too wide; numbers in the rows' order stand in.
    let narrow = all
        .iter()
        .map(|side| side.to_string().len() + 2)
        .sum::<usize>()
        > 80;
    for (index, side) in all.iter().enumerate() {
        let label = match side {
            Side::Track(_) if narrow => (index + 1 - columns.len()).to_string(),
            Side::Integration if narrow => "int".to_owned(),
            _ => side.to_string(),
        };
        head.push(styled(DIM, label));
    }
    table.row(head);
    for (row_index, row) in tracks.iter().enumerate() {
        let label = if narrow {
            format!("{} {row}", row_index + 1)
        } else {
            row.to_string()
        };
        let mut cells = vec![styled(STRONG, label)];
        for column in &all {
            cells.push(match find(report, column, row).map(|pair| &pair.verdict) {
                None => cell(""),
                Some(Verdict::Clean) => styled(DIM, "·"),
                Some(Verdict::Conflict(conflicts)) => styled(BAD, format!("✗{}", conflicts.len())),
                Some(Verdict::Unavailable(_)) => styled(WARN, "?"),
            });
        }
        table.row(cells);
    }
    table.render(0)
}

fn find<'a>(report: &'a Report, a: &Side, b: &Side) -> Option<&'a Pair> {
    report
        .pairs
        .iter()
        .find(|pair| pair.a == *a && pair.b == *b)
}

fn is_track(side: &Side) -> bool {
    matches!(side, Side::Track(_))
}

/// Every pair that is not clean, with its paths.
fn pairs(report: &Report) -> String {
    let mut text = String::new();
    for pair in report.pairs.iter().filter(|pair| !pair.verdict.is_clean()) {
        let names = format!("{} × {}", pair.a, pair.b);
        text.push('\n');
        match &pair.verdict {
            Verdict::Clean => {}
            Verdict::Unavailable(reason) => {
                text.push_str(&format!(
                    "{} {names}: {}\n",
                    paint(WARN, "unavailable"),
                    tame(reason)
                ));
            }
            Verdict::Conflict(conflicts) => {
                text.push_str(&format!(
                    "{} {}\n",
                    paint(BAD, "conflict"),
                    paint(STRONG, &names)
                ));
                text.push_str(&conflict_table(report, conflicts));
            }
        }
        for detail in report.texts.iter().filter(|_| is_track(&pair.a)) {
            if let Some(conflict) = pair
                .verdict
                .conflicts()
                .iter()
                .find(|conflict| conflict.path == detail.path)
            {
                text.push_str(&regions(pair, conflict, detail));
            }
        }
    }
    if report.pairs.is_empty() {
        text.push_str("\nnothing to compare: no track has a branch here\n");
    } else if report.pairs.iter().all(|pair| pair.verdict.is_clean()) {
        text.push_str(&format!("\n{}\n", paint(GOOD, "every pair merges clean")));
    }
    text
}

fn conflict_table(report: &Report, conflicts: &[Conflict]) -> String {
    let mut table = Table::default();
    let shown = if report.texts.is_empty() {
        PATHS
    } else {
        usize::MAX
    };
    for conflict in conflicts.iter().take(shown) {
        let places: Vec<String> = conflict
            .regions
            .iter()
            .take(3)
            .map(|region| format!("{} / {}", lines(&region.ours), lines(&region.theirs)))
            .collect();
        let more = conflict.regions.len().saturating_sub(3);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        table.row(vec![
            cell(show(&conflict.path)),
            cell(types(conflict)),
            styled(
                DIM,
                if places.is_empty() {
                    String::new()
                } else {
                    format!("lines {}{more}", places.join(", "))
                },
            ),
            styled(
                DIM,
                owner(report, &conflict.path)
                    .map(|owner| format!("owner {owner}"))
                    .unwrap_or_default(),
            ),
        ]);
    }
    let mut text = table.render(2);
    if conflicts.len() > shown {
        text.push_str(&paint(
            DIM,
            &format!("  and {} more\n", conflicts.len() - shown),
        ));
    }
    text
}

/// The lines of both sides, as a diff from the first to the second.
fn regions(pair: &Pair, conflict: &Conflict, detail: &ConflictText) -> String {
    let (Some(ours), Some(theirs)) = (&detail.ours, &detail.theirs) else {
        return String::new();
    };
    let ours: Vec<String> = split(ours);
    let theirs: Vec<String> = split(theirs);
    let mut text = String::new();
    for region in &conflict.regions {
        text.push_str(&format!(
            "\n  {} {}\n",
            paint(STRONG, &show(&conflict.path)),
            paint(
                DIM,
                &format!(
                    "lines {} in {} (-), {} in {} (+)",
                    lines(&region.ours),
                    pair.a,
                    lines(&region.theirs),
                    pair.b
                )
            ),
        ));
        text.push_str(&region_diff(region, &ours, &theirs));
    }
    text
}

fn split(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .map(str::to_owned)
        .collect()
}

fn region_diff(region: &Region, ours: &[String], theirs: &[String]) -> String {
    const CONTEXT: usize = 2;
    let of = |lines: &[String], range: Range<usize>| -> Vec<String> {
        lines
            .get(range.start.min(lines.len())..range.end.min(lines.len()))
            .unwrap_or_default()
            .to_vec()
    };
    let before = of(
        ours,
        region.ours.start.saturating_sub(CONTEXT)..region.ours.start,
    );
    let after = of(ours, region.ours.end..region.ours.end + CONTEXT);
    let left = of(ours, region.ours.clone());
    let right = of(theirs, region.theirs.clone());
    let mut text = String::new();
    let mut put = |sign: &str, style, line: &str| {
        text.push_str(&format!(
            "    {}\n",
            paint(style, &format!("{sign} {}", tame(line)))
        ));
    };
    before.iter().for_each(|line| put(" ", DIM, line));
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    for change in TextDiff::from_slices(&left, &right).iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => put(" ", anstyle::Style::new(), change.value()),
            ChangeTag::Delete => put("-", BAD, change.value()),
            ChangeTag::Insert => put("+", GOOD, change.value()),
        }
    }
    after.iter().for_each(|line| put(" ", DIM, line));
    text
}

fn answers(report: &Report) -> String {
    let mut text = String::new();
    if let Some(set) = report.largest_clean_set.as_ref().filter(|_| report.found()) {
        text.push_str(&format!(
            "\nlargest set that merges clean together ({} of {}{}): {}\n",
            set.tracks.len(),
            report
                .tracks
                .iter()
                .filter(|side| side.tip.is_some())
                .count(),
            if set.exact {
                ""
            } else {
                ", not proven to be the largest"
            },
            names(&set.tracks).join(", "),
        ));
    }
    let hot: Vec<String> = report
        .hot_files
        .iter()
        .filter(|(_, pairs)| *pairs > 1)
        .take(5)
        .map(|(path, pairs)| format!("{} ({pairs} pairs)", show(path)))
        .collect();
    if !hot.is_empty() {
        text.push_str(&format!("hot files: {}\n", hot.join(", ")));
    }
    let first = report
        .pairs
        .iter()
        .find(|pair| is_track(&pair.a) && matches!(pair.verdict, Verdict::Conflict(_)));
    if let Some(pair) = first.filter(|_| report.texts.is_empty()) {
        let command = format!("tracks conflicts {} {}", pair.a, pair.b);
        text.push_str(&format!("the lines of a pair: {}\n", paint(HINT, &command)));
    }
    text
}
