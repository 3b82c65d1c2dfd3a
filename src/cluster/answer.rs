//! What an answer of the API server means to whoever asked.

use std::time::Duration;

use kube::core::Status;
use sluice_actors::cluster::{ReadError, WriteError};

/// The time limit of one request; a lease must be valid for longer (D43).
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// It could not be written.
    #[error("the request cannot be sent: {0}")]
    Request(#[from] kube::core::request::Error),
    /// The server or the transport refused it.
    #[error("{0}")]
    Answer(#[from] kube::Error),
    /// Nothing came.
    #[error("the API server did not answer within {} s", TIME_LIMIT.as_secs())]
    Silence,
    /// What came is not what was asked for. The text is not repeated: it may hold a Secret.
    #[error("the API server's answer cannot be read")]
    Unreadable,
}

/// The text of an answer to this request.
pub(super) async fn text(
    client: &kube::Client,
    request: Result<http::Request<Vec<u8>>, kube::core::request::Error>,
) -> Result<String, Error> {
    let answer = tokio::time::timeout(TIME_LIMIT, client.request_text(request?));
    Ok(answer.await.map_err(|_| Error::Silence)??)
}

impl Error {
    fn status(&self) -> Option<&Status> {
        if let Self::Answer(kube::Error::Api(status)) = self { Some(status) } else { None }
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        let absent = error.status().is_some_and(names_what_is_absent);
        let text = words(&error);
        if absent { Self::NotFound(text) } else { Self::Unreadable(text) }
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        if matches!(error, Error::Request(_)) {
            return Self::Refused(words(&error));
        }
        let Some(status) = error.status() else {
            return Self::Failed(words(&error));
        };
        let retry_after = Duration::from_secs(
            status.details.as_ref().map_or(0, |details| details.retry_after_seconds).into(),
        );
        match status.code {
            409 => Self::Conflict,
            404 if names_what_is_absent(status) => Self::Gone,
            400 | 403 | 405 | 413 | 415 | 422 => Self::Refused(words(&error)),
            429 | 500..=599 if !retry_after.is_zero() => {
                Self::Busy { message: words(&error), retry_after: Some(retry_after) }
            }
            429 => Self::Busy { message: words(&error), retry_after: None },
            _ => Self::Failed(words(&error)),
        }
    }
}

/// The server's own words, else an error and its causes in one line.
pub(crate) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = || std::iter::successors(Some(error), |error| error.source());
    let answer = causes().find_map(|cause| match cause.downcast_ref() {
        Some(kube::Error::Api(status)) => Some(status.message.clone()),
        _ => None,
    });
    answer.unwrap_or_else(|| {
        let mut text = String::new();
        for cause in causes().map(ToString::to_string) {
            // kube repeats some causes itself.
            if !text.contains(&cause) {
                text = if text.is_empty() { cause } else { text + ": " + &cause };
            }
        }
        text
    })
}

/// Whether the object is absent, rather than the kind of objects: while a server starts, it knows no kinds.
fn names_what_is_absent(status: &Status) -> bool {
    status.code == 404 && status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}
