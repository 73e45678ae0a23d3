//! Reasons and differences by tables.

use super::*;
use crate::domain::merge::Mode;
use crate::domain::path::Pattern;
use crate::domain::revision::BlobId;

fn name(text: &str) -> CheckName {
    CheckName::new(text).unwrap()
}

fn tool(path: &str, version: &str) -> Tool {
    Tool {
        path: path.to_owned(),
        version: version.to_owned(),
    }
}

fn paths(texts: &[&str]) -> Vec<RepoPath> {
    texts.iter().map(RepoPath::new).collect()
}

fn basis() -> Basis {
    let text = |text: &str| text.to_owned();
    Basis {
        command: text("c"),
        directory: text("."),
        environment: text("e"),
        setup: text("s"),
        platform: text("linux x86_64"),
        tools: BTreeMap::from([(text("node"), tool("/bin/node", "v18.1\nmore\n"))]),
        needs: BTreeMap::from([(name("build"), text("k"))]),
        patterns: vec![text("src/**")],
        selected: text("1"),
    }
}

fn last(passed: bool, unstable: bool) -> Option<Last> {
    Some(Last {
        passed,
        unstable,
        beyond: false,
        finished: Timestamp(1_795_687_320),
        side: Some("pricing".to_owned()),
    })
}

#[test]
fn reasons() {
    let now = basis();
    let facts = Facts {
        approved: true,
        now: Some(&now),
        ..Facts::default()
    };
    for (facts, expected) in [
        (facts.clone(), "no pass is known yet"),
        (
            Facts {
                approved: false,
                no_cache: true,
                ..facts.clone()
            },
            "its command is not approved",
        ),
        (
            Facts {
                now: None,
                ..facts.clone()
            },
            "what it would judge cannot be told",
        ),
        (
            Facts {
                approved: false,
                last: last(true, false),
                reused: true,
                ..facts.clone()
            },
            "passed before on the same inputs, 2026-11-26 10:02, in pricing",
        ),
        (
            Facts {
                last: last(true, false),
                no_cache: true,
                ..facts.clone()
            },
            "--no-cache was given",
        ),
        (
            Facts {
                last: last(true, false),
                ..facts.clone()
            },
            "what it builds is not in this worktree",
        ),
        (
            Facts {
                last: last(false, false),
                last_pass: Some(&now),
                ..facts.clone()
            },
            "it failed last time, and failures are run again",
        ),
        (
            Facts {
                last: last(true, false).map(|last| Last {
                    beyond: true,
                    ..last
                }),
                ..facts.clone()
            },
            "it passed before, but its numbers are beyond today's limits",
        ),
        (
            Facts {
                last: last(true, true),
                ..facts.clone()
            },
            "it passed only when run again, and `flaky = \"fail\"`",
        ),
        (
            Facts {
                last_pass: Some(&now),
                ..facts.clone()
            },
            "this version of tracks knows passes by something else",
        ),
    ] {
        assert_eq!(why(&facts).to_string(), expected);
    }
}

