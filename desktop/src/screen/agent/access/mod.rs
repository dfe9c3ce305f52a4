//! Which systems and paths are open to the cloud.

mod add;
mod bar;
mod check;
mod detail;
mod edit;
mod form;
mod naming;
mod resources;
mod settings;
mod table;
mod tester;
mod transfer;
mod view;
pub(crate) mod words;

use std::sync::Arc;

use egui::{Key, Modifiers, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{CreationDate, Mapping, MappingFields, MappingPart, SubaccountKey};
use underpass_shared::host::VirtualAddress;

use self::add::Add;
use self::check::Checks;
use self::detail::{Detail, Wish};
use self::edit::Here;
use self::naming::{Naming, Purpose};
use self::tester::Tester;
use self::transfer::{Export, Import};
use self::view::{Show, View};
pub(super) use self::words::{sentence, told};
use super::edit::document;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Empty, TableState, Turn, Widths, side_panel, skeleton};

/// Below this width the list and a mapping are not side by side.
const SIDE_BY_SIDE: f32 = 760.0;

/// What is open above the page.
enum Open {
    Add(Box<Add>),
    Naming(Naming),
    Tester(Box<Tester>),
    Export(Box<Export>),
    Import(Box<Import>),
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct AccessState {
    /// Letters that mappings must contain.
    pub filter: String,
    of: Option<SubaccountKey>,
    show: Show,
    table: TableState,
    view: View,
    chosen: Option<VirtualAddress>,
    detail: Detail,
    checks: Checks,
    open: Option<Open>,
    /// Why the draft did not take a change of the list.
    done: Slot<()>,
    focus_filter: bool,
}

impl AccessState {
    /// Puts the keyboard into the filter.
    pub const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// Shows one mapping.
    pub fn choose(&mut self, subaccount: SubaccountKey, address: VirtualAddress) {
        self.of = Some(subaccount);
        self.chosen = Some(address);
    }
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AccessState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    let Some(document) = document(&agent).map(Arc::clone) else {
        fixed_page(ui, |ui| unknown(ui, cx, &agent));
        return;
    };
    let all = document.subaccounts();
    let wanted = state.of.as_ref().and_then(|key| document.subaccount(key));
    let Some(subaccount) = wanted.or_else(|| all.first()).map(Arc::clone) else {
        let empty = Empty {
            icon: Icon::Cloud,
            title: "No subaccount yet",
            text: "Mappings belong to a subaccount: add one, and choose here which systems it may reach",
            action: Some("Go to subaccounts"),
        };
        if empty.show(ui) {
            cx.go(Route::Agent {
                id: agent.id,
                tab: AgentTab::Subaccounts,
            });
        }
        return;
    };
    let here = Here::new(cx, &agent, &subaccount);
    state
        .view
        .refresh(&here, &state.filter, state.show, state.table.sort);
    let chosen = state
        .chosen
        .as_ref()
        .and_then(|address| here.mapping(address))
        .map(Arc::clone);
    keys(ui, cx, &here, state, chosen.as_ref());
    let side_by_side = ui.available_width() > SIDE_BY_SIDE;
    match &chosen {
        Some(part) if side_by_side => {
            beside(ui, cx, &here, state, part);
            main(ui, cx, &here, state);
        }
        Some(part) => fixed_page(ui, |ui| panel(ui, cx, &here, state, part)),
        None => main(ui, cx, &here, state),
    }
    dialogs(ui, cx, &here, state);
}

/// The configuration is not known.
fn unknown(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
    match &agent.configuration {
        Remote::Unavailable { reason, .. } => {
            let banner = Banner::new(State::Error, "The configuration cannot be had");
            if banner
                .detail(&sentence(&text::clean(reason)))
                .action("Retry")
                .show(ui)
            {
                cx.send(Command::Retry(agent.id));
            }
        }
        Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => skeleton(ui, 8),
    }
}

/// The list with its bar.
fn main(ui: &mut Ui, cx: &mut Cx<'_>, here: &Here<'_>, state: &mut AccessState) {
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        bar::bar(ui, here, state);
        if let Some(reason) = state.done.get().reason()
            && Banner::new(State::Error, &sentence(&text::clean(reason)))
                .action("Dismiss")
                .show(ui)
        {
            state.done.clear();
        }
        if here.subaccount.mappings().is_empty() {
            let empty = Empty {
                icon: Icon::ShieldCheck,
                title: "Nothing is open",
                text: "The cloud reaches no system through this subaccount. A mapping opens one, path by path",
                action: here.refused.is_none().then_some("Add mapping…"),
            };
            if empty.show(ui) {
                state.open = Some(Open::Add(Box::default()));
            }
            return;
        }
        if let Some(address) = table::list(ui, cx, here, state) {
            state.chosen = Some(address);
        }
    });
}

