//! What a registry last said of the quotas of its credentials. Pure: time enters as an argument.
//!
//! Nothing is paced by it: a poll is a `HEAD`, which Docker Hub does not count, and fewer turns pull as often, only later.
//! Who has used up a quota is told so by 429, and cools down alone (D22).

use std::collections::BTreeMap;
use std::time::Duration;

use oci::{Identity, Quota};
use tokio::time::Instant;

/// Credentials of one origin that are followed: those with most left are left out.
const FOLLOWED: usize = 256;
/// Docker Hub's. One that is not told, or is told to be longer, ends so soon.
const WINDOW: Duration = Duration::from_hours(6);

/// The quotas of one origin.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<Identity, Heard>);

#[derive(Debug)]
struct Heard {
    remaining: u64,
    until: Instant,
    scarce: bool,
}

impl Quotas {
    /// Notes what was said; whether the quota has just become scarce.
    pub(super) fn hear(&mut self, identity: Identity, quota: Quota, now: Instant) -> bool {
        self.0.retain(|_, heard| heard.until > now);
        let known = self.0.get(&identity).is_some_and(|heard| heard.scarce);
        let scarce = is_scarce(quota, known);
        let until = now + quota.window.map_or(WINDOW, |window| window.min(WINDOW));
        self.0.insert(identity, Heard { remaining: quota.remaining, until, scarce });
        if self.0.len() > FOLLOWED {
            let most = self.0.iter().max_by_key(|(_, heard)| heard.remaining);
            if let Some(identity) = most.map(|(identity, _)| *identity) {
                self.0.remove(&identity);
            }
        }
        scarce && !known
    }

    /// What the credential has left that has least.
    pub(super) fn lowest(&self, now: Instant) -> Option<u64> {
        self.0.values().filter(|heard| heard.until > now).map(|heard| heard.remaining).min()
    }
}

/// Below a tenth, until there is a fifth again: a window that slides gives back one at a time.
fn is_scarce(quota: Quota, known: bool) -> bool {
    let share = if known { 5 } else { 10 };
    quota.limit.is_some_and(|limit| quota.remaining.saturating_mul(share) < limit)
}

#[cfg(test)]
mod tests {
    use oci::Credential;

    use super::*;

    fn identity(token: usize) -> Identity {
        Credential::RegistryToken(token.to_string()).identity()
    }

    fn of_200(remaining: u64) -> Quota {
        Quota { remaining, limit: Some(200), window: Some(Duration::from_mins(1)) }
    }

    #[test]
    fn the_lowest_counts_until_its_window_is_over() {
        let (mut quotas, now) = (Quotas::default(), Instant::now());
        assert_eq!(quotas.lowest(now), None);
        quotas.hear(identity(1), of_200(7), now);
        quotas.hear(identity(2), Quota { window: None, ..of_200(9) }, now);
        assert_eq!(quotas.lowest(now), Some(7));

        assert_eq!(quotas.lowest(now + Duration::from_mins(1)), Some(9));
        assert_eq!(quotas.lowest(now + WINDOW), None);

        let endless = Quota { window: Some(Duration::MAX), ..of_200(1) };
        quotas.hear(identity(3), endless, now);
        assert_eq!(quotas.lowest(now + WINDOW), None);
    }

    #[test]
    fn a_quota_becomes_scarce_once_until_a_fifth_is_there_again() {
        let (mut quotas, now) = (Quotas::default(), Instant::now());
        let mut hear = |remaining| quotas.hear(identity(1), of_200(remaining), now);

        assert_eq!(
            [20, 19, 20, 39, 5, 40, 20, 19].map(&mut hear),
            [false, true, false, false, false, false, false, true]
        );
        assert!(!quotas.hear(identity(2), Quota { limit: None, ..of_200(0) }, now));
        assert!(quotas.hear(identity(3), Quota { limit: Some(u64::MAX), ..of_200(u64::MAX / 11) }, now));
    }

    #[test]
    fn of_more_credentials_than_are_followed_those_with_least_are_kept() {
        let (mut quotas, now) = (Quotas::default(), Instant::now());
        quotas.hear(identity(0), of_200(1), now);

        for number in 1..=FOLLOWED {
            quotas.hear(identity(number), of_200(100), now);
        }

        assert_eq!(quotas.0.len(), FOLLOWED);
        assert_eq!(quotas.lowest(now), Some(1));
    }
}
