//! The comparison of many agents with one baseline, and how it is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;
use underpass_shared::id::AgentId;

use super::{Baseline, Difference, Kind, Pairing, Report, Rules, Section};
use crate::error::clean;
use crate::snapshot::AgentSnapshot;
use crate::template::{About, Template, Values};

/// Most differences of one agent that are written into a text for people; JSON has all.
const WRITTEN_MAX: usize = 200;

/// What many agents are compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// An agent that is as all shall be.
    Agent(AgentId),
    /// What a template makes of each.
    Template(Box<Template>, Box<Values>),
}

/// One agent of a comparison.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which.
    pub agent: AgentId,
    /// How the user calls it.
    pub label: String,
    /// The group that he put it in.
    pub group: Option<String>,
    /// Whether it is away, so that this is what was known last.
    pub is_stale: bool,
    /// What was found, or why it cannot be compared.
    pub report: Result<Report, String>,
    /// How many differences are in which section.
    pub sections: BTreeMap<Section, usize>,
}

/// Many agents compared with one baseline.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// When, milliseconds UTC.
    pub made_ms: i64,
    /// The baseline, for people.
    pub baseline: String,
    /// The baseline itself.
    pub basis: Baseline,
    /// What was left out.
    pub rules: Rules,
    /// Which subaccounts were compared with one another.
    pub pairing: Pairing,
    /// The agents, in the order in which they were given, without the baseline.
    pub agents: Vec<Compared>,
}

/// What brings agents in line with a baseline.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// The changes, agent by agent.
    pub own: BTreeMap<AgentId, Template>,
    /// How many differences no change can carry: what belongs to one agent, or needs an enrolment.
    pub left_out: usize,
    /// Agents for which there is no change, and why.
    pub failed: Vec<String>,
}

impl Compared {
    /// Whether it is as it shall be.
    pub fn is_well(&self) -> bool {
        self.report.as_ref().is_ok_and(Report::is_empty)
    }

    /// How many differences it has.
    pub fn count(&self) -> usize {
        let count = |report: &Report| report.differences.len() + report.more;
        self.report.as_ref().map_or(0, count)
    }
}

impl Comparison {
    /// Compares agents by what is known of them.
    ///
    /// # Errors
    /// When the baseline is an agent whose configuration is not known.
    pub fn make(
        known: &[Arc<AgentSnapshot>],
        agents: &[AgentId],
        basis: &Basis,
        rules: Rules,
        pairing: Pairing,
        now_ms: i64,
    ) -> Result<Self, String> {
        let find = |id: AgentId| known.iter().find(|one| one.id == id);
        let (baseline, basis, own) = match basis {
            Basis::Agent(id) => {
                let agent = find(*id).ok_or("the baseline is not known any more")?;
                let configuration = agent.configuration.value();
                let configuration =
                    configuration.ok_or("the baseline is away; its configuration is not known")?;
                let basis = Baseline::Agent(Arc::clone(&configuration.document));
                (agent.label.to_string(), basis, Some(*id))
            }
            Basis::Template(template, values) => {
                let name = format!("template {}", template.name);
                let basis = Baseline::Template(template.clone(), values.clone());
                (name, basis, None)
            }
        };
        let others = agents.iter().filter(|id| Some(**id) != own);
        let compared = others.filter_map(|id| find(*id)).map(|agent| {
            let report = match agent.configuration.value() {
                None => Err("it is away".to_owned()),
                Some(known) => basis
                    .drift(&About::of(agent), &known.document, &rules, pairing)
                    .map_err(|invalid| invalid.to_string()),
            };
            Compared {
                agent: agent.id,
                label: agent.label.to_string(),
                group: agent.group.as_deref().map(str::to_owned),
                is_stale: agent.configuration.is_stale() || !agent.link.is_online(),
                sections: report.as_ref().map(Report::sections).unwrap_or_default(),
                report,
            }
        });
        Ok(Self {
            made_ms: now_ms,
            baseline,
            agents: compared.collect(),
            basis,
            rules,
            pairing,
        })
    }

    /// The changes after which agents differ no more at these places; at all of them where none
    /// are named.
    pub fn settle(
        &self,
        known: &[Arc<AgentSnapshot>],
        agents: &[AgentId],
        places: Option<&BTreeSet<String>>,
    ) -> Settled {
        let take = |path: &str| places.is_none_or(|places| places.contains(path));
        let mut settled = Settled::default();
        for agent in known.iter().filter(|one| agents.contains(&one.id)) {
            let Some(known) = agent.configuration.value() else {
                continue;
            };
            let (about, present) = (About::of(agent), &known.document);
            let (rules, pairing) = (&self.rules, self.pairing);
            match self.basis.settle(&about, present, rules, pairing, &take) {
                Ok(carried) => {
                    settled.left_out += carried.left_out.len();
                    if !carried.template.is_empty() {
                        settled.own.insert(agent.id, carried.template);
                    }
                }
                Err(invalid) => {
                    let reason = format!("{}: {invalid}", agent.label);
                    settled.failed.push(clean(&reason));
                }
            }
        }
        settled
    }

