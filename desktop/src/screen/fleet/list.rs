//! The table of agents.

use egui::{Ui, Vec2};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::AgentSnapshot;

use super::{FleetState, open};
use crate::cx::Cx;
use crate::digest::{certificate_days, state_of, trouble_of, tunnels, word_of};
use crate::text;
use crate::theme::{Text, Themed as _};
use crate::widget::{
    Column, Empty, IconButton, Table, Width, Words as _, menu, menu_item, menu_rule, meter, pill,
    sparkline, tunnels as bars,
};

/// The columns, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Col {
    Status,
    Agent,
    Group,
    Version,
    Tunnels,
    Subaccounts,
    Cpu,
    Hour,
    Requests,
    Certificate,
    Seen,
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
    let rows = state.view.rows().to_vec();
    if rows.is_empty() {
        let empty = Empty {
            icon: Icon::SearchX,
            title: "No agent matches",
            text: "Fewer letters, another chip or another group show more",
            action: Some("Clear the filter"),
        };
        if empty.show(ui) {
            state.filter.clear();
            state.health = None;
            state.group = None;
        }
        return;
    }
    let fleet = cx.fleet;
    let (selected, peek, shows_peek) = (state.selected.clone(), state.peek, cx.prefs.peek);
    let id = |row: usize| fleet.agents[rows[row]].id;
    let name = |row: usize| {
        let agent = &fleet.agents[rows[row]];
        format!("{}, {}", text::clean(&agent.label), word_of(agent.health))
    };
    let ticked = |row: usize| selected.contains(&id(row));
    let chosen = |row: usize| selected.contains(&id(row)) || (shows_peek && peek == Some(id(row)));
    let all = match selected.len() {
        0 => Some(false),
        many if many == rows.len() => Some(true),
        _ => None,
    };
    let mut wanted = Vec::new();
    let out = Table::new("fleet", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .ticks(&ticked, all)
        .selected(&chosen)
        .framed()
        .show(ui, &mut state.table, |ui, row, column| {
            let agent = &fleet.agents[rows[row]];
            match Col::at(column) {
                Some(Col::Menu) => wanted.extend(row_menu(ui, agent)),
                Some(column) => cell(ui, agent, column, cx.now_ms),
                None => {}
            }
        });
    for (id, act) in wanted {
        match act {
            Act::Open => open(cx, id),
            Act::Refresh => cx.send(Command::Refresh(id)),
            Act::Retry => cx.send(Command::Retry(id)),
            Act::Copy(text) => ui.copy_text(text),
        }
    }
    if let Some(row) = out.ticked
        && !state.selected.remove(&id(row))
    {
        state.selected.insert(id(row));
    }
    if out.ticked_all {
        state.selected = if all == Some(true) {
            Default::default()
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
        ui.icon(Icon::PencilLine, 12.0, tokens.info);
    }
    if let Some(problem) = &agent.problem
        && ui.available_width() > 40.0
    {
        let problem = text::sentence(problem);
        let state = trouble_of(agent.health);
        ui.words(Text::Small, tokens.state(state), problem.as_str())
            .on_hover_text(problem);
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
    Refresh,
    Retry,
    Copy(String),
}

fn row_menu(ui: &mut Ui, agent: &AgentSnapshot) -> Option<(underpass_shared::id::AgentId, Act)> {
    let name = format!("Actions for {}", text::clean(&agent.label));
    let button = ui.add(IconButton::new(Icon::Ellipsis, &name).small());
    menu(&button, |ui| {
        let mut act = None;
        if menu_item(ui, Some(Icon::ArrowRight), "Open", "Enter").clicked() {
            act = Some(Act::Open);
        }
        if menu_item(ui, Some(Icon::RefreshCw), "Refresh", "").clicked() {
            act = Some(Act::Refresh);
        }
        if !agent.link.is_online()
            && menu_item(ui, Some(Icon::PlugZap), "Connect now", "").clicked()
        {
            act = Some(Act::Retry);
        }
        menu_rule(ui);
        if menu_item(ui, Some(Icon::Copy), "Copy address", "").clicked() {
            act = Some(Act::Copy(agent.address.to_string()));
        }
        act
    })
    .flatten()
    .map(|act| (agent.id, act))
}
