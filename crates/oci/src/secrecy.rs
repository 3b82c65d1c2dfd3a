//! A hash that says "equal" and nothing else: keyed with a random key that never leaves the process.

use std::sync::LazyLock;

use aws_lc_rs::{hmac, rand};

static KEY: LazyLock<hmac::Key> = LazyLock::new(|| {
    let mut seed = [0; 32];
    rand::fill(&mut seed).expect("the operating system has random bytes");
    hmac::Key::new(hmac::HMAC_SHA256, &seed)
});

/// Hashes optional parts so that neither their borders nor their absence can be confused.
pub(crate) fn keyed_hash(domain: &str, parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&KEY);
    for part in [Some(domain.as_bytes())].iter().chain(parts) {
        match part {
            None => context.update(&[0]),
            Some(bytes) => {
                context.update(&[1]);
                context.update(&(bytes.len() as u64).to_be_bytes());
                context.update(bytes);
            }
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}
