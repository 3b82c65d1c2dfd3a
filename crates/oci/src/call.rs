//! The name of a request in texts: a method and a URL that carries no secret.

use std::fmt;

use reqwest::Method;
use url::Url;

/// Query parameters that say what was asked for; every other value may be a signature or a token.
const SHOWN: [&str; 4] = ["n", "last", "scope", "service"];

/// A URL fit for logs and messages: without user information, with the values of unknown query parameters masked.
#[derive(Clone, PartialEq, Eq)]
pub struct RedactedUrl(String);

impl RedactedUrl {
    /// Redacts a URL.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        let mut shown = url.clone();
        // Both fail only for URLs that cannot hold user information in the first place.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_fragment(None);
        if let Some(query) = url.query() {
            let masked: Vec<String> = query.split('&').map(mask).collect();
            shown.set_query(Some(&masked.join("&")));
        }
        Self(shown.into())
    }
}

/// Whether the value of a query parameter may be shown.
pub(crate) fn is_shown(parameter: &str) -> bool {
    SHOWN.contains(&parameter)
}

fn mask(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if is_shown(name) => pair.to_owned(),
        Some((name, _)) => format!("{name}=REDACTED"),
        None => "REDACTED".to_owned(),
    }
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request, as texts name it. `Display` is the form for answers: `GET https://ghcr.io/v2/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method, in capitals.
    pub method: Method,
    /// The URL without its secrets.
    pub url: RedactedUrl,
}

impl Call {
    pub(crate) fn new(method: &Method, url: &Url) -> Self {
        Self { method: method.clone(), url: RedactedUrl::new(url) }
    }

    /// The form for requests that got no answer: `Get "https://ghcr.io/v2/"`.
    pub(crate) fn unanswered(&self) -> String {
        let method = self.method.as_str();
        let (first, rest) = method.split_at(method.len().min(1));
        format!("{first}{} \"{}\"", rest.to_ascii_lowercase(), self.url)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(url: &str) -> String {
        RedactedUrl::new(&Url::parse(url).unwrap()).to_string()
    }

    #[test]
    fn a_url_shows_what_was_asked_for_but_no_signature() {
        assert_eq!(
            redacted("http://u:p@host:5000/v2/app/tags/list?n=1000&last=v1"),
            "http://host:5000/v2/app/tags/list?n=1000&last=v1"
        );
        assert_eq!(
            redacted("https://cdn.example.com/blob?signature=abc&n=1&token#x"),
            "https://cdn.example.com/blob?signature=REDACTED&n=1&REDACTED"
        );
        assert_eq!(
            redacted("https://auth.example.com/token?scope=repository%3Aapp%3Apull&service=r"),
            "https://auth.example.com/token?scope=repository%3Aapp%3Apull&service=r"
        );
    }

    #[test]
    fn a_call_reads_differently_with_and_without_an_answer() {
        let call = Call::new(&Method::HEAD, &Url::parse("https://ghcr.io/v2/").unwrap());

        assert_eq!(call.to_string(), "HEAD https://ghcr.io/v2/");
        assert_eq!(call.unanswered(), "Head \"https://ghcr.io/v2/\"");
    }
}
