//! `drain`, `undrain` and `restart`.

use std::time::Duration;

use bytes::Bytes;
use underpass_shared::api::management::{
    DrainShown, DrainState, Query, RunningTarget, Target, Verb,
};

use super::client::Client;
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent drain --wait && systemctl stop underpass-agent

Gateways send no new requests to this agent then; callers get 503 until it is undrained. Requests
that run may finish within the grace of a drain.";

/// How often it is looked whether all tunnels are closed.
const LOOK: Duration = Duration::from_millis(200);

const DRAIN: Target = Target::Running(RunningTarget::Drain);

async fn ask(client: &Client, verb: Verb, target: Target) -> anyhow::Result<()> {
    let query = Query::default();
    let asked = client.call(verb, target, &query, Bytes::new()).await;
    asked.map(drop)
}

pub(super) async fn begin(client: &Client, wait: bool, out: &mut Output<'_>) -> anyhow::Result<()> {
    ask(client, Verb::Post, DRAIN).await?;
    let shown = loop {
        let shown: DrainShown = client.get(DRAIN, &Query::default()).await?;
        if !wait || shown.state != DrainState::Draining {
            break shown;
        }
        tokio::time::sleep(LOOK).await;
    };
    out.show(&shown, |out| match shown.state {
        DrainState::Active => writeln!(out, "the tunnels were opened again meanwhile"),
        DrainState::Draining => {
            let connections = shown.connections;
            writeln!(
                out,
                "draining; {connections} connections may still have requests"
            )
        }
        DrainState::Drained => writeln!(out, "drained; all tunnels are closed"),
    })
}

pub(super) async fn end(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    let before: DrainShown = client.get(DRAIN, &Query::default()).await?;
    ask(client, Verb::Delete, DRAIN).await?;
    let shown: DrainShown = client.get(DRAIN, &Query::default()).await?;
    out.show(&shown, |out| match before.state {
        DrainState::Active => writeln!(out, "the agent was not drained; nothing changed"),
        DrainState::Draining | DrainState::Drained => writeln!(out, "the tunnels are opened again"),
    })
}

pub(super) async fn restart(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    ask(client, Verb::Post, Target::Running(RunningTarget::Restart)).await?;
    let told = serde_json::json!({ "restarting": true });
    out.show(&told, |out| {
        writeln!(out, "the agent ends, to be started again")
    })
}
