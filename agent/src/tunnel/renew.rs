//! Keeps a client certificate young: renewed with a new key at half of its life, retried for ever.

use std::sync::Arc;
use std::time::Duration;

use underpass_runtime::tunnel::Handler;
use underpass_runtime::{clock, random};

use super::enrol;
use super::slot::Link;

/// How often the age of the certificate is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Shortest and longest wait after a failed renewal.
const RETRY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(60 * 60));

/// Renews until the link stops.
pub(super) async fn keep<H: Handler>(link: Arc<Link<H>>) {
    let mut wait = RETRY.0;
    loop {
        // Who is removed meanwhile gets no credential any more.
        let renewed = tokio::select! {
            renewed = renew_if_due(&link) => renewed,
            () = link.tasks.stopped() => return,
        };
        let pause = match renewed {
            Ok(()) => {
                wait = RETRY.0;
                LOOK_EVERY
            }
            Err(error) => {
                let host = &link.wanted.region_host;
                tracing::warn!(%host, error = format!("{error:#}"), "certificate not renewed; trying again");
                wait = (wait * 2).min(RETRY.1);
                wait.mul_f64(0.5 + f64::from(random::number()) / f64::from(u32::MAX) / 2.0)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = link.tasks.stopped() => return,
        }
    }
}

async fn renew_if_due<H: Handler>(link: &Link<H>) -> anyhow::Result<()> {
    let old = link.credentials.load(link.wanted.instance)?;
    if clock::wall_ms() < old.info()?.renew_at_ms() {
        return Ok(());
    }
    let new = enrol::renew(&link.wanted.region_host, &link.route()?, &old, &link.tasks).await?;
    link.credentials.save(link.wanted.instance, &new)?;
    tracing::info!(host = %link.wanted.region_host, "client certificate renewed");
    Ok(())
}
