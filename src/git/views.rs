//! Views of a repository, lent out and taken back: what one of them has unpacked, the next borrower need not unpack again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Mutex;

/// What one view may keep: the commits that walks over a long history go back and forth between, and some trees.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// A repository that threads share, with the views that are free.
pub(super) struct Views {
    shared: gix::ThreadSafeRepository,
    /// Where objects are, if not where the repository has them.
    objects: Option<PathBuf>,
    free: Mutex<Vec<gix::Repository>>,
}

impl Views {
    pub(super) fn new(shared: gix::ThreadSafeRepository, objects: Option<PathBuf>) -> Self {
        Views {
            shared,
            objects,
            free: Mutex::new(Vec::new()),
        }
    }

    /// A view for this thread, until it is dropped.
    pub(super) fn borrow(&self) -> View<'_> {
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        View {
            gix: Some(free.unwrap_or_else(|| self.fresh())),
            home: self,
        }
    }

    /// A view of the caller's own.
    pub(super) fn fresh(&self) -> gix::Repository {
        let mut gix = self.shared.to_thread_local();
        if let Some(objects) = &self.objects {
            let hash = gix.object_hash();
            // Where it cannot be opened, whoever asks for what is in there is told that it is missing.
            if let Ok(store) = gix::odb::at(objects, hash) {
                gix.objects = gix::odb::memory::Proxy::new(store, hash).with_write_passthrough();
            }
        }
        gix.object_cache_size(CACHE_BYTES);
        gix
    }
}

impl fmt::Debug for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Views").field(&self.shared).finish()
    }
}

/// A view on loan.
pub(super) struct View<'v> {
    /// `None` only while it is being dropped.
    gix: Option<gix::Repository>,
    home: &'v Views,
}

impl Deref for View<'_> {
    type Target = gix::Repository;

    fn deref(&self) -> &gix::Repository {
        self.gix.as_ref().expect("a view that is on loan")
    }
}

impl DerefMut for View<'_> {
    fn deref_mut(&mut self) -> &mut gix::Repository {
        self.gix.as_mut().expect("a view that is on loan")
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        if let (Some(gix), Ok(mut free)) = (self.gix.take(), self.home.free.lock()) {
            free.push(gix);
        }
    }
}
