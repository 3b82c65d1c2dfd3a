//! `sluice trigger`: tells a hook of a push, and waits for whom it woke. For pipelines, whose log it writes.

mod call;
mod follow;
#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::{Context as _, bail};
use reference::Repository;
use serde_json::json;

use crate::config::TriggerArguments;
use call::{Call, Taken};
use follow::follow;

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The delivery was taken, and everybody is Ready who was waited for.
    Done,
    /// Somebody who was waited for has failed.
    Failed,
}

/// Posts the delivery and, where that is asked for, follows whom it woke. Says on `say` what happens.
///
/// # Errors
/// Bad input, a hook that does not take the delivery, or the end of the time.
pub async fn run(arguments: &TriggerArguments, say: &dyn Fn(&str)) -> anyhow::Result<Verdict> {
    let repository = Repository::parse_url(&arguments.url).context("the first argument")?;
    let secret = fs_err::read(&arguments.secret_file).context("--secret-file")?;
    if secret.is_empty() {
        bail!("--secret-file: the file is empty");
    }
    let body = json!({ "url": format!("oci://{repository}"), "tag": arguments.tag });
    let call = Call::new(arguments, secret)?;
    let work = async {
        let taken = call.deliver(&body.to_string(), say).await?;
        say(&told(&taken));
        if arguments.wait { follow(&call, taken, say).await } else { Ok(Verdict::Done) }
    };
    match tokio::time::timeout(arguments.timeout, work).await {
        Ok(ended) => ended,
        Err(_) => bail!("not done within {}", readable(arguments.timeout)),
    }
}

fn told(taken: &Taken) -> String {
    match taken.woken {
        None => "the hook has taken the delivery".to_owned(),
        Some(0) if taken.result == "repeated" => "the hook has taken this delivery before".to_owned(),
        Some(0) => {
            "the hook has taken the delivery, but no object follows this tag: compare spec.url and spec.ref"
                .to_owned()
        }
        Some(1) => "1 object follows this tag".to_owned(),
        Some(woken) => format!("{woken} objects follow this tag"),
    }
}

fn readable(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 0 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{}s", time.as_secs_f64()),
    }
}
