//! What the migrations of a work do, for the rules about tables and other objects.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::domain::migration::{Direction, MigrationFile};
use crate::domain::path::RepoPath;
use crate::domain::rule::{Facts, Finding, Peer, Rule, Work};
use crate::domain::sql::{self, Action, Change, Dialect, Effect, Kind, Name, Object};

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
    of_files(work, files(work), dialect)
}

/// The same of another track, without what both have: a file of one path and content, as a cherry-pick leaves it, is one file
/// once both have landed.
pub(super) fn deeds_of<'a>(peer: &Peer<'a>, own: &Work, dialect: Dialect) -> Vec<Deed<'a>> {
    let files = files(peer.work).filter(|file| !is_shared(file, own));
    of_files(peer.work, files, dialect)
}

/// Whether a work has the same migration, at the same path.
pub(super) fn is_shared(file: &MigrationFile, work: &Work) -> bool {
    let mut own = work.migrations.iter();
    own.any(|it| it.path == file.path && it.blob == file.blob)
}

/// Another track that may make the same as the judged one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met<'a> {
    pub(super) peer: Peer<'a>,
    /// The judged track is built on it: what it makes is there before, and nothing else of it stands in the way.
    pub(super) is_beneath: bool,
}

/// All but the tracks that are built on the judged one, which have seen what it does.
pub(super) fn met<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Met<'a>> {
    let own = &facts.work().track;
    facts.peers().filter_map(move |peer| {
        let other = &peer.work.track;
        let is_beneath = facts.is_built_on(own, other);
        let counts = is_beneath || !facts.is_built_on(other, own);
        counts.then_some(Met { peer, is_beneath })
    })
}

impl<'a> Met<'a> {
    /// Its deeds, without those of files that the judged track has, too, or has written anew or taken away on top of it.
    pub(super) fn deeds(&self, own: &Work, dialect: Dialect) -> Vec<Deed<'a>> {
        let mut deeds = deeds_of(&self.peer, own, dialect);
        if self.is_beneath {
            deeds.retain(|deed| own.change(deed.path).is_none());
        }
        deeds
    }

    /// The later of two gives way; `fix` is for who does.
    pub(super) fn finding(&self, rule: &'static Rule, message: String, fix: String) -> Finding {
        let other = &self.peer.work.track;
        let fix = match self.peer.earlier {
            true => fix,
            false => format!(
                "nothing to do here but to tell track {other}, which lands later and gives way"
            ),
        };
        let finding = Finding::new(rule, message, fix).with(other);
        match self.peer.earlier {
            true => finding,
            false => finding.at_most_warning(),
        }
    }
}

fn of_files<'a>(
    work: &'a Work,
    files: impl Iterator<Item = &'a MigrationFile>,
    dialect: Dialect,
) -> Vec<Deed<'a>> {
    let mut deeds = Vec::new();
    for file in files {
        let Some(script) = &file.script else {
            continue;
        };
        let before = work
            .contents
            .get(&file.path)
            .and_then(|it| it.before.as_deref());
        let before = before.map(|text| sql::parse(dialect, &String::from_utf8_lossy(text)));
        let known: HashSet<&Effect> = before
            .iter()
            .flat_map(|script| script.effects().map(|(_, effect)| effect))
            .collect();
        for (line, effect) in script.effects() {
            if !known.contains(effect) {
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

impl Deed<'_> {
    /// The table or view that is there because of it, by creation or under a new name.
    pub(super) fn made(&self) -> Option<&Name> {
        let object = &self.effect.object;
        match &self.effect.action {
            _ if !matches!(object.kind, Kind::Table | Kind::View) => None,
            Action::Create { .. } => Some(&object.name),
            Action::Rename { to } => Some(to),
            _ => None,
        }
    }

    /// Whether an object is no longer there because of it.
    pub(super) fn ends(&self, there: &Object) -> bool {
        let object = &self.effect.object;
        match &self.effect.action {
            Action::Drop { .. } => there.goes_with(object),
            Action::Rename { .. } => object.kind == there.kind && object.name == there.name,
            _ => false,
        }
    }
}

/// A list of tracks.toml with one entry more, ready to paste: `tables = ["a", "b"]`.
pub(super) fn one_more(key: &str, listed: &[String], more: &str) -> String {
    let all = listed.iter().map(String::as_str).chain([more]);
    let all: Vec<String> = all.map(|it| format!("{it:?}")).collect();
    format!("{key} = [{}]", all.join(", "))
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
