//! One operation per file: it asks the doors for facts, lets the domain decide, carries the decision out, and returns a
//! report. What happens on the way is emitted as events. Nothing here prints, or knows a terminal.

mod affected;
pub mod announce;
pub mod base;
pub mod behaviour;
pub mod branches;
pub mod check;
mod command;
pub mod conflicts;
pub mod decide;
mod declared;
pub mod details;
mod event;
mod figures;
pub mod init;
mod integration_side;
pub mod judged;
mod keys;
pub mod land;
mod landed;
pub mod lease;
mod limits;
pub mod logs;
pub mod mark;
mod matrix;
mod notebook;
pub mod operation;
mod outstanding;
pub mod overdue;
mod own_worktree;
pub mod profile;
pub mod prune;
pub mod remove;
pub mod resolve;
pub mod restore;
pub mod rollback;
mod runner;
pub mod schedule;
mod session;
mod setup;
mod site;
pub mod status;
pub mod sync;
mod tasks;
mod tips;
mod trash;
mod trial;
pub mod trust;
pub mod undo;
pub mod update;
pub mod validate;
mod variables;
pub mod watch;
mod why;

pub use event::{Emit, Event, Plan, ServiceStep, TrackStep, Wait};
pub use notebook::{NotebookError, fetch_resolutions};
pub use own_worktree::OwnWorktreeError;
pub use runner::RunnerError;
pub use session::{
    BasePoint, ConfigProblem, Notice, OpenOptions, Session, SessionError, open_repository,
};
pub use setup::SetupError;
pub use site::SiteError;
pub use tips::{Origin, Tip};
pub use trash::TrashError;
pub use trial::TrialError;
