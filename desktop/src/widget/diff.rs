//! Changes, one in a row: what is added, taken away or different.

use egui::{CornerRadius, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::{Words as _, checkbox, galley, paint_icon};
use crate::theme::{State, Text, Themed as _, font, radius, size, space};

/// How a part differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// Only in the new state.
    Added,
    /// Only in the old state.
    Removed,
    /// In both, with another value.
    Changed,
}

/// One change.
#[derive(Clone, Debug)]
pub struct DiffRow {
    /// How the part differs.
    pub kind: DiffKind,
    /// The part's name.
    pub path: String,
    /// Its value before.
    pub before: String,
    /// Its value after.
    pub after: String,
    /// What else the change does, for instance "Restarts this tunnel".
    pub note: String,
    /// Whether the change is chosen, where one may choose.
    pub chosen: Option<bool>,
}

/// Shows changes one below the other; tells which was chosen or left.
pub fn diff(ui: &mut Ui, rows: &mut [DiffRow]) -> Option<usize> {
    let mut changed = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    for (index, row) in rows.iter_mut().enumerate() {
        if one(ui, row) {
            changed = Some(index);
        }
    }
    changed
}

fn one(ui: &mut Ui, row: &mut DiffRow) -> bool {
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::hover());
    response.widget_info(|| {
        let word = match row.kind {
            DiffKind::Added => "Added",
            DiffKind::Removed => "Removed",
            DiffKind::Changed => "Changed",
        };
        WidgetInfo::labeled(
            Role::Row,
            true,
            format!("{word} {}: {} {}", row.path, row.before, row.after),
        )
    });
    let line = Stroke::new(size::LINE, tokens.border);
    let bottom = rect.bottom() - size::LINE / 2.0;
    ui.painter().hline(rect.x_range(), bottom, line);
    let (state, icon) = match row.kind {
        DiffKind::Added => (State::Ok, Icon::Plus),
        DiffKind::Removed => (State::Error, Icon::Minus),
        DiffKind::Changed => (State::Info, Icon::Pencil),
    };
    let inner = rect.shrink2(Vec2::new(space::M, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
    let mut changed = false;
    if let Some(chosen) = row.chosen {
        let name = format!("Choose {}", row.path);
        if checkbox(&mut ui, Some(chosen), &name).clicked() {
            row.chosen = Some(!chosen);
            changed = true;
        }
    }
    mark(&mut ui, state, icon);
    let path = inner.width() * 0.40;
    ui.allocate_ui_with_layout(Vec2::new(path, rect.height()), layout, |ui| {
        ui.set_min_width(path);
        ui.words(Text::Mono, tokens.text, row.path.as_str())
            .on_hover_text(row.path.as_str());
    });
    let note = galley(&ui, Text::Caption, tokens.warn, &row.note, 240.0);
    let room = (ui.available_width() - note.size().x - space::XXL).max(60.0);
    ui.allocate_ui_with_layout(Vec2::new(room, rect.height()), layout, |ui| values(ui, row));
    if !row.note.is_empty() {
        let left = inner.right() - note.size().x;
        let center = egui::pos2(left - space::M, inner.center().y);
        paint_icon(
            ui.painter(),
            Icon::TriangleAlert,
            center,
            size::ICON_SMALL,
            tokens.warn,
        );
        let at = egui::pos2(left, inner.center().y - note.size().y / 2.0);
        ui.painter().galley(at, note, tokens.warn);
    }
    changed
}

/// The kind of the change, as a coloured box.
fn mark(ui: &mut Ui, state: State, icon: Icon) {
    const MARK: f32 = 20.0;
    let tokens = ui.tokens();
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(MARK), Sense::hover());
    ui.painter().rect_filled(
        rect,
        CornerRadius::same(radius::SMALL),
        tokens.state_fill(state),
    );
    paint_icon(
        ui.painter(),
        icon,
        rect.center(),
        size::ICON_SMALL,
        tokens.state(state),
    );
}

fn values(ui: &mut Ui, row: &DiffRow) {
    let tokens = ui.tokens();
    if !row.before.is_empty() {
        let half = if row.after.is_empty() {
            ui.available_width()
        } else {
            ui.available_width() * 0.45
        };
        let text = RichText::new(row.before.as_str())
            .font(font(Text::Small))
            .color(tokens.error);
        ui.scope(|ui| {
            ui.set_max_width(half);
            ui.add(egui::Label::new(text.strikethrough()).truncate())
                .on_hover_text(row.before.as_str());
        });
    }
    if !row.before.is_empty() && !row.after.is_empty() {
        ui.icon(Icon::ArrowRight, size::ICON_SMALL, tokens.text_3);
    }
    if !row.after.is_empty() {
        ui.words(Text::Small, tokens.ok, row.after.as_str())
            .on_hover_text(row.after.as_str());
    }
}
