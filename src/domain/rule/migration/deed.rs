//! What the migrations of a work do, for the rules about tables and other objects.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::domain::migration::{Direction, MigrationFile};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Track};
use crate::domain::rule::{Facts, Work};
use crate::domain::sql::{self, Action, Change, Dialect, Effect, Kind, Name};

/// One effect of one statement.
#[derive(Debug, Clone)]
pub(super) struct Deed<'a> {
    pub(super) path: &'a RepoPath,
    /// `None`: the header says it.
    pub(super) line: Option<usize>,
    pub(super) effect: Cow<'a, Effect>,
}

/// The dialect of the project; Postgres where nothing says it.
pub(super) fn dialect(facts: &Facts<'_>) -> Dialect {
    let said = facts.migrations.and_then(|migrations| migrations.dialect);
    said.unwrap_or(Dialect::Postgres)
}

/// The files of a work that a runner runs forward.
pub(super) fn files(work: &Work) -> impl Iterator<Item = &MigrationFile> {
    let runs = |file: &&MigrationFile| file.direction != Direction::Down && file.ignored.is_none();
    work.migrations.iter().filter(runs)
}

/// Everything that the migrations of a work do, in the order of files and statements. What a changed file did before is left
/// out: that is base's.
pub(super) fn deeds(work: &Work, dialect: Dialect) -> Vec<Deed<'_>> {
    let mut deeds = Vec::new();
    for file in files(work) {
        let Some(script) = &file.script else {
            continue;
        };
        let before = work
            .contents
            .get(&file.path)
            .and_then(|it| it.before.as_deref());
        let before = before.map(|text| sql::parse(dialect, &String::from_utf8_lossy(text)));
        let known: Vec<&Effect> = before
            .iter()
            .flat_map(|script| script.effects().map(|(_, effect)| effect))
            .collect();
        for (line, effect) in script.effects() {
            if !known.contains(&effect) {
                deeds.push(Deed {
                    path: &file.path,
                    line: Some(line),
                    effect: Cow::Borrowed(effect),
                });
            }
        }
        for name in &script.touches {
            let change = Change::Other("touched".to_owned());
            let effect = Effect::new(Kind::Table, name.clone(), Action::Alter(change));
            deeds.push(Deed {
                path: &file.path,
                line: None,
                effect: Cow::Owned(effect),
            });
        }
    }
    deeds
}

/// Whether one track is built on another, by what tracks.toml says.
pub(super) fn builds_on(project: &Project, track: &TrackId, other: &TrackId) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![track]);
    while let Some(id) = next.pop() {
        for need in project.track(id).into_iter().flat_map(Track::tracks_needed) {
            if need == other {
                return true;
            }
            if seen.insert(need) {
                next.push(need);
            }
        }
    }
    false
}

/// The tables that a work makes, by creation or under a new name.
pub(super) fn made(deeds: &[Deed<'_>]) -> BTreeSet<Name> {
    let made = deeds.iter().filter_map(|deed| {
        let object = &deed.effect.object;
        let is_relation = matches!(object.kind, Kind::Table | Kind::View);
        match &deed.effect.action {
            Action::Create { .. } if is_relation => Some(object.name.clone()),
            Action::Rename { to } if is_relation => Some(to.clone()),
            _ => None,
        }
    });
    made.collect()
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// What is done to a table, to stand between a track and its name.
pub(super) fn verb(effect: &Effect) -> &'static str {
    match &effect.action {
        Action::Create { .. } => "creates",
        Action::Drop { .. } => "drops",
        Action::Rename { .. } => "renames",
        Action::Alter(_) => "changes",
        Action::Write(..) => "writes to",
        Action::Read => "reads",
        Action::Reference(_) => "refers to",
        Action::Grant => "grants rights on",
        Action::Comment => "comments on",
    }
}
