//! Bearer tokens: remembered by realm, service, scope and identity, and asked for once at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderValue;
use tokio::time::Instant;
use url::Url;

use crate::credential::{Credential, Identity};
use crate::error::Error;
use crate::flight::Flight;
use crate::kept::Kept;
use crate::token_endpoint::{self, Grant};
use crate::transport::Transport;

/// The most that is remembered of one origin, in bytes: four thousand tokens of the usual size, which is 1 to 2 KiB with the
/// entry around it.
const REMEMBERED_BYTES: usize = 8 << 20;
/// How long a refresh token may be of use after its token has expired: most objects are polled more often.
const REFRESHABLE: Duration = Duration::from_hours(24);

/// What a token is for; who has the same key may have the same token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenKey {
    pub(crate) realm: Url,
    pub(crate) service: Option<String>,
    /// Blank-separated.
    pub(crate) scope: String,
    pub(crate) identity: Identity,
}

impl TokenKey {
    /// What it owns, and the flight that it leads to.
    fn bytes(&self) -> usize {
        let service = self.service.as_ref().map_or(0, String::len);
        size_of::<Flight<Token>>() + self.realm.as_str().len() + service + self.scope.len()
    }
}

/// A token with the number under which it was made.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) authorization: HeaderValue,
    pub(crate) number: u64,
    good_until: Instant,
    refresh: Option<String>,
}

impl Token {
    fn bytes(&self) -> usize {
        self.authorization.len() + self.refresh.as_ref().map_or(0, String::len)
    }

    fn of_use_until(&self) -> Instant {
        if self.refresh.is_some() { self.good_until + REFRESHABLE } else { self.good_until }
    }
}

/// The tokens of one origin.
pub(crate) struct Tokens {
    kept: Mutex<Kept<TokenKey, Arc<Flight<Token>>>>,
    made: AtomicU64,
}

impl Default for Tokens {
    fn default() -> Self {
        // Flights are handed out under the lock of the map only: one that has no other owner cannot get one meanwhile.
        let is_idle = |flight: &Arc<Flight<Token>>| Arc::strong_count(flight) == 1;
        Self { kept: Mutex::new(Kept::new(REMEMBERED_BYTES, is_idle)), made: AtomicU64::new(0) }
    }
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
        // It is large, and most requests have their token.
        let ask = async |rotated: Option<String>| {
            Box::pin(token_endpoint::ask(transport, key, credential, rotated.as_deref())).await
        };
        self.get_by(key, refused, ask).await
    }

    async fn get_by(
        &self,
        key: &TokenKey,
        refused: Option<u64>,
        ask: impl AsyncFnOnce(Option<String>) -> Result<Grant, Error>,
    ) -> Result<Token, Error> {
        let flight = self.flight(key);
        let good = |token: &Token| Some(token.number) != refused && Instant::now() < token.good_until;
        let make = async |previous: Option<&Token>| {
            let rotated = previous.and_then(|token| token.refresh.clone());
            let grant = ask(rotated.clone()).await.inspect_err(|error| {
                // The flight keeps the failure beside the token that was to be renewed.
                if let Some(token) = previous {
                    let heap = key.bytes() + token.bytes() + error.to_string().len();
                    self.kept().changed(key, heap, Some(token.of_use_until()));
                }
            })?;
            let token = Token {
                authorization: grant.authorization,
                number: self.made.fetch_add(1, Ordering::Relaxed),
                good_until: Instant::now() + usable(grant.lifetime),
                refresh: grant.refresh.or(rotated),
            };
            self.kept().changed(key, key.bytes() + token.bytes(), Some(token.of_use_until()));
            Ok(token)
        };
        flight.get(good, make).await
    }

    /// Who makes or waits for the token; an entry without one is of use only as long as somebody does.
    fn flight(&self, key: &TokenKey) -> Arc<Flight<Token>> {
        let mut kept = self.kept();
        if let Some(flight) = kept.get(key) {
            return Arc::clone(flight);
        }
        let flight = Arc::default();
        kept.insert(key.clone(), Arc::clone(&flight), key.bytes(), Some(Instant::now()));
        flight
    }

    fn kept(&self) -> MutexGuard<'_, Kept<TokenKey, Arc<Flight<Token>>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token is given up a little before its end, so that it does not expire on its way.
