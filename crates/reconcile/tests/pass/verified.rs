//! When a signature is looked at (spec 2.5 step 9, D19, D38).

use reconcile::{
    ConditionKind, Desired, Failure, Observation, Reason, Source, Status, Stock, Trust, Truth, Verdict,
    conclude, in_progress, must_verify,
};

use crate::support::{artifact, found, source, stored, wanting};

const OLD: &str = "v1@sha256:aa";
const NEW: &str = "v1@sha256:bb";

fn trusting() -> Desired {
    let trust = Trust {
        provider: "cosign".into(),
        secret: Some("key".into()),
        trusted_root: None,
        identities: Vec::new(),
    };
    wanting(Source { trust: Some(trust), ..source() })
}

fn sees(revision: &str, verdict: Option<&str>) -> Observation {
    let verdict = verdict.map(|material| Verdict::Verified { fingerprint: material.into() });
    Observation { stock: Some(Stock::Present), resolved: found(revision), verdict, ..Observation::default() }
}

fn is_due(recorded: &Status, revision: &str) -> bool {
    must_verify(&trusting(), recorded, &sees(revision, None), Some("ours"))
}

#[test]
fn a_verdict_on_what_was_not_stored_vouches_for_nothing_that_is() {
    let cut = Err(Failure::fetch(Reason::OCIArtifactLayerOperationFailed, "cut".into()));
    let refused =
        Failure::retry(Some(ConditionKind::SourceVerified), Reason::VerificationError, "no signature".into());
    let unsigned = conclude(&trusting(), &stored(OLD), &sees(OLD, None), &Err(refused)).status;
    let rotated = Status { fingerprint: Some("former".into()), ..stored(OLD) };
    for before in [unsigned, rotated] {
        let failed = conclude(&trusting(), &before, &sees(NEW, Some("ours")), &cut).status;
        let killed = in_progress(&trusting(), &before, &sees(NEW, Some("ours")));

        for left in [failed, killed] {
            assert!(left.conditions.is(ConditionKind::SourceVerified, Truth::True));
            assert!(is_due(&left, OLD), "the tag has gone back to what nobody has verified: {left:?}");
        }
    }
}

#[test]
fn what_was_verified_and_stored_is_not_looked_at_again() {
    let published = Observation { artifact: Some(artifact(NEW)), ..sees(NEW, Some("ours")) };
    let pulled = conclude(&trusting(), &stored(OLD), &published, &Ok(())).status;
    let verified_late = conclude(&trusting(), &stored(NEW), &sees(NEW, Some("ours")), &Ok(())).status;
    for status in [pulled, verified_late] {
        assert!(!is_due(&status, NEW));
        assert!(is_due(&status, OLD));
        assert!(must_verify(&trusting(), &status, &sees(NEW, None), Some("rotated")));
        assert!(must_verify(
            &Desired { generation: 2, ..trusting() },
            &status,
            &sees(NEW, None),
            Some("ours")
        ));
    }
}

#[test]
fn a_verdict_under_a_new_policy_does_not_renew_one_under_the_old() {
    let verified = conclude(&trusting(), &stored(OLD), &sees(OLD, Some("ours")), &Ok(())).status;
    let newer = Desired { generation: 2, ..trusting() };
    let cut = Err(Failure::fetch(Reason::OCIArtifactLayerOperationFailed, "cut".into()));

    let failed = conclude(&newer, &verified, &sees(NEW, Some("ours")), &cut).status;

    assert!(must_verify(&newer, &failed, &sees(OLD, None), Some("ours")));
}
