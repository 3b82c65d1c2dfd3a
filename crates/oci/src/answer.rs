//! An answer of a registry that is no success, and how it reads (spec 3.7, ruling D21).

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::detail;
use crate::secrecy::Mask;

/// Longest part of a body, or of one error in it, that a message repeats, in characters.
const EXCERPT_CHARACTERS: usize = 1024;
/// The most errors of one body that a message repeats.
const ERRORS_MAX: usize = 8;

/// A status that is no success, with what the body said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request that was answered so.
    pub call: Call,
    /// The status.
    pub status: StatusCode,
    /// The errors of the body in the notation `CODE: message; detail`.
    pub errors: Vec<String>,
    /// Text of a body that has no such errors.
    pub excerpt: String,
    /// How long the registry wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Masked before it is cut: of a secret that is cut in two nothing would be recognised.
    pub(crate) fn new(
        call: Call,
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
        mask: &Mask,
    ) -> Self {
        let errors = structured(body, mask);
        let excerpt = match &errors[..] {
            [] => excerpt(&mask.hide(&String::from_utf8_lossy(body))),
            _ => String::new(),
        };
        Self { call, status, errors, excerpt, retry_after }
    }

    /// The code that stands for the status where the body is empty.
    fn code(&self) -> Option<&'static str> {
        let path = self.call.url.to_string();
        if !path.contains("/v2/") {
            return None;
        }
        match self.status {
            StatusCode::UNAUTHORIZED => Some("UNAUTHORIZED"),
            StatusCode::FORBIDDEN => Some("DENIED"),
            StatusCode::TOO_MANY_REQUESTS => Some("TOOMANYREQUESTS"),
            StatusCode::NOT_FOUND if path.contains("/manifests/") => Some("MANIFEST_UNKNOWN"),
            StatusCode::NOT_FOUND if path.contains("/blobs/") => Some("BLOB_UNKNOWN"),
            StatusCode::NOT_FOUND if path.contains("/tags/list") => Some("NAME_UNKNOWN"),
            _ => None,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.call)?;
        match self.errors.as_slice() {
            [] => {}
            [error] => return f.write_str(error),
            errors => return write!(f, "multiple errors returned: {}", errors.join("; ")),
        }
        let status = self.status.as_u16();
        if let Some(code) = self.code().filter(|_| self.excerpt.is_empty()) {
            return write!(f, "{status} {code}");
        }
        write!(f, "unexpected status code {status}")?;
        if let Some(reason) = self.status.canonical_reason() {
            write!(f, " {reason}")?;
        }
        if self.excerpt.is_empty() { Ok(()) } else { write!(f, ": {}", self.excerpt) }
    }
}

#[derive(Deserialize)]
struct Envelope {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default, deserialize_with = "present")]
    detail: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(|value| if value.is_null() { None } else { Some(value) })
}

fn structured(body: &[u8], mask: &Mask) -> Vec<String> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
        return Vec::new();
    };
    envelope.errors.iter().take(ERRORS_MAX).map(|error| excerpt(&mask.hide(&entry(error)))).collect()
}

fn entry(entry: &Entry) -> String {
    let Entry { code, message, detail } = entry;
    match detail {
        Some(detail) => format!("{code}: {message}; {}", detail::render(detail)),
        None => format!("{code}: {message}"),
    }
}

fn excerpt(text: &str) -> String {
    let mut characters = text.trim().chars();
    let mut excerpt: String = characters.by_ref().take(EXCERPT_CHARACTERS).collect();
    if characters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use url::Url;

    use super::*;
    use crate::secrecy::Shown;

    fn text(method: &Method, path: &str, status: u16, body: &str) -> String {
        let call = Call::new(method, &Url::parse("http://ghcr.io").unwrap().join(path).unwrap());
        Answer::new(
            call,
            StatusCode::from_u16(status).unwrap(),
            None,
            body.as_bytes(),
            &Shown::default().mask(),
        )
        .to_string()
    }

    #[test]
    fn one_error_is_shown_with_its_detail() {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"6.1.0"}}]}"#;

        assert_eq!(
            text(&Method::GET, "/v2/app/manifests/6.1.0", 404, body),
            "GET http://ghcr.io/v2/app/manifests/6.1.0: MANIFEST_UNKNOWN: manifest unknown; map[Tag:6.1.0]"
        );
    }

    #[test]
    fn several_errors_are_joined() {
        let body = r#"{"errors":[{"code":"A","message":"a"},{"code":"B","message":"b","detail":null}]}"#;

        assert_eq!(
            text(&Method::GET, "/v2/", 400, body),
            "GET http://ghcr.io/v2/: multiple errors returned: A: a; B: b"
        );
    }

    #[test]
    fn a_body_of_another_kind_is_repeated_up_to_a_limit() {
        assert_eq!(
            text(&Method::GET, "/v2/app/manifests/v1", 401, "<html>login</html>\n"),
            "GET http://ghcr.io/v2/app/manifests/v1: unexpected status code 401 Unauthorized: <html>login</html>"
        );
        assert!(text(&Method::GET, "/v2/", 500, &"é".repeat(5000)).len() < 2500);
    }

    #[test]
    fn many_long_errors_are_cut_too() {
        let error = format!(r#"{{"code":"A","message":"{}"}}"#, "x".repeat(5000));
        let body = format!(r#"{{"errors":[{}]}}"#, vec![error; 50].join(","));

        assert!(text(&Method::GET, "/v2/", 500, &body).len() < 9000);
    }

    #[test]
    fn an_answer_without_a_body_is_named_by_its_status() {
        for (path, status, tail) in [
            ("/v2/app/manifests/v1", 401, "401 UNAUTHORIZED"),
            ("/v2/app/manifests/v1", 403, "403 DENIED"),
            ("/v2/app/manifests/v1", 404, "404 MANIFEST_UNKNOWN"),
            ("/v2/app/blobs/sha256:00", 404, "404 BLOB_UNKNOWN"),
            ("/v2/app/tags/list?n=1000", 404, "404 NAME_UNKNOWN"),
            ("/v2/app/manifests/v1", 429, "429 TOOMANYREQUESTS"),
            ("/v2/app/manifests/v1", 500, "unexpected status code 500 Internal Server Error"),
            ("/token?service=r", 401, "unexpected status code 401 Unauthorized"),
        ] {
            assert_eq!(text(&Method::HEAD, path, status, ""), format!("HEAD http://ghcr.io{path}: {tail}"));
        }
    }
}
