//! Which agent gets it, what would change there, and the change itself.

use std::sync::Arc;

use egui::{ScrollArea, Ui};
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, Trial};
use underpass_fleet::slot::Slot;
use underpass_runtime::random;
use underpass_shared::api::management::{DocumentTarget, Preview, Target, Verb};
use underpass_shared::config::ConfirmWithin;
use underpass_shared::id::AgentId;
use underpass_shared::scc::{Planned, Reading, Topic, plan};

use super::{Decide, Done, Import};
use crate::changes::{self, Part};
use crate::cx::Cx;
use crate::screen::agent::common::{changed_parts, shown};
use crate::screen::moves::words;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Words as _, flow, select, toggle};

/// What a plan was made for: the agent, its revision, and what was decided.
type For = (AgentId, u64, u64);

/// What the step remembers.
#[derive(Default)]
pub(super) struct Apply {
    agent: Option<AgentId>,
    made: Option<(For, Result<Arc<Planned>, String>)>,
    preview: Slot<Preview>,
    parts: Option<Vec<Part>>,
    leave_open: bool,
    within: u32,
    done: Done,
    /// The revision that it led to.
    pub(super) revision: Option<u64>,
}

impl Apply {
    /// How the agent is called.
    pub(super) fn label(&self, cx: &Cx<'_>) -> String {
        self.agent
            .map_or_else(String::new, |id| words::label(cx.fleet, id))
    }

    pub(super) const fn agent(&self) -> Option<AgentId> {
        self.agent
    }

    pub(super) fn planned(&self) -> Option<Arc<Planned>> {
        let (_, made) = self.made.as_ref()?;
        made.as_ref().ok().cloned()
    }

    /// What was found counts no longer.
    pub(super) fn forget(&mut self) {
        self.made = None;
        self.preview.clear();
        self.parts = None;
        self.done.clear();
    }

    /// Plans for the agent as it is now, and asks it what that would change.
    pub(super) fn plan(&mut self, cx: &mut Cx<'_>, reading: &Reading, decide: &Decide) {
        let known = self.agent.and_then(|id| cx.fleet.agent(id));
        let Some(agent) = known else {
            return;
        };
        let Some(known) = agent.configuration.value() else {
            return;
        };
        let of = (agent.id, known.revision, decide.version);
        let is_same = self.made.as_ref().is_some_and(|(before, _)| *before == of);
        // What is being applied leads to another revision by itself.
        if is_same || self.done.get().is_loading() {
            return;
        }
        let planned = plan(reading, &known.document, &decide.choice(), &mut random::id);
        let planned = planned.map(Arc::new).map_err(|rule| rule.to_string());
        self.parts = None;
        self.preview.clear();
        if let Ok(planned) = &planned {
            let call = call(planned, known.revision);
            let trial = Trial::new(agent.id, call, &self.preview);
            cx.send(Command::Try(trial));
        }
        self.made = Some((of, planned));
    }

    /// Whether it was applied.
    pub(super) fn came(&mut self) -> bool {
        let Some(stamped) = self.done.take() else {
            return false;
        };
        self.revision = stamped.value.revision;
        true
    }

    fn open(&self) -> usize {
        self.planned()
            .map_or(0, |planned| Decide::open(&planned.report))
    }

    pub(super) fn refused(&self, cx: &Cx<'_>) -> Option<String> {
        let Some(id) = self.agent else {
            return Some("choose an agent first".to_owned());
        };
        let online = cx
            .fleet
            .agent(id)
            .is_some_and(|agent| agent.link.is_online());
        if !online {
            return Some("the agent does not answer now".to_owned());
        }
        if let Some((_, Err(rule))) = &self.made {
            return Some(rule.clone());
        }
        if self.done.get().is_loading() {
            return Some("it is being applied".to_owned());
        }
        let preview = self.preview.get();
        match preview.value() {
            _ if preview.is_loading() => Some("the agent is being asked".to_owned()),
            None => Some("what it changes is not known yet".to_owned()),
            Some(found) if found.changes.is_empty() => Some("it would change nothing".to_owned()),
            Some(_) if self.open() > 0 && !self.leave_open => {
                Some("decisions are open; take them, or say that they stay so".to_owned())
            }
            Some(_) => None,
        }
    }

