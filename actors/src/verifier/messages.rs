//! What the Verifier hears and says.

use actix::Message;
use reconcile::{Failure, Trust, Verdict};
use reference::{Digest, Repository};

use crate::Scope;
use crate::registry::Line;

/// Asks whether a digest is signed as the object wants it (row 6).
#[derive(Message)]
#[rtype(result = "Result<Verdict, Failure>")]
pub struct Verify {
    /// Whose attempt it is.
    pub scope: Scope,
    /// The way to the registry.
    pub line: Line,
    /// The repository.
    pub repository: Repository,
    /// The digest that the selector stands for, before any platform is chosen (D18).
    pub digest: Digest,
    /// `spec.verify`.
    pub trust: Trust,
    /// Keys, policies and certificates.
    pub material: Material,
}

/// What a signature is checked with.
#[derive(Clone, Debug)]
pub struct Material {
    /// The public keys, in byte order of their names.
    pub keys: Vec<verify::PublicKey>,
    /// `status.sourceVerificationFingerprint` of all of it (D38).
    pub fingerprint: String,
}
