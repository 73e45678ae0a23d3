//! Files of many lines that look like source text, and what a person or an agent does to them.

use std::rc::Rc;

use crate::random::Random;

/// A file as a list of lines; a copy costs nothing until it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) lines: Rc<Vec<String>>,
    pub(super) executable: bool,
}

const WORDS: [&str; 64] = [
    "let", "value", "request", "state", "match", "index", "return", "cache", "table", "buffer",
    "track", "parse", "header", "async", "result", "config", "module", "worker", "queue", "token",
    "handle", "limit", "session", "update", "error", "stream", "branch", "commit", "field",
    "record", "column", "schema", "client", "server", "socket", "timer", "retry", "batch", "frame",
    "vector", "string", "number", "object", "filter", "collect", "insert", "remove", "lookup",
    "render", "layout", "widget", "signal", "event", "listen", "notify", "render", "assert",
    "expect", "fixture", "sample", "metric", "report", "policy", "route",
];

impl Text {
    /// A text of its own for each seed: some twenty to two hundred lines, now and then many more.
    pub(super) fn new(random: &mut Random) -> Self {
        let length = match random.below(40) {
            0 => 300 + random.below(500),
            _ => 20 + random.below(50) + random.below(80),
        };
        Text::of((0..length).map(|_| line(random)).collect())
    }

    pub(super) fn of(lines: Vec<String>) -> Self {
        Text {
            lines: Rc::new(lines),
            executable: false,
        }
    }

    /// As the file has it.
    pub(super) fn bytes(&self) -> String {
        let mut text = String::with_capacity(self.lines.len() * 40);
        for line in self.lines.iter() {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// A few places changed: lines replaced, put in, or taken out.
    pub(super) fn edited(&self, random: &mut Random) -> Self {
        let mut text = self.clone();
        let lines = Rc::make_mut(&mut text.lines);
        for _ in 0..=random.below(3) {
            let at = below(random, lines.len());
            let end = (at + 1 + below(random, 4)).min(lines.len());
            let fresh = match random.below(4) {
                0 => 0,
                _ => 1 + random.below(5),
            };
            let fresh: Vec<String> = (0..fresh).map(|_| line(random)).collect();
            let replaced = if random.below(3) == 0 {
                at..at
            } else {
                at..end
            };
            lines.splice(replaced, fresh);
        }
        if lines.is_empty() || *lines == *self.lines {
            lines.push(line(random));
        }
        text
    }

    /// With these lines put in.
    pub(super) fn with(&self, at: usize, fresh: impl IntoIterator<Item = String>) -> Self {
        let mut text = self.clone();
        let lines = Rc::make_mut(&mut text.lines);
        let at = at.min(lines.len());
        lines.splice(at..at, fresh);
        text
    }

    /// With these lines instead of as many others.
    pub(super) fn replacing(&self, at: usize, fresh: impl IntoIterator<Item = String>) -> Self {
        let mut text = self.clone();
        let lines = Rc::make_mut(&mut text.lines);
        for (line, fresh) in lines.iter_mut().skip(at).zip(fresh) {
            *line = fresh;
        }
        text
    }

    /// The number of the first line that begins so.
    pub(super) fn find(&self, beginning: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| line.starts_with(beginning))
    }
}

fn line(random: &mut Random) -> String {
    // One number feeds a whole line: millions of them are made.
    let mut bits = random.below(1 << 60);
    let mut next = |values: u64| {
        let value = bits % values;
        bits /= values;
        usize::try_from(value).unwrap_or_default()
    };
    let indentation = next(4);
    let words = next(6);
    let mut line = String::with_capacity(64);
    line.push_str(&"                "[..4 * indentation]);
    for _ in 0..words {
        line.push_str(WORDS[next(64)]);
        line.push(' ');
    }
    line.push_str(WORDS[next(64)]);
    // Empty and closing lines are what texts have in common.
    match (words, next(8)) {
        (0, 0..=3) => "    }".clone_into(&mut line),
        (0, _) => line.clear(),
        (_, 0) => line.push_str(" {"),
        (_, number) => {
            line.push('(');
            line.push_str(&(number * 16 + next(16)).to_string());
            line.push_str(");");
        }
    }
    line
}

/// As [`Random::below`], for places in lists.
pub(super) fn below(random: &mut Random, limit: usize) -> usize {
    let limit = u64::try_from(limit.max(1)).unwrap_or(1);
    usize::try_from(random.below(limit)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_a_little_and_a_seed_decides_all() {
        for seed in 0..50 {
            let text = Text::new(&mut Random::new(seed));
            assert_eq!(text, Text::new(&mut Random::new(seed)));
            assert!(text.lines.len() >= 20);
            let edited = text.edited(&mut Random::new(seed + 1000));
            assert!(text != edited, "seed {seed}");
            let kept = text.lines.iter().filter(|line| edited.lines.contains(line));
            assert!(kept.count() * 5 > text.lines.len() * 2, "seed {seed}");
        }
    }

    #[test]
    fn texts_of_different_seeds_are_not_similar() {
        let (a, b) = (
            Text::new(&mut Random::new(1)),
            Text::new(&mut Random::new(2)),
        );
        let shared = a
            .lines
            .iter()
            .filter(|line| line.len() > 8 && b.lines.contains(line))
            .count();
        assert!(shared * 10 < a.lines.len());
    }
}
