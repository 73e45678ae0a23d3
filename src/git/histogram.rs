//! Git's histogram diff of lines, hunk for hunk: what git's merge compares the two sides of a file with.
//!
//! Where lines repeat there are many shortest diffs, and which of them a merge sees decides whether hunks touch. So this
//! follows the choices of git's own implementation (xdiff's histogram, as merges use it: nothing is cut off at the ends
//! first), which general diff libraries do not. The longest run of common lines around the rarest common line splits both
//! files, and so on in both parts; then each hunk is moved down as far as it goes, or to where a hunk of the other file is.

use foldhash::HashMap;

use crate::domain::merge::Edit;

/// Where every common line is more frequent than this, git changes to another algorithm.
const MOST_FREQUENT: u32 = 64;

/// The hunks from `before` to `after`; `None` where git would not use its histogram either.
pub(super) fn hunks(before: &[u8], after: &[u8]) -> Option<Vec<Edit>> {
    let mut numbers = HashMap::default();
    let before = lines(before, &mut numbers);
    let after = lines(after, &mut numbers);
    let mut diff = Diff {
        index: Index::new(numbers.len(), before.len()),
        old: File::new(before),
        new: File::new(after),
    };
    let (old, new) = (diff.old.lines.len(), diff.new.lines.len());
    diff.split(0..old, 0..new)?;
    let Diff {
        mut old, mut new, ..
    } = diff;
    compact(&mut old, &new);
    compact(&mut new, &old);
    Some(script(&old, &new))
}

/// Equal lines, with their terminators, have equal numbers.
fn lines<'t>(text: &'t [u8], numbers: &mut HashMap<&'t [u8], u32>) -> Vec<u32> {
    text.split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            // There are fewer lines than bytes in a file of less than 4 GiB, and no larger ones get here.
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(line).or_insert(next)
        })
        .collect()
}

type Range = std::ops::Range<usize>;

/// One of the two files: its lines, and which of them the diff changes.
struct File {
    lines: Vec<u32>,
    changed: Vec<bool>,
}

impl File {
    fn new(lines: Vec<u32>) -> Self {
        File {
            changed: vec![false; lines.len()],
            lines,
        }
    }

    fn is_changed(&self, line: usize) -> bool {
        self.changed.get(line).copied().unwrap_or(false)
    }
}

struct Diff {
    old: File,
    new: File,
    index: Index,
}

/// Where each line is in a part of the old file.
struct Index {
    /// By number of line: its first place and how often it is there, if it was seen in this round.
    lines: Vec<Seen>,
    round: u32,
    /// The next place with the same line; the line's own where there is none.
    next: Vec<usize>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    round: u32,
    first: usize,
    count: u32,
}

impl Index {
    fn new(numbers: usize, places: usize) -> Self {
        Index {
            lines: vec![Seen::default(); numbers],
            round: 0,
            next: vec![0; places],
        }
    }

    fn fill(&mut self, lines: &[u32], part: &Range) {
        self.round += 1;
        for place in part.clone().rev() {
            let seen = &mut self.lines[lines[place] as usize];
            if seen.round == self.round {
                self.next[place] = seen.first;
                seen.first = place;
                seen.count += 1;
            } else {
                self.next[place] = place;
                *seen = Seen {
                    round: self.round,
                    first: place,
                    count: 1,
                };
            }
        }
    }

    fn get(&self, line: u32) -> Option<Seen> {
        Some(self.lines[line as usize]).filter(|seen| seen.round == self.round)
    }

    fn count(&self, line: u32) -> u32 {
        self.get(line).map_or(0, |seen| seen.count)
    }
}

/// A run of common lines: where it is in both files.
struct Common {
    old: Range,
    new: Range,
}

/// What a search for a common run came to.
enum Found {
    Run(Common),
    Nothing,
}

