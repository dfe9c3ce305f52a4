//! `status`.

use std::io::{self, Write};

use serde::Serialize;
use underpass_shared::id::{InstanceId, LocationId, RegionHost, SubaccountId};

use super::Work;
use super::subaccount::Shown;
use crate::directory::{Identity, LiveTunnel};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    region_host: Option<RegionHost>,
    token_url: Option<String>,
    subaccounts: Vec<Shown>,
    agents: Vec<Agent>,
    tunnels: Vec<Tunnel>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agent {
    instance: InstanceId,
    subaccount: SubaccountId,
    location_id: LocationId,
    certificate_not_after_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tunnel {
    subaccount: SubaccountId,
    location_id: LocationId,
    instance: InstanceId,
    connections: u32,
}

impl From<&Identity> for Agent {
    fn from(identity: &Identity) -> Self {
        Self {
            instance: identity.instance,
            subaccount: identity.subaccount,
            location_id: identity.location.clone(),
            certificate_not_after_ms: identity.certificate_not_after_ms,
            revoked_at_ms: identity.revoked_at_ms,
        }
    }
}

impl From<LiveTunnel> for Tunnel {
    fn from(
        LiveTunnel {
            key,
            instance,
            connections,
        }: LiveTunnel,
    ) -> Self {
        Self {
            subaccount: key.subaccount,
            location_id: key.location,
            instance,
            connections,
        }
    }
}

pub(super) async fn show(mut work: Work<'_>) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let settings = index.settings();
    let status = Status {
        region_host: settings.map(|found| found.region_host.clone()),
        token_url: settings.map(|found| found.token_url.clone()),
        subaccounts: index
            .subaccounts()
            .map(|found| Shown::from(&**found))
            .collect(),
        agents: index
            .identities()
            .map(|found| Agent::from(&**found))
            .collect(),
        tunnels: directory
            .tunnels()
            .await?
            .into_iter()
            .map(Tunnel::from)
            .collect(),
    };
    work.answer(&status, |out| print(out, &status))
}

fn print(out: &mut dyn Write, status: &Status) -> io::Result<()> {
    match &status.region_host {
        Some(host) => writeln!(out, "Region host  {host}")?,
        None => writeln!(out, "Region host  not known yet; {}", super::START_ONCE)?,
    }
    writeln!(out, "\nSubaccounts ({})", status.subaccounts.len())?;
    for subaccount in &status.subaccounts {
        writeln!(out, "  {subaccount}")?;
    }
    writeln!(out, "\nAgents ({})", status.agents.len())?;
    for agent in &status.agents {
        let Agent {
            instance,
            subaccount,
            location_id,
            ..
        } = agent;
        let connections = status
            .tunnels
            .iter()
            .find(|tunnel| tunnel.instance == *instance);
        let connections = connections.map_or(0, |tunnel| tunnel.connections);
        let state = match (agent.revoked_at_ms, connections) {
            (Some(_), _) => "revoked".to_owned(),
            (None, 0) => "not connected".to_owned(),
            (None, count) => format!("connected ({count})"),
        };
        writeln!(
            out,
            "  {instance}  {subaccount}  location \"{location_id}\"  {state}"
        )?;
    }
    Ok(())
}