    /// Makes the change: one revision.
    pub(super) fn apply(&mut self, cx: &mut Cx<'_>) {
        let Some(((agent, revision, _), Ok(planned))) = &self.made else {
            return;
        };
        let mut call = call(planned, *revision);
        call.query.confirm_within = self.within.to_string().parse::<ConfirmWithin>().ok();
        cx.send(Command::Call(Change {
            agent: *agent,
            call,
            title: "Import from SAP Cloud Connector".to_owned(),
            done: self.done.clone(),
        }));
    }
}

/// The planned document in place of that of one revision.
fn call(planned: &Planned, revision: u64) -> Call {
    let mut call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole));
    call.body = planned.document.to_json().into_bytes().into();
    call.if_match(revision)
}

impl Import {
    pub(super) fn changes(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        self.goal(ui, cx);
        let apply = &mut self.apply;
        if let Some(reason) = apply.done.get().reason().map(text::sentence) {
            Banner::new(State::Error, &reason)
                .detail("Nothing was changed")
                .show(ui);
        }
        if let Some((_, Err(rule))) = &apply.made {
            Banner::new(State::Error, &text::sentence(rule)).show(ui);
        }
        if apply.agent.is_none() {
            ui.paragraph(
                "The plan becomes one revision of the agent, which can be taken back as a whole.",
            );
            return;
        }
        let open = apply.open();
        if open > 0 {
            let title = format!("Open: {}", text::plural(open, "decision"));
            let detail = "What hangs on them stays behind";
            Banner::new(State::Warn, &title).detail(detail).show(ui);
            toggle(
                ui,
                &mut apply.leave_open,
                "Apply although decisions are open",
                None,
            );
        }
        let preview = apply.preview.get();
        if let (Some(found), None) = (preview.value(), &apply.parts) {
            apply.parts = Some(changes::parts(&found.changes));
        }
        let (_, retry) = shown(ui, cx.now_ms, &preview);
        if retry {
            apply.made = None;
        }
        if let Some(parts) = &mut apply.parts {
            ui.quiet(match parts.len() {
                0 => "Nothing would change".to_owned(),
                many => format!(
                    "{}, {} would change",
                    text::plural(many, "part"),
                    text::plural(changes::count(parts), "field")
                ),
            });
            ScrollArea::vertical()
                .id_salt("import-changes")
                .auto_shrink([false, false])
                .show(ui, |ui| changed_parts(ui, parts));
        }
    }

    /// Which agent, and how.
    fn goal(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let mut agents = vec![(None, "Choose an agent".to_owned())];
        let known = cx.fleet.agents.iter();
        let known = known.filter(|agent| agent.configuration.value().is_some());
        agents.extend(known.map(|agent| (Some(agent.id), text::clean(&agent.label))));
        let within = [
            (0, "It stays".to_owned()),
            (60, "Unless I confirm within 1 minute".to_owned()),
            (300, "Unless I confirm within 5 minutes".to_owned()),
            (900, "Unless I confirm within 15 minutes".to_owned()),
        ];
        let (apply, decide) = (&mut self.apply, &mut self.decide);
        let mut other = false;
        flow(ui, |flow| {
            flow.cell(size::FORM, |ui| {
                other = select(ui, "Into", &mut apply.agent, &agents, size::FORM);
            });
            flow.cell(size::FORM, |ui| {
                let label = "Take it back by itself";
                select(ui, label, &mut apply.within, &within, size::FORM);
            });
        });
        if other {
            apply.forget();
        }
        let mut changed = false;
        let planned = apply.planned();
        let conflicts = planned.map_or(0, |planned| {
            let all = planned.report.decisions.iter();
            all.filter(|one| one.topic == Topic::Conflict).count()
        });
        if conflicts > 0 || decide.overwrite {
            let label = "Take the connector's where the agent has something else";
            changed |= toggle(ui, &mut decide.overwrite, label, None).clicked();
        }
        let label = "Leave the settings of the connector as a whole behind";
        changed |= toggle(ui, &mut decide.without_settings, label, None).clicked();
        if changed {
            decide.version += 1;
        }
    }
}
