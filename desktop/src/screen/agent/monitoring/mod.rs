//! What an agent measured: plots over time, requests, usage.

mod bar;
mod beside;
mod detail;
mod durations;
mod grid;
mod plans;
mod requests;
mod usage;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{ScrollArea, Ui};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{MetricList, MonitoringTarget, Query, Target};
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::Entity;

use super::edit::document;
use super::parts::unknown;
use crate::cx::Cx;
use crate::measured::{Exports, Happened, Reads, Spec, Window, WindowBar};
use crate::screen::fixed_page;
use crate::theme::space;
use crate::widget::PlotGroup;

/// A part of the tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// What matters first.
    #[default]
    Overview,
    /// Requests over time.
    Requests,
    /// The newest and the longest requests.
    Recent,
    /// One back end over time.
    Backends,
    /// How resources are used.
    Usage,
    /// Host and process.
    Host,
    /// One tunnel over time.
    Tunnels,
}

impl Section {
    /// All of them, with their words.
    const ALL: [(Self, &str); 7] = [
        (Self::Overview, "Overview"),
        (Self::Requests, "Requests"),
        (Self::Recent, "Recent requests"),
        (Self::Backends, "Back ends"),
        (Self::Usage, "Usage"),
        (Self::Host, "Host"),
        (Self::Tunnels, "Tunnels"),
    ];

    /// Whether it has plots, which another agent has too.
    const fn compares(self) -> bool {
        !matches!(self, Self::Recent | Self::Usage)
    }
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct MonitoringState {
    section: Section,
    window: WindowBar,
    group: PlotGroup,
    reads: Reads,
    /// The durations by their bounds; they are asked for in another way than the plots.
    durations: Reads,
    happened: Happened,
    metrics: Slot<MetricList>,
    exports: Exports,
    /// The agent that is compared with.
    other: Option<AgentId>,
    other_metrics: Slot<MetricList>,
    beside: beside::Chosen,
    /// Which line of a plot is compared, by the plot's title.
    compared: BTreeMap<&'static str, usize>,
    hides_marks: bool,
    mapping: Option<(SubaccountKey, VirtualAddress)>,
    tunnel: Option<SubaccountKey>,
    recent: requests::Recent,
    usage: usage::Usage,
}

impl MonitoringState {
    /// Shows a section.
    pub const fn choose(&mut self, section: Section) {
        self.section = section;
    }

    /// Sends the keyboard to the filter; false where there is none.
    pub const fn focus_filter(&mut self) -> bool {
        match self.section {
            Section::Recent => self.recent.focus_filter(),
            Section::Usage => self.usage.focus_filter(),
            Section::Overview
            | Section::Requests
            | Section::Backends
            | Section::Host
            | Section::Tunnels => return false,
        }
        true
    }

    fn refresh(&mut self) {
        self.reads.refresh();
        self.durations.refresh();
        self.happened.refresh();
        self.recent.refresh();
        self.usage.refresh();
    }
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MonitoringState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    let Some(document) = document(&agent).cloned() else {
        fixed_page(ui, |ui| unknown(ui, cx, &agent));
        return;
    };
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        bar::sections(ui, cx, state);
        match state.section {
            Section::Recent => state.recent.ui(ui, cx),
            Section::Usage => state.usage.ui(ui, cx, &document),
            Section::Overview
            | Section::Requests
            | Section::Backends
            | Section::Host
            | Section::Tunnels => plots(ui, cx, state, &agent, &document),
        }
    });
    let mut exports = std::mem::take(&mut state.exports);
    exports.show(ui.ctx(), cx);
    state.exports = exports;
}

fn plots(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut MonitoringState,
    agent: &AgentSnapshot,
    document: &Document,
) {
    bar::range(ui, cx, state, document);
    let window = state.window.window(cx);
    let Some(specs) = specs(cx, state, agent, document) else {
        bar::nothing_to_choose(ui, state.section);
        return;
    };
    let beside = beside::beside(ui, cx, state, document);
    state.group.begin(window.from, window.to);
    state.reads.begin();
    state.happened.want(cx, agent.id);
    ScrollArea::vertical()
        .id_salt("plots")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            grid::grid(
                ui,
                cx,
                state,
                &grid::Shown {
                    agent,
                    specs: &specs,
                    beside: beside.as_ref(),
                    window,
                },
            );
            if state.section == Section::Requests {
                state.durations.begin();
                let other = beside.as_ref().map(|beside| &*beside.agent);
                for one in [Some(agent), other].into_iter().flatten() {
                    let name = other.map(|_| &*one.label);
                    durations::card(ui, cx, &mut state.durations, (one.id, name), window);
                    ui.add_space(space::M);
                }
            }
        });
}

/// The plots of the section; nothing where what they are of is to be made first.
fn specs(
    cx: &mut Cx<'_>,
    state: &mut MonitoringState,
    agent: &AgentSnapshot,
    document: &Document,
) -> Option<Vec<Spec>> {
    Some(match state.section {
        Section::Overview | Section::Recent | Section::Usage => plans::overview(document),
        Section::Requests => plans::requests_section(),
        Section::Backends => {
            let (key, address) = bar::mapping(state, document)?;
            plans::backend(&Entity::Mapping(key, address))
        }
        Section::Tunnels => plans::tunnel(&bar::tunnel(state, document)?),
        Section::Host => host_specs(cx, &state.metrics, agent.id, document),
    })
}

/// The plots of a host, with the volumes and interfaces that it has.
fn host_specs(
    cx: &mut Cx<'_>,
    metrics: &Slot<MetricList>,
    agent: AgentId,
    document: &Document,
) -> Vec<Spec> {
    let target = Target::Monitoring(MonitoringTarget::Metrics);
    metrics.request(cx.commands, agent, &target, &Query::default());
    let known = metrics.get();
    let texts = known.value().map_or(&[][..], |list| &list.entities);
    let all: Vec<Entity> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let of = |is: fn(&Entity) -> bool| all.iter().filter(|one| is(one)).cloned().collect();
    let volumes: Vec<Entity> = of(|one| matches!(one, Entity::Volume(_)));
    let interfaces: Vec<Entity> = of(|one| matches!(one, Entity::Interface(_)));
    plans::host(document, &volumes, &interfaces)
}

/// Whether what is known is over another range than what is shown.
fn is_behind(state: &MonitoringState, window: Window) -> bool {
    state.reads.is_empty() && window.to > window.from
}
