//! MIG04: no version twice.

use super::versions;
use crate::domain::migration::{MigrationFile, Migrations};
use crate::domain::name::TrackId;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, FileChange, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG04",
    severity: Severity::Error,
    law: "no two migrations have the same version",
    why: "What a version is, the project's runner decides: sqlx takes the number before the first `_`, so that two files of \
          one day and different words are one version to it. Git merges them without a word, each branch is green alone, and \
          the runner trips over the merged tree. Judged are the files that the track adds, against its other files, base's \
          and those of all other tracks, uncommitted ones included. Of two tracks the one that lands later gives way; the \
          earlier is warned.",
    example: "Tracks core and billing add 20241001_trackA_users.sql and 20241001_trackB_invoices.sql, and the runner is sqlx:\n\
              db/migrations/20241001_trackB_invoices.sql and db/migrations/20241001_trackA_users.sql (track core) are both \
              version 20241001 for sqlx, which takes the number before the first `_`: it runs the first and stops at the second",
    way_out: "Rename the file of the track that lands later (`tracks validate --fix` does), or let `sync` do it with \
              `[migrations] renumber = true`.",
    judge,
};

/// Who has the same version.
enum Rival<'a> {
    Own,
    Base,
    Earlier(&'a TrackId),
    Later(&'a TrackId),
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let work = facts.work();
    for file in versions::own(facts).filter(|file| versions::is_new(work, file)) {
        let Some(version) = &file.version else {
            continue;
        };
        let on_base = migrations
            .with_version(&file.set, &version.key)
            // Base's file is gone, or is this one under its old name.
            .filter(|other| {
                work.change(&other.path)
                    .is_none_or(|change| !change.is_gone())
            });
        for other in on_base.filter(|other| versions::clash(file, other)) {
            let finding = found(facts, migrations, file, other, &Rival::Base, findings);
            findings.push(finding);
        }
        for other in versions::own(facts).filter(|other| versions::clash(file, other)) {
            // Once for both, and not where base is told of already.
            if other.path < file.path && versions::is_new(work, other) {
                let finding = found(facts, migrations, file, other, &Rival::Own, findings);
                findings.push(finding);
            }
        }
        for peer in facts.peers() {
            for other in peer
                .work
                .migrations
                .iter()
                .filter(|it| versions::clash(file, it))
            {
                // What the track itself takes away of one that it is built on is not there beside it.
                let gone = work.change(&other.path).is_some_and(FileChange::is_gone);
                if gone || other.ignored.is_some() || !versions::is_new(peer.work, other) {
                    continue;
                }
                let rival = match peer.earlier {
                    true => Rival::Earlier(&peer.work.track),
                    false => Rival::Later(&peer.work.track),
                };
                let finding = found(facts, migrations, file, other, &rival, findings);
                findings.push(finding);
            }
        }
    }
}

fn found<'a>(
    facts: &Facts<'a>,
    migrations: &'a Migrations,
    file: &'a MigrationFile,
    other: &MigrationFile,
    rival: &Rival<'_>,
    findings: &[Finding],
) -> Finding {
    let whose = match rival {
        Rival::Own => String::new(),
        Rival::Base => " (on base)".to_owned(),
        Rival::Earlier(track) | Rival::Later(track) => format!(" (track {track})"),
    };
    let (preset, text) = (migrations.taken_for(), versions::shown(file));
    let theirs = versions::shown(other);
    let one = match text == theirs {
        true => format!("both version {text}"),
        false => format!("version {text} and {theirs}, which are one"),
    };
    let message = format!(
        "{} and {}{whose} are {one} for {preset}, which takes {}: {}",
        file.path,
        other.path,
        migrations.preset.version_is(),
        migrations.preset.twice()
    );
    let later = match rival {
        Rival::Later(track) => Some(*track),
        _ => None,
    };
    let finding = match later {
        Some(track) => {
            let fix = format!(
                "track {track} lands later and has to rename its file; nothing to do here but to tell it"
            );
            Finding::new(&RULE, message, fix).at_most_warning()
        }
        None => {
            let to = versions::free_name(facts, migrations, file, findings);
            let (fix, mend) = versions::to_rename(to, file, "give it a version of its own");
            versions::mended(Finding::new(&RULE, message, fix), mend)
        }
    };
    let finding = finding.at(&file.path);
    match rival {
        Rival::Earlier(track) | Rival::Later(track) => finding.with(track),
        Rival::Own | Rival::Base => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{given, shortly};
    use super::RULE;
    use crate::domain::migration::Preset;

    /// What is found in a and b, in this landing order.
    fn found(preset: Preset, base: &str, a: &str, b: &str) -> [Vec<String>; 2] {
        let given = given(preset, "", base, &[("a", a), ("b", b)]);
        ["a", "b"].map(|track| shortly(&given.findings(track, &RULE)))
    }

    #[test]
    fn the_later_of_two_tracks_gives_way() {
        let [a, b] = found(
            Preset::Sqlx,
            "",
            "+m/20241001_trackA_x.sql",
            "+m/20241001_trackB_y.sql",
        );
        assert_eq!(a, ["warning m/20241001_trackA_x.sql with b, nothing"]);
        assert_eq!(
            b,
            ["error m/20241001_trackB_y.sql with a, m/20261125_trackB_y.sql"]
        );
        let given = given(
            Preset::Sqlx,
            "",
            "",
            &[("a", "+m/1_x.sql"), ("b", "+m/01_y.sql")],
        );
        let messages: Vec<String> = given.found("b", &RULE);
        assert_eq!(
            messages,
            [
                "error m/01_y.sql: m/01_y.sql and m/1_x.sql (track a) are version 01 and 1, which are one for sqlx, which takes \
              the number before the first `_`: it runs the first and stops at the second"
            ]
        );
    }

    #[test]
    fn what_is_one_version_depends_on_the_runner() {
        for (preset, a, b, clash) in [
            (Preset::Plain, "20241001_a.sql", "20241001_b.sql", false),
            (Preset::Sqlx, "20241001_a.sql", "20241001_b.sql", true),
            (Preset::Sqlx, "001_a.sql", "1_b.sql", true),
            (Preset::Sqlx, "1_a.up.sql", "1_b.down.sql", false),
            (Preset::Sqlx, "1_a.up.sql", "1_b.sql", true),
            (Preset::Sqlx, "x.sql", "x_y.sql", false),
            (Preset::Diesel, "001_a/up.sql", "1_b/up.sql", false),
            (
                Preset::Diesel,
                "2024-10-01_a/up.sql",
                "20241001_b/up.sql",
                true,
            ),
            (Preset::Refinery, "V1__a.sql", "U1__b.sql", true),
            (Preset::Flyway, "V1__a.sql", "V1.0__b.sql", true),
            (Preset::Flyway, "V1__a.sql", "U1__b.sql", false),
            (Preset::Flyway, "R__a.sql", "R__b.sql", false),
            (Preset::Flyway, "V1.1__a.sql", "V1.10__b.sql", false),
            (Preset::Rails, "001_a.rb", "1_b.rb", true),
            (Preset::Goose, "00001_a.sql", "1_b.go", true),
            (Preset::GolangMigrate, "1_a.up.sql", "01_b.up.sql", true),
            (
                Preset::Prisma,
                "1_a/migration.sql",
                "1_b/migration.sql",
                false,
            ),
            (Preset::Django, "0002_a.py", "0002_b.py", false),
        ] {
            let [_, found] = found(preset, "", &format!("+m/{a}"), &format!("+m/{b}"));
            assert_eq!(!found.is_empty(), clash, "{preset} {a} {b}");
        }
    }

    #[test]
    fn base_and_the_own_files_count_too() {
        for (base, work, expected) in [
            ("m/1_a.sql", "+m/2_b.sql", &[][..]),
            (
                "m/1_a.sql",
                "+m/01_b.sql",
                &["error m/01_b.sql with nobody, m/02_b.sql"],
            ),
            // It takes the place of the other.
            ("m/1_a.sql", "-m/1_a.sql +m/1_b.sql", &[]),
            ("m/1_a.sql", "m/1_a.sql>m/1_b.sql", &[]),
            (
                "",
                "+m/1_a.sql +m/1_b.sql",
                &["error m/1_b.sql with nobody, m/2_b.sql"],
            ),
            // Base had both before.
            ("m/1_a.sql m/1_b.sql", "~m/1_b.sql", &[]),
            // Other directories are numbered by themselves.
            ("n/1_a.sql", "+m/1_b.sql", &[]),
        ] {
            let given = given(Preset::Sqlx, "", base, &[("a", work)]);
            assert_eq!(
                shortly(&given.findings("a", &RULE)),
                expected,
                "{base} {work}"
            );
        }
    }

    #[test]
    fn who_is_out_counts_no_more() {
        let mut given = given(
            Preset::Sqlx,
            "",
            "",
            &[("a", "+m/1_a.sql"), ("b", "+m/1_b.sql")],
        );
        assert_eq!(
            shortly(&given.findings("b", &RULE)),
            ["error m/1_b.sql with a, m/2_b.sql"]
        );
        given.without.insert(given.works[0].track.clone());
        assert_eq!(given.findings("b", &RULE), []);
    }

    #[test]
    fn both_ways_are_renamed_together() {
        let given = given(
            Preset::GolangMigrate,
            "",
            "m/1_a.up.sql m/1_a.down.sql",
            &[("a", "+m/1_b.up.sql +m/1_b.down.sql")],
        );
        let expected = [
            "error m/1_b.down.sql with nobody, m/2_b.down.sql",
            "error m/1_b.up.sql with nobody, m/2_b.up.sql",
        ];
        assert_eq!(shortly(&given.findings("a", &RULE)), expected);
    }
}
