//! CODEOWNERS: what tracks.toml says, written for hosts that ask owners to review, and such a file read as patterns.
//!
//! In tracks.toml `shared` beats `owns` beats the owner of a contract; in CODEOWNERS the last line that matches counts. So
//! lines stand in the opposite order.

use std::fmt::Write as _;

use super::path::Pattern;
use super::project::{Project, Track};

/// Where hosts look for the file, in this order.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// The whole file.
pub fn written(project: &Project) -> String {
    let mut text = "# Written by tracks from tracks.toml, and checked as OWN08. Do not edit: \
                    `tracks own --codeowners` writes it again.\n"
        .to_owned();
    let owner = |id: Option<&_>| id.and_then(|id| project.track(id));
    for contract in project.contracts.iter().rev() {
        for pattern in &contract.paths {
            line(&mut text, pattern, owner(contract.owner.as_ref()));
        }
    }
    for track in &project.tracks {
        for pattern in &track.owns {
            line(&mut text, pattern, Some(track));
        }
    }
    for shared in project.shared.iter().rev() {
        line(&mut text, &shared.pattern, owner(shared.owner.as_ref()));
    }
    text
}

/// Whether a file was written by [`written`]; one that is empty is nobody's.
pub fn is_ours(text: &[u8]) -> bool {
    text.trim_ascii().is_empty() || text.starts_with(b"# Written by tracks")
}

/// Whether a file's text has any rule, or only comments.
pub fn has_rules(text: &str) -> bool {
    text.lines().any(|line| !words(line).is_empty())
}

/// Whom a host can ask about a track: the track's `contact`, else its `agent`, where that is `@name`, `@org/team` or an
/// e-mail address. A name is never made up: it might be somebody's.
pub fn handle(track: &Track) -> Option<&str> {
    let usable = |text: &&String| {
        let one_word = !text.contains(char::is_whitespace) && text.len() > 1;
        one_word && text.contains('@') && !text.ends_with('@')
    };
    let known = [track.contact.as_ref(), track.agent.as_ref()];
    known.into_iter().flatten().find(usable).map(String::as_str)
}

/// A pattern without an owner takes away what lines above say; one of a track whom nobody can be asked about is a comment.
fn line(text: &mut String, pattern: &Pattern, owner: Option<&Track>) {
    let Some(patterns) = of_host(pattern.as_str()) else {
        let _ = writeln!(text, "# {pattern}: CODEOWNERS has no such patterns");
        return;
    };
    for pattern in patterns {
        let _ = match owner.map(|track| (track, handle(track))) {
            None => writeln!(text, "{pattern}"),
            Some((_, Some(handle))) => writeln!(text, "{pattern} {handle}"),
            Some((track, None)) => writeln!(
                text,
                "# {pattern}: track {} has no contact like @name or name@host",
                track.id
            ),
        };
    }
}

/// A pattern of tracks.toml as CODEOWNERS has it: from the root, without braces. `None`: there is no such thing.
fn of_host(pattern: &str) -> Option<Vec<String>> {
    if pattern.contains(['[', '\\']) {
        return None;
    }
    let mut texts = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, behind)) = rest.split_once('{') {
        let (inner, behind) = behind.split_once('}')?;
        if inner.contains('{') {
            return None;
        }
        let ways = || inner.split(',');
        let with = |text: &String| {
            let text = format!("{text}{before}");
            ways().map(move |way| format!("{text}{way}"))
        };
        texts = texts.iter().flat_map(with).collect();
        rest = behind;
    }
    let whole = texts.iter().map(|text| format!("/{text}{rest}"));
    Some(whole.map(|text| text.replace(' ', "\\ ")).collect())
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As tracks.toml would have it.
    pub pattern: String,
    pub owners: Vec<String>,
}

