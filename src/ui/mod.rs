//! The only room with a terminal. Answers go to stdout; notes, progress, warnings, errors and hints to stderr. Neither
//! bears colour or motion where it is not a terminal.

pub mod agent;
mod github;
mod message;
mod pager;
mod progress;
mod prompt;
pub mod report;
mod rounds;
mod screen;
mod style;
mod table;
mod terminal;
mod watch;

pub use github::Workflow;
pub use message::{Hint, error, notices, warning};
pub use progress::Progress;
pub use prompt::approve;
pub use rounds::Rounds;
pub use terminal::{Format, Terminal};
pub use watch::Watching;