#[test]
fn each_part_has_its_words() {
    let text = |text: &str| text.to_owned();
    let with = |change: fn(&mut Basis)| {
        let mut basis = basis();
        change(&mut basis);
        basis
    };
    let need = Why::Changed(vec![Difference::Inputs(Some(paths(&["src/a.rs"])))]);
    let reused = Why::Reused {
        finished: Timestamp(0),
        side: None,
    };
    for (then, inputs, need, expected) in [
        (
            with(|it| it.command = String::new()),
            &[][..],
            None,
            "its command changed",
        ),
        (
            with(|it| it.directory = String::new()),
            &[],
            None,
            "its directory changed",
        ),
        (
            with(|it| it.environment = String::new()),
            &[],
            None,
            "its environment changed",
        ),
        (
            with(|it| it.setup = String::new()),
            &[],
            None,
            "the setup changed",
        ),
        (
            with(|it| it.platform = "macos aarch64".to_owned()),
            &[],
            None,
            "the platform: macos aarch64 -> linux x86_64",
        ),
        (
            with(|it| {
                it.tools.values_mut().for_each(|it| {
                    it.version = "\n v16\n".to_owned();
                });
            }),
            &[],
            None,
            "node: v16 -> v18.1",
        ),
        (
            with(|it| it.tools.values_mut().for_each(|it| *it = Tool::default())),
            &[],
            None,
            "node: missing -> v18.1",
        ),
        (
            with(|it| {
                it.tools.values_mut().for_each(|it| {
                    it.path = "/opt/node".to_owned();
                });
            }),
            &[],
            None,
            "node: /opt/node -> /bin/node",
        ),
        (
            with(|it| {
                it.tools.values_mut().for_each(|it| {
                    it.version = "v18.1\nless".to_owned();
                });
            }),
            &[],
            None,
            "node: it describes itself differently than before",
        ),
        (
            with(|it| it.tools.clear()),
            &[],
            None,
            "`tools` names others",
        ),
        (
            with(|it| it.needs.clear()),
            &[],
            None,
            "`needs` names others",
        ),
        (
            with(|it| it.needs.values_mut().for_each(String::clear)),
            &[],
            Some(&need),
            "build, which it needs: src/a.rs changed",
        ),
        (
            with(|it| it.needs.values_mut().for_each(String::clear)),
            &[],
            Some(&reused),
            "build, which it needs, has changed",
        ),
        (
            with(|it| it.selected.clear()),
            &[],
            None,
            "its inputs changed",
        ),
        (with(|it| it.selected.clear()), &["a"], None, "a changed"),
        (
            with(|it| it.selected.clear()),
            &["a", "b", "c"],
            None,
            "a, b and c changed",
        ),
        (
            with(|it| it.selected.clear()),
            &["a", "b", "c", "d", "e"],
            None,
            "a, b, c and 2 more changed",
        ),
        (
            with(|it| {
                it.selected.clear();
                it.patterns.clear();
            }),
            &[],
            None,
            "`inputs` names others",
        ),
        (
            with(|it| {
                it.selected.clear();
                it.patterns.clear();
                it.command.clear();
            }),
            &["a"],
            None,
            "its command changed; `inputs` names others; a changed",
        ),
    ] {
        let now = basis();
        let build = name("build");
        let facts = Facts {
            approved: true,
            now: Some(&now),
            last_pass: Some(&then),
            inputs: Some(paths(inputs)),
            needs: need.iter().map(|why| (&build, *why)).collect(),
            ..Facts::default()
        };
        assert_eq!(why(&facts).to_string(), text(expected));
    }
}

#[test]
fn inputs_that_changed() {
    let entry = |text: &str| match text {
        "" => None,
        text => Some(Entry {
            mode: if text.ends_with('x') {
                Mode::Executable
            } else {
                Mode::File
            },
            id: BlobId::from_hex(&text[..1].repeat(40)).unwrap(),
        }),
    };
    // What was uncommitted at the pass, what differs now from what was committed then, and what that makes.
    for (then, since, expected) in [
        (&[][..], &[][..], &[][..]),
        (&[], &[("src/a", "1", "2")], &["src/a"]),
        (&[("src/a", "2")], &[("src/a", "1", "2")], &[]),
        (&[("src/a", "2")], &[("src/a", "1", "2x")], &["src/a"]),
        (&[("src/a", "2")], &[("src/a", "1", "3")], &["src/a"]),
        (&[("src/a", "2")], &[], &["src/a"]),
        (&[("src/a", "")], &[("src/a", "1", "")], &[]),
        (&[("src/a", "")], &[], &["src/a"]),
        (&[("docs/a", "2")], &[("docs/b", "", "1")], &[]),
        (
            &[("src/c", "1")],
            &[("src/b", "1", ""), ("src/a", "", "1")],
            &["src/a", "src/b", "src/c"],
        ),
    ] {
        let then: Vec<(RepoPath, Option<Entry>)> = then
            .iter()
            .map(|(path, id)| (RepoPath::new(path), entry(id)))
            .collect();
        let since: Vec<Change> = since
            .iter()
            .map(|(path, before, after)| Change {
                path: RepoPath::new(path),
                before: entry(before),
                after: entry(after),
            })
            .collect();
        let selection = Selection::new(&[Pattern::new("src").unwrap()]);
        let changed = changed_inputs(&then, &since, Some(&selection));
        assert_eq!(changed, paths(expected), "{then:?} {since:?}");
        let all = changed_inputs(&then, &since, None);
        assert!(all.len() >= changed.len());
    }
}
