//! The fleet over time: totals, who is worst, and each agent in small.

mod figures;
mod tile;

use std::sync::Arc;

use egui::{ScrollArea, Ui};
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::{Entity, Metric, Series};

use self::figures::{Made, Small};
use self::tile::{ranked_row, tile};
use crate::cx::Cx;
use crate::measured::{Exports, Key, Reads, Window, WindowBar};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{size, space};
use crate::widget::{Hue, Plot, PlotGroup, Unit, Words as _, card_titled};

/// Agents whose figures are asked for; each is asked some questions a minute.
const ASKED: usize = 500;
/// Points of the whole fleet are coarser than those of one agent.
const COARSE: i64 = 4;
/// Agents that a list of the worst names.
const WORST: usize = 5;
/// The least width of an agent in small.
const SMALL: f32 = 210.0;

/// A list of the worst.
struct Ranking {
    title: &'static str,
    unit: Unit,
    hue: Hue,
    /// What fills a bar at least: little stays little.
    scale: f64,
    read: fn(&Small) -> Option<f64>,
}

const RANKINGS: [Ranking; 3] = [
    Ranking {
        title: "Most errors",
        unit: Unit::Share,
        hue: Hue::Series(4),
        scale: 0.1,
        read: |one| Some(one.failed? / one.rate.filter(|rate| *rate > 0.0)?),
    },
    Ranking {
        title: "Slowest, p90",
        unit: Unit::Seconds,
        hue: Hue::Series(0),
        scale: 0.1,
        read: |one| one.p90,
    },
    Ranking {
        title: "Busiest processors",
        unit: Unit::Share,
        hue: Hue::Series(1),
        scale: 1.0,
        read: |one| one.cpu,
    },
];

/// What is asked of each agent.
const METRICS: [Metric; 4] = [
    Metric::Requests,
    Metric::RequestsFailed,
    Metric::HostCpu,
    Metric::TimeTotal,
];

/// What the dashboard remembers from frame to frame.
#[derive(Default)]
pub(super) struct Dashboard {
    window: WindowBar,
    group: PlotGroup,
    reads: Reads,
    exports: Exports,
    made: Option<Made>,
}

fn key(agent: AgentId, metric: Metric) -> Key {
    Key {
        agent,
        series: Series {
            entity: Entity::Agent,
            metric,
        },
    }
}

impl Dashboard {
    /// Shows the agents of these places.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &[usize]) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            self.window.ui(ui, cx);
        });
        let window = self.window.window(cx);
        let window = Window {
            step: window.step * COARSE,
            ..window
        };
        let fleet = Arc::clone(cx.fleet);
        let agents: Vec<&Arc<AgentSnapshot>> = rows.iter().map(|at| &fleet.agents[*at]).collect();
        self.want(cx, &agents, window);
        self.make(&agents, window);
        self.group.begin(window.from, window.to);
        ScrollArea::vertical()
            .id_salt("dashboard")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                limited(ui, &agents);
                self.plots(ui);
                self.worst(ui, cx);
                self.grid(ui, cx, &agents);
            });
        self.exports.show(ui.ctx(), cx);
    }

    fn want(&mut self, cx: &mut Cx<'_>, agents: &[&Arc<AgentSnapshot>], window: Window) {
        self.reads.begin();
        for agent in online(agents).take(ASKED) {
            for metric in METRICS {
                self.reads.want(cx, &key(agent.id, metric), window, false);
            }
        }
    }

    fn plots(&mut self, ui: &mut Ui) {
        let Some(made) = &self.made else { return };
        let all = [
            ("Throughput", Unit::Rate, &made.throughput),
            ("Processors across the fleet", Unit::Share, &made.cpu),
        ];
        let (group, exports) = (&mut self.group, &mut self.exports);
        side_by_side(ui, all.len(), |ui, at| {
            let (title, unit, tracks) = all[at];
            let out = Plot::new(title, unit, tracks, made.step)
                .height(size::PLOT_SMALL)
                .show(ui, group);
            exports.take(ui.ctx(), &out, title, unit, tracks);
        });
    }

    /// Who has most errors, who is slowest, who is busiest.
    fn worst(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(made) = &self.made else { return };
        side_by_side(ui, RANKINGS.len(), |ui, at| {
            let ranking = &RANKINGS[at];
            let told = made
                .agents
                .iter()
                .filter_map(|one| Some((one.agent, (ranking.read)(one)?)));
            let told: Vec<(AgentId, f64)> = told.collect();
            let mut all = told.clone();
            all.retain(|(_, value)| *value > 0.0);
            all.sort_by(|one, other| other.1.total_cmp(&one.1));
            all.truncate(WORST);
            let most = all.first().map_or(0.0, |(_, value)| *value);
            let most = most.max(ranking.scale);
            card_titled(
                ui,
                ranking.title,
                |_| {},
                |ui| {
                    ui.spacing_mut().item_spacing.y = space::XS;
                    if told.is_empty() {
                        ui.quiet("No figures right now");
                    } else if all.is_empty() {
                        ui.quiet("None right now");
                    }
                    for (id, value) in all {
                        ranked_row(ui, cx, id, value, most, ranking);
                    }
                },
            );
        });
    }

    /// Each agent in small.
    fn grid(&self, ui: &mut Ui, cx: &mut Cx<'_>, agents: &[&Arc<AgentSnapshot>]) {
        let Some(made) = &self.made else { return };
        let room = ui.available_width();
        let columns = columns(room);
        let width = (room - space::M * (columns as f32 - 1.0)) / columns as f32;
        let all: Vec<_> = agents.iter().zip(&made.agents).collect();
        for row in all.chunks(columns) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                for (agent, small) in row {
                    if tile(ui, agent, small, width) {
                        open(cx, agent.id);
                    }
                }
            });
        }
    }
}

fn online<'a>(agents: &'a [&Arc<AgentSnapshot>]) -> impl Iterator<Item = &'a AgentSnapshot> {
    let agents = agents.iter().map(|agent| &***agent);
    agents.filter(|agent| agent.link.is_online())
}

/// Says so where not all are asked.
fn limited(ui: &mut Ui, agents: &[&Arc<AgentSnapshot>]) {
    let count = online(agents).count();
    if count > ASKED {
        ui.quiet(format!(
            "Figures of the first {} of {}: a filter chooses others",
            text::count(ASKED),
            text::plural(count, "agent")
        ));
    }
}

fn open(cx: &mut Cx<'_>, id: AgentId) {
    let tab = AgentTab::Monitoring;
    cx.go(Route::Agent { id, tab });
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a window has few columns"
)]
fn columns(room: f32) -> usize {
    ((room + space::M) / (SMALL + space::M)).floor().max(1.0) as usize
}

fn side_by_side(ui: &mut Ui, count: usize, mut contents: impl FnMut(&mut Ui, usize)) {
    const LEAST: f32 = 260.0;
    let room = ui.available_width();
    let fits = room >= LEAST * count as f32;
    let columns = if fits { count } else { 1 };
    let width = (room - space::M * (columns as f32 - 1.0)) / columns as f32;
    let all: Vec<usize> = (0..count).collect();
    for row in all.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            for at in row {
                ui.scope(|ui| {
                    ui.set_width(width);
                    ui.vertical(|ui| contents(ui, *at));
                });
            }
        });
    }
}
