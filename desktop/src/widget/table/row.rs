//! The rows.

use egui::{Color32, CornerRadius, Layout, Rect, Role, Stroke, Ui, WidgetInfo};
use egui_extras::TableRow;

use super::super::{checkbox, context_menu};
use super::{Align, Outcome, Table, TableState};
use crate::theme::{Themed as _, size, space};

impl Table<'_> {
    pub(super) fn row(
        &self,
        row: &mut TableRow<'_, '_>,
        shown: &[usize],
        area: Rect,
        state: &mut TableState,
        outcome: &mut Outcome,
        cell: &mut impl FnMut(&mut Ui, usize, usize),
    ) {
        let index = row.index();
        let selected = self.selected.is_some_and(|selected| selected(index));
        row.set_hovered(false);
        let at_cursor = state.cursor == Some(index);
        row.col(|ui| ground(ui, area, self.height, selected, at_cursor));
        if let Some((ticked, _)) = self.ticks {
            row.col(|ui| {
                let name = format!("Select {}", (self.name)(index));
                if checkbox(ui, Some(ticked(index)), &name).clicked() {
                    outcome.ticked = Some(index);
                }
            });
        }
        for at in shown {
            row.col(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                match self.columns[*at].align {
                    Align::Left => cell(ui, index, *at),
                    Align::Right => {
                        let layout = Layout::right_to_left(egui::Align::Center);
                        ui.with_layout(layout, |ui| cell(ui, index, *at));
                    }
                }
            });
        }
        let response = row.response();
        response
            .widget_info(|| WidgetInfo::selected(Role::Row, true, selected, (self.name)(index)));
        if !response.rect.is_finite() {
            // A row that is new has no place yet; who reads the screen aloud must not be left with that.
            response.ctx.request_repaint();
        }
        if response.clicked() {
            state.cursor = Some(index);
            outcome.chosen = Some(index);
        }
        if response.double_clicked() {
            outcome.opened = Some(index);
        }
        if let Some(menu) = self.menu {
            context_menu(&response, |ui| menu(ui, index));
        }
    }
}

/// The ground of a row and the rule below it, over the whole width.
fn ground(ui: &Ui, area: Rect, height: f32, selected: bool, at_cursor: bool) {
    let tokens = ui.tokens();
    let top = ui.max_rect().top();
    let rect = Rect::from_x_y_ranges(area.x_range(), top..=top + height);
    let mut painter = ui.painter().clone();
    // The column clips to itself; the row's ground reaches over all columns.
    let clip = Rect::from_x_y_ranges(area.x_range(), ui.clip_rect().y_range());
    painter.set_clip_rect(clip);
    let over =
        ui.rect_contains_pointer(rect) && ui.memory(|memory| memory.top_modal_layer().is_none());
    let fill = match (selected, over) {
        (true, _) => tokens.selected,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, CornerRadius::ZERO, fill);
    if at_cursor {
        let mark = Rect::from_min_size(rect.min, egui::vec2(3.0, height));
        painter.rect_filled(mark, CornerRadius::ZERO, tokens.accent_text);
    }
    painter.hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(size::LINE, tokens.border),
    );
}
