//! The git hooks that tracks answers to: what each judges, and which of them a project wants.

pub mod manager;
pub mod placing;

use std::collections::BTreeSet;
use std::fmt;

use super::name::CheckName;
use super::project::{Project, Track};
use super::rule::Family;

/// A hook of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    PreCommit,
    PrepareCommitMsg,
    CommitMsg,
    PreMergeCommit,
    PrePush,
    PostCommit,
    PostMerge,
    PostCheckout,
    ReferenceTransaction,
    /// Of a server's repository.
    PreReceive,
    /// Of a server's repository, for each ref; where `pre-receive` is not to be had.
    Update,
}

impl Hook {
    pub const ALL: [Hook; 11] = [
        Hook::PreCommit,
        Hook::PrepareCommitMsg,
        Hook::CommitMsg,
        Hook::PreMergeCommit,
        Hook::PrePush,
        Hook::PostCommit,
        Hook::PostMerge,
        Hook::PostCheckout,
        Hook::ReferenceTransaction,
        Hook::PreReceive,
        Hook::Update,
    ];

    /// As git calls it.
    pub fn name(self) -> &'static str {
        match self {
            Hook::PreCommit => "pre-commit",
            Hook::PrepareCommitMsg => "prepare-commit-msg",
            Hook::CommitMsg => "commit-msg",
            Hook::PreMergeCommit => "pre-merge-commit",
            Hook::PrePush => "pre-push",
            Hook::PostCommit => "post-commit",
            Hook::PostMerge => "post-merge",
            Hook::PostCheckout => "post-checkout",
            Hook::ReferenceTransaction => "reference-transaction",
            Hook::PreReceive => "pre-receive",
            Hook::Update => "update",
        }
    }

    pub fn named(name: &str) -> Option<Hook> {
        Hook::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// Whether it only tells what has happened, so that nothing can be refused.
    pub fn is_after_the_fact(self) -> bool {
        matches!(
            self,
            Hook::PostCommit | Hook::PostMerge | Hook::PostCheckout
        )
    }

    /// Whether rules of this family have anything to say at it.
    pub fn is_about(self, family: Family) -> bool {
        match self {
            Hook::PrepareCommitMsg => family == Family::Names,
            // Whose a commit is, and what exceptions its trailers make, is for ownership.
            Hook::CommitMsg => matches!(family, Family::Names | Family::Ownership),
            _ => !self.is_after_the_fact(),
        }
    }

    /// Whether checks can be run at it: not where there is nothing to be refused yet.
    pub fn takes_checks(self) -> bool {
        self != Hook::PrepareCommitMsg && !self.is_after_the_fact()
    }

    /// What it judges by where tracks.toml does not say.
    fn default(self) -> Vec<Judge> {
        let families: &[Family] = match self {
            Hook::PreCommit | Hook::PreMergeCommit | Hook::ReferenceTransaction => {
                &[Family::Ownership, Family::Migrations, Family::Names]
            }
            Hook::CommitMsg | Hook::PrepareCommitMsg => &[Family::Names],
            Hook::PrePush | Hook::PreReceive | Hook::Update => &Family::ALL,
            Hook::PostCommit | Hook::PostMerge | Hook::PostCheckout => &[],
        };
        families.iter().copied().map(Judge::Rules).collect()
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a hook judges by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judge {
    Rules(Family),
    Check(CheckName),
}

/// What `[hooks]` says of the hooks that judge; `None`: the hook's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hooks {
    pub pre_commit: Option<Vec<Judge>>,
    pub commit_msg: Option<Vec<Judge>>,
    pub prepare_commit_msg: Option<Vec<Judge>>,
    pub pre_merge_commit: Option<Vec<Judge>>,
    pub pre_push: Option<Vec<Judge>>,
    pub reference_transaction: Option<bool>,
    /// Refuse (true) or only warn where the binary is missing.
    pub missing_binary_refuses: Option<bool>,
}

impl Hooks {
    fn of(&self, hook: Hook) -> Option<&Vec<Judge>> {
        match hook {
            Hook::PreCommit => self.pre_commit.as_ref(),
            Hook::PrepareCommitMsg => self.prepare_commit_msg.as_ref(),
            Hook::CommitMsg => self.commit_msg.as_ref(),
            Hook::PreMergeCommit => self.pre_merge_commit.as_ref(),
            Hook::PrePush => self.pre_push.as_ref(),
            _ => None,
        }
    }
}

impl Project {
    /// What a hook judges a track by: what the track says, else what the project says, else the hook's default.
    pub fn judges(&self, hook: Hook, track: &Track) -> Vec<Judge> {
        let own = track.hooks.as_ref().and_then(|hooks| hooks.of(hook));
        let said = own.or_else(|| self.hooks.of(hook));
        said.map_or_else(|| hook.default(), Clone::clone)
    }

    /// Whether the prepare-commit-msg hook adds the trailer to the messages of a track.
    pub fn adds_trailer(&self, track: &Track) -> bool {
        let judges = self.judges(Hook::PrepareCommitMsg, track);
        self.commit.trailer && judges.contains(&Judge::Rules(Family::Names))
    }

    /// Whether moves of a track's branch are judged by the reference-transaction hook.
    pub fn has_backstop(&self, track: &Track) -> bool {
        let own = track.hooks.as_ref().and_then(|it| it.reference_transaction);
        own.or(self.hooks.reference_transaction).unwrap_or(false)
    }

    /// Whether a commit or a push of a track is refused where the program is gone.
    pub fn missing_binary_refuses(&self, track: &Track) -> bool {
        let own = track
            .hooks
            .as_ref()
            .and_then(|it| it.missing_binary_refuses);
        own.or(self.hooks.missing_binary_refuses).unwrap_or(true)
    }

    /// The hooks of a repository that people work in which have something to do; each costs a process where it is installed.
    pub fn hooks_wanted(&self) -> BTreeSet<Hook> {
        let says_something_of_messages = self.commit.pattern.is_some() || self.commit.trailer;
        let has_to_do = |hook: Hook, track: &Track| match hook {
            Hook::PreCommit | Hook::PreMergeCommit | Hook::PrePush => {
                !self.judges(hook, track).is_empty()
            }
            Hook::CommitMsg => self.judges(hook, track).iter().any(|judge| match judge {
                Judge::Rules(Family::Names) => says_something_of_messages,
                Judge::Rules(_) | Judge::Check(_) => true,
            }),
            Hook::PrepareCommitMsg => self.adds_trailer(track),
            Hook::ReferenceTransaction => self.has_backstop(track),
            Hook::PostCommit | Hook::PostMerge | Hook::PostCheckout => true,
            Hook::PreReceive | Hook::Update => false,
        };
        let wanted = |hook: &Hook| self.tracks.iter().any(|track| has_to_do(*hook, track));
        Hook::ALL.into_iter().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;

    #[test]
    fn names_are_gits() {
        for hook in Hook::ALL {
            assert_eq!(Hook::named(hook.name()), Some(hook));
        }
        assert_eq!(Hook::named("post-rewrite"), None);
    }

    fn wanted(change: impl Fn(&mut Project)) -> String {
        let mut project = fixture::project(&["a", "b"]);
        change(&mut project);
        let wanted = project.hooks_wanted();
        wanted
            .iter()
            .map(|hook| hook.name())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_hook_without_anything_to_do_is_not_wanted() {
        let always = "pre-merge-commit pre-push post-commit post-merge post-checkout";
        assert_eq!(wanted(|_| {}), format!("pre-commit {always}"));
        assert_eq!(
            wanted(|project| project.commit.trailer = true),
            format!("pre-commit prepare-commit-msg commit-msg {always}")
        );
        assert_eq!(
            wanted(|project| project.commit.pattern = Some("conventional".to_owned())),
            format!("pre-commit commit-msg {always}")
        );
        assert_eq!(
            wanted(|project| project.hooks.pre_commit = Some(Vec::new())),
            always
        );
        assert_eq!(
            wanted(|project| {
                project.hooks.pre_commit = Some(Vec::new());
                project.tracks[1].hooks = Some(Hooks {
                    pre_commit: Some(vec![Judge::Rules(Family::Names)]),
                    reference_transaction: Some(true),
                    ..Hooks::default()
                });
            }),
            format!("pre-commit {always} reference-transaction")
        );
    }

    #[test]
    fn a_track_says_it_before_the_project_does() {
        let mut project = fixture::project(&["a", "b"]);
        project.hooks.pre_push = Some(vec![Judge::Rules(Family::Names)]);
        project.hooks.missing_binary_refuses = Some(false);
        project.tracks[1].hooks = Some(Hooks {
            pre_push: Some(Vec::new()),
            missing_binary_refuses: Some(true),
            ..Hooks::default()
        });
        let [a, b] = [&project.tracks[0], &project.tracks[1]];
        let names = [Judge::Rules(Family::Names)];
        assert_eq!(project.judges(Hook::PrePush, a), names);
        assert_eq!(project.judges(Hook::PrePush, b), []);
        assert_eq!(project.judges(Hook::CommitMsg, b), names);
        assert!(!project.missing_binary_refuses(a) && project.missing_binary_refuses(b));
    }
}
