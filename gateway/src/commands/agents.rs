//! `agents` and `traffic`: what the running gateway tells.

use std::io::{self, Write};

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use underpass_runtime::print;
use underpass_shared::id::InstanceId;
use underpass_shared::protocol::internal::Standby;
use uuid::Uuid;

use super::Work;
use super::times::{bytes, lasted};
use crate::cli::Replace;
use crate::directory::Order;
use crate::live::{Agents, State, Traffic};

pub(super) async fn agents(mut work: Work<'_>) -> anyhow::Result<()> {
    let agents: Agents = ask(&work, &Order::Agents).await?;
    let now_ms = work.now_ms;
    work.answer(&agents, |out| print_agents(out, &agents, now_ms))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replaced {
    instance: InstanceId,
    process: Uuid,
}

/// A copy in quarantine gets the place of its agent.
pub(super) async fn replace(mut work: Work<'_>, options: &Replace) -> anyhow::Result<()> {
    let order = Order::Replace {
        instance: options.instance,
        process: options.process,
    };
    let process: Uuid = ask(&work, &order).await?;
    let replaced = Replaced {
        instance: options.instance,
        process,
    };
    work.answer(&replaced, |out| {
        writeln!(
            out,
            "Process {process} serves for instance {} now; the one before is in quarantine: stop it.",
            options.instance
        )
    })
}

pub(super) async fn traffic(mut work: Work<'_>) -> anyhow::Result<()> {
    let traffic: Traffic = ask(&work, &Order::Traffic).await?;
    let now_ms = work.now_ms;
    work.answer(&traffic, |out| print_traffic(out, &traffic, now_ms))
}

/// Asks the running gateway.
pub(super) async fn ask<T: DeserializeOwned + Serialize>(
    work: &Work<'_>,
    order: &Order,
) -> anyhow::Result<T> {
    let answer = work.existing().await?.ask(order).await?;
    serde_json::from_value(answer).context("the running gateway is of another release")
}

fn print_agents(out: &mut dyn Write, told: &Agents, now_ms: i64) -> io::Result<()> {
    if told.agents.is_empty() {
        return writeln!(
            out,
            "No agent is enrolled; see `underpass-gateway enrol-token create --help`."
        );
    }
    let head = [
        "SUBACCOUNT",
        "LOCATION",
        "STATE",
        "FOR",
        "VERSION",
        "STREAMS",
        "CONNECTIONS",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for agent in &told.agents {
        let state = match agent.state {
            State::Connected => "connected",
            State::Absent => "absent",
        };
        let connections = agent.connections.iter().map(|connection| {
            let address = connection.address.map(|address| address.to_string());
            let address = address.unwrap_or_else(|| "?".to_owned());
            let told = match (connection.waits, connection.round_trip_us) {
                (Some(Standby::Copy), _) => {
                    let process = connection.process.unwrap_or_default();
                    Some(format!("a copy in quarantine, process {process}"))
                }
                (Some(Standby::Handover), _) => Some("waits, for a handover".to_owned()),
                (Some(Standby::Other), _) => Some("waits".to_owned()),
                (None, Some(us)) => Some(format!("{}.{} ms", us / 1_000, us / 100 % 10)),
                (None, None) => None,
            };
            match told {
                Some(told) => format!("{address} ({told})"),
                None => address,
            }
        });
        let connections: Vec<String> = connections.collect();
        rows.push([
            agent.subaccount_name.clone(),
            format!("\"{}\"", agent.location_id),
            state.to_owned(),
            lasted(now_ms, agent.since_ms),
            agent.version.clone().unwrap_or_default(),
            agent.streams.to_string(),
            connections.join(" "),
        ]);
    }
    print::table(out, &rows)
}

fn print_traffic(out: &mut dyn Write, told: &Traffic, now_ms: i64) -> io::Result<()> {
    writeln!(
        out,
        "For {} since the gateway started:",
        lasted(now_ms, told.started_ms)
    )?;
    let head = [
        "SUBACCOUNT",
        "REQUESTS",
        "4xx",
        "5xx",
        "ABANDONED",
        "FROM CONSUMERS",
        "TO CONSUMERS",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for share in &told.subaccounts {
        let name = match share.subaccount {
            Some(_) => share.name.clone(),
            None => "(others)".to_owned(),
        };
        rows.push([
            name,
            share.requests.to_string(),
            share.client_errors.to_string(),
            share.server_errors.to_string(),
            share.abandoned.to_string(),
            bytes(share.received_bytes),
            bytes(share.sent_bytes),
        ]);
    }
    print::table(out, &rows)
}
