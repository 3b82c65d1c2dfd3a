//! Bytes on disk: unpacking, ignore rules, deterministic archives, the store and its retention.
