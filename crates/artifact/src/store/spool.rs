//! Room for bytes that are still being transferred.

use std::io::{self, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fs_err::File;

use super::private::Temporary;
use crate::Content;

/// Bytes that spools were promised and have not written yet: two transfers cannot both be promised the last free bytes.
/// And those that they have written.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    promised: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
}

impl Ledger {
    /// All that is promised now.
    pub(super) fn promised(&self) -> u64 {
        self.promised.load(Ordering::Relaxed)
    }

    /// All that is written now.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Promises so many bytes.
    pub(super) fn promise(&self, bytes: u64) -> Promise {
        self.promised.fetch_add(bytes, Ordering::Relaxed);
        Promise { ledger: self.clone(), left: bytes, written: 0 }
    }
}

/// What a spool may still write, and has written; struck out when dropped.
#[derive(Debug)]
pub(super) struct Promise {
    ledger: Ledger,
    left: u64,
    written: u64,
}

impl Promise {
    /// Bytes written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    fn renew(&mut self) {
        self.left += self.written;
        self.ledger.promised.fetch_add(self.written, Ordering::Relaxed);
        self.ledger.written.fetch_sub(self.written, Ordering::Relaxed);
        self.written = 0;
    }

    fn keep(&mut self, bytes: u64) {
        self.written += bytes;
        self.ledger.written.fetch_add(bytes, Ordering::Relaxed);
        let kept = bytes.min(self.left);
        self.left -= kept;
        self.ledger.promised.fetch_sub(kept, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.ledger.promised.fetch_sub(self.left, Ordering::Relaxed);
        self.ledger.written.fetch_sub(self.written, Ordering::Relaxed);
    }
}

/// A file under `.sluice/` that a transfer is written to; it goes when this is dropped.
#[derive(Debug)]
pub struct Spool {
    pub(super) file: File,
    pub(super) temporary: Temporary,
    pub(super) promise: Promise,
}

impl Spool {
    /// Bytes written so far: where a cut transfer goes on.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.promise.written()
    }

    /// Empties the spool, for a transfer that starts over.
    ///
    /// # Errors
    /// What the disk says.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.promise.renew();
        Ok(())
    }

    /// What was written so far, as the content of a layer; readable as long as the spool is kept.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::file(self.temporary.path(), self.written())
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.promise.keep(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