impl Diff {
    /// Marks what differs between the two parts.
    fn split(&mut self, mut old: Range, mut new: Range) -> Option<()> {
        loop {
            if old.is_empty() || new.is_empty() {
                self.old.changed[old].fill(true);
                self.new.changed[new].fill(true);
                return Some(());
            }
            match self.longest(&old, &new)? {
                Found::Nothing => {
                    self.old.changed[old].fill(true);
                    self.new.changed[new].fill(true);
                    return Some(());
                }
                Found::Run(common) => {
                    self.split(old.start..common.old.start, new.start..common.new.start)?;
                    old.start = common.old.end;
                    new.start = common.new.end;
                }
            }
        }
    }

    /// The run to split at; `None` where git would give up on histograms.
    fn longest(&mut self, old: &Range, new: &Range) -> Option<Found> {
        self.index.fill(&self.old.lines, old);
        let mut search = Search {
            diff: self,
            old,
            new,
            rarest: MOST_FREQUENT + 1,
            longest: 1,
            anything_common: false,
            best: None,
        };
        let mut at = new.start;
        while at < new.end {
            at = search.runs_through(at);
        }
        if search.anything_common && search.rarest > MOST_FREQUENT {
            return None;
        }
        Some(search.best.map_or(Found::Nothing, Found::Run))
    }
}

struct Search<'a> {
    diff: &'a Diff,
    old: &'a Range,
    new: &'a Range,
    /// How often the rarest line of the best run is in the old part.
    rarest: u32,
    /// The length of the best run; a first run of one line counts for its rarity only.
    longest: usize,
    anything_common: bool,
    best: Option<Common>,
}

impl Search<'_> {
    /// Looks at every run that goes through this line of the new part; the line to go on with.
    fn runs_through(&mut self, at: usize) -> usize {
        let mut next = at + 1;
        let Some(seen) = self.diff.index.get(self.diff.new.lines[at]) else {
            return next;
        };
        self.anything_common = true;
        if seen.count > self.rarest {
            return next;
        }
        let mut place = seen.first;
        loop {
            let after_place = self.diff.index.next[place];
            let (run, count) = self.grown(place, at, seen.count);
            next = next.max(run.new.end);
            let run_end = run.old.end;
            if self.longest < run.old.len() || count < self.rarest {
                self.rarest = count;
                self.longest = run.old.len();
                self.best = Some(run);
            }
            // The next place of this line that is not part of the same run.
            let (mut from, mut to) = (place, after_place);
            while to != from && to < run_end {
                (from, to) = (to, self.diff.index.next[to]);
            }
            if to == from {
                return next;
            }
            place = to;
        }
    }

    /// The run of equal lines around a pair of them, and how often its rarest line is in the old part.
    fn grown(&self, old: usize, new: usize, count: u32) -> (Common, u32) {
        let (a, b) = (&self.diff.old.lines, &self.diff.new.lines);
        let mut count = count;
        let (mut start, mut new_start) = (old, new);
        while self.old.start < start
            && self.new.start < new_start
            && a[start - 1] == b[new_start - 1]
        {
            (start, new_start) = (start - 1, new_start - 1);
            count = count.min(self.diff.index.count(a[start]));
        }
        let (mut end, mut new_end) = (old + 1, new + 1);
        while end < self.old.end && new_end < self.new.end && a[end] == b[new_end] {
            count = count.min(self.diff.index.count(a[end]));
            (end, new_end) = (end + 1, new_end + 1);
        }
        let run = Common {
            old: start..end,
            new: new_start..new_end,
        };
        (run, count)
    }
}

