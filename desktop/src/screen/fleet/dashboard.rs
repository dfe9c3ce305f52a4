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
use crate::theme::{size, space};
use crate::widget::{Hue, Plot, PlotGroup, Unit, Words as _, card_titled};

/// Agents whose figures are asked for; more would be hundreds of questions a minute.
const ASKED: usize = 100;
/// Points of the whole fleet are coarser than those of one agent.
const COARSE: i64 = 4;
/// Agents that a list of the worst names.
const WORST: usize = 5;
/// The least width of an agent in small.
const SMALL: f32 = 210.0;

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
                self.plots(ui);
                self.worst(ui, cx);
                self.grid(ui, cx, &agents);
            });
        self.exports.show(ui.ctx(), cx);
    }

    fn want(&mut self, cx: &mut Cx<'_>, agents: &[&Arc<AgentSnapshot>], window: Window) {
        self.reads.begin();
        let online = agents.iter().filter(|agent| agent.link.is_online());
        for agent in online.take(ASKED) {
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
        type Read = fn(&Small) -> Option<f64>;
        let share: Read = |one| Some(one.failed? / one.rate.filter(|rate| *rate > 0.0)?);
        let lists: [(&str, Unit, Hue, Read); 3] = [
            ("Most errors", Unit::Share, Hue::Series(4), share),
            ("Slowest, p90", Unit::Seconds, Hue::Series(0), |one| one.p90),
            ("Busiest processors", Unit::Share, Hue::Series(1), |one| {
                one.cpu
            }),
        ];
        side_by_side(ui, lists.len(), |ui, at| {
            let (title, unit, hue, read) = lists[at];
            let mut all: Vec<(AgentId, f64)> = made
                .agents
                .iter()
                .filter_map(|one| Some((one.agent, read(one)?)))
                .collect();
            all.sort_by(|one, other| other.1.total_cmp(&one.1));
            all.truncate(WORST);
            card_titled(
                ui,
                title,
                |_| {},
                |ui| {
                    ui.spacing_mut().item_spacing.y = space::XS;
                    if all.is_empty() {
                        ui.quiet("No figures right now");
                    }
                    let most = all.first().map_or(1.0, |(_, value)| *value);
                    for (id, value) in all {
                        ranked_row(ui, cx, id, value, most, unit, hue);
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
