//! Which migrations follow which, for runners that go by what files say: the ends of that order, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use super::{MigrationFile, Preset};
use crate::domain::path::RepoPath;

/// Some migrations, as one tree would have them.
#[derive(Debug, Default)]
pub struct Graph<'f> {
    preset: Preset,
    files: Vec<&'f MigrationFile>,
    /// Names that are given to a file: its own, and those of what it replaces.
    names: BTreeMap<&'f str, usize>,
}

impl<'f> Graph<'f> {
    pub fn new(preset: Preset, files: impl Iterator<Item = &'f MigrationFile>) -> Graph<'f> {
        let mut graph = Graph {
            preset,
            files: files.filter(|file| file.links.is_some()).collect(),
            names: BTreeMap::new(),
        };
        for (place, file) in graph.files.iter().enumerate() {
            let Some(links) = &file.links else { continue };
            for name in [&links.revision].into_iter().chain(&links.replaces) {
                graph.names.entry(name).or_insert(place);
            }
        }
        // A file's own name beats that of one that replaces it, unless it is replaced.
        graph
    }

    pub fn file_of(&self, name: &str) -> Option<&'f MigrationFile> {
        self.names.get(name).map(|place| self.files[*place])
    }

    /// Those that no other follows, by set: for django, each app has its own.
    pub fn heads(&self) -> BTreeMap<&'f RepoPath, Vec<&'f MigrationFile>> {
        let links = || {
            self.files
                .iter()
                .filter_map(|file| Some((*file, file.links.as_ref()?)))
        };
        let mut covered: BTreeSet<(&RepoPath, &str)> = BTreeSet::new();
        for (file, links) in links() {
            let same_set = |name: &&String| {
                self.preset != Preset::Django
                    || self.file_of(name).is_none_or(|other| other.set == file.set)
            };
            let followed = links.parents.iter().filter(same_set);
            covered.extend(
                followed
                    .chain(&links.replaces)
                    .map(|name| (&file.set, name.as_str())),
            );
        }
        let mut heads: BTreeMap<&RepoPath, Vec<&MigrationFile>> = BTreeMap::new();
        for (file, links) in links() {
            let names = [&links.revision].into_iter().chain(&links.replaces);
            let own = |name: &String| covered.contains(&(&file.set, name.as_str()));
            // What it replaces is covered by itself; whoever follows one of those follows it.
            let followed = covered.contains(&(&file.set, links.revision.as_str()))
                || names.skip(1).any(|name| {
                    own(name)
                        && self.files.iter().any(|other| {
                            let theirs = other.links.as_ref();
                            other.path != file.path
                                && theirs.is_some_and(|it| {
                                    it.parents.contains(name)
                                        && !links.replaces.contains(&it.revision)
                                })
                        })
                });
            if !followed {
                heads.entry(&file.set).or_default().push(file);
            }
        }
        heads
    }

