//! Facts in a few words, for the tests of rules.
//!
//! ```text
//! let mut given = Given::tracks("a b");
//! given.owns("a", "src/a");
//! given.work("b", "~src/a/x.rs");
//! assert_eq!(given.found("b", &RULE), ["error src/a/x.rs: …"]);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Approval, Commit, Contents, Facts, FileChange, Finding, Rule, Stray, Work, judge_by};
use crate::domain::contract::{Behind, Comparison};
use crate::domain::merge::{Entry, Mode};
use crate::domain::migration::{Direction, MigrationFile, Migrations};
use crate::domain::name::{BranchName, ContractName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::{Contract, Project, Severity, fixture};
use crate::domain::revision::{BlobId, CommitId};
use crate::domain::sql;
use crate::domain::time::Timestamp;

/// Facts that own what they are about; fields may be set as a test needs them.
pub(super) struct Given {
    pub(super) project: Project,
    /// In landing order.
    pub(super) works: Vec<Work>,
    pub(super) without: BTreeSet<TrackId>,
    pub(super) migrations: Option<Migrations>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) behind: Vec<Behind>,
    pub(super) files: Option<Vec<RepoPath>>,
    pub(super) texts: BTreeMap<RepoPath, Arc<[u8]>>,
    pub(super) approvals: Vec<Approval>,
    pub(super) strays: Vec<Stray>,
    pub(super) branch: Option<BranchName>,
    pub(super) now: Timestamp,
}

impl Given {
    /// A project of these tracks, ids separated by spaces. It is 2026-11-25, noon.
    pub(super) fn tracks(ids: &str) -> Given {
        let ids: Vec<&str> = ids.split(' ').collect();
        Given {
            project: fixture::project(&ids),
            works: Vec::new(),
            without: BTreeSet::new(),
            migrations: None,
            comparisons: Vec::new(),
            behind: Vec::new(),
            files: None,
            texts: BTreeMap::new(),
            approvals: Vec::new(),
            strays: Vec::new(),
            branch: None,
            now: Timestamp(1_795_608_000),
        }
    }

    pub(super) fn owns(&mut self, track: &str, patterns: &str) {
        let id = track_id(track);
        let mut tracks = self.project.tracks.iter_mut();
        let track = tracks.find(|track| track.id == id).unwrap();
        track.owns.extend(patterns.split(' ').map(pattern));
    }

    /// The tables of a track, separated by spaces.
    pub(super) fn tables(&mut self, track: &str, tables: &str) {
        let id = track_id(track);
        let mut tracks = self.project.tracks.iter_mut();
        let track = tracks.find(|track| track.id == id).unwrap();
        track
            .tables
            .extend(tables.split_whitespace().map(str::to_owned));
    }

    /// What base's migrations have made, one after the other; Postgres.
    pub(super) fn base_sql(&mut self, files: &[(&str, &str)]) {
        let migrations = self.migrations.get_or_insert_with(Migrations::default);
        for (path, text) in files {
            let script = sql::parse(sql::Dialect::Postgres, text);
            migrations.known.add(&RepoPath::new(path), &script);
        }
    }

    /// The work of a track, which lands after those before: `+path` is new, `~path` changed, `-path` deleted, `old>new` moved;
    /// `+path@` is a link, `+path&` a submodule, `~path*` has become executable.
    pub(super) fn work(&mut self, track: &str, changes: &str) -> &mut Work {
        let mut list: Vec<FileChange> = changes.split_whitespace().flat_map(file_changes).collect();
        list.sort_by(|a, b| a.path.cmp(&b.path));
        self.works.push(Work {
            track: track_id(track),
            tip: Some(commit_id(self.works.len())),
            changes: list,
            commits: Vec::new(),
            migrations: Vec::new(),
            contents: Default::default(),
            uncommitted: BTreeSet::new(),
        });
        self.works.last_mut().unwrap()
    }

    /// What is found in the work of a track by one rule, exceptions included: `severity place: message`, and why it is excused.
    pub(super) fn found(&self, track: &str, rule: &'static Rule) -> Vec<String> {
        self.findings(track, rule).iter().map(shown).collect()
    }

    pub(super) fn findings(&self, track: &str, rule: &'static Rule) -> Vec<Finding> {
        let track = track_id(track);
        let judged = self.works.iter().position(|work| work.track == track);
        let owners = Owners::new(&self.project);
        let facts = Facts {
            project: &self.project,
            owners: &owners,
            now: self.now,
            works: &self.works,
            judged: judged.unwrap(),
            without: &self.without,
            migrations: self.migrations.as_ref(),
            comparisons: &self.comparisons,
            behind: &self.behind,
            files: self.files.as_deref(),
            texts: &self.texts,
            approvals: &self.approvals,
            strays: &self.strays,
            branch: self.branch.as_ref(),
        };
        judge_by(&facts, std::iter::once(rule))
    }

