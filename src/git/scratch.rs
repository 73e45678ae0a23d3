//! A quarantine for objects: what trial merges and snapshots write goes there and is thrown away.
