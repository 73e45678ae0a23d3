//! MIG17: the order of migrations has one end.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::versions;
use crate::domain::migration::{Graph, MigrationFile, Migrations, Preset};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule, Work};

pub(super) const RULE: Rule = Rule {
    code: "MIG17",
    severity: Severity::Error,
    law: "the migrations of a project (for django, of each app) have one head",
    why: "Two tracks that each add a migration to the same head leave two: alembic stops with \"multiple heads\", django with \
          \"conflicting migrations\". Each branch is fine alone; only the merged tree has the two. Judged are base with the \
          track, and both with each other track; of two tracks the later one gives way. Heads that base has already are not \
          the track's, and an alembic file that begins a branch of its own with `branch_labels` is no accident.",
    example: "Tracks core and billing each add a file with `down_revision = \"a1\"`:\n\
              versions/c1_invoices.py and versions/b1_users.py (track core) both follow a1: the merged tree has 2 heads, \
              and alembic stops there",
    way_out: "Let the later file follow the other one, once that has landed or the track depends on it; or add a file that \
              merges both (`alembic merge heads`, `manage.py makemigrations --merge`).",
    judge,
};

type Heads<'a> = BTreeMap<&'a RepoPath, BTreeMap<&'a RepoPath, &'a MigrationFile>>;

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    if !matches!(migrations.preset, Preset::Alembic | Preset::Django) {
        return;
    }
    let own_work = facts.work();
    let own: BTreeSet<&RepoPath> = versions::own(facts).map(|file| &file.path).collect();
    if own.is_empty() {
        return;
    }
    let order = Order::of_base(migrations);
    let ground: Vec<&Work> = facts.beneath(&own_work.track).collect();
    let before = order.heads(&ground);
    let after = order.heads(&[ground.as_slice(), &[own_work]].concat());
    for (set, now) in &after {
        let had = before.get(set).map_or(0, BTreeMap::len).max(1);
        if now.len() <= had {
            continue;
        }
        let ours = now.values().rfind(|file| own.contains(&file.path));
        let Some(file) = ours.copied() else { continue };
        let others = now
            .values()
            .copied()
            .filter(|other| other.path != file.path);
        findings.push(found(migrations, file, others, now.len(), None));
    }
    for peer in facts
        .peers()
        .filter(|peer| !peer.work.migrations.is_empty())
    {
        let other = &peer.work.track;
        let below: Vec<&Work> = facts.beneath(other).collect();
        let theirs = order.heads(&[below.as_slice(), &[peer.work]].concat());
        // In landing order, what either is built on included.
        let names: BTreeSet<&TrackId> = (ground.iter().chain(&below))
            .map(|work| &work.track)
            .chain([&own_work.track, other])
            .collect();
        let works = facts.works.iter().filter(|it| names.contains(&it.track));
        for (set, both) in order.heads(&works.collect::<Vec<_>>()) {
            let one = |heads: &Heads<'_>| heads.get(set).map_or(0, BTreeMap::len);
            if both.len() <= one(&after).max(one(&theirs)).max(one(&before)).max(1) {
                continue;
            }
            let ours = both.values().rfind(|file| own.contains(&file.path));
            let Some(file) = ours.copied() else { continue };
            let is_theirs =
                |file: &MigrationFile| peer.work.migrations.iter().any(|it| it.path == file.path);
            let others: Vec<&MigrationFile> =
                both.values().copied().filter(|it| is_theirs(it)).collect();
            if others.is_empty() {
                continue;
            }
            let pair = (&own_work.track, other);
            let mut finding = found(migrations, file, others.into_iter(), both.len(), Some(pair));
            finding = finding.with(other);
            if !peer.earlier {
                finding.fix = format!(
                    "track {other} lands later and has to follow this one; nothing to do here"
                );
            }
            findings.push(match peer.earlier {
                true => finding,
                false => finding.at_most_warning(),
            });
        }
    }
}

/// The order of base's migrations, ready to be asked what becomes of its ends.
struct Order<'a> {
    migrations: &'a Migrations,
    by_name: HashMap<&'a str, &'a MigrationFile>,
    heads: BTreeSet<&'a RepoPath>,
}

