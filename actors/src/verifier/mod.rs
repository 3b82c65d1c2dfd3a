//! Checks signatures for one attempt at a time, with the object's own access to the registry.
//!
//! Owns: nothing yet but its place; trust roots and their refresh come with keyless signatures.
//! Receives: [`Verify`].        Bounds: the caller's turn.
//! Fails: an attempt, on any input; the process, if it panics itself.

mod messages;

use actix::{Actor, Context, Handler, ResponseFuture};
use oci::Error;
use reconcile::{Failure, Verdict};
use verify::Signature;

pub use messages::{Material, Verify};

use crate::failure::{self, Step, over_budget, registry};
use crate::registry::Conduct;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// An image has a handful of signatures; whoever puts more there wants to keep us busy.
const MOST_SIGNATURES: usize = 64;
/// A payload is a small JSON object.
const LARGEST_PAYLOAD: u64 = 64 * 1024;

/// The actor.
#[derive(Default)]
pub struct Verifier;

impl Actor for Verifier {
    type Context = Context<Self>;
}

impl Handler<Verify> for Verifier {
    type Result = ResponseFuture<Result<Verdict, Failure>>;

    fn handle(&mut self, verify: Verify, _: &mut Context<Self>) -> Self::Result {
        Box::pin(async move {
            let scope = verify.scope.clone();
            scope.offload(judge(verify)).await
        })
    }
}

async fn judge(verify: Verify) -> Result<Verdict, Failure> {
    let name = verify.trust.display();
    let refused = |text: &str| failure::verification(&name, text);
    if name != "cosign" {
        return Err(refused(
            "this version verifies cosign signatures with keys only; set spec.verify.secretRef",
        ));
    }
    let Verify { scope, line, repository, .. } = &verify;
    let found = scope.budget.spend(Box::pin(signatures(&verify))).await;
    let signatures = match found {
        Some(Ok(signatures)) => signatures,
        Some(Err(error)) => {
            let cause = registry(line, repository, Step::Manifest, "", &error);
            return Err(refused(&error.to_string()).with(cause.disposition));
        }
        None => {
            let cause = over_budget(line, Step::Manifest, "", repository, scope);
            return Err(refused(&cause.message));
        }
    };
    line.note(repository.path(), Conduct::Answered);
    let subject = format!("{repository}@{}", verify.digest);
    let (keys, digest) = (verify.material.keys, verify.digest);
    // Many keys and signatures take a core for seconds, which no other object may wait for.
    let judged = tokio::task::spawn_blocking(move || verify::verify_keyed(&keys, &signatures, &digest)).await;
    judged
        .map_err(|lost| Failure::internal(&lost.to_string()))?
        .map_err(|error| refused(&error.text(&subject)))?;
    Ok(Verdict::Verified { fingerprint: verify.material.fingerprint })
}

/// The legacy signatures of a digest; a registry that says that it has none is believed, any other error is not.
async fn signatures(verify: &Verify) -> Result<Vec<Signature>, Error> {
    let Verify { line, repository, digest, scope, .. } = verify;
    let tag = format!("sha256-{}.sig", digest.hex());
    let found = match line.client.resolve(&line.credential, repository.path(), &tag, true).await {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        found => found?,
    };
    let manifest = found.manifest.map(|manifest| manifest.bytes);
    let described = line
        .client
        .describe(&line.credential, repository.path(), &found.digest, manifest, &oci::Platform::default())
        .await?;
    let limits = oci::BlobLimits { stall: scope.budget.total(), max_bytes: Some(LARGEST_PAYLOAD) };
    let mut signatures = Vec::new();
    for layer in
        described.image.layers.iter().filter(|layer| layer.media_type == PAYLOAD).take(MOST_SIGNATURES)
    {
        let Some(signature) = layer.annotations.get(SIGNATURE) else {
            continue;
        };
        let mut payload = Vec::new();
        line.client.blob(&line.credential, repository.path(), layer, limits, &mut payload).await?;
        signatures.push(Signature { payload, signature_base64: signature.clone() });
    }
    Ok(signatures)
}
