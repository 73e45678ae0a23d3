//! Collisions by rules: what merges, and still cannot both land.

use serde_json::{Value, json};

use super::super::{count, path_fields, show, with};
use crate::domain::merge::Pair;
use crate::domain::project::Severity;
use crate::domain::rule::Collision;
use crate::ops::conflicts::Report;
use crate::ui::style::{BAD, DIM, STRONG, WARN, paint, tame};

/// So many pairs are shown with what they break; the rest are counted.
const PAIRS: usize = 40;
/// So many collisions of a pair are shown.
const OF_PAIR: usize = 6;

/// The most severe of what the two of a pair break together.
pub(super) fn worst(report: &Report, pair: &Pair) -> Option<Severity> {
    let of_pair = report.collisions(pair).iter();
    of_pair.map(|collision| collision.severity).min()
}

/// What the sign in the grid means; empty where it is not there.
pub(super) fn legend(report: &Report) -> String {
    let stands_there = |pair: &Pair| {
        let worst = worst(report, pair);
        pair.verdict.is_clean() && worst.is_some_and(|worst| worst <= Severity::Warning)
    };
    match report.pairs.iter().any(stands_there) {
        true => paint(DIM, "§ merges clean, but breaks a rule together") + "\n",
        false => String::new(),
    }
}

/// What each pair breaks; empty where there is nothing.
pub(super) fn section(report: &Report) -> String {
    let mut text = String::new();
    let pairs = report.pairs.iter();
    let broken: Vec<&Pair> = pairs
        .filter(|pair| !report.collisions(pair).is_empty())
        .collect();
    for pair in broken.iter().take(PAIRS) {
        let all = report.collisions(pair);
        let (style, word) = match worst(report, pair) {
            Some(Severity::Error) => (BAD, "collision"),
            _ => (WARN, "to know"),
        };
        let names = tame(&format!("{} × {}", pair.a, pair.b));
        text.push_str(&format!(
            "\n{} {}\n",
            paint(style, word),
            paint(STRONG, &names)
        ));
        for collision in all.iter().take(OF_PAIR) {
            text.push_str(&line(collision));
        }
        if all.len() > OF_PAIR {
            let more = format!("  and {} more\n", all.len() - OF_PAIR);
            text.push_str(&paint(DIM, &more));
        }
    }
    if broken.len() > PAIRS {
        let more = count(broken.len() - PAIRS, "pair");
        text.push_str(&paint(DIM, &format!("\nand {more} more break rules\n")));
    }
    text
}

fn line(collision: &Collision) -> String {
    let style = match collision.severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
        Severity::Info | Severity::Off => DIM,
    };
    let path = collision.path.as_ref().map(show);
    let place = match path {
        Some(path) if !collision.message.contains(&path) => format!(" {path}:"),
        _ => String::new(),
    };
    format!(
        "  {}{place} {}\n",
        paint(style, collision.code),
        tame(&collision.message)
    )
}

/// The collisions of one pair for programs.
pub(super) fn collisions(report: &Report, pair: &Pair) -> Vec<Value> {
    let json = |collision: &Collision| {
        let paths = collision.path.iter().map(|path| path.lossy().into_owned());
        let fields = json!({
            "code": collision.code,
            "severity": collision.severity.as_str(),
            "track": collision.track.as_str(),
            "message": collision.message,
            "paths": paths.collect::<Vec<_>>(),
        });
        match &collision.path {
            Some(path) => with(path_fields(path), fields),
            None => fields,
        }
    };
    report.collisions(pair).iter().map(json).collect()
}
