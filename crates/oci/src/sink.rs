//! Where the bytes of a blob go.

use std::future::Future;
use std::io;

/// A receiver of verified-at-the-end bytes: what was written counts only once the transfer has succeeded.
pub trait Sink: Send {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Ends the transfer, as [`crate::Error::Sink`].
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Forgets everything written: the transfer begins anew.
    ///
    /// # Errors
    /// Ends the transfer, as [`crate::Error::Sink`].
    fn restart(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

impl Sink for Vec<u8> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}
