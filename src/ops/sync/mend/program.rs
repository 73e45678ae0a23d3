//! What is run to make a merge whole: merge drivers, commands that make files anew, and the check that a result must pass.

use std::path::Path;

use crate::domain::name::{CheckName, TrackId};
use crate::domain::project::{Command, Resolve};
use crate::domain::resolution::Version;
use crate::domain::revision::TreeId;
use crate::domain::trust::{TrustedCommand, command_of_driver, command_of_regenerate};
use crate::git::{GitError, ThreeFiles, Unmerged};
use crate::process::{ShellJob, clock, find_program};
use crate::store::{Regenerated, ResultKey, other_log};

use super::super::super::command::{self, Trouble};
use super::super::super::keys::with_needs;
use super::super::super::own_worktree;
use super::super::super::setup::{self, SetUp, show};
use super::super::super::site::{Probed, Probes, Site as _};
use super::super::super::trial::Trial;
use super::super::super::{Event, matrix, variables};
use super::super::SyncError;
use super::real::HALF_MERGED;
use super::work::Work;

/// Why there is no result; one clause.
#[derive(Debug)]
pub(super) enum No {
    /// It ran, and would not do.
    Failed(String),
    /// It could not be run, which says nothing of the merge.
    NotRun(String),
    /// It would be run, were this no dry run.
    Would(String),
}

impl No {
    fn of(shown: &str, trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failed(how) => No::Failed(format!("`{shown}` {how}")),
            Trouble::NotRun(how) => No::NotRun(format!("`{shown}` {how}")),
        }
    }
}

/// What the check that a rule asks for says.
#[derive(Debug)]
pub(super) enum Verdict {
    Passed,
    No(String),
    /// It could not run, which says nothing of the merge.
    NotRun(String),
    Would(String),
}

/// As git has it where no attribute says otherwise.
const MARKER_SIZE: &str = "7";

