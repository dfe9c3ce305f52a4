//! `mapping check` and `mapping test-access`.

use std::io::{self, Write};

use anyhow::ensure;
use bytes::Bytes;
use underpass_shared::api::management::{
    AccessCheck, AccessCheckInput, CheckOutcome, CheckStep, ConnectionCheck, Flag, MappingAddress,
    MappingTarget, SubaccountTarget, Target, Verb,
};

use super::client::Client;
use super::output::Output;
use super::select::Select;

/// Fails where the system cannot be reached.
pub(super) async fn connection(
    client: &Client,
    address: MappingAddress,
    select: Select,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (path, query) = select.find(client).await?;
    let target = Target::OfMapping(path, address, MappingTarget::Check);
    let reply = client
        .call(Verb::Post, target, &query, Bytes::new())
        .await?;
    let report: ConnectionCheck = reply.read()?;
    out.show(&report, |out| print(&report, out))?;
    ensure!(report.reachable, "the system cannot be reached");
    Ok(())
}

fn print(report: &ConnectionCheck, out: &mut dyn Write) -> io::Result<()> {
    for one in &report.steps {
        let outcome = match one.outcome {
            CheckOutcome::Ok => "ok  ",
            CheckOutcome::Warning => "WARN",
            CheckOutcome::Failed => "FAIL",
        };
        let step = match one.step {
            CheckStep::NameResolution => "name resolution",
            CheckStep::TargetGuard => "target guard",
            CheckStep::Connection => "connection",
            CheckStep::Tls => "TLS",
            CheckStep::Http => "HTTP",
        };
        writeln!(out, "{outcome}  {step} ({} ms): {}", one.millis, one.seen)?;
        if let Some(advice) = &one.advice {
            writeln!(out, "      -> {advice}")?;
        }
    }
    Ok(())
}

/// Fails where the request would be denied.
pub(super) async fn access(
    client: &Client,
    url: String,
    websocket: bool,
    select: Select,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (path, query) = select.find(client).await?;
    let input = AccessCheckInput {
        method: None,
        url,
        websocket: Flag(websocket),
    };
    let target = Target::Of(path, SubaccountTarget::AccessCheck);
    let reply = client.send(Verb::Post, target, &query, &input).await?;
    let told: AccessCheck = reply.read()?;
    out.show(&told, |out| {
        writeln!(out, "{}", told.message)?;
        if let (Some(mapping), Some(internal)) = (&told.mapping, &told.internal) {
            writeln!(out, "  system mapping {mapping} to {internal}")?;
        }
        told.hints
            .iter()
            .try_for_each(|hint| writeln!(out, "  -> {hint}"))
    })?;
    ensure!(told.allowed, "the request would be denied");
    Ok(())
}
