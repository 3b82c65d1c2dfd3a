//! The health server: `/healthz` says whether the process is alive, `/readyz` whether it does its work (spec 8.3).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use sluice_actors::Known;
use tokio::time::Instant;

use super::listening::{Bodies, Limits, Listening, not_found};

/// How late the arbiter's one-second tick may be. A burst of messages delays it by milliseconds; what delays it by
/// seconds is stuck, and only a restart helps.
const LATE: Duration = Duration::from_secs(10);

/// The arbiter's pulse: alive as long as it beats.
#[derive(Debug)]
pub(super) struct Pulse {
    started: Instant,
    last_beat_milliseconds: AtomicU64,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), last_beat_milliseconds: AtomicU64::new(0) }
    }

    /// To be called each second, by the arbiter.
    pub(super) fn beat(&self) {
        self.last_beat_milliseconds.store(self.age(), Ordering::Relaxed);
    }

    fn is_late(&self) -> bool {
        let silent = self.age().saturating_sub(self.last_beat_milliseconds.load(Ordering::Relaxed));
        Duration::from_millis(silent) > LATE
    }

    fn age(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Whether the operator does its work, and if not, what is missing. That the definitions are installed is part of the
/// first list, and a store that was not scanned has stopped the start.
#[derive(Debug)]
pub(super) struct Readiness {
    known: Arc<Known>,
    withdrawn: OnceLock<&'static str>,
}

impl Readiness {
    pub(super) fn new(known: Arc<Known>) -> Self {
        Self { known, withdrawn: OnceLock::new() }
    }

    /// Not ready from now on, for this reason; the first one stays.
    pub(super) fn withdraw(&self, reason: &'static str) {
        self.withdrawn.get_or_init(|| reason);
    }

    fn missing(&self) -> Option<&'static str> {
        let unlisted =
            (!self.known.is_complete()).then_some("the first list of OCIRepository objects is not complete");
        self.withdrawn.get().copied().or(unlisted)
    }
}

/// Serves both at this address (Go syntax).
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn health(
    address: &str,
    limits: Limits,
    readiness: &Arc<Readiness>,
    pulse: &Arc<Pulse>,
) -> anyhow::Result<Listening> {
    let readiness = web::Data::from(Arc::clone(readiness));
    let pulse = web::Data::from(Arc::clone(pulse));
    Listening::open(address, 1, limits, Bodies::Ignored, move |app| {
        app.app_data(readiness.clone()).app_data(pulse.clone()).default_service(web::to(answer));
    })
}

async fn answer(
    request: HttpRequest,
    readiness: web::Data<Readiness>,
    pulse: web::Data<Pulse>,
) -> HttpResponse {
    let path = request.path();
    let problem = match path {
        "/healthz" | "/healthz/" | "/healthz/ping" => {
            pulse.is_late().then_some("the arbiter does not answer")
        }
        "/readyz" | "/readyz/" | "/readyz/ping" => readiness.missing(),
        _ => return not_found(),
    };
    // Upstream's text, which says healthz on both paths.
    let verbose = !path.ends_with("/ping")
        && request.query_string().split('&').any(|part| part == "verbose" || part.starts_with("verbose="));
    let (mut response, text) = match problem {
        Some(problem) => (HttpResponse::ServiceUnavailable(), format!("not ok: {problem}\n")),
        None if verbose => (HttpResponse::Ok(), "[+]ping ok\nhealthz check passed\n".to_owned()),
        None => (HttpResponse::Ok(), "ok".to_owned()),
    };
    response.content_type("text/plain; charset=utf-8").body(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use sluice_actors::Known;

    use super::{Pulse, Readiness};

    #[tokio::test(start_paused = true)]
    async fn a_pulse_is_late_ten_seconds_after_its_last_beat() {
        let pulse = Pulse::new();
        tokio::time::advance(Duration::from_secs(8)).await;
        pulse.beat();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!pulse.is_late());

        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(pulse.is_late());

        pulse.beat();
        assert!(!pulse.is_late());
    }

    #[test]
    fn readiness_comes_with_the_first_list_and_goes_for_good() {
        let known = Arc::new(Known::default());
        let readiness = Readiness::new(Arc::clone(&known));
        assert!(readiness.missing().unwrap().contains("first list"));

        known.complete();
        assert_eq!(readiness.missing(), None);

        readiness.withdraw("shutting down");
        readiness.withdraw("another reason");
        assert_eq!(readiness.missing(), Some("shutting down"));
    }
}
