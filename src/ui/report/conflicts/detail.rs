//! One pair's conflicts one by one: whose they are, who touched the file and when, why git does not merge it, and the lines.

use crate::domain::merge::{Conflict, Pair};
use crate::domain::path::RepoPath;
use crate::domain::time::ago;
use crate::git::Version;
use crate::ops::conflicts::Report;
use crate::ops::details::{Detail, Touches};
use crate::ui::style::{DIM, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

use super::super::{show, types};
use super::compared::{Text, Texts};
use super::hunks::{self, Layout};
use super::{owner, why};

/// So many commits of a side are listed; the rest are counted.
const COMMITS: usize = 5;
/// So much of a subject is shown.
const SUBJECT: usize = 60;

/// Every conflict of the pair.
pub(super) fn details(report: &Report, pair: &Pair, layout: Layout) -> String {
    report
        .details
        .iter()
        .filter(|detail| detail.is_of(pair))
        .filter_map(|detail| {
            let conflict = pair
                .verdict
                .conflicts()
                .iter()
                .find(|conflict| detail.paths.contains(&conflict.path))?;
            Some(one(report, pair, conflict, detail, layout))
        })
        .collect()
}

fn one(
    report: &Report,
    pair: &Pair,
    conflict: &Conflict,
    detail: &Detail,
    layout: Layout,
) -> String {
    let (a, b) = (tame(&pair.a.to_string()), tame(&pair.b.to_string()));
    let paths: Vec<String> = detail.paths.iter().map(show).collect();
    let mut text = format!(
        "\n{}  {}\n",
        paint(STRONG, &paths.join(", ")),
        types(conflict)
    );
    let names = detail.names();
    if let Some(people) = people(report, pair, &detail.paths, &names) {
        text.push_str(&format!("  {}\n", paint(DIM, &people)));
    }
    text.push_str(&history(report, pair, &names));
    for sentence in why::sentences(conflict, detail, &a, &b) {
        text.push_str(&format!("  {sentence}\n"));
    }
    text.push_str(&the_lines(conflict, detail, [&a, &b], layout));
    text
}

/// Who else has to do with the file.
fn people(report: &Report, pair: &Pair, paths: &[RepoPath], names: &[RepoPath]) -> Option<String> {
    let owner = paths.iter().find_map(|path| owner(report, path));
    let others: Vec<&str> = report
        .touched
        .others(pair, names)
        .into_iter()
        .map(crate::domain::name::TrackId::as_str)
        .collect();
    let others = match others.as_slice() {
        [] => None,
        [one] => Some(format!("{one} touches it too")),
        [some @ .., last] => Some(format!("{} and {last} touch it too", some.join(", "))),
    };
    let parts: Vec<String> = owner
        .map(|owner| format!("owner {owner}"))
        .into_iter()
        .chain(others)
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The commits of both sides that touched the file.
fn history(report: &Report, pair: &Pair, names: &[RepoPath]) -> String {
    let mut table = Table::default();
    for (side, other) in [(&pair.a, &pair.b), (&pair.b, &pair.a)] {
        let Some(touches) = report.touched.of(side, other, names) else {
            continue;
        };
        commits(&mut table, report, &side.to_string(), &touches);
    }
    table.render(2)
}

fn commits(table: &mut Table, report: &Report, side: &str, touches: &Touches) {
    if touches.uncommitted {
        table.row(vec![
            cell(side),
            styled(WARN, "uncommitted"),
            cell(""),
            cell(""),
            cell(""),
        ]);
    }
    for touch in touches.commits.iter().take(COMMITS) {
        let mut subject: String = touch.subject.chars().take(SUBJECT).collect();
        if subject.len() < touch.subject.len() {
            subject.push('…');
        }
        table.row(vec![
            cell(side),
            styled(DIM, touch.commit.short()),
            cell(subject),
            styled(DIM, touch.author.clone()),
            styled(DIM, ago(report.now.since(touch.committed))),
        ]);
    }
    let more = touches.commits.len().saturating_sub(COMMITS);
    if more > 0 {
        table.row(vec![cell(side), styled(DIM, format!("and {more} more"))]);
    }
}

fn the_lines(conflict: &Conflict, detail: &Detail, names: [&str; 2], layout: Layout) -> String {
    let text = |version: &Option<Version>| {
        let content = version.as_ref().map(|version| version.content.text());
        content.unwrap_or(Some(b"")).map(<[u8]>::to_vec)
    };
    let [Some(base), Some(ours), Some(theirs)] = detail.versions.each_ref().map(text) else {
        return String::new();
    };
    let texts = Texts::new(&base, &ours, &theirs);
    if !conflict.regions.is_empty() {
        return hunks::regions(&texts, &conflict.regions, names, layout);
    }
    let changed: &Text = match &detail.versions {
        [Some(_), Some(_), None] => &texts.ours,
        [Some(_), None, Some(_)] => &texts.theirs,
        _ => return String::new(),
    };
    let diff = hunks::change(&texts.base, changed, texts.returns, layout.width());
    if diff.is_empty() {
        diff
    } else {
        format!("\n{diff}")
    }
}
