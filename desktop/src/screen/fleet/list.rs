//! The table of agents.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Ui, Vec2};
use lucide_icons::Icon;
use serde::{Deserialize, Serialize};
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;

use super::{FleetState, acts, open};
use crate::cx::{Cx, Effect};
use crate::digest::{certificate_days, state_of, trouble, trouble_of, tunnels, word_of};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{Text, Themed as _, size};
use crate::widget::{
    Column, Empty, IconButton, Outcome, Table, Width, Words as _, menu, menu_item, menu_rule,
    meter, pill, sparkline, tunnels as bars,
};

/// The columns, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Col {
    /// How it is.
    Status,
    /// Its name, and what is wrong.
    Agent,
    /// Its group.
    Group,
    /// Its version.
    Version,
    /// Its tunnels.
    Tunnels,
    /// How many subaccounts it has.
    Subaccounts,
    /// Its load.
    Cpu,
    /// Its requests of the last hour.
    Hour,
    /// Its requests per second.
    Requests,
    /// Days until its first certificate ends.
    Certificate,
    /// When it answered last.
    Seen,
    /// What can be done with it.
    Menu,
}

impl Col {
    const ALL: [Self; 12] = [
        Self::Status,
        Self::Agent,
        Self::Group,
        Self::Version,
        Self::Tunnels,
        Self::Subaccounts,
        Self::Cpu,
        Self::Hour,
        Self::Requests,
        Self::Certificate,
        Self::Seen,
        Self::Menu,
    ];

    /// Those that can be hidden, with their words.
    pub(super) const OPTIONAL: [(Self, &'static str); 9] = [
        (Self::Group, "group"),
        (Self::Version, "version"),
        (Self::Tunnels, "tunnels"),
        (Self::Subaccounts, "subaccounts"),
        (Self::Cpu, "CPU"),
        (Self::Hour, "last hour"),
        (Self::Requests, "requests per second"),
        (Self::Certificate, "certificate"),
        (Self::Seen, "last seen"),
    ];

    /// Its place among the columns.
    pub(super) fn place(self) -> usize {
        Self::ALL
            .iter()
            .position(|one| *one == self)
            .unwrap_or_default()
    }

    pub(super) fn at(place: usize) -> Option<Self> {
        Self::ALL.get(place).copied()
    }
}

const COLUMNS: [Column; 12] = [
    Column::text("STATUS", Width::Exact(88.0)),
    Column::text("AGENT", Width::AtLeast(280.0)),
    Column::text("GROUP", Width::Exact(128.0)).spare(8),
    Column::text("VERSION", Width::Exact(58.0)).spare(7),
    Column::text("TUNNELS", Width::Exact(72.0)),
    Column::number("SUBACC.", 54.0).spare(9),
    Column::text("CPU", Width::Exact(88.0)).spare(4),
    Column::text("LAST HOUR", Width::Exact(92.0))
        .fixed()
        .spare(5),
    Column::number("REQ/S", 52.0).spare(2),
    Column::number("CERT", 48.0).spare(1),
    Column::number("SEEN", 52.0),
    Column::text("", Width::Exact(24.0)).fixed(),
];

/// How many subaccounts an agent has.
pub(super) fn subaccounts(agent: &AgentSnapshot) -> Option<usize> {
    agent
        .configuration
        .value()
        .map(|configuration| configuration.document.subaccounts().len())
}

pub(super) fn list(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut FleetState) {
    let rows = Arc::clone(state.view.rows());
    if rows.is_empty() {
        let empty = Empty {
            icon: Icon::SearchX,
            title: "No agent matches",
            text: "Type fewer letters, or choose another chip or group",
            action: Some("Clear the filter"),
        };
        if empty.show(ui) {
            state.clear();
        }
        return;
    }
    let fleet = cx.fleet;
    let (selected, peek, shows_peek) = (&state.selected, state.peek, cx.prefs.peek);
    let id = |row: usize| fleet.agents[rows[row]].id;
    let name = |row: usize| {
        let agent = &fleet.agents[rows[row]];
        format!("{}, {}", text::clean(&agent.label), word_of(agent.health))
    };
    let ticked = |row: usize| selected.contains(&id(row));
    let chosen = |row: usize| selected.contains(&id(row)) || (shows_peek && peek == Some(id(row)));
    let all = if selected.is_empty() {
        Some(false)
    } else {
        (0..rows.len()).all(ticked).then_some(true)
    };
    let hidden: Vec<usize> = cx
        .prefs
        .hidden
        .iter()
        .map(|column| column.place())
        .collect();
    let wanted = RefCell::new(None);
    let context = |ui: &mut Ui, row: usize| {
        let agent = &fleet.agents[rows[row]];
        if let Some(act) = entries(ui, agent, selected.contains(&agent.id)) {
            wanted.replace(Some((agent.id, act)));
        }
    };
    state.table.cursor = state.at.and_then(|at| state.view.row(at));
    let out = Table::new("fleet", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .ticks(&ticked, all)
        .selected(&chosen)
        .hidden(&hidden)
        .menu(&context)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let agent = &fleet.agents[rows[row]];
            match Col::at(column) {
                Some(Col::Menu) => row_menu(ui, agent, |ui| context(ui, row)),
                Some(column) => cell(ui, agent, column, cx.now_ms),
                None => {}
            }
        });
    state.at = state.table.cursor.map(id);
    let wanted = wanted.into_inner();
    follow(cx, state, &out, &rows, all == Some(true));
    if let Some((id, act)) = wanted {
        done(ui, cx, state, id, act);
    }
}

