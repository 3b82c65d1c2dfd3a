//! The authorities that the system trusts. Reading a bundle takes milliseconds, so that all origins share one reading.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// A bundle that is exchanged while the process runs is trusted by the clients that are made this much later.
const READ_AGAIN: Duration = Duration::from_mins(1);

static ROOTS: Roots = Roots(Mutex::new(None));

/// What was read last, and when.
struct Roots(Mutex<Option<(Instant, Vec<Certificate>)>>);

/// The authorities that the system trusts, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
pub(crate) fn roots() -> Vec<Certificate> {
    ROOTS.as_of(Instant::now(), read)
}

impl Roots {
    fn as_of(&self, now: Instant, read: impl FnOnce() -> Vec<Certificate>) -> Vec<Certificate> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, roots)) = last.as_ref().filter(|(at, _)| now < *at + READ_AGAIN) {
            return roots.clone();
        }
        let roots = read();
        *last = Some((now, roots.clone()));
        roots
    }
}

/// Leaves out what is no certificate: it must not keep the others from being trusted.
fn read() -> Vec<Certificate> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "an authority that the system trusts cannot be read");
    }
    found.certs.into_iter().filter_map(usable).collect()
}

fn usable(der: CertificateDer<'static>) -> Option<Certificate> {
    let certificate = Certificate::from_der(&der).ok()?;
    RootCertStore::empty().add(der).ok()?;
    Some(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_serves_all_for_a_minute() {
        let (roots, start) = (Roots(Mutex::default()), Instant::now());
        let mut readings = 0;
        for seconds in [0, 1, 59, 60, 61, 119, 120] {
            roots.as_of(start + Duration::from_secs(seconds), || {
                readings += 1;
                Vec::new()
            });
        }

        assert_eq!(readings, 3);
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        assert!(usable(CertificateDer::from(vec![0x30, 0x00])).is_none());
    }
}
