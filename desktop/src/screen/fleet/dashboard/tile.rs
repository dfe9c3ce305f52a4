//! Agents as they stand on the dashboard: a row of a list, and one in small.

use egui::{CornerRadius, Label, RichText, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::id::AgentId;

use super::figures::Small;
use super::{Ranking, open};
use crate::cx::Cx;
use crate::digest::{state_of, trouble, word_of};
use crate::text;
use crate::theme::{Text, Themed as _, font, radius, size, space};
use crate::widget::{Unit, focus_ring, galley, shape, sparkline};

pub(super) fn ranked_row(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    id: AgentId,
    value: f64,
    most: f64,
    ranking: &Ranking,
) {
    let Some(agent) = cx.fleet.agent(id) else {
        return;
    };
    let tokens = ui.tokens();
    let area = Vec2::new(ui.available_width(), size::CONTROL_SMALL);
    let (rect, response) = ui.allocate_exact_size(area, Sense::click());
    let (label, told) = (text::clean(&agent.label), ranking.unit.tell(value));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{label}, {told}")));
    if response.hovered() {
        let ground = rect.expand2(Vec2::new(space::XS, 0.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(radius::SMALL), tokens.hover);
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
            .rect_filled(track, CornerRadius::same(radius::BAR), tokens.pressed);
        let bar = track.with_max_x(from + (to - from) * share);
        ui.painter().rect_filled(
            bar,
            CornerRadius::same(radius::BAR),
            ranking.hue.color(tokens),
        );
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
pub(super) fn tile(ui: &mut Ui, agent: &AgentSnapshot, small: &Small, width: f32) -> bool {
    const HEIGHT: f32 = 92.0;
    let tokens = ui.tokens();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, HEIGHT), Sense::click());
    let label = text::clean(&agent.label);
    response.widget_info(|| {
        let told = format!("{label}, {}", word_of(agent.health));
        WidgetInfo::labeled(Role::Button, true, told)
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
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
        let problem = trouble(agent).unwrap_or_else(|| "No figures".to_owned());
        let words = RichText::new(problem)
            .font(font(Text::Caption))
            .color(tokens.state(state));
        child.add(Label::new(words).wrap());
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