/// A run of changed lines, or the empty place between two unchanged ones.
#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn first(file: &File) -> Self {
        let mut group = Group { start: 0, end: 0 };
        group.reach_down(file);
        group
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }

    fn reach_down(&mut self, file: &File) {
        while file.is_changed(self.end) {
            self.end += 1;
        }
    }

    fn reach_up(&mut self, file: &File) {
        while self.start > 0 && file.is_changed(self.start - 1) {
            self.start -= 1;
        }
    }

    /// To the group after the next unchanged line, if there is one.
    fn next(&mut self, file: &File) -> bool {
        if self.end == file.lines.len() {
            return false;
        }
        self.start = self.end + 1;
        self.end = self.start;
        self.reach_down(file);
        true
    }

    fn previous(&mut self, file: &File) -> bool {
        if self.start == 0 {
            return false;
        }
        self.end = self.start - 1;
        self.start = self.end;
        self.reach_up(file);
        true
    }

    fn slide_up(&mut self, file: &mut File) -> bool {
        if self.start == 0 || file.lines[self.start - 1] != file.lines[self.end - 1] {
            return false;
        }
        self.start -= 1;
        self.end -= 1;
        file.changed[self.start] = true;
        file.changed[self.end] = false;
        self.reach_up(file);
        true
    }

    fn slide_down(&mut self, file: &mut File) -> bool {
        if self.end >= file.lines.len() || file.lines[self.start] != file.lines[self.end] {
            return false;
        }
        file.changed[self.start] = false;
        file.changed[self.end] = true;
        self.start += 1;
        self.end += 1;
        self.reach_down(file);
        true
    }
}

/// Moves every group of `file` down as far as it goes, joining those that meet; but back to the last place where a group of
/// `other` is, if it passed one.
fn compact(file: &mut File, other: &File) {
    let mut group = Group::first(file);
    let mut beside = Group::first(other);
    loop {
        if !group.is_empty() {
            let mut highest;
            let mut met;
            loop {
                let size = group.end - group.start;
                while group.slide_up(file) {
                    beside.previous(other);
                }
                highest = group.end;
                met = !beside.is_empty();
                while group.slide_down(file) {
                    beside.next(other);
                    met |= !beside.is_empty();
                }
                if group.end - group.start == size {
                    break;
                }
            }
            if group.end != highest && met {
                while beside.is_empty() && group.slide_up(file) {
                    beside.previous(other);
                }
            }
        }
        if !group.next(file) {
            return;
        }
        beside.next(other);
    }
}

/// The changed lines of both files as hunks.
fn script(old: &File, new: &File) -> Vec<Edit> {
    let mut hunks = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < old.lines.len() || b < new.lines.len() {
        let (from, to) = (a, b);
        while old.is_changed(a) {
            a += 1;
        }
        while new.is_changed(b) {
            b += 1;
        }
        if a > from || b > to {
            hunks.push(Edit {
                base: from..a,
                side: to..b,
            });
        } else {
            (a, b) = (a + 1, b + 1);
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let spread = |text: &str| text.chars().map(|c| format!("{c}\n")).collect::<String>();
        let Some(hunks) = hunks(spread(before).as_bytes(), spread(after).as_bytes()) else {
            return "not by histogram".to_owned();
        };
        let words: Vec<String> = hunks
            .iter()
            .map(|hunk| {
                format!(
                    "{}..{}>{}..{}",
                    hunk.base.start, hunk.base.end, hunk.side.start, hunk.side.end
                )
            })
            .collect();
        words.join(" ")
    }

    #[test]
    fn hunks_of_lines() {
        for (before, after, expected) in [
            ("", "", ""),
            ("abc", "abc", ""),
            ("", "ab", "0..0>0..2"),
            ("ab", "", "0..2>0..0"),
            ("abcd", "axcd", "1..2>1..2"),
            ("abcd", "abxxcd", "2..2>2..4"),
            // An insertion among equal lines is at their end.
            ("aab", "aaab", "2..2>2..3"),
            // The first of the longest runs leads, not the ends that both have in common.
            ("}x}x}xc}x}", "}n}x}xr}x}", "1..1>1..3 4..7>6..7"),
            ("cccc", "cabccc", "0..1>0..3"),
        ] {
            assert_eq!(shown(before, after), expected, "{before} > {after}");
        }
    }

    #[test]
    fn where_every_line_is_frequent_git_uses_something_else() {
        let before = "a".repeat(70);
        assert_eq!(shown(&before, &format!("x{before}")), "not by histogram");
        assert_eq!(shown(&"a".repeat(60), &"a".repeat(61)), "60..60>60..61");
    }
}
