//! `fleet list|status`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use underpass_fleet::profile::Profile;
use underpass_fleet::snapshot::{AgentSnapshot, Health, Link};

use super::engine::Engine;
use super::output::{Output, table};
use super::select::settled;
use super::{Common, NOT_WELL};
use crate::digest::{certificate_days, tunnels, word_of};
use crate::text::clean;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet status
  underpass fleet status plant-1 plant-2 --json
  underpass fleet status || mail -s 'an agent is not well' ops@corp.example";

/// Which agents, and how long to wait for them.
#[derive(Args, Debug)]
pub struct Chosen {
    /// Which agents; all of them where none is named.
    agents: Vec<String>,
    /// Seconds to wait for agents that do not answer at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    label: String,
    group: Option<String>,
    tags: Vec<String>,
    address: String,
}

impl Listed {
    fn of(agent: &AgentSnapshot) -> Self {
        Self {
            id: agent.id.to_string(),
            label: agent.label.to_string(),
            group: agent.group.as_deref().map(str::to_owned),
            tags: agent.tags.iter().map(ToString::to_string).collect(),
            address: agent.address.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    health: String,
    problem: Option<String>,
    version: Option<String>,
    revision: Option<u64>,
    role: Option<String>,
    tunnels_up: usize,
    tunnels: usize,
    certificate_days: Option<i64>,
    last_seen_ms: Option<i64>,
}

impl Shown {
    fn of(agent: &AgentSnapshot) -> Self {
        let (up, all) = tunnels(agent);
        Self {
            listed: Listed::of(agent),
            health: word_of(agent.health).to_lowercase(),
            problem: agent.problem.as_deref().map(clean),
            version: agent.version.value().map(|one| clean(&one.version)),
            revision: agent.configuration.value().map(|one| one.revision),
            role: agent.own.value().map(|own| own.role.to_string()),
            tunnels_up: up,
            tunnels: all,
            certificate_days: certificate_days(agent),
            last_seen_ms: agent.last_seen_ms,
        }
    }

    fn row(&self) -> [String; 7] {
        let or = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        [
            clean(&self.listed.label),
            self.health.clone(),
            or(self.version.clone()),
            or(self.revision.map(|number| number.to_string())),
            format!("{}/{}", self.tunnels_up, self.tunnels),
            or(self.certificate_days.map(|days| format!("{days} d"))),
            self.problem.clone().unwrap_or_default(),
        ]
    }
}

pub(super) fn list(common: &Common, out: &mut Output<'_>) -> anyhow::Result<()> {
    let listed: Vec<Listed> = if common.demo {
        let engine = Engine::open(common)?;
        engine
            .snapshot()
            .agents
            .iter()
            .map(|one| Listed::of(one))
            .collect()
    } else {
        let book = Profile::open(&common.folder()?)?.book()?;
        let entries = book.entries().iter();
        let listed = entries.map(|entry| Listed {
            id: entry.id.to_string(),
            label: entry.label.clone(),
            group: entry.group.clone(),
            tags: entry.tags.clone(),
            address: entry.address.to_string(),
        });
        listed.collect()
    };
    out.show(&listed, |out| {
        if listed.is_empty() {
            return writeln!(
                out,
                "no agents are known; `underpass fleet pair --help` tells how to add one"
            );
        }
        let head = ["LABEL", "GROUP", "ADDRESS", "ID"].map(str::to_owned);
        let rows = listed.iter().map(|one| {
            [
                clean(&one.label),
                one.group.as_deref().map_or_else(|| "-".to_owned(), clean),
                one.address.clone(),
                one.id.clone(),
            ]
        });
        table(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}

pub(super) fn status(
    common: &Common,
    chosen: &Chosen,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let engine = Engine::open(common)?;
    let mut ids = vec![];
    for name in &chosen.agents {
        ids.push(engine.agent(name)?.id);
    }
    if ids.is_empty() {
        ids.extend(engine.snapshot().agents.iter().map(|one| one.id));
        // Whoever watches by this would take an empty profile for health for ever.
        if ids.is_empty() {
            anyhow::bail!(
                "no agent is known here; `underpass fleet pair` adds one, --profile names another folder"
            );
        }
    }
    let agents = settled(&engine, &ids, chosen.timeout);
    let shown: Vec<Shown> = agents.iter().map(|one| Shown::of(one)).collect();
    let head = [
        "AGENT",
        "HEALTH",
        "VERSION",
        "REVISION",
        "TUNNELS",
        "CERTIFICATE",
        "PROBLEM",
    ];
    out.show(&shown, |out| {
        let rows = shown.iter().map(Shown::row);
        let rows = std::iter::once(head.map(str::to_owned)).chain(rows);
        table(out, &rows.collect::<Vec<_>>())
    })?;
    engine.stop();
    let well = |one: &Arc<AgentSnapshot>| matches!(one.health, Health::Online | Health::Applying);
    Ok(if agents.iter().all(well) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    })
}

/// Whether waiting longer would bring nothing more.
pub(super) fn is_settled(agent: &AgentSnapshot) -> bool {
    match agent.link {
        Link::Connecting { attempt, .. } => attempt > 0,
        Link::Away { .. } | Link::Refused { .. } | Link::KeyChanged { .. } => true,
        Link::Online { .. } => {
            let known = agent.version.value().is_some() && agent.own.value().is_some();
            known && agent.status.value().is_some() && agent.configuration.value().is_some()
        }
    }
}
