//! The same function over many items, a few at a time.

use std::num::NonZero;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many processors this process may use; at least 1.
pub fn cores() -> NonZero<usize> {
    thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

/// Applies `f` to each item on up to `limit` threads (at least one); results in the order of the items. A panic in `f` is
/// passed on once the other threads have ended.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    limit: usize,
    f: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = limit.min(items.len());
    if threads <= 1 {
        return items.iter().map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) => done.push((index, f(item))),
                None => return done,
            }
        }
    };
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take_turns)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| panic::resume_unwind(panic))
            })
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn order_is_kept() {
        let items: Vec<usize> = (0..1000).collect();
        for limit in [0, 1, 2, 7, 5000] {
            let doubled = in_parallel(&items, limit, |n| n * 2);
            assert!(
                doubled.iter().enumerate().all(|(n, d)| *d == n * 2),
                "{limit}"
            );
            assert_eq!(doubled.len(), items.len());
        }
        assert!(in_parallel(&[] as &[u8], 4, |n| *n).is_empty());
    }

    #[test]
    fn it_is_parallel() {
        let both = Barrier::new(2);
        assert_eq!(
            in_parallel(&[1, 2], 2, |n| {
                both.wait();
                *n
            }),
            [1, 2]
        );
    }

    #[test]
    #[should_panic(expected = "third")]
    fn panics_are_passed_on() {
        in_parallel(&[1, 2, 3, 4], 2, |n| assert!(*n != 3, "third"));
    }
}
