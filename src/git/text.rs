//! Line diffs of three blobs, for the regions of a conflict.
