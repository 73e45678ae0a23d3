//! Whose patterns border on those of a track: they name something in the same directory, or in one another's.

use super::name::TrackId;
use super::path::Pattern;
use super::project::{Project, Track};

/// The other tracks' patterns that border on one of the track's, in the order of the file.
pub fn neighbours<'p>(project: &'p Project, track: &Track) -> Vec<(&'p TrackId, Vec<&'p Pattern>)> {
    let others = project.tracks.iter().filter(|other| other.id != track.id);
    let bordering = |other: &'p Track| {
        let borders = |theirs: &&Pattern| track.owns.iter().any(|ours| border(ours, theirs));
        let patterns: Vec<&Pattern> = other.owns.iter().filter(borders).collect();
        (!patterns.is_empty()).then_some((&other.id, patterns))
    };
    others.filter_map(bordering).collect()
}

fn border(ours: &Pattern, theirs: &Pattern) -> bool {
    let (ours, theirs) = (place(ours.as_str()), place(theirs.as_str()));
    let within = |outer: &[&str], inner: &[&str]| inner.starts_with(outer);
    // Everything lies side by side at the root of the repository.
    let beside = || match (ours.split_last(), theirs.split_last()) {
        (Some((_, above)), Some((_, other))) => !above.is_empty() && above == other,
        _ => false,
    };
    within(&ours, &theirs) || within(&theirs, &ours) || beside()
}

/// The directory, or file, that a pattern names before its first wild card.
fn place(pattern: &str) -> Vec<&str> {
    let is_wild = |part: &&str| part.contains(['*', '?', '[', '{']);
    let parts = pattern.trim_end_matches('/').split('/');
    parts.take_while(|part| !is_wild(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders() {
        for (ours, theirs, expected) in [
            ("src/api/agents/**", "src/api/users/**", true),
            ("src/api/agents", "src/api/agents/hooks.ts", true),
            ("src/**", "src/api", true),
            ("src/api", "**/*.rs", true),
            ("src", "docs", false),
            ("src/api/agents", "src/ui/agents", false),
            ("src/api/a/b", "src/api/c", false),
            ("src/apis", "src/api", true),
            ("README.md", "docs/**", false),
        ] {
            let [ours, theirs] = [ours, theirs].map(|text| Pattern::new(text).unwrap());
            assert_eq!(border(&ours, &theirs), expected, "{ours} {theirs}");
            assert_eq!(border(&theirs, &ours), expected, "{theirs} {ours}");
        }
    }
}
