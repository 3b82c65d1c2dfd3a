//! Waits until the objects that a delivery woke are Ready or have failed.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Verdict;
use super::call::{Call, Taken};
use crate::webhooks::{ASKED_AT_ONCE, Answers, Followed, Progress, Question, State};

/// Between two looks. A pull takes a moment; an API server is asked for each object.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows them; says of each when it is done.
pub(super) async fn follow(call: &Call, taken: Taken, say: &dyn Fn(&str)) -> anyhow::Result<Verdict> {
    let Some(requested_at) = taken.requested_at else {
        bail!(
            "the hook does not say whom it woke, so that nobody can be waited for: is its type generic-hmac?"
        );
    };
    let (mut waiting, all): (VecDeque<String>, _) = (taken.objects.into(), taken.woken.unwrap_or_default());
    if waiting.len() < all {
        bail!("{all} objects are too many to be followed; the delivery was taken");
    }
    let mut failed = BTreeSet::new();
    while !waiting.is_empty() {
        let asked: Vec<_> = waiting.drain(..waiting.len().min(ASKED_AT_ONCE)).collect();
        for progress in ask(call, &requested_at, asked, say).await? {
            match progress.state {
                State::Waiting => waiting.push_back(progress.name),
                State::Ready => say(&format!("{} is Ready with {}", progress.name, progress.revision)),
                State::Failed => {
                    say(&format!("{} has failed: {}", progress.name, progress.message));
                    failed.insert(progress.name);
                }
            }
        }
        if !waiting.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    say(&format!("{} of {all} Ready", all - failed.len()));
    Ok(if failed.is_empty() { Verdict::Done } else { Verdict::Failed })
}

async fn ask(
    call: &Call,
    requested_at: &str,
    objects: Vec<String>,
    say: &dyn Fn(&str),
) -> anyhow::Result<Vec<Progress>> {
    let count = objects.len();
    let question = Question { follow: Followed { requested_at: requested_at.to_owned(), objects } };
    let answer = call.post(&json!(question).to_string(), say).await?;
    let answers: Answers = answer.json().await.context("the hook's answer cannot be read")?;
    if answers.objects.len() != count {
        bail!("the hook did not answer for all objects");
    }
    Ok(answers.objects)
}
