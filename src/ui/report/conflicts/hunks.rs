//! The lines of a conflict: both sides in two columns, or as a diff from the one to the other, and above them what base had.

use std::ops::Range;

use anstyle::Style;
use similar::ChangeTag;

use super::super::lines;
use super::columns::side_by_side;
use super::compared::{Row, Shown, Text, Texts, changes, diff, rows};
use super::line::Line;
use crate::domain::merge::Region;
use crate::ui::style::{BAD, DIM, GOOD, PLAIN, paint};

/// So many lines around a region are shown.
const CONTEXT: usize = 3;
/// The indentation of everything here.
pub(super) const INDENT: usize = 2;

/// How lines are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Both sides side by side, in so many columns of the terminal.
    SideBySide(usize),
    /// One below the other; `None`: lines are as long as they are.
    Diff(Option<usize>),
}

/// Narrower terminals have no room for two versions of code side by side.
const SIDE_BY_SIDE_FROM: usize = 110;

impl Layout {
    /// Of the terminal, where lines have to fit into one.
    pub(super) fn width(self) -> Option<usize> {
        match self {
            Layout::SideBySide(width) => Some(width),
            Layout::Diff(width) => width,
        }
    }

    /// What suits a terminal of this width; `None`: it is no terminal.
    pub fn fitting(width: Option<usize>) -> Self {
        match width {
            Some(width) if width >= SIDE_BY_SIDE_FROM => Layout::SideBySide(width),
            width => Layout::Diff(width),
        }
    }
}

/// A region with what is known of its surroundings.
pub(super) struct Place<'r> {
    pub(super) region: &'r Region,
    /// So many lines above and below are shown; neighbours share what lies between them.
    pub(super) before: usize,
    pub(super) after: usize,
}

/// All regions of a conflict.
pub(super) fn regions(
    texts: &Texts,
    regions: &[Region],
    names: [&str; 2],
    layout: Layout,
) -> String {
    let mut text = String::new();
    for (index, region) in regions.iter().enumerate() {
        let gap = |one: &Region, next: &Region| {
            let ours = next.ours.start.saturating_sub(one.ours.end);
            ours.min(next.theirs.start.saturating_sub(one.theirs.end))
        };
        let above = match index {
            0 => region.ours.start.min(region.theirs.start),
            _ => gap(&regions[index - 1], region).saturating_sub(CONTEXT),
        };
        let below = regions.get(index + 1).map(|next| gap(region, next));
        let place = Place {
            region,
            before: CONTEXT.min(above),
            after: CONTEXT.min(below.unwrap_or(CONTEXT)),
        };
        text.push('\n');
        text.push_str(&match layout {
            Layout::SideBySide(width) => side_by_side(texts, &place, names, width),
            Layout::Diff(width) => one_below_the_other(texts, &place, names, width),
        });
    }
    text
}

/// What one side made of base: the diff of a file that the other side deleted.
pub(super) fn change(base: &Text, side: &Text, returns: bool, width: Option<usize>) -> String {
    let (old, new) = (base.lines(0..base.len()), side.lines(0..side.len()));
    let diff = diff(&old, &new);
    let mut paper = Paper::new(base.len().max(side.len()), width);
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            paper.text.push_str(&paint(DIM, "  ⋮\n"));
        }
        for op in group {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            changes(&diff, op, ChangeTag::Delete, returns, &mut before);
            changes(&diff, op, ChangeTag::Insert, returns, &mut after);
            let old = before.into_iter().zip(op.old_range());
            // What is unchanged comes with the new lines.
            for ((line, _), number) in old.filter(|((_, changed), _)| *changed) {
                paper.line(Some(number), '-', &line, BAD);
            }
            for ((line, changed), number) in after.into_iter().zip(op.new_range()) {
                let (sign, style) = if changed { ('+', GOOD) } else { (' ', DIM) };
                paper.line(Some(number), sign, &line, style);
            }
        }
    }
    paper.text
}

