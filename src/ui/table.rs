//! Columns that line up.

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::style::{DIM, PLAIN, paint, tame};

/// One cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

pub(super) fn cell(text: impl Into<String>) -> Cell {
    styled(PLAIN, text)
}

pub(super) fn styled(style: Style, text: impl Into<String>) -> Cell {
    Cell {
        text: tame(&text.into()),
        style,
    }
}

/// Rows of equal length; columns that are empty throughout are left out.
#[derive(Debug, Default)]
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(head: &[&'static str]) -> Self {
        Table {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Each line starts with `indent` blanks.
    pub(super) fn render(&self, indent: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.text.width())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns)
            .map(|column| match width(column) {
                0 => 0,
                widest => widest.max(self.head.get(column).map_or(0, |head| head.width())),
            })
            .collect();
        let mut text = String::new();
        if !self.head.is_empty() {
            let head: Vec<Cell> = self.head.iter().map(|head| styled(DIM, *head)).collect();
            line(&mut text, &head, &widths, indent);
        }
        for row in &self.rows {
            line(&mut text, row, &widths, indent);
        }
        text
    }
}

fn line(text: &mut String, cells: &[Cell], widths: &[usize], indent: usize) {
    let mut line = " ".repeat(indent);
    let mut owed = 0;
    for (cell, width) in cells.iter().zip(widths).filter(|(_, width)| **width > 0) {
        line.push_str(&" ".repeat(owed));
        line.push_str(&paint(cell.style, &cell.text));
        owed = width.saturating_sub(cell.text.width()) + 2;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_go() {
        let mut table = Table::new(&["A", "EMPTY", "LONG HEAD"]);
        table.row(vec![cell("x"), cell(""), cell("1")]);
        table.row(vec![cell("日本"), cell(""), cell("")]);
        let plain = anstream::adapter::strip_str(&table.render(2)).to_string();
        assert_eq!(plain, "  A     LONG HEAD\n  x     1\n  日本\n");
    }
}
