//! The fleet over time: totals, who is worst, and each agent in small.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{CornerRadius, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::{Entity, Metric, Series};

use crate::cx::Cx;
use crate::digest::{state_of, word_of};
use crate::measured::{Aspect, Exports, Key, Reads, Window, WindowBar};
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{Text, Themed as _, radius, size, space};
use crate::widget::{
    Dot, Hue, Look, Plot, PlotGroup, Track, Unit, Words as _, card_titled, focus_ring, galley,
    shape, sparkline,
};

/// Agents whose figures are asked for; more would be hundreds of questions a minute.
const ASKED: usize = 100;
/// Points of the whole fleet are coarser than those of one agent.
const COARSE: i64 = 4;
/// Agents that a list of the worst names.
const WORST: usize = 5;
/// The least width of an agent in small.
const SMALL: f32 = 210.0;
/// Points of an agent in small.
const POINTS: usize = 60;

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

/// What was made of the figures.
struct Made {
    of: (u64, Vec<AgentId>),
    throughput: Vec<Track>,
    cpu: Vec<Track>,
    agents: Vec<Small>,
    step: i64,
}

/// An agent in small.
#[derive(Clone)]
struct Small {
    agent: AgentId,
    requests: Vec<f32>,
    rate: Option<f64>,
    failed: Option<f64>,
    cpu: Option<f64>,
    p90: Option<f64>,
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

