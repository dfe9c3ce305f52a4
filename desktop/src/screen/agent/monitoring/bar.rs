//! The two rows above the plots: the section, the range of time, what is compared.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::config::{Document, Protocol, SubaccountKey};
use underpass_shared::host::VirtualAddress;

use super::{MonitoringState, Section};
use crate::cx::Cx;
use crate::screen::agent::edit::{choices, name_of};
use crate::text;
use crate::theme::{size, space};
use crate::widget::{Button, Empty, IconButton, Words as _, menu, menu_item, segmented, toggle};

/// The room of a name in a button.
const NAME: usize = 34;

/// The sections, and what is done with all of them.
pub(super) fn sections(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut MonitoringState) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        segmented(ui, "Section", &mut state.section, &Section::ALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let fetch = IconButton::new(Icon::RefreshCw, "Fetch the newest figures");
            if ui.add(fetch).clicked() {
                state.refresh();
            }
            if state.section.compares() {
                compare(ui, cx, state);
            }
        });
    });
}

/// The agent that is compared with.
fn compare(ui: &mut Ui, cx: &Cx<'_>, state: &mut MonitoringState) {
    let other = state.other.and_then(|id| cx.fleet.agent(id));
    if other.is_none() {
        state.other = None;
    }
    let words = other.map_or("Compare with…".to_owned(), |agent| {
        format!("Compared with {}", cut(&text::clean(&agent.label)))
    });
    if state.other.is_some()
        && ui
            .add(IconButton::new(Icon::X, "End the comparison"))
            .clicked()
    {
        state.other = None;
    }
    let button = ui.add(
        Button::secondary(&words)
            .icon(Icon::GitCompare)
            .selected(state.other.is_some()),
    );
    let own = cx.agent.map(|agent| agent.id);
    let chosen = menu(&button, |ui| {
        let mut chosen = None;
        ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let all = cx.fleet.agents.iter();
                for agent in all.filter(|agent| agent.link.is_online() && Some(agent.id) != own) {
                    let icon = (state.other == Some(agent.id)).then_some(Icon::Check);
                    if menu_item(ui, icon, &text::clean(&agent.label), "").clicked() {
                        chosen = Some(agent.id);
                    }
                }
            });
        chosen
    });
    if let Some(id) = chosen.flatten() {
        state.other = Some(id);
    }
}

/// The range of time, of what the plots are, and what stands in them.
pub(super) fn range(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut MonitoringState,
    document: &Document,
) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        state.window.ui(ui, cx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match state.section {
                Section::Backends => choose_mapping(ui, state, document),
                Section::Tunnels => choose_tunnel(ui, state, document),
                Section::Overview
                | Section::Requests
                | Section::Recent
                | Section::Usage
                | Section::Host => {}
            }
            let mut shown = !state.hides_marks;
            if ui.available_width() > 110.0 {
                toggle(ui, &mut shown, "Events", None)
                    .on_hover_text("Alerts and revisions as signs in the plots");
            }
            state.hides_marks = !shown;
            if state.group.is_zoomed() {
                ui.add_space(space::S);
                let reset = Button::ghost("Whole range").icon(Icon::ZoomOut);
                if ui.add(reset).clicked() {
                    state.group.reset();
                }
            }
        });
    });
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NAME).collect();
    short.push('…');
    short
}

/// A button with a list of choices; what was chosen.
pub(super) fn pick<T: Clone + PartialEq>(
    ui: &mut Ui,
    icon: Icon,
    name: &str,
    all: &[(T, String)],
    chosen: Option<&T>,
) -> Option<T> {
    if all.is_empty() {
        return None;
    }
    let word = all.iter().find(|(one, _)| Some(one) == chosen);
    let word = word.map_or("Choose…".to_owned(), |(_, word)| cut(word));
    let button = ui.add(
        Button::secondary(&word)
            .icon(icon)
            .trailing(Icon::ChevronDown)
            .name(name),
    );
    menu(&button, |ui| {
        let mut picked = None;
        ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (one, word) in all {
                    let icon = (Some(one) == chosen).then_some(Icon::Check);
                    if menu_item(ui, icon, word, "").clicked() {
                        picked = Some(one.clone());
                    }
                }
            });
        picked
    })
    .flatten()
}

type Backend = (SubaccountKey, VirtualAddress);

/// The mappings of an agent, to choose from.
pub(super) fn backends(document: &Document) -> Vec<(Backend, String)> {
    let mut all = vec![];
    for subaccount in document.subaccounts() {
        let of = name_of(subaccount.own());
        for mapping in subaccount.mappings() {
            let address = mapping.virtual_address.clone();
            let word = format!("{address} · {of}");
            all.push(((subaccount.key().clone(), address), word));
        }
    }
    all
}

/// The mapping that is shown: the chosen one, else the first that has most to show.
pub(super) fn mapping(state: &MonitoringState, document: &Document) -> Option<Backend> {
    let all = backends(document);
    let chosen = state.mapping.as_ref();
    let found = all.iter().find(|(one, _)| Some(one) == chosen);
    let speaks_http = |(key, address): &&Backend| {
        let subaccount = document.subaccount(key);
        let mapping =
            subaccount.and_then(|one| one.mapping(address.host.as_str(), address.port.get()));
        mapping.is_some_and(|one| matches!(one.protocol, Protocol::Http | Protocol::Https))
    };
    let usual = || all.iter().find(|(one, _)| speaks_http(&one));
    found
        .or_else(usual)
        .or(all.first())
        .map(|(one, _)| one.clone())
}

fn choose_mapping(ui: &mut Ui, state: &mut MonitoringState, document: &Document) {
    let Some(chosen) = mapping(state, document) else {
        return;
    };
    let all = backends(document);
    if let Some(other) = pick(ui, Icon::Server, "Back end", &all, Some(&chosen)) {
        state.mapping = Some(other);
    }
}

/// The tunnel that is shown: the chosen one, or the first.
pub(super) fn tunnel(state: &MonitoringState, document: &Document) -> Option<SubaccountKey> {
    let all = document.subaccounts();
    let chosen = state.tunnel.as_ref();
    let found = all.iter().find(|one| Some(one.key()) == chosen);
    found
        .or(all.first())
        .map(|one| Arc::clone(one).key().clone())
}

fn choose_tunnel(ui: &mut Ui, state: &mut MonitoringState, document: &Document) {
    let Some(chosen) = tunnel(state, document) else {
        return;
    };
    let all = choices(document);
    if let Some(other) = pick(ui, Icon::Cable, "Tunnel", &all, Some(&chosen)) {
        state.tunnel = Some(other);
    }
}

/// In the place of plots that have nothing to be of.
pub(super) fn nothing_to_choose(ui: &mut Ui, section: Section) {
    let (title, text) = match section {
        Section::Backends => (
            "No system mappings",
            "Back ends are measured from the first mapping on",
        ),
        Section::Overview
        | Section::Requests
        | Section::Recent
        | Section::Usage
        | Section::Host
        | Section::Tunnels => (
            "No subaccounts",
            "Tunnels are measured from the first subaccount on",
        ),
    };
    let empty = Empty {
        icon: Icon::ChartLine,
        title,
        text,
        action: None,
    };
    empty.show(ui);
    ui.quiet("");
}