/// Where lines are put one below the other.
struct Paper {
    text: String,
    digits: usize,
    width: usize,
}

impl Paper {
    fn new(highest: usize, width: Option<usize>) -> Self {
        let digits = digits(highest);
        let gutter = INDENT + digits + 3;
        Paper {
            text: String::new(),
            digits,
            width: width.map_or(usize::MAX, |width| width.saturating_sub(gutter)),
        }
    }

    /// The number is from 0, and shown from 1.
    fn line(&mut self, number: Option<usize>, sign: char, line: &Line, style: Style) {
        for cell in cells(number, sign, line, self.width) {
            self.text.push_str(&" ".repeat(INDENT));
            self.text.push_str(&cell.painted(self.digits, style));
            self.text.push('\n');
        }
    }
}

/// One row of one side.
pub(super) struct Cell {
    number: Option<usize>,
    sign: char,
    line: Line,
}

pub(super) fn cells(number: Option<usize>, sign: char, line: &Line, width: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = line
        .rows(width)
        .into_iter()
        .enumerate()
        .map(|(row, line)| Cell {
            number: number.filter(|_| row == 0),
            sign,
            line,
        })
        .collect();
    if line.unended {
        cells.push(Cell {
            number: None,
            sign: '\\',
            line: Line::plain("no newline at the end\n", false),
        });
    }
    cells
}

impl Cell {
    pub(super) fn painted(&self, digits: usize, style: Style) -> String {
        let number = match self.number {
            Some(number) => format!("{:>digits$}", number + 1),
            None => " ".repeat(digits),
        };
        let style = if self.sign == '\\' { DIM } else { style };
        let line = self.line.painted(style);
        let sign = paint(style, &self.sign.to_string());
        let text = format!("{} {sign} {line}", paint(DIM, &number));
        // What is empty needs no blanks behind it.
        match self.line.width() {
            0 if self.sign == ' ' => paint(DIM, &number),
            0 => format!("{} {sign}", paint(DIM, &number)),
            _ => text,
        }
    }

    pub(super) fn width(&self, digits: usize) -> usize {
        match self.line.width() {
            0 if self.sign == ' ' => digits,
            0 => digits + 2,
            width => digits + 3 + width,
        }
    }
}

pub(super) fn digits(number: usize) -> usize {
    number.to_string().len()
}

fn one_below_the_other(
    texts: &Texts,
    place: &Place<'_>,
    names: [&str; 2],
    width: Option<usize>,
) -> String {
    let region = place.region;
    let mut head = format!(
        "lines {} in {} (-), {} in {} (+)",
        lines(&region.ours),
        names[0],
        lines(&region.theirs),
        names[1]
    );
    if !region.base.is_empty() {
        head.push_str(&format!(", {} before either (|)", lines(&region.base)));
    }
    let mut text = format!("  {}\n", paint(DIM, &head));
    let highest = [&texts.base, &texts.ours, &texts.theirs].map(Text::len);
    let mut paper = Paper::new(highest.into_iter().max().unwrap_or(0), width);
    let above = region.ours.start - place.before..region.ours.start;
    around(&mut paper, &texts.ours, above, texts.returns);
    for (number, line) in region
        .base
        .clone()
        .zip(texts.base.lines(region.base.clone()))
    {
        let line = Line::plain(line, texts.returns);
        paper.line(Some(number), '|', &line, DIM);
    }
    for run in rows(texts, region).chunk_by(|a, b| a.same == b.same) {
        put_run(&mut paper, run);
    }
    let below = region.ours.end..region.ours.end + place.after;
    around(&mut paper, &texts.ours, below, texts.returns);
    text.push_str(&paper.text);
    text
}

