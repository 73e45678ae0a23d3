//! Where the files of the large repository are: areas of some hundred files each, and a few files that everybody touches.

use super::text::{Text, below};
use crate::random::Random;

const PER_AREA: u64 = 280;
const PER_MODULE: u64 = 35;
/// So many areas keep their fixtures in one directory, which thereby has hundreds of files.
const AREAS_PER_FIXTURES: u64 = 13;
const SECTIONS: [&str; 5] = ["Added", "Changed", "Deprecated", "Fixed", "Security"];

/// The places of a number of files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) files: u64,
    pub(super) areas: u64,
}

impl Layout {
    pub(super) fn new(files: u64) -> Self {
        Layout {
            files,
            areas: (files / PER_AREA).max(1),
        }
    }

    pub(super) fn path(self, number: u64) -> String {
        let (area, nth) = (number % self.areas, number / self.areas);
        if nth % 8 == 7 {
            let directory = area / AREAS_PER_FIXTURES;
            return format!("fixtures/set-{directory:02}/a{area:03}-case-{nth:03}.txt");
        }
        let (module, nth) = (nth / PER_MODULE, nth % PER_MODULE);
        match nth {
            0..15 => format!("packages/a{area:03}/src/m{module}/f{nth:02}.rs"),
            15..27 => format!("{}/p{nth:02}.rs", parts(area, module)),
            _ => format!("packages/a{area:03}/tests/m{module}/t{nth:02}.rs"),
        }
    }

    /// Some file of an area.
    pub(super) fn pick(self, random: &mut Random, area: u64) -> u64 {
        let in_area = (self.files - 1 - area) / self.areas + 1;
        area + random.below(in_area) * self.areas
    }

    /// The files right below `parts` of an area's first module.
    pub(super) fn in_parts(self, area: u64) -> Vec<u64> {
        let prefix = format!("{}/", parts(area, 0));
        (0..PER_MODULE)
            .map(|nth| area + nth * self.areas)
            .filter(|number| *number < self.files && self.path(*number).starts_with(&prefix))
            .collect()
    }
}

pub(super) fn parts(area: u64, module: u64) -> String {
    format!("packages/a{area:03}/src/m{module}/parts")
}

/// A file that any track may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hot {
    pub(super) path: &'static str,
    kind: Kind,
    /// Of a hundred tracks, so many touch it.
    pub(super) share: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Changelog,
    Registry,
    Lock,
    Plain,
}

pub(super) const HOT: [Hot; 8] = [
    hot("CHANGELOG.md", Kind::Changelog, 35),
    hot("packages/index/src/registry.rs", Kind::Registry, 25),
    hot("packages.lock", Kind::Lock, 18),
    hot("config/features.toml", Kind::Plain, 10),
    hot("config/routes.yaml", Kind::Plain, 8),
    hot(".ci/pipeline.yml", Kind::Plain, 5),
    hot("docs/overview.md", Kind::Plain, 6),
    hot("packages/core/src/lib.rs", Kind::Plain, 8),
];

const fn hot(path: &'static str, kind: Kind, share: u64) -> Hot {
    Hot { path, kind, share }
}

impl Hot {
    pub(super) fn text(self, random: &mut Random) -> Text {
        let lines = match self.kind {
            Kind::Changelog => {
                let releases = (0..12).flat_map(|release| {
                    let name = match release {
                        0 => "Unreleased".to_owned(),
                        _ => format!("1.{}.0", 12 - release),
                    };
                    let sections = SECTIONS.iter().flat_map(move |section| {
                        let entries =
                            (0..6).map(move |n| format!("- {section} thing {n} of {release}"));
                        ["".to_owned(), format!("### {section}"), "".to_owned()]
                            .into_iter()
                            .chain(entries)
                    });
                    ["".to_owned(), format!("## {name}")]
                        .into_iter()
                        .chain(sections)
                });
                std::iter::once("# Changes".to_owned())
                    .chain(releases)
                    .collect()
            }
            Kind::Registry => (0..600)
                .map(|n| format!("    register(\"entry-{n:03}\", crate::entries::e{n:03}::load);"))
                .collect(),
            Kind::Lock => (0..500)
                .flat_map(|n| {
                    let version = format!("version = \"1.{}.0\"", random.below(20));
                    [
                        "[[package]]".to_owned(),
                        format!("name = \"dependency-{n:03}\""),
                        version,
                        checksum(random),
                        String::new(),
                    ]
                })
                .collect(),
            Kind::Plain => {
                return Text::new(random).with(0, Text::new(random).lines.iter().cloned());
            }
        };
        Text::of(lines)
    }

    /// One more entry, as such files get them; `author` makes it differ from everybody else's.
    pub(super) fn touched(self, text: &Text, random: &mut Random, author: &str) -> Text {
        match self.kind {
            Kind::Changelog => {
                let section = SECTIONS[below(random, SECTIONS.len())];
                let at = text.find(&format!("### {section}")).unwrap_or(0) + 2;
                text.with(at, [format!("- {section}: what {author} brings")])
            }
            Kind::Registry => {
                let at = below(random, text.lines.len());
                let before = text.lines.get(at).cloned().unwrap_or_default();
                let name = before.split('"').nth(1).unwrap_or_default();
                let fresh = format!("    register(\"{name}-{author}\", crate::{author}::load);");
                text.with(at + 1, [fresh])
            }
            Kind::Lock => (0..=random.below(3)).fold(text.clone(), |text, _| {
                let at = 5 * below(random, text.lines.len() / 5);
                let version = format!("version = \"1.{}.{}\"", random.below(30), random.below(9));
                let checksum = checksum(random);
                text.replacing(at + 2, [version, checksum])
            }),
            Kind::Plain => text.edited(random),
        }
    }
}

fn checksum(random: &mut Random) -> String {
    let halves = [random.below(u64::MAX), random.below(u64::MAX)];
    format!("checksum = \"{:016x}{:016x}\"", halves[0], halves[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn every_number_has_a_path_of_its_own_and_some_directories_have_hundreds() {
        let layout = Layout::new(57_000);
        let paths: BTreeSet<String> = (0..57_000).map(|number| layout.path(number)).collect();
        assert_eq!(paths.len(), 57_000);
        let mut directories: BTreeMap<&str, usize> = BTreeMap::new();
        for path in &paths {
            let (directory, _) = path.rsplit_once('/').unwrap();
            *directories.entry(directory).or_default() += 1;
        }
        assert!(directories.values().filter(|files| **files > 300).count() > 5);
        assert_eq!(layout.in_parts(17).len(), 10);
    }

    #[test]
    fn a_picked_file_is_of_the_area() {
        let layout = Layout::new(1000);
        let mut random = Random::new(1);
        for area in 0..layout.areas {
            for _ in 0..200 {
                let number = layout.pick(&mut random, area);
                assert!(number < layout.files && number % layout.areas == area);
            }
        }
    }

    #[test]
    fn two_authors_never_write_the_same_entry() {
        for hot in HOT {
            let text = hot.text(&mut Random::new(1));
            let one = hot.touched(&text, &mut Random::new(2), "t1");
            let two = hot.touched(&text, &mut Random::new(3), "t2");
            assert_ne!(text, one, "{}", hot.path);
            assert_ne!(one, two, "{}", hot.path);
        }
    }
}