    /// A contract with its paths, consumers (both separated by spaces), and owner (empty: none).
    pub(super) fn contract(&mut self, name: &str, paths: &str, owner: &str, consumers: &str) {
        let consumers = consumers.split_whitespace().map(track_id);
        self.project.contracts.push(Contract {
            name: ContractName::new(name).unwrap(),
            paths: paths.split_whitespace().map(pattern).collect(),
            owner: (!owner.is_empty()).then(|| track_id(owner)),
            consumers: consumers.collect(),
            compatible: None,
            delivery: Vec::new(),
        });
    }

    /// The paths that base has, separated by spaces.
    pub(super) fn on_base(&mut self, paths: &str) {
        self.files = Some(paths.split_whitespace().map(RepoPath::new).collect());
    }
}

impl Work {
    /// One more commit, newer than those before.
    pub(super) fn commit(&mut self, message: &str) -> &mut Work {
        let at = Timestamp(1_795_600_000 + i64::try_from(self.commits.len()).unwrap());
        let commit = Commit {
            id: Some(commit_id(100 + self.commits.len())),
            subject: message.lines().next().unwrap_or_default().to_owned(),
            message: message.to_owned(),
            authored: at,
            committed: at,
            is_merge: message.starts_with("Merge "),
        };
        self.commits.insert(0, commit);
        self
    }

    /// A migration with this text; Postgres.
    pub(super) fn sql(&mut self, path: &str, text: &str) -> &mut Work {
        let path = RepoPath::new(path);
        let name = path.lossy().into_owned();
        let name = name.rsplit('/').next().unwrap();
        let stem = name.split('.').next().unwrap();
        self.migrations.push(MigrationFile {
            blob: entry(name, 1).id,
            set: RepoPath::new("m"),
            version: None,
            slug: stem.split_once('_').map(|(_, slug)| slug.to_owned()),
            token: None,
            direction: Direction::Only,
            links: None,
            ignored: None,
            script: Some(sql::parse(sql::Dialect::Postgres, text)),
            path,
        });
        self
    }

    /// What a file has before and after; an empty text: nothing.
    pub(super) fn content(&mut self, path: &str, before: &str, after: &str) -> &mut Work {
        let side = |text: &str| (!text.is_empty()).then(|| text.as_bytes().into());
        let contents = Contents {
            before: side(before),
            after: side(after),
        };
        self.contents.insert(RepoPath::new(path), contents);
        self
    }
}

pub(super) fn track_id(id: &str) -> TrackId {
    TrackId::new(id).unwrap()
}

pub(super) fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

pub(super) fn commit_id(number: usize) -> CommitId {
    CommitId::from_hex(&format!("{number:040x}")).unwrap()
}

fn shown(finding: &Finding) -> String {
    let place = match (&finding.path, finding.line) {
        (Some(path), Some(line)) => format!(" {path}:{line}"),
        (Some(path), None) => format!(" {path}"),
        (None, _) => String::new(),
    };
    let excuse = match &finding.excuse {
        Some(excuse) => format!(" ({excuse:?})"),
        None => String::new(),
    };
    let severity = match finding.severity {
        Severity::Off => "off",
        severity => severity.as_str(),
    };
    format!("{severity}{place}: {}{excuse}", finding.message)
}

fn file_changes(word: &str) -> Vec<FileChange> {
    if let Some((from, to)) = word.split_once('>') {
        let gone = change(from, Some(entry(from, 1)), None);
        let new = change(to, None, Some(entry(from, 1)));
        let to_and_from = |change: FileChange, other: &str| FileChange {
            moved: Some(RepoPath::new(other)),
            ..change
        };
        return vec![to_and_from(gone, to), to_and_from(new, from)];
    }
    let (what, path) = word.split_at(1);
    let (path, mode) = match path.as_bytes().last() {
        Some(b'@') => (&path[..path.len() - 1], Mode::Link),
        Some(b'&') => (&path[..path.len() - 1], Mode::Submodule),
        Some(b'*') => (&path[..path.len() - 1], Mode::Executable),
        _ => (path, Mode::File),
    };
    let (before, after) = (entry(path, 1), entry(path, 2));
    let after = Entry { mode, ..after };
    vec![match what {
        "+" => change(path, None, Some(after)),
        "-" => change(path, Some(before), None),
        "~" => change(path, Some(before), Some(after)),
        _ => panic!("no change: {word}"),
    }]
}

fn change(path: &str, before: Option<Entry>, after: Option<Entry>) -> FileChange {
    FileChange {
        path: RepoPath::new(path),
        before,
        after,
        moved: None,
    }
}

/// Another content for every path and version.
fn entry(path: &str, version: u8) -> Entry {
    let mut id = [version; 20];
    for (at, byte) in path.bytes().enumerate() {
        let place = &mut id[1 + at % 19];
        *place = place.wrapping_mul(31).wrapping_add(byte);
    }
    Entry {
        mode: Mode::File,
        id: BlobId::from_bytes(&id).unwrap(),
    }
}
