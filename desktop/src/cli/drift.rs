//! `fleet drift`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;
use underpass_fleet::drift::{Basis, Compared, Comparison, Difference, Kind, Pairing, Rules};
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::engine::Engine;
use super::output::Output;
use super::select::{Which, settled};
use super::template::TemplateValues;
use super::{Common, NOT_WELL, read};
use crate::text::clean;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet drift --baseline plant-1 --group plants
  underpass fleet drift --baseline plant-1 --group plants --any-location \\
    --ignore 'connector.description' --ignore 'subaccounts[*].mappings[*].internalAddress'
  underpass fleet drift --template base.json --values plants.json --all --json
  underpass fleet drift --template base.json --set tunnels=2 --set-for plant-7:erp=erp.plant-7 --all
  underpass fleet drift --baseline plant-1 --group plants --markdown > drift.md

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
    #[arg(long, value_name = "AGENT", required_unless_present = "template", conflicts_with_all = ["template", "values", "set", "set_for"])]
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
    /// Print the report as Markdown.
    #[arg(long)]
    markdown: bool,
    /// Seconds to wait for agents that do not answer at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
}

pub(super) fn run(
    common: &Common,
    drift: &Drift,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let rules = drift.rules()?;
    let engine = Engine::open(common)?;
    let wanted: Vec<AgentId> = drift
        .which
        .find(&engine)?
        .iter()
        .map(|one| one.id)
        .collect();
    let mut known = wanted.clone();
    let basis = match (&drift.template, &drift.baseline) {
        (Some(path), _) => {
            let (template, values) = drift.change.read(path)?;
            Basis::Template(Box::new(template), Box::new(values))
        }
        (None, Some(name)) => {
            let id = engine.agent(name)?.id;
            known.extend((!known.contains(&id)).then_some(id));
            Basis::Agent(id)
        }
        (None, None) => bail!("name what agents are compared with: --baseline or --template"),
    };
    let agents = settled(&engine, &known, drift.timeout);
    let pairing = if drift.any_location {
        Pairing::Tenant
    } else {
        Pairing::Exact
    };
    let made = Comparison::make(&agents, &wanted, &basis, rules, pairing, clock::wall_ms());
    let made = made.map_err(anyhow::Error::msg)?;
    engine.stop();
    if drift.markdown {
        out.raw(made.to_markdown(&clock::rfc3339(made.made_ms)).as_bytes())?;
    } else {
        out.show(&made.to_json(), |out| {
            made.agents.iter().try_for_each(|one| print(out, one))
        })?;
    }
    Ok(if made.agents.iter().all(Compared::is_well) {
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
}

fn print(out: &mut dyn Write, one: &Compared) -> io::Result<()> {
    let label = clean(&one.label);
    let report = match &one.report {
        Ok(report) => report,
        Err(reason) => return writeln!(out, "{label}: cannot be compared: {}", clean(reason)),
    };
    if report.is_empty() {
        writeln!(out, "{label}: as it shall be")?;
    } else {
        writeln!(out, "{label}: {} differ", one.count())?;
    }
    if one.is_stale {
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
