//! The door to other processes: child processes and their groups, the environment, signals, the clock. The async runtime
//! starts and ends here; every function outside is an ordinary one.

mod ask;
pub mod clock;
mod cmd;
mod daemon;
pub mod environment;
mod foreground;
mod group;
mod guard;
mod interrupt;
mod job;
mod keys;
mod one;
mod output;
mod pager;
mod parallel;
mod pool;
mod program;
mod system;

pub use ask::Asks;
pub use cmd::{Cmd, CmdError, CmdOutput};
pub use daemon::{Daemon, DaemonJob, Detached};
pub use foreground::run_in_front;
pub use interrupt::Interrupt;
pub use keys::{Keys, Pressed};
pub use one::run_one;
pub use pager::{Paged, page};
pub use parallel::{cores, in_parallel};
pub use pool::{Call, End, Job, JobResult, Pool, PoolEvent, ShellJob, Work};
pub use program::find as find_program;
pub use system::{go_on_alone, peak_memory};
