//! An election under way: a task of its own, so that nothing else delays a renewal.

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::runner::Runner;

/// Who leads, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Candidate,
    Leader,
    Lost,
}

/// The handle of an election under way.
pub struct Campaign {
    standing: watch::Receiver<Standing>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Campaign {
    pub(super) fn start(runner: Runner) -> Self {
        let (sender, standing) = watch::channel(Standing::Candidate);
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(runner, sender, stop.clone()));
        Self { standing, stop, task }
    }

    /// Ends when we lead.
    pub async fn won(&self) {
        self.reached(Standing::Leader).await;
    }

    /// Ends when we lead no longer: whatever is not written yet may be another's to write.
    pub async fn lost(&self) {
        self.reached(Standing::Lost).await;
    }

    /// Ends the election and gives the Lease back, where that is asked for; to be called when nothing is written any more.
    pub async fn leave(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the election ended badly");
        }
    }

    /// A task that died keeps nothing: its end is a loss.
    async fn reached(&self, wanted: Standing) {
        let mut standing = self.standing.clone();
        let reached = standing.wait_for(|standing| *standing == wanted).await.is_ok();
        if !reached && wanted == Standing::Leader {
            std::future::pending::<()>().await;
        }
    }
}

async fn run(mut runner: Runner, standing: watch::Sender<Standing>, stop: CancellationToken) {
    tokio::select! {
        biased;
        () = stop.cancelled() => return,
        () = runner.win() => {}
    }
    standing.send_replace(Standing::Leader);
    let stopped = tokio::select! {
        biased;
        () = stop.cancelled() => true,
        () = runner.keep() => false,
    };
    if stopped {
        runner.leave().await;
    }
    standing.send_replace(Standing::Lost);
}
