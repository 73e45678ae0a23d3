//! The brief as Markdown: short, since whoever reads it pays for every line.

use super::super::who::policy_name;
use super::super::{names, show};
use super::{command, dependency};
use crate::domain::contract::Behind;
use crate::domain::hook::Judge;
use crate::domain::name::TrackId;
use crate::domain::path::Pattern;
use crate::domain::project::{Contract, Severity, Unowned};
use crate::ops::brief::{NextMigration, Report, meaning};
use crate::ui::style::tame;

/// So many lines of one kind are shown; the document for programs has all.
const MOST: usize = 8;

pub fn text(report: &Report) -> String {
    let mut page = Page(String::new());
    head(&mut page, report);
    yours(&mut page, report);
    not_yours(&mut page, report);
    contracts(&mut page, report);
    checks(&mut page, report);
    commits(&mut page, report);
    open(&mut page, report);
    ways(&mut page, report);
    page.0
}

struct Page(String);

impl Page {
    fn section(&mut self, title: &str, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        self.0.push_str(&format!("\n## {title}\n"));
        for line in lines {
            self.0.push_str(&format!("- {line}\n"));
        }
    }
}

fn head(page: &mut Page, report: &Report) {
    let (track, row) = (&report.track, &report.row);
    let title = match &track.title {
        Some(title) => format!("{}: {}", track.id, tame(title)),
        None => track.id.to_string(),
    };
    let mut lines = vec![format!("# Track {title}"), String::new()];
    let place = match &row.worktree {
        Some(dir) => format!("worktree {}", code(&dir.to_string_lossy())),
        None if report.may_have_worktree => "no worktree (`tracks init` makes it)".to_owned(),
        None => "no worktree".to_owned(),
    };
    let stand = match (row.landed, row.ahead, row.behind) {
        (true, _, _) => ", has landed".to_owned(),
        (_, Some(ahead), Some(behind)) => format!(", {ahead} ahead, {behind} behind"),
        _ => String::new(),
    };
    lines.push(format!(
        "Branch {}, {place}; base {}{stand}; state {}.",
        code(track.branch.as_str()),
        code(&report.base.name),
        row.declared.as_str()
    ));
    let said = [
        ("Agent", &track.agent),
        ("Contact", &track.contact),
        ("Due", &track.due),
        ("Timeline", &track.timeline),
    ];
    let said = said
        .iter()
        .filter_map(|(what, said)| Some(format!("{what} {}.", tame(said.as_deref()?))));
    let said: Vec<String> = said.collect();
    if !said.is_empty() {
        lines.push(said.join(" "));
    }
    for (what, list) in [
        ("Responsibilities", &track.responsibilities),
        ("Milestones", &track.milestones),
        ("Reviewers", &track.reviewers),
    ] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(|one| tame(one)).collect();
            lines.push(format!("{what}: {}.", list.join("; ")));
        }
    }
    page.0.push_str(&lines.join("\n"));
    page.0.push('\n');
}

fn yours(page: &mut Page, report: &Report) {
    let track = &report.track;
    let mut lines = Vec::new();
    match track.owns.as_slice() {
        [] if report.is_owned => lines.push("no path of its own".to_owned()),
        [] => lines.push("nothing in tracks.toml says who owns what".to_owned()),
        owns => lines.push(patterns(owns)),
    }
    for (what, list) in [("tables", &track.tables), ("objects", &track.objects)] {
        if !list.is_empty() {
            lines.push(format!("{what} {}", codes(list)));
        }
    }
    if let Some(migrations) = &report.migrations {
        lines.push(migration(migrations));
    }
    page.section("Yours to change", lines);
    let lines = report.deliverables.iter().map(|delivery| {
        let mark = if delivery.is_complete() { 'x' } else { ' ' };
        let lacks = match delivery.missing_sections.as_slice() {
            [] => String::new(),
            sections => format!(": lacks {}", codes(sections)),
        };
        format!("[{mark}] {}{lacks}", code(&delivery.path))
    });
    page.section("Deliver", lines.collect());
}

fn migration(migrations: &NextMigration) -> String {
    let mut text = format!("migrations {}", codes(&migrations.paths));
    if !migrations.names.is_empty() {
        text.push_str(&format!(", called {}", codes(&migrations.names)));
    }
    text.push_str("; make each with `tracks new migration \"what it does\"`, which gives a version that nobody else has");
    match &migrations.next {
        Ok(files) => {
            let files: Vec<String> = files.iter().map(|path| code(&path.lossy())).collect();
            text.push_str(&format!(" (now {})", files.join(" and ")));
        }
        Err(why) => text.push_str(&format!(" ({})", tame(why))),
    }
    text
}

