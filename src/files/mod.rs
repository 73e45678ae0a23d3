//! The door to everything else on disk.

mod atomic;
mod copy;
mod create;
mod figures;
mod hook;
mod hook_place;
mod junit;
mod reports;
mod trash;
mod versions;
mod watch;

use std::io;
use std::path::Path;

pub use atomic::{change_under_lock, clear_unfinished, write_atomic, write_soon};
pub use copy::{Copied, copy_into};
pub use create::create_below;
pub use figures::{NoNumber, Output, number_in_file};
pub use hook::{Shim, chained_in, passing_script, program_in, shim_version};
pub use hook_place::{
    HookFile, beside, clear_leftovers, is_same_content, is_same_file, look_at_hook, put_back,
    put_hook, remove_hook, set_aside,
};
pub use junit::{Junit, read_junit};
pub use trash::{Size, delete_directory, measure, move_directory, nested_repository};
pub use versions::TwoVersions;
pub use watch::{Batch, DirWatcher, Waker, WatchError};

/// Adds to the end of a file, which is made where it is not there.
///
/// # Errors
/// When the file system refuses; the path is in the error.
pub fn append(path: &Path, content: &[u8]) -> io::Result<()> {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    file.and_then(|mut file| io::Write::write_all(&mut file, content))
        .map_err(at(path))
}

/// For `map_err`: the system's errors do not say which path they are about.
fn at(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
