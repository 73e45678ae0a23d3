//! Errors at the surface: what each means for the exit status, and what to do about it.

mod agent;
mod brief;
mod contract;
mod doctor;
mod hooks;
mod new_migration;
mod operation;
mod owning;
mod resolve;
mod worktrees;

use crate::domain::state::State;
use crate::git::{GitError, NotOurs, OpenError};
use crate::ops::branches::BranchesError;
use crate::ops::check::CheckError;
use crate::ops::conflicts::ConflictsError;
use crate::ops::explain::UnknownRule;
use crate::ops::init::{InitError, StarterError};
use crate::ops::lease::LeaseError;
use crate::ops::logs::LogsError;
use crate::ops::mark::MarkError;
use crate::ops::profile::ProfileError;
use crate::ops::schedule::ScheduleError;
use crate::ops::trust::TrustError;
use crate::ops::validate::ValidateError;
use crate::ops::{
    ConfigProblem, OwnWorktreeError, RunnerError, SessionError, SetupError, SiteError,
};
use crate::store::StoreError;
use crate::ui::{self, Hint, Terminal};

/// Done, nothing found.
pub const DONE: u8 = 0;
/// Something was found.
pub const FOUND: u8 = 1;
/// The command line or tracks.toml is wrong.
pub const USAGE: u8 = 2;
/// The repository or environment does not allow it, or something could not be determined.
pub const UNDETERMINED: u8 = 3;
/// An internal error.
pub const INTERNAL: u8 = 4;

/// Why a command gave no answer.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hints: Vec<Hint>,
    status: u8,
    config: Option<Box<ConfigProblem>>,
}

impl Failure {
    pub fn new(status: u8, message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            hints: Vec::new(),
            status,
            config: None,
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(USAGE, message)
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Where somebody asked us to stop (`status`), what went wrong is that: Ctrl-C ends our gits, too. Only for where an
    /// error means that nothing was moved.
    #[must_use]
    pub fn unless_interrupted(self, status: Option<u8>) -> Self {
        match status {
            Some(status) => Failure::new(status, "interrupted; nothing was moved"),
            None => self,
        }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Shows it; the result is the exit status.
    pub fn show(&self, terminal: Terminal) -> u8 {
        ui::error(terminal, &self.message, &self.hints, self.config.as_deref());
        self.status
    }
}

fn undetermined(error: impl Into<String>) -> Failure {
    Failure::new(UNDETERMINED, error)
}

/// What a name was to be one of, and where there are none.
type Kind = (&'static str, &'static str);

const TRACKS: Kind = ("tracks", " in tracks.toml");
const RESOURCES: Kind = ("resources", " in tracks.toml");
const CHECKS: Kind = ("checks", " in tracks.toml");
const PROFILES: Kind = ("profiles", " in tracks.toml");
const LOGS: Kind = ("logs", "");
const STATES: Kind = ("states", "");
const RULES: Kind = ("rules", "");
const BRANCHES: Kind = ("branches", "");

/// "did you mean `api`?", or else the names there are, which may be hundreds.
fn meant(nearest: Option<&str>, known: &[String], (kind, place): Kind) -> String {
    const SHOWN: usize = 8;
    match (nearest, known.split_at_checked(SHOWN)) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, _) if known.is_empty() => format!("there are no {kind}{place}"),
        (None, Some((first, rest))) if !rest.is_empty() => {
            let (first, more) = (first.join(", "), rest.len());
            format!("the {kind} are: {first} and {more} more")
        }
        (None, _) => format!("the {kind} are: {}", known.join(", ")),
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let failure = undetermined(error.to_string());
        match error {
            OpenError::NotARepository { .. } => failure.hint("go into a repository, or name one with `-C DIR`"),
            OpenError::NoGitDir { .. } => failure.hint("unset GIT_DIR, or set it to a repository's `.git`"),
            OpenError::NoGit => failure.hint("install git, or put it on the PATH"),
            OpenError::BadGit { .. } => failure.hint("see what `git version` says; tracks runs the first git on the PATH"),
            OpenError::GitTooOld { .. } => failure.hint("install a newer git, or put one first on the PATH"),
            OpenError::Reftable { .. } => failure.hint(
                "a clone made with `git clone --ref-format=files` works, or `git refs migrate --ref-format=files` before there are worktrees",
            ),
            OpenError::Untrusted { dir } => failure.hint(format!(
                "if you trust it: `git config --global --add safe.directory {}`",
                dir.display()
            )),
            OpenError::Broken { .. } => failure.hint("`git fsck` may say more"),
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        undetermined(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = undetermined(error.to_string());
        match error {
            StoreError::TooNew { .. } => {
                failure.hint("update tracks; a newer version wrote this repository's state")
            }
            StoreError::Format { .. } => failure.hint(
                "mend it, or move it away: what it recorded is then forgotten, branches and worktrees stay as they are",
            ),
            StoreError::Io { .. } => failure,
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::Open(error) => error.into(),
            SessionError::Git(error) => error.into(),
            SessionError::NoConfig { .. } => {
                Failure::usage(message).hint("write a commented one: `tracks init`")
            }
            SessionError::NoConfigOnBase { .. } => Failure::usage(message)
                .hint("commit it there: a branch cannot bring the rules that judge it"),
            SessionError::Config(problem) => {
                let errors = problem.diagnostics.len();
                let message = match errors {
                    1 => message,
                    _ => format!("{message}: {errors} mistakes"),
                };
                Failure {
                    config: Some(problem),
                    ..Failure::usage(message)
                }
            }
            SessionError::NotText { .. } | SessionError::NotAFile { .. } => Failure::usage(message),
            SessionError::Read { .. } => undetermined(message),
            SessionError::Unborn => undetermined(message)
                .hint("tracks start from a commit: make a first one, then `tracks init`"),
            SessionError::NoBase {
                tried,
                remote,
                shallow,
            } => {
                let failure = undetermined(message);
                let failure = match (remote, tried.first()) {
                    (Some(remote), Some(name)) => failure.hint(format!(
                        "if this clone lacks it: `git fetch {remote} {name}:refs/remotes/{remote}/{name}`{}",
                        if shallow { ", and `git fetch --unshallow` for its history" } else { "" },
                    )),
                    _ => failure,
                };
                failure.hint(
                    "set `[project] base` in tracks.toml to the branch that tracks start from",
                )
            }
            SessionError::IntegrationBranchTaken { .. } => Failure::usage(message)
                .hint("give it a name of its own with `[integration] branch`"),
            SessionError::NoNamedBase { .. } => {
                undetermined(message).hint("fetch it, or name a branch that exists")
            }
            SessionError::UnknownTrack { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, TRACKS))
            }
        }
    }
}

