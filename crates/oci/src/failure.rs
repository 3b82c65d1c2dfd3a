//! From an error of the HTTP library to a kind and to the words that registry users know (Go's).

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use url::Url;

use crate::call::Call;
use crate::error::{Error, TransportError, TransportKind};
use crate::transport::Outgoing;

/// Bytes of address and credential that any server takes: it should read addresses of 8,000 bytes (RFC 9110, 4.1), and
/// Apache and nginx read no longer headers. Beyond it some hang up without a word.
pub(crate) const SURELY_READ_BYTES: usize = 8000;

/// An error of a request that got no answer; `proxy` is who was dialled in the place of the URL's host.
///
/// Whoever asks for one thing with one credential must not put a host down for all others: a request that the library
/// did not even send says nothing of the host, and one that is long says nothing where the host hangs up on it.
pub(crate) fn unanswered(
    outgoing: &Outgoing,
    proxy: Option<&Url>,
    of_origin: bool,
    error: reqwest::Error,
) -> Error {
    let url = &outgoing.url;
    if error.is_builder() {
        let what = format!("request to {}", url.host_str().unwrap_or_default());
        let length = url.as_str().len();
        return Error::declined(what, format!("not sent: HTTP cannot carry its address of {length} bytes"));
    }
    let kind = if error.is_timeout() {
        TransportKind::Timeout
    } else if error.is_connect() {
        TransportKind::Connect
    } else {
        TransportKind::Closed
    };
    let call = Call::new(&outgoing.method, url);
    let length = outgoing.length();
    let is_long = kind == TransportKind::Closed && length > SURELY_READ_BYTES;
    let hint = if is_long {
        format!(
            " (address and credential have {length} bytes; many servers read no more than {SURELY_READ_BYTES})"
        )
    } else {
        String::new()
    };
    let shown = format!("{}: {}{hint}", call.unanswered(), reason(kind, url, proxy, &error));
    TransportError::told(kind, of_origin && !is_long, shown).caused_by(error).into()
}

/// An error in the middle of a body.
pub(crate) fn within_body(of_origin: bool, error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() { TransportKind::Timeout } else { TransportKind::Cut };
    TransportError::told(kind, of_origin, "unexpected EOF".to_owned()).caused_by(error)
}

fn reason(kind: TransportKind, url: &Url, proxy: Option<&Url>, error: &reqwest::Error) -> String {
    let (step, dialled) = proxy.map_or(("", url), |proxy| ("proxyconnect tcp: ", proxy));
    let host = dialled.host_str().unwrap_or_default();
    if error.is_dns() {
        return format!("{step}dial tcp: lookup {host}: no such host");
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls_reason(tls, url.host_str().unwrap_or_default());
    }
    let io = find::<io::Error>(error).map(io::Error::kind);
    match kind {
        TransportKind::Timeout => "i/o timeout".to_owned(),
        TransportKind::Connect => match io {
            Some(io::ErrorKind::UnexpectedEof) => "EOF".to_owned(),
            Some(kind) => {
                let port = dialled.port_or_known_default().unwrap_or_default();
                format!("{step}dial tcp {host}:{port}: connect: {kind}")
            }
            None if proxy.is_some() => {
                let port = dialled.port_or_known_default().unwrap_or_default();
                format!("{step}dial tcp {host}:{port}: {}", innermost(error))
            }
            None => innermost(error),
        },
        TransportKind::Closed | TransportKind::Cut | TransportKind::Stalled => match io {
            None | Some(io::ErrorKind::UnexpectedEof) => "EOF".to_owned(),
            Some(kind) => kind.to_string(),
        },
    }
}

fn tls_reason(error: &rustls::Error, host: &str) -> String {
    use rustls::{Error, InvalidMessage};

    if let Error::InvalidMessage(InvalidMessage::InvalidContentType) = error {
        return "http: server gave HTTP response to HTTPS client".to_owned();
    }
    let Error::InvalidCertificate(problem) = error else {
        return format!("tls: {error}");
    };
    let problem = if matches!(problem, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        "certificate signed by unknown authority".to_owned()
    } else if matches!(
        problem,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    ) {
        format!("certificate is not valid for {host}")
    } else {
        problem.to_string()
    };
    format!("tls: failed to verify certificate: x509: {problem}")
}

/// The innermost error of one type in a chain; an `io::Error` hides the error that it wraps from `source`.
pub(crate) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    let mut innermost = None;
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            innermost = Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    innermost
}

fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn StdError = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