/// The lines of the file, without what tracks.toml cannot say. Of a pattern that stands twice, the last line counts.
pub fn lines(text: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    for line in text.lines() {
        let words = words(line);
        let Some((pattern, owners)) = words.split_first() else {
            continue;
        };
        let Some(pattern) = of_ours(pattern) else {
            continue;
        };
        found.retain(|known| known.pattern != pattern);
        found.push(Line {
            pattern,
            owners: owners.to_vec(),
        });
    }
    found
}

/// Whether there may be a path that both patterns match: not where they begin differently.
pub fn may_meet(a: &str, b: &str) -> bool {
    let wild = |part: &str| part.contains(['*', '?', '[', '{']);
    let (a, b) = (a.trim_end_matches('/'), b.trim_end_matches('/'));
    for (a, b) in a.split('/').zip(b.split('/')) {
        if wild(a) || wild(b) {
            return true;
        }
        if a != b {
            return false;
        }
    }
    true
}

/// The words of a line up to a comment; a blank behind `\` is part of a word.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '#' if word.is_empty() => break,
            '\\' => word.extend(chars.next()),
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A pattern without a `/` inside is meant anywhere.
fn of_ours(pattern: &str) -> Option<String> {
    let inner = pattern.trim_end_matches('/');
    let ours = match pattern.strip_prefix('/') {
        // Sections of GitLab stand in brackets.
        _ if pattern.starts_with(['[', '^', '!']) => return None,
        _ if pattern == "*" || pattern == "/" => "**".to_owned(),
        Some(rooted) => rooted.to_owned(),
        None if inner.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    Pattern::new(&ours).ok().map(|_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{Shared, SharedPolicy, fixture};

    #[test]
    fn what_is_written() {
        let mut project = fixture::project(&["a", "b"]);
        let owned = ["src/api", "src/{x,y}/*.rs", "my docs/", "x/[ab]"];
        project.tracks[0].owns = owned.map(|text| Pattern::new(text).unwrap()).to_vec();
        project.tracks[0].contact = Some("@org/api".to_owned());
        project.tracks[1].owns = vec![Pattern::new("ui/**").unwrap()];
        project.tracks[1].agent = Some("beta".to_owned());
        for (pattern, owner) in [("types", Some(0)), ("*.lock", None)] {
            project.shared.push(Shared {
                pattern: Pattern::new(pattern).unwrap(),
                owner: owner.map(|at: usize| project.tracks[at].id.clone()),
                consumers: Vec::new(),
                policy: SharedPolicy::Free,
            });
        }
        insta::assert_snapshot!(written(&project), @r"
        # Written by tracks from tracks.toml, and checked as OWN08. Do not edit: `tracks own --codeowners` writes it again.
        /src/api @org/api
        /src/x/*.rs @org/api
        /src/y/*.rs @org/api
        /my\ docs/ @org/api
        # x/[ab]: CODEOWNERS has no such patterns
        # /ui/**: track b has no contact like @name or name@host
        /*.lock
        /types @org/api
        ");
    }

    #[test]
    fn what_is_read() {
        let text = "# owners\n*  @all # everything\n/src/api/ @api @lead\n*.md docs@x.org\n\
                    lib/ @api\n/gone\nmy\\ docs/ @api\n[Section]\n/src/api/ @new\n!x @y\ndocs/* @api\n";
        let found = lines(text);
        let found: Vec<String> = (found.iter())
            .map(|line| format!("{} = {}", line.pattern, line.owners.join(" ")))
            .collect();
        assert_eq!(
            found,
            [
                "** = @all",
                "**/*.md = docs@x.org",
                "**/lib/ = @api",
                "gone = ",
                "**/my docs/ = @api",
                "src/api/ = @new",
                "docs/* = @api",
            ]
        );
        assert_eq!(lines(""), []);
        for (a, b, may) in [
            ("src/", "src/a", true),
            ("src", "docs", false),
            ("**/*.md", "src", true),
            ("src/a/*", "src/b/*", false),
        ] {
            assert_eq!((may_meet(a, b), may_meet(b, a)), (may, may), "{a} {b}");
        }
    }
}
