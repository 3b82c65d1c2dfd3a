//! Waits for what a test expects, by looking again and again.

use super::api::LIMIT;
use super::process::POLL;

/// Looks until it is there, for a minute at most. What is seen instead, an error, is told when that is over.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let mut seen = String::new();
    let wait = async {
        loop {
            match look().await {
                Ok(found) => return found,
                Err(instead) => seen = instead,
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let found = tokio::time::timeout(LIMIT, wait).await.ok();
    found.unwrap_or_else(|| panic!("no {what} within {LIMIT:?}: {seen}"))
}

/// What was found, if it is what is waited for.
pub(crate) fn if_so<T: std::fmt::Debug>(holds: bool, found: T) -> Result<T, String> {
    if holds { Ok(found) } else { Err(format!("{found:?}")) }
}
