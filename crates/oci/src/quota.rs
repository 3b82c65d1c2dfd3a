//! What a registry says that a credential may still ask of it: the `RateLimit` headers, in the forms that are in use.
//!
//! It is a hint: what cannot be read counts as not said.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// What is longer is no hint.
const LONGEST: usize = 256;

/// A quota, as a registry last told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests that are left; which requests count is the registry's own matter.
    pub remaining: u64,
    /// Requests that there are in a window, where it says so.
    pub limit: Option<u64>,
    /// After this time what is used has come back, where it says so.
    pub window: Option<Duration>,
}

/// The quota in the headers of an answer.
pub(crate) fn quota(headers: &HeaderMap) -> Option<Quota> {
    combined(headers)
        .or_else(|| {
            let reset = text(headers, "ratelimit-reset").and_then(number).map(Duration::from_secs);
            let said = separate(headers, "ratelimit-remaining", "ratelimit-limit")?;
            Some(Quota { window: reset.or(said.window), ..said })
        })
        // The reset of these is a time for some servers and a delay for others.
        .or_else(|| separate(headers, "x-ratelimit-remaining", "x-ratelimit-limit"))
}

/// One header for all: `limit=100, remaining=50, reset=30`, and later `"policy";r=50;t=30`.
fn combined(headers: &HeaderMap) -> Option<Quota> {
    let text = text(headers, "ratelimit")?;
    let value = |names: &[&str]| {
        let mut pairs = text.split([',', ';']).filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| names.contains(&name.trim()))?;
        number(value)
    };
    Some(Quota {
        remaining: value(&["remaining", "r"])?,
        limit: value(&["limit"]),
        window: value(&["reset", "t"]).map(Duration::from_secs),
    })
}

/// A header each: `193`, or `193;w=21600` with the seconds of the window.
fn separate(headers: &HeaderMap, remaining: &str, limit: &str) -> Option<Quota> {
    let (remaining, limit) = (text(headers, remaining)?, text(headers, limit));
    let window = |text: &str| {
        let (_, parameters) = text.split_once(';')?;
        let seconds = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("w="))?;
        number(seconds).map(Duration::from_secs)
    };
    Some(Quota {
        remaining: number(remaining.split(';').next()?)?,
        limit: limit.and_then(|limit| number(limit.split(';').next()?)),
        window: window(remaining).or_else(|| window(limit?)),
    })
}

/// The first item of a header.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok().filter(|text| text.len() <= LONGEST)?;
    if name == "ratelimit" { Some(text) } else { text.split(',').next() }
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn said(headers: &[(&'static str, &str)]) -> Option<Quota> {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        quota(&pairs.collect())
    }

    fn left(remaining: u64, limit: Option<u64>, seconds: Option<u64>) -> Quota {
        Quota { remaining, limit, window: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn every_form_in_use_is_read() {
        for (headers, expected) in [
            (
                &[("ratelimit-limit", "200;w=21600"), ("ratelimit-remaining", "193;w=21600")][..],
                left(193, Some(200), Some(21600)),
            ),
            (&[("ratelimit-remaining", "0;w=21600")], left(0, None, Some(21600))),
            (&[("ratelimit-remaining", " 7 "), ("ratelimit-limit", "10")], left(7, Some(10), None)),
            (
                &[
                    ("ratelimit-limit", "10, 10;w=1, 50;w=60"),
                    ("ratelimit-remaining", "3"),
                    ("ratelimit-reset", "30"),
                ],
                left(3, Some(10), Some(30)),
            ),
            (&[("ratelimit", "limit=100, remaining=50, reset=5")], left(50, Some(100), Some(5))),
            (&[("ratelimit", r#""default";r=50;t=30"#)], left(50, None, Some(30))),
            (
                &[
                    ("x-ratelimit-limit", "60"),
                    ("x-ratelimit-remaining", "59"),
                    ("x-ratelimit-reset", "1372700873"),
                ],
                left(59, Some(60), None),
            ),
        ] {
            assert_eq!(said(headers), Some(expected), "{headers:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_was_not_said() {
        let long = format!("{}7", "0".repeat(LONGEST));
        for value in ["", "many", "-1", "+1", "1e3", "99999999999999999999", ";w=60", ",", "\u{e9}", &long] {
            assert_eq!(said(&[("ratelimit-remaining", value), ("ratelimit-limit", "10")]), None, "{value}");
            assert_eq!(said(&[("ratelimit", &format!("limit=10, remaining={value}"))]), None, "{value}");
        }
        assert_eq!(said(&[("ratelimit-limit", "10")]), None);
        assert_eq!(said(&[("ratelimit", "=;=,r")]), None);
        let odd = &[("ratelimit-remaining", "7;w=x"), ("ratelimit-limit", "all"), ("ratelimit-reset", "-1")];
        assert_eq!(said(odd), Some(left(7, None, None)));
    }
}