impl From<BranchesError> for Failure {
    fn from(error: BranchesError) -> Self {
        let message = error.to_string();
        match error {
            BranchesError::Session(error) => error.into(),
            BranchesError::Git(error) => error.into(),
            BranchesError::NoMatch { nearest, known, .. }
            | BranchesError::NotAmong { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, BRANCHES))
            }
            BranchesError::NoSuchBase { nearest, .. } => {
                Failure::usage(message).hint(nearest.map_or_else(
                    || "name a branch, a tag or a commit that has been fetched".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                ))
            }
            BranchesError::NoBase { .. } => undetermined(message).hint("name it: `--base REV`"),
            BranchesError::NothingLeft { .. } => Failure::usage(message)
                .hint("name more branches, or another base with `--base REV`"),
        }
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        let message = error.to_string();
        match error {
            InitError::Git(error) => error.into(),
            InitError::Store(error) => error.into(),
            InitError::Setup(error) => error.into(),
            InitError::Trash(error) => error.into(),
            InitError::Busy { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            InitError::NoPlace => {
                undetermined(message).hint("set `[layout] worktrees` to an absolute path")
            }
        }
    }
}

impl From<StarterError> for Failure {
    fn from(error: StarterError) -> Self {
        let message = error.to_string();
        match error {
            StarterError::Exists { .. } => {
                Failure::usage(message).hint("move it away first, or leave `--template` out")
            }
            StarterError::Bare | StarterError::Write { .. } => undetermined(message),
        }
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Git(error) => error.into(),
            SetupError::Store(error) => error.into(),
            error @ (SetupError::Copy { .. } | SetupError::Runtime(_)) => {
                undetermined(error.to_string())
            }
        }
    }
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        match error {
            RunnerError::Store(error) => error.into(),
            RunnerError::Site(error) => error.into(),
            error @ RunnerError::Runtime(_) => undetermined(error.to_string()),
        }
    }
}

impl From<SiteError> for Failure {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Git(error) => error.into(),
            SiteError::Setup(error) => error.into(),
            SiteError::OwnWorktree(error) => error.into(),
        }
    }
}

