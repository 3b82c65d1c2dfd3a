//! An answer whose body is still to come, read in bounded pieces.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use crate::answer::Answer;
use crate::call::Call;
use crate::error::{Error, TransportError, TransportKind};
use crate::failure;
use crate::pace::{Pace, TooSlow};
use crate::room::Gathered;
use crate::secrecy::Shown;

/// Bytes of the body of an error that are looked at.
const ERROR_BYTES: usize = 64 << 10;

pub(crate) struct Incoming {
    pub(crate) call: Call,
    /// Whether it came from the host that was asked, not from one that it redirected to.
    pub(crate) of_origin: bool,
    /// What the answer must not repeat where it is shown.
    pub(crate) shown: Shown,
    pub(crate) response: Response,
}

impl Incoming {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The media type without its parameters; empty where there is none.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header(&CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_owned()
    }

    /// This answer if it is a success, else what it says.
    pub(crate) async fn success(self) -> Result<Self, Error> {
        if self.status().is_success() { Ok(self) } else { Err(self.into_error().await) }
    }

    /// What an answer that is no success says. A body that breaks off says what it said before.
    pub(crate) async fn into_error(mut self) -> Error {
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES {
            let Ok(Some(chunk)) = self.response.chunk().await else {
                break;
            };
            let room = ERROR_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        let retry_after = retry_after(self.response.headers());
        Answer::new(self.call, self.response.status(), retry_after, &body, &self.shown.mask()).into()
    }

    /// The next piece of the body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.response.chunk().await;
        chunk.map_err(|error| failure::within_body(self.of_origin, error).into())
    }

    /// The whole body, which may have `limit` bytes at most and be no slower than a blob.
    pub(crate) async fn read(&mut self, what: &str, limit: u64, mut body: Gathered) -> Result<Bytes, Error> {
        let too_large = || Error::TooLarge { what: what.to_owned(), limit };
        if self.response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut pace = Pace::default();
        loop {
            let chunk = pace.bytes(self.chunk()).await.map_err(|slow| self.too_slow(slow))?;
            let Some(chunk) = chunk? else {
                return Ok(body.finish());
            };
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.push(&chunk).map_err(|_| {
                let reason = "not read to its end: it is large, and so are many that are being read at the moment; \
                    it is tried again";
                Error::declined(what.to_owned(), reason)
            })?;
            pace.received(chunk.len()).map_err(|slow| self.too_slow(slow))?;
        }
    }

    /// The failure of a body that comes too slowly.
    pub(crate) fn too_slow(&self, slow: TooSlow) -> Error {
        let of_origin = self.of_origin && slow.is_of_host();
        TransportError::told(TransportKind::Stalled, of_origin, format!("{}: {slow}", self.call)).into()
    }
}

/// How long `Retry-After` asks us to wait: seconds, or a date as the server's own clock sees it (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = http_date(text)?;
    Some(Duration::try_from(until.duration_since(server_time(headers))).unwrap_or_default())
}

/// The time of an answer by the clock of the server that sent it.
pub(crate) fn server_time(headers: &HeaderMap) -> Timestamp {
    let sent = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?));
    sent.or_else(|| Timestamp::try_from(SystemTime::now()).ok()).unwrap_or_default()
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|time| time.timestamp())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wait(retry_after_value: &'static str, date: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after_value));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");

        assert_eq!(wait("8", None), Some(Duration::from_secs(8)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(wait("soon", date), None);
        assert_eq!(wait("-1", date), None);
    }
}
