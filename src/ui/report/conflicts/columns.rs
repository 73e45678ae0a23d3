//! A region in two columns: each side's lines beside the other's, and across both what base had.

use std::ops::Range;

use anstyle::Style;

use super::super::lines;
use super::compared::{Shown, Text, Texts, rows};
use super::hunks::{Cell, INDENT, Place, cells, digits};
use super::line::Line;
use crate::ui::style::{BAD, DIM, GOOD, PLAIN, STRONG, paint};

/// Between two columns, and how wide that is.
const SEAM: (&str, usize) = (" │ ", 3);

pub(super) fn side_by_side(
    texts: &Texts,
    place: &Place<'_>,
    names: [&str; 2],
    width: usize,
) -> String {
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
    if !region.base.is_empty() {
        let base = columns.base(texts, region.base.clone());
        text.push_str(&base);
    }
    for row in rows(texts, region) {
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
