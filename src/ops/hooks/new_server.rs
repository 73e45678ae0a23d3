//! A server's repository before anything was pushed to it: there is no tracks.toml yet, and `pre-receive` has no need of one to
//! be put there.

use crate::config;
use crate::domain::revision::CommitId;
use crate::store::Store;

use super::super::Session;
use super::super::session::{BasePoint, OpenOptions, SessionError, open_repository};

/// As [`Session::open`]; a bare repository without a commit is opened, too, with a project that has no tracks and a base that
/// is no commit.
///
/// # Errors
/// As [`Session::open`].
pub fn open(options: OpenOptions) -> Result<Session, SessionError> {
    match Session::open(options.clone()) {
        Err(SessionError::Unborn) => {}
        opened => return opened,
    }
    let repository = open_repository(&options.dir)?;
    let project = config::parse("", "server").project;
    let nothing = CommitId::from_bytes(&[0; 20]);
    let (None, Some(project), Some(commit)) = (repository.main_worktree(), project, nothing) else {
        return Err(SessionError::Unborn);
    };
    Ok(Session {
        store: Store::new(repository.common_dir()),
        repository,
        project,
        profile: None,
        branches: None,
        base: BasePoint {
            name: String::new(),
            branch: None,
            remote: None,
            commit,
        },
        order: Vec::new(),
        prefer_remote: options.prefer_remote,
        interrupt: options.interrupt,
        notices: Vec::new(),
    })
}
