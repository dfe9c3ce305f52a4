//! `fleet search`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use underpass_fleet::search::{self, Found, Hit, open_words};

use super::engine::Engine;
use super::output::{Output, table};
use super::select::{Which, settled};
use super::{Common, NOT_WELL};
use crate::text::clean;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet search erp.corp                     # wherever it stands
  underpass fleet search 'internal:erp.corp*'         # which agents expose this host?
  underpass fleet search 'path:/sap/opu*' protocol:http --group north
  underpass fleet search 'setting:connector.email*'

Words with a field are about the field as a whole, others are found anywhere; * stands for any
characters. All words must fit one mapping, subaccount or setting. Fields: host, virtual, internal,
port, protocol, type, path, description, subaccount, region, location, setting, value.
The exit code is 3 when an agent could not be asked.";

/// What is looked for, and where.
#[derive(Args, Debug)]
pub struct Search {
    /// What to look for.
    #[arg(required = true)]
    words: Vec<String>,
    /// Only agents of this group; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Only agents with this tag; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Seconds to wait for agents that do not answer at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
}

pub(super) fn run(
    common: &Common,
    search: Search,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let wanted: search::Search = search.words.join(" ").parse()?;
    let engine = Engine::open(common)?;
    let which = Which::of(search.groups, search.tags);
    let ids: Vec<_> = which.find(&engine)?.iter().map(|one| one.id).collect();
    let agents = settled(&engine, &ids, search.timeout);
    let (mut found, mut missing) = (vec![], vec![]);
    for agent in &agents {
        match agent.configuration.value() {
            Some(known) => {
                let places = wanted.run(&known.document)?;
                if !places.hits.is_empty() {
                    found.push((agent, agent.configuration.is_stale(), places));
                }
            }
            None => missing.push(agent),
        }
    }
    let told = json!({
        "agents": found.iter().map(|(agent, is_stale, places)| json!({
            "id": agent.id, "label": agent.label, "stale": is_stale,
            "hits": places.hits, "more": places.more,
        })).collect::<Vec<_>>(),
        "notAsked": missing.iter().map(|agent| json!({
            "id": agent.id, "label": agent.label,
        })).collect::<Vec<_>>(),
    });
    out.show(&told, |out| {
        let head = ["AGENT", "WHERE", "WHAT"].map(str::to_owned);
        let mut rows = vec![head];
        for (agent, _, places) in &found {
            rows.extend(places.hits.iter().map(|hit| row(&agent.label, hit)));
        }
        match rows.len() {
            1 => writeln!(out, "nothing was found")?,
            _ => table(out, &rows)?,
        }
        found.iter().try_for_each(|(agent, is_stale, places)| {
            told_apart(out, &clean(&agent.label), *is_stale, places)
        })?;
        missing.iter().try_for_each(|agent| {
            writeln!(out, "{} was not asked: it is away", clean(&agent.label))
        })
    })?;
    engine.stop();
    Ok(if missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    })
}

fn told_apart(out: &mut dyn Write, label: &str, is_stale: bool, places: &Found) -> io::Result<()> {
    if places.more > 0 {
        writeln!(out, "{label}: {} more", places.more)?;
    }
    if is_stale {
        writeln!(out, "{label} is away: this is what was known last")?;
    }
    Ok(())
}

fn row(label: &str, hit: &Hit) -> [String; 3] {
    let (place, what) = match hit {
        Hit::Mapping {
            subaccount,
            virtual_address,
            internal_address,
            protocol,
            open_paths,
            ..
        } => {
            let paths = open_words(open_paths);
            let what = format!("{virtual_address} -> {internal_address} ({protocol}, {paths})");
            (format!("mapping of {subaccount}"), what)
        }
        Hit::Subaccount {
            subaccount,
            display_name,
            connected,
        } => {
            let state = if *connected {
                "connected"
            } else {
                "disconnected"
            };
            let what = format!("{display_name} ({state})");
            (format!("subaccount {subaccount}"), what)
        }
        Hit::Setting { path, value } => (path.clone(), value.to_string()),
    };
    [clean(label), clean(&place), clean(&what)]
}