fn usable(lifetime: Duration) -> Duration {
    lifetime.saturating_sub((lifetime / 10).min(Duration::from_secs(30)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::advance;

    use super::*;
    use crate::credential::TOKEN_MAX_BYTES;
    use crate::token_endpoint::bearer;

    fn key(service: &str) -> TokenKey {
        TokenKey {
            realm: Url::parse("https://auth.example.com/token").unwrap(),
            service: Some(service.to_owned()),
            scope: "repository:app:pull".to_owned(),
            identity: Identity::ANONYMOUS,
        }
    }

    fn grant(bytes: usize, refresh: Option<&str>) -> Grant {
        Grant {
            authorization: bearer(&"t".repeat(bytes)).unwrap(),
            lifetime: Duration::from_mins(5),
            refresh: refresh.map(str::to_owned),
        }
    }

    /// Whether the token had to be asked for.
    async fn asks(tokens: &Tokens, service: &str, bytes: usize) -> bool {
        let asked = Cell::new(false);
        let ask = async |_| {
            asked.set(true);
            Ok(grant(bytes, None))
        };
        tokens.get_by(&key(service), None, ask).await.unwrap();
        asked.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_registry_that_names_a_new_service_each_time_fills_no_memory() {
        let tokens = Tokens::default();
        let mut most = 0;

        for number in 0..1000 {
            assert!(asks(&tokens, &number.to_string(), TOKEN_MAX_BYTES - 100).await);
            assert!(!asks(&tokens, "used again and again", 100).await || number == 0);
            most = most.max(tokens.kept().bytes());
        }

        assert!(most > REMEMBERED_BYTES / 2 && most <= REMEMBERED_BYTES + 2 * TOKEN_MAX_BYTES, "{most}");
        assert!(!asks(&tokens, "999", 100).await);
        assert!(asks(&tokens, "0", 100).await);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_that_have_expired_make_room_first() {
        let tokens = Tokens::default();
        asks(&tokens, "first", 10).await;
        advance(Duration::from_mins(1)).await;
        for number in 0..REMEMBERED_BYTES / TOKEN_MAX_BYTES - 1 {
            asks(&tokens, &number.to_string(), TOKEN_MAX_BYTES - 100).await;
        }
        asks(&tokens, "first", 10).await;

        advance(Duration::from_secs(270)).await;
        asks(&tokens, "new", TOKEN_MAX_BYTES - 100).await;
        asks(&tokens, "newer", TOKEN_MAX_BYTES - 100).await;

        assert!(tokens.kept().bytes() < 3 * TOKEN_MAX_BYTES, "{}", tokens.kept().bytes());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_token_outlives_its_token_and_is_kept_with_what_its_use_met() {
        let tokens = Tokens::default();
        tokens.get_by(&key("one"), None, async |_| Ok(grant(10, Some("rotated")))).await.unwrap();
        advance(Duration::from_mins(6)).await;
        asks(&tokens, "other", 10).await;
        let fails = async |rotated: Option<String>| {
            assert_eq!(rotated.as_deref(), Some("rotated"));
            Err(Error::Material("x".repeat(50_000)))
        };

        tokens.get_by(&key("one"), None, fails).await.unwrap_err();
        assert!(tokens.kept().bytes() > 50_000);

        let renews = async |rotated: Option<String>| {
            assert_eq!(rotated.as_deref(), Some("rotated"));
            Ok(grant(10, None))
        };
        tokens.get_by(&key("one"), None, renews).await.unwrap();
        assert!(tokens.kept().bytes() < 3000);
    }

    #[test]
    fn a_token_is_given_up_a_tenth_of_its_life_or_half_a_minute_early() {
        assert_eq!(usable(Duration::from_mins(1)), Duration::from_secs(54));
        assert_eq!(usable(Duration::from_hours(1)), Duration::from_secs(3570));
        assert_eq!(usable(Duration::ZERO), Duration::ZERO);
    }
}
