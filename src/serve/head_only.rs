//! The body of an answer to HEAD: it has a length and no bytes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// Announces a length and sends nothing.
#[derive(Debug)]
pub(super) struct HeadOnly {
    length: u64,
}

impl HeadOnly {
    /// The length, in bytes, that a GET would have had.
    pub(super) fn of(length: u64) -> Self {
        Self { length }
    }
}

impl MessageBody for HeadOnly {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}