    /// Makes totals of the figures, when there are newer ones.
    fn make(&mut self, agents: &[&Arc<AgentSnapshot>], window: Window) {
        let ids: Vec<AgentId> = agents.iter().map(|agent| agent.id).collect();
        let of = (self.reads.generation(), ids);
        if self.made.as_ref().is_some_and(|made| made.of == of) {
            return;
        }
        let reads = &mut self.reads;
        let mut sums: [BTreeMap<i64, f64>; 2] = Default::default();
        let mut loads: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        let (mut small, mut step) = (vec![], window.step);
        for agent in agents {
            let mut dots = |metric, aspect| reads.dots(&key(agent.id, metric), aspect);
            let requests = dots(Metric::Requests, Aspect::Value);
            let failed = dots(Metric::RequestsFailed, Aspect::Value);
            let cpu = dots(Metric::HostCpu, Aspect::Value);
            let p90 = dots(Metric::TimeTotal, Aspect::P90);
            for (sum, dots) in sums.iter_mut().zip([&requests, &failed]) {
                dots.iter()
                    .for_each(|dot| *sum.entry(dot.at_ms).or_default() += dot.value);
            }
            for dot in cpu.iter() {
                loads.entry(dot.at_ms).or_default().push(dot.value);
            }
            small.push(Small {
                agent: agent.id,
                requests: few(&requests),
                rate: last(&requests),
                failed: last(&failed),
                cpu: last(&cpu),
                p90: last(&p90),
            });
            if let Some(answer) = reads.answer(&key(agent.id, Metric::Requests)) {
                step = answer.step;
            }
        }
        let line = |map: &BTreeMap<i64, f64>| -> Arc<[Dot]> {
            map.iter().map(|(at, value)| Dot::of(*at, *value)).collect()
        };
        let quantile = |share: f64| -> Arc<[Dot]> {
            let of = |(at, values): (&i64, &Vec<f64>)| Dot::of(*at, ranked(values, share));
            loads.iter().map(of).collect()
        };
        let [requests, failed] = &sums;
        self.made = Some(Made {
            of,
            throughput: vec![
                Track::new("Requests", Hue::Series(0), Look::Area, line(requests)),
                Track::new("Failed", Hue::Series(4), Look::Line, line(failed)),
            ],
            cpu: vec![
                Track::new("p95", Hue::Series(2), Look::Line, quantile(0.95)),
                Track::new("Median", Hue::Series(1), Look::Area, quantile(0.5)),
            ],
            agents: small,
            step,
        });
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
                .height(132.0)
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

/// The newest value.
fn last(dots: &[Dot]) -> Option<f64> {
    dots.last().map(|dot| dot.value)
}

/// The value that a share of all values does not exceed.
fn ranked(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let most = sorted.len().saturating_sub(1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let at = (most * share).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}

/// So many values as a small line has points: the greatest of each part.
fn few(dots: &[Dot]) -> Vec<f32> {
    let part = dots.len().div_ceil(POINTS).max(1);
    #[expect(clippy::cast_possible_truncation, reason = "a line of some pixels")]
    let most = |part: &[Dot]| part.iter().map(|dot| dot.value).fold(0.0, f64::max) as f32;
    dots.chunks(part).map(most).collect()
}

fn ranked_row(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    id: AgentId,
    value: f64,
    most: f64,
    unit: Unit,
    hue: Hue,
) {
    let Some(agent) = cx.fleet.agent(id) else {
        return;
    };
    let tokens = ui.tokens();
    let area = Vec2::new(ui.available_width(), size::CONTROL_SMALL);
    let (rect, response) = ui.allocate_exact_size(area, Sense::click());
    let (label, told) = (text::clean(&agent.label), unit.tell(value));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{label}, {told}")));
    if response.hovered() {
        let ground = rect.expand2(Vec2::new(space::XS, 0.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(4), tokens.hover);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a share of 1")]
    let share = (value / most.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) as f32;
    let value = galley(ui, Text::Strong, tokens.text, &told, 90.0);
    let name = galley(ui, Text::Body, tokens.text_2, &label, rect.width() * 0.5);
    let middle = rect.center().y;
    let (from, to) = (rect.left() + rect.width() * 0.52, rect.right() - 76.0);
    if to > from {
        let track = egui::Rect::from_x_y_ranges(from..=to, middle - 2.0..=middle + 2.0);
        ui.painter()
            .rect_filled(track, CornerRadius::same(2), tokens.pressed);
        let bar = track.with_max_x(from + (to - from) * share);
        ui.painter()
            .rect_filled(bar, CornerRadius::same(2), hue.color(tokens));
    }
    let at = egui::pos2(rect.left(), middle - name.size().y / 2.0);
    ui.painter().galley(at, name, tokens.text_2);
    let at = egui::pos2(rect.right() - value.size().x, middle - value.size().y / 2.0);
    ui.painter().galley(at, value, tokens.text);
    focus_ring(ui, &response, 4);
    if response.clicked() {
        open(cx, id);
    }
}

/// One agent in small; true when it was clicked.
fn tile(ui: &mut Ui, agent: &AgentSnapshot, small: &Small, width: f32) -> bool {
    const HEIGHT: f32 = 92.0;
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::click());
    let label = text::clean(&agent.label);
    response.widget_info(|| {
        let told = format!("{label}, {}", word_of(agent.health));
        WidgetInfo::labeled(Role::Button, true, told)
    });
    let border = if response.hovered() {
        tokens.border_strong
    } else {
        tokens.border
    };
    ui.painter().rect(
        rect,
        CornerRadius::same(radius::CARD),
        tokens.surface,
        Stroke::new(size::LINE, border),
        StrokeKind::Inside,
    );
    let state = state_of(agent.health);
    let inner = rect.shrink2(Vec2::new(space::M, space::S + 2.0));
    let mark = egui::pos2(inner.left() + 4.0, inner.top() + 8.0);
    shape(ui.painter(), mark, 7.0, state, tokens.state(state));
    let name = galley(ui, Text::Strong, tokens.text, &label, inner.width() - 18.0);
    let at = egui::pos2(inner.left() + 14.0, inner.top());
    ui.painter().galley(at, name, tokens.text);
    let mut line = inner;
    line.min.y += 22.0;
    line.max.y = line.min.y + 26.0;
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(line));
    if small.requests.len() > 1 {
        let color = if agent.link.is_online() {
            tokens.series[0]
        } else {
            tokens.text_off
        };
        sparkline(&mut child, line.size(), &small.requests, color, "Requests");
    } else {
        let problem = text::sentence(agent.problem.as_deref().unwrap_or("No figures"));
        child.words(Text::Small, tokens.state(state), problem);
    }
    let told = |value: Option<f64>, unit: Unit| value.map_or("–".to_owned(), |it| unit.tell(it));
    let facts = [
        (told(small.rate, Unit::Rate), 0.0),
        (told(small.p90, Unit::Seconds), 0.42),
        (told(small.cpu, Unit::Share), 0.76),
    ];
    for (fact, share) in facts {
        let text = galley(ui, Text::Caption, tokens.text_3, &fact, inner.width() * 0.4);
        let x = inner.left() + inner.width() * share;
        let at = egui::pos2(x, inner.bottom() - text.size().y);
        ui.painter().galley(at, text, tokens.text_3);
    }
    focus_ring(ui, &response, radius::CARD);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_lines_keep_peaks_and_ranks_are_values() {
        let mut dots: Vec<Dot> = (0..1_000).map(|at| Dot::of(at, 1.0)).collect();
        dots[517].value = 90.0;
        let line = few(&dots);
        assert!(line.len() <= POINTS && line.contains(&90.0));
        assert!(few(&[]).is_empty());
        assert_eq!(ranked(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(ranked(&[3.0, 1.0, 2.0], 1.0), 3.0);
        assert_eq!(ranked(&[], 0.5), 0.0);
    }
}