impl Work<'_> {
    fn tracks(&self) -> Vec<TrackId> {
        let earlier = self.meeting.earlier.iter().map(|(track, _)| track.clone());
        earlier.chain([self.meeting.track.clone()]).collect()
    }

    /// What a merge driver makes of the path. As with git, it leaves its result in the file of ours and ends with 0 where it
    /// left no conflict.
    pub(super) fn driver(
        &self,
        rule: &Resolve,
        unmerged: &Unmerged,
    ) -> Result<Result<Option<Version>, No>, SyncError> {
        let session = self.mender.session;
        let Some(driver) = command_of_driver(&session.project, rule) else {
            return Ok(Err(No::NotRun("no driver is named".to_owned())));
        };
        let sides = &unmerged.sides;
        if !sides.are_files() {
            return Ok(Err(No::Failed(
                "a driver needs a file on both sides".to_owned(),
            )));
        }
        if self.is_half_merged(unmerged)? {
            return Ok(Err(No::Failed(HALF_MERGED.to_owned())));
        }
        let name = show(&driver.command);
        if self.mender.dry_run {
            return Ok(Err(No::Would(format!("`{name}` would be tried"))));
        }
        if let Some(why) = command::not_approved(self.mender.trust, &driver) {
            return Ok(Err(No::NotRun(why)));
        }
        let Some(template) = self.template(&name)? else {
            let why = format!("there is no program and no merge driver called {name}");
            return Ok(Err(No::NotRun(why)));
        };
        let read = |version: Option<Version>| match version {
            Some(version) => self.merger.read_blob(version.id),
            None => Ok(Vec::new()),
        };
        let [base, ours, theirs] = [read(sides.base)?, read(sides.ours)?, read(sides.theirs)?];
        let below = session.store.scratch_root();
        let files = ThreeFiles::new(self.merger.files_dir(&below), &base, &ours, &theirs)?;
        let line = expand(
            &template,
            &files,
            &unmerged.path.lossy(),
            self.meeting.track,
        );
        let repository = &session.repository;
        let home = repository
            .main_worktree()
            .unwrap_or(repository.common_dir());
        let job = ShellJob {
            key: 0,
            command: Command::Shell(line),
            cwd: home.to_owned(),
            env: driver.env.clone(),
            stdin: Vec::new(),
            log: files.beside("log"),
            timeout: Some(session.project.run.timeout),
            grace: session.project.run.grace,
            stall: None,
            end_stalled: false,
        };
        let who = format!("merge driver {name}");
        if let Some(trouble) = command::run(session, &who, job) {
            return Ok(Err(No::of(&name, trouble)));
        }
        let content = files.read_ours()?;
        let made = match self.texts(sides)? {
            Some(texts) => self.whole(unmerged, &texts, &content)?,
            None => match sides.merged_mode(None) {
                Some(mode) => Ok(Some(Version {
                    mode,
                    id: self.merger.write_blob(&content)?,
                })),
                None => Err("the sides have different modes".to_owned()),
            },
        };
        Ok(made.map_err(No::Failed))
    }

    /// The command with git's placeholders that a driver of tracks.toml stands for.
    fn template(&self, driver: &str) -> Result<Option<String>, GitError> {
        if driver.contains("%A") {
            return Ok(Some(driver.to_owned()));
        }
        if let Some(configured) = self.merger.repository().merge_driver(driver)? {
            return Ok(Some(configured));
        }
        let program = driver.split_whitespace().next().unwrap_or_default();
        if find_program(program).is_none() && !Path::new(program).is_file() {
            return Ok(None);
        }
        Ok(Some(match Path::new(program).file_name() {
            Some(name) if name == "mergiraf" && program == driver => {
                format!("{driver} merge --git %O %A %B -s %S -x %X -y %Y -p %P -l %L")
            }
            _ => format!("{driver} %O %A %B"),
        }))
    }

    /// What the command of a rule makes of a tree.
    pub(super) fn anew(
        &self,
        rule: &Resolve,
        tree: TreeId,
    ) -> Result<Result<Regenerated, No>, SyncError> {
        let session = self.mender.session;
        let Some(command) = command_of_regenerate(&session.project, rule) else {
            return Ok(Err(No::NotRun("no command is named".to_owned())));
        };
        let key = key(rule, &command, tree);
        if let Some(known) = session
            .store
            .regenerated(&key)
            .filter(|known| self.are_here(known))
        {
            return Ok(Ok(known));
        }
        if self.mender.dry_run {
            return Ok(Err(No::Would(format!(
                "`{}` would be run",
                show(&command.command)
            ))));
        }
        if let Some(why) = command::not_approved(self.mender.trust, &command) {
            return Ok(Err(No::NotRun(why)));
        }
        let made = self.run_anew(rule, &command, tree)?;
        if let Ok(made) = &made {
            // That it cannot be kept is no news.
            let _ = session.store.keep_regenerated(&key, made);
        }
        Ok(made)
    }

    /// Contents that nobody published may be gone.
    fn are_here(&self, known: &Regenerated) -> bool {
        let versions = known.paths.iter().filter_map(|(_, version)| *version);
        versions
            .into_iter()
            .all(|version| self.merger.has_blob(version.id))
    }

    fn run_anew(
        &self,
        rule: &Resolve,
        command: &TrustedCommand,
        tree: TreeId,
    ) -> Result<Result<Regenerated, No>, SyncError> {
        let (session, merger) = (self.mender.session, self.merger);
        let shown = show(&command.command);
        (self.mender.emit)(&Event::Stage(format!(
            "running `{shown}` on the merge of {}",
            self.meeting.track
        )));
        let parents = [self.meeting.ours, self.meeting.theirs];
        let commit = matrix::merge_commit(merger, tree, &parents, "to be made anew\n")?;
        let tracks = self.tracks();
        let trial = Trial {
            session,
            trust: self.mender.trust,
            merger,
            commit,
            tracks: &tracks,
        };
        own_worktree::bring_back_probes(session)?;
        let probes = Probes::new(session, Some(merger));
        let site = Probed::new(&probes, commit, tracks.clone(), trial.setup());
        let log_dir = session.store.new_log_dir(clock::now())?;
        let place = site.open()?;
        let ready = setup::run(
            session,
            self.mender.trust,
            std::slice::from_ref(&place),
            &log_dir,
            self.mender.emit,
        )?;
        let trouble = match ready.into_iter().next() {
            Some(SetUp::Done | SetUp::Unneeded) | None => None,
            Some(SetUp::NotApproved(commands)) => Some(format!(
                "setup `{}` is not approved; `tracks trust` shows what would run",
                commands.join("`, `")
            )),
            Some(SetUp::Failed { message, .. }) => Some(message),
        };
        let made = match trouble {
            Some(why) => Err(No::NotRun(why)),
            None => {
                let mut env = command.env.clone();
                env.extend(place.env.iter().cloned());
                env.extend(variables::of_place(session, &place.name, &place.dir)?);
                let job = ShellJob {
                    key: 0,
                    command: command.command.clone(),
                    cwd: place.dir.join(&command.cwd),
                    env,
                    stdin: Vec::new(),
                    log: log_dir.join(other_log("integration", "regenerate")),
                    timeout: Some(session.project.run.timeout),
                    grace: session.project.run.grace,
                    stall: None,
                    end_stalled: false,
                };
                match command::run(session, &format!("`{shown}`"), job) {
                    Some(trouble) => Err(No::of(&shown, trouble)),
                    None => Ok(self.taken(rule, tree, &place.dir)?),
                }
            }
        };
        site.close();
        drop(site);
        probes.finish()?;
        session.store.leave_log_dir(&log_dir);
        Ok(made)
    }

    fn taken(&self, rule: &Resolve, before: TreeId, dir: &Path) -> Result<Regenerated, GitError> {
        let after = self.merger.tree_in(dir)?;
        let mut made = Regenerated::default();
        for change in self.merger.changes(before, after)?.list() {
            if rule.paths.iter().any(|paths| paths.matches(&change.path)) {
                made.paths
                    .push((change.path.clone(), change.after.map(Version::from)));
            } else if change.before.is_some() {
                // What is new and not ignored (a log, a cache) says nothing.
                made.others.push(change.path.clone());
            }
        }
        Ok(made)
    }

    /// What the check of a rule says of what the tree is now.
    pub(super) fn accepted(&self, name: &CheckName) -> Result<Verdict, SyncError> {
        let session = self.mender.session;
        let merger = self.merger;
        let parents = [self.meeting.ours, self.meeting.theirs];
        let commit = matrix::merge_commit(merger, self.tree()?, &parents, "to be accepted\n")?;
        let tracks = self.tracks();
        let trial = Trial {
            session,
            trust: self.mender.trust,
            merger,
            commit,
            tracks: &tracks,
        };
        let checks = with_needs(&session.project, vec![name]);
        let Some(runs) = trial.judge(&checks, !self.mender.dry_run, self.mender.emit)? else {
            return Ok(Verdict::Would(format!(
                "check {name} would be run on the result"
            )));
        };
        let red = runs
            .iter()
            .find(|run| run.outcome.is_red() && (run.check == *name || !run.allow_failure));
        if let Some(red) = red {
            return Ok(Verdict::No(format!("check {} fails on it", red.check)));
        }
        let asked = runs.iter().find(|run| run.check == *name);
        Ok(match asked {
            Some(run) if run.outcome == crate::domain::check::Outcome::Passed => Verdict::Passed,
            Some(run) => {
                let why = run
                    .note
                    .clone()
                    .unwrap_or_else(|| run.outcome.as_str().to_owned());
                Verdict::NotRun(format!("check {name} could not run on it: {why}"))
            }
            None => Verdict::NotRun(format!("check {name} did not run on it")),
        })
    }
}