    /// How many agents are as they shall be, are otherwise, and cannot be compared.
    pub fn counts(&self) -> (usize, usize, usize) {
        let well = self.agents.iter().filter(|one| one.is_well()).count();
        let unknown = self.agents.iter().filter(|one| one.report.is_err()).count();
        (well, self.agents.len() - well - unknown, unknown)
    }

    /// It as JSON, for programs.
    pub fn to_json(&self) -> Value {
        let agents = self.agents.iter().map(|one| {
            let mut shown = serde_json::json!({ "id": one.agent, "label": one.label });
            match &one.report {
                Ok(report) => {
                    shown["report"] = serde_json::json!(report);
                    shown["stale"] = one.is_stale.into();
                }
                Err(reason) => shown["problem"] = reason.as_str().into(),
            }
            shown
        });
        agents.collect()
    }

    /// It as Markdown, for people: an overview, then each agent. `when` is [`Self::made_ms`] as they
    /// read it.
    pub fn to_markdown(&self, when: &str) -> String {
        let mut out = String::new();
        // Writing into a text cannot fail.
        let written = self.write(&mut out, when);
        written.map_or_else(|_never| String::new(), |()| out)
    }

    fn write(&self, out: &mut String, when: &str) -> std::fmt::Result {
        let (well, drifted, unknown) = self.counts();
        writeln!(out, "# Drift report\n")?;
        writeln!(out, "- Baseline: {}", escaped(&self.baseline))?;
        writeln!(out, "- Made: {when}")?;
        writeln!(
            out,
            "- Agents: {well} as they shall be, {drifted} otherwise, {unknown} not compared"
        )?;
        let ignored = self.rules.patterns();
        if !ignored.is_empty() {
            let ignored: Vec<String> = ignored.iter().map(|one| code(one)).collect();
            writeln!(out, "- Left out: {}", ignored.join(", "))?;
        }
        let sections = self.sections();
        write!(out, "\n| Agent |")?;
        for section in &sections {
            write!(out, " {} |", section.title())?;
        }
        writeln!(out, " Result |")?;
        writeln!(out, "|---|{}---|", "---:|".repeat(sections.len()))?;
        for one in &self.agents {
            write!(out, "| {} |", escaped(&one.label))?;
            for section in &sections {
                match one.sections.get(section) {
                    Some(count) => write!(out, " {count} |")?,
                    None => write!(out, "  |")?,
                }
            }
            writeln!(out, " {} |", escaped(&result(one)))?;
        }
        for one in self.agents.iter().filter(|one| !one.is_well()) {
            agent(out, one)?;
        }
        Ok(())
    }

    /// The sections in which any agent differs.
    pub fn sections(&self) -> Vec<Section> {
        let is_in = |section: &Section| {
            let mut all = self.agents.iter();
            all.any(|one| one.sections.contains_key(section))
        };
        Section::ALL.into_iter().filter(is_in).collect()
    }
}

impl Report {
    /// How many differences are in which section.
    pub fn sections(&self) -> BTreeMap<Section, usize> {
        let mut counts = BTreeMap::new();
        for one in &self.differences {
            *counts.entry(Section::of(&one.path)).or_default() += 1;
        }
        counts
    }
}

fn result(one: &Compared) -> String {
    let stale = if one.is_stale { ", as known last" } else { "" };
    match &one.report {
        Ok(report) if report.is_empty() => format!("as it shall be{stale}"),
        Ok(_) => format!("{} differ{stale}", one.count()),
        Err(reason) => format!("not compared: {reason}"),
    }
}

fn agent(out: &mut String, one: &Compared) -> std::fmt::Result {
    writeln!(out, "\n## {}\n", escaped(&one.label))?;
    let report = match &one.report {
        Ok(report) => report,
        Err(reason) => return writeln!(out, "Not compared: {}", escaped(reason)),
    };
    if one.is_stale {
        writeln!(out, "It is away: this is what was known last.\n")?;
    }
    writeln!(out, "| Path | Shall be | Is |\n|---|---|---|")?;
    for difference in report.differences.iter().take(WRITTEN_MAX) {
        let (wanted, present) = (word(difference, true), word(difference, false));
        writeln!(out, "| {} | {wanted} | {present} |", code(&difference.path))?;
    }
    let written = report.differences.len().min(WRITTEN_MAX);
    match one.count() - written {
        0 => {}
        more => writeln!(out, "\nAnd {more} more.")?,
    }
    match report.ignored {
        0 => Ok(()),
        ignored => writeln!(out, "\n{ignored} left out by rules."),
    }
}

/// One side of a difference.
fn word(difference: &Difference, wanted: bool) -> String {
    let value = match (difference.kind, wanted) {
        (Kind::Missing, false) => return "*missing*".to_owned(),
        (Kind::Extra, true) => return "*not there*".to_owned(),
        (_, true) => difference.wanted.as_ref(),
        (_, false) => difference.present.as_ref(),
    };
    code(&value.map(Value::to_string).unwrap_or_default())
}

/// A text that Markdown does not read, in a cell of a table.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in clean(text).chars() {
        if "\\`*_[]<>|#".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A text as code, in a cell of a table.
fn code(text: &str) -> String {
    let text = clean(text).replace('|', "\\|");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
