//! Tabs of a page. What does not fit goes into a menu at the end.

use egui::{CornerRadius, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::{focus_ring, galley, menu, menu_item, paint_icon};
use crate::theme::{Text, Themed as _, radius, size, space};

/// A tab: what it shows, its word, and a count beside the word.
#[derive(Clone, Debug)]
pub struct Tab<T> {
    /// What is shown.
    pub target: T,
    /// Its word.
    pub word: &'static str,
    /// A number beside the word: things inside that want attention.
    pub count: usize,
}

const HEIGHT: f32 = 38.0;
const MORE: f32 = 76.0;

/// Shows the tabs; true when another was chosen.
pub fn tabs<T: PartialEq + Copy>(ui: &mut Ui, current: &mut T, tabs: &[Tab<T>]) -> bool {
    let tokens = ui.tokens();
    let room = ui.available_width();
    let (rect, bar) = ui.allocate_exact_size(Vec2::new(room, HEIGHT), Sense::hover());
    bar.widget_info(|| WidgetInfo::labeled(Role::TabList, true, "Sections"));
    let line = Stroke::new(size::LINE, tokens.border);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    let widths: Vec<f32> = tabs.iter().map(|tab| width(ui, tab)).collect();
    let fits = widths.iter().sum::<f32>() <= room;
    let limit = rect.left() + if fits { room } else { room - MORE };
    // The chosen tab is always seen, so its room is kept free.
    let kept = tabs.iter().position(|tab| tab.target == *current);
    let mut left = rect.left();
    let mut hidden = Vec::new();
    let mut reserve = kept.map_or(0.0, |at| widths[at]);
    let before = *current;
    for (index, (tab, width)) in tabs.iter().zip(&widths).enumerate() {
        let chosen = kept == Some(index);
        if chosen {
            reserve = 0.0;
        }
        if !chosen && (!hidden.is_empty() || left + width + reserve > limit) {
            hidden.push(tab.clone());
            continue;
        }
        let cell = Rect::from_min_size(egui::pos2(left, rect.top()), Vec2::new(*width, HEIGHT));
        if one(ui, tab, tab.target == before, cell, bar.id.with(tab.word)).clicked() {
            *current = tab.target;
        }
        left += width;
    }
    if !hidden.is_empty() {
        let cell = Rect::from_min_size(
            egui::pos2(left, rect.top() + 4.0),
            Vec2::new(MORE, HEIGHT - 8.0),
        );
        if let Some(target) = more(ui, &hidden, cell, bar.id) {
            *current = target;
        }
    }
    *current != before
}

fn width<T>(ui: &Ui, tab: &Tab<T>) -> f32 {
    let text = galley(ui, Text::Strong, ui.tokens().text, tab.word, 300.0)
        .size()
        .x;
    text + 2.0 * space::M - 2.0 + if tab.count > 0 { 24.0 } else { 0.0 }
}

fn one<T>(ui: &Ui, tab: &Tab<T>, chosen: bool, cell: Rect, id: egui::Id) -> Response {
    let tokens = ui.tokens();
    let response = ui.interact(cell, id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, tab.word));
    let color = match (chosen, response.hovered()) {
        (true, _) | (_, true) => tokens.text,
        (false, false) => tokens.text_3,
    };
    let text = galley(ui, Text::Strong, color, tab.word, 300.0);
    let left = cell.left() + space::M - 1.0;
    let end = left + text.size().x;
    if response.hovered() && !chosen {
        let ground = cell.shrink2(Vec2::new(2.0, 5.0));
        ui.painter()
            .rect_filled(ground, CornerRadius::same(radius::CONTROL), tokens.hover);
    }
    ui.painter().galley(
        egui::pos2(left, cell.center().y - text.size().y / 2.0),
        text,
        color,
    );
    if tab.count > 0 {
        let at = egui::pos2(end + 14.0, cell.center().y);
        let number = galley(ui, Text::Caption, tokens.warn, &tab.count.to_string(), 40.0);
        let ground = Rect::from_center_size(at, Vec2::new(number.size().x + 10.0, 16.0));
        ui.painter().rect_filled(
            ground,
            CornerRadius::same(radius::PILL),
            tokens.tint(tokens.warn),
        );
        ui.painter()
            .galley(at - number.size() / 2.0, number, tokens.warn);
    }
    if chosen {
        let foot = Rect::from_min_max(
            egui::pos2(left, cell.bottom() - 2.0),
            egui::pos2(end, cell.bottom()),
        );
        ui.painter()
            .rect_filled(foot, CornerRadius::same(radius::BAR), tokens.accent_text);
    }
    let ring = response
        .clone()
        .with_new_rect(cell.shrink2(Vec2::new(2.0, 5.0)));
    focus_ring(ui, &ring, radius::CONTROL);
    response
}

fn more<T: Copy>(ui: &Ui, hidden: &[Tab<T>], cell: Rect, id: egui::Id) -> Option<T> {
    let tokens = ui.tokens();
    let response = ui.interact(cell, id.with("more"), Sense::click());
    let name = format!("More sections, {}", hidden.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.hovered() {
        ui.painter()
            .rect_filled(cell, CornerRadius::same(radius::CONTROL), tokens.hover);
    }
    let text = galley(ui, Text::Strong, tokens.text_3, "More", MORE);
    let left = cell.left() + space::M - 1.0;
    let arrow = egui::pos2(left + text.size().x + 12.0, cell.center().y + 1.0);
    ui.painter().galley(
        egui::pos2(left, cell.center().y - text.size().y / 2.0),
        text,
        tokens.text_3,
    );
    paint_icon(
        ui.painter(),
        Icon::ChevronDown,
        arrow,
        size::ICON_SMALL,
        tokens.text_3,
    );
    focus_ring(ui, &response, radius::CONTROL);
    menu(&response, |ui| {
        let mut chosen = None;
        for tab in hidden {
            if menu_item(ui, None, tab.word, "").clicked() {
                chosen = Some(tab.target);
            }
        }
        chosen
    })
    .flatten()
}
