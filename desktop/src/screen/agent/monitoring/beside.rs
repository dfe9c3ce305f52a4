//! What of another agent stands beside what is shown: the same thing, where it has that.

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::Entity;

use super::{MonitoringState, Section, bar, host_specs, plans};
use crate::cx::Cx;
use crate::measured::Spec;
use crate::screen::agent::edit::{choices, document};
use crate::text;
use crate::theme::size;
use crate::widget::Words as _;

/// What the operator chose of the other agent.
#[derive(Default)]
pub(super) struct Chosen {
    /// Of which agent.
    of: Option<AgentId>,
    mapping: Option<(SubaccountKey, VirtualAddress)>,
    tunnel: Option<SubaccountKey>,
}

impl Chosen {
    /// What was chosen of one agent is nothing of another.
    fn turn_to(&mut self, of: AgentId) {
        if self.of != Some(of) {
            *self = Self {
                of: Some(of),
                ..Self::default()
            };
        }
    }
}

/// The other agent with its plots.
pub(super) struct Beside {
    pub(super) agent: Arc<AgentSnapshot>,
    specs: Vec<Spec>,
}

impl Beside {
    /// Its plot beside one of this agent's.
    pub(super) fn spec(&self, title: &str) -> Option<&Spec> {
        self.specs.iter().find(|one| one.title == title)
    }

    /// All its plots.
    pub(super) fn specs(&self) -> &[Spec] {
        &self.specs
    }
}

/// The other agent, if one is compared with and something is known of it. Where it has several of
/// what is shown, the operator may choose.
pub(super) fn beside(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut MonitoringState,
    own: &Document,
) -> Option<Beside> {
    let id = state.other.filter(|_| state.section.compares())?;
    let agent = cx.fleet.agents.iter().find(|one| one.id == id);
    let agent = Arc::clone(agent?);
    let other = Arc::clone(document(&agent)?);
    state.beside.turn_to(id);
    let name = text::clean(&agent.label);
    let specs = match state.section {
        Section::Backends => backend(ui, state, own, &other, &name),
        Section::Tunnels => tunnel(ui, state, own, &other, &name),
        Section::Overview | Section::Recent | Section::Usage => Some(plans::overview(&other)),
        Section::Requests => Some(plans::requests_section()),
        Section::Host => Some(host_specs(cx, &state.other_metrics, id, &other)),
    };
    Some(Beside {
        agent,
        specs: specs.unwrap_or_default(),
    })
}

fn backend(
    ui: &mut Ui,
    state: &mut MonitoringState,
    own: &Document,
    other: &Document,
    name: &str,
) -> Option<Vec<Spec>> {
    let shown = bar::mapping(state, own);
    let all = bar::backends(other);
    let same = |one: &&(SubaccountKey, VirtualAddress)| {
        shown.as_ref().is_some_and(|shown| shown.1 == one.1)
    };
    let names = || all.iter().map(|(one, _)| one);
    let chosen = state.beside.mapping.clone();
    let chosen = names().find(|one| Some(*one) == chosen.as_ref());
    let same_of_all = || names().find(|one| Some(*one) == shown.as_ref());
    let found = chosen.or_else(same_of_all).or_else(|| names().find(same));
    let found = found.cloned();
    if let Some(picked) = pick(ui, Icon::Server, "Its back end", name, &all, found.as_ref()) {
        state.beside.mapping = Some(picked);
    }
    found.map(|(key, address)| plans::backend(&Entity::Mapping(key, address)))
}

fn tunnel(
    ui: &mut Ui,
    state: &mut MonitoringState,
    own: &Document,
    other: &Document,
    name: &str,
) -> Option<Vec<Spec>> {
    let shown = bar::tunnel(state, own);
    let all = choices(other);
    let names = || all.iter().map(|(one, _)| one);
    let shown = shown.as_ref();
    let chosen = state.beside.tunnel.clone();
    let chosen = names().find(|one| Some(*one) == chosen.as_ref());
    let of_subaccount = |one: &&SubaccountKey| {
        shown.is_some_and(|shown| {
            (&shown.region_host, shown.subaccount) == (&one.region_host, one.subaccount)
        })
    };
    let found = chosen
        .or_else(|| names().find(|one| Some(*one) == shown))
        .or_else(|| names().find(of_subaccount))
        .or_else(|| names().next())
        .cloned();
    if let Some(picked) = pick(ui, Icon::Cable, "Its tunnel", name, &all, found.as_ref()) {
        state.beside.tunnel = Some(picked);
    }
    found.map(|key| plans::tunnel(&key))
}

/// A row with what is shown of the other agent; what was picked instead.
fn pick<T: Clone + PartialEq>(
    ui: &mut Ui,
    icon: Icon,
    label: &str,
    agent: &str,
    all: &[(T, String)],
    shown: Option<&T>,
) -> Option<T> {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.quiet(format!("Dashed: {agent}"));
        if all.is_empty() {
            ui.quiet("has none");
        }
        bar::pick(ui, icon, label, all, shown)
    })
    .inner
}
