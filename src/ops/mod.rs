//! One operation per file: it asks the doors for facts, lets the domain decide, carries the decision out, and returns a
//! report. What happens on the way is emitted as events. Nothing here prints, or knows a terminal.

mod affected;
pub mod announce;
pub mod behaviour;
pub mod branches;
pub mod check;
pub mod conflicts;
pub mod details;
mod event;
pub mod init;
mod integration_side;
pub mod judged;
mod keys;
pub mod logs;
mod matrix;

mod own_worktree;
mod runner;
mod session;
mod setup;
pub mod status;
pub mod sync;
mod tips;
pub mod trust;
pub mod validate;
pub mod watch;
mod why;

pub use event::{Emit, Event, TrackStep};
pub use own_worktree::OwnWorktreeError;
pub use runner::RunnerError;
pub use session::{
    BasePoint, ConfigProblem, Notice, OpenOptions, Session, SessionError, open_repository,
};
pub use setup::SetupError;
pub use tips::{Origin, Tip};
