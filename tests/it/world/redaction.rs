//! What differs from run to run or from machine to machine, and what stands in its place in a snapshot.

use regex::{NoExpand, Regex};

/// Takes out what differs from run to run or from machine to machine: paths, object ids, times, durations, sizes of memory.
pub(crate) fn redact(text: &str, root: &str) -> String {
    const RULES: &[(&str, &str)] = &[
        // A JSON value whose key says that it was measured.
        (
            r#"("[a-z_]*(?:seconds|_bytes|speedup|efficiency_ratio)": ?)-?[0-9.e+-]+"#,
            "${1}[MEASURED]",
        ),
        (
            r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})",
            "[TIME]",
        ),
        (
            r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}\b",
            "[TIME]",
        ),
        (r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b", "[ID]"),
        (
            r"\b[0-9]+(?:\.[0-9]+)? ?(?:ms|µs)\b|\b[0-9]+\.[0-9]+ ?s\b",
            "[DURATION]",
        ),
    ];
    let mut text = text.replace(root, "[ROOT]");
    for (pattern, replacement) in RULES {
        let rule = Regex::new(pattern).expect("a pattern of the table above");
        text = rule.replace_all(&text, *replacement).into_owned();
    }
    let abbreviated = Regex::new(r"\b[0-9a-f]{7,12}\b").expect("a pattern");
    let mixed = |word: &str| {
        word.contains(|c: char| c.is_ascii_digit())
            && word.contains(|c: char| c.is_ascii_alphabetic())
    };
    let ids: Vec<String> = abbreviated
        .find_iter(&text)
        .map(|found| found.as_str().to_owned())
        // A number and a word of the letters a to f are no ids.
        .filter(|word| mixed(word))
        .collect();
    for id in ids {
        let rule = Regex::new(&format!(r"\b{id}\b")).expect("letters and digits");
        text = rule.replace_all(&text, NoExpand("[ID]")).into_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redaction_takes_what_varies_and_leaves_the_rest() {
        for (text, expected) in [
            ("/tmp/w/repo/a.txt", "[ROOT]/repo/a.txt"),
            ("at 2026-11-23T09:00:00Z", "at [TIME]"),
            ("due 2026-11-23", "due 2026-11-23"),
            (
                "1234567 files, facade, 0a1b2c3",
                "1234567 files, facade, [ID]",
            ),
            (
                "in 1.2s; timeout 30s; 2 s; 45ms",
                "in [DURATION]; timeout 30s; 2 s; [DURATION]",
            ),
            (
                r#"{"seconds": 0.25, "wall_seconds":3}"#,
                r#"{"seconds": [MEASURED], "wall_seconds":[MEASURED]}"#,
            ),
            (
                r#"{"peak_memory_bytes": null}"#,
                r#"{"peak_memory_bytes": null}"#,
            ),
            ("20261123_trackA_x.sql", "20261123_trackA_x.sql"),
        ] {
            assert_eq!(redact(text, "/tmp/w"), expected, "{text}");
        }
    }
}
