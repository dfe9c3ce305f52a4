//! `fleet drift`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use underpass_fleet::drift::{Baseline, Difference, Kind, Pairing, Report, Rules};
use underpass_fleet::snapshot::AgentSnapshot;

use super::engine::Engine;
use super::output::Output;
use super::select::{Which, about, settled};
use super::template::TemplateValues;
use super::{Common, NOT_WELL, read};
use crate::text::clean;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet drift --baseline plant-1 --group plants
  underpass fleet drift --baseline plant-1 --group plants --any-location \\
    --ignore 'connector.description' --ignore 'subaccounts[*].mappings[*].internalAddress'
  underpass fleet drift --template base.json --values plants.json --all --json

Rules are paths as the report shows them, with * for any characters; each stands for all below it.
What belongs to one agent alone is left out, unless --own is given: operators, users of monitoring,
certificates, webhooks, instances, credentials, location IDs, dates.
The exit code is 3 when an agent differs or could not be asked.";

/// What is compared with what.
#[derive(Args, Debug)]
pub struct Drift {
    #[command(flatten)]
    which: Which,
    /// The agent that is as all shall be.
    #[arg(long, value_name = "AGENT", required_unless_present = "template", conflicts_with_all = ["template", "values", "set"])]
    baseline: Option<String>,
    /// The template that says how all shall be.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    #[command(flatten)]
    change: TemplateValues,
    /// A path that is not compared; may be given several times.
    #[arg(long = "ignore", value_name = "RULE")]
    ignore: Vec<String>,
    /// A file of such paths, one a line; lines that begin with # are left out.
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
    /// Compare what belongs to one agent alone, too.
    #[arg(long)]
    own: bool,
    /// Compare subaccounts whatever their location ID, where an agent has only one of a tenant.
    #[arg(long, conflicts_with = "template")]
    any_location: bool,
    /// Seconds to wait for agents that do not answer at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
}

/// What is told of an agent.
type Told = (Arc<AgentSnapshot>, Result<Report, String>);

pub(super) fn run(
    common: &Common,
    drift: &Drift,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let rules = drift.rules()?;
    let engine = Engine::open(common)?;
    let agents = drift.which.find(&engine)?;
    let mut ids: Vec<_> = agents.iter().map(|one| one.id).collect();
    let named = drift.baseline.as_deref().map(|name| engine.agent(name));
    let named = named.transpose()?.map(|agent| agent.id);
    ids.extend(named.filter(|id| !ids.contains(id)));
    let agents = settled(&engine, &ids, drift.timeout);
    let baseline = drift.baseline(named.and_then(|id| agents.iter().find(|one| one.id == id)))?;
    let pairing = if drift.any_location {
        Pairing::Tenant
    } else {
        Pairing::Exact
    };
    let others = agents.iter().filter(|one| Some(one.id) != named);
    let told: Vec<Told> = others
        .map(|agent| {
            let report = match agent.configuration.value() {
                None => Err("it is away".to_owned()),
                Some(known) => baseline
                    .drift(&about(agent), &known.document, &rules, pairing)
                    .map_err(|invalid| invalid.to_string()),
            };
            (Arc::clone(agent), report)
        })
        .collect();
    engine.stop();
    out.show(&shown(&told), |out| {
        told.iter()
            .try_for_each(|(agent, report)| print(out, agent, report))
    })?;
    let is_well = |(_, report): &Told| report.as_ref().is_ok_and(Report::is_empty);
    Ok(if told.iter().all(is_well) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    })
}

impl Drift {
    fn rules(&self) -> anyhow::Result<Rules> {
        let mut rules = Rules::default();
        for rule in &self.ignore {
            rules.add(rule)?;
        }
        if let Some(path) = &self.ignore_file {
            let told = || format!("{} cannot be used", path.display());
            rules.add(&read(path)?).with_context(told)?;
        }
        if self.own {
            rules.with_own();
        }
        Ok(rules)
    }

    fn baseline(&self, agent: Option<&Arc<AgentSnapshot>>) -> anyhow::Result<Baseline> {
        if let Some(path) = &self.template {
            let (template, values) = self.change.read(path)?;
            return Ok(Baseline::Template(Box::new(template), Box::new(values)));
        }
        let known = agent.and_then(|agent| agent.configuration.value());
        let known = known.context("the baseline is away; its configuration is not known")?;
        Ok(Baseline::Agent(Arc::clone(&known.document)))
    }
}

fn shown(told: &[Told]) -> Value {
    let one = |(agent, report): &Told| {
        let mut shown = json!({ "id": agent.id, "label": agent.label });
        match report {
            Ok(report) => {
                shown["report"] = json!(report);
                shown["stale"] = agent.configuration.is_stale().into();
            }
            Err(reason) => shown["problem"] = reason.as_str().into(),
        }
        shown
    };
    told.iter().map(one).collect()
}

fn print(
    out: &mut dyn Write,
    agent: &AgentSnapshot,
    report: &Result<Report, String>,
) -> io::Result<()> {
    let label = clean(&agent.label);
    let report = match report {
        Ok(report) => report,
        Err(reason) => return writeln!(out, "{label}: cannot be compared: {}", clean(reason)),
    };
    if report.is_empty() {
        writeln!(out, "{label}: as it shall be")?;
    } else {
        let count = report.differences.len() + report.more;
        writeln!(out, "{label}: {count} differ")?;
    }
    if agent.configuration.is_stale() {
        writeln!(out, "  it is away: this is what was known last")?;
    }
    report
        .differences
        .iter()
        .try_for_each(|one| writeln!(out, "  {}", line(one)))?;
    match report.more {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn line(one: &Difference) -> String {
    let value = |value: &Option<Value>| match value {
        // What is missing or too much as a whole is told by its path.
        Some(Value::Object(_) | Value::Array(_)) => "{…}".to_owned(),
        Some(value) => value.to_string(),
        None => "nothing".to_owned(),
    };
    clean(&match one.kind {
        Kind::Missing => format!("- {}: missing, shall be {}", one.path, value(&one.wanted)),
        Kind::Extra => format!("+ {}: too much, is {}", one.path, value(&one.present)),
        Kind::Other => {
            let (wanted, present) = (value(&one.wanted), value(&one.present));
            format!("~ {}: is {present}, shall be {wanted}", one.path)
        }
    })
}
