//! Channels from an agent's network to the cloud.

mod form;
mod kinds;
mod rows;
mod table;

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{ChannelShown, SubaccountTarget, Target};
use underpass_shared::config::{ChannelType, Document, SubaccountKey};

use self::form::ChannelForm;
use self::rows::rows;
use super::edit::{at_location, choices, document, path};
use super::parts::{adding, list_bar, no_match, unknown};
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::theme::{State, space};
use crate::widget::{Banner, Empty, TableState};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct ChannelsState {
    told: Vec<(SubaccountKey, ChannelType, Slot<Vec<ChannelShown>>)>,
    revision: u64,
    filter: String,
    table: TableState,
    form: Option<ChannelForm>,
    delete: table::Doomed,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut ChannelsState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    ask(cx, &agent, state);
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        match document(&agent) {
            Some(document) => contents(ui, cx, &agent, document, state),
            None => unknown(ui, cx, &agent),
        }
    });
    let Some(document) = document(&agent) else {
        return;
    };
    let choices = choices(document);
    let shown = |form: &mut ChannelForm| form.show(ui.ctx(), cx, document, &choices);
    if state.form.as_mut().is_some_and(shown) {
        state.form = None;
    }
    table::delete(ui, cx, &mut state.delete);
}

fn contents(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    document: &Document,
    state: &mut ChannelsState,
) {
    let mut rows = rows(agent, state);
    let refused = adding(cx, document);
    if rows.is_empty() {
        let empty = Empty {
            icon: Icon::Cable,
            title: "No channels",
            text: "A channel opens a port in this agent's network that leads to a service of the cloud: a database, a virtual machine, an ABAP system or a cluster",
            action: refused.is_none().then_some("Add channel…"),
        };
        if empty.show(ui) {
            state.form = ChannelForm::new(document);
        }
        return;
    }
    rows.retain(|row| row.has(&state.filter));
    rows::sort(&mut rows, state.table.sort);
    let (filter, action) = ("Filter channels", "Add channel…");
    if list_bar(ui, &mut state.filter, filter, action, refused.as_deref()) {
        state.form = ChannelForm::new(document);
    }
    // What holds for all is said once.
    let mut enabled = rows.iter().filter(|row| row.channel.enabled);
    if let Some(reason) = enabled.find_map(|row| row.reason.as_deref()) {
        let text = format!("Enabled channels stay closed: {reason}");
        Banner::new(State::Info, &text).show(ui);
    }
    if rows.is_empty() {
        no_match(ui, "No channel matches", &mut state.filter);
        return;
    }
    for (at, act) in table::list(ui, cx, &rows, &mut state.table) {
        table::run(cx, &rows[at], act, &mut state.form, &mut state.delete);
    }
}

/// Asks for the states of the channels of each kind that there is.
fn ask(cx: &mut Cx<'_>, agent: &AgentSnapshot, state: &mut ChannelsState) {
    let Some(base) = agent.configuration.value() else {
        return;
    };
    if state.revision != base.revision {
        state.revision = base.revision;
        let mut wanted = vec![];
        for subaccount in base.document.subaccounts() {
            for kind in ChannelType::ALL {
                let mut all = subaccount.own().channels.as_slice().iter();
                if all.any(|one| one.service.kind() == kind) {
                    wanted.push((subaccount.key().clone(), kind));
                }
            }
        }
        let mut told = std::mem::take(&mut state.told);
        for (key, kind) in wanted {
            let known = told
                .iter()
                .position(|(of, one, _)| *of == key && *one == kind);
            let slot = known.map(|at| told.swap_remove(at).2).unwrap_or_default();
            slot.refresh();
            state.told.push((key, kind, slot));
        }
    }
    for (key, kind, slot) in &state.told {
        slot.request(
            cx.commands,
            agent.id,
            &Target::Of(path(key), SubaccountTarget::ChannelsOf(*kind)),
            &at_location(key),
        );
    }
}
