//! Who decided the pairs of a matrix, and where its time went, in the tool's own words.

use crate::bench::document::Json;
use crate::bench::measure::Times;

/// A few lines on one run; `times` are those of all of its kind.
pub(super) fn text(times: &Times, document: &Json) -> String {
    let stats = document.get("stats");
    let mut facts = Vec::new();
    for (key, value) in stats.entries() {
        match (key.as_str(), value) {
            ("seconds" | "seconds_by_phase" | "peak_memory_bytes", _) => {}
            (_, Json::Object(entries)) => {
                let parts: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{key} {}", plain(value)))
                    .collect();
                facts.push(format!("{key}: [{}]", parts.join(", ")));
            }
            (_, value) => facts.push(format!("{key}: {}", plain(value))),
        }
    }
    let memory = match stats.get("peak_memory_bytes").number() {
        Some(bytes) => format!("{:.0} MiB at most", bytes / 1024.0 / 1024.0),
        None => "memory not told".to_owned(),
    };
    let mut text = format!("{}: {memory}\n  {}", times.name, facts.join(", "));
    if let Some(seconds) = stats.get("seconds").number() {
        let around = times.last.as_secs_f64() - seconds;
        text.push_str(&format!(
            "\n  the last run: {} at work, {} for starting, reading tracks.toml, writing JSON",
            milliseconds(seconds),
            milliseconds(around)
        ));
        let phases = stats.get("seconds_by_phase").entries();
        // Some of them overlap.
        for (phase, time) in phases {
            let time = time.number().unwrap_or_default();
            text.push_str(&format!("\n    {:>10}  {phase}", milliseconds(time)));
        }
    }
    text
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => text.clone(),
        Json::List(items) => items.len().to_string(),
        Json::Object(entries) => entries.len().to_string(),
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1000.0)
}