fn not_yours(page: &mut Page, report: &Report) {
    let mut lines = Vec::new();
    let owned = |(track, owns): &(TrackId, Vec<String>)| format!("{track} {}", codes(owns));
    let so = match report.change_of_others {
        Severity::Error => "is refused",
        Severity::Warning => "is warned of",
        Severity::Info | Severity::Off => "is better left to it",
    };
    match report.owners.len() {
        0 => {}
        1..=MOST => {
            let owners: Vec<String> = report.owners.iter().map(owned).collect();
            lines.push(format!(
                "what another track owns {so} (OWN01): {}",
                owners.join("; ")
            ));
        }
        all => {
            lines.push(format!(
                "what one of {all} other tracks owns {so} (OWN01): `tracks who PATH` tells whose"
            ));
            let neighbours: Vec<String> = report.neighbours.iter().take(MOST).map(owned).collect();
            if !neighbours.is_empty() {
                let more = match report.neighbours.len().checked_sub(MOST) {
                    Some(more @ 1..) => format!("; and of {more} more tracks"),
                    _ => String::new(),
                };
                lines.push(format!("next to yours: {}{more}", neighbours.join("; ")));
            }
        }
    }
    if !report.ownership.frozen.is_empty() {
        let frozen = patterns(&report.ownership.frozen);
        lines.push(format!("frozen, for nobody to change: {frozen}"));
    }
    if report.is_owned {
        lines.push(
            match report.ownership.unowned {
                Unowned::Allow => "what nobody owns is free to change",
                Unowned::Warn => "what nobody owns: a warning; better have it given to you",
                Unowned::Deny => "what nobody owns is refused",
                Unowned::Claim => "what nobody owns is the track's that lands it first",
            }
            .to_owned(),
        );
    }
    lines
        .push("tracks.toml, CODEOWNERS and the settings of hooks: changed on base only".to_owned());
    page.section("Not yours", lines);
    let shared = report.shared.iter().take(MOST).map(|shared| {
        let owner = match &shared.owner {
            Some(owner) if *owner == report.track.id => " (you answer for it)".to_owned(),
            Some(owner) => format!(" ({owner} answers for it)"),
            None => String::new(),
        };
        format!(
            "{}{owner}: {}: {}",
            code(shared.pattern.as_str()),
            policy_name(shared.policy),
            meaning(shared.policy)
        )
    });
    let mut lines: Vec<String> = shared.collect();
    if let Some(more @ 1..) = report.shared.len().checked_sub(MOST) {
        lines.push(format!("and {more} more patterns in tracks.toml"));
    }
    page.section("Shared", lines);
}

fn contracts(page: &mut Page, report: &Report) {
    let mut lines = Vec::new();
    for contract in &report.provides {
        let consumers = match contract.consumers.as_slice() {
            [] => "nobody".to_owned(),
            consumers => names(consumers).join(", "),
        };
        lines.push(format!(
            "you provide {}, consumed by {consumers}: a change that breaks them is refused or told",
            contract_text(contract)
        ));
    }
    for (contract, behind) in &report.consumes {
        let owner = contract.owner.as_ref().map(TrackId::as_str);
        let stand = match behind.as_slice() {
            [] => "you have all of it".to_owned(),
            behind => behind
                .iter()
                .map(|it| missed(it, report))
                .collect::<Vec<_>>()
                .join("; "),
        };
        lines.push(format!(
            "you consume {} of {}: {stand}",
            contract_text(contract),
            owner.unwrap_or("nobody")
        ));
    }
    if !report.track.depends_on.is_empty() {
        let on: Vec<String> = report.track.depends_on.iter().map(dependency).collect();
        lines.push(format!("you are built on {}", codes(&on)));
    }
    if !report.needed_by.is_empty() {
        lines.push(format!(
            "built on you: {}",
            names(&report.needed_by).join(", ")
        ));
    }
    page.section("Between tracks", lines);
}

fn contract_text(contract: &Contract) -> String {
    format!(
        "{} ({})",
        code(contract.name.as_str()),
        patterns(&contract.paths)
    )
}

