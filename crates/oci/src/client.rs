//! A client for one origin: everything that its requests share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::challenge::Challenge;
use crate::credential::Identity;
use crate::error::Error;
use crate::kept::Kept;
use crate::origin::{Origin, OriginKey};
use crate::quota::Quota;
use crate::reach::Reach;
use crate::room::Room;
use crate::settings::Settings;
use crate::token::Tokens;
use crate::transport::Transport;

/// Quotas of credentials that are remembered; beyond it they are learned anew.
const REMEMBERED: usize = 4096;
/// Challenges that are remembered, in bytes: those of eight thousand repositories. Whose is forgotten asks once more.
const CHALLENGES_BYTES: usize = 4 << 20;

/// Requests to one origin, under whatever credential each call brings. Cheap to clone.
///
/// The client owns connections, the choice of the scheme, challenges and tokens; dropping its last clone drops them.
/// Every call can be cancelled by dropping its future. No call is repeated because it failed, except that a
/// connection which died while it was idle is replaced (D20), a refused token is renewed once, and a blob is resumed.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) host: String,
    pub(crate) manifest_max_bytes: u64,
    pub(crate) manifest_room: Room,
    pub(crate) transport: Transport,
    pub(crate) reach: Reach,
    pub(crate) tokens: Tokens,
    key: OriginKey,
    challenges: Mutex<Kept<String, Challenge>>,
    quotas: Mutex<BTreeMap<Identity, Quota>>,
}

impl Client {
    /// A client without any connection yet.
    ///
    /// # Errors
    /// [`Error::Material`] for a CA, a client certificate or a proxy that cannot be used, with upstream's text
    /// (spec 4.4); [`Error::Malformed`] for a host that is none.
    pub fn new(origin: &Origin, settings: &Settings) -> Result<Self, Error> {
        Self::reaching(Reach::new(origin)?, origin, settings)
    }

    /// A client without this one's connections and tokens, which looks for the registry first where this one found it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn renewed(&self, origin: &Origin, settings: &Settings) -> Result<Self, Error> {
        Self::reaching(Reach::new(origin)?.after(&self.shared.reach), origin, settings)
    }

    fn reaching(reach: Reach, origin: &Origin, settings: &Settings) -> Result<Self, Error> {
        Ok(Self {
            shared: Arc::new(Shared {
                host: origin.host.clone(),
                manifest_max_bytes: settings.manifest_max_bytes,
                manifest_room: settings.manifest_room.clone(),
                transport: Transport::new(origin, settings)?,
                reach,
                tokens: Tokens::default(),
                key: origin.key(),
                challenges: Mutex::new(Kept::new(CHALLENGES_BYTES, |_| true)),
                quotas: Mutex::default(),
            }),
        })
    }

    /// The origin that this client reaches.
    #[must_use]
    pub fn origin(&self) -> &OriginKey {
        &self.shared.key
    }

    /// What the registry last said of this identity's quota since this was last asked.
    #[must_use]
    pub fn take_quota(&self, identity: Identity) -> Option<Quota> {
        self.shared.quotas.lock().unwrap_or_else(PoisonError::into_inner).remove(&identity)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.shared.key).finish_non_exhaustive()
    }
}

impl Shared {
    /// What the registry wanted when it was last asked for this repository.
    pub(crate) fn challenge(&self, repository: &str) -> Option<Challenge> {
        self.challenges().get(repository).cloned()
    }

    /// Keeps what the registry says of this identity's quota.
    pub(crate) fn note_quota(&self, identity: Identity, quota: Quota) {
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        if quotas.len() >= REMEMBERED {
            quotas.clear();
        }
        quotas.insert(identity, quota);
    }

    pub(crate) fn remember(&self, repository: &str, challenge: Challenge) {
        let heap = repository.len() + challenge.bytes();
        self.challenges().insert(repository.to_owned(), challenge, heap, None);
    }

    fn challenges(&self) -> MutexGuard<'_, Kept<String, Challenge>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::CHALLENGE_MAX_BYTES;

    #[test]
    fn the_challenges_of_any_number_of_repositories_take_a_bounded_number_of_bytes() {
        let settings = Settings { environment_proxies: false, ..Settings::default() };
        let shared = Client::new(&Origin::new("ghcr.io"), &settings).unwrap().shared;
        let realm = "r".repeat(CHALLENGE_MAX_BYTES);
        let challenge = Challenge::Bearer { realm, service: None, scope: None };

        for number in 0..2000 {
            shared.remember(&number.to_string(), challenge.clone());
        }

        assert!((CHALLENGES_BYTES / 2..=CHALLENGES_BYTES).contains(&shared.challenges().bytes()));
        assert_eq!(shared.challenge("1999"), Some(challenge));
        assert_eq!(shared.challenge("0"), None);
    }
}
