//! MIG16: what a migration says it needs is there, and comes before it.

use super::versions;
use crate::domain::migration::{Graph, Links, MigrationFile, Migrations, Preset, Version};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG16",
    severity: Severity::Error,
    law: "a migration follows only what is there, and what comes before it",
    why: "For alembic and django, files say which others they follow: `down_revision` and `depends_on`, or `dependencies`. In \
          SQL files a line `-- tracks: needs VERSION` at the top says so. What is followed has to be on base or in the track \
          (or in one that it depends on), must not come after it, and must not lead back to it. What django apps of others \
          have is not looked for.",
    example: "A track adds versions/b2_invoices.py with `down_revision = \"a1\"`, which only track core has:\n\
              versions/b2_invoices.py follows a1, which is neither on base nor here, but in track core",
    way_out: "Let the track depend on the other one (`depends_on` in its table), or let the file follow what is there.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let work = facts.work();
    let mut with_links = versions::own(facts)
        .filter(|file| file.links.is_some())
        .peekable();
    if with_links.peek().is_none() {
        return;
    }
    match migrations.preset {
        Preset::Alembic | Preset::Django => {}
        _ => {
            for (file, links) in with_links.filter_map(|file| Some((file, file.links.as_ref()?))) {
                by_versions(facts, migrations, file, links, findings);
            }
            return;
        }
    }
    let below = facts.beneath(&facts.work().track);
    let ground = below.flat_map(|work| &work.migrations);
    let there = versions::left_by(migrations, work)
        .chain(ground)
        .chain(versions::own(facts));
    let graph = Graph::new(migrations.preset, there);
    for file in with_links {
        let line = file.links.as_ref().map_or(1, |links| links.line);
        for name in graph.missing(file) {
            findings.push(missing(facts, file, name).at(&file.path).line(line));
        }
        if let Some(way) = graph.cycle(file) {
            // Once for the whole circle.
            let first = way.iter().map(|it| &it.path).min();
            if first == Some(&file.path)
                || !way
                    .iter()
                    .any(|it| versions::own(facts).any(|own| own.path == it.path))
            {
                let names: Vec<String> = way.iter().skip(1).map(|it| it.path.to_string()).collect();
                let through = match names.is_empty() {
                    true => String::new(),
                    false => format!(", through {}", names.join(", ")),
                };
                let message = format!("{} follows itself{through}", file.path);
                let fix = "let one of them follow something else".to_owned();
                findings.push(Finding::new(&RULE, message, fix).at(&file.path).line(line));
            }
        }
    }
}

fn missing(facts: &Facts<'_>, file: &MigrationFile, name: &str) -> Finding {
    let path = &file.path;
    let has = |it: &MigrationFile| {
        let named = it
            .links
            .as_ref()
            .is_some_and(|links| links.revision == name);
        let text = it.version.as_ref().map(|version| version.text.as_str());
        named || text == Some(name)
    };
    let elsewhere = facts
        .peers()
        .find(|peer| peer.work.migrations.iter().any(has));
    match elsewhere {
        Some(peer) => {
            let (own, other) = (&facts.work().track, &peer.work.track);
            let message = format!(
                "{path} follows {name}, which is neither on base nor here, but in track {other}"
            );
            let fix = format!("add \"{other}\" to `depends_on` in [track.{own}]");
            Finding::new(&RULE, message, fix).with(other)
        }
        None => Finding::new(
            &RULE,
            format!("{path} follows {name}, which is nowhere"),
            "let it follow one that is there",
        ),
    }
}

/// By `-- tracks: needs VERSION`.
fn by_versions(
    facts: &Facts<'_>,
    migrations: &Migrations,
    file: &MigrationFile,
    links: &Links,
    findings: &mut Vec<Finding>,
) {
    let Some(own) = &file.version else { return };
    for name in &links.depends_on {
        let wanted = match &own.key {
            crate::domain::migration::VersionKey::Text(_) => Some(Version::text(name)),
            crate::domain::migration::VersionKey::Numbers(_) => Version::dotted(name),
        };
        let Some(wanted) = wanted else {
            findings.push(missing(facts, file, name).at(&file.path).line(links.line));
            continue;
        };
        let is_it = |it: &MigrationFile| {
            let version = it.version.as_ref();
            it.set == file.set && version.is_some_and(|it| it.key == wanted.key)
        };
        let mut below = facts.beneath(&facts.work().track);
        let there = migrations
            .with_version(&file.set, &wanted.key)
            .next()
            .is_some()
            || versions::own(facts).any(is_it)
            || below.any(|work| work.migrations.iter().any(is_it));
        if !there {
            findings.push(missing(facts, file, name).at(&file.path).line(links.line));
        } else if wanted.key >= own.key {
            let message = format!(
                "{} needs version {name}, which does not come before {}",
                file.path, own.text
            );
            let to = versions::free_name(facts, migrations, file, findings);
            let (fix, _) = versions::to_rename(to, file, "give it a version above that");
            findings.push(
                Finding::new(&RULE, message, fix)
                    .at(&file.path)
                    .line(links.line),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{given, link, needs};
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn what_is_followed_is_there() {
        for (base, a, b, expected) in [
            (
                "a1",
                "b1<a1",
                "c1<b1",
                &[
                    "error m/c1.py:1: m/c1.py follows b1, which is neither on base nor here, but in track a",
                ][..],
            ),
            ("a1", "b1<a1", "c1<a1", &[]),
            (
                "a1",
                "b1<a1",
                "c1<gone",
                &["error m/c1.py:1: m/c1.py follows gone, which is nowhere"],
            ),
            (
                "a1",
                "b1<a1",
                "c1<d1 d1<c1",
                &["error m/c1.py:1: m/c1.py follows itself, through m/d1.py"],
            ),
            (
                "a1",
                "b1<a1",
                "c1<c1",
                &["error m/c1.py:1: m/c1.py follows itself"],
            ),
            ("a1", "b1<a1", "c1", &[]),
        ] {
            let mut given = given(Preset::Alembic, "", "", &[("a", ""), ("b", "")]);
            link(&mut given, base, &[("a", a), ("b", b)]);
            assert_eq!(given.found("b", &RULE), expected, "{b}");
        }
    }

    #[test]
    fn a_declared_dependency_is_there() {
        let mut given = given(Preset::Alembic, "", "", &[("a", ""), ("b", "")]);
        link(&mut given, "a1", &[("a", "b1<a1"), ("b", "c1<b1")]);
        let needed = crate::domain::project::Dependency::Track(given.works[0].track.clone());
        given.project.tracks[1].depends_on.push(needed);
        assert_eq!(given.found("b", &RULE), [""; 0]);
    }

    #[test]
    fn versions_that_sql_needs() {
        for (needed, expected) in [
            ("1", &[][..]),
            ("01", &[]),
            (
                "4",
                &["error m/3_b.sql:1: m/3_b.sql needs version 4, which does not come before 3"],
            ),
            (
                "3",
                &["error m/3_b.sql:1: m/3_b.sql needs version 3, which does not come before 3"],
            ),
            (
                "7",
                &["error m/3_b.sql:1: m/3_b.sql follows 7, which is nowhere"],
            ),
            (
                "x",
                &["error m/3_b.sql:1: m/3_b.sql follows x, which is nowhere"],
            ),
        ] {
            let mut given = given(
                Preset::Sqlx,
                "",
                "m/1_a.sql m/4_a.sql",
                &[("a", "+m/3_b.sql")],
            );
            needs(&mut given, needed);
            assert_eq!(given.found("a", &RULE), expected, "{needed}");
        }
    }
}