fn put_run(paper: &mut Paper, run: &[Row]) {
    let put = |paper: &mut Paper, shown: &Shown, sign: char, style: Style| {
        paper.line(Some(shown.number), sign, &shown.line, style);
    };
    if run.first().is_some_and(|row| row.same) {
        for shown in run.iter().filter_map(|row| row.ours.as_ref()) {
            put(paper, shown, ' ', PLAIN);
        }
        return;
    }
    for shown in run.iter().filter_map(|row| row.ours.as_ref()) {
        put(paper, shown, '-', BAD);
    }
    for shown in run.iter().filter_map(|row| row.theirs.as_ref()) {
        put(paper, shown, '+', GOOD);
    }
}

fn around(paper: &mut Paper, side: &Text, range: Range<usize>, returns: bool) {
    for (number, line) in range.clone().zip(side.lines(range)) {
        paper.line(Some(number), ' ', &Line::plain(line, returns), DIM);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const BASE: &str = "fn price(amount: u32) -> u32 {\n\tlet tax = 19;\n    let total = amount * tax;\n    total\n}\nlast\n";
    const OURS: &str = "fn price(amount: u32) -> u32 {\n\tlet tax = 7;\n    let total = amount * tax;\n    total\n}\nlast";
    const THEIRS: &str = "fn price(amount: u32) -> u32 {\n\tlet tax = 19;\n    let total = amount.saturating_mul(tax).max(1); // 日本 is where prices are never nothing\n    round(total)\n}\nthe last\r\n";

    fn shown(layout: Layout) -> String {
        let texts = Texts::new(BASE.as_bytes(), OURS.as_bytes(), THEIRS.as_bytes());
        let region = |range: Range<usize>| Region {
            base: range.clone(),
            ours: range.clone(),
            theirs: range,
            at_end: false,
        };
        let places = [1..4, 5..6];
        let all = places.map(region);
        let text = regions(&texts, &all, ["api", "ui"], layout);
        let plain = anstream::adapter::strip_str(&text).to_string();
        if let Some(width) = layout.width() {
            use unicode_width::UnicodeWidthStr as _;
            for line in plain
                .lines()
                .filter(|line| !line.contains(" lines ") && !line.starts_with("  lines"))
            {
                assert!(line.width() <= width, "{line}");
            }
        }
        plain
    }

    #[test]
    fn narrow_terminals_get_a_diff() {
        assert_eq!(Layout::fitting(None), Layout::Diff(None));
        assert_eq!(Layout::fitting(Some(109)), Layout::Diff(Some(109)));
        assert_eq!(Layout::fitting(Some(110)), Layout::SideBySide(110));
        assert_snapshot!(shown(Layout::Diff(Some(60))), @r"
        lines 2-4 in api (-), 2-4 in ui (+), 2-4 before either (|)
        1   fn price(amount: u32) -> u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 -     let tax = 7;
        3 -     let total = amount * tax;
        4 -     total
        2 +     let tax = 19;
        3 +     let total = amount.saturating_mul(tax).max(1); // 
          + 日本 is where prices are never nothing
        4 +     round(total)
        5   }

        lines 6 in api (-), 6 in ui (+), 6 before either (|)
        6 | last
        6 - last
          \ no newline at the end
        6 + the last␍
        ");
        assert_snapshot!(shown(Layout::Diff(Some(80))), @r"
        lines 2-4 in api (-), 2-4 in ui (+), 2-4 before either (|)
        1   fn price(amount: u32) -> u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 -     let tax = 7;
        3 -     let total = amount * tax;
        4 -     total
        2 +     let tax = 19;
        3 +     let total = amount.saturating_mul(tax).max(1); // 日本 is where prices
          +  are never nothing
        4 +     round(total)
        5   }

        lines 6 in api (-), 6 in ui (+), 6 before either (|)
        6 | last
        6 - last
          \ no newline at the end
        6 + the last␍
        ");
        assert_snapshot!(shown(Layout::Diff(None)), @r"
        lines 2-4 in api (-), 2-4 in ui (+), 2-4 before either (|)
        1   fn price(amount: u32) -> u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 -     let tax = 7;
        3 -     let total = amount * tax;
        4 -     total
        2 +     let tax = 19;
        3 +     let total = amount.saturating_mul(tax).max(1); // 日本 is where prices are never nothing
        4 +     round(total)
        5   }

        lines 6 in api (-), 6 in ui (+), 6 before either (|)
        6 | last
        6 - last
          \ no newline at the end
        6 + the last␍
        ");
    }

    #[test]
    fn wide_ones_get_two_columns() {
        assert_snapshot!(shown(Layout::SideBySide(60)), @r"
        api  lines 2-4              │ ui  lines 2-4
        1   fn price(amount: u32) - │ 1   fn price(amount: u32) -
            > u32 {                 │     > u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 <     let tax = 7;        │ 2       let tax = 19;
        3       let total = amount  │ 3 >     let total = amount.
            * tax;                  │   > saturating_mul(tax).max
                                    │   > (1); // 日本 is where p
                                    │   > rices are never nothing
        4       total               │ 4 >     round(total)
        5   }                       │ 5   }

        api  lines 6                │ ui  lines 6
        6 | last
        6 < last                    │ 6 > the last␍
          \ no newline at the end   │
        ");
        assert_snapshot!(shown(Layout::SideBySide(110)), @r"
        api  lines 2-4                                       │ ui  lines 2-4
        1   fn price(amount: u32) -> u32 {                   │ 1   fn price(amount: u32) -> u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 <     let tax = 7;                                 │ 2       let tax = 19;
        3       let total = amount * tax;                    │ 3 >     let total = amount.saturating_mul(tax).max(1
                                                             │   > ); // 日本 is where prices are never nothing
        4       total                                        │ 4 >     round(total)
        5   }                                                │ 5   }

        api  lines 6                                         │ ui  lines 6
        6 | last
        6 < last                                             │ 6 > the last␍
          \ no newline at the end                            │
        ");
        assert_snapshot!(shown(Layout::SideBySide(160)), @r"
        api  lines 2-4                                                                │ ui  lines 2-4
        1   fn price(amount: u32) -> u32 {                                            │ 1   fn price(amount: u32) -> u32 {
        2 |     let tax = 19;
        3 |     let total = amount * tax;
        4 |     total
        2 <     let tax = 7;                                                          │ 2       let tax = 19;
        3       let total = amount * tax;                                             │ 3 >     let total = amount.saturating_mul(tax).max(1); // 日本 is where price
                                                                                      │   > s are never nothing
        4       total                                                                 │ 4 >     round(total)
        5   }                                                                         │ 5   }

        api  lines 6                                                                  │ ui  lines 6
        6 | last
        6 < last                                                                      │ 6 > the last␍
          \ no newline at the end                                                     │
        ");
    }

    #[test]
    fn each_side_is_marked_where_it_left_base() {
        let texts = Texts::new(b"a b\nc\n", b"a x\nc\n", b"a b\nd\n");
        let region = Region {
            base: 0..2,
            ours: 0..2,
            theirs: 0..2,
            at_end: true,
        };
        let rows = rows(&texts, &region);
        let changed = |side: fn(&Row) -> &Option<Shown>| -> Vec<bool> {
            let shown = rows.iter().filter_map(|row| side(row).as_ref());
            shown.map(|shown| shown.changed).collect()
        };
        assert_eq!(changed(|row| &row.ours), [true, false]);
        assert_eq!(changed(|row| &row.theirs), [false, true]);
    }

    #[test]
    fn a_deleted_file_shows_what_the_other_side_made_of_it() {
        let old: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let new = old
            .replace("line 2\n", "line two\n")
            .replace("line 19\n", "");
        let [old, new] = [old, new].map(|text| Text::new(text.as_bytes()));
        let diff = change(&old, &new, false, Some(80));
        let plain = anstream::adapter::strip_str(&diff).to_string();
        assert_snapshot!(plain, @"
         1   line 1
         2 - line 2
         2 + line two
         3   line 3
         4   line 4
         5   line 5
        ⋮
        16   line 16
        17   line 17
        18   line 18
        19 - line 19
        19   line 20
        ");
    }
}
