//! The Kubernetes ends against a scripted API server on the loopback interface.

mod api;
mod counting;
mod depending;
mod notifying;
mod reading;
mod watching;
mod writing;

use std::sync::Arc;

use kube::{Client, Config};
use reconcile::{Announcement, Reason, Severity};
use sluice_actors::Key;
use sluice_actors::cluster::Notice;

use crate::metrics::Requests;

fn connected(address: &str) -> Client {
    super::client(Config::new(address.parse().unwrap()), &Requests::new().unwrap()).unwrap()
}

fn notice(severity: Severity) -> Notice {
    let mut announcement = Announcement::new(severity, Reason::NewArtifact, "stored artifact".to_owned());
    for (name, value) in
        [("source.toolkit.fluxcd.io/revision", "v1"), ("event.toolkit.fluxcd.io/team", "nobody")]
    {
        announcement.metadata.insert(name.to_owned(), value.to_owned());
    }
    Notice {
        key: Key::new("apps", "app"),
        uid: Arc::from("u-1"),
        resource_version: Arc::from("7"),
        time: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        object_metadata: [("event.toolkit.fluxcd.io/team".to_owned(), "payments".to_owned())].into(),
        announcement,
    }
}
