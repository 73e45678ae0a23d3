//! The same function over many items, a few at a time.

use std::num::NonZero;

/// How many processors this process may use; at least 1.
pub fn cores() -> NonZero<usize> {
    todo!()
}

/// Applies `f` to each item on up to `limit` threads; results in the order of the items.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    limit: usize,
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let _ = (items, limit, f);
    todo!()
}
