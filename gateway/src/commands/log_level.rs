//! `log-level`: what the running gateway logs.

use std::time::Duration;

use serde::Serialize;
use underpass_runtime::telemetry;

use super::Work;
use super::times::lasted;
use crate::cli::{LogLevelCommand, LogLevelSet};
use crate::directory::LogFilter;

/// What is logged.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logged {
    /// None: what the server was started with.
    filter: Option<String>,
    until_ms: Option<i64>,
}

pub(super) async fn run(mut work: Work<'_>, command: &LogLevelCommand) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    match command {
        LogLevelCommand::Show => {}
        LogLevelCommand::Set(LogLevelSet { filter, lasting }) => {
            telemetry::check(filter).map_err(|error| anyhow::anyhow!("FILTER: {error}"))?;
            let until_ms = lasting.map(|life| until(work.now_ms, life));
            let filter = LogFilter {
                filter: filter.clone(),
                until_ms,
            };
            directory.set_log_filter(&filter, *lasting).await?;
        }
        LogLevelCommand::Reset => directory.reset_log_filter().await?,
    }
    let index = work.existing().await?.index();
    let present = index.log_filter();
    let logged = Logged {
        filter: present.map(|present| present.filter.clone()),
        until_ms: present.and_then(|present| present.until_ms),
    };
    let now_ms = work.now_ms;
    work.answer(&logged, |out| match (&logged.filter, logged.until_ms) {
        (None, _) => writeln!(out, "Logged is what the server was started with (--log)."),
        (Some(filter), None) => writeln!(
            out,
            "Logged is {filter}, until `underpass-gateway log-level reset`."
        ),
        (Some(filter), Some(until_ms)) => {
            writeln!(
                out,
                "Logged is {filter}, for another {}.",
                lasted(until_ms, now_ms)
            )
        }
    })
}

fn until(now_ms: i64, life: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX))
}
