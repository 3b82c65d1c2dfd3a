//! What ends the reading of a layer early although nothing is wrong with its bytes so far.

use std::io::{self, Read};

use crate::error::{Error, LayerError, LimitError};

/// Travels through the decompressors as an I/O error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// Nobody wants the archive any more.
    #[error("cancelled")]
    Cancelled,
    /// It gets too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl From<LayerError> for Error {
    fn from(error: LayerError) -> Self {
        let (wrap, source): (fn(io::Error) -> LayerError, io::Error) = match error {
            LayerError::Open(source) => (LayerError::Open, source),
            LayerError::NotAnArchive(source) => (LayerError::NotAnArchive, source),
            LayerError::Tar(source) => (LayerError::Tar, source),
            LayerError::Data(source) => (LayerError::Data, source),
            refused @ (LayerError::Name(_)
            | LayerError::Type { .. }
            | LayerError::Link { .. }
            | LayerError::Conflict { .. }) => return Self::Layer(refused),
        };
        match source.downcast() {
            Ok(Stop::Cancelled) => Self::Cancelled,
            Ok(Stop::Limit(limit)) => Self::Limit(limit),
            Err(source) => Self::Layer(wrap(source)),
        }
    }
}

/// Stops when the caller cancels: around the bytes of the layer as they were fetched, so that not even a stream that
/// unpacks to nothing is read to its end in vain.
pub(crate) struct Cancellable<'a, R> {
    inner: R,
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a, R> Cancellable<'a, R> {
    /// Asks `cancelled` before each read.
    pub(crate) fn new(inner: R, cancelled: &'a dyn Fn() -> bool) -> Self {
        Self { inner, cancelled }
    }
}

impl<R: Read> Read for Cancellable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.cancelled)() {
            return Err(io::Error::other(Stop::Cancelled));
        }
        self.inner.read(buffer)
    }
}

/// Stops where more comes out than a limit allows: around the decompressed stream.
pub(crate) struct Metered<R> {
    inner: R,
    left: u64,
    limit: LimitError,
}

impl<R> Metered<R> {
    /// Lets so many bytes pass, and then fails with the limit.
    pub(crate) fn new(inner: R, allowed: u64, limit: LimitError) -> Self {
        Self { inner, left: allowed, limit }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(Stop::Limit(self.limit.clone())))?;
        Ok(read)
    }
}
