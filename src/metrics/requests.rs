//! The requests to the API server, as upstream's client counts them.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Opts};

/// What upstream's client puts in the place of a status when no answer came.
const NO_ANSWER: &str = "<error>";

/// What is measured of the client of the API server.
#[derive(Clone)]
pub struct Requests(IntCounterVec);

impl Requests {
    /// A count of none.
    ///
    /// # Errors
    /// None that can occur: the names are fixed.
    pub fn new() -> prometheus::Result<Self> {
        let options = Opts::new("rest_client_requests_total", "Requests to the API server, by answer.");
        Ok(Self(IntCounterVec::new(options, &["code", "host", "method"])?))
    }

    /// The server at `host` answered a request with this status; `None` when nothing came.
    pub fn count(&self, method: &http::Method, host: &str, status: Option<http::StatusCode>) {
        let code = status.as_ref().map_or(NO_ANSWER, http::StatusCode::as_str);
        self.0.with_label_values(&[code, host, method.as_str()]).inc();
    }
}

impl Collector for Requests {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.collect()
    }
}
