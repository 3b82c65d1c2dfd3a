//! SHA-256 over content that comes in pieces.

use reference::Digest;
use sha2::{Digest as _, Sha256};

#[derive(Default)]
pub(crate) struct Digester(Sha256);

impl Digester {
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        Digest::sha256_from_bytes(Sha256::digest(bytes).into())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest::sha256_from_bytes(self.0.finalize().into())
    }
}
