//! What a scripted registry answers.

use std::time::Duration;

use serde_json::json;

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With all that was announced.
    Whole,
    /// With the connection, after so many bytes of the body.
    CutAfter(usize),
    /// Never, after so many bytes of the body.
    HangAfter(usize),
    /// Before it begins: the connection is closed.
    Closed,
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// Whether the body goes in chunks, without its length.
    pub(crate) chunked: bool,
    /// How long it takes to begin, on a clock that is stopped ([`super::StoppedClock`]).
    pub(crate) after: Duration,
    /// After how long each byte of the body comes, on such a clock.
    pub(crate) byte_after: Duration,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            end: End::Whole,
            chunked: false,
            after: Duration::ZERO,
            byte_after: Duration::ZERO,
        }
    }

    pub(crate) fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200).body(body)
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::status(status).body(json!({"errors": [{"code": code, "message": message}]}).to_string())
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self::status(307).header("Location", location)
    }

    pub(crate) fn closed() -> Self {
        Self::status(200).end(End::Closed)
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub(crate) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    pub(crate) fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    pub(crate) fn byte_after(mut self, byte_after: Duration) -> Self {
        self.byte_after = byte_after;
        self
    }

    /// The bytes on the wire, up to where the answer ends.
    pub(crate) fn wire(&self, is_head: bool) -> Vec<u8> {
        let mut wire = format!("HTTP/1.1 {} Scripted\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            wire.extend(format!("{name}: {value}\r\n").bytes());
        }
        if self.chunked {
            wire.extend(b"Transfer-Encoding: chunked\r\n\r\n");
        } else if self.headers.iter().any(|(name, _)| name == "Content-Length") {
            wire.extend(b"\r\n");
        } else {
            wire.extend(format!("Content-Length: {}\r\n\r\n", self.body.len()).bytes());
        }
        if is_head {
            return wire;
        }
        let body = match self.end {
            End::CutAfter(bytes) | End::HangAfter(bytes) => &self.body[..bytes.min(self.body.len())],
            End::Whole | End::Closed => &self.body,
        };
        if self.chunked {
            wire.extend(format!("{:x}\r\n", body.len()).bytes());
            wire.extend(body);
            wire.extend(if self.end == End::Whole { "\r\n0\r\n\r\n" } else { "\r\n" }.bytes());
        } else {
            wire.extend(body);
        }
        wire
    }
}
