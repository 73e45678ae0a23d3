//! Base as the branch that landings move: where it is, here and on the remote, and how it goes forward.

use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Push};
use crate::store::{RefMove, StoreError};

use super::operation::{self, OperationError, Request};
use super::{Session, SessionError};

/// Why base cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    #[error("base is {name}, which is not a branch")]
    NotABranch { name: String },
    #[error("there is no branch {branch} here, only that of {remote}")]
    OnlyRemote { branch: BranchName, remote: String },
    #[error("{branch} and {remote}/{branch} have each commits that the other has not")]
    Diverged { branch: BranchName, remote: String },
    #[error("{branch} moved meanwhile")]
    Moved { branch: BranchName },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Where base is.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub branch: BranchName,
    /// `None`: there is no such branch here.
    pub local: Option<CommitId>,
    /// As it was when it was fetched last.
    pub remote: Option<CommitId>,
}

/// A push of base or of what is to become base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    pub remote: String,
    pub branch: BranchName,
    /// What git said where it was refused.
    pub result: Result<(), String>,
}

/// How far a move of base came.
#[derive(Debug, Default)]
pub(super) struct Moved {
    pub pushed: Option<Pushed>,
    /// The operation.
    pub done: Option<String>,
    /// It is on the remote, and base here could not follow: why.
    pub behind: Option<OperationError>,
    /// It is where it should be, and the operation log could not be written.
    pub unrecorded: Option<StoreError>,
}

impl Base {
    /// # Errors
    /// When base is no branch.
    pub(super) fn read(session: &Session) -> Result<Base, BaseError> {
        let base = &session.base;
        let branch = base.branch.clone().ok_or_else(|| BaseError::NotABranch {
            name: base.name.clone(),
        })?;
        let local = session.repository.branch(&branch)?;
        let remote = (session.repository).remote_branch(&session.project.remote, &branch)?;
        Ok(Base {
            branch,
            local,
            remote,
        })
    }

    /// Whether it can go to `to` here, and on the remote if it is to be `pushed`. Nothing is changed.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) fn may_move(
        &self,
        session: &Session,
        to: CommitId,
        pushed: bool,
    ) -> Result<(), BaseError> {
        let remote = || session.project.remote.clone();
        match self.local {
            None if !pushed => {
                return Err(BaseError::OnlyRemote {
                    branch: self.branch.clone(),
                    remote: remote(),
                });
            }
            // It moved since it was read, or a fetch brought what it has not.
            Some(local) if !session.repository.is_ancestor(local, to)? => {
                return Err(BaseError::Moved {
                    branch: self.branch.clone(),
                });
            }
            _ => {}
        }
        if let Some(there) = self.remote.filter(|_| pushed)
            && !session.repository.is_ancestor(there, to)?
        {
            return Err(BaseError::Diverged {
                branch: self.branch.clone(),
                remote: remote(),
            });
        }
        Ok(operation::may_carry_out(session, &self.moves(to))?)
    }

    fn moves(&self, to: CommitId) -> Vec<RefMove> {
        let local = self.local.filter(|local| *local != to);
        local
            .map(|local| RefMove {
                name: self.branch.full(),
                before: Some(local),
                after: Some(to),
            })
            .into_iter()
            .collect()
    }

    /// Moves it, forwards only.
    ///
    /// To the remote first: of several who land at once, the remote decides which one does, and who is refused there has moved
    /// nothing here. Killed or refused after that, the branch here is merely behind the remote one, which counts as base from
    /// then on, and the same command brings it there.
    ///
    /// # Errors
    /// When it could not be moved; then nothing has, neither here nor there.
    pub(super) fn advance(
        &self,
        session: &Session,
        to: CommitId,
        push: bool,
        mut request: Request,
    ) -> Result<Moved, OperationError> {
        let mut moved = Moved::default();
        if push && self.remote != Some(to) {
            let remote = session.project.remote.clone();
            let pushes = [Push::forward(self.branch.full(), to)];
            let result = session.repository.push_all(&remote, &pushes);
            let result = result.map_err(|error| error.to_string());
            let refused = result.is_err();
            moved.pushed = Some(Pushed {
                remote,
                branch: self.branch.clone(),
                result,
            });
            if refused {
                return Ok(moved);
            }
            let remote = &session.project.remote;
            request.pushed.push(format!("{remote}/{}", self.branch));
        }
        request.moves = self.moves(to);
        // What only the remote has, so that it can be taken back there.
        let there = Request {
            moves: vec![RefMove {
                name: format!("refs/remotes/{}/{}", session.project.remote, self.branch),
                before: Some(self.remote.unwrap_or(session.base.commit)),
                after: Some(to),
            }],
            ..request.clone()
        };
        if request.moves.is_empty() {
            if moved.pushed.is_some() {
                moved.take_record(operation::record(session, there));
            }
            return Ok(moved);
        }
        match operation::carry_out(session, request) {
            Ok(done) => {
                if let Some(Pushed { remote, branch, .. }) = &moved.pushed {
                    let pushed = format!("{remote}/{branch}");
                    moved.unrecorded = operation::note_pushed(session, &done.id, pushed).err();
                }
                moved.done = Some(done.id);
            }
            Err(error) if moved.pushed.is_some() => {
                moved.behind = Some(error);
                moved.take_record(operation::record(session, there));
            }
            Err(error) => return Err(error),
        }
        Ok(moved)
    }
}

impl Moved {
    fn take_record(&mut self, record: Result<String, StoreError>) {
        match record {
            Ok(id) => self.done = Some(id),
            Err(error) => self.unrecorded = Some(error),
        }
    }

    /// Whether base is where it was to go, here or, where it is not checked out as a branch here, on the remote.
    pub(super) fn has_moved(&self) -> bool {
        self.done.is_some() || matches!(&self.pushed, Some(Pushed { result: Ok(()), .. }))
    }
}
