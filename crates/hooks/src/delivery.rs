//! A request as it came in.

use std::fmt;

use http::{HeaderMap, HeaderValue};

/// What a sender posted. `Debug` shows how long the body is and nothing else: headers hold proofs.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The body, byte for byte: signatures are over these bytes.
    pub body: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The value of a header that is there once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.single(name)?.to_str().ok()
    }

    /// The value of a header that is there once.
    pub(crate) fn single(&self, name: &str) -> Option<&'a HeaderValue> {
        let mut values = self.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Delivery").field("length", &self.body.len()).finish_non_exhaustive()
    }
}
