//! Posts events to the notification address (spec 8.1).

use std::time::Duration;

use anyhow::Context as _;
use reconcile::Severity;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sluice_actors::cluster::{Notice, WriteError};
use url::Url;

use super::MANAGER;
use super::answer::words;
use super::event::{annotations, involved, time};

/// Upstream's time limit of one attempt.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Posts events to one address.
#[derive(Clone)]
pub struct Notifier {
    http: reqwest::Client,
    address: Url,
    instance: String,
}

impl Notifier {
    /// A notifier for this address; events name this host as the reporting instance.
    ///
    /// # Errors
    /// The client cannot be built.
    pub fn new(address: Url) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(TIME_LIMIT);
        let http = http.user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION"))).build();
        let instance = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { http: http.context("no client for notifications")?, address, instance })
    }

    /// Posts one event. An answer of 429 says that the receiver has it already.
    ///
    /// # Errors
    /// [`WriteError::Failed`] where a further attempt may help, else [`WriteError::Refused`].
    pub(crate) async fn post(&self, notice: &Notice) -> Result<(), WriteError> {
        let answer = self.http.post(self.address.clone()).json(&self.body(notice)).send().await;
        let answer = answer.map_err(|error| WriteError::Failed(words(&error.without_url())))?;
        let status = answer.status();
        if status.is_success() || status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(());
        }
        let text = format!("the notification address answered {status}");
        Err(if status.is_server_error() { WriteError::Failed(text) } else { WriteError::Refused(text) })
    }

    fn body(&self, notice: &Notice) -> Value {
        let severity = match notice.announcement.severity {
            Severity::Trace => "trace",
            Severity::Normal => "info",
            Severity::Warning => "error",
        };
        let mut body = json!({
            "involvedObject": involved(notice),
            "severity": severity,
            "timestamp": time(notice),
            "message": notice.announcement.message,
            "reason": notice.announcement.reason.as_str(),
            "reportingController": MANAGER,
            "reportingInstance": self.instance,
        });
        let metadata = annotations(notice);
        if !metadata.is_empty() {
            body["metadata"] = json!(metadata);
        }
        body
    }
}