fn missed(behind: &Behind, report: &Report) -> String {
    let files: Vec<String> = behind.files.iter().map(show).collect();
    let (files, track) = (codes(&files), &report.track.id);
    match &behind.coming_from {
        Some(owner) => format!("{owner} is changing {files}"),
        None => format!(
            "base has changed {files}: take it in with `tracks update {track}`, or `tracks ack {}`",
            behind.contract
        ),
    }
}

fn checks(page: &mut Page, report: &Report) {
    let known = &report.row.checks;
    let lines = report.checks.iter().map(|(check, approved)| {
        let name = check.name.to_string();
        let mut notes = Vec::new();
        if known.passed.contains(&name) {
            notes.push("passes");
        } else if known.failed.contains(&name) {
            notes.push("fails");
        }
        if check.allow_failure {
            notes.push("may fail");
        }
        if !approved {
            notes.push("not approved here: `tracks trust`");
        }
        let cwd = match check.cwd.as_str() {
            "." => String::new(),
            cwd => format!(" in {}", code(cwd)),
        };
        let notes = match notes.as_slice() {
            [] => String::new(),
            notes => format!(" ({})", notes.join(", ")),
        };
        format!("{name}: {}{cwd}{notes}", code(&command(&check.run)))
    });
    let title = format!("Checks: `tracks check {}`", report.track.id);
    page.section(&title, lines.collect());
}

fn commits(page: &mut Page, report: &Report) {
    let mut lines = Vec::new();
    if let Some(pattern) = &report.commit.pattern {
        lines.push(match pattern.as_str() {
            "conventional" => "subject: conventional, as `fix(scope): what`".to_owned(),
            pattern => format!("subject: matches {}", code(pattern)),
        });
    }
    if report.commit.trailer {
        let by = match report.adds_trailer {
            true => " (the prepare-commit-msg hook adds it)",
            false => "",
        };
        lines.push(format!("trailer `Track: {}`{by}", report.track.id));
    }
    let hooks: Vec<String> = (report.hooks.iter())
        .map(|(hook, judges)| {
            let judges: Vec<String> = judges.iter().map(judge).collect();
            format!("{hook} by {}", judges.join(", "))
        })
        .collect();
    if !hooks.is_empty() {
        lines.push(format!("hooks judge: {}", hooks.join("; ")));
    }
    page.section("Commits", lines);
}

fn judge(judge: &Judge) -> String {
    match judge {
        Judge::Rules(family) => family.name().to_owned(),
        Judge::Check(check) => format!("check {check}"),
    }
}

fn open(page: &mut Page, report: &Report) {
    let (row, track) = (&report.row, &report.track.id);
    let mut lines = Vec::new();
    if row.conflicts_with_base {
        lines.push(format!("conflicts with base: `tracks resolve {track}`"));
    }
    for other in &row.collisions {
        lines.push(format!(
            "conflicts with {other}: `tracks conflicts {track} {other}`"
        ));
    }
    lines.extend(row.broken.iter().map(|broken| tame(broken)));
    lines.extend(report.notes.iter().map(|note| tame(note)));
    page.section("Open now", lines);
}

fn ways(page: &mut Page, report: &Report) {
    let track = &report.track.id;
    let mut lines = vec![
        "before you write: `tracks who PATH`; for many, paths on stdin of `tracks validate --stdin-paths`".to_owned(),
    ];
    if report.is_owned {
        lines.push(format!(
            "to hand a path over: `tracks own PATH --track OTHER --from {track}`, then commit tracks.toml on base"
        ));
    }
    lines.push(format!(
        "to get base: `tracks update {track}`; never merge, or build on, {}: each round makes it anew",
        code(report.integration.as_str())
    ));
    lines.push(format!(
        "when done: `tracks validate {track}`, then `tracks mark {track} ready`"
    ));
    page.section("Ways", lines);
}

fn patterns(patterns: &[Pattern]) -> String {
    let texts: Vec<String> = patterns.iter().map(|it| it.as_str().to_owned()).collect();
    codes(&texts)
}

fn codes(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| code(text)).collect();
    texts.join(", ")
}

/// A span of code; one that has backticks in it has longer ones around it.
fn code(text: &str) -> String {
    let text = tame(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    match longest {
        0 => format!("`{text}`"),
        _ => {
            let ticks = "`".repeat(longest + 1);
            format!("{ticks} {text} {ticks}")
        }
    }
}
