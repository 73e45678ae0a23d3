//! The door to other processes: child processes and their groups, the environment, signals, the clock. The async runtime
//! starts and ends here; every function outside is an ordinary one.

mod ask;
pub mod clock;
mod cmd;
pub mod environment;
mod group;
mod interrupt;
mod job;
mod keys;
mod output;
mod pager;
mod parallel;
mod pool;
mod program;
mod system;

pub use ask::Asks;
pub use cmd::{Cmd, CmdError, CmdOutput};
pub use interrupt::Interrupt;
pub use keys::{Keys, Pressed};
pub use pager::{Paged, page};
pub use parallel::{cores, in_parallel};
pub use pool::{End, JobResult, Pool, PoolEvent, ShellJob, Slot, Work};
pub use program::find as find_program;
pub use system::peak_memory;