    /// What a file follows that is not there. Names of other apps are not looked for: they may come from libraries.
    pub fn missing(&self, file: &'f MigrationFile) -> Vec<&'f str> {
        let Some(links) = &file.links else {
            return Vec::new();
        };
        let app = links.revision.split_once('.').map(|(app, _)| app);
        let own_app = |name: &str| {
            self.preset != Preset::Django || name.split_once('.').map(|(app, _)| app) == app
        };
        let all = links
            .parents
            .iter()
            .chain(&links.depends_on)
            .map(String::as_str);
        all.filter(|name| {
            own_app(name) && !name.ends_with("__first__") && !name.ends_with("__latest__")
        })
        // Alembic takes the beginning of an id for it, and `label@head`.
        .filter(|name| !self.names.contains_key(name) && !name.contains('@'))
        .filter(|name| {
            let begins = |known: &&str| known.starts_with(name) && name.len() >= 4;
            self.preset != Preset::Alembic || !self.names.keys().any(begins)
        })
        .collect()
    }

    /// A way from a file back to itself, without its end.
    pub fn cycle(&self, file: &'f MigrationFile) -> Option<Vec<&'f MigrationFile>> {
        let mut seen: BTreeSet<&RepoPath> = BTreeSet::new();
        // Each with how it was reached.
        let mut next: Vec<Vec<&'f MigrationFile>> = vec![vec![file]];
        while let Some(way) = next.pop() {
            let links = way.last().and_then(|last| last.links.as_ref());
            let Some(links) = links else { continue };
            for name in links.parents.iter().chain(&links.depends_on) {
                match self.file_of(name) {
                    Some(back) if back.path == file.path => return Some(way),
                    Some(other) if seen.insert(&other.path) => {
                        next.push([way.as_slice(), &[other]].concat());
                    }
                    _ => {}
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Links, Reader};
    use super::*;
    use crate::domain::path::Pattern;
    use crate::domain::revision::BlobId;

    /// `path revision < parent parent / replaced`
    fn files(preset: Preset, text: &str) -> Vec<MigrationFile> {
        let reader = Reader::of_preset(preset, &[Pattern::new("**/*.py").unwrap()]);
        let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
        text.split(';')
            .map(|line| {
                let (line, replaces) = line.split_once('/').unwrap_or((line, ""));
                let (own, parents) = line.split_once('<').unwrap_or((line, ""));
                let own: Vec<&str> = own.split_whitespace().collect();
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
                let path = format!("{}/x_{}.py", own[0], own[1]);
                let mut file = reader.read(&RepoPath::new(path), blob, None).unwrap();
                file.set = RepoPath::new(own[0]);
                file.links = Some(Links {
                    revision: own[1].to_owned(),
                    parents: words(parents),
                    replaces: words(replaces),
                    ..Links::default()
                });
                file
            })
            .collect()
    }

    fn heads(preset: Preset, text: &str) -> String {
        let files = files(preset, text);
        let graph = Graph::new(preset, files.iter());
        let heads = graph.heads();
        let names = heads
            .values()
            .flatten()
            .map(|file| file.links.as_ref().unwrap().revision.clone());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ends_of_the_order() {
        for (preset, text, expected) in [
            (Preset::Alembic, "v a;v b < a;v c < b", "c"),
            (Preset::Alembic, "v a;v b < a;v c < a", "b c"),
            (Preset::Alembic, "v a;v b < a;v c < a;v d < b c", "d"),
            (Preset::Alembic, "v a;v b < gone", "a b"),
            (Preset::Django, "s s.1;s s.2 < s.1;t t.1 < s.2", "s.2 t.1"),
            (Preset::Django, "s s.1;s s.2 < s.1;s s.3 < s.1", "s.2 s.3"),
            // One that stands for others, with one that follows those.
            (
                Preset::Django,
                "s s.1;s s.2 < s.1;s s.12 / s.1 s.2;s s.3 < s.2",
                "s.3",
            ),
            (Preset::Django, "s s.1;s s.2 < s.1;s s.12 / s.1 s.2", "s.12"),
        ] {
            assert_eq!(heads(preset, text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong() {
        let all = files(
            Preset::Alembic,
            "v abcdef;v b < abcd nope x@head;v c < d;v d < c",
        );
        let graph = Graph::new(Preset::Alembic, all.iter());
        assert_eq!(graph.missing(&all[1]), ["nope"]);
        assert!(graph.cycle(&all[1]).is_none());
        let cycle = graph.cycle(&all[2]).unwrap();
        assert_eq!(
            cycle
                .iter()
                .map(|it| it.path.to_string())
                .collect::<Vec<_>>(),
            ["v/x_c.py", "v/x_d.py"]
        );
        let all = files(Preset::Django, "s s.2 < s.1 auth.9 s.__first__");
        let graph = Graph::new(Preset::Django, all.iter());
        assert_eq!(graph.missing(&all[0]), ["s.1"]);
    }
}
