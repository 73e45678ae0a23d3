//! The door to everything else on disk.

mod atomic;
mod copy;

pub use atomic::write_atomic;
pub use copy::{Copied, copy_into};
