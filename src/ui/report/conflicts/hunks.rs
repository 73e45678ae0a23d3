//! The lines of a conflict: both sides in two columns, or as a diff from the one to the other, and above them what base had.

use std::ops::Range;

use anstyle::Style;
use similar::{ChangeTag, TextDiff};

use super::super::lines;
use super::compared::{Row, Shown, Text, Texts, changes, rows};
use super::line::Line;
use crate::domain::merge::Region;
use crate::ui::style::{BAD, DIM, GOOD, PLAIN, STRONG, paint};

/// So many lines around a region are shown.
const CONTEXT: usize = 3;
/// The indentation of everything here.
const INDENT: usize = 2;
/// Between two columns, and how wide that is.
const SEAM: (&str, usize) = (" │ ", 3);

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
struct Place<'r> {
    region: &'r Region,
    base: Range<usize>,
    /// So many lines above and below are shown; neighbours share what lies between them.
    before: usize,
    after: usize,
}

/// All regions of a conflict.
pub(super) fn regions(
    texts: &Texts,
    regions: &[Region],
    base: &[Range<usize>],
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
            base: base.get(index).cloned().unwrap_or(0..0),
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
    let diff = TextDiff::from_slices(&old, &new);
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
struct Cell {
    number: Option<usize>,
    sign: char,
    line: Line,
}

fn cells(number: Option<usize>, sign: char, line: &Line, width: usize) -> Vec<Cell> {
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
    fn painted(&self, digits: usize, style: Style) -> String {
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

    fn width(&self, digits: usize) -> usize {
        match self.line.width() {
            0 if self.sign == ' ' => digits,
            0 => digits + 2,
            width => digits + 3 + width,
        }
    }
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

fn one_below_the_other(
    texts: &Texts,
    place: &Place<'_>,
    names: [&str; 2],
    width: Option<usize>,
) -> String {
    let region = place.region;
    let mut text = format!(
        "  {}\n",
        paint(
            DIM,
            &format!(
                "lines {} in {} (-), {} in {} (+)",
                lines(&region.ours),
                names[0],
                lines(&region.theirs),
                names[1]
            )
        )
    );
    let highest = [&texts.base, &texts.ours, &texts.theirs].map(Text::len);
    let mut paper = Paper::new(highest.into_iter().max().unwrap_or(0), width);
    let above = region.ours.start - place.before..region.ours.start;
    around(&mut paper, &texts.ours, above, texts.returns);
    for (number, line) in place.base.clone().zip(texts.base.lines(place.base.clone())) {
        let line = Line::plain(line, texts.returns);
        paper.line(Some(number), '|', &line, DIM);
    }
    for run in rows(texts, region, place.base.clone()).chunk_by(|a, b| a.same == b.same) {
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

fn side_by_side(texts: &Texts, place: &Place<'_>, names: [&str; 2], width: usize) -> String {
    let columns = Columns::new(texts, width);
    let region = place.region;
    let mut text = columns.row(
        &(
            format!("{}  lines {}", names[0], lines(&region.ours)),
            STRONG,
        ),
        &(
            format!("{}  lines {}", names[1], lines(&region.theirs)),
            STRONG,
        ),
    );
    let around = |before: bool| {
        let range = |lines: &Range<usize>| match before {
            true => lines.start - place.before..lines.start,
            false => lines.end..lines.end + place.after,
        };
        let side = |text: &Text, range: Range<usize>| -> Vec<Cell> {
            let lines = range.clone().zip(text.lines(range));
            lines
                .flat_map(|(number, line)| {
                    let line = Line::plain(line, texts.returns);
                    cells(Some(number), ' ', &line, columns.text)
                })
                .collect()
        };
        let ours = side(&texts.ours, range(&region.ours));
        let theirs = side(&texts.theirs, range(&region.theirs));
        columns.both(&ours, DIM, &theirs, DIM)
    };
    text.push_str(&around(true));
    if !place.base.is_empty() {
        let base = columns.base(texts, place.base.clone());
        text.push_str(&base);
    }
    for row in rows(texts, region, place.base.clone()) {
        let side = |shown: Option<&Shown>, sign: char, style: Style| match shown {
            None => (Vec::new(), style),
            Some(shown) => {
                let (sign, style) = match shown.changed {
                    true => (sign, style),
                    false => (' ', PLAIN),
                };
                let cells = cells(Some(shown.number), sign, &shown.line, columns.text);
                (cells, style)
            }
        };
        let (ours, our_style) = side(row.ours.as_ref(), '<', BAD);
        let (theirs, their_style) = side(row.theirs.as_ref(), '>', GOOD);
        text.push_str(&columns.both(&ours, our_style, &theirs, their_style));
    }
    text.push_str(&around(false));
    text
}

/// Two columns.
struct Columns {
    digits: usize,
    /// Of one column.
    width: usize,
    /// Of the text in it.
    text: usize,
}

impl Columns {
    fn new(texts: &Texts, width: usize) -> Self {
        let highest = [&texts.base, &texts.ours, &texts.theirs].map(Text::len);
        let digits = digits(highest.into_iter().max().unwrap_or(0));
        // A terminal that gets a character in its last column may wrap.
        let column = (width.saturating_sub(INDENT + SEAM.1 + 1) / 2).max(digits + 8);
        Columns {
            digits,
            width: column,
            text: column - digits - 3,
        }
    }

    fn both(&self, ours: &[Cell], our_style: Style, theirs: &[Cell], their_style: Style) -> String {
        let mut text = String::new();
        for row in 0..ours.len().max(theirs.len()) {
            let mut line = " ".repeat(INDENT);
            let mut used = 0;
            if let Some(cell) = ours.get(row) {
                line.push_str(&cell.painted(self.digits, our_style));
                used = cell.width(self.digits);
            }
            line.push_str(&" ".repeat(self.width.saturating_sub(used)));
            line.push_str(&paint(DIM, SEAM.0.trim_end()));
            if let Some(cell) = theirs.get(row) {
                line.push(' ');
                line.push_str(&cell.painted(self.digits, their_style));
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// One line in each column.
    fn row(&self, ours: &(String, Style), theirs: &(String, Style)) -> String {
        let cut = |text: &str| {
            let rows = Line::plain(&format!("{text}\n"), false).rows(self.width);
            rows.into_iter().next().unwrap_or_default()
        };
        let (left, right) = (cut(&ours.0), cut(&theirs.0));
        format!(
            "{}{}{}{}{}\n",
            " ".repeat(INDENT),
            left.painted(ours.1),
            " ".repeat(self.width.saturating_sub(left.width())),
            paint(DIM, SEAM.0),
            right.painted(theirs.1)
        )
    }

    /// What base had, across both columns.
    fn base(&self, texts: &Texts, range: Range<usize>) -> String {
        let mut text = String::new();
        let width = self.width * 2 + SEAM.1 - self.digits - 3;
        for (number, line) in range.clone().zip(texts.base.lines(range)) {
            let line = Line::plain(line, texts.returns);
            for cell in cells(Some(number), '|', &line, width) {
                text.push_str(&" ".repeat(INDENT));
                text.push_str(&cell.painted(self.digits, DIM));
                text.push('\n');
            }
        }
        text
    }
}