/// Everything that decides what the command makes.
fn key(rule: &Resolve, command: &TrustedCommand, tree: TreeId) -> ResultKey {
    let command = command.exact_text();
    let head: [&[u8]; 3] = [b"1", command.as_bytes(), tree.as_bytes()];
    let paths = rule.paths.iter().map(|paths| paths.as_str().as_bytes());
    ResultKey::of(head.into_iter().chain(paths))
}

/// Git's placeholders (gitattributes, "Defining a custom merge driver"), each as one word of the shell.
fn expand(template: &str, files: &ThreeFiles, path: &str, track: &TrackId) -> String {
    let [base, ours, theirs] = files.paths();
    let word = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let file = |path: &Path| word(&path.to_string_lossy());
    let mut line = String::new();
    let mut rest = template.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            line.push(c);
            continue;
        }
        match rest.next() {
            Some('O') => line.push_str(&file(&base)),
            Some('A') => line.push_str(&file(&ours)),
            Some('B') => line.push_str(&file(&theirs)),
            Some('L') => line.push_str(MARKER_SIZE),
            Some('P') => line.push_str(&word(path)),
            Some('S') => line.push_str("base"),
            Some('X') => line.push_str("candidate"),
            Some('Y') => line.push_str(&word(track.as_str())),
            Some('%') => line.push('%'),
            Some(other) => line.extend(['%', other]),
            None => line.push('%'),
        }
    }
    line
}
