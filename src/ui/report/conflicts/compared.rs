//! The lines of one region on both sides, side by side with what base had there: which of them a side changed, and where
//! within the line.

use std::ops::Range;
use std::time::Duration;

use similar::{ChangeTag, DiffOp, DiffTag, TextDiff};

use super::line::Line;
use crate::domain::merge::Region;

/// So long the best diff of one region is looked for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A text in lines with their ends.
#[derive(Debug, Default)]
pub(super) struct Text {
    whole: String,
    ends: Vec<usize>,
}

impl Text {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut whole = String::with_capacity(bytes.len());
        let mut ends = Vec::new();
        // Line by line: what is not UTF-8 must not swallow a line end.
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            whole.push_str(&String::from_utf8_lossy(line));
            ends.push(whole.len());
        }
        Text { whole, ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The lines of the range that there are.
    pub(super) fn lines(&self, range: Range<usize>) -> Vec<&str> {
        let line = |index: usize| {
            let start = match index {
                0 => 0,
                index => self.ends[index - 1],
            };
            &self.whole[start..self.ends[index]]
        };
        (range.start..range.end.min(self.len())).map(line).collect()
    }

    fn has_returns(&self) -> bool {
        self.whole.contains("\r\n")
    }

    fn has_bare_newlines(&self) -> bool {
        self.lines(0..self.len())
            .iter()
            .any(|line| line.ends_with('\n') && !line.ends_with("\r\n"))
    }
}

/// The versions of one file.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) base: Text,
    pub(super) ours: Text,
    pub(super) theirs: Text,
    /// The versions do not agree in how lines end, so that it has to be shown.
    pub(super) returns: bool,
}

impl Texts {
    pub(super) fn new(base: &[u8], ours: &[u8], theirs: &[u8]) -> Self {
        let [base, ours, theirs] = [base, ours, theirs].map(Text::new);
        let all = [&base, &ours, &theirs];
        let returns = all.iter().any(|text| text.has_returns())
            && all.iter().any(|text| text.has_bare_newlines());
        Texts {
            base,
            ours,
            theirs,
            returns,
        }
    }
}

/// A line of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// From 0.
    pub(super) number: usize,
    pub(super) line: Line,
    /// This side made it what it is.
    pub(super) changed: bool,
}

/// What stands in one row: a line of each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) ours: Option<Shown>,
    pub(super) theirs: Option<Shown>,
    /// Both sides have the same line.
    pub(super) same: bool,
}

/// The rows of a region, lines that both sides have beside each other.
pub(super) fn rows(texts: &Texts, region: &Region) -> Vec<Row> {
    let base = texts.base.lines(region.base.clone());
    let ours = texts.ours.lines(region.ours.clone());
    let theirs = texts.theirs.lines(region.theirs.clone());
    let across = diff(&ours, &theirs);
    let (our_lines, their_lines) = if base.is_empty() {
        // Nobody changed anything here, both added: what differs is what the other has not.
        let mut sides = (Vec::new(), Vec::new());
        for op in across.ops() {
            changes(&across, op, ChangeTag::Delete, texts.returns, &mut sides.0);
            changes(&across, op, ChangeTag::Insert, texts.returns, &mut sides.1);
        }
        sides
    } else {
        (
            since(&base, &ours, texts.returns),
            since(&base, &theirs, texts.returns),
        )
    };
    let shown = |lines: &[(Line, bool)], at: usize, first: usize| {
        let (line, changed) = lines.get(at)?.clone();
        Some(Shown {
            number: first + at,
            line,
            changed,
        })
    };
    let ours_at = |at: usize| shown(&our_lines, at, region.ours.start);
    let theirs_at = |at: usize| shown(&their_lines, at, region.theirs.start);
    let mut rows = Vec::new();
    for op in across.ops() {
        let (left, right) = (op.old_range(), op.new_range());
        for step in 0..left.len().max(right.len()) {
            let within = |range: &Range<usize>| (step < range.len()).then(|| range.start + step);
            rows.push(Row {
                ours: within(&left).and_then(ours_at),
                theirs: within(&right).and_then(theirs_at),
                same: op.tag() == DiffTag::Equal,
            });
        }
    }
    rows
}

/// A diff for showing: of texts that have nothing in common an approximate one is as good, and does not take minutes.
pub(super) fn diff<'t>(old: &[&'t str], new: &[&'t str]) -> TextDiff<'t, 't, str> {
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_slices(old, new)
}

/// The lines of a side, and which of them it changed since base.
fn since(base: &[&str], side: &[&str], returns: bool) -> Vec<(Line, bool)> {
    let diff = diff(base, side);
    let mut lines = Vec::new();
    for op in diff.ops() {
        changes(&diff, op, ChangeTag::Insert, returns, &mut lines);
    }
    lines
}

/// The lines of the new (`Insert`) or the old (`Delete`) side of one step of a diff.
pub(super) fn changes(
    diff: &TextDiff<'_, '_, str>,
    op: &DiffOp,
    side: ChangeTag,
    returns: bool,
    lines: &mut Vec<(Line, bool)>,
) {
    for change in diff.iter_inline_changes(op) {
        if change.tag() == side || change.tag() == ChangeTag::Equal {
            let parts: Vec<(bool, &str)> = change
                .values()
                .iter()
                .map(|(changed, part)| (*changed, *part))
                .collect();
            lines.push((Line::new(&parts, returns), change.tag() == side));
        }
    }
}
