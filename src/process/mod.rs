//! The door to other processes: child processes and their groups, the environment, signals, the clock. The async runtime
//! starts and ends here; every function outside is an ordinary one.

pub mod clock;
mod cmd;
pub mod environment;
mod group;
mod interrupt;
mod job;
mod output;
mod pager;
mod parallel;
mod pool;
mod program;
mod system;

pub use cmd::{Cmd, CmdError, CmdOutput};
pub use interrupt::Interrupt;
pub use pager::{Paged, page};
pub use parallel::{cores, in_parallel};
pub use pool::{End, JobResult, Pool, PoolEvent, ShellJob, Slot, Work};
pub use program::find as find_program;
pub use system::peak_memory;
