//! Elections over a board in memory, in paused time: nobody's clock but the test's.

mod bids;
mod elections;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};

use super::Campaign;
use super::board::{Board, Failure};
use super::candidate::Candidate;
use super::held::Held;
use super::runner::Runner;
use crate::config;
use crate::metrics::Leader;

const LEASE: Duration = Duration::from_secs(35);

/// A board in memory, which several candidates share.
#[derive(Clone, Default)]
struct Table(Arc<Mutex<Sheet>>);

#[derive(Default)]
struct Sheet {
    lease: Option<Lease>,
    version: u64,
    unreachable: bool,
    told: Vec<String>,
    reads: usize,
}

impl Table {
    fn spec(&self) -> LeaseSpec {
        let sheet = self.0.lock().unwrap();
        sheet.lease.as_ref().unwrap().spec.clone().unwrap()
    }

    fn set_unreachable(&self, unreachable: bool) {
        self.0.lock().unwrap().unreachable = unreachable;
    }

    fn reads(&self) -> usize {
        self.0.lock().unwrap().reads
    }

    fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().told.clone()
    }

    /// A write past the election.
    fn edit(&self, edit: impl FnOnce(&mut Lease)) {
        let mut sheet = self.0.lock().unwrap();
        sheet.version += 1;
        let version = sheet.version.to_string();
        let lease = sheet.lease.as_mut().unwrap();
        edit(lease);
        lease.metadata.resource_version = Some(version);
    }
}

#[async_trait]
impl Board for Table {
    async fn read(&self) -> Result<Option<Lease>, Failure> {
        let mut sheet = self.0.lock().unwrap();
        sheet.reads += 1;
        if sheet.unreachable {
            return Err(Failure::Unknown("unreachable".to_owned()));
        }
        Ok(sheet.lease.clone())
    }

    async fn write(&self, mut lease: Lease) -> Result<Lease, Failure> {
        let mut sheet = self.0.lock().unwrap();
        if sheet.unreachable {
            return Err(Failure::Unknown("unreachable".to_owned()));
        }
        let current = sheet.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        if lease.metadata.resource_version != current {
            return Err(Failure::Conflict);
        }
        sheet.version += 1;
        lease.metadata.resource_version = Some(sheet.version.to_string());
        sheet.lease = Some(lease.clone());
        Ok(lease)
    }

    async fn tell(&self, _: &Lease, text: String) {
        self.0.lock().unwrap().told.push(text);
    }
}

/// A candidate at a table, with upstream's durations.
fn stand(table: &Table, identity: &str, release: bool) -> (Campaign, Arc<Held>) {
    let settings = config::Election {
        namespace: "flux-system".to_owned(),
        lease: "lease".to_owned(),
        duration: LEASE,
        renew_deadline: Duration::from_secs(30),
        retry_period: Duration::from_secs(5),
        release,
    };
    let candidate = Candidate::new(identity.to_owned(), settings.duration);
    let held = Arc::new(Held::default());
    let series = Leader::new("lease").unwrap();
    let runner = Runner::new(Box::new(table.clone()), candidate, &settings, Arc::clone(&held), series);
    (Campaign::start(runner), held)
}