impl<'a> Order<'a> {
    fn of_base(migrations: &'a Migrations) -> Order<'a> {
        let graph = Graph::new(migrations.preset, migrations.base.iter());
        let mut by_name = HashMap::new();
        for file in &migrations.base {
            let links = file.links.iter();
            for name in links.flat_map(|links| [&links.revision].into_iter().chain(&links.replaces))
            {
                by_name.entry(name.as_str()).or_insert(file);
            }
        }
        let heads = graph.heads().into_values().flatten();
        Order {
            migrations,
            by_name,
            heads: heads.map(|file| &file.path).collect(),
        }
    }

    /// The heads of base with these works, without those that begin a branch by intent.
    fn heads(&self, works: &[&'a Work]) -> Heads<'a> {
        let new = || {
            let files = works.iter().flat_map(|work| &work.migrations);
            files.filter(|file| file.ignored.is_none())
        };
        let graph = match self.ends(works) {
            Some(ends) => Graph::new(self.migrations.preset, ends.into_iter().chain(new())),
            None => {
                let stays =
                    |file: &&MigrationFile| works.iter().all(|it| it.change(&file.path).is_none());
                let base = self.migrations.base.iter().filter(stays);
                Graph::new(self.migrations.preset, base.chain(new()))
            }
        };
        let mut heads: Heads<'a> = BTreeMap::new();
        for (set, files) in graph.heads() {
            // One that follows what is not there is no head of this tree, and another rule's.
            let whole = files
                .into_iter()
                .filter(|file| graph.missing(file).is_empty());
            let by_accident = whole.filter(|file| {
                let links = file.links.as_ref();
                links.is_none_or(|links| links.labels.is_empty() || !links.parents.is_empty())
            });
            heads
                .entry(set)
                .or_default()
                .extend(by_accident.map(|file| (&file.path, file)));
        }
        heads
    }

    /// Of base's files those that decide where the works only go on from them: its heads. `None`: the works change what base
    /// has, or name something else of it.
    fn ends(&self, works: &[&'a Work]) -> Option<Vec<&'a MigrationFile>> {
        let touches_base = |work: &&&Work| {
            (work.changes.iter()).any(|change| self.migrations.at(&change.path).is_some())
        };
        if works.iter().find(touches_base).is_some() {
            return None;
        }
        let new = works.iter().flat_map(|work| &work.migrations);
        let links: Vec<_> = new.filter_map(|file| file.links.as_ref()).collect();
        let own: BTreeSet<&str> = (links.iter())
            .flat_map(|links| [&links.revision].into_iter().chain(&links.replaces))
            .map(String::as_str)
            .collect();
        let named = links
            .iter()
            .flat_map(|links| links.parents.iter().chain(&links.depends_on));
        for name in named {
            let is_head = |file: &&MigrationFile| self.heads.contains(&file.path);
            let is_known =
                own.contains(name.as_str()) || self.by_name.get(name.as_str()).is_some_and(is_head);
            if !is_known {
                return None;
            }
        }
        let base = self.migrations.base.iter();
        Some(base.filter(|it| self.heads.contains(&it.path)).collect())
    }
}

fn found<'a>(
    migrations: &Migrations,
    file: &MigrationFile,
    others: impl Iterator<Item = &'a MigrationFile>,
    number: usize,
    pair: Option<(&TrackId, &TrackId)>,
) -> Finding {
    let others: Vec<&MigrationFile> = others.collect();
    let names: Vec<String> = others.iter().map(|it| it.path.to_string()).collect();
    let parents = |file: &MigrationFile| {
        file.links
            .as_ref()
            .map(|links| links.parents.clone())
            .unwrap_or_default()
    };
    let shared = parents(file)
        .into_iter()
        .find(|parent| others.iter().any(|it| parents(it).contains(parent)));
    let (preset, path) = (migrations.preset, &file.path);
    let how = match shared {
        Some(parent) => format!("both follow {parent}"),
        None => "are each the last of their line".to_owned(),
    };
    let whose = pair.map_or_else(String::new, |(_, other)| format!(" (track {other})"));
    let message = format!(
        "{path} and {}{whose} {how}: the merged tree has {number} heads, and {preset} stops there",
        names.join(", ")
    );
    let revision = others
        .first()
        .and_then(|it| it.links.as_ref())
        .map(|links| links.revision.as_str());
    let fix = match (preset, revision) {
        (Preset::Django, Some(revision)) => {
            let (app, name) = revision.split_once('.').unwrap_or(("", revision));
            format!(
                "let it follow the other: put `(\"{app}\", \"{name}\")` into its `dependencies`"
            )
        }
        (_, Some(revision)) => format!("let it follow the other: `down_revision = \"{revision}\"`"),
        (_, None) => "let it follow the other".to_owned(),
    };
    let fix = match pair {
        Some((own, other)) => {
            format!("{fix}, and put \"{other}\" into `depends_on` under `[track.{own}]`")
        }
        None => fix,
    };
    let line = file.links.as_ref().map_or(1, |links| links.line);
    Finding::new(&RULE, message, fix).at(path).line(line)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{given, link};
    use super::RULE;
    use crate::domain::migration::Preset;
    use crate::domain::project::fixture;

    fn found(preset: Preset, base: &str, a: &str, b: &str) -> [Vec<String>; 2] {
        let mut given = given(preset, "", "", &[("a", ""), ("b", "")]);
        link(&mut given, base, &[("a", a), ("b", b)]);
        ["a", "b"].map(|track| given.found(track, &RULE))
    }

    #[test]
    fn two_tracks_on_one_head() {
        let [a, b] = found(Preset::Alembic, "a1", "b1<a1", "c1<a1");
        assert_eq!(
            b,
            [
                "error m/c1.py:1: m/c1.py and m/b1.py (track a) both follow a1: the merged tree has 2 heads, and alembic stops there"
            ]
        );
        assert_eq!(
            a,
            [
                "warning m/b1.py:1: m/b1.py and m/c1.py (track b) both follow a1: the merged tree has 2 heads, and alembic stops there"
            ]
        );
    }

    #[test]
    fn where_it_is_silent_and_where_not() {
        for (base, a, b, found_in_b) in [
            ("a1", "b1<a1", "c1<b1", 0),
            ("a1", "", "c1<a1", 0),
            // Alone.
            ("a1 b1<a1", "", "c1<a1", 1),
            // Base has two already, and the track goes on with one of them.
            ("a1 b1<a1 c1<a1", "", "d1<c1", 0),
            ("a1 b1<a1 c1<a1", "", "d1<b1,c1", 0),
            ("a1 b1<a1 c1<a1", "", "d1<a1", 1),
            // The later one merges.
            ("a1", "b1<a1", "c1<a1 d1<b1,c1", 0),
            ("", "", "c1", 0),
            ("", "b1", "c1", 1),
        ] {
            let [_, b_found] = found(Preset::Alembic, base, a, b);
            assert_eq!(b_found.len(), found_in_b, "{base} | {a} | {b}: {b_found:?}");
        }
        let [_, b] = found(Preset::Sqlx, "a1", "b1<a1", "c1<a1");
        assert_eq!(b, [""; 0]);
    }

    #[test]
    fn what_both_are_built_on_is_in_the_tree() {
        let mut given = given(Preset::Alembic, "", "", &[("a", ""), ("b", ""), ("c", "")]);
        link(
            &mut given,
            "a1",
            &[("a", "b1<a1"), ("b", "c1<b1"), ("c", "d1<b1")],
        );
        for track in &mut given.project.tracks[1..] {
            track.depends_on = fixture::depends_on("a");
        }
        let messages = |track| given.found(track, &RULE);
        assert_eq!(messages("a"), [""; 0]);
        assert_eq!(
            messages("c"),
            [
                "error m/d1.py:1: m/d1.py and m/c1.py (track b) both follow b1: the merged tree has 2 heads, and alembic stops there"
            ]
        );
        assert_eq!(messages("b").len(), 1, "the earlier is warned");
        let fix = &given.findings("c", &RULE)[0].fix;
        assert_eq!(
            fix,
            "let it follow the other: `down_revision = \"c1\"`, and put \"b\" into `depends_on` under `[track.c]`"
        );
    }
}
