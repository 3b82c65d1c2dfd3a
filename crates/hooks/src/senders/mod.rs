//! One file for each kind of sender.

mod acr;
mod aliyun;
mod artifactory;
mod distribution;
mod dockerhub;
mod ecr;
mod gcr;
mod generic;
mod gitea;
mod github;
mod harbor;
mod member;
mod naming;
mod nexus;
mod quay;
mod zot;

use crate::{Delivery, Malformed, Message, Sender};

/// What a delivery says.
///
/// # Errors
/// [`Malformed`] if it is not what senders of this kind send; what they send about other things than pushes is none.
pub fn read(sender: Sender, delivery: &Delivery<'_>) -> Result<Message, Malformed> {
    match sender {
        Sender::Distribution => distribution::read(delivery, true),
        Sender::Gitlab => distribution::read(delivery, false),
        Sender::Dockerhub => dockerhub::read(delivery),
        Sender::Harbor => harbor::read(delivery),
        Sender::Quay => quay::read(delivery),
        Sender::Github => github::read(delivery),
        Sender::Gitea => gitea::read(delivery),
        Sender::Gcr => gcr::read(delivery),
        Sender::Acr => acr::read(delivery),
        Sender::Ecr => ecr::read(delivery),
        Sender::Nexus => nexus::read(delivery),
        Sender::Artifactory => artifactory::read(delivery),
        Sender::Aliyun => aliyun::read(delivery),
        Sender::Zot => zot::read(delivery),
        Sender::Generic | Sender::GenericHmac | Sender::GenericOidc => generic::read(delivery),
    }
}
