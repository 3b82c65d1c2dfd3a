//! What is not read of a request, until it is answered.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::web::Bytes;

/// The body of an answer, with what was not read of the request. A request in chunks that nobody can read any more is read
/// by the server itself, without a limit of its size or time, before it closes the connection: so somebody still can.
pub(super) struct Unread {
    body: BoxBody,
    _payload: Payload,
}

impl Unread {
    /// This answer, with this beside it.
    pub(super) fn of(payload: Payload, body: BoxBody) -> BoxBody {
        BoxBody::new(Self { body, _payload: payload })
    }
}

impl MessageBody for Unread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
