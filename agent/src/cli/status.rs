//! `status`.

use std::io::{self, Write};

use underpass_runtime::clock;
use underpass_shared::api::management::{Connection, LinkStatus, Query, Status, Target};

use super::client::Client;
use super::output::{Output, utc};

pub(super) async fn show(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    let status: Status = client.get(Target::Status, &Query::default()).await?;
    out.show(&status, |out| print(&status, out))
}

fn print(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "agent {} (pid {}), revision {}",
        status.version, status.pid, status.revision
    )?;
    if let Some(problem) = &status.problem {
        writeln!(out, "PROBLEM, all traffic is denied: {problem}")?;
    }
    for warning in &status.warnings {
        writeln!(out, "WARNING: {warning}")?;
    }
    if let Some(trial) = &status.trial {
        writeln!(
            out,
            "ON TRIAL: revisions {} to {} of {} are taken back at {} UTC, unless `underpass-agent confirm` is run before",
            trial.first_revision,
            trial.last_revision,
            trial.author,
            utc(trial.until_ms)
        )?;
    }
    for one in &status.expiring {
        writeln!(out, "ENDS SOON: {one}")?;
    }
    for address in &status.management.listening {
        writeln!(out, "management API on {address}")?;
    }
    for problem in status.management.problems.values() {
        writeln!(
            out,
            "PROBLEM, the management API is not reachable: {problem}"
        )?;
    }
    if let Some(heartbeat) = &status.heartbeat {
        match (heartbeat.sent_ms, &heartbeat.problem) {
            (_, Some(problem)) => writeln!(out, "WARNING: no heartbeat: {problem}")?,
            (Some(sent), None) => writeln!(out, "heartbeat sent at {} UTC", utc(sent))?,
            (None, None) => {}
        }
    }
    if let Some(problem) = &status.history_problem {
        writeln!(out, "WARNING: {problem}")?;
    }
    if let Some(drain) = &status.drain {
        writeln!(
            out,
            "DRAINED by {} at {} UTC: all tunnels are closed; see `underpass-agent undrain`",
            drain.author,
            utc(drain.since_ms)
        )?;
    } else if status.links.is_empty() {
        writeln!(
            out,
            "no subaccount is connected; see `underpass-agent subaccount list`, or enrol with `underpass-agent enrol TOKEN`"
        )?;
    }
    status
        .links
        .iter()
        .try_for_each(|link| print_link(link, out))
}

fn print_link(link: &LinkStatus, out: &mut dyn Write) -> io::Result<()> {
    let since = link.connected_since_ms.map(|since| {
        // The clock may have gone back meanwhile.
        let seconds = (clock::wall_ms() - since).max(0) / 1_000;
        format!(", up for {seconds} s")
    });
    let version = link.gateway_version.as_ref();
    let version = version.map(|version| format!(", gateway {version}"));
    writeln!(
        out,
        "{} subaccount {} location ID \"{}\"{}{}",
        link.region_host,
        link.subaccount,
        link.location_id,
        since.unwrap_or_default(),
        version.unwrap_or_default()
    )?;
    for connection in &link.connections {
        match connection {
            Connection::Connecting => writeln!(out, "  connecting")?,
            Connection::Up => writeln!(out, "  up")?,
            Connection::Failed(reason) => writeln!(out, "  down: {reason}")?,
        }
    }
    Ok(())
}
