//! Verdicts over signatures of keys made here, and of keys and signatures that OpenSSL made.

mod fingerprint;
mod keyed;
mod openssl;
mod secrecy;
mod signer;
