//! Signatures over image digests, checked from bytes without a network.
