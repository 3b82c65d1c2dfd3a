//! The authorities that the system trusts. Reading a bundle takes milliseconds, so that all origins share one reading.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// A bundle that is exchanged while the process runs holds for the clients that are made this much later.
const READ_AGAIN: Duration = Duration::from_mins(1);

static ROOTS: Roots = Roots(Mutex::new(None));

/// What was read last, and when.
struct Roots(Mutex<Option<(Instant, Vec<Certificate>)>>);

/// The authorities that the system trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
pub(crate) fn roots() -> Vec<Certificate> {
    ROOTS.as_of(Instant::now(), read)
}

impl Roots {
    /// Where nothing can be read, what was read before holds: a bundle may be about to be exchanged.
    fn as_of(&self, now: Instant, read: impl FnOnce() -> Vec<Certificate>) -> Vec<Certificate> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|(at, _)| now >= *at + READ_AGAIN) {
            let found = read();
            if !found.is_empty() {
                *last = Some((now, found));
            }
        }
        last.as_ref().map(|(_, roots)| roots.clone()).unwrap_or_default()
    }
}

/// Leaves out what is no certificate: it must not keep the others from being trusted.
fn read() -> Vec<Certificate> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "an authority that the system trusts cannot be read");
    }
    let entries = found.certs.len();
    let usable: Vec<_> = found.certs.into_iter().filter_map(usable).collect();
    if usable.len() < entries || usable.is_empty() {
        tracing::warn!(usable = usable.len(), entries, "authorities that the system trusts are missing");
    }
    usable
}

fn usable(der: CertificateDer<'static>) -> Option<Certificate> {
    let certificate = Certificate::from_der(&der).ok()?;
    RootCertStore::empty().add(der).ok()?;
    Some(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(count: usize) -> Vec<Certificate> {
        vec![Certificate::from_der(&[]).unwrap(); count]
    }

    #[test]
    fn one_reading_serves_all_for_a_minute() {
        let (roots, start) = (Roots(Mutex::default()), Instant::now());
        let mut readings = 0;
        for (seconds, expected) in [(0, 1), (1, 1), (59, 1), (60, 2), (61, 2), (119, 2), (120, 3)] {
            let read = || {
                readings += 1;
                some(readings)
            };
            assert_eq!(roots.as_of(start + Duration::from_secs(seconds), read).len(), expected);
        }
    }

    #[test]
    fn a_reading_that_finds_nothing_is_repeated_and_takes_nothing_away() {
        let (roots, start) = (Roots(Mutex::default()), Instant::now());
        for (seconds, found, expected) in [(0, 0, 0), (1, 2, 2), (61, 0, 2), (62, 3, 3)] {
            assert_eq!(
                roots.as_of(start + Duration::from_secs(seconds), || some(found)).len(),
                expected,
                "{seconds}"
            );
        }
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        assert!(usable(CertificateDer::from(vec![0x30, 0x00])).is_none());
    }
}
