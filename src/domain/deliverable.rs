//! What a track is to deliver: which of it is there, and which sections its documents lack.

use super::path::{Pattern, RepoPath};
use super::project::Deliverable;

/// One deliverable, held against a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// As tracks.toml has it: a path, or a pattern.
    pub path: String,
    /// Whether there is a file of that path, below it, or that matches it.
    pub present: bool,
    /// Those that no file of it has; empty where there is no file.
    pub missing_sections: Vec<String>,
}

impl Delivery {
    pub fn is_complete(&self) -> bool {
        self.present && self.missing_sections.is_empty()
    }
}

/// Holds deliverables against the files of a tree; `read` gives the content of one of them.
///
/// # Errors
/// When a file cannot be read.
pub fn deliver<'t, E>(
    deliverables: &[Deliverable],
    files: &'t [RepoPath],
    read: &mut dyn FnMut(&'t RepoPath) -> Result<Vec<u8>, E>,
) -> Result<Vec<Delivery>, E> {
    let mut deliveries = Vec::new();
    for deliverable in deliverables {
        let found = of(&deliverable.path, files);
        let mut missing = Vec::new();
        if !found.is_empty() && !deliverable.sections.is_empty() {
            let mut there = Vec::new();
            for file in &found {
                there.extend(headings(&String::from_utf8_lossy(&read(file)?)));
            }
            let lacks = |section: &&String| !there.contains(&plain(section));
            missing = deliverable.sections.iter().filter(lacks).cloned().collect();
        }
        deliveries.push(Delivery {
            path: deliverable.path.clone(),
            present: !found.is_empty(),
            missing_sections: missing,
        });
    }
    Ok(deliveries)
}

/// A file whose name has the characters of a pattern in it is found by its name all the same.
fn of<'t>(wanted: &str, files: &'t [RepoPath]) -> Vec<&'t RepoPath> {
    let exact = RepoPath::new(wanted);
    if let Ok(at) = files.binary_search(&exact) {
        return vec![&files[at]];
    }
    let Ok(pattern) = Pattern::new(wanted) else {
        return Vec::new();
    };
    files.iter().filter(|file| pattern.matches(file)).collect()
}

/// The headings of a Markdown document, as [`plain`] has them: `# …` to `###### …`, and lines underlined with `=` or `-`.
fn headings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    let mut before = "";
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let body = line.trim();
        match fence {
            Some(mark) => {
                if body.starts_with(mark) {
                    fence = None;
                }
                continue;
            }
            None => {
                fence = ["```", "~~~"]
                    .into_iter()
                    .find(|mark| body.starts_with(mark));
            }
        }
        let hashes = body.len() - body.trim_start_matches('#').len();
        let rest = &body[hashes..];
        if indent < 4
            && (1..=6).contains(&hashes)
            && (rest.is_empty() || rest.starts_with([' ', '\t']))
        {
            found.push(plain(rest.trim().trim_end_matches('#')));
            before = "";
            continue;
        }
        let underlines = |mark: char| !body.is_empty() && body.chars().all(|c| c == mark);
        if indent < 4 && !before.is_empty() && (underlines('=') || underlines('-')) {
            found.push(plain(before));
            before = "";
            continue;
        }
        before = body;
    }
    found
}

/// A heading without marks of emphasis, in lower case.
fn plain(heading: &str) -> String {
    let bare: String = heading
        .trim()
        .chars()
        .filter(|c| !"*_`".contains(*c))
        .collect();
    bare.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_documents() {
        for (text, expected) in [
            ("# One\ntext\n## Two ##\n", &["one", "two"][..]),
            ("#One\n####### seven\n    # code\n", &[]),
            ("Over\n====\n\nUnder\n---\n", &["over", "under"]),
            ("---\ntitle: x\n\n- - -\n", &[]),
            (
                "```\n# not\n```\n# `Errors` and *more*\n",
                &["errors and more"],
            ),
            ("~~~\n```\n# no\n~~~\n# yes", &["yes"]),
            ("#\n", &[""]),
        ] {
            assert_eq!(headings(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_there_and_what_is_missing() {
        let files: Vec<RepoPath> = [
            "a[1].md",
            "docs/api/agents.md",
            "docs/api/users.md",
            "src/x.rs",
        ]
        .into_iter()
        .map(RepoPath::new)
        .collect();
        let deliveries = |path: &str, sections: &[&str]| {
            let deliverable = Deliverable {
                path: path.to_owned(),
                sections: sections.iter().map(|it| (*it).to_owned()).collect(),
            };
            let mut read = |file: &RepoPath| -> Result<Vec<u8>, ()> {
                Ok(format!("# {}\n# Errors\n", file.lossy()).into_bytes())
            };
            let delivery = deliver(&[deliverable], &files, &mut read)
                .unwrap()
                .remove(0);
            (delivery.present, delivery.missing_sections)
        };
        for (path, sections, present, missing) in [
            ("src/x.rs", &[][..], true, &[][..]),
            ("src/y.rs", &[], false, &[]),
            ("src/y.rs", &["Errors"], false, &[]),
            (
                "docs/api/agents.md",
                &["errors", "Limits"],
                true,
                &["Limits"],
            ),
            ("docs/*/*.md", &["docs/api/users.md"], true, &[]),
            ("docs", &["ERRORS"], true, &[]),
            ("a[1].md", &[], true, &[]),
            ("src/*.ts", &[], false, &[]),
        ] {
            let missing: Vec<String> = missing.iter().map(|it: &&str| (*it).to_owned()).collect();
            assert_eq!(deliveries(path, sections), (present, missing), "{path}");
        }
    }
}
