//! The door to everything else on disk.

mod atomic;
mod copy;
mod hook;
mod watch;

use std::io;
use std::path::Path;

pub use atomic::write_atomic;
pub use copy::{Copied, copy_into};
pub use hook::Shim;
pub use watch::{Batch, DirWatcher, Waker, WatchError};

/// For `map_err`: the system's errors do not say which path they are about.
fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