/// Does what was done with the rows.
fn follow(cx: &mut Cx<'_>, state: &mut FleetState, out: &Outcome, rows: &[usize], all: bool) {
    let fleet = cx.fleet;
    let id = |row: usize| fleet.agents[rows[row]].id;
    if let Some(row) = out.ticked {
        toggle(state, id(row));
    }
    if out.ticked_all {
        state.selected = if all {
            BTreeSet::new()
        } else {
            (0..rows.len()).map(id).collect()
        };
    }
    if let Some(row) = out.chosen {
        state.peek = Some(id(row));
    }
    if let Some(row) = out.opened {
        open(cx, id(row));
    }
}

fn toggle(state: &mut FleetState, id: AgentId) {
    if !state.selected.remove(&id) {
        state.selected.insert(id);
    }
}

/// Does what a row's menu was asked for.
fn done(ui: &Ui, cx: &mut Cx<'_>, state: &mut FleetState, id: AgentId, act: Act) {
    match act {
        Act::Open => open(cx, id),
        Act::Audit => cx.go(Route::Agent {
            id,
            tab: AgentTab::Audit,
        }),
        Act::Logs => cx.go(Route::Agent {
            id,
            tab: AgentTab::Logs,
        }),
        Act::Select => toggle(state, id),
        Act::Refresh => cx.send(Command::Refresh(id)),
        Act::Retry => cx.send(Command::Retry(id)),
        Act::Migrate => cx.effects.push(Effect::Migrate {
            source: Some(id),
            targets: vec![],
        }),
        Act::Connect => acts::connect(cx, &BTreeSet::from([id]), true),
        Act::Remove => state.bulk.remove(BTreeSet::from([id])),
        Act::Copy(text) => ui.copy_text(text),
    }
}

fn cell(ui: &mut Ui, agent: &AgentSnapshot, column: Col, now_ms: i64) {
    let tokens = ui.tokens();
    let live = agent.link.is_online();
    let quiet = if live { tokens.text_2 } else { tokens.text_3 };
    let dash = |ui: &mut Ui| drop(ui.words(Text::Small, tokens.text_3, "–"));
    match column {
        Col::Status => drop(pill(ui, state_of(agent.health), word_of(agent.health))),
        Col::Agent => name_cell(ui, agent),
        Col::Group => match &agent.group {
            Some(group) => drop(ui.words(Text::Small, quiet, text::clean(group))),
            None => dash(ui),
        },
        Col::Version => match agent.version.value() {
            Some(version) => drop(ui.words(Text::Small, quiet, text::clean(&version.version))),
            None => dash(ui),
        },
        Col::Tunnels => match agent.status.value() {
            Some(_) => {
                let (up, total) = tunnels(agent);
                bars(ui, up, total, live);
            }
            None => dash(ui),
        },
        Col::Subaccounts => match subaccounts(agent) {
            Some(count) => drop(ui.words(Text::Small, quiet, text::count(count))),
            None => dash(ui),
        },
        Col::Cpu => match agent
            .series
            .last()
            .and_then(|last| last.cpu)
            .filter(|_| live)
        {
            Some(cpu) => meter(ui, cpu * 100.0, "CPU"),
            None => dash(ui),
        },
        Col::Hour => hour(ui, agent),
        Col::Requests => match agent
            .series
            .last()
            .and_then(|last| last.requests)
            .filter(|_| live)
        {
            Some(rate) => drop(ui.words(Text::Small, tokens.text, text::rate(rate))),
            None => dash(ui),
        },
        Col::Certificate => match certificate_days(agent) {
            Some(days) => {
                let color = match days {
                    ..=7 => tokens.error,
                    8..=30 => tokens.warn,
                    _ => tokens.text_2,
                };
                let words = if days < 0 {
                    "expired".to_owned()
                } else {
                    format!("{days} d")
                };
                ui.words(Text::Small, color, words);
            }
            None => dash(ui),
        },
        Col::Seen => match agent.last_seen_ms {
            Some(at) => {
                let color = if live { tokens.text_3 } else { tokens.warn };
                ui.words(Text::Small, color, text::age(now_ms, at));
            }
            None => drop(ui.words(Text::Small, tokens.warn, "never")),
        },
        Col::Menu => {}
    }
}

