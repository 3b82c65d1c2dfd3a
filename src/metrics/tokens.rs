//! The cache of access tokens from clouds, as upstream shows it before it is used.

use prometheus::{IntCounter, IntGauge, Registry};

use super::register;

/// What is measured of access tokens. Tokens of registries are no part of it, as upstream's cache holds none.
pub struct Tokens;

impl Tokens {
    /// Registers the series.
    ///
    /// # Errors
    /// One of them is registered already.
    pub fn register(registry: &Registry) -> prometheus::Result<()> {
        let items = IntGauge::new("gotk_token_cached_items", "Access tokens of clouds that are cached.")?;
        let evictions =
            IntCounter::new("gotk_token_cache_evictions_total", "Those that made room for others.")?;
        register(registry, vec![Box::new(items), Box::new(evictions)])
    }
}
