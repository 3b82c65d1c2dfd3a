//! The client against registries that are scripted, one fault at a time, over loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod blob_faults;
mod blobs;
mod describe;
mod http2;
mod lengths;
mod manifests;
mod proxies;
mod quotas;
mod reach;
mod redirects;
mod support;
mod tags;
mod tls;
mod token_faults;
mod token_refresh;
mod tokens;