fn name_cell(ui: &mut Ui, agent: &AgentSnapshot) {
    let tokens = ui.tokens();
    let live = agent.link.is_online();
    let color = if live { tokens.text } else { tokens.text_2 };
    ui.words(Text::Strong, color, text::clean(&agent.label));
    if agent.draft.is_some() {
        ui.icon(Icon::PencilLine, size::ICON_TINY, tokens.info);
    }
    if let Some(problem) = trouble(agent)
        && ui.available_width() > 40.0
    {
        let state = trouble_of(agent.health);
        ui.words(Text::Small, tokens.state(state), problem.as_str())
            .on_hover_text(text::sentence(agent.problem.as_deref().unwrap_or_default()));
    }
}

fn hour(ui: &mut Ui, agent: &AgentSnapshot) {
    const POINTS: usize = 60;
    if !agent.link.is_online() {
        return;
    }
    let samples = &agent.series.samples;
    let first = samples.len().saturating_sub(POINTS);
    let values: Vec<f32> = samples[first..]
        .iter()
        .map(|sample| sample.requests.unwrap_or(f32::NAN))
        .collect();
    if values.len() > 1 {
        let size = Vec2::new(ui.available_width(), 20.0);
        sparkline(ui, size, &values, ui.tokens().series[0], "Requests");
    }
}

enum Act {
    Open,
    Audit,
    Logs,
    Select,
    Refresh,
    Retry,
    Migrate,
    Connect,
    Remove,
    Copy(String),
}

fn row_menu(ui: &mut Ui, agent: &AgentSnapshot, contents: impl FnOnce(&mut Ui)) {
    let name = format!("Actions for {}", text::clean(&agent.label));
    let button = ui.add(IconButton::new(Icon::Ellipsis, &name).small());
    menu(&button, contents);
}

/// What can be done with one agent.
fn entries(ui: &mut Ui, agent: &AgentSnapshot, selected: bool) -> Option<Act> {
    let mut act = None;
    let mut entry = |ui: &mut Ui, icon, word, keys, what| {
        if menu_item(ui, Some(icon), word, keys).clicked() {
            act = Some(what);
        }
    };
    entry(ui, Icon::ArrowRight, "Open", "Enter", Act::Open);
    entry(ui, Icon::ScrollText, "Audit", "", Act::Audit);
    entry(ui, Icon::FileText, "Logs", "", Act::Logs);
    menu_rule(ui);
    let select = if selected { "Deselect" } else { "Select" };
    entry(ui, Icon::SquareCheck, select, "Space", Act::Select);
    entry(ui, Icon::RefreshCw, "Refresh", "", Act::Refresh);
    if agent.link.is_online() {
        entry(
            ui,
            Icon::PlugZap,
            "Connect all subaccounts",
            "",
            Act::Connect,
        );
    } else {
        entry(ui, Icon::PhoneCall, "Call it now", "", Act::Retry);
    }
    entry(ui, Icon::ArrowRightLeft, "Migrate…", "", Act::Migrate);
    menu_rule(ui);
    entry(
        ui,
        Icon::Copy,
        "Copy address",
        "",
        Act::Copy(agent.address.to_string()),
    );
    entry(
        ui,
        Icon::Fingerprint,
        "Copy identity",
        "",
        Act::Copy(agent.id.to_string()),
    );
    entry(ui, Icon::Trash2, "Remove from this app…", "", Act::Remove);
    act
}
