//! What all clients of the program share in their behaviour.

use std::time::Duration;

use crate::room::Room;

/// Behaviour of a client, the same for every origin.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// Limit for a connection, its TLS handshake included.
    pub connect_timeout: Duration,
    /// How long a connection without a request is kept.
    pub idle_timeout: Duration,
    /// Largest manifest or index that is read, in bytes.
    pub manifest_max_bytes: u64,
    /// Memory for large manifests, which all clients share that are made from clones of these settings.
    pub manifest_room: Room,
    /// Whether the proxies of the environment count where an origin names none (spec 4.5).
    pub environment_proxies: bool,
}

impl Default for Settings {
    /// Upstream's limits for connections; 4 MiB of manifest, which every registry must accept and hardly any exceeds.
    fn default() -> Self {
        Self {
            user_agent: concat!("flux/v2 sluice/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(90),
            manifest_max_bytes: 4 << 20,
            manifest_room: Room::default(),
            environment_proxies: true,
        }
    }
}
