//! The name of what a revision was verified with (D38, correction 18).

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use reference::Digest;

/// `status.sourceVerificationFingerprint`: `sha256:` and 64 hex digits over the provider and its material.
///
/// `secret` is the data of the Secret that `spec.verify` names, empty without one; only what the provider reads
/// counts, in an order that the names in the Secret have no part in.
#[must_use]
pub fn fingerprint(
    provider: &str,
    trusted_root: Option<&[u8]>,
    secret: &BTreeMap<String, Vec<u8>>,
) -> String {
    let mut parts = vec![("provider", provider.as_bytes())];
    match provider {
        "cosign" => {
            parts.extend(trusted_root.map(|root| ("trustedroot", root)));
            parts.extend(sorted(secret, &[".pub"]).map(|key| ("pub", key)));
        }
        "notation" => {
            parts.extend(secret.get("trustpolicy.json").map(|policy| ("trustpolicy", policy.as_slice())));
            parts.extend(sorted(secret, &[".crt", ".pem"]).map(|certificate| ("cert", certificate)));
        }
        _ => {}
    }
    let mut hash = Context::new(&SHA256);
    for (label, value) in parts {
        for bytes in [label.as_bytes(), b":", value, b"\0"] {
            hash.update(bytes);
        }
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::sha256_from_bytes(bytes).to_string()
}

/// The values whose names end so, in the order of their own bytes.
fn sorted<'a>(secret: &'a BTreeMap<String, Vec<u8>>, suffixes: &[&str]) -> impl Iterator<Item = &'a [u8]> {
    let wanted = |name: &&String| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let mut values: Vec<&[u8]> =
        secret.iter().filter(|(name, _)| wanted(name)).map(|(_, value)| value.as_slice()).collect();
    values.sort_unstable();
    values.into_iter()
}
