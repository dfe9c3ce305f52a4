//! The step that says how a rollout goes about.

use egui::Ui;
use underpass_fleet::bulk::Options;
use underpass_shared::config::Invalid;
use underpass_shared::id::AgentId;

use super::agents::Agents;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Field, Words as _, flow, select, toggle};

const NUMBER: f32 = 132.0;

/// How it goes about, as it is typed.
pub(super) struct How {
    /// The agent that gets the change before all others.
    pub(super) first: Option<AgentId>,
    canary: String,
    at_once: String,
    failures: String,
    pause: String,
    watch: String,
    confirm: bool,
    confirm_within: String,
}

impl Default for How {
    fn default() -> Self {
        let usual = Options::default();
        Self {
            first: None,
            canary: usual.canary.to_string(),
            at_once: usual.at_once.to_string(),
            failures: usual.failures.to_string(),
            pause: usual.pause_seconds.to_string(),
            watch: usual.watch_seconds.to_string(),
            confirm: false,
            confirm_within: "300".to_owned(),
        }
    }
}

fn number<T: std::str::FromStr>(field: &str, typed: &str) -> Result<T, Invalid> {
    let read = typed.trim().parse();
    read.map_err(|_none| Invalid::new(field, "must be a whole number"))
}

impl How {
    pub(super) fn options(&self) -> Result<Options, Invalid> {
        Ok(Options {
            canary: number("Agents first", &self.canary)?,
            at_once: number("At the same time", &self.at_once)?,
            failures: number("May fail", &self.failures)?,
            pause_seconds: number("Pause", &self.pause)?,
            watch_seconds: number("Watch tunnels", &self.watch)?,
            confirm_within: match self.confirm {
                true => Some(number("Within", &self.confirm_within)?),
                false => None,
            },
        })
    }

    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        agents: &Agents,
        wrong: Option<&Invalid>,
    ) {
        if self.first.is_none_or(|id| !agents.chosen.contains(&id)) {
            let online = agents.all(cx).find(|agent| agent.link.is_online());
            self.first = online.or_else(|| agents.all(cx).next()).map(|one| one.id);
        }
        let choices: Vec<(Option<AgentId>, String)> = agents
            .all(cx)
            .map(|agent| (Some(agent.id), text::clean(&agent.label)))
            .collect();
        select(ui, "Begin with", &mut self.first, &choices, size::FORM);
        ui.add_space(space::S);
        flow(ui, |flow| {
            for (label, value) in [
                ("Agents first", &mut self.canary),
                ("At the same time", &mut self.at_once),
                ("May fail", &mut self.failures),
            ] {
                flow.cell(NUMBER, |ui| {
                    Field::new(label, value).limit(6).width(NUMBER).show(ui)
                });
            }
        });
        ui.add_space(space::S);
        flow(ui, |flow| {
            for (label, value) in [
                ("Pause behind the first, s", &mut self.pause),
                ("Watch tunnels, s", &mut self.watch),
            ] {
                flow.cell(NUMBER + 40.0, |ui| {
                    Field::new(label, value)
                        .limit(6)
                        .width(NUMBER + 40.0)
                        .show(ui)
                });
            }
        });
        ui.add_space(space::S);
        let label = "Agents take the change back by themselves unless they are found well in time";
        toggle(ui, &mut self.confirm, label, None);
        if self.confirm {
            let within = Field::new("Within, s", &mut self.confirm_within).limit(6);
            within.width(NUMBER).show(ui);
        }
        ui.add_space(space::S);
        ui.quiet(format!(
            "{}: each is asked what the change would do, and nothing is changed before you saw that.",
            text::plural(agents.chosen.len(), "agent")
        ));
        let wrong = wrong.cloned().or_else(|| self.options().err());
        if let Some(Invalid { field, rule }) = wrong {
            Banner::new(State::Error, &format!("{field}: {rule}")).show(ui);
        }
    }
}