impl From<OwnWorktreeError> for Failure {
    fn from(error: OwnWorktreeError) -> Self {
        let message = error.to_string();
        match error {
            OwnWorktreeError::Git(error) => error.into(),
            OwnWorktreeError::Store(error) => error.into(),
            OwnWorktreeError::NoPlace => {
                undetermined(message).hint("set `[layout] worktrees` to an absolute path")
            }
            OwnWorktreeError::InUse { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            OwnWorktreeError::InTheWay { .. } => undetermined(message)
                .hint("tracks keeps a worktree of its own there; move away what is in it"),
            OwnWorktreeError::InTheMaking { path } => undetermined(message).hint(format!(
                "wait for it to end; if none is running, it was killed: `git worktree remove --force --force {}`",
                path.display()
            )),
            OwnWorktreeError::NotOurs { path, why } => undetermined(message).hint(give_back(&path, &why)),
        }
    }
}

/// How a worktree of ours becomes usable again without loss for who took it.
fn give_back(path: &std::path::Path, why: &NotOurs) -> String {
    let path = path.display();
    match why {
        NotOurs::Link | NotOurs::Foreign => format!(
            "move it away, and tracks makes its own; if it only was moved: `git worktree repair {path}`"
        ),
        NotOurs::Unmarked => {
            format!("move it away: `git worktree move {path} NEW-PATH`, and tracks makes its own")
        }
        NotOurs::OnBranch { .. } | NotOurs::Unfinished(_) | NotOurs::Elsewhere { .. } => format!(
            "nothing was touched; to keep what is there: `git worktree move {path} NEW-PATH`, and tracks makes a new one"
        ),
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let message = error.to_string();
        match error {
            CheckError::Session(error) => error.into(),
            CheckError::Git(error) => error.into(),
            CheckError::Store(error) => error.into(),
            CheckError::Runner(error) => error.into(),
            CheckError::OwnWorktree(error) => error.into(),
            CheckError::UnknownCheck { nearest, known, .. } => {
                let failure =
                    Failure::usage(message).hint(meant(nearest.as_deref(), &known, CHECKS));
                match nearest {
                    Some(_) if known.len() > 1 => failure.hint(meant(None, &known, CHECKS)),
                    _ => failure,
                }
            }
        }
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        let message = error.to_string();
        match error {
            ProfileError::Git(error) => Failure::from(error)
                .hint("a profile that is named is not chosen by its condition: `--profile NAME`"),
            ProfileError::Unknown { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, PROFILES))
            }
        }
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        let message = error.to_string();
        match error {
            LeaseError::Store(error) => error.into(),
            LeaseError::UnknownResource { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, RESOURCES))
            }
        }
    }
}

impl From<LogsError> for Failure {
    fn from(error: LogsError) -> Self {
        let message = error.to_string();
        match error {
            LogsError::Form { .. } => Failure::usage(message)
                .hint("write the track and the check, like `api/unit`, or leave it out to see which logs are kept"),
            LogsError::Check(error) => error.into(),
            LogsError::NothingKept { kept, .. } => undetermined(message).hint(if kept.is_empty() {
                "no log is kept yet: checks write them when they run".to_owned()
            } else {
                meant(None, &kept, LOGS)
            }),
            LogsError::Read { .. } => undetermined(message),
        }
    }
}

impl From<MarkError> for Failure {
    fn from(error: MarkError) -> Self {
        let message = error.to_string();
        let states = || State::ALL.map(|state| state.as_str().to_owned());
        match error {
            MarkError::Session(error) => error.into(),
            MarkError::Git(error) => error.into(),
            MarkError::Store(error) => error.into(),
            MarkError::State { error } => {
                Failure::usage(message).hint(meant(error.nearest, &states(), STATES))
            }
            MarkError::NoState { .. } => {
                Failure::usage(message).hint(meant(None, &states(), STATES))
            }
            MarkError::NoTrack { known } => Failure::usage(message).hint(format!(
                "name it: `tracks mark TRACK STATE` ({})",
                known.join(", ")
            )),
        }
    }
}

impl From<ConflictsError> for Failure {
    fn from(error: ConflictsError) -> Self {
        match error {
            ConflictsError::Git(error) => error.into(),
            ConflictsError::Check(error) => error.into(),
        }
    }
}

impl From<ScheduleError> for Failure {
    fn from(error: ScheduleError) -> Self {
        let failure = undetermined(error.to_string());
        match error {
            ScheduleError::Unwritable(_) => failure.hint("`tracks schedule systemd` can write it"),
            ScheduleError::Program(_) | ScheduleError::NotText(_) => failure,
        }
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::Store(error) => error.into(),
            error @ TrustError::NoHome => {
                undetermined(error.to_string()).hint("set HOME, or use `--yes` for one run")
            }
        }
    }
}

impl From<UnknownRule> for Failure {
    fn from(error: UnknownRule) -> Self {
        let hint = meant(error.nearest, &error.known, RULES);
        Failure::usage(error.to_string()).hint(hint)
    }
}

impl From<ValidateError> for Failure {
    fn from(error: ValidateError) -> Self {
        let message = error.to_string();
        match error {
            ValidateError::Session(error) => error.into(),
            ValidateError::Git(error) => error.into(),
            ValidateError::Store(error) => error.into(),
            ValidateError::Check(error) => error.into(),
            ValidateError::NoTrack { known, .. } | ValidateError::Detached { known } => Failure::usage(message).hint(format!(
                "name a track: `tracks validate TRACK` ({}), or judge every track with work: `tracks validate --all`",
                known.join(", ")
            )),
            ValidateError::NoWorktree => {
                Failure::usage(message).hint("run it in a worktree, or name one with `-C DIR`")
            }
            ValidateError::NoBranch { .. } => {
                undetermined(message).hint("`tracks init` makes it; in a clone, fetch it first")
            }
            ValidateError::NoCommit { .. } => Failure::usage(message)
                .hint("name a branch, a tag or a commit that has been fetched"),
        }
    }
}
