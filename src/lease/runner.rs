//! Looks at the Lease again and again: to win it, to keep it, to give it back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

use super::board::{Board, Failure};
use super::candidate::Candidate;
use super::held::Held;
use crate::config;
use crate::metrics::Leader;

/// For giving the Lease back; who waits for it waits for its duration at most.
const FAREWELL: Duration = Duration::from_secs(3);

/// A candidate before its board.
pub(super) struct Runner {
    board: Box<dyn Board>,
    candidate: Candidate,
    renew_deadline: Duration,
    retry_period: Duration,
    release: bool,
    held: Arc<Held>,
    series: Leader,
    /// As our last write left it: while we lead, nobody else should have a reason to touch it.
    ours: Option<Lease>,
    renewed: Instant,
}

/// What one look at the Lease led to.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Ours,
    Theirs,
    Unknown,
}

impl Runner {
    pub(super) fn new(
        board: Box<dyn Board>,
        candidate: Candidate,
        settings: &config::Election,
        held: Arc<Held>,
        series: Leader,
    ) -> Self {
        Self {
            board,
            candidate,
            renew_deadline: settings.renew_deadline,
            retry_period: settings.retry_period,
            release: settings.release,
            held,
            series,
            ours: None,
            renewed: Instant::now(),
        }
    }

    /// Ends when the Lease is ours.
    pub(super) async fn win(&mut self) {
        tracing::info!(identity = self.candidate.identity(), "attempting to acquire leader lease");
        while self.look().await != Look::Ours {
            tokio::time::sleep(self.retry_period).await;
        }
        self.series.leads(true);
        tracing::info!("successfully acquired lease");
    }

    /// Ends when the Lease is lost, or could be soon; from then on nothing is written.
    pub(super) async fn keep(&mut self) {
        if let Some(lease) = &self.ours {
            self.tell(lease, "became leader").await;
        }
        loop {
            tokio::time::sleep(self.retry_period).await;
            let deadline = self.renewed + self.renew_deadline;
            let Ok(true) = tokio::time::timeout_at(deadline, self.renew()).await else {
                break;
            };
        }
        self.held.set(None);
        self.series.leads(false);
    }

    /// Gives it back, if it is still ours.
    pub(super) async fn leave(&mut self) {
        self.held.set(None);
        self.series.leads(false);
        if self.release && tokio::time::timeout(FAREWELL, self.give_back()).await.is_err() {
            tracing::warn!("the lease could not be given back in time");
        }
    }

    /// Whether it was renewed; `false` when it is another's.
    async fn renew(&mut self) -> bool {
        loop {
            match self.look().await {
                Look::Ours => return true,
                Look::Theirs => return false,
                Look::Unknown => tokio::time::sleep(self.retry_period).await,
            }
        }
    }

    /// Reads, where what is known may be old, and bids.
    async fn look(&mut self) -> Look {
        if let Some(lease) = self.ours.take() {
            match self.bid(Some(lease)).await {
                Err(Failure::Conflict) => {}
                Err(failure) => return unknown(&failure),
                Ok(look) => return look,
            }
        }
        let looked = match self.board.read().await {
            Ok(seen) => self.bid(seen).await,
            Err(failure) => Err(failure),
        };
        looked.unwrap_or_else(|failure| unknown(&failure))
    }

    async fn bid(&mut self, seen: Option<Lease>) -> Result<Look, Failure> {
        let spec = seen.as_ref().map(|lease| lease.spec.clone().unwrap_or_default());
        let now = Instant::now();
        let Some(bid) = self.candidate.bid(spec.as_ref(), now, Timestamp::now()) else {
            return Ok(Look::Theirs);
        };
        let lease = Lease { spec: Some(bid), ..seen.unwrap_or_default() };
        self.ours = Some(self.board.write(lease).await?);
        self.renewed = now;
        self.held.set(Some(now + self.candidate.duration()));
        Ok(Look::Ours)
    }

    async fn give_back(&mut self) {
        let Ok(Some(lease)) = self.board.read().await else {
            return;
        };
        let Some(spec) = lease.spec.clone().filter(|spec| self.candidate.holds(spec)) else {
            return;
        };
        let spec = Some(Candidate::farewell(&spec, Timestamp::now()));
        match self.board.write(Lease { spec, ..lease }).await {
            Ok(lease) => self.tell(&lease, "stopped leading").await,
            Err(error) => tracing::warn!(%error, "the lease could not be given back"),
        }
    }

    async fn tell(&self, lease: &Lease, what: &str) {
        let text = format!("{} {what}", self.candidate.identity());
        self.board.tell(lease, text).await;
    }
}

fn unknown(failure: &Failure) -> Look {
    tracing::warn!(error = %failure, "the lease could not be read or written and is tried again");
    Look::Unknown
}