/// The chosen mapping beside the list.
fn beside(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
    part: &MappingPart,
) {
    let room = ui.available_width();
    let widths = Widths {
        least: 380.0,
        usual: (room * 0.45).clamp(400.0, 620.0),
        most: room * 0.58,
    };
    side_panel(ui, "mapping", widths, |ui| panel(ui, cx, here, state, part));
}

fn panel(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
    part: &MappingPart,
) {
    let wish = state.detail.ui(ui, cx, here, (part, &state.checks));
    if let Some(wish) = wish {
        fulfil(cx, here, state, part, wish);
    }
}

fn fulfil(
    cx: &mut Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
    part: &MappingPart,
    wish: Wish,
) {
    match wish {
        Wish::Check => {
            if !state.checks.is_running(&part.virtual_address) {
                state.checks.begin(cx, here, part);
            }
            state.detail.show_connection();
        }
        Wish::Test => state.open = Some(Open::Tester(Box::new(Tester::new(Some(part))))),
        Wish::Rename => state.open = Some(Open::Naming(Naming::new(Purpose::Rename, part))),
        Wish::Duplicate => state.open = Some(Open::Naming(Naming::new(Purpose::Duplicate, part))),
        Wish::Remove => {
            here.remove(cx, &state.done, &part.virtual_address);
            cx.tell(
                State::Info,
                format!("{} is removed from the draft", part.virtual_address),
            );
            state.chosen = None;
        }
        Wish::Close => state.chosen = None,
    }
}

/// Esc leaves the mapping, Del removes it.
fn keys(
    ui: &Ui,
    cx: &mut Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
    chosen: Option<&Arc<MappingPart>>,
) {
    let busy = cx.held
        || ui.memory(|memory| memory.focused().is_some() || memory.top_modal_layer().is_some())
        || egui::Popup::is_any_open(ui.ctx());
    let Some(part) = chosen.filter(|_| !busy) else {
        return;
    };
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        state.chosen = None;
    } else if here.refused.is_none()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Delete))
    {
        fulfil(cx, here, state, part, Wish::Remove);
    }
}

fn dialogs(ui: &Ui, cx: &mut Cx<'_>, here: &Here<'_>, state: &mut AccessState) {
    let Some(mut open) = state.open.take() else {
        return;
    };
    let over = match &mut open {
        Open::Add(add) => match add.ui(ui.ctx(), here) {
            (Turn::Next, Some(mapping)) => {
                let mut fields = MappingFields::from(mapping);
                fields.creation_date = CreationDate::at(cx.now_ms);
                state.chosen = Some(fields.virtual_address.clone());
                put(cx, here, state, "Add", fields);
                true
            }
            (turn, _) => turn == Turn::Cancel,
        },
        Open::Naming(naming) => match naming.ui(ui.ctx(), here) {
            (Answer::Confirmed, Some(address)) => {
                named(cx, here, state, naming, address);
                true
            }
            (answer, _) => answer != Answer::Open,
        },
        Open::Tester(tester) => tester.ui(ui.ctx(), cx, here),
        Open::Export(export) => export.ui(ui.ctx(), cx, here, state.view.rows()),
        Open::Import(import) => import.ui(ui.ctx(), cx, here, &state.done),
    };
    if !over {
        state.open = Some(open);
    }
}

fn put(cx: &mut Cx<'_>, here: &Here<'_>, state: &AccessState, verb: &str, fields: MappingFields) {
    let what = format!("{verb} {}", fields.virtual_address);
    match Mapping::try_from(fields) {
        Ok(mapping) => here.put(cx, what, &state.done, mapping),
        Err(rule) => state
            .done
            .set(Remote::NotRequested.failed(rule.to_string())),
    }
}

fn named(
    cx: &mut Cx<'_>,
    here: &Here<'_>,
    state: &mut AccessState,
    naming: &Naming,
    address: VirtualAddress,
) {
    let Some(part) = here.mapping(&naming.of) else {
        return;
    };
    state.chosen = Some(address.clone());
    match naming.purpose {
        Purpose::Rename => here.rename(cx, &state.done, part, address),
        Purpose::Duplicate => {
            let fields = MappingFields {
                creation_date: CreationDate::at(cx.now_ms),
                ..MappingFields::clone(part).at(address)
            };
            put(cx, here, state, "Duplicate to", fields);
        }
    }
}
