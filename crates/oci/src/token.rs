//! Bearer tokens: remembered by realm, service, scope and identity, and asked for once at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use tokio::time::Instant;
use url::Url;

use crate::credential::{Credential, Identity};
use crate::error::Error;
use crate::flight::Flight;
use crate::token_endpoint;
use crate::transport::Transport;

/// Entries of tokens after which those that nobody is using are dropped: repositories times credentials of one origin.
const REMEMBERED: usize = 4096;

/// What a token is for; who has the same key may have the same token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenKey {
    pub(crate) realm: Url,
    pub(crate) service: Option<String>,
    /// Blank-separated.
    pub(crate) scope: String,
    pub(crate) identity: Identity,
}

/// A token with the number under which it was made.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) authorization: HeaderValue,
    pub(crate) number: u64,
    good_until: Instant,
    refresh: Option<String>,
}

/// The tokens of one origin.
#[derive(Default)]
pub(crate) struct Tokens {
    flights: Mutex<BTreeMap<TokenKey, Arc<Flight<Token>>>>,
    made: AtomicU64,
}

impl Tokens {
    /// A token for `key` that has not expired and is not the one that was refused.
    pub(crate) async fn get(
        &self,
        transport: &Transport,
        key: &TokenKey,
        credential: &Credential,
        refused: Option<u64>,
    ) -> Result<Token, Error> {
        let flight = self.flight(key);
        let good = |token: &Token| Some(token.number) != refused && Instant::now() < token.good_until;
        let make = async |previous: Option<&Token>| {
            let rotated = previous.and_then(|token| token.refresh.clone());
            let grant = token_endpoint::ask(transport, key, credential, rotated.as_deref()).await?;
            Ok(Token {
                authorization: grant.authorization,
                number: self.made.fetch_add(1, Ordering::Relaxed),
                good_until: Instant::now() + usable(grant.lifetime),
                refresh: grant.refresh.or(rotated),
            })
        };
        flight.get(good, make).await
    }

    fn flight(&self, key: &TokenKey) -> Arc<Flight<Token>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key) {
            return Arc::clone(flight);
        }
        if flights.len() >= REMEMBERED {
            flights.retain(|_, flight| Arc::strong_count(flight) > 1);
        }
        Arc::clone(flights.entry(key.clone()).or_default())
    }
}

/// A token is given up a little before its end, so that it does not expire on its way.
fn usable(lifetime: Duration) -> Duration {
    lifetime.saturating_sub((lifetime / 10).min(Duration::from_secs(30)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_given_up_a_tenth_of_its_life_or_half_a_minute_early() {
        assert_eq!(usable(Duration::from_mins(1)), Duration::from_secs(54));
        assert_eq!(usable(Duration::from_hours(1)), Duration::from_secs(3570));
        assert_eq!(usable(Duration::ZERO), Duration::ZERO);
    }
}
