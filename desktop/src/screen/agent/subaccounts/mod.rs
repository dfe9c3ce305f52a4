//! Subaccounts that an agent serves.

mod add;
mod detail;
mod dialogs;
mod rows;

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{Query, SubaccountShown, Target};
use underpass_shared::config::SubaccountKey;
use underpass_shared::rights::Access;

use self::rows::{Row, rows};
use super::common::Newer;
use super::edit::prevented;
use super::parts::{list_bar, no_match, unknown};
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Column, Empty, Table, TableState, Width, Words as _, pill};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SubaccountsState {
    shown: Slot<Vec<SubaccountShown>>,
    newer: Newer,
    links: Option<Vec<Option<i64>>>,
    filter: String,
    table: TableState,
    chosen: Option<SubaccountKey>,
    add: Option<add::Add>,
    dialogs: dialogs::Dialogs,
}

const COLUMNS: [Column; 7] = [
    Column::text("STATE", Width::Exact(110.0)),
    Column::text("NAME", Width::AtLeast(150.0)),
    Column::text("REGION HOST", Width::AtLeast(170.0)).spare(2),
    Column::text("SUBACCOUNT", Width::Exact(266.0)).spare(4),
    Column::text("LOCATION ID", Width::Exact(90.0)).spare(1),
    Column::number("SINCE", 60.0).spare(3),
    Column::number("CERT", 52.0),
];

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SubaccountsState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    ask(cx, &agent, state);
    let shown = state.shown.get();
    let known = shown.value().map_or(&[][..], Vec::as_slice);
    let mut rows = rows(&agent, known, cx.now_ms);
    let none = rows.is_empty();
    if state
        .chosen
        .as_ref()
        .is_some_and(|key| rows.iter().all(|row| row.key != *key))
    {
        state.chosen = None;
    }
    if let Some(row) = rows
        .iter()
        .find(|row| Some(&row.key) == state.chosen.as_ref())
    {
        detail::panel(ui, cx, row, &mut state.chosen, &mut state.dialogs);
    }
    rows.retain(|row| row.has(&state.filter));
    rows::sort(&mut rows, state.table.sort);
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        if none && agent.configuration.value().is_none() {
            unknown(ui, cx, &agent);
            return;
        }
        let refused = prevented(cx, Access::Subaccounts);
        if none {
            nothing(ui, refused.as_deref(), &mut state.add);
            return;
        }
        let (filter, action) = ("Filter subaccounts", "Add subaccount…");
        if list_bar(ui, &mut state.filter, filter, action, refused.as_deref()) {
            state.add = Some(add::Add::default());
        }
        if let Some(reason) = shown.reason() {
            let banner = Banner::new(State::Warn, "States and certificates cannot be read now")
                .detail(reason);
            if banner.action("Retry").show(ui) {
                state.shown.refresh();
            }
        }
        list(ui, cx, &rows, state);
    });
    add::dialog(ui.ctx(), cx, &mut state.add);
    state.dialogs.show(ui.ctx(), cx);
}

/// Asks for the subaccounts, again when a tunnel opened or closed or the configuration was read.
fn ask(cx: &mut Cx<'_>, agent: &AgentSnapshot, state: &mut SubaccountsState) {
    if state.stale(agent) {
        state.shown.refresh();
    }
    state.shown.request(
        cx.commands,
        agent.id,
        &Target::Subaccounts,
        &Query::default(),
    );
}

impl SubaccountsState {
    fn stale(&mut self, agent: &AgentSnapshot) -> bool {
        let links = agent
            .status
            .value()
            .map_or(&[][..], |status| status.links.as_slice());
        let links = links.iter().map(|link| link.connected_since_ms).collect();
        let before = self.links.replace(links);
        let moved = before.is_some() && before != self.links;
        self.newer.came(agent) || moved
    }
}

fn nothing(ui: &mut Ui, refused: Option<&str>, add: &mut Option<add::Add>) {
    let empty = Empty {
        icon: Icon::Cloud,
        title: "No subaccounts",
        text: "A subaccount is a tenant of a gateway that this agent opens a tunnel for. Add one with an enrolment token of its gateway",
        action: refused.is_none().then_some("Add subaccount…"),
    };
    if empty.show(ui) {
        *add = Some(add::Add::default());
    }
}

fn list(ui: &mut Ui, cx: &Cx<'_>, rows: &[Row<'_>], state: &mut SubaccountsState) {
    if rows.is_empty() {
        no_match(ui, "No subaccount matches", &mut state.filter);
        return;
    }
    let name = |at: usize| format!("{}, {}", rows[at].name, rows[at].word);
    let chosen = state.chosen.clone();
    let selected = |at: usize| chosen.as_ref() == Some(&rows[at].key);
    let out = Table::new("subaccounts", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .selected(&selected)
        .framed()
        .show(ui, &mut state.table, |ui, at, column| {
            cell(ui, &rows[at], column, cx.now_ms)
        });
    if let Some(at) = out.chosen.or(out.opened) {
        state.chosen = Some(rows[at].key.clone());
    }
}

fn cell(ui: &mut Ui, row: &Row<'_>, column: usize, now_ms: i64) {
    let tokens = ui.tokens();
    let quiet = |ui: &mut Ui, text: &str| drop(ui.words(Text::Small, tokens.text_2, text));
    match column {
        0 => drop(pill(ui, row.state, row.word)),
        1 => {
            ui.words(Text::Strong, tokens.text, row.name.as_str());
            if row.changed {
                ui.icon(Icon::PencilLine, size::ICON_TINY, tokens.info);
            }
        }
        2 => quiet(ui, &text::clean(&row.key.region_host.to_string())),
        3 => drop(ui.words(Text::Mono, tokens.text_2, row.key.subaccount.to_string())),
        4 => match row.key.location_id.as_str() {
            "" => drop(ui.words(Text::Small, tokens.text_3, "default")),
            some => quiet(ui, some),
        },
        5 => match row.since_ms {
            Some(at) => quiet(ui, &text::age(now_ms, at)),
            None => drop(ui.words(Text::Small, tokens.text_3, "–")),
        },
        _ => match row.days {
            Some(days) => drop(ui.words(
                Text::Small,
                rows::color_of(tokens, days),
                format!("{days} d"),
            )),
            None => drop(ui.words(Text::Small, tokens.text_3, "–")),
        },
    }
}
