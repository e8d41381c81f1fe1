//! What a process does without being asked: its own metrics, and the work on blocks.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::app::{App, error_chain};

/// Starts everything; it ends when `ending` is cancelled.
pub(crate) fn spawn(app: &Arc<App>, tasks: &TaskTracker, ending: &CancellationToken) {
    if let Some(interval_ms) = app.config.self_monitoring_ms {
        let monitored = monitor(Arc::clone(app), interval_ms);
        let ending = ending.clone();
        tasks.spawn(async move { ending.run_until_cancelled(monitored).await });
    }
    let (app, ending) = (Arc::clone(app), ending.clone());
    tasks.spawn(async move {
        let interval = Duration::from_millis(app.config.compaction_interval_ms);
        ending.run_until_cancelled(app.compaction.run(interval)).await
    });
}

/// Writes the process' own metrics into its own store, first at once and then at each interval.
async fn monitor(app: Arc<App>, interval_ms: u64) {
    let mut ticks = tokio::time::interval(Duration::from_millis(interval_ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = app.record_own_metrics().await {
            warn!(error = error_chain(&error), "own metrics were not recorded");
        }
    }
}
